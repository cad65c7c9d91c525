//! The catalogue against the simulated platforms: cuts are made, looked at, found done, and taken back.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stanch_integrations::{
    By, Call, Integrations, Look, Outcome, Read, Seen,
    twin::{Answer, Fault, TwinHost, TwinOptions, World, WorldApp},
};
use stanch_model::{Target, catalog::ActionIndex, value};
use support::{call, kind};

const EVERYTHING: [&str; 7] = ["github", "oauth2", "okta", "salesforce", "slack", "smtp", "webhook"];

struct Company {
    twins: TwinHost,
    integrations: Integrations,
}

impl Company {
    async fn start() -> Self {
        let grants = [("okta", 12), ("salesforce", 28), ("slack", 2), ("github", 3)];
        let drift = WorldApp {
            id: "drift".to_owned(),
            grants: grants.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
            ..WorldApp::default()
        };
        let extra = BTreeMap::from([
            ("salesforce".to_owned(), json!({ "page_size": 10 })),
            ("oauth2".to_owned(), json!({ "tokens": ["leaked-token"] })),
        ]);
        let options = TwinOptions {
            integrations: EVERYTHING.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect(),
            world: World { people: 30, apps: vec![drift], extra, ..World::default() },
            ..TwinOptions::default()
        };
        let twins = TwinHost::start(options).await.unwrap();
        let integrations = support::everything(twins.addr(), Some(twins.mail_addr()));
        Self { twins, integrations }
    }

    async fn done(&self, integration: &str, action: &str, input: Value) -> (Value, By) {
        self.on(integration, action, None, input).await
    }

    async fn on(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: Value,
    ) -> (Value, By) {
        let outcome = self.try_on(integration, action, target, input).await;
        let Outcome::Done { value, by, .. } = outcome else { panic!("{integration}.{action}: {outcome:?}") };
        (value, by)
    }

    async fn try_on(
        &self,
        integration: &str,
        action: &str,
        target: Option<&Target>,
        input: Value,
    ) -> Outcome {
        self.integrations.call(Call { target: target.cloned(), ..call(integration, action, input) }).await
    }

    /// The one action that this verb is on this target's platform and kind.
    fn action(&self, verb: &str, target: &Target) -> String {
        let all = self.integrations.verb(verb);
        let mut fit = all.iter().filter(|(integration, info)| {
            *integration == target.integration && info.target_kind.as_deref() == Some(target.kind.as_str())
        });
        fit.next().unwrap_or_else(|| panic!("no {verb} for {}", target.key())).1.name.clone()
    }

    async fn find(&self, finder: &str, query: &str) -> Vec<Target> {
        let mut found = Vec::new();
        for Read { integration, action, input } in self.integrations.find(finder, query) {
            found.extend(value::targets_in(&self.done(&integration, &action, input).await.0));
        }
        found
    }

    async fn look(&self, action: &str, target: &Target, since: jiff::Timestamp) -> Seen {
        let input = json!({});
        let (integration, target) = (target.integration.as_str(), Some(target));
        self.integrations
            .look(Look { integration, action, target, input: &input, since: Some(since), key: None })
            .await
    }

    /// Cuts a target twice and looks at it before, between and after.
    async fn cut(&self, verb: &str, target: &Target) {
        let action = self.action(verb, target);
        let since = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(1);
        let before = self.look(&action, target, since).await;
        assert!(
            matches!(before, Seen::HoldsNot { .. }),
            "{verb} on {} held before: {before:?}",
            target.key()
        );
        let (_, by) = self.on(&target.integration, &action, Some(target), json!({})).await;
        assert_eq!(by, By::Us, "{verb} on {}", target.key());
        assert_eq!(self.look(&action, target, since).await, Seen::Holds, "{verb} on {}", target.key());
    }
}

#[tokio::test]
async fn an_app_is_found_scoped_blocked_and_cut_everywhere() {
    let company = Company::start().await;
    let apps = company.find("find_app", "drift").await;
    let at: Vec<_> = apps.iter().map(|app| app.integration.as_str()).collect();
    assert_eq!(at, ["github", "okta", "salesforce", "slack"]);

    let mut grants = Vec::new();
    for app in apps.iter().filter(|app| matches!(app.integration.as_str(), "okta" | "salesforce")) {
        let action = company.action("app.grants", app);
        let (rows, _) = company.on(&app.integration, &action, Some(app), json!({})).await;
        grants.extend(value::targets_in(&rows));
    }
    grants.retain(|target| target.kind == "grant");
    assert_eq!(grants.len(), 40, "28 of them over three pages");

    let okta = apps.iter().find(|app| app.integration == "okta").unwrap();
    company.cut("app.quarantine", okta).await;
    let slack = apps.iter().find(|app| app.integration == "slack").unwrap();
    company.cut("app.quarantine", slack).await;
    for grant in &grants {
        company.cut("grant.revoke", grant).await;
        let action = company.action("grant.revoke", grant);
        let (_, by) = company.on(&grant.integration, &action, Some(grant), json!({})).await;
        assert_eq!(by, By::Other, "a second time");
    }
    let by_name = company.find("find_app", "drift").await;
    assert!(by_name.iter().all(|app| app.integration != "salesforce"), "no token names it any more");
    let summary = company.twins.summary();
    assert!(summary.rows.iter().all(|row| row.transitions <= 1), "{summary:?}");
}

