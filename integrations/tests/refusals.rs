//! What a platform refuses for a reason of its own, whoever asks: it is told in its words, and is no cut.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stanch_integrations::{
    ErrorKind, Outcome,
    twin::{Fate, Sort, TwinHost, TwinOptions, World},
};
use support::call;

/// A platform in whose world somebody is special, and what is refused to be done to them.
struct Case {
    integration: &'static str,
    extra: Value,
    /// Finds whom or what it is about, and the argument that its id is for.
    find: (&'static str, Value, &'static str),
    action: &'static str,
    words: &'static str,
}

const ANA: &str = "ana.adler@acme.example";

fn cases() -> Vec<Case> {
    let user = |finder: &str| json!({ finder: ANA });
    vec![
        Case {
            integration: "salesforce",
            extra: json!({ "default_owner": ANA }),
            find: ("find_user", user("user"), "user"),
            action: "deactivate_user",
            words: "default owner",
        },
        Case {
            integration: "pagerduty",
            extra: json!({ "on_incident": ANA }),
            find: ("find_user", user("user"), "user"),
            action: "delete_user",
            words: "open incidents",
        },
        Case {
            integration: "entra",
            extra: json!({ "admin": ANA }),
            find: ("find_user", user("user"), "user"),
            action: "suspend_user",
            words: "Insufficient privileges",
        },
        Case {
            integration: "atlassian",
            extra: json!({ "unmanaged": ANA }),
            find: ("find_user", user("user"), "user"),
            action: "deactivate_account",
            words: "not managed",
        },
        Case {
            integration: "slack",
            extra: json!({ "owner": ANA }),
            find: ("find_user", user("mail"), "user"),
            action: "end_user_sessions",
            words: "cannot_reset_primary_owner",
        },
    ]
}

async fn at_home(integration: &str, extra: Value) -> (TwinHost, stanch_integrations::Integrations) {
    let world =
        World { people: 6, extra: BTreeMap::from([(integration.to_owned(), extra)]), ..World::default() };
    let options = TwinOptions { integrations: support::platforms(), world, ..TwinOptions::default() };
    let twins = TwinHost::start(options).await.unwrap();
    let integrations = support::everything(twins.addr(), None);
    (twins, integrations)
}

#[tokio::test]
async fn what_a_platform_never_lets_be_done_is_refused_in_its_words() {
    for Case { integration, extra, find: (finder, input, argument), action, words } in cases() {
        let (twins, integrations) = at_home(integration, extra).await;
        let Outcome::Done { value, .. } = integrations.call(call(integration, finder, input)).await else {
            panic!("{integration} does not find {ANA}");
        };
        let id = stanch_model::value::targets_in(&value)[0].id.clone();
        let outcome = integrations.call(call(integration, action, json!({ argument: id }))).await;
        let Outcome::Refused { message, .. } = outcome else { panic!("{integration}: {outcome:?}") };
        assert!(message.contains(words), "{integration}: {message}");
        let mut writes = twins.requests().into_iter().filter(|request| request.sort == Sort::Write);
        assert!(writes.next().is_some_and(|write| write.fate != Fate::Changed), "{integration}: it was done");
        assert!(writes.next().is_none(), "{integration}: it was asked twice");
    }
}

/// GitHub's delegated dismissal: a reviewer must agree, and until then the alert stays open.
#[tokio::test]
async fn an_alert_that_a_reviewer_must_see_stays_open() {
    let (_twins, integrations) = at_home("github", json!({ "delegated": true })).await;
    let alert = json!({ "owner": "acme", "repo": "web", "number": 42 });
    let outcome = integrations.call(call("github", "resolve_secret_alert", alert.clone())).await;
    let Outcome::Refused { message, .. } = outcome else { panic!("{outcome:?}") };
    assert!(message.contains("requires review"), "{message}");
    let Outcome::Done { value, .. } = integrations.call(call("github", "get_secret_alert", alert)).await
    else {
        panic!("the alert is gone");
    };
    assert_eq!(value["state"], "open");
}

/// Whom stanch itself is on these platforms, as their twins and examples have it, and what would cut that off.
const OURSELVES: &[(&str, &str, &str, &str)] = &[
    ("datadog", "disable_user", "user", "0d57a9c4-0000-4000-8000-000000000001"),
    ("zendesk", "suspend_user", "user", "35000000001"),
    ("snowflake", "disable_user", "user", "STANCH"),
    ("hubspot", "remove_user", "user", "50999"),
    ("atlassian", "deactivate_account", "user", "5b10a2844c20165700ede35"),
    ("pagerduty", "delete_user", "user", "ben.berg@acme.example"),
    ("github", "revoke_all_authorizations", "org", "acme"),
];

#[tokio::test]
async fn nobody_cuts_stanch_off_by_mistake() {
    let (twins, integrations) = at_home("none", json!({})).await;
    for (integration, action, argument, own) in OURSELVES {
        let mut id = (*own).to_owned();
        if own.contains('@') {
            let found = integrations.call(call(integration, "find_user", json!({ "user": own }))).await;
            let Outcome::Done { value, .. } = found else { panic!("{integration}: {found:?}") };
            id = stanch_model::value::targets_in(&value)[0].id.clone();
        }
        let outcome = integrations.call(call(integration, action, json!({ *argument: id.clone() }))).await;
        let Outcome::Refused { kind, message, .. } = outcome else { panic!("{integration}: {outcome:?}") };
        assert_eq!(kind, ErrorKind::Lockout, "{integration}: {message}");
        assert!(message.contains("force: true"), "{integration}: {message}");
        let forced = json!({ *argument: id, "force": true });
        let outcome = integrations.call(call(integration, action, forced)).await;
        let locked = matches!(outcome, Outcome::Refused { kind: ErrorKind::Lockout, .. });
        assert!(!locked, "{integration}: whoever means it may");
    }
    let writes = twins.requests().into_iter().filter(|request| request.sort == Sort::Write).count();
    assert_eq!(writes, OURSELVES.len(), "only what was forced was sent");
}

/// IAM says 409 while a login is being made: the step waits and is tried again, it has not failed.
#[tokio::test]
async fn what_is_only_too_early_is_waited_for() {
    let (twins, integrations) = at_home("aws_iam", json!({ "new_login": "ana.adler" })).await;
    let early = integrations.call(call("aws_iam", "delete_login", json!({ "user": "ana.adler" }))).await;
    assert!(matches!(early, Outcome::Limited { .. }), "{early:?}");
    assert!(twins.requests().iter().all(|request| request.fate != Fate::Changed));
}
