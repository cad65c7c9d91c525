//! What replay depends on: changed, it is seen; pinned anew, it is replayed first.

use serde_json::json;
use stanch_engine::By;
use stanch_journal::{Journal, MemoryJournal, StreamAppend, With};
use stanch_model::{NewEntry, RunId, StreamId, config::IntegrationConfig, run::RunState};

use crate::common::{Outside, World, finish};

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

const FINDS: &str = r#"
    let before = find_app("drift");
    let people = together(#{ find: || find_user("nobody@acme.example"), hold: || ask("go", "?", ["yes"]) }).find;
    note(`${before.len()} ${find_app("drift").len()} ${people.len()}`);
"#;

/// A run that has asked its platforms, and will again.
async fn searching(okta: u32, salesforce: u32) -> (Outside, RunId) {
    let outside = Outside::new(FINDS, okta, salesforce).await;
    let run = outside.start(json!({})).await;
    outside.waiting(&run, "Q1").await;
    (outside, run)
}

fn asked_on(outside: &Outside, integration: &str) -> usize {
    outside.twins.requests().iter().filter(|request| request.integration == integration).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_that_comes_later_is_not_asked_by_a_run_that_is_on_its_way() {
    let mut outside = Outside::new(FINDS, 2, 2).await;
    let salesforce = outside.setup.config.integrations.remove("salesforce").unwrap();
    outside.crash();
    let run = outside.start(json!({})).await;
    outside.waiting(&run, "Q1").await;
    outside.setup.config.integrations.insert("salesforce".to_owned(), salesforce);
    outside.crash();
    outside.answer(&run, "Q1", "yes").await;
    let view = outside.ended(&run).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{view:?}");
    assert_eq!((view.notes[0].1.as_str(), asked_on(&outside, "salesforce")), ("1 1 0", 0));
    // The next one asks it.
    let next = outside.start(json!({})).await;
    outside.waiting(&next, "Q1").await;
    assert!(asked_on(&outside, "salesforce") > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_that_is_gone_parks_the_run_until_it_is_back() {
    let (mut outside, run) = searching(2, 2).await;
    let salesforce = outside.setup.config.integrations.remove("salesforce").unwrap();
    outside.crash();
    outside.answer(&run, "Q1", "yes").await;
    let view = outside.until(&run, |view| view.state == RunState::Diverged).await;
    let said = "integration salesforce was configured when this run started and is gone";
    assert!(view.why.starts_with(said), "{}", view.why);
    assert!(view.why.ends_with("configure it again and repin the run, or cancel it"), "{}", view.why);
    outside.setup.config.integrations.insert("salesforce".to_owned(), salesforce);
    outside.crash();
    outside.engine.repin(&run, By { who: "ana", channel: "cli" }).await.unwrap();
    let view = outside.ended(&run).await;
    assert_eq!((view.ended.unwrap().as_str(), view.notes[0].1.as_str()), ("finished", "2 2 0"), "{view:?}");
    let pinned = &outside.kinds(&run, "run.repinned")[0];
    assert_eq!((&pinned["who"], &pinned["channel"]), (&json!("ana"), &json!("cli")));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_parks_the_run_and_the_old_one_lets_it_go_on() {
    let (mut outside, run) = searching(1, 0).await;
    let okta = outside.setup.config.integrations["okta"].clone();
    let other = IntegrationConfig { url: Some("https://other.okta.com".to_owned()), ..okta.clone() };
    outside.setup.config.integrations.insert("okta".to_owned(), other);
    outside.crash();
    outside.answer(&run, "Q1", "yes").await;
    let view = outside.until(&run, |view| view.state == RunState::Diverged).await;
    for part in ["integration okta was okta https://acme.okta.com", "is okta https://other.okta.com"] {
        assert!(view.why.contains(part), "{}", view.why);
    }
    let asked = asked_on(&outside, "okta");
    outside.setup.config.integrations.insert("okta".to_owned(), okta);
    outside.crash();
    outside.engine.repin(&run, "ana").await.unwrap();
    outside.ended(&run).await;
    assert!(asked_on(&outside, "okta") > asked, "it went on from there");
}

#[tokio::test(flavor = "multi_thread")]
async fn other_limits_of_the_interpreter_park_the_run() {
    let (mut outside, run) = searching(1, 0).await;
    let created = outside.kinds(&run, "run.created").remove(0);
    let pinned = created["pins"]["limits"].as_str().unwrap().to_owned();
    let other = stanch_model::Hash::of(b"other limits").to_string();
    outside.go_on(rewritten(&outside.journal.crash(), &run, &pinned, &other));
    outside.answer(&run, "Q1", "yes").await;
    let view = outside.until(&run, |view| view.state == RunState::Diverged).await;
    assert!(view.why.contains("other limits of the interpreter: repin it"), "{}", view.why);
}

/// The same journal with another text in the run's first entry.
fn rewritten(journal: &MemoryJournal, run: &RunId, from: &str, to: &str) -> MemoryJournal {
    let copy = MemoryJournal::new();
    let filter = stanch_journal::Filter::default();
    for (stream, info) in journal.query(&filter, stanch_journal::Cursor::START).unwrap().streams {
        let entries = journal.read(&stream, 1, usize::MAX).unwrap().into_iter().map(|entry| NewEntry {
            kind: entry.header.kind.clone().into(),
            body: match stream == StreamId::run(run) {
                true => entry.body.unwrap().replace(from, to),
                false => entry.body.unwrap().to_string(),
            },
        });
        let append = StreamAppend {
            row: info.row,
            ..StreamAppend::new(stream.clone(), copy.epoch(), entries.collect())
        };
        copy.append(vec![append], With::default()).unwrap();
    }
    copy.kick();
    copy
}

#[tokio::test(flavor = "multi_thread")]
async fn another_definition_of_an_action_parks_the_run_until_it_is_pinned_anew() {
    let (mut outside, run) = searching(1, 0).await;
    // As if the catalogue of the first life had defined it otherwise.
    let created = outside.kinds(&run, "run.created").remove(0);
    let pinned = created["pins"]["actions"]["okta.find_app"].as_str().unwrap().to_owned();
    let other = stanch_model::Hash::of(b"another definition").to_string();
    outside.go_on(rewritten(&outside.journal.crash(), &run, &pinned, &other));
    outside.answer(&run, "Q1", "yes").await;
    let asked = asked_on(&outside, "okta");
    let view = outside.until(&run, |view| view.state == RunState::Diverged).await;
    assert_eq!(view.why, "the definition of okta.find_app is not the one that this run started with");
    outside.crash();
    assert_eq!(
        (asked_on(&outside, "okta"), outside.engine.view(&run).unwrap().state),
        (asked, RunState::Diverged)
    );
    outside.engine.repin(&run, "ana").await.unwrap();
    let view = outside.ended(&run).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{view:?}");
    assert_eq!(outside.kinds(&run, "run.repinned").len(), 1, "who pinned it anew stands in the journal");
}