#[tokio::test]
async fn what_has_no_api_is_a_persons_work() {
    let company = Company::start().await;
    for app in company.find("find_app", "drift").await {
        let action = company.action("app.quarantine", &app);
        let outcome = company.integrations.manual_text(&app.integration, &action, Some(&app), &json!({}));
        match app.integration.as_str() {
            "salesforce" => assert!(outcome.unwrap().contains("find \"Drift\" and choose Block")),
            "github" => {
                assert!(outcome.unwrap().contains("/organizations/acme/settings/installations/"));
                let since = jiff::Timestamp::now();
                assert!(matches!(company.look(&action, &app, since).await, Seen::HoldsNot { .. }));
            }
            _ => assert_eq!(outcome, None),
        }
        if matches!(app.integration.as_str(), "salesforce" | "github") {
            let refused = company.try_on(&app.integration, &action, Some(&app), json!({})).await;
            assert_eq!(kind(&refused), "manual");
        }
    }
}

#[tokio::test]
async fn people_are_found_suspended_signed_out_and_let_back_in() {
    let company = Company::start().await;
    let (rows, _) = company.done("okta", "list_users", json!({})).await;
    let people = value::targets_in(&rows);
    assert_eq!(people.len(), 30);
    let mail = people[3].label.clone();
    let found = company.find("find_user", &mail).await;
    let at: Vec<_> = found.iter().map(|user| user.integration.as_str()).collect();
    assert_eq!(at, ["okta", "salesforce", "slack"], "GitHub knows logins only");
    for user in &found {
        company.cut("user.end_sessions", user).await;
    }
    for user in found.iter().filter(|user| user.integration != "slack") {
        let action = company.action("user.suspend", user);
        let read = company.integrations.capture(&user.integration, &action, Some(user), &json!({})).unwrap();
        let (before, _) = company.done(&read.integration, &read.action, read.input).await;
        let held = |before: &Value| {
            company.integrations.held_before(&user.integration, &action, Some(user), &json!({}), before)
        };
        assert_eq!(held(&before), Some(false));
        company.cut("user.suspend", user).await;
        let read = company.integrations.capture(&user.integration, &action, Some(user), &json!({})).unwrap();
        let (after, _) = company.done(&read.integration, &read.action, read.input).await;
        assert_eq!(held(&after), Some(true), "somebody else's cut is seen as such");
        let undo = company
            .integrations
            .undo_of(&user.integration, &action, Some(user), &json!({}), &before)
            .unwrap();
        assert_eq!(undo.target.as_ref(), Some(user));
        company.done(&undo.integration, &undo.action, undo.input).await;
        let since = jiff::Timestamp::now();
        assert!(matches!(company.look(&action, user, since).await, Seen::HoldsNot { .. }), "{}", user.key());
    }
    company.cut("user.freeze", found.iter().find(|user| user.integration == "salesforce").unwrap()).await;
}

#[tokio::test]
async fn a_protected_group_is_known_by_its_members() {
    let company = Company::start().await;
    let reads = company.integrations.group_reads("okta", "Emergency-Admins").unwrap();
    let (groups, _) = company.done("okta", &reads.groups.action, reads.groups.input).await;
    let group =
        value::targets_in(&groups).into_iter().find(|group| group.label == "Emergency-Admins").unwrap();
    let (members, _) = company.on("okta", &reads.members, Some(&group), json!({})).await;
    assert_eq!(value::targets_in(&members).len(), 1);
    let read = company.integrations.population("okta", "user").unwrap();
    let (everybody, _) = company.done("okta", &read.action, read.input).await;
    assert_eq!(value::targets_in(&everybody).len(), 30);
}

