//! Cuts that end by themselves, and what several runs claim.

use std::time::Duration;

use serde_json::json;
use stanch_model::{
    Containment, RunId, TargetState,
    run::{HoldView, RunState, RunView},
};

use crate::{calls::containment, common::Outside};

const FOR_HOURS: &str = r#"for app in find_app("drift") { app.quarantine(#{ expires_in: "4h" }); }"#;

fn hold(view: &RunView) -> &HoldView {
    assert_eq!(view.holds.len(), 1, "{:?}", view.holds);
    &view.holds[0]
}

fn child(view: &RunView) -> RunId {
    hold(view).back.as_ref().unwrap().run.clone()
}

fn given_back(view: &RunView) -> &str {
    hold(view).given_back.as_ref().map_or("", |(_, why)| why)
}

impl Outside {
    async fn cut_for_hours(&self) -> (RunId, RunId) {
        let run = self.start(json!({})).await;
        let view = self.ended(&run).await;
        assert_eq!(containment(&view), "contained_with_residual", "{:?}", view.because);
        let child = child(&view);
        self.waiting(&child, "S1").await;
        (run, child)
    }

    async fn end_of(&self, run: &RunId) -> RunView {
        self.until(run, |view| view.ended.is_some()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_for_a_while_is_given_back_once_over_restarts() {
    let mut outside = Outside::new(FOR_HOURS, 1, 0).await;
    let (run, child) = outside.cut_for_hours().await;
    let view = outside.engine.view(&child).unwrap();
    assert_eq!(view.due_ms, Some(hold(&outside.engine.view(&run).unwrap()).back.as_ref().unwrap().at_ms));
    let waits = view.waiting();
    assert!(waits[0].what.starts_with("comes back by itself: Quarantine"), "{}", waits[0].what);
    assert_eq!(outside.engine.view(&run).unwrap().incident, view.incident, "it belongs to the same incident");
    outside.crash();
    outside.clock.forward(Duration::from_secs(4 * 3600 - 120));
    outside.crash();
    // What lived on after the cut has ended by now, and it is still cut.
    outside.until(&run, |view| view.containment == Some(Containment::Contained)).await;
    // Whoever is due is asked of the index: a run that is not due is not even read.
    assert_eq!(outside.engine.view(&child).unwrap().state, RunState::Waiting);
    assert_eq!(outside.asked("activate_app"), 0);
    outside.fault(json!({ "action": "okta.activate_app", "answer": "slow", "delay": "300ms" }));
    outside.clock.forward(Duration::from_secs(180));
    outside.until(&child, |view| view.steps.values().any(|step| step.name == "okta.activate_app")).await;
    outside.crash();
    let view = outside.end_of(&child).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{view:#?}");
    assert_eq!(outside.done("activate_app"), 1);
    let view = outside.until(&run, |view| view.holds[0].given_back.is_some()).await;
    assert_eq!(given_back(&view), "given back");
    assert_eq!(containment(&view), "contained", "it says how the run ended");
    assert_eq!(view.stand(), [("given_back", 1)], "nothing is called proven that was given back");
    assert_eq!(view.targets.values().next().unwrap().state, TargetState::Verified, "what it was stays told");
    assert!(outside.engine.undo(&run, "ben", "").await.is_err(), "nothing is held any more");
    assert!(outside.engine.replay(&[run, child]).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_before_its_last_access_ended_is_not_missed_then() {
    for crash in [false, true] {
        let mut outside = Outside::new(&FOR_HOURS.replace("4h", "30m"), 1, 0).await;
        let (run, child) = outside.cut_for_hours().await;
        outside.clock.forward(Duration::from_secs(1801));
        outside.end_of(&child).await;
        let view = outside.until(&run, |view| view.holds[0].given_back.is_some()).await;
        assert_eq!(given_back(&view), "given back");
        let looks = outside.asked("get_app");
        outside.clock.forward(Duration::from_secs(1900));
        if crash {
            outside.crash();
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let later = outside.engine.view(&run).unwrap();
        assert_eq!((containment(&later), &later.because), (containment(&view), &view.because));
        assert_eq!(outside.asked("get_app"), looks, "nobody looks whether it is still cut");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_child_and_its_parents_claim_go_down_together() {
    let outside = Outside::new(FOR_HOURS, 1, 0).await;
    let (run, child) = outside.cut_for_hours().await;
    // At every point of the journal at which the parent claims, the child is there.
    for cut in outside.journal.cuts() {
        let journal = outside.journal.crash_at(cut);
        let entries = |run: &RunId| {
            use stanch_journal::Journal;
            journal.read(&stanch_model::StreamId::run(run), 1, usize::MAX).unwrap_or_default()
        };
        let claims = entries(&run).iter().any(|entry| entry.header.kind == "hold");
        assert_eq!(claims, !entries(&child).is_empty(), "cut {cut}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_run_claims_stays_cut_until_the_last_claim_goes() {
    let mut outside = Outside::new(FOR_HOURS, 1, 0).await;
    let (first, child_of_first) = outside.cut_for_hours().await;
    outside.setup.script = FOR_HOURS.replace("#{ expires_in: \"4h\" }", "");
    outside.crash();
    let second = outside.start(json!({})).await;
    assert_eq!(containment(&outside.ended(&second).await), "contained_with_residual");
    outside.clock.forward(Duration::from_secs(4 * 3600 + 1));
    let view = outside.end_of(&child_of_first).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished");
    assert_eq!(outside.asked("activate_app"), 0);
    let view = outside.until(&first, |view| view.holds[0].given_back.is_some()).await;
    assert_eq!(given_back(&view), format!("it stays cut: run {second} claims it too"));
    assert_eq!(view.stand(), [("released", 1)]);
    outside.crash();
    // The second run found it cut: its claim has no undo of its own, the first one's brings it back.
    outside.engine.undo(&second, "ben", "false alarm").await.unwrap();
    let view = outside.until(&second, |view| view.holds[0].given_back.is_some()).await;
    assert_eq!((given_back(&view), outside.done("activate_app")), ("given back", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_so_before_is_not_given_back() {
    let outside = Outside::new(FOR_HOURS, 1, 0).await;
    let app = outside.twins.state("okta").unwrap()["apps"][0]["id"].clone();
    let change = json!({ "set": { "integration": "okta", "table": "apps", "id": app, "fields": { "status": "INACTIVE" } } });
    outside.twins.change(&serde_json::from_value(change).unwrap()).unwrap();
    let (run, _) = outside.cut_for_hours().await;
    outside.clock.forward(Duration::from_secs(4 * 3600 + 1));
    let view = outside.until(&run, |view| view.holds[0].given_back.is_some()).await;
    assert_eq!(
        (given_back(&view), outside.asked("activate_app")),
        ("it was so before: nothing is given back", 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_because_it_is_so_already_is_no_cut_that_failed() {
    for (status, state) in [("SUSPENDED", TargetState::Residual), ("DEPROVISIONED", TargetState::Failed)] {
        let mut outside = Outside::new("", 1, 0).await;
        let user = outside.twins.state("okta").unwrap()["users"][0]["id"].as_str().unwrap().to_owned();
        let change = json!({ "set": { "integration": "okta", "table": "users", "id": user, "fields": { "status": status } } });
        outside.twins.change(&serde_json::from_value(change).unwrap()).unwrap();
        outside.setup.script = format!("okta.suspend_user(#{{ user: {user:?} }});");
        let more = outside.setup.more.replace("[app.quarantine,", "[okta.suspend_user, app.quarantine,");
        outside.setup.more = more;
        outside.crash();
        let run = outside.start(json!({})).await;
        let view = outside.ended(&run).await;
        assert_eq!(view.targets.values().next().unwrap().state, state, "{view:#?}");
        assert!(view.holds.iter().all(|hold| hold.given_back.is_none()));
        assert_eq!(
            view.holds.len(),
            usize::from(state == TargetState::Residual),
            "what is not cut is not held"
        );
        assert_eq!(outside.done("suspend_user"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_so_before_is_a_persons() {
    for (say, done) in [("give it back", 1), ("leave it cut", 0)] {
        let outside = Outside::new(FOR_HOURS, 1, 0).await;
        let lost = json!({ "action": "okta.deactivate_app", "call": 1, "answer": "timeout_after_effect", "delay": "10s" });
        outside.fault(lost);
        let (run, child) = outside.cut_for_hours().await;
        outside.clock.forward(Duration::from_secs(4 * 3600 + 1));
        let view = outside.waiting(&child, "Q1").await;
        assert!(view.waits[1].text.contains("it may have been so before"), "{}", view.waits[1].text);
        outside.answer(&child, "Q1", say).await;
        let view = outside.until(&run, |view| view.holds[0].given_back.is_some()).await;
        assert_eq!((outside.done("activate_app"), given_back(&view).is_empty()), (done, false), "{say}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_ends_it_early_or_lets_it_stay() {
    let outside = Outside::new(FOR_HOURS, 1, 0).await;
    let (run, _) = outside.cut_for_hours().await;
    outside.engine.undo(&run, "ben", "false alarm").await.unwrap();
    let view = outside.until(&run, |view| view.holds[0].given_back.is_some()).await;
    assert_eq!((given_back(&view), outside.done("activate_app")), ("given back", 1));

    let (run, child) = outside.cut_for_hours().await;
    outside.engine.cancel(&child, "ben", "it stays").await.unwrap();
    let view = outside.until(&run, |view| view.holds[0].back.is_none()).await;
    assert!(hold(&view).given_back.is_none(), "it is still claimed");
    assert!(hold(&view).why.ends_with("was cancelled: it stays cut"), "{}", hold(&view).why);
    outside.clock.forward(Duration::from_secs(5 * 3600));
    outside.end_of(&child).await;
    assert_eq!(outside.done("activate_app"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_run_cancels_what_would_give_back() {
    let script = format!("{FOR_HOURS} ask(\"go\", \"?\", [\"yes\"]);");
    let outside = Outside::new(&script, 1, 0).await;
    let run = outside.start(json!({})).await;
    let child = child(&outside.waiting(&run, "Q1").await);
    outside.engine.cancel(&run, "ana", "").await.unwrap();
    outside.ended(&run).await;
    assert_eq!(outside.end_of(&child).await.ended.unwrap().as_str(), "cancelled");
    assert_eq!(outside.asked("activate_app"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_cut_by_hand_is_given_back_by_hand() {
    for (cut, asked) in [("done", true), ("failed", false)] {
        let outside = Outside::new(FOR_HOURS, 0, 1).await;
        let run = outside.start(json!({})).await;
        let child = child(&outside.waiting(&run, "M1").await);
        outside.answer(&run, "M1", cut).await;
        outside.end_of(&run).await;
        outside.clock.forward(Duration::from_secs(4 * 3600 + 1));
        if asked {
            let view = outside.waiting(&child, "Q1").await;
            let text = &view.waits[1].text;
            assert!(text.starts_with("Give back by hand: "), "{text}");
            assert!(text.contains("choose Unblock there"), "it says how: {text}");
            outside.answer(&child, "Q1", "done").await;
        }
        let ended = outside.end_of(&child).await.ended.unwrap();
        assert_eq!(ended.as_str(), if asked { "finished" } else { "cancelled" });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_cut_by_hand_is_held_from_the_word_on_and_undone_by_hand() {
    for cut in ["done", "failed"] {
        let script = r#"for app in find_app("drift") { app.quarantine(); }"#;
        let mut outside = Outside::new(script, 0, 1).await;
        let run = outside.start(json!({})).await;
        let asked = outside.waiting(&run, "M1").await;
        assert!(asked.holds.is_empty(), "nobody has cut anything yet");
        outside.answer(&run, "M1", cut).await;
        outside.end_of(&run).await;
        outside.crash();
        if cut == "failed" {
            assert!(outside.engine.undo(&run, "ben", "").await.is_err(), "nothing was cut");
            continue;
        }
        outside.engine.undo(&run, "ben", "false alarm").await.unwrap();
        let view = outside.until(&run, |view| view.holds.iter().any(|hold| hold.back.is_some())).await;
        let child = child(&view);
        let text = outside.waiting(&child, "Q1").await.waits.last().unwrap().text.clone();
        assert!(text.contains("choose Unblock there"), "{text}");
        outside.crash();
        outside.answer(&child, "Q1", "done").await;
        let view = outside.until(&run, |view| view.holds[0].given_back.is_some()).await;
        assert_eq!(given_back(&view), "given back by hand");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platform_that_refuses_to_give_back_is_said() {
    let outside = Outside::new(FOR_HOURS, 1, 0).await;
    let (run, child) = outside.cut_for_hours().await;
    outside.fault(json!({ "action": "okta.activate_app", "answer": "403" }));
    outside.clock.forward(Duration::from_secs(4 * 3600 + 1));
    assert_eq!(outside.end_of(&child).await.ended.unwrap().as_str(), "failed");
    let view = outside.until(&run, |view| view.holds[0].given_back.is_some()).await;
    assert!(given_back(&view).starts_with("it could not be given back: "), "{}", given_back(&view));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_is_for_what_can_be_taken_back_and_takes_no_argument_of_the_platform() {
    let script = r#"
        let apps = find_app("drift");
        let grants = flat(each(apps, |app| app.grants()));
        for bad in ["4h", "soon", 4] {
            try { grants[0].revoke(#{ expires_in: bad }); } catch (e) { note(e.kind); }
        }
        try { apps[0].quarantine(#{ expires_in: "soon" }); } catch (e) { note(e.kind); }
        okta.deactivate_app(#{ app: apps[0].id, expires_in: "30m" });
    "#;
    let mut outside = Outside::new(script, 1, 0).await;
    outside.setup.more =
        outside.setup.more.replace("[app.quarantine,", "[okta.deactivate_app, app.quarantine,");
    outside.crash();
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    let notes: Vec<&str> = view.notes.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(notes, ["misuse"; 4], "{view:#?}");
    assert_eq!(outside.asked("revoke_app_token"), 0);
    assert_eq!(hold(&view).property, "okta.deactivate_app");
    outside.clock.forward(Duration::from_secs(31 * 60));
    outside.until(&run, |view| view.holds[0].given_back.is_some()).await;
    assert_eq!(outside.done("activate_app"), 1);
}
