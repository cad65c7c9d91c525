//! Scripts that stop and go on: every host call over a journal that is closed and opened again.

use crate::common::World;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_script_runs_to_its_end() {
    let world = World::new(
        r#"
        phase("count");
        let sum = 0;
        for n in 0..5 { sum += own.step(#{ n: n }).n; }
        note(`${sum}`);
        sum
    "#,
    );
    let run = world.start(json!({})).await;
    let view = world.ended(&run).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{view:?}");
    assert_eq!(view.notes[0].1, "10");
    assert_eq!(world.effects(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_survives_a_restart() {
    let mut world = World::new(
        r#"
        own.step(#{ n: 1 });
        let answer = ask("colour", "Which colour?", ["red", "blue"]);
        own.step(#{ n: 2 });
        note(answer);
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.crash();
    world.answer(&run, "Q1", "blue").await;
    let view = world.ended(&run).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{view:?}");
    assert_eq!(view.notes[0].1, "blue");
    assert_eq!(world.effects(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_join_in_order_and_are_not_done_twice() {
    let mut world = World::new(
        r#"
        let items = ["a", "b", "c"];
        let got = each(items, |item| {
            let n = own.step(#{ item: item }).item;
            let yes = ask(`go-${item}`, "Go on?", ["yes"]);
            own.step(#{ item: item + item }).item
        });
        note(`${got}`);
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q3").await;
    assert_eq!(world.effects(), 3);
    world.answer(&run, "Q2", "yes").await;
    world.until(&run, |view| view.steps.values().any(|step| step.branches_done == 1)).await;
    world.crash();
    world.answer(&run, "Q1", "yes").await;
    world.answer(&run, "Q3", "yes").await;
    let view = world.ended(&run).await;
    assert_eq!(view.notes[0].1, r#"["aa", "bb", "cc"]"#, "{view:?}");
    assert_eq!(world.effects(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_what_only_waits() {
    let world = World::new(
        r#"
        own.step(#{ n: 1 });
        let answer = ask("colour", "Which colour?", ["red", "blue"]);
        own.step(#{ n: 2 });
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.engine.cancel(&run, "caro", "wrong app").await.unwrap();
    let view = world.ended(&run).await;
    assert_eq!(view.ended.unwrap().as_str(), "cancelled", "{view:?}");
    assert_eq!(world.effects(), 1);
}
