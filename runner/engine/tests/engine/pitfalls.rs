//! What the language would do to a replayed script if it were let.

use serde_json::json;
use stanch_model::{Diagnostic, run::RunView};
use stanch_playbooks::Playbook;

use crate::common::{Setup, World, finish};

async fn ended(script: &str) -> RunView {
    let world = World::new(script);
    let run = world.start(json!({})).await;
    world.ended(&run).await
}

async fn fails_as(script: &str, kind: &str) {
    let view = ended(script).await;
    let error = view.error.unwrap_or_else(|| panic!("it should have failed: {script}"));
    assert_eq!(error.kind, kind, "{script}: {error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catch_around_a_native_callback_does_not_swallow_a_wait() {
    let mut world = World::new(
        r#"
        let got = [];
        each(["b"], |item| {
            try {
                [1, 2].map(|x| { own.step(#{ x: x }); ask(`q${x}`, "?", ["yes"]) });
            } catch (e) {
                note("swallowed");
                own.step(#{ x: "never" });
            }
        });
        try { got = [3, 4].map(|x| { own.step(#{ x: x }); ask(`q${x}`, "?", ["yes"]) }); }
        catch (e) { note("swallowed"); }
        note(`${got}`);
    "#,
    );
    let run = world.start(json!({})).await;
    for (wait, next) in [("Q1", "Q2"), ("Q2", "Q3"), ("Q3", "Q4")] {
        world.waiting(&run, wait).await;
        world.crash();
        world.waiting(&run, wait).await;
        world.answer(&run, wait, "yes").await;
        world.waiting(&run, next).await;
    }
    world.answer(&run, "Q4", "yes").await;
    let view = world.ended(&run).await;
    assert_eq!(view.notes.len(), 1, "{:?}", view.notes);
    assert_eq!(view.notes[0].1, r#"["yes", "yes"]"#);
    assert_eq!(world.effects(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_loop_leaves_others_their_turn() {
    let script = r#"
        own.step(#{ n: input.n });
        if input.n == 1 { let x = 0; loop { x += 1; } }
        for n in 2..10 { own.step(#{ n: n }); }
    "#;
    let world = World::with_manifest(script, "input:\n  n: { type: integer }\n");
    let endless = world.start(json!({ "n": 1 })).await;
    world.until(&endless, |view| view.steps.len() == 1).await;
    let quick = world.start(json!({ "n": 2 })).await;
    world.ended(&quick).await;
    assert!(world.engine.view(&endless).unwrap().ended.is_none(), "the endless one was not even started");
    world.engine.cancel(&endless, "ana", "").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn computing_for_too_long_cannot_be_caught() {
    let script = "try { loop { } } catch (e) { own.step(#{ n: 1 }); }";
    let mut setup = Setup::new(script);
    setup.patience.operations = 1_000_000;
    let world = setup.world();
    let run = world.start(json!({})).await;
    let view = world.ended(&run).await;
    assert_eq!(view.error.unwrap().kind, "too_long");
    assert!(view.steps.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn deep_recursion_ends_the_run_and_nothing_else() {
    fails_as("fn down(n) { down(n + 1) } down(0)", "too_deep").await;
    fails_as("fn down(n) { [n].map(|x| down(x + 1)) } down(0)", "too_deep").await;
    // What throws inside an `attempt` does not throw for it, however deep it is.
    fails_as("fn down(n) { attempt(|| down(n + 1)).value.x } down(0)", "script").await;
    fails_as("fn down(n) { each([1], |x| down(n + 1)) } down(0)", "too_deep").await;
    fails_as("fn a(n) { b(n) } fn b(n) { [1].filter(|x| a(n)) } a(0)", "too_deep").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn huge_values_end_the_run() {
    fails_as(r#"let s = "xxxxxxxxxx"; loop { s += s; }"#, "too_large").await;
    fails_as("let a = [1]; loop { a += a; }", "too_large").await;
    fails_as("let a = []; a.pad(200000, 1);", "too_large").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_nested_without_end_does_not_end_the_process() {
    let view = ended("let a = []; for n in 0..3000 { a = [a]; } note(\"done\"); own.step(#{ a: a });").await;
    assert_eq!(view.error.unwrap().kind, "misuse", "the border takes 64 levels");
}

/// What the dialect says of a script that it does not take.
fn refused(script: &str) -> String {
    let manifest = "playbook: test\ntitle: A test\nowner: tests\nreviewed: 2026-11-01\nuses: {}\n";
    let sources = [("playbook.yaml", manifest), ("main.rhai", script)];
    let sources = sources.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let mistakes = Playbook::from_sources("test", sources).expect_err(script);
    mistakes.iter().map(Diagnostic::one_line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_journaled_is_not_there() {
    for (script, word) in [
        (r#"eval("1")"#, "eval"),
        ("print(1)", "print"),
        ("debug(1)", "debug"),
        (r#"import "x" as x;"#, "import"),
        (r#"fn f() { import "x" as x; } f()"#, "import"),
        ("let x = 1; export x;", "export"),
    ] {
        let said = refused(script);
        assert!(said.starts_with("main.rhai:1:") && said.contains(word), "{script}: {said}");
    }
    for (script, why) in [
        ("sleep(1)", r#"`sleep` is no part of the language: write wait("30s")"#),
        ("timestamp()", "Function not found: timestamp"),
        ("rand()", "Function not found: rand"),
        ("exit()", "`exit` is no part of the language: write return"),
        ("[1].map(|x| exit(x))", "`exit` is no part of the language: write return"),
        (r#"open_file("/etc/passwd")"#, "Function not found: open_file"),
    ] {
        let view = ended(script).await;
        let error = view.error.unwrap_or_else(|| panic!("{script} ran"));
        assert!(error.message.contains(why), "{script}: {error:?}");
        assert!(view.steps.is_empty(), "{script}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hands_on_one_value_fail_the_same_in_every_life_and_branches_have_hands_of_their_own() {
    let mut world = World::new(
        r#"
        let said = [];
        let clash = || {
            let kind = "none";
            let list = [1];
            let add = |item| list.push(item);
            try { list.push(add.call(2)); kind = "ran"; } catch (e) { kind = e.kind ?? "caught"; }
            let x = 20;
            let f = |more| { this += x + more; };
            try { x.call(f, 2); kind += " ran"; } catch (e) { kind += " " + (e.kind ?? "caught"); }
            kind
        };
        let before = clash.call();
        own.step(#{ n: 1 });
        ask("go", "?", ["yes"]);
        note(`${before == clash.call()}`);
        let mine = [0];
        let reader = || mine.len();
        let seen = each([1, 2, 3], |n| {
            let own_copy = mine;
            own_copy.push(n);
            ask(`q${n}`, "?", ["yes"]);
            own.step(#{ branch: n });
            own_copy.push(reader.call());
            own_copy
        });
        note(`${seen} ${mine}`);
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.crash();
    world.answer(&run, "Q1", "yes").await;
    world.waiting(&run, "Q4").await;
    world.crash();
    // In another order than they were entered in.
    for wait in ["Q4", "Q2", "Q3"] {
        world.answer(&run, wait, "yes").await;
    }
    let view = world.ended(&run).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{view:?}");
    assert_eq!(view.notes[0].1, "true");
    assert_eq!(view.notes[1].1, "[[0, 1, 1], [0, 2, 1], [0, 3, 1]] [0]");
    assert_eq!(world.effects(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn calling_a_function_does_not_run_the_script_around_it_again() {
    let mut world = World::new(
        r#"
        own.step(#{ top: 1 });
        fn deeper(n) { own.step(#{ deeper: n }).deeper }
        fn work(n) { own.step(#{ work: n }); deeper(n) + deeper(n * 10) }
        let got = each([1, 2], |n| { ask(`q${n}`, "?", ["yes"]); work(n) });
        let more = together([|| work(3)]);
        let last = attempt(|| [4].map(|n| work(n))).value;
        note(`${got} ${more} ${last}`);
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q2").await;
    world.crash();
    let view = finish(&world, &run).await;
    assert_eq!(view.notes[0].1, "[11, 22] [33] [44]", "{view:?}");
    let top = world.done.lock().iter().filter(|(_, input)| input.get("top").is_some()).count();
    assert_eq!((top, world.effects()), (1, 13), "one at the top, three for each of four");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_says_where_it_is_in_functions_closures_and_branches() {
    for (script, line) in [
        ("let a = 1;\nlet b = a.no_such();\n", "(line 2, position 11)"),
        ("fn f(x) {\n    x.no_such()\n}\nf(1);\n", "(line 2, position 7)"),
        ("let f = |x| {\n\n    x.no_such()\n};\nf.call(1);\n", "(line 3, position 7)"),
        ("each([1], |x| {\n    x.no_such()\n});\n", "(line 2, position 7)"),
        ("fn f(x) {\n    throw \"no\";\n}\n\n[1].map(|x| f(x));\n", "(line 2, position 5)"),
        (
            "fn f(x) { g(x) }\nfn g(x) {\n    let y = x / 0;\n    y\n}\neach([1], |x| f(x));\n",
            "(line 3, position 15)",
        ),
        ("together([||\n    attempt(||\n        1).value.no_such()]);\n", "(line 3, position 18)"),
    ] {
        let error = ended(script).await.error.unwrap_or_else(|| panic!("{script} ran"));
        assert!(error.message.contains(line), "{script}{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closure_that_looks_at_its_own_list_says_so_and_where() {
    for (script, place) in [
        ("let a = [1, 2];\nlet b = a.filter(|x| a.len() > x);\n", "(line 2, position 11)"),
        ("let a = [1];\neach([1], |n|\n    a.map(|x| a.len() + n));\n", "(line 3, position 7)"),
        ("let a = [1];\nlet f = |x| a.len();\nlet b = a.map(f);\n", "(line 3, position 11)"),
        (
            "let a = [1];\nif a == [] { a.map(|x| a.len()); }\na.map(|x| a);\n",
            "(line 2, position 16, or line 3, position 3)",
        ),
    ] {
        let error = ended(script).await.error.unwrap_or_else(|| panic!("{script} ran"));
        assert!(
            error.message.contains("a second name before") && error.message.ends_with(place),
            "{script}{error:?}"
        );
        assert!(!error.message.contains("race"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_and_infinities_do_not_cross_the_border() {
    let view = ended(
        r#"
        let f = |x| x;
        for bad in [#{ f: f }, #{ a: [f] }, #{ n: 1.0 / 0.0 }, #{ n: 0.0 / 0.0 }, #{ r: 0..3 }] {
            try { own.step(bad); } catch (e) { note(e.kind); }
        }
        let given = attempt(|| f);
        note(given.error.kind);
        try { each(["a"], |x| f); } catch (e) { note(e.kind); }
        evidence("x", #{ ok: 1 });
        try { evidence("x", f); } catch (e) { note(e.kind); }
    "#,
    )
    .await;
    let notes: Vec<&str> = view.notes.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(notes, ["misuse"; 8], "{view:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn switch_closures_and_currying_behave_the_same_after_a_wait() {
    let mut world = World::new(
        r#"
        fn kind(x) { switch x { 1 => "one", 2..5 if x != 3 => "some", "a" => "letter", _ => "else" } }
        let add = |a, b| a + b;
        let inc = add.curry(1);
        let before = [kind(1), kind(3), kind(4), kind("a"), inc.call(2)];
        let answer = ask("go", "?", ["yes"]);
        let after = [kind(1), kind(3), kind(4), kind("a"), inc.call(2)];
        note(`${before == after} ${after}`);
        let total = 0;
        let sum = |x| total += x;
        for x in [1, 2, 3] { sum.call(x); }
        note(`${total}`);
    "#,
    );
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.crash();
    let view = finish(&world, &run).await;
    assert_eq!(view.notes[0].1, r#"true ["one", "else", "some", "letter", 3]"#, "{view:?}");
    assert_eq!(view.notes[1].1, "6");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_integers_stay_text() {
    let view = ended(r#"let x = own.step(#{ n: "18446744073709551615" }); note(type_of(x.n));"#).await;
    assert_eq!(view.notes[0].1, "string");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_work_between_many_steps_replays() {
    // Each part is within the bound, all of them together are not.
    let mut setup = Setup::new(
        r#"
        for part in 0..4 {
            let x = 0;
            while x < 60000 { x += 1; }
            own.step(#{ part: part });
        }
        ask("go", "?", ["yes"]);
        note("there");
    "#,
    );
    setup.patience.operations = 600_000;
    let mut world = setup.world();
    let run = world.start(json!({})).await;
    world.waiting(&run, "Q1").await;
    world.crash();
    world.answer(&run, "Q1", "yes").await;
    let view = world.ended(&run).await;
    assert_eq!(view.ended.unwrap().as_str(), "finished", "{view:?}");
}
