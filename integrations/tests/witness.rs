//! What a credential may see, and what a list is worth that it may not see whole.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stanch_integrations::{
    Integrations, Outcome, Seen,
    twin::{Answer, Change, Fault, TwinHost, TwinOptions, World, WorldApp},
};
use stanch_model::{Target, value};
use support::{call, kind};

const PLATFORMS: [&str; 5] = ["github", "okta", "salesforce", "slack", "zendesk"];

struct Company {
    twins: TwinHost,
    integrations: Integrations,
}

impl Company {
    /// Drift has a few grants everywhere; `extra` says what the platforms hold of their own.
    async fn start(extra: Value) -> Self {
        let drift = WorldApp {
            id: "drift".to_owned(),
            grants: PLATFORMS.iter().map(|name| ((*name).to_owned(), 3)).collect(),
            ..WorldApp::default()
        };
        let extra: BTreeMap<String, Value> = serde_json::from_value(extra).unwrap();
        let options = TwinOptions {
            integrations: PLATFORMS.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect(),
            world: World { people: 6, apps: vec![drift], extra, ..World::default() },
            ..TwinOptions::default()
        };
        let twins = TwinHost::start(options).await.unwrap();
        let integrations = support::everything(twins.addr(), Some(twins.mail_addr()));
        Self { twins, integrations }
    }

    fn limit(&self, integration: &str, scopes: &[&str]) {
        let scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let change = Change::Scopes { integration: integration.to_owned(), token: None, scopes };
        self.twins.change(&change).unwrap();
    }

    /// The rows of a list, and why they may not be all.
    async fn list(&self, integration: &str, action: &str, input: Value) -> (Vec<Target>, Option<String>) {
        let outcome = self.integrations.call(call(integration, action, input)).await;
        let Outcome::Done { value, more, .. } = outcome else {
            panic!("{integration}.{action}: {outcome:?}")
        };
        (value::targets_in(&value), more.incomplete)
    }

    async fn sees(&self, integration: &str) -> Vec<(String, bool)> {
        let seen = self.integrations.sight(integration).await;
        seen.into_iter().map(|(witness, held)| (witness, held.is_ok())).collect()
    }

    fn asked(&self, action: &str) -> usize {
        self.twins.requests().iter().filter(|request| request.action == action).count()
    }
}

