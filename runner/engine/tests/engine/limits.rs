//! Runs that grow long: warned once, parked as limited, let go on by a person.

use serde_json::json;
use stanch_model::run::{RunState, kind};

use crate::common::{Setup, World, finish};

fn long(script: &str, warn: u64, most: u64) -> World {
    let mut setup = Setup::new(script);
    (setup.patience.warn, setup.patience.entries) = (warn, most);
    setup.world()
}

fn warnings(world: &World, run: &stanch_model::RunId) -> usize {
    world.entries(run).iter().filter(|entry| entry.header.kind == kind::WARNED).count()
}

const NOTES: &str = r#"
    for n in 0..20 { note(`${n}`); }
    ask("go", "?", ["yes"]);
    for n in 0..200 { note(`${n}`); }
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_warns_once_and_parks_as_limited_in_every_life() {
    let mut world = long(NOTES, 50, 100);
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    assert_eq!(warnings(&world, &run), 0);
    world.crash();
    world.answer(&run, "Q1", "yes").await;
    let view = world.state(&run, RunState::Limited).await;
    assert_eq!(view.version, 101, "a hundred entries of two lives, and the one that says so");
    assert_eq!(view.warned.unwrap().most, 100);
    assert_eq!(warnings(&world, &run), 1);
    assert!(view.why.contains("100 entries"), "{}", view.why);
    world.crash();
    assert_eq!(world.engine.view(&run).unwrap().version, 101, "it stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_run_goes_on_for_as_many_entries_again() {
    let mut world = long(NOTES, 50, 100);
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.answer(&run, "Q1", "yes").await;
    let first = world.state(&run, RunState::Limited).await.notes.len();
    world.engine.pause(&run, false, "ana").await.unwrap();
    let view = world.until(&run, |view| view.state == RunState::Limited && view.notes.len() > first).await;
    assert_eq!(view.version, 201);
    world.crash();
    world.engine.pause(&run, false, "ana").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!((view.notes.len(), warnings(&world, &run)), (220, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_inside_fan_outs_are_not_counted_for_the_run_and_each_branch_has_its_own() {
    let script = r#"
        let items = [];
        for n in 0..50 { items.push(n); }
        each(items, |n| { note(`${n}`); note("again"); own.step(#{ n: n }) });
        each([1, 2], |n| { if n == 2 { for m in 0..200 { note(`${m}`); } } });
    "#;
    let world = long(script, 100, 100);
    let run = world.start(json!({})).await;
    let view = world.state(&run, RunState::Limited).await;
    let branch = view.steps.keys().filter(|at| at.as_str().starts_with("2.each[2]")).count();
    assert_eq!(
        (world.effects(), branch),
        (50, 100),
        "fifty branches of some entries each, and one that is too long"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_and_a_poll_are_no_way_around_the_limit() {
    for script in [
        "attempt(|| { for n in 0..300 { note(`${n}`); } });",
        "for n in 0..300 { attempt(|| 1); }",
        r#"wait_until(|| 1, |n| false, #{ every: "10ms", within: "30d" });"#,
    ] {
        let world = long(script, 50, 100);
        let run = world.start(json!({})).await;
        world.state(&run, RunState::Limited).await;
        world.engine.cancel(&run, "ana", "").await.unwrap();
        assert_eq!(finish(&world, &run).await.ended.unwrap().as_str(), "cancelled");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entries_of_a_child_count_for_the_runs_above_it() {
    for crash in [false, true] {
        let mut setup =
            Setup::new(r#"for n in 0..30 { note(`${n}`); } run_playbook("child"); note("after");"#);
        setup.others.push((
            "child".to_owned(),
            String::new(),
            r#"ask("go", "?", ["yes"]); for n in 0..80 { note(`${n}`); }"#.to_owned(),
        ));
        (setup.patience.warn, setup.patience.entries) = (1_000, 100);
        let mut world = setup.world();
        let run = world.start(json!({})).await;
        let view = world.waiting(&run, "C1").await;
        let child = stanch_model::RunId(view.waits[0].text.clone());
        world.waiting(&child, "Q1").await;
        if crash {
            world.crash();
        }
        world.answer(&child, "Q1", "yes").await;
        // Neither of them alone has a hundred.
        let view = world.state(&child, RunState::Limited).await;
        assert!(
            view.why.contains(&format!("100 entries of run {run} (test) and its children")),
            "{}",
            view.why
        );
        assert!(view.version < 80, "{}", view.version);
        world.engine.pause(&child, false, "ana").await.unwrap();
        let view = world.state(&run, RunState::Limited).await;
        assert!(view.why.contains("entries"), "what the child wrote is the run's, too: {}", view.why);
        world.engine.pause(&run, false, "ana").await.unwrap();
        assert_eq!(finish(&world, &run).await.ended.unwrap().as_str(), "finished");
    }
}
