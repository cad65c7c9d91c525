//! Fan-outs: order, errors, keys.

use serde_json::json;
use stanch_model::run::RunState;

use crate::common::{Setup, World, finish};

#[tokio::test(flavor = "multi_thread")]
async fn the_order_in_which_branches_end_changes_nothing() {
    let script = r#"
        let got = each(["a", "b", "c"], |item| {
            ask(`go-${item}`, "?", ["yes"]);
            own.step(#{ item: item }).item
        });
        note(`${got}`);
    "#;
    for order in [["Q1", "Q2", "Q3"], ["Q3", "Q2", "Q1"], ["Q2", "Q3", "Q1"]] {
        let mut world = World::new(script);
        let run = world.start(json!({})).await;
        world.waiting(&run, "Q3").await;
        for (n, wait) in order.iter().enumerate() {
            world.answer(&run, wait, "yes").await;
            let done = n + 1;
            world
                .until(&run, |view| {
                    view.steps.values().any(|step| step.op == "each" && step.branches_done == done)
                })
                .await;
            world.crash();
        }
        let view = world.ended(&run).await;
        assert_eq!(view.notes[0].1, r#"["a", "b", "c"]"#);
        assert_eq!(world.effects(), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_waits_for_every_branch_and_then_throws_the_first_keys_error() {
    let mut world = World::new(
        r#"
        try {
            each(["a", "b", "c"], |item| {
                if item == "a" { ask("a", "?", ["yes"]); fail("a says no"); }
                if item == "c" { fail("c says no"); }
                own.step(#{ item: item })
            });
        } catch (e) {
            note(`${e.kind}: ${e.message}; ${e.errors.keys()}; ${e.errors.c.message}`);
        }
        try { together(#{ x: || fail("x"), y: || throw "y" }); }
        catch (e) { note(`${e.message} ${e.errors.y.kind}`); }
    "#,
    );
    let run = world.start(json!({})).await;
    let view = world.waiting(&run, "Q1").await;
    assert!(view.notes.is_empty(), "the join came before its last branch");
    world.crash();
    world.waiting(&run, "Q1").await;
    world.answer(&run, "Q1", "yes").await;
    let view = world.ended(&run).await;
    assert_eq!(view.notes[0].1, r#"failed: a says no; ["a", "c"]; c says no"#, "{view:?}");
    assert_eq!(view.notes[1].1, "x thrown");
    assert_eq!(world.effects(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_keys_are_refused_before_any_effect() {
    let world = World::new(
        r#"
        for items in [["a", "a"], [""], [#{ a: 1 }], [[1]], [()]] {
            try { each(items, |item| own.step(#{ item: "x" })); } catch (e) { note(`${e.kind}`); }
        }
        try { each([#{ id: 1 }, #{ id: 1 }], |i| own.step(#{}), #{ key: "id" }); } catch (e) { note(e.kind); }
        try { each([#{ id: 1 }], |i| own.step(#{}), #{ key: "no" }); } catch (e) { note(e.kind); }
        try { together([1]); } catch (e) { note(e.kind); }
        let fine = each([#{ id: 1 }, #{ id: 2 }], |i| i.id, #{ key: "id" });
        note(`${fine}`);
    "#,
    );
    let run = world.start(json!({})).await;
    let view = world.ended(&run).await;
    let notes: Vec<&str> = view.notes.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(notes, ["misuse"; 8].into_iter().chain(["[1, 2]"]).collect::<Vec<_>>(), "{view:?}");
    assert_eq!(world.effects(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_with_brackets_dots_and_control_signs_stay_apart() {
    let mut world = World::new(
        r#"
        let keys = ["a.b", "a[b]", "a]", "[", "%5D", "]", "a\nb", "ä/ö"];
        let got = each(keys, |key| each(keys, |inner| { own.step(#{ k: key + "|" + inner }); ask("x", "?", ["yes"]); inner }));
        note(`${got[0] == keys} ${got.len()}`);
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q64").await;
    world.crash();
    let view = finish(&world, &run).await;
    assert_eq!(view.notes[0].1, "true 8");
    assert_eq!(world.effects(), 64);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_twenty_thousand_items_are_refused() {
    let world = World::new(
        r#"
        let items = [];
        items.pad(20001, 1);
        try { each(items, |n| own.step(#{ n: n })); } catch (e) { note(e.kind); }
    "#,
    );
    let run = world.start(json!({})).await;
    let view = world.ended(&run).await;
    assert_eq!(view.notes[0].1, "limit");
    assert_eq!(world.effects(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_branches_are_entered_twice_each_and_not_more() {
    let world = Setup::new(
        r#"
        let got = each(input.items, |n| own.step(#{ n: n }).n);
        note(`${got.len()} ${got[9999]}`);
    "#,
    )
    .manifest("input:\n  items: { type: list }\n")
    .unchecked()
    .world();
    let items: Vec<u32> = (0..10_000).collect();
    let run = world.start(json!({ "items": items })).await;
    let view = loop {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if world.engine.runs(false, 1).unwrap()[0].state == RunState::Ended {
            break world.engine.view(&run).unwrap();
        }
    };
    assert_eq!(view.notes[0].1, "10000 9999");
    // One intent and outcome per call and one end per branch: nothing is written twice.
    assert!(view.version < 30_100, "{}", view.version);
}

#[tokio::test(flavor = "multi_thread")]
async fn branches_that_end_in_another_order_in_another_life_end_the_same() {
    let script = r#"
        let got = together(#{
            a: || { own.step(#{ a: 1 }); ask("a", "?", ["yes"]); own.step(#{ a: 2 }); now() },
            b: || { own.step(#{ b: 1 }); ask("b", "?", ["yes"]); let id = uuid(); own.step(#{ b: 2 }); id.len() },
            c: || each([1, 2], |n| { ask(`c${n}`, "?", ["yes"]); own.step(#{ c: n }).c }),
        });
        note(`${got.b} ${got.c}`);
    "#;
    let first = World::new(script);
    let run = first.start(json!({})).await;
    first.waiting(&run, "Q4").await;
    let mut ends = Vec::new();
    // From one journal: in the order of the script, in the reverse, and one half in each of two lives.
    for (order, lives) in
        [(["Q1", "Q2", "Q3", "Q4"], 1), (["Q4", "Q3", "Q2", "Q1"], 1), (["Q4", "Q1", "Q3", "Q2"], 2)]
    {
        let mut world = World::over(Setup::new(script), first.journal.crash(), first.clock.twin());
        for (n, wait) in order.iter().enumerate() {
            world.answer(&run, wait, "yes").await;
            world.until(&run, |view| !view.open_waits().any(|open| open.id == *wait)).await;
            if n == 1 && lives == 2 {
                world.crash();
            }
        }
        let view = finish(&world, &run).await;
        assert_eq!(view.notes[0].1, "36 [1, 2]", "{order:?} {view:?}");
        let effects: std::collections::BTreeSet<String> =
            world.done.lock().iter().map(|(_, input)| input.to_string()).collect();
        ends.push((crate::common::Facts::of(&view).steps, effects));
    }
    assert!(ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_in_one_branch_ends_no_sibling_that_waits() {
    let mut world = World::new(
        r#"
        let got = attempt(|| together(#{
            fails: || { own.step(#{ fails: 1 }); fail("no") },
            waits: || { own.step(#{ waits: 1 }); let say = ask("go", "?", ["yes"]); own.step(#{ waits: say }); say },
        }));
        note(`${got.error.message} ${got.error.errors.keys()}`);
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    for _ in 0..2 {
        world.crash();
        let view = world.waiting(&run, "Q1").await;
        assert!(view.notes.is_empty(), "the join came before its last branch");
    }
    world.answer(&run, "Q1", "yes").await;
    let view = world.ended(&run).await;
    assert_eq!(view.notes[0].1, r#"no ["fails"]"#, "{view:?}");
    assert_eq!(world.effects(), 3, "the one that waited went on to its end");
}
