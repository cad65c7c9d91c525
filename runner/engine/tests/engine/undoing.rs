//! A run that is undone: what it would come to, whose yes it needs, what is left; and cuts that last longer.

use std::time::Duration;

use serde_json::json;
use stanch_engine::{Answer, By};
use stanch_model::{
    RunId,
    api::UndoHow,
    run::{RunView, body::Undo},
};

use crate::common::{Outside, USES};

const CUT: &str = r#"for app in find_app("drift") { app.quarantine(); }"#;
const FOR_HOURS: &str = r#"for app in find_app("drift") { app.quarantine(#{ expires_in: "4h" }); }"#;

impl Outside {
    async fn cut(&self) -> RunId {
        let run = self.start(json!({})).await;
        self.ended(&run).await;
        run
    }

    /// Undoes a run, once it has heard of the end of an undo before.
    async fn undo(&self, run: &RunId) -> RunId {
        self.until(run, |view| view.undos.iter().all(|undo| undo.ended.is_some())).await;
        self.engine.undo(run, By { who: "ana", channel: "cli" }, "false alarm").await.unwrap().run
    }

    async fn at_its_end(&self, run: &RunId) -> RunView {
        self.until(run, |view| view.ended.is_some()).await
    }

    async fn say(
        &self,
        run: &RunId,
        wait: &str,
        say: &str,
        who: &str,
    ) -> Result<(), stanch_engine::AnswerError> {
        let text = str::to_owned;
        let answer = Answer {
            wait: text(wait),
            say: text(say),
            who: text(who),
            channel: text("cli"),
            reason: String::new(),
        };
        self.engine.answer(run, answer).await.map(drop)
    }

    async fn undone(&self, run: &RunId) -> Undo {
        self.until(run, |view| view.undos.iter().any(|undo| undo.ended.is_some())).await.undos.remove(0)
    }
}

