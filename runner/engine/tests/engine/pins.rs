//! What replay depends on: changed, it is seen; pinned anew, it is replayed first.

use serde_json::json;
use stanch_journal::{Journal, MemoryJournal, StreamAppend, With};
use stanch_model::{NewEntry, StreamId, run::RunState};

use crate::common::{World, finish};

const FIRST: &str = "own.step(#{ n: 1 });\nask(\"go\", \"?\", [\"yes\"]);\nown.step(#{ n: 2 });\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_run_keeps_the_script_that_it_began_with() {
    let mut world = World::new(FIRST);
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.change_script("note(\"another\");");
    world.crash();
    let view = finish(&world, &run).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished");
    assert_eq!(world.effects(), 2, "the sources lie in the journal");
}

/// The same journal, but the run's first entry pins another script.
fn with_other_pin(world: &World, run: &stanch_model::RunId, other: &World) -> MemoryJournal {
    let journal = MemoryJournal::new();
    let library = crate::common::library(&other.setup);
    let playbook = library.get("test").unwrap();
    let old = world.engine.library().get("test").unwrap().hash.to_string();
    let new = playbook.hash.to_string();
    let sources = NewEntry::new("playbook.sources", &playbook.sources);
    let append = |stream: StreamId, entries: Vec<NewEntry>| {
        journal.append(vec![StreamAppend::new(stream, journal.epoch(), entries)], With::default()).unwrap();
    };
    append(StreamId::from_stored(format!("playbook/{new}")), vec![sources]);
    let entries = world.entries(run);
    let entries = entries.into_iter().map(|entry| NewEntry {
        kind: entry.header.kind.clone().into(),
        body: entry.body.unwrap().replace(&old, &new),
    });
    let mut stream = StreamAppend::new(StreamId::run(run), journal.epoch(), entries.collect());
    stream.row = Some(stanch_journal::Row { state: "running".to_owned(), ..stanch_journal::Row::default() });
    journal.append(vec![stream], With::default()).unwrap();
    journal.kick();
    journal
}

async fn diverges(second: &str) -> (World, stanch_model::RunId, String) {
    let first = World::new(FIRST);
    let run = first.start(json!({})).await;
    first.waiting(&run, "Q1").await;
    let mut world = World::new(second);
    let journal = with_other_pin(&first, &run, &world);
    world.go_on(journal);
    let view = world.state(&run, RunState::Diverged).await;
    assert_eq!(world.effects(), 0);
    (world, run, view.why)
}

#[tokio::test(flavor = "multi_thread")]
async fn another_script_diverges_and_says_where() {
    let (_, _, why) = diverges("own.step(#{ n: 3 });\n").await;
    assert!(why.contains("main.rhai:1:5: at step 1"), "{why}");
    let (_, _, why) = diverges("own.step(#{ n: 1 });\nnote(\"x\");\n").await;
    assert!(
        why.contains("main.rhai:2:1: at step 2 this run did `ask` go (line 2), the script now does `note`"),
        "{why}"
    );
    let (_, _, why) = diverges("own.step(#{ n: 1 });\nask(\"other\", \"?\", [\"yes\"]);\n").await;
    assert!(why.contains("`ask` other"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_ends_before_its_history_diverges() {
    let (_, _, why) = diverges("own.step(#{ n: 1 });\n").await;
    assert!(why.contains("step 2 `ask` (line 2); the script now ends before it"), "{why}");
    let (_, _, why) = diverges("own.step(#{ n: 1 });\nthrow \"x\";\n").await;
    assert!(why.contains("step 2 `ask`"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repin_replays_first() {
    let (mut world, run, _) = diverges("own.step(#{ n: 3 });\n").await;
    world.engine.repin(&run, "ana").await.unwrap();
    let view = world.until(&run, |view| view.why.contains("cannot be pinned")).await;
    assert_eq!(view.state, RunState::Diverged);
    // The author mends it: the same until the frontier, another word after it.
    world.change_script(
        "own.step(#{ n: 1 });\n\nask(\"go\", \"?\", [\"yes\"]);\nown.step(#{ n: \"mended\" });\n",
    );
    world.crash();
    world.engine.repin(&run, "ana").await.unwrap();
    world.waiting(&run, "Q1").await;
    let view = finish(&world, &run).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished");
    assert_eq!(world.effects_now(), [json!({ "n": "mended" })]);
    world.crash();
    assert!(world.engine.repin(&run, "ana").await.is_err(), "only a diverged run");
}