#[tokio::test]
async fn a_leaked_credential_is_read_sealed_revoked_and_proven_dead() {
    let company = Company::start().await;
    let (rows, _) = company.done("github", "list_secret_alerts", json!({})).await;
    let alert = value::targets_in(&rows).remove(0);
    let (rows, _) = company.on("github", "get_alert_credential", Some(&alert), json!({})).await;
    let credential = value::targets_in(&rows).remove(0);
    assert!(!rows.to_string().contains("ghp_"), "{rows}");
    let (_, by) = company.on("github", "revoke_credential", Some(&credential), json!({})).await;
    assert_eq!(by, By::Us);
    let since = jiff::Timestamp::now();
    let mut seen = Seen::Holds;
    for _ in 0..50 {
        // GitHub takes a second until a revoked credential is dead.
        seen = company.look("revoke_credential", &credential, since).await;
        if seen == Seen::Holds {
            break;
        }
        assert!(matches!(seen, Seen::HoldsNot { .. }), "{seen:?}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(seen, Seen::Holds);
    company.cut("alert.resolve", &alert).await;
    let undo = company
        .integrations
        .undo_of("github", "resolve_secret_alert", Some(&alert), &json!({}), &json!({}))
        .unwrap();
    company.done("github", &undo.action, undo.input).await;
}

#[tokio::test]
async fn tokens_of_any_server_are_revoked_and_asked_about() {
    let company = Company::start().await;
    let vault = support::Vault::default();
    let handle = stanch_model::secret::SecretBox::seal(&vault, "leaked-token").unwrap();
    let integrations = support::with_mail_and_vault(company.twins.addr(), company.twins.mail_addr(), vault);
    let input = json!({ "token": { "$secret": handle } });
    let before = integrations.verify("oauth2", "revoke_token", None, &input).await;
    assert!(matches!(before, Seen::HoldsNot { .. }), "{before:?}");
    for _ in 0..2 {
        assert_eq!(
            kind(&integrations.call(call("oauth2", "revoke_token", input.clone())).await),
            "done by Us"
        );
    }
    assert_eq!(integrations.verify("oauth2", "revoke_token", None, &input).await, Seen::Holds);
}

#[tokio::test]
async fn what_was_told_can_be_found_by_its_mark_and_by_nothing_else() {
    let company = Company::start().await;
    let since = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(2);
    for (integration, action, input) in [
        ("slack", "post_message", json!({ "channel": "#incidents", "text": "Drift is cut off" })),
        ("smtp", "send", json!({ "to": "security@drift.example", "subject": "Drift", "text": "cut off" })),
        (
            "github",
            "create_issue",
            json!({ "owner": "acme", "repo": "web", "title": "Drift", "text": "cut off" }),
        ),
    ] {
        let look = |key| Look {
            integration,
            action,
            target: None,
            input: &input,
            since: Some(since),
            key: Some(key),
        };
        let before = company.integrations.look(look("k-0001")).await;
        assert!(matches!(before, Seen::HoldsNot { .. }), "{integration}: {before:?}");
        company.done(integration, action, input.clone()).await;
        assert_eq!(company.integrations.look(look("k-0001")).await, Seen::Holds, "{integration}");
        let other = company.integrations.look(look("k-0002")).await;
        assert!(matches!(other, Seen::HoldsNot { .. }), "{integration}: {other:?}");
    }
    let (_, by) = company.done("webhook", "send", json!({ "text": "Drift is cut off" })).await;
    assert_eq!(by, By::Us);
    assert_eq!(company.twins.mails().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_in_doubt_and_the_look_tells() {
    let company = Company::start().await;
    let app =
        company.find("find_app", "drift").await.into_iter().find(|app| app.integration == "okta").unwrap();
    let (rows, _) = company.on("okta", "list_app_tokens", Some(&app), json!({})).await;
    let grants: Vec<_> =
        value::targets_in(&rows).into_iter().filter(|target| target.kind == "grant").collect();
    for (grant, answer, expected) in [
        (&grants[0], Answer::TimeoutAfterEffect, true),
        (&grants[1], Answer::TimeoutBeforeEffect, false),
        (&grants[2], Answer::Status(503), false),
    ] {
        company.twins.remove_fault(None);
        company.twins.add_fault(Fault::nth("okta.revoke_app_token", 1, answer));
        let mut revoke = Call { target: Some(grant.clone()), ..call("okta", "revoke_app_token", json!({})) };
        revoke.deadline = std::time::Duration::from_millis(500);
        assert_eq!(kind(&company.integrations.call(revoke).await), "in doubt");
        let seen = company.look("revoke_app_token", grant, jiff::Timestamp::now()).await;
        assert_eq!(seen == Seen::Holds, expected, "{seen:?}");
    }
}

#[tokio::test]
async fn an_expired_token_is_renewed_unseen() {
    let company = Company::start().await;
    company.done("salesforce", "list_users", json!({})).await;
    company
        .twins
        .change(&stanch_integrations::twin::Change::ExpireTokens { integration: "salesforce".into() })
        .unwrap();
    company.done("salesforce", "list_users", json!({})).await;
}

#[tokio::test]
async fn channels_are_opened_and_put_away() {
    let company = Company::start().await;
    let input = json!({ "name": "inc-drift" });
    let look = Look {
        integration: "slack",
        action: "create_channel",
        target: None,
        input: &input,
        since: None,
        key: None,
    };
    assert!(matches!(company.integrations.look(look).await, Seen::HoldsNot { .. }));
    company.done("slack", "create_channel", input.clone()).await;
    assert_eq!(company.integrations.look(look).await, Seen::Holds);
    assert_eq!(kind(&company.try_on("slack", "create_channel", None, input.clone()).await), "state");
    let undo = company.integrations.undo_of("slack", "create_channel", None, &input, &json!({})).unwrap();
    assert_eq!(undo.target.unwrap().id, "#inc-drift");
    assert_eq!(company.done("slack", &undo.action, undo.input.clone()).await.1, By::Us);
    assert_eq!(company.done("slack", &undo.action, undo.input).await.1, By::Other);
}