/// Every list of the catalogue that may come back shorter to who may see less.
const LISTS: [(&str, &str, &str); 19] = [
    ("github", "list_members", "{}"),
    ("github", "list_secret_alerts", "{}"),
    ("okta", "find_app", r#"{ "app": "drift" }"#),
    ("okta", "find_group", r#"{ "name": "E" }"#),
    ("okta", "list_api_tokens", "{}"),
    ("okta", "list_group_members", r#"{ "group": "00g" }"#),
    ("okta", "list_user_groups", r#"{ "user": "00u" }"#),
    ("okta", "list_users", "{}"),
    ("salesforce", "find_app", r#"{ "app": "drift" }"#),
    ("salesforce", "find_user", r#"{ "user": "ana.adler@acme.example" }"#),
    ("salesforce", "list_app_tokens", r#"{ "app": "Drift" }"#),
    ("salesforce", "list_user_app_tokens", r#"{ "app": "Drift", "user": "005" }"#),
    ("salesforce", "list_user_sessions", r#"{ "user": "005" }"#),
    ("salesforce", "list_user_tokens", r#"{ "user": "005" }"#),
    ("salesforce", "list_users", "{}"),
    ("slack", "find_app", r#"{ "app": "drift" }"#),
    ("slack", "find_workspace_app", r#"{ "app": "drift" }"#),
    ("slack", "list_user_sessions", r#"{ "user": "U0" }"#),
    ("zendesk", "find_app", r#"{ "app": "drift" }"#),
];

#[tokio::test]
async fn who_may_see_everything_gets_whole_lists() {
    let company = Company::start(json!({ "github": { "secrets": [{ "repo": "web", "number": 42 }] } })).await;
    for integration in PLATFORMS {
        let seen = company.sees(integration).await;
        assert!(seen.iter().all(|(_, held)| *held), "{integration}: {seen:?}");
        assert_eq!(seen.is_empty(), integration == "slack", "{integration} refuses who may not see");
    }
    for (integration, action, input) in LISTS {
        let input: Value = serde_json::from_str(input).unwrap();
        match company.integrations.call(call(integration, action, input)).await {
            Outcome::Done { more, .. } => assert_eq!(more.incomplete, None, "{integration}.{action}"),
            other => assert_eq!(kind(&other), "not_found", "{integration}.{action}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn salesforce_says_nothing_of_what_it_hides_and_its_witness_does() {
    let company = Company::start(json!({ "salesforce": { "people": "private" } })).await;
    let (apps, whole) = company.list("salesforce", "find_app", json!({ "app": "drift" })).await;
    assert_eq!((apps.len(), whole), (1, None));
    company.limit("salesforce", &["api"]);
    for (action, input, clause) in [
        ("find_app", json!({ "app": "drift" }), "own tokens only"),
        ("list_app_tokens", json!({ "app": "Drift" }), "own tokens only"),
        ("list_user_sessions", json!({ "user": "005twin" }), "sessions of others"),
        ("list_users", json!({}), "hide people"),
    ] {
        let (rows, why) = company.list("salesforce", action, input).await;
        assert_eq!(
            rows.len(),
            usize::from(action == "list_user_sessions"),
            "{action}: only what is one's own"
        );
        assert!(why.as_deref().is_some_and(|why| why.contains(clause)), "{action}: {why:?}");
    }
    let all = ["every_session", "every_token", "everybody"];
    let seen = company.sees("salesforce").await;
    assert_eq!(seen, all.map(|name| (name.to_owned(), false)), "each permission stands for itself");
    company.limit("salesforce", &["api", "Manage Users"]);
    let seen: Vec<_> = company.sees("salesforce").await.into_iter().filter(|(_, held)| *held).collect();
    assert_eq!(
        seen.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["every_session", "everybody"]
    );
}

#[tokio::test]
async fn absence_from_a_list_that_is_not_whole_proves_nothing() {
    let company = Company::start(json!({})).await;
    let (grants, _) = company.list("salesforce", "list_app_tokens", json!({ "app": "Drift" })).await;
    let (grant, input) = (&grants[0], json!({}));
    let look = || company.integrations.verify("salesforce", "revoke_token", Some(grant), &input);
    assert!(matches!(look().await, Seen::HoldsNot { .. }));
    company.limit("salesforce", &["api", "Manage Users"]);
    let blind = look().await;
    assert!(matches!(&blind, Seen::CannotTell { why, .. } if why.contains("own tokens only")), "{blind:?}");
    // An effect for each row of such a list is not begun: it would end some of the sessions and call it all.
    company.limit("salesforce", &["api", "Customize Application"]);
    let ended = company
        .integrations
        .call(call("salesforce", "end_user_sessions", json!({ "user": "005twin", "force": true })))
        .await;
    assert!(
        matches!(&ended, Outcome::Refused { message, .. } if message.contains("sessions of others")),
        "{ended:?}"
    );
}

#[tokio::test]
async fn an_admin_role_over_some_apps_is_told_from_one_over_all() {
    for (over, apps, people) in [
        (json!(["users", "groups", "apps"]), true, true),
        (json!(["users", "groups", "apps/drift"]), false, true),
        (json!(["apps", "groups"]), true, false),
    ] {
        let company = Company::start(json!({ "okta": { "over": over } })).await;
        let (found, why) = company.list("okta", "find_app", json!({ "app": "drift" })).await;
        assert_eq!((found.len(), why.is_none()), (1, apps), "{over}: {why:?}");
        let (users, why) = company.list("okta", "list_users", json!({})).await;
        assert_eq!((users.len() == 6, why.is_none()), (people, people), "{over}: {why:?}");
    }
    let company = Company::start(json!({ "okta": { "over": ["apps/zendesk"] } })).await;
    let (found, why) = company.list("okta", "find_app", json!({ "app": "drift" })).await;
    assert!(found.is_empty() && why.is_some(), "an empty list, and no error");
    // A role that may not read roles sees, for all that we know, anything or nothing.
    let company = Company::start(json!({})).await;
    company.limit("okta", &["okta.apps.read"]);
    let (_, why) = company.list("okta", "find_app", json!({ "app": "drift" })).await;
    assert!(why.as_deref().is_some_and(|why| why.contains("could not be read")), "{why:?}");
}

#[tokio::test]
async fn github_shows_outsiders_the_public_and_an_app_its_own_repositories() {
    let secrets = json!([{ "repo": "web", "number": 42 }, { "repo": "api", "number": 7 }]);
    let company = Company::start(json!({ "github": { "secrets": secrets, "repository": "web" } })).await;
    let (alerts, why) = company.list("github", "list_secret_alerts", json!({})).await;
    assert_eq!(alerts.len(), 1);
    assert!(why.as_deref().is_some_and(|why| why.contains("some repositories")), "{why:?}");
    let (members, why) = company.list("github", "list_members", json!({})).await;
    assert_eq!((members.len(), why), (6, None));
    company.limit("github", &["secret_scanning_alerts:read"]);
    let (members, why) = company.list("github", "list_members", json!({})).await;
    assert!(
        members.is_empty() && why.as_deref().is_some_and(|why| why.contains("public members")),
        "{why:?}"
    );
}

#[tokio::test]
async fn an_agent_of_zendesk_sees_only_what_is_their_own() {
    let agent = Company::start(json!({ "zendesk": { "role": "agent" } })).await;
    let (_, incomplete) = agent.list("zendesk", "find_app", json!({ "app": "drift" })).await;
    assert!(incomplete.unwrap().contains("to anybody but an administrator"));
    let (found, incomplete) =
        Company::start(json!({})).await.list("zendesk", "find_app", json!({ "app": "drift" })).await;
    assert_eq!((found.len(), incomplete), (1, None));
}

#[tokio::test]
async fn an_app_that_only_a_workspace_approved_is_found_in_slack() {
    let company = Company::start(json!({ "slack": { "workspace_apps": ["drift"] } })).await;
    let query = json!({ "app": "drift" });
    let (of_organization, _) = company.list("slack", "find_app", query.clone()).await;
    let (of_workspaces, why) = company.list("slack", "find_workspace_app", query).await;
    assert_eq!((of_organization.len(), of_workspaces.len(), why), (0, 1, None));
    let reads = company.integrations.find("find_app", "drift");
    assert_eq!(reads.iter().filter(|read| read.integration == "slack").count(), 2, "both lists are read");
    company.limit("slack", &["admin.apps:read"]);
    let refused =
        company.integrations.call(call("slack", "find_workspace_app", json!({ "app": "drift" }))).await;
    assert_eq!(kind(&refused), "forbidden", "Slack says so where a scope is missing");
}

#[tokio::test]
async fn a_witness_is_asked_after_its_list_and_not_believed_for_a_later_one() {
    let company = Company::start(json!({})).await;
    let list = || company.list("okta", "find_app", json!({ "app": "drift" }));
    assert_eq!(list().await.1, None);
    assert_eq!(list().await.1, None);
    let order: Vec<String> = company.twins.requests().into_iter().map(|request| request.action).collect();
    assert_eq!(order, ["find_app", "list_own_roles", "find_app", "list_own_roles"]);
    let many: Vec<_> = (0..8).map(|_| list()).collect();
    let many = futures_util::future::join_all(many).await;
    assert!(many.iter().all(|(_, why)| why.is_none()));
    let asked = company.asked("list_own_roles") - 2;
    assert!((1..8).contains(&asked), "lists that were read meanwhile share a question: {asked}");
}

#[tokio::test]
async fn a_witness_that_cannot_be_asked_now_makes_the_list_one_to_be_read_again() {
    let company = Company::start(json!({})).await;
    let query = || call("okta", "find_app", json!({ "app": "drift" }));
    for (answer, expected) in [(Answer::Status(429), "limited"), (Answer::Status(503), "unavailable")] {
        company.twins.add_fault(Fault::nth("okta.list_own_roles", 1, answer));
        assert_eq!(kind(&company.integrations.call(query()).await), expected);
        company.twins.remove_fault(None);
    }
}
