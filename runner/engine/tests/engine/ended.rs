//! After the end of a run: what stayed open is settled by people, read back where it can be, and the second word follows.

use std::time::Duration;

use serde_json::json;
use stanch_engine::{AnswerError, Resolve};
use stanch_model::{RunId, TargetState, run::RunView};

use crate::{
    calls::{CUT, containment},
    common::{Outside, Setup, World},
};

impl Outside {
    async fn settle(&self, run: &RunId, what: &str, how: Resolve) -> Result<(), AnswerError> {
        self.engine.resolve(run, what, how, "ben", "test", "looked at the console").await.map(|_| ())
    }
}

fn target(view: &RunView, verb: &str) -> (String, TargetState) {
    let found = view.targets.values().find(|target| target.verb == verb).unwrap();
    (found.target.key(), found.state)
}

/// A run that was cancelled while one revocation may have happened.
async fn cancelled_in_doubt(answer: &str) -> (Outside, RunId, RunView) {
    let mut outside = Outside::new(CUT, 1, 0).await;
    outside.fault(json!({ "action": "okta.revoke_app_token", "call": 1, "answer": answer, "delay": "60s" }));
    let run = outside.start(json!({})).await;
    outside.until(&run, |view| view.steps.values().any(|step| step.name == "okta.revoke_app_token")).await;
    outside.clock.forward(Duration::from_secs(2 * 3600));
    outside.crash();
    outside.waiting(&run, "D1").await;
    outside.engine.cancel(&run, "ana", "").await.unwrap();
    let view = outside.until(&run, |view| view.ended.is_some()).await;
    assert_eq!(target(&view, "grant.revoke").1, TargetState::InDoubt);
    (outside, run, view)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_happened_is_settled_by_who_looks_and_then_read_back() {
    for (answer, state) in
        [("timeout_after_effect", TargetState::Residual), ("timeout_before_effect", TargetState::Failed)]
    {
        let (outside, run, view) = cancelled_in_doubt(answer).await;
        let requests = outside.asked("revoke_app_token");
        let step = view.open_waits().next().unwrap().address.to_string();
        for order in [Resolve::Retry, Resolve::Abort] {
            let refused = outside.settle(&run, &step, order).await;
            assert!(matches!(refused, Err(AnswerError::Over { .. })), "{refused:?}");
        }
        outside.settle(&run, &step, Resolve::Done).await.unwrap();
        outside.until(&run, |view| view.open_waits().count() == 0).await;
        outside.clock.forward(Duration::from_secs(31));
        let view = outside.until(&run, |view| target(view, "grant.revoke").1 == state).await;
        let states = outside.kinds(&run, "target").into_iter().map(|entry| entry["state"].clone());
        assert!(states.into_iter().any(|state| state == "attested"), "first a person's word, then the proof");
        let why = &view.targets.values().find(|target| target.verb == "grant.revoke").unwrap().why;
        assert_eq!(why.contains("a person said"), state == TargetState::Failed, "{why}");
        assert_eq!(containment(&view), "partly_contained", "the scope was never read again");
        let count = |state: TargetState| view.because.iter().any(|why| *why == format!("1 {state}"));
        assert!(
            !count(TargetState::InDoubt) && count(TargetState::Failed) == (state == TargetState::Failed),
            "{:?}",
            view.because
        );
        assert_eq!(outside.asked("revoke_app_token"), requests, "nothing is sent after the end");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_leaves_is_skipped_over_a_restart() {
    let (mut outside, run, view) = cancelled_in_doubt("timeout_before_effect").await;
    let (key, _) = target(&view, "grant.revoke");
    outside.settle(&run, &key, Resolve::Skip).await.unwrap();
    let view = outside.until(&run, |view| target(view, "grant.revoke").1 == TargetState::Skipped).await;
    let said = outside.kinds(&run, "wait.decision");
    assert_eq!(
        (&said[0]["wait"], &said[0]["who"], &said[0]["say"]),
        (&json!(key), &json!("ben"), &json!("skip"))
    );
    assert!(view.because.contains(&"1 skipped".to_owned()), "{:?}", view.because);
    outside.crash();
    assert_eq!(outside.engine.view(&run).unwrap(), view);
    let unknown = outside.settle(&run, "okta/grant/none", Resolve::Done).await;
    assert!(matches!(unknown, Err(AnswerError::NoWait { .. })), "{unknown:?}");
    // Said in another way later, it is another word.
    outside.settle(&run, &key, Resolve::Done).await.unwrap();
    outside.until(&run, |view| target(view, "grant.revoke").1 == TargetState::Attested).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_residual_that_a_person_vouches_for_is_read_back_all_the_same() {
    let script = r#"
        let apps = find_app("drift");
        for app in apps { okta.revoke_app_tokens(#{ app: app.id }); }
    "#;
    let mut outside = Outside::new(script, 2, 0).await;
    outside.setup.more = outside.setup.more.replace("slack.uninstall_app", "app.revoke_grants");
    outside.crash();
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "contained_with_residual", "{:?}", view.because);
    let (key, state) = target(&view, "okta.revoke_app_tokens");
    assert_eq!(state, TargetState::Residual);
    outside.settle(&run, &key, Resolve::Done).await.unwrap();
    let view =
        outside.until(&run, |view| target(view, "okta.revoke_app_tokens").1 == TargetState::Attested).await;
    assert_eq!(containment(&view), "contained_with_residual");
    outside.crash();
    outside.clock.forward(Duration::from_secs(3601));
    let view =
        outside.until(&run, |view| target(view, "okta.revoke_app_tokens").1 == TargetState::Verified).await;
    assert_eq!(containment(&view), "contained", "{:?}", view.because);
    let proven = outside.settle(&run, &key, Resolve::Skip).await;
    assert!(matches!(proven, Err(AnswerError::Closed { .. })), "{proven:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_and_was_done_by_hand_later_is_looked_at() {
    let mut outside = Outside::new(CUT, 2, 0).await;
    outside.fault(json!({ "action": "okta.revoke_app_token", "call": 1, "answer": "403" }));
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "partly_contained");
    let failed =
        view.targets.values().find(|target| target.state == TargetState::Failed).unwrap().target.clone();
    let change = json!({ "remove": { "integration": "okta", "table": "tokens", "id": failed.id } });
    outside.twins.change(&serde_json::from_value(change).unwrap()).unwrap();
    outside.settle(&run, &failed.key(), Resolve::Done).await.unwrap();
    let view = outside
        .until(&run, |view| view.targets.values().all(|target| target.state == TargetState::Residual))
        .await;
    // It was cut after the last look at the scope: what else came since then, nobody knows.
    assert_eq!(containment(&view), "partly_contained");
    assert_eq!(view.because, ["the scope was not read again after the last cut", "3 residual"]);
    outside.crash();
    outside.clock.forward(Duration::from_secs(3601));
    outside
        .until(&run, |view| view.targets.values().all(|target| target.state == TargetState::Verified))
        .await;
    let again = outside.settle(&run, &failed.key(), Resolve::Skip).await;
    assert!(matches!(again, Err(AnswerError::Closed { .. })), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_step_that_outlived_its_run_is_still_attested() {
    let outside = Outside::new(CUT, 0, 1).await;
    let run = outside.start(json!({})).await;
    outside.until(&run, |view| view.open_waits().any(|wait| wait.id == "M1")).await;
    outside.engine.cancel(&run, "ana", "").await.unwrap();
    let view = outside.until(&run, |view| view.ended.is_some()).await;
    let before = view.because.clone();
    outside.answer(&run, "M1", "done").await;
    let view = outside.until(&run, |view| target(view, "app.quarantine").1 == TargetState::Attested).await;
    assert_ne!(view.because, before);
    assert!(view.because.contains(&"1 attested".to_owned()), "{:?}", view.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_by_a_run_that_is_over() {
    let script = r#"
        together(#{
            a: || ask("go", "?", ["yes"]),
            b: || wait("30m"),
            c: || wait_for("vendor.replied"),
        });
    "#;
    let world = World::new(script);
    let run = world.start(json!({})).await;
    world.waiting(&run, "S1").await;
    world.engine.cancel(&run, "ana", "").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!(view.waits.len(), 3);
    assert!(view.waits.iter().all(|wait| wait.closed.as_ref().is_some_and(|closed| closed.by == "ended")));
    assert!(matches!(world.answer_as(&run, "Q1", "yes", "ben").await, Err(AnswerError::Closed { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_that_ended_before_its_child_hears_of_it() {
    let world = Setup::new(r#"own.step(#{ n: 1 }); run_playbook("child");"#)
        .other("child", "", r#"ask("go", "?", ["yes"]);"#)
        .world();
    let run = world.start(json!({})).await;
    let view = world.waiting(&run, "C1").await;
    let child = RunId(view.waits[0].text.clone());
    world.waiting(&child, "Q1").await;
    world.engine.cancel(&run, "ana", "").await.unwrap();
    world.ended(&child).await;
    let view = world.until(&run, |view| view.ended.is_some() && view.open_waits().count() == 0).await;
    assert_eq!(view.waits[0].closed.as_ref().unwrap().by, "child");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_child_learns_later_rolls_up() {
    let mut outside = Outside::new(r#"run_playbook("child");"#, 2, 0).await;
    let uses = outside.setup.more.replace("slack.uninstall_app", "app.revoke_grants");
    let child = r#"for app in find_app("drift") { okta.revoke_app_tokens(#{ app: app.id }); }"#;
    outside.setup.others.push(("child".to_owned(), uses, child.to_owned()));
    outside.crash();
    let run = outside.start(json!({})).await;
    let view = outside.ended(&run).await;
    assert_eq!(containment(&view), "contained_with_residual", "{:?}", view.because);
    outside.crash();
    outside.clock.forward(Duration::from_secs(3601));
    let view = outside
        .until(&run, |view| view.targets.values().all(|target| target.state == TargetState::Verified))
        .await;
    assert_eq!(containment(&view), "contained", "{:?}", view.because);
}
