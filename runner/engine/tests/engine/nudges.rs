//! Reminders, and cards that are brought before somebody without waiting for silence.

use std::time::Duration;

use serde_json::json;
use stanch_engine::AnswerError;
use stanch_model::run::kind;

use crate::common::Setup;

const POLICY: &str = "input:
  apps: { type: list, default: [] }
approvals:
  cut: { ask: lead, within: 15m, unanswered: [manager, board, deny] }
questions:
  scope: { ask: lead }
";
const SCRIPT: &str = r#"
    let yes = attempt(|| approve("cut", "Cut them", input.apps));
    note(if yes.ok { yes.value.by[0] } else { yes.error.message });
    note(ask("scope", "Mail too?", ["yes", "no"]));
"#;

fn setup() -> Setup {
    let setup = Setup::new(SCRIPT).manifest(POLICY).group("lead", &["ben", "ana"]);
    setup.group("manager", &["dora"]).group("board", &["eve"])
}

fn apps() -> serde_json::Value {
    json!({ "apps": [{ "$target": { "integration": "okta", "kind": "app", "id": "a" } }] })
}

fn why(done: Result<stanch_engine::Receipt, AnswerError>) -> String {
    done.map(|_| String::new()).unwrap_or_else(|error| error.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_want_to_wait_asks_the_next_and_nobody_is_lost() {
    let mut world = setup().world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    world.clock.forward(Duration::from_secs(14 * 60));
    world.engine.ask_someone(&run, "A1", "eve", "kim").await.unwrap();
    let view = world.until(&run, |view| view.waits[0].ask.len() == 2).await;
    let wait = &view.waits[0];
    assert_eq!(
        (wait.ask.as_slice(), wait.ladder.as_slice()),
        (&["lead".to_owned(), "board".to_owned()][..], &["manager".to_owned(), "deny".to_owned()][..],)
    );
    world.crash();
    // the rung has its own time: a minute later the first fifteen would have been up
    world.clock.forward(Duration::from_secs(2 * 60));
    world.engine.ask_someone(&run, "A1", "manager", "kim").await.unwrap();
    let view = world.until(&run, |view| view.waits[0].ask.len() == 3).await;
    assert_eq!(view.waits[0].rungs(), Vec::<String>::new(), "after them comes silence");
    world.answer_as(&run, "A1", "approve", "ben").await.unwrap();
    let view = world.waiting(&run, "Q1").await;
    assert_eq!(view.notes[0].1, "ben", "who was asked first may still answer");
    let told = world.entries(&run).into_iter().filter(|entry| entry.header.kind == kind::ESCALATED);
    let who: Vec<String> =
        told.map(|entry| entry.decode::<serde_json::Value>().unwrap()["by"].to_string()).collect();
    assert_eq!(who, ["\"kim\"", "\"kim\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_is_brought_before_nobody_who_could_not_say_yes() {
    let world = setup().group("others", &["zoe"]).world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    let ask = async |name: &str| why(world.engine.ask_someone(&run, "A1", name, "kim").await);
    assert!(ask("zoe").await.contains("stands in the manifest, and next is manager, board"));
    assert!(ask("deny").await.contains("stands in the manifest"), "silence is no person");
    assert!(ask("ben").await.contains("is asked already"));
    assert!(ask("ana").await.contains("is asked already"));
    let view = world.engine.view(&run).unwrap();
    assert_eq!(view.waits[0].ask, ["lead"]);
    assert!(matches!(
        world.engine.ask_someone(&run, "A9", "dora", "kim").await,
        Err(AnswerError::NoWait { .. })
    ));
    world.answer_as(&run, "A1", "deny", "ben").await.unwrap();
    world.waiting(&run, "Q1").await;
    assert!(matches!(
        world.engine.ask_someone(&run, "A1", "dora", "kim").await,
        Err(AnswerError::Closed { .. })
    ));
    // a question may be given to anybody of the company
    assert!(why(world.engine.ask_someone(&run, "Q1", "nobody", "kim").await).contains("knows nobody"));
    world.engine.ask_someone(&run, "Q1", "zoe", "kim").await.unwrap();
    world.until(&run, |view| view.waits[1].ask == ["lead", "zoe"]).await;
    world.answer_as(&run, "Q1", "no", "zoe").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!(view.notes[1].1, "no");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_is_written_down_and_does_not_come_twice_in_a_minute() {
    let mut world = setup().world();
    let run = world.start(apps()).await;
    world.waiting(&run, "A1").await;
    world.engine.remind(&run, "A1", "kim").await.unwrap();
    let view = world.until(&run, |view| view.waits[0].reminded.len() == 1).await;
    assert_eq!(view.waits[0].reminded[0].who, "kim");
    let due = view.waits[0].due_ms;
    assert!(matches!(world.engine.remind(&run, "A1", "zoe").await, Err(AnswerError::NotNow { .. })));
    world.clock.forward(Duration::from_secs(61));
    world.engine.remind(&run, "A1", "zoe").await.unwrap();
    world.until(&run, |view| view.waits[0].reminded.len() == 2).await;
    world.crash();
    let view = world.until(&run, |view| view.waits.len() == 1).await;
    assert_eq!((view.waits[0].reminded.len(), view.waits[0].due_ms), (2, due), "a reminder buys no time");
    world.answer_as(&run, "A1", "approve", "ben").await.unwrap();
    world.waiting(&run, "Q1").await;
    assert!(matches!(world.engine.remind(&run, "A1", "kim").await, Err(AnswerError::Closed { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_anybody_is_told_to_the_one_who_is_named_and_stays_anybodys() {
    let world = Setup::new("note(ask(\"way\", \"Which way?\", [\"left\"]));").group("lead", &["ben"]).world();
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.engine.ask_someone(&run, "Q1", "ben", "kim").await.unwrap();
    let view = world.until(&run, |view| view.waits[0].reminded.len() == 1).await;
    assert!(view.waits[0].ask.is_empty());
    let last = world.entries(&run).into_iter().rfind(|entry| entry.header.kind == kind::REMINDED).unwrap();
    assert_eq!(last.decode::<serde_json::Value>().unwrap()["to"], "ben");
    world.answer_as(&run, "Q1", "left", "zoe").await.unwrap();
    world.ended(&run).await;
}
