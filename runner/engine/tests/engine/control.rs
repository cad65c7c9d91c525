//! Cancel, pause, limits, unclean stops, stopping in good order.

use serde_json::{Value, json};
use stanch_engine::By;
use stanch_journal::Journal as _;
use stanch_model::run::RunState;

use crate::common::{World, finish};

const ASKS: &str = r#"
    own.step(#{ n: 1 });
    try { ask("go", "?", ["yes"]); } catch (e) { note("caught"); own.step(#{ n: "never" }); }
    own.step(#{ n: 2 });
"#;

#[tokio::test(flavor = "multi_thread")]
async fn cancel_reaches_a_waiting_run_and_nothing_catches_it() {
    for crash in [false, true] {
        let mut world = World::new(ASKS);
        let run = world.start(json!({})).await;
        world.waiting(&run, "Q1").await;
        if crash {
            world.crash();
        }
        world.engine.cancel(&run, "ana", "wrong").await.unwrap();
        let view = world.ended(&run).await;
        assert_eq!(view.ended.unwrap().as_str(), "cancelled");
        assert!(view.notes.is_empty());
        assert_eq!(world.effects(), 1);
        assert!(world.engine.cancel(&run, "ana", "").await.is_err(), "it is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_reaches_waiting_branches() {
    let world = World::new(
        r#"each([1, 2], |n| { own.step(#{ n: n }); attempt(|| ask(`q${n}`, "?", ["yes"])); own.step(#{ n: "never" }) });"#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q2").await;
    world.engine.cancel(&run, "ana", "").await.unwrap();
    assert_eq!(world.ended(&run).await.ended.unwrap().as_str(), "cancelled");
    assert_eq!(world.effects(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_stands_over_restarts_until_it_is_resumed() {
    let mut world = World::new(ASKS);
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.engine.pause(&run, true, "ana").await.unwrap();
    world.state(&run, RunState::Paused).await;
    world.answer(&run, "Q1", "yes").await;
    world.crash();
    // The one thread of scripts has come to another run, and past this one.
    let other = world.start(json!({})).await;
    world.waiting(&other, "Q1").await;
    assert_eq!((world.effects(), world.engine.view(&run).unwrap().state), (2, RunState::Paused));
    world.engine.pause(&run, false, "ana").await.unwrap();
    assert_eq!(world.ended(&run).await.ended.unwrap().as_str(), "finished");
    assert_eq!(world.effects(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_ends_a_paused_run() {
    let world = World::new(ASKS);
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.engine.pause(&run, true, "ana").await.unwrap();
    world.state(&run, RunState::Paused).await;
    world.engine.cancel(&run, "ana", "").await.unwrap();
    assert_eq!(world.ended(&run).await.ended.unwrap().as_str(), "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_scope_holds_what_is_fresh_and_lets_go() {
    for scope in ["all", "playbook:test"] {
        let mut world = World::new(ASKS);
        let run = world.start(json!({})).await;
        world.waiting(&run, "Q1").await;
        world.engine.pause_scope(scope, true, "ana").await.unwrap();
        world.answer(&run, "Q1", "yes").await;
        world.state(&run, RunState::Paused).await;
        world.crash();
        assert_eq!(world.engine.paused_scopes(), [scope.to_owned()], "a pause is journaled");
        assert_eq!(world.effects(), 1);
        world.engine.pause_scope(scope, false, "ana").await.unwrap();
        world.ended(&run).await;
        assert_eq!(world.effects(), 2);
        assert!(world.engine.pause_scope("playbook:none", true, "ana").await.is_err());
        assert!(world.engine.pause_scope("integration:none", true, "ana").await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_paused_comes_up_without_acting() {
    let mut world = World::new(ASKS);
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.answer(&run, "Q1", "yes").await;
    let mut world = {
        world.setup.paused = true;
        world.crash();
        world
    };
    let before = world.effects_now().len();
    let second = world.start(json!({})).await;
    world.state(&second, RunState::Paused).await;
    assert_eq!(world.effects_now().len(), before);
    world.engine.pause_scope("all", false, "ana").await.unwrap();
    world.waiting(&second, "Q1").await;
    world.setup.paused = false;
    finish(&world, &run).await;
    finish(&world, &second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn running_at_two_unclean_stops_without_progress_is_suspect() {
    let mut world = World::new("own.step(#{ n: 1 }); loop { }");
    let run = world.start(json!({})).await;
    world.until(&run, |view| view.steps.values().any(|step| step.done)).await;
    world.crash();
    world.until(&run, |view| view.revived == 1).await;
    world.crash();
    let view = world.state(&run, RunState::Suspect).await;
    assert!(view.why.contains("two unclean stops"));
    world.engine.cancel(&run, "ana", "").await.unwrap();
    world.ended(&run).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_is_no_unclean_stop() {
    let script = r#"
        own.step(#{ n: 1 });
        let x = 0;
        while x < 2000000 { x += 1; if x % 100000 == 0 { own.step(#{ x: x }); } }
    "#;
    let mut world = World::new(script);
    let run = world.start(json!({})).await;
    world.until(&run, |view| view.steps.len() > 1).await;
    for _ in 0..3 {
        world.engine.drain().await;
        world.crash();
    }
    let view = world.ended(&run).await;
    assert_eq!(view.revived, 0);
    assert_eq!(world.effects(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn parked_runs_use_no_threads_and_little_memory() {
    let world = World::new(r#"own.step(#{ n: 1 }); ask("go", "?", ["yes"]); note("x");"#);
    let threads = threads();
    let mut runs = Vec::new();
    for _ in 0..1_000 {
        runs.push(world.start(json!({})).await);
    }
    let last = runs.last().unwrap();
    world.waiting(last, "Q1").await;
    // Other tests of this process have threads of their own; a thread per parked run would be a thousand.
    assert!(self::threads() <= threads + 200, "{threads} before, {} now", self::threads());
    world.answer(&runs[500], "Q1", "yes").await;
    world.ended(&runs[500]).await;
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// Through what somebody gives an order stands in the run's own stream, and in that of what is paused.
#[tokio::test(flavor = "multi_thread")]
async fn every_order_is_journaled_with_its_channel() {
    let mut world = World::new("wait(\"1h\");");
    let run = world.start(json!({})).await;
    world.waiting(&run, "T1").await;
    let by = |channel| By { who: "ana", channel };
    world.engine.pause(&run, true, by("tui")).await.unwrap();
    let view = world.until(&run, |view| view.state == RunState::Paused).await;
    assert_eq!((view.why.as_str(), view.channel.as_str()), ("paused by ana", "tui"));
    assert_eq!(view.waiting()[0].what, "paused by ana, through tui");
    world.crash();
    world.engine.pause(&run, false, by("cli")).await.unwrap();
    world.until(&run, |view| view.state != RunState::Paused && view.channel != "tui").await;
    world.engine.pause_scope("all", true, by("api")).await.unwrap();
    world.engine.pause_scope("all", false, by("socket")).await.unwrap();
    world.engine.cancel(&run, by("cli"), "wrong app").await.unwrap();
    let view = world.until(&run, |view| view.ended.is_some()).await;
    let cancel = view.cancel.unwrap();
    assert_eq!(
        (cancel.who.as_str(), cancel.channel.as_str(), cancel.reason.as_str()),
        ("ana", "cli", "wrong app")
    );
    let channels = |stream: &str, kind: &str| -> Vec<Value> {
        let stream = stanch_model::StreamId::from_stored(stream);
        let entries = world.journal.read(&stream, 1, 1000).unwrap();
        let of_kind = entries.iter().filter(|entry| entry.header.kind == kind);
        of_kind
            .map(|entry| entry.decode::<Value>().unwrap()["channel"].clone())
            .filter(|one| !one.is_null())
            .collect()
    };
    assert_eq!(channels(&format!("run/{run}"), "run.state"), ["tui", "cli"]);
    assert_eq!(
        (channels("pause/all", "pause"), channels("pause/all", "resume")),
        (vec![json!("api")], vec![json!("socket")])
    );
}
