//! Permanent calls and the approvals that cover them.

use serde_json::json;
use stanch_journal::Journal as _;
use stanch_model::{
    StreamId, TargetState,
    run::body::{Intent, WaitClosed},
};

use crate::common::Outside;

/// The first yes covers the app alone: the grants were forgotten.
const FORGOTTEN: &str = r#"
    let apps = find_app("drift");
    approve("cut", "Cut the app", apps);
    let grants = flat(each(apps, |app| app.grants()));
    let cut = each(grants, |grant| grant.revoke());
    note(`${cut.map(|target| target.state)}`);
    let again = each(grants, |grant| grant.revoke());
    note(`${again.map(|target| target.state)}`);
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_fan_out_shares_one_card_and_a_no_skips_its_targets() {
    for crash in [false, true] {
        let mut outside = Outside::new(FORGOTTEN, 3, 0).await;
        let run = outside.start(json!({ "free": false })).await;
        outside.waiting(&run, "A1").await;
        outside.answer(&run, "A1", "approve").await;
        let view = outside.waiting(&run, "A2").await;
        assert!(view.waits[1].card);
        assert_eq!(view.waits[1].targets.len(), 3, "one card for all branches");
        for target in &view.waits[1].targets {
            assert!(view.waits[1].text.contains(target.name()), "it says whom: {}", view.waits[1].text);
        }
        assert_eq!(outside.asked("revoke_app_token"), 0);
        if crash {
            outside.crash();
        }
        outside.answer(&run, "A2", "deny").await;
        // A later call on the same targets is asked about anew.
        let view = outside.waiting(&run, "A3").await;
        assert_eq!(view.notes[0].1, r#"["skipped", "skipped", "skipped"]"#);
        assert_eq!(view.waits.len(), 3);
        if crash {
            outside.crash();
        }
        outside.answer(&run, "A3", "approve").await;
        let view = outside.ended(&run).await;
        assert_eq!(view.notes[1].1, r#"["accepted", "accepted", "accepted"]"#);
        assert_eq!(outside.done("revoke_app_token"), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_grew_after_the_yes_asks_for_the_rest_only() {
    let script = r#"
        let apps = find_app("drift");
        let grants = flat(each(apps, |app| app.grants()));
        approve("cut", "Cut", grants.extract(0, 2));
        each(grants, |grant| grant.revoke());
    "#;
    let outside = Outside::new(script, 5, 0).await;
    let run = outside.start(json!({ "free": false })).await;
    outside.waiting(&run, "A1").await;
    outside.answer(&run, "A1", "approve").await;
    let view = outside.waiting(&run, "A2").await;
    assert_eq!(view.waits[1].targets.len(), 3);
    assert_eq!(outside.done("revoke_app_token"), 2, "what is covered does not wait for the rest");
    outside.answer(&run, "A2", "approve").await;
    let view = outside.ended(&run).await;
    assert_eq!(view.targets.values().filter(|t| t.state == TargetState::Residual).count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_manifest_does_not_list_ends_the_run_whatever_the_script_catches() {
    for script in [
        r#"try { okta.suspend_user(#{ user: "x" }); okta.expire_password(#{ user: "x" }) } catch (e) { note("caught"); }"#,
        r#"attempt(|| okta.expire_password(#{ user: "x" })); note("after");"#,
    ] {
        let outside = Outside::new(script, 1, 0).await;
        let run = outside.start(json!({})).await;
        let view = outside.ended(&run).await;
        assert_eq!(view.error.unwrap().kind, "not_allowed");
        assert!(view.notes.is_empty());
        assert_eq!(outside.asked("expire_password"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_stops_a_fan_out_that_asks_for_everything_at_once() {
    let mut outside = Outside::new(crate::calls::CUT, 6, 0).await;
    outside.setup.more.push_str("limits: { targets: 4 }\n");
    outside.crash();
    let run = outside.start(json!({})).await;
    let view = outside.waiting(&run, "G1").await;
    assert!(view.waits.iter().any(|wait| wait.name == "limit of 4 targets"));
    assert_eq!(outside.done("revoke_app_token"), 3, "with the app that makes four");
    outside.crash();
    outside.answer(&run, "G1", "skip").await;
    let view = outside.ended(&run).await;
    assert_eq!(view.targets.values().filter(|t| t.state == TargetState::Skipped).count(), 3);
    assert_eq!(outside.done("revoke_app_token"), 3);
}

/// A yes, a wait, then the cut.
const LATE: &str = r#"
    let grants = flat(each(find_app("drift"), |app| app.grants()));
    approve("cut", "Cut", grants);
    ask("go", "?", ["yes"]);
    each(grants, |grant| grant.revoke());
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_given_long_before_the_run_went_on_is_asked_for_again() {
    for (minutes, crash, again) in [(59, true, false), (61, true, true), (61, false, true)] {
        let mut outside = Outside::new(LATE, 2, 0).await;
        let run = outside.start(json!({ "free": false })).await;
        outside.waiting(&run, "A1").await;
        outside.answer(&run, "A1", "approve").await;
        outside.waiting(&run, "Q1").await;
        outside.clock.forward(std::time::Duration::from_secs(minutes * 60));
        if crash {
            outside.crash();
        }
        outside.answer(&run, "Q1", "yes").await;
        if again {
            let view = outside.waiting(&run, "A2").await;
            let card = &view.waits[2];
            assert_eq!((card.card, card.targets.len()), (true, 2));
            assert!(card.text.contains("the yes to A1 is of "), "{}", card.text);
            assert_eq!(outside.asked("revoke_app_token"), 0);
            outside.answer(&run, "A2", "approve").await;
        }
        let view = outside.ended(&run).await;
        assert_eq!((outside.done("revoke_app_token"), view.waits.len()), (2, if again { 3 } else { 2 }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_manifest_allows_by_itself_it_allows_again_without_anybody() {
    let mut outside = Outside::new(LATE, 2, 0).await;
    let run = outside.start(json!({})).await;
    outside.waiting(&run, "Q1").await;
    outside.clock.forward(std::time::Duration::from_secs(2 * 3600));
    outside.crash();
    outside.answer(&run, "Q1", "yes").await;
    let view = outside.ended(&run).await;
    assert_eq!(outside.done("revoke_app_token"), 2);
    assert_eq!(view.waits[2].closed.as_ref().unwrap().by, "pre_approved");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_cites_the_entry_that_allows_it() {
    let outside = Outside::new(FORGOTTEN, 2, 0).await;
    let run = outside.start(json!({ "free": false })).await;
    for card in ["A1", "A2"] {
        outside.waiting(&run, card).await;
        outside.answer(&run, card, "approve").await;
    }
    outside.ended(&run).await;
    let entries = outside.journal.read(&StreamId::run(&run), 1, usize::MAX).unwrap();
    let intents = entries.iter().filter(|entry| entry.header.kind == "step.intent");
    let calls = intents.filter_map(|entry| entry.decode::<Intent>().unwrap().call);
    let cited: Vec<(String, u64)> = calls.filter_map(|call| Some((call.approval?, call.granted?))).collect();
    assert_eq!(cited.len(), 4, "{cited:?}");
    for (approval, version) in cited {
        let entry = entries.iter().find(|entry| entry.header.version == version).unwrap();
        let closed: WaitClosed = entry.decode().unwrap();
        assert_eq!((closed.wait, closed.say.as_str()), (approval, "approve"));
    }
}
