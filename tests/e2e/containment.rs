//! What the showpiece playbook may say at its end, over twins, inside one process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use stanch_integrations::twin::Change;
use stanch_model::{RunId, TargetState, run::RunView};
use stanch_tests::inside::Inside;

const LACKS_TOKENS: &str =
    "without \"Customize Application\" Salesforce shows the integration user's own tokens only";

async fn company(grants: Value, extra: Value) -> (Inside, RunId) {
    let apps = json!([{ "id": "drift", "vendor": "drift", "grants": grants }]);
    let inside = Inside::new(json!({ "people": 20, "apps": apps, "extra": extra })).await;
    let run = inside.start("oauth-app-compromise", json!({ "app": "drift" })).await;
    (inside, run)
}

fn yes(kind: &str, _: &str) -> Option<&'static str> {
    match kind {
        "approval" => Some("approve"),
        "manual" => Some("done"),
        _ => None,
    }
}

/// Leaves this integration's credential with these permissions only.
fn limit(inside: &Inside, integration: &str, scopes: &[&str]) {
    let scopes = Some(scopes.iter().map(|scope| (*scope).to_owned()).collect());
    let change = Change::Scopes { integration: integration.to_owned(), token: None, scopes };
    inside.twins.change(&change).unwrap();
}

fn word(view: &RunView) -> &'static str {
    view.containment.unwrap().as_str()
}

fn says(view: &RunView, why: &str) -> bool {
    view.because.iter().any(|because| because.contains(why))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_cut_off_everywhere_and_proven() {
    let (inside, run) = company(json!({ "okta": 3, "salesforce": 4 }), json!({})).await;
    let view = inside.play(&run, yes).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{:?}", view.error);
    assert_eq!(word(&view), "contained_with_residual", "{:?}", view.because);
    assert!(view.targets.values().all(|target| target.state != TargetState::Failed), "{:#?}", view.targets);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_a_missing_permission_empties_is_not_read() {
    let (inside, run) = company(json!({ "okta": 2, "salesforce": 3 }), json!({})).await;
    limit(&inside, "salesforce", &["api", "Manage Users"]);
    let view = inside.play(&run, yes).await;
    assert!(view.targets.values().all(|target| target.target.integration == "okta"), "{:#?}", view.targets);
    assert_eq!(word(&view), "partly_contained", "what Okta holds is cut, and nobody saw Salesforce's");
    assert!(says(&view, LACKS_TOKENS), "{:?}", view.because);
    let list = view.steps.values().find(|step| step.name == "salesforce.find_app").expect("a step");
    assert_eq!(list.incomplete, LACKS_TOKENS, "a person can see it while the run is on its way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_goes_in_the_middle_is_missed_at_the_end() {
    let (inside, run) = company(json!({ "okta": 2, "salesforce": 2 }), json!({})).await;
    let approve = |kind: &str, _: &str| (kind == "approval").then_some("approve");
    let proven = |view: &RunView| {
        let by_hand = view.open_waits().count() == 1;
        let read_back = |state| matches!(state, TargetState::Verified | TargetState::Residual);
        let rest = view.targets.values().filter(|target| read_back(target.state)).count();
        by_hand && rest > 4 && rest + 1 == view.targets.len()
    };
    inside.play_until(&run, approve, proven).await;
    limit(&inside, "salesforce", &["api", "Manage Users"]);
    let view = inside.play(&run, yes).await;
    assert_eq!(word(&view), "partly_contained", "{:?}", view.because);
    assert!(says(&view, LACKS_TOKENS), "{:?}", view.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_contain_is_not_said_by_who_may_not_see() {
    let (inside, run) = company(json!({ "salesforce": 2 }), json!({})).await;
    limit(&inside, "salesforce", &["api", "Manage Users"]);
    let view = inside.play(&run, yes).await;
    assert!(view.targets.is_empty(), "{:#?}", view.targets);
    assert_eq!((word(&view), says(&view, LACKS_TOKENS)), ("not_contained", true), "{:?}", view.because);

    let over = json!({ "okta": { "over": ["users", "groups", "apps/zendesk"] } });
    let (inside, run) = company(json!({ "okta": 2 }), over).await;
    let view = inside.play(&run, yes).await;
    assert_eq!(word(&view), "not_contained", "{:?}", view.because);
    assert!(
        says(&view, "an admin role that is not over all apps shows its own apps only"),
        "{:?}",
        view.because
    );

    let (inside, run) = company(json!({}), json!({})).await;
    let view = inside.play(&run, yes).await;
    assert_eq!(word(&view), "nothing_to_contain", "who may see everything may say so: {:?}", view.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_custom_role_over_everything_sees_everything() {
    let over = json!({ "okta": { "over": ["users", "groups", "apps"] } });
    let (inside, run) = company(json!({ "okta": 2 }), over).await;
    let view = inside.play(&run, yes).await;
    assert_eq!(word(&view), "contained_with_residual", "{:?}", view.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_state_stands_in_its_owners_list_is_switched_off() {
    let inside = Inside::new(json!({ "people": 5 })).await;
    let input = json!({ "app": "drift", "owners": ["ana.adler"] });
    let run = inside.start("downstream-secret-sweep", input).await;
    let view = inside.play(&run, yes).await;
    assert_eq!(word(&view), "contained", "{:?}", view.because);
    let proven = view.targets.values().filter(|target| target.state == TargetState::Verified);
    let mut verbs: Vec<&str> = proven.map(|target| target.verb.as_str()).collect();
    verbs.sort_unstable();
    assert_eq!(
        verbs,
        ["key.disable", "service_credential.disable", "ssh_key.disable"],
        "{:#?}",
        view.targets
    );
    assert_eq!(view.holds.len(), 3, "what was so before is known, so that each can be given back");
}
