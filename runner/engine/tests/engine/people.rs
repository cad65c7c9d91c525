//! What people say, when, and whether they may.

use std::time::Duration;

use serde_json::{Value, json};
use stanch_engine::AnswerError;
use stanch_integrations::twin::Change;
use stanch_model::{TargetState, run::RunView};

use crate::common::{Outside, Setup, World};

const POLICY: &str = "input:
  apps: { type: list, default: [] }
approvals:
  cut: { ask: lead, within: 15m, unanswered: [manager, deny], of: 2 }
";
const SCRIPT: &str = r#"
    try {
        let yes = approve("cut", "Cut them", [input.apps, [input.apps]]);
        note(`${yes.by} ${yes.targets} ${yes.pre_approved}`);
    } catch (e) { note(`${e.kind}: ${e.message}`); }
    own.step(#{ n: 1 });
"#;

fn apps() -> Value {
    let app = |id: &str| json!({ "$target": { "integration": "okta", "kind": "app", "id": id } });
    json!({ "apps": [app("a"), app("b")] })
}

fn setup(script: &str, policy: &str) -> Setup {
    Setup::new(script).manifest(policy).group("lead", &["ben", "caro", "ana"]).group("manager", &["dora"])
}

fn note(view: &RunView) -> &str {
    &view.notes[0].1
}

#[tokio::test(flavor = "multi_thread")]
async fn two_distinct_people_must_say_yes() {
    let mut world = setup(SCRIPT, POLICY).world();
    let run = world.start(apps()).await;
    let view = world.waiting(&run, "A1").await;
    assert_eq!(view.waits[0].targets.len(), 2);
    world.answer_as(&run, "A1", "approve", "ben").await.unwrap();
    world.answer_as(&run, "A1", "approve", "ben").await.unwrap();
    world.until(&run, |view| view.waits[0].decisions.len() == 1).await;
    assert!(world.engine.view(&run).unwrap().waits[0].closed.is_none(), "one person is not two");
    world.crash();
    world.answer_as(&run, "A1", "approve", "caro").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!(note(&view), r#"["ben", "caro"] 2 false"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_is_asked_may_answer_and_never_who_started_the_run() {
    let world = setup(SCRIPT, POLICY).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    let said = async |who: &str, say: &str| world.answer_as(&run, "A1", say, who).await;
    assert!(matches!(said("ana", "approve").await, Err(AnswerError::NotYou { .. })), "she started it");
    assert!(matches!(said("eve", "approve").await, Err(AnswerError::NotYou { .. })));
    assert!(matches!(said("ben", "perhaps").await, Err(AnswerError::NotAnOption { .. })));
    assert!(matches!(world.answer_as(&run, "A9", "approve", "ben").await, Err(AnswerError::NoWait { .. })));
    said("ben", "deny").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!(note(&view), "denied: cut: ben said no");
    assert!(matches!(said("caro", "approve").await, Err(AnswerError::Closed { .. })));
}

/// Dora stands on the second rung: her yes counts before it is asked, once, and is one of two as everybody's.
#[tokio::test(flavor = "multi_thread")]
async fn an_early_yes_of_a_later_rung_counts_and_is_no_way_around_two() {
    let mut world = setup(SCRIPT, POLICY).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    world.answer_as(&run, "A1", "approve", "dora").await.unwrap();
    assert!(!world.answer_as(&run, "A1", "approve", "dora").await.unwrap().new, "once");
    let view = world.until(&run, |view| !view.waits[0].decisions.is_empty()).await;
    let (wait, said) = (&view.waits[0], &view.waits[0].decisions[0]);
    assert_eq!((said.who.as_str(), said.channel.as_str(), said.early), ("dora", "test", true));
    assert_eq!(said.manner(), ", through test, before being asked");
    assert!(wait.closed.is_none() && wait.ask == ["lead"], "one person is not two, and the ladder stands");
    let stands = wait.due_ms;
    world.crash();
    assert_eq!(world.engine.view(&run).unwrap().waits[0].due_ms, stands, "it buys no time and takes none");
    // her own rung is asked after the time of the first, and she is still one person
    world.clock.forward(Duration::from_secs(15 * 60 + 1));
    world.until(&run, |view| view.waits[0].ask == ["lead", "manager"]).await;
    world.answer_as(&run, "A1", "approve", "dora").await.unwrap();
    assert!(world.engine.view(&run).unwrap().waits[0].closed.is_none());
    world.clock.forward(Duration::from_secs(15 * 60 + 1));
    let view = world.ended(&run).await;
    assert_eq!((note(&view), view.waits[0].decisions.len()), ("denied: cut: nobody answered in time", 1));

    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    world.answer_as(&run, "A1", "approve", "dora").await.unwrap();
    world.answer_as(&run, "A1", "approve", "ben").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!(note(&view), r#"["ben", "dora"] 2 false"#);
    let early: Vec<bool> = view.waits[0].decisions.iter().map(|said| said.early).collect();
    assert_eq!(early, [true, false]);
    assert!(world.engine.replay(&[run]).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_early_no_ends_a_card_and_nobody_early_is_who_began_the_run() {
    let world = setup(SCRIPT, POLICY).group("manager", &["dora", "ana"]).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    let own = world.answer_as(&run, "A1", "approve", "ana").await.unwrap_err();
    assert!(own.to_string().contains("who started the run cannot approve"), "{own}");
    let stranger = world.answer_as(&run, "A1", "approve", "eve").await.unwrap_err();
    assert!(stranger.to_string().contains("lead is asked, and then manager"), "{stranger}");
    let silence = world.answer_as(&run, "A1", "approve", "deny").await.unwrap_err();
    assert!(matches!(silence, AnswerError::NotYou { .. }), "what silence means is nobody");
    world.answer_as(&run, "A1", "deny", "dora").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!(note(&view), "denied: cut: dora said no");
    assert!(view.waits[0].decisions[0].early);
}

/// The first rung had its time and comes late: the card is still before them, and they are two as before.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_late_is_still_heard_once_the_next_rung_is_asked() {
    let world = setup(SCRIPT, POLICY).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    world.clock.forward(Duration::from_secs(15 * 60 + 1));
    world.until(&run, |view| view.waits[0].ask == ["lead", "manager"]).await;
    world.answer_as(&run, "A1", "approve", "ben").await.unwrap();
    world.answer_as(&run, "A1", "approve", "dora").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!(note(&view), r#"["ben", "dora"] 2 false"#);
    assert!(view.waits[0].decisions.iter().all(|said| !said.early), "both were asked");
    assert!(world.engine.replay(&[run]).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_climbs_the_ladder_and_then_decides() {
    let mut world = setup(SCRIPT, POLICY).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    world.crash();
    world.clock.forward(Duration::from_secs(15 * 60 + 1));
    world.until(&run, |view| view.waits[0].ask == ["lead", "manager"]).await;
    world.crash();
    world.clock.forward(Duration::from_secs(15 * 60 + 1));
    let view = world.ended(&run).await;
    assert_eq!(note(&view), "denied: cut: nobody answered in time");
    assert_eq!(view.waits[0].closed.as_ref().unwrap().by, "expired");
    assert!(world.answer_as(&run, "A1", "approve", "dora").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_accepted_before_the_expiry_is_folded_first() {
    let policy = "input:\n  apps: { type: list, default: [] }\napprovals:\n  cut: { ask: lead, within: 15m, unanswered: [deny] }\n";
    let mut world = setup(SCRIPT, policy).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    // The post is durable, the engine dies before it hears of it, and comes back after the time is up.
    let journal = world.journal.crash();
    let decision =
        json!({ "wait": "A1", "who": "ben", "say": "approve", "channel": "test", "reason": "", "at_ms": 1 });
    let stream = stanch_model::StreamId::run(&run);
    stanch_journal::Journal::post(&journal, &stream, "A1 ben approve", "decision", decision.to_string())
        .unwrap();
    world.clock.forward(Duration::from_secs(16 * 60));
    world.go_on(journal);
    let view = world.ended(&run).await;
    assert_eq!(note(&view), r#"["ben"] 2 false"#);
    assert_eq!(view.waits[0].closed.as_ref().unwrap().by, "person");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_race_and_one_entry_ends_the_wait() {
    let policy = "input:\n  apps: { type: list, default: [] }\napprovals:\n  cut: { ask: lead, within: 15m, unanswered: [deny] }\n";
    for _ in 0..10 {
        let world = setup(SCRIPT, policy).world();
        let run = world.start(apps()).await;
        world.waiting(&run, "A1").await;
        let (yes, no) = tokio::join!(
            world.answer_as(&run, "A1", "approve", "ben"),
            world.answer_as(&run, "A1", "deny", "caro")
        );
        assert!(yes.is_ok() || no.is_ok());
        world.ended(&run).await;
        let entries = world.entries(&run);
        let closed = entries.iter().filter(|entry| entry.header.kind == "wait.closed").count();
        assert_eq!(closed, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_when_the_manifest_says_yes_or_there_is_nothing_to_cover() {
    let policy = "input:
  apps: { type: list, default: [] }
approvals:
  cut: { ask: lead, within: 15m, unanswered: [deny], pre_approved: targets.len() <= 2 }
";
    let world = setup(SCRIPT, policy).world();
    let run = world.start(apps()).await;
    assert_eq!(note(&world.ended(&run).await), "[] 2 true");
    let run = world.start(json!({})).await;
    assert_eq!(note(&world.ended(&run).await), "[] 0 false");
    let never = policy.replace("<= 2", "< 2");
    let world = setup(SCRIPT, &never).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_uncaught_no_ends_the_run_failed() {
    let world = setup(r#"approve("cut", "Cut", input.apps); own.step(#{});"#, POLICY).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    world.answer_as(&run, "A1", "deny", "caro").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!(view.ended.unwrap().as_str(), "failed");
    assert_eq!(view.error.unwrap().kind, "denied");
    assert_eq!(world.effects(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_says_what_silence_means_or_throws() {
    let questions = "questions:
  scope: { ask: lead, within: 10m, unanswered: no }
  other: { within: 10m }
";
    let script = r#"
        note(ask("scope", "Too?", ["yes", "no"]));
        try { ask("other", "?", ["a"]); } catch (e) { note(e.kind); }
    "#;
    let questions = questions.replace("unanswered: no", "unanswered: \"no\"");
    let mut world = setup(script, &questions).world();
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    assert!(matches!(world.answer_as(&run, "Q1", "yes", "eve").await, Err(AnswerError::NotYou { .. })));
    world.crash();
    world.clock.forward(Duration::from_secs(601));
    world.waiting(&run, "Q2").await;
    world.clock.forward(Duration::from_secs(601));
    let view = world.ended(&run).await;
    assert_eq!((note(&view), view.notes[1].1.as_str()), ("no", "unanswered"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_by_hand_is_attested_and_never_verified() {
    let script = r#"
        for app in input.apps { manual("block", app); }
        let left = settle();
        note(`${left.attested.len()} ${left.failed.len()}`);
    "#;
    let policy = "input:\n  apps: { type: list, default: [] }\n";
    let mut world = setup(script, policy).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "M2").await;
    world.answer(&run, "M1", "done").await;
    world.crash();
    world.answer(&run, "M2", "failed").await;
    let view = world.ended(&run).await;
    assert_eq!(note(&view), "1 0");
    assert_eq!(view.containment.unwrap().as_str(), "contained_with_residual", "{:?}", view.because);
}

/// A word that can be looked at is looked at: true, it is proven; untrue, it failed; and it is a word until then.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_says_is_read_back_where_the_platform_shows_it() {
    let script = r#"
        for app in find_app("drift") { app.quarantine(); }
        let left = settle();
        note(`${left.attested.len()} attested, ${left.failed.len()} failed`);
    "#;
    for (done, state) in [(true, TargetState::Verified), (false, TargetState::Failed)] {
        let mut outside = Outside::on_github(script).await;
        let run = outside.start(json!({})).await;
        outside.waiting(&run, "M1").await;
        if done {
            let change = Change::Block { integration: "github".to_owned(), app: "drift".to_owned() };
            outside.twins.change(&change).unwrap();
        }
        outside.answer(&run, "M1", "done").await;
        outside.until(&run, |view| view.open_waits().count() == 0).await;
        if !done {
            // Whoever restarts meanwhile goes on looking.
            outside.crash();
            outside.clock.forward(Duration::from_secs(120));
        }
        let view = outside.until(&run, |view| view.ended.is_some()).await;
        assert_eq!(note(&view), if done { "0 attested, 0 failed" } else { "0 attested, 1 failed" });
        let target = view.targets.values().next().unwrap();
        assert_eq!((target.state, target.why.contains("a person said")), (state, !done), "{}", target.why);
        let states = outside.kinds(&run, "target").into_iter().map(|entry| entry["state"].clone());
        let mut states: Vec<_> = states.collect();
        states.dedup();
        assert_eq!(states, ["requested", "attested", if done { "verified" } else { "failed" }]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manual_in_every_branch_survives() {
    let script = r#"
        each(input.apps, |app| manual("block", app));
        settle();
    "#;
    let mut world = World::of(setup(script, "input:\n  apps: { type: list, default: [] }\n"));
    let run = world.start(apps()).await;
    world.waiting(&run, "M2").await;
    world.crash();
    world.answer(&run, "M2", "done").await;
    world.answer(&run, "M1", "done").await;
    assert_eq!(world.ended(&run).await.containment.unwrap().as_str(), "contained_with_residual");
}
