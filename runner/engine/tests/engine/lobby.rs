//! The line before memory: so many runs at a time, first come first served, and who stands in it is as safe as anybody.
//!
//! A run that waits for its timer keeps its place in memory here, so that what is in memory shows in the order of effects.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};
use stanch_model::{RunId, run::RunState};

use crate::common::{Setup, World};

/// Runs in memory at a time.
const HELD: usize = 4;

const SCRIPT: &str = r#"
    own.step(#{ n: input.n, at: "begin" });
    wait("1m");
    own.step(#{ n: input.n, at: "end" });
"#;

fn world() -> World {
    let mut setup = Setup::new(SCRIPT).manifest("input:\n  n: { type: integer }\n").unchecked();
    setup.patience.held = HELD;
    setup.patience.park = Duration::from_secs(3600);
    setup.world()
}

async fn begin(world: &World, runs: usize) -> Vec<RunId> {
    let mut begun = Vec::new();
    for n in 0..runs {
        begun.push(world.start(json!({ "n": n })).await);
    }
    begun
}

/// The numbers of the runs that came to this place in the current life, in order.
fn came_to(world: &World, at: &str) -> Vec<u64> {
    let effects = world.effects_now();
    let there = effects.iter().filter(|effect| effect["at"] == at);
    there.filter_map(|effect| effect["n"].as_u64()).collect()
}

/// The most runs that were between their two effects at any moment of the current life.
fn most_at_once(world: &World) -> usize {
    let (mut now, mut most) = (BTreeSet::new(), 0);
    for effect in world.effects_now() {
        let n = effect["n"].as_u64();
        if effect["at"] == "begin" {
            now.insert(n)
        } else {
            now.remove(&n)
        };
        most = most.max(now.len());
    }
    most
}

/// Time flies until all of them have ended.
async fn finish_all(world: &World, runs: &[RunId]) {
    for run in runs {
        world
            .until(run, |view| {
                world.clock.forward(Duration::from_secs(20));
                view.ended.is_some()
            })
            .await;
    }
}

/// The first runs have begun, the thread of scripts has heard of all others (it hears in order), and one place was left.
async fn heard(world: &World, runs: &[RunId]) {
    for run in &runs[..HELD] {
        world.until(run, |view| view.open_waits().count() == 1).await;
    }
    world.engine.cancel(&runs[0], "ana", "").await.unwrap();
    world.ended(&runs[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_runs_are_in_memory_at_a_time_and_all_end_in_the_order_they_came() {
    let world = world();
    let runs = begin(&world, 30).await;
    heard(&world, &runs).await;
    world.until(&runs[HELD], |view| !view.steps.is_empty()).await;
    assert_eq!(came_to(&world, "begin"), [0, 1, 2, 3, 4], "one went, one came");
    finish_all(&world, &runs).await;
    assert_eq!(most_at_once(&world), HELD + 1, "the one that was cancelled came to no second effect");
    assert_eq!(came_to(&world, "begin"), (0..30).collect::<Vec<u64>>(), "first come, first served");
    assert_eq!(came_to(&world, "end").len(), 29);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_line_can_be_cancelled_and_paused() {
    let world = world();
    let runs = begin(&world, 12).await;
    world.engine.cancel(&runs[9], "ana", "").await.unwrap();
    world.engine.pause(&runs[10], true, "ana").await.unwrap();
    heard(&world, &runs).await;
    let still = world.engine.view(&runs[9]).unwrap();
    assert!(still.ended.is_none() && still.steps.is_empty(), "it stands in line: {still:?}");
    let rest = [&runs[..10], &runs[11..]].concat();
    finish_all(&world, &rest).await;
    assert_eq!(world.engine.view(&runs[9]).unwrap().ended.unwrap().as_str(), "cancelled");
    world.state(&runs[10], RunState::Paused).await;
    assert_eq!(came_to(&world, "begin"), [0, 1, 2, 3, 4, 5, 6, 7, 8, 11]);
    world.engine.pause(&runs[10], false, "ana").await.unwrap();
    finish_all(&world, &runs).await;
    assert_eq!(came_to(&world, "end").last(), Some(&10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_while_they_stand_in_line_loses_none_of_them() {
    let mut world = world();
    let runs = begin(&world, 15).await;
    heard(&world, &runs).await;
    world.until(&runs[HELD], |view| view.open_waits().count() == 1).await;
    world.crash();
    finish_all(&world, &runs).await;
    assert!(most_at_once(&world) <= HELD, "the next life lets in as many, too");
    let mut ends: Vec<Value> = world.done.lock().iter().map(|(_, effect)| effect.clone()).collect();
    ends.retain(|effect| effect["at"] == "end");
    ends.sort_by_key(|effect| effect["n"].as_u64());
    let ends: Vec<u64> = ends.iter().filter_map(|effect| effect["n"].as_u64()).collect();
    assert_eq!(ends, (1..15).collect::<Vec<u64>>(), "each once");
    let begins = world.done.lock().iter().filter(|(_, effect)| effect["at"] == "begin").count();
    assert_eq!(begins, 15, "each once");
}