fn came(view: &RunView) -> &str {
    view.notes.last().map_or("", |(_, text)| text)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undo_says_first_what_it_comes_to_and_ends_when_nothing_is_left() {
    let mut outside = Outside::new(CUT, 1, 0).await;
    let run = outside.cut().await;
    let plan = outside.engine.undo_plan(&run).unwrap();
    assert_eq!(
        (plan.items.len(), plan.items[0].how, plan.items[0].by.as_str()),
        (1, UndoHow::GivesBack, "okta.activate_app")
    );
    assert_eq!((plan.needs, plan.refused), (None, None));
    assert_eq!(outside.asked("activate_app"), 0, "a plan changes nothing");
    outside.fault(json!({ "action": "okta.activate_app", "answer": "slow", "delay": "300ms" }));
    let undo = outside.undo(&run).await;
    outside.crash();
    let view = outside.at_its_end(&undo).await;
    assert_eq!((view.ended.unwrap().as_str(), came(&view)), ("finished", "1 given back, nothing is left"));
    assert_eq!((outside.done("activate_app"), view.started_by.as_str()), (1, "ana"));
    let told = outside.undone(&run).await;
    assert_eq!((told.run, told.who.as_str(), told.reason.as_str()), (undo.clone(), "ana", "false alarm"));
    assert_eq!(told.channel, "cli");
    // Twice is once, and an undo has nothing to undo.
    let again = outside.engine.undo(&run, "ana", "").await.unwrap_err();
    assert!(again.to_string().contains("it holds nothing that can be taken back"), "{again}");
    let of_undo = outside.engine.undo(&undo, "ana", "").await.unwrap_err();
    assert!(of_undo.to_string().contains("to cut that again, start the playbook again"), "{of_undo}");
    assert!(outside.engine.replay(&[run, undo]).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_allow_what_the_configuration_names_and_never_who_asked_for_it() {
    let mut outside = Outside::new(CUT, 1, 0).await;
    outside.setup.config.two_person = vec![stanch_model::Effect::Restore];
    outside.setup.config.people.groups.insert("lead".into(), ["ana", "ben", "caro"].map(String::from).into());
    outside.crash();
    let run = outside.cut().await;
    let needs = outside.engine.undo_plan(&run).unwrap().needs.unwrap();
    assert_eq!((needs.approval.as_str(), needs.of, needs.ask), ("cut", 2, vec!["lead".to_owned()]));
    let undo = outside.undo(&run).await;
    let view = outside.waiting(&undo, "A1").await;
    assert!(view.waits[0].text.contains("Take back 1 cut of run"), "{}", view.waits[0].text);
    assert_eq!((view.waits[0].targets.len(), outside.asked("activate_app")), (1, 0));
    assert!(outside.say(&undo, "A1", "approve", "ana").await.is_err(), "she asked for it");
    outside.say(&undo, "A1", "approve", "ben").await.unwrap();
    outside.crash();
    outside.say(&undo, "A1", "approve", "caro").await.unwrap();
    assert_eq!(came(&outside.at_its_end(&undo).await), "1 given back, nothing is left");
    assert_eq!(outside.done("activate_app"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_leaves_it_cut_and_it_can_be_asked_again() {
    let mut outside = Outside::new(CUT, 1, 0).await;
    let policy = "approvals:\n  undo: { ask: lead, within: 15m, unanswered: [deny] }\n";
    outside.setup.more = USES.replace("approvals:\n", policy);
    outside.crash();
    let run = outside.cut().await;
    let first = outside.undo(&run).await;
    outside.waiting(&first, "A1").await;
    let meanwhile = outside.engine.undo(&run, "ana", "").await.unwrap();
    assert_eq!((meanwhile.receipt.new, &meanwhile.run), (false, &first), "one at a time");
    outside.say(&first, "A1", "deny", "ben").await.unwrap();
    let view = outside.at_its_end(&first).await;
    assert_eq!((view.ended.unwrap().as_str(), view.error.unwrap().kind.as_str()), ("failed", "denied"));
    assert_eq!(outside.undone(&run).await.ended.unwrap().as_str(), "failed");
    let second = outside.undo(&run).await;
    assert_ne!(first, second);
    outside.waiting(&second, "A1").await;
    outside.say(&second, "A1", "approve", "ben").await.unwrap();
    outside.at_its_end(&second).await;
    assert_eq!(outside.done("activate_app"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_run_holds_stays_cut_and_is_named() {
    let outside = Outside::new(CUT, 1, 0).await;
    let (first, second) = (outside.cut().await, outside.cut().await);
    assert_eq!(outside.engine.undo_plan(&first).unwrap().items[0].how, UndoHow::Stays);
    let view = outside.at_its_end(&outside.undo(&first).await).await;
    assert!(
        came(&view).starts_with("0 given back; 1 left: ") && came(&view).contains(&second.0),
        "{}",
        came(&view)
    );
    assert_eq!(outside.asked("activate_app"), 0);
    let view = outside.at_its_end(&outside.undo(&second).await).await;
    assert_eq!((came(&view), outside.done("activate_app")), ("1 given back, nothing is left", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_platform_refused_to_give_back_is_named_and_tried_again() {
    let outside = Outside::new(CUT, 1, 0).await;
    let run = outside.cut().await;
    for _ in 0..2 {
        outside.fault(json!({ "action": "okta.activate_app", "answer": "403" }));
        let view = outside.at_its_end(&outside.undo(&run).await).await;
        assert!(
            came(&view).contains("1 left: ") && came(&view).contains("could not be given back"),
            "{}",
            came(&view)
        );
        outside.twins.remove_fault(None);
    }
    let view = outside.at_its_end(&outside.undo(&run).await).await;
    assert_eq!((came(&view), outside.done("activate_app")), ("1 given back, nothing is left", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_cut_is_given_back_when_a_person_says_so() {
    let outside = Outside::new(CUT, 1, 0).await;
    outside
        .fault(json!({ "action": "okta.deactivate_app", "answer": "timeout_after_effect", "delay": "30s" }));
    let run = outside.start(json!({})).await;
    // Nobody can tell whether it happened, and the run is ended over it.
    outside.until(&run, |view| !view.targets.is_empty()).await;
    outside.engine.cancel(&run, "ana", "enough").await.unwrap();
    outside.at_its_end(&run).await;
    outside.twins.remove_fault(None);
    let plan = outside.engine.undo_plan(&run).unwrap();
    assert_eq!(plan.items.iter().map(|item| item.how).collect::<Vec<_>>(), [UndoHow::Asks], "{plan:?}");
    let undo = outside.undo(&run).await;
    let view = outside.until(&run, |view| view.holds.iter().any(|hold| hold.back.is_some())).await;
    let child = view.holds[0].back.as_ref().unwrap().run.clone();
    outside.waiting(&child, "Q1").await;
    outside.answer(&child, "Q1", "give it back").await;
    let view = outside.at_its_end(&undo).await;
    assert_eq!((view.ended.unwrap().as_str(), came(&view)), ("finished", "1 given back, nothing is left"));
    assert_eq!(outside.asked("activate_app"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_for_a_while_lasts_longer_when_a_person_says_so_over_restarts() {
    let mut outside = Outside::new(FOR_HOURS, 1, 0).await;
    let run = outside.cut().await;
    let hold = |view: &RunView| view.holds[0].clone();
    let view = outside.engine.view(&run).unwrap();
    let (back, label) = (hold(&view).back.unwrap(), hold(&view).label);
    outside.waiting(&back.run, "S1").await;
    let two = Duration::from_secs(2 * 3600);
    let wrong = outside.engine.extend(&run, "nothing", two, ("ben", "")).await.unwrap_err();
    assert!(wrong.to_string().contains(&format!("it holds {label}")), "{wrong}");
    let by = By { who: "ben", channel: "tui" };
    outside.engine.extend(&run, &label.to_uppercase(), two, (by, "the vendor is not done")).await.unwrap();
    let view = outside.until(&run, |view| !view.holds[0].extended.is_empty()).await;
    let said = &hold(&view).extended[0];
    assert_eq!(
        (said.who.as_str(), said.channel.as_str(), said.reason.as_str()),
        ("ben", "tui", "the vendor is not done")
    );
    assert_eq!(
        (hold(&view).back.unwrap().at_ms, said.until_ms),
        (back.at_ms + 7_200_000, back.at_ms + 7_200_000)
    );
    outside.until(&back.run, |view| view.waits[0].due_ms == Some(said.until_ms)).await;
    outside.crash();
    outside.clock.forward(Duration::from_secs(5 * 3600));
    outside.crash();
    outside.waiting(&back.run, "S1").await;
    assert_eq!(outside.asked("activate_app"), 0, "its first end is past");
    outside.clock.forward(Duration::from_secs(3600 + 60));
    let view = outside.until(&run, |view| view.holds[0].given_back.is_some()).await;
    assert_eq!((view.holds.len(), outside.done("activate_app")), (1, 1));
    let late = outside.engine.extend(&run, "all", two, ("ben", "")).await.unwrap_err();
    assert!(late.to_string().contains("it holds nothing that ends by itself"), "{late}");
    assert!(outside.engine.replay(&[run, back.run]).is_ok());
}
