//! What our detections find in the logs of Okta and GitHub, against rows that somebody else labelled, rule by rule.
//!
//! Rows that no vendor would write (lower-cased, or sums over many events) are left out, and so are rules that need the
//! memory of earlier events, look into a repository's contents, or tell of what happens every day.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};

use crate::support::{bind, samples};

/// Their rule, and ours: any of these names is a hit.
type Pair = (&'static str, &'static [&'static str]);

const OKTA: &[Pair] = &[
    ("Okta.APIKeyCreated", &["an API token is made"]),
    ("Okta.APIKeyRevoked", &["an API token is revoked"]),
    ("Okta.AdminRoleAssigned", &["somebody becomes administrator", "somebody becomes super administrator"]),
    ("Okta.Global.MFA.Disabled", &["a second factor is switched off for everybody"]),
    ("Okta.PasswordAccess", &["somebody reads another person's password"]),
    ("Okta.Support.Access", &["Okta support may act as one of us"]),
    ("Okta.Support.Reset", &["Okta support resets an account"]),
];

const GITHUB: &[Pair] = &[
    ("GitHub.Advanced.Security.Change", &["GitHub no longer looks for secrets or holes"]),
    ("GitHub.Branch.PolicyOverride", &["a branch is no longer protected"]),
    ("GitHub.Branch.ProtectionDisabled", &["a branch is no longer protected"]),
    ("GitHub.Org.AuthChange", &["how people and apps get in is changed"]),
    ("GitHub.Org.IpAllowlist", &["addresses that may get in are changed"]),
    ("GitHub.Org.Moderators.Add", &["a member's role is changed"]),
    ("GitHub.Repo.HookModified", &["what GitHub sends elsewhere is changed"]),
    ("GitHub.Repo.RulesetModified", &["a branch is no longer protected"]),
    ("GitHub.Secret.Scanning.Alert.Created", &["a secret in a repository"]),
    ("GitHub.SupplyChain.SuspiciousUserAgents", &["a package manager changes repositories"]),
    ("GitHub.User.AccessKeyCreated", &["a key is added"]),
    ("GitHub.User.RoleUpdated", &["a member's role is changed"]),
    ("GitHub.Webhook.Modified", &["what GitHub sends elsewhere is changed"]),
    ("GitHub.Workflow.PermissionsModified", &["builds may do more"]),
    ("Github.Organization.App.Integration.Installed", &["an app is let in"]),
    ("Github.Public.Repository.Created", &["a repository is born public"]),
    ("Github.Repo.CollaboratorChange", &["somebody outside may work in a repository"]),
    ("Github.Repo.VisibilityChange", &["a repository can be read by others"]),
    ("Github.Repository.Transfer", &["a repository can be read by others"]),
];

#[derive(Default)]
struct Score {
    hits: usize,
    misses: Vec<String>,
    false_alarms: Vec<String>,
    quiet: usize,
}

fn table(format: &str, file: &str, pairs: &[Pair], is_vendors: fn(&Value) -> bool) -> Option<String> {
    let text = samples(file)?;
    let source = bind(format, None, json!({ "integration": "x" })).unwrap();
    let mut scores: BTreeMap<&str, Score> = BTreeMap::new();
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let Some((rule, ours)) = pairs.iter().find(|(rule, _)| row["rule"] == *rule) else { continue };
        if !is_vendors(&row["log"]) {
            continue;
        }
        let found = source.detects(&row["log"]).is_some_and(|name| ours.contains(&name));
        let score = scores.entry(rule).or_default();
        let test = row["test"].as_str().unwrap().to_owned();
        match (found, row["should_alert"] == true) {
            (true, true) => score.hits += 1,
            (false, true) => score.misses.push(test),
            (true, false) => score.false_alarms.push(test),
            (false, false) => score.quiet += 1,
        }
    }
    let mut out = format!("{:<46} hits misses false quiet\n", "rule");
    for (rule, score) in &scores {
        let Score { hits, misses, false_alarms, quiet } = score;
        writeln!(out, "{rule:<46} {hits:>4} {:>6} {:>5} {quiet:>5}", misses.len(), false_alarms.len())
            .unwrap();
        for (what, rows) in [("missed", misses), ("false", false_alarms)] {
            for row in rows {
                writeln!(out, "  {what}: {row}").unwrap();
            }
        }
    }
    Some(out)
}

#[test]
fn okta_rule_by_rule() {
    let is_vendors = |row: &Value| row["eventType"].is_string() && row["actor"]["type"].is_string();
    let Some(table) = table("okta-system-log", "okta-system-log.jsonl", OKTA, is_vendors) else { return };
    println!("{table}");
    insta::assert_snapshot!(table);
}

#[test]
fn github_rule_by_rule() {
    let is_vendors = |row: &Value| row["action"].is_string() && row.get("sender").is_none();
    let Some(table) = table("github-audit-log", "github-audit-log.jsonl", GITHUB, is_vendors) else { return };
    println!("{table}");
    insta::assert_snapshot!(table);
}

/// Events of the vendors' shape that stand in neither file.
#[test]
fn events_beyond_the_files_are_found_too() {
    let okta = bind("okta-system-log", None, json!({ "integration": "x" })).unwrap();
    let event = |kind: &str, more: Value| {
        let mut event = json!({ "eventType": kind, "actor": { "type": "User", "id": "a", "alternateId": "ana" }, "outcome": { "result": "SUCCESS" } });
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        okta.detects(&event).map(str::to_owned)
    };
    let app = |name: &str| json!({ "target": [{ "type": "AppInstance", "displayName": name }] });
    for (kind, more, found) in [
        ("app.oauth2.as.token.detect_reuse", json!({}), Some("a refresh token is used twice")),
        ("app.oauth2.token.detect_reuse", json!({}), Some("a refresh token is used twice")),
        (
            "app.oauth2.token.grant.refresh_token",
            json!({ "securityContext": { "isProxy": true } }),
            Some("a token is asked for from a strange place"),
        ),
        ("app.oauth2.token.grant.refresh_token", json!({ "securityContext": { "isProxy": false } }), None),
        ("app.oauth2.as.consent.grant", json!({}), Some("an app gets consent")),
        ("application.lifecycle.create", app("Okta Org2Org"), Some("another org may sign people in")),
        ("application.lifecycle.create", app("Drift"), Some("an app is added")),
        ("application.lifecycle.update", app("Drift"), None),
        (
            "application.lifecycle.update",
            json!({ "outcome": { "reason": "Pushing user passwords" } }),
            Some("passwords are pushed into an app"),
        ),
        ("system.idp.lifecycle.create", json!({}), Some("another identity provider may sign people in")),
        (
            "user.authentication.auth_via_mfa",
            json!({ "outcome": { "reason": "FastPass declined phishing attempt" } }),
            Some("a sign-in page that is not ours"),
        ),
        ("user.authentication.auth_via_mfa", json!({}), None),
        (
            "user.session.start",
            json!({ "debugContext": { "debugData": { "threatSuspected": "true" } } }),
            Some("a sign-in that Okta suspects"),
        ),
        ("user.session.start", json!({ "debugContext": { "debugData": "" } }), None),
        (
            "system.agent.ad.agent_instance_added",
            json!({}),
            Some("an agent that sees passwords is added or changed"),
        ),
        ("event_hook.deactivated", json!({}), Some("what Okta sends elsewhere is changed")),
        ("some.event.of.next.year", json!({}), None),
    ] {
        assert_eq!(event(kind, more.clone()).as_deref(), found, "{kind} {more}");
    }
    let github = bind("github-audit-log", None, json!({ "integration": "x" })).unwrap();
    for (action, found) in [
        ("org_credential_authorization.grant", Some("a token gets in")),
        ("personal_access_token.access_granted", Some("a token gets in")),
        ("oauth_authorization.create", Some("an app is let in")),
        ("integration_installation.suspend", Some("an app is put out")),
        ("org.disable_saml", Some("how people and apps get in is changed")),
        ("ip_allow_list.enable", Some("addresses that may get in are changed")),
        ("hook.config_changed", Some("what GitHub sends elsewhere is changed")),
        ("git.clone", None),
        ("some.action_of_next_year", None),
    ] {
        assert_eq!(github.detects(&json!({ "action": action, "actor": "mona" })), found, "{action}");
    }
}

/// Slack's audit log, whose rows nobody labelled for us: its own actions, each with what it is found as.
#[test]
fn what_slack_writes_into_its_audit_log_is_found() {
    let slack = bind("slack-audit-log", None, json!({ "integration": "x" })).unwrap();
    let row = |action: &str, details: Value| {
        json!({
            "id": "r-1", "date_create": 1_773_369_600, "action": action, "details": details,
            "actor": { "type": "user", "user": { "id": "U0", "email": "mallory@acme.example" } },
            "entity": { "type": "app", "app": { "id": "A0", "name": "Notes" } },
            "context": { "ip_address": "203.0.113.9", "location": { "name": "Acme" } },
        })
    };
    let strange = |why: &str| json!({ "reason": [why] });
    for (action, details, found) in [
        ("anomaly", strange("unexpected_api_call_volume"), Some("a token is used as never before")),
        ("anomaly", strange("tor"), Some("somebody behaves as never before")),
        ("anomaly", json!({}), Some("somebody behaves as never before")),
        ("app_scopes_expanded", json!({}), Some("an app may do more")),
        ("app_installed", json!({}), Some("an app is let in")),
        ("org_app_uninstalled", json!({}), Some("an app is put out")),
        ("app_token_preserved", json!({}), Some("a token outlives the person who made it")),
        ("app_mcp_server_auth_strategy_set", json!({}), Some("a server for agents is connected or changed")),
        ("app_allowlist_rule_deleted", json!({}), Some("which apps may come in is changed")),
        ("app_allowlist_rule_matched", json!({}), None),
        ("user_logout_compromised", json!({}), Some("Slack ends sessions by itself")),
        ("role_change_to_owner", json!({}), Some("somebody becomes owner")),
        ("idp_prod_configuration_updated", json!({}), Some("how people sign in is changed")),
        ("team_authorized_ip_range_set", json!({}), Some("sessions or addresses are less restricted")),
        ("manual_user_export_started", json!({}), Some("messages and files leave in one piece")),
        ("manual_user_export_downloaded", json!({}), None),
        ("user_login", json!({}), None),
        ("some_action_of_next_year", json!({}), None),
    ] {
        assert_eq!(slack.detects(&row(action, details)), found, "{action}");
    }
    let rows = vec![json!({ "event": row("app_scopes_expanded", json!({})) })];
    let alert = slack.read_listed(rows, "2026-03-13T02:40:00Z".parse().unwrap()).remove(0);
    assert_eq!((alert.kind.as_str(), alert.delivery.as_str()), ("app.consented", "r-1"));
    assert_eq!(alert.title, "app_scopes_expanded of Notes by mallory@acme.example");
    assert_eq!((alert.app.as_deref(), alert.ip.as_deref()), (Some("Notes"), Some("203.0.113.9")));
    assert_eq!(alert.time, "2026-03-13T02:40:00Z");
}
