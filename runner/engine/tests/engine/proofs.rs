//! What may be called contained.

use std::time::Duration;

use serde_json::json;
use stanch_model::TargetState;

use crate::{
    calls::{CUT, containment},
    common::Outside,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_that_changed_nothing_is_failed_when_its_grace_is_over() {
    let mut outside = Outside::new(CUT, 2, 0).await;
    outside.fault(json!({ "action": "okta.revoke_app_token", "call": 1, "answer": "revoke_does_nothing" }));
    let run = outside.start(json!({})).await;
    outside
        .until(&run, |view| {
            view.targets.values().any(|t| t.state == TargetState::Residual && t.verb == "grant.revoke")
        })
        .await;
    // The grace runs from the acceptance, over restarts and parking.
    for _ in 0..3 {
        outside.asks_later(&run, Duration::from_secs(11)).await;
    }
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "partly_contained", "{:?} {:#?}", view.because, view.targets);
    assert_eq!(view.targets.values().filter(|t| t.state == TargetState::Failed).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_came_later_is_found() {
    let script = CUT
        .replace("for app in apps { app.quarantine(); }", "")
        .replace("let left", r#"ask("go", "?", ["yes"]); let left"#);
    let outside = Outside::new(&script, 2, 0).await;
    let run = outside.start(json!({})).await;
    outside.waiting(&run, "Q1").await;
    let change = json!({ "grant": { "integration": "okta", "app": "drift", "count": 2 } });
    outside.twins.change(&serde_json::from_value(change).unwrap()).unwrap();
    outside.answer(&run, "Q1", "yes").await;
    let view = outside.ended(&run).await;
    assert_eq!(view.notes[0].1, "0 0 0 2", "{view:?}");
    assert_eq!(containment(&view), "partly_contained");
    assert!(view.because.iter().any(|why| why.starts_with("found and not cut")), "{:?}", view.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_failed_keeps_the_run_from_contained() {
    let script = CUT.replace("app.grants()", "attempt(|| app.grants()).value ?? []");
    let outside = Outside::new(&script, 2, 0).await;
    outside.fault(json!({ "action": "okta.list_app_tokens", "answer": "403" }));
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "partly_contained", "the app itself is cut; {:?}", view.because);
    assert!(view.because.iter().any(|why| why.starts_with("not read again")), "{:?}", view.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_list_of_the_whole_company_the_script_says_who_concerns_the_case() {
    let script = r#"
        let everybody = okta.list_users(#{});
        let one = everybody[0];
        one.suspend();
        note(`${settle().found.len()}`);
        let left = settle(|user| user.label == one.label);
        note(`${left.found.len()} ${left.unread}`);
        manual("by-hand", one);
    "#;
    let outside = Outside::of(script, (4, 2), 1, 0).await;
    let run = outside.start(json!({})).await;
    outside.waiting(&run, "M1").await;
    outside.answer(&run, "M1", "done").await;
    let view = outside.ended(&run).await;
    let notes: Vec<&str> = view.notes.iter().map(|(_, note)| note.as_str()).collect();
    assert_eq!(notes, ["3", "0 []"], "{view:?}");
    assert_eq!(containment(&view), "contained_with_residual", "{:?}", view.because);
    let others = "the script says that 3 others in the lists do not concern this case";
    assert!(view.because.iter().any(|why| why == others), "{:?}", view.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_concerns_the_case_is_true_or_false() {
    let script = "let one = okta.list_users(#{})[0]; one.suspend(); settle(|user| user.label);";
    let outside = Outside::of(script, (4, 2), 1, 0).await;
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    let error = view.error.unwrap();
    assert_eq!(error.kind, "misuse", "{error:?}");
    assert_ne!(view.containment.unwrap().as_str(), "contained_with_residual");
}

#[tokio::test(flavor = "multi_thread")]
async fn absence_proves_nothing_that_was_never_seen_present() {
    let script = r#"
        let apps = find_app("drift");
        okta.revoke_app_token(#{ app: apps[0].id, token: "typo" });
        note(`${settle().failed.len()}`);
    "#;
    let outside = Outside::new(script, 1, 0).await;
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(view.notes[0].1, "1", "{view:#?}");
    assert_eq!(containment(&view), "not_contained");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_by_hand_is_residual_at_best() {
    let outside = Outside::new(CUT, 0, 2).await;
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "contained_with_residual", "{:?} {:#?}", view.because, view.targets);
    assert_eq!(view.targets.values().filter(|t| t.state == TargetState::Attested).count(), 1);
    assert_eq!(view.targets.values().filter(|t| t.state == TargetState::Verified).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_residual_is_read_back_when_its_time_is_over() {
    let script = r#"
        let apps = find_app("drift");
        for app in apps { okta.revoke_app_tokens(#{ app: app.id }); }
        let left = settle();
        note(`${left.residual.len()} ${left.found.len()}`);
    "#;
    let mut outside = Outside::new(script, 2, 0).await;
    outside.setup.more = outside.setup.more.replace("slack.uninstall_app", "app.revoke_grants");
    outside.crash();
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(view.notes[0].1, "1 0", "{view:#?}");
    assert_eq!(containment(&view), "contained_with_residual", "{:?}", view.because);
    outside.crash();
    outside.clock.forward(Duration::from_secs(3601));
    let view = outside
        .until(&run, |view| view.targets.values().all(|target| target.state == TargetState::Verified))
        .await;
    assert_eq!(containment(&view), "contained", "the second word follows: {:?}", view.because);
    // Another run's time comes, is seen and over: nobody asked for this one.
    outside.setup.script = r#"wait("2h");"#.to_owned();
    outside.crash();
    let other = outside.start(json!({})).await;
    outside.waiting(&other, "T1").await;
    outside.clock.forward(Duration::from_secs(2 * 3600));
    outside.ended(&other).await;
    assert_eq!(outside.engine.view(&run).unwrap().version, view.version, "and then it is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_there_is_nothing_to_contain_and_something_uncut_is_not() {
    let outside = Outside::new(r#"find_app("nobody");"#, 1, 0).await;
    let run = outside.start(json!({})).await;
    assert_eq!(containment(&outside.ended(&run).await), "nothing_to_contain");
    let outside = Outside::new(r#"find_app("drift");"#, 1, 0).await;
    let run = outside.start(json!({})).await;
    assert_eq!(containment(&outside.ended(&run).await), "not_contained");
}

/// Salesforce without "Customize Application", its user with one token of its own.
async fn own_tokens_only(script: &str) -> Outside {
    let outside = Outside::new(script, 0, 3).await;
    let own = json!({ "set": { "integration": "salesforce", "table": "OauthToken", "id": "own", "fields": {
        "AppName": "Drift", "UserId": "005twin", "User": { "Username": "stanch@acme.example" }, "twin_app": "drift",
        "LastUsedDate": null, "UseCount": 1 } } });
    let scopes = json!({ "scopes": { "integration": "salesforce", "scopes": ["api", "Manage Users"] } });
    for change in [own, scopes] {
        outside.twins.change(&serde_json::from_value(change).unwrap()).unwrap();
    }
    outside
}

const OWN_ONLY: &str =
    "without \"Customize Application\" Salesforce shows the integration user's own tokens only";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cut_under_half_a_view_is_not_proven_by_its_absence() {
    let mut outside = own_tokens_only(CUT).await;
    let run = outside.start(json!({})).await;
    let accepted = |state| state == TargetState::Accepted;
    outside
        .until(&run, |view| view.targets.values().any(|t| t.verb == "grant.revoke" && accepted(t.state)))
        .await;
    assert_eq!(outside.done("revoke_token"), 1, "what is shown is cut");
    for _ in 0..2 {
        outside.asks_later(&run, Duration::from_secs(60)).await;
    }
    let view = outside.ended(&run).await;
    let grant = view.targets.values().find(|target| target.verb == "grant.revoke").unwrap();
    assert_eq!((grant.state, grant.why.contains(OWN_ONLY)), (TargetState::Failed, true), "{}", grant.why);
    assert_eq!(containment(&view), "partly_contained", "{:?}", view.because);
    assert!(view.because.iter().any(|why| why.contains(OWN_ONLY)), "{:?}", view.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_was_read_whole_later_is_whole() {
    let script = r#"find_app("nobody"); ask("go", "?", ["yes"]); find_app("nobody");"#;
    let outside = own_tokens_only(script).await;
    let run = outside.start(json!({})).await;
    outside.waiting(&run, "Q1").await;
    let step = |view: &stanch_model::run::RunView| {
        view.steps.values().find(|step| step.name == "salesforce.find_app").unwrap().incomplete.clone()
    };
    assert_eq!(step(&outside.engine.view(&run).unwrap()), OWN_ONLY, "people see it while the run waits");
    let all = json!({ "scopes": { "integration": "salesforce", "scopes": null } });
    outside.twins.change(&serde_json::from_value(all).unwrap()).unwrap();
    outside.answer(&run, "Q1", "yes").await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "nothing_to_contain", "{:?}", view.because);
    let outside = own_tokens_only(r#"find_app("nobody");"#).await;
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "not_contained");
    assert_eq!(view.because, [format!("not read whole: salesforce.find_app: {OWN_ONLY}")]);
}
