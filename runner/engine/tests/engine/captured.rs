//! What a branch captures: it reads that, and an assignment is an error at its line instead of a change that is lost.

use serde_json::json;
use stanch_model::run::{RunView, StepError};

use crate::common::{World, finish};

async fn ended(script: &str) -> (World, RunView) {
    let world = World::new(script);
    let run = world.start(json!({})).await;
    let view = world.ended(&run).await;
    (world, view)
}

fn is_refused(error: &StepError, line: &str) {
    assert_eq!(error.kind, "misuse", "{error}");
    for part in ["outside this branch", "returns", line] {
        assert!(error.message.contains(part), "{part}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_reads_what_it_captures() {
    let (_, view) = ended(
        r#"
        let word = "outer";
        let list = [3, 1, 2];
        let map = #{ deep: #{ list: [1] } };
        let twice = |x| `${word} ${x * 2}`;
        fn joined(list, more) { list.push(more); list }
        let got = each(["a", "b"], |item| {
            let mine = list;
            mine.push(item);
            mine[0] = 7;
            let inner = attempt(|| each([1], |n| `${word} ${n + list.len()}`)).value;
            let sum = 0;
            for n in list { sum += n; }
            let also = map.deep.list;
            also[0] += sum;
            [mine, list.get(0), list.extract(1), list.order(), list.map(|n| n + 1), joined(list, item), twice.call(2),
             inner, also, item in mine, map.deep.list[0], `${list} ${map}`]
        });
        note(`${got[1]}`);
        note(`${word} ${list} ${map}`);
    "#,
    )
    .await;
    let read = r#"[[7, 1, 2, "b"], 3, [1, 2], [1, 2, 3], [4, 2, 3], [3, 1, 2, "b"], "outer 4", ["outer 4"], [7], true, 1, "[3, 1, 2] #{\"deep\": #{\"list\": [1]}}"]"#;
    let notes: Vec<&str> = view.notes.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(notes, [read, r#"outer [3, 1, 2] #{"deep": #{"list": [1]}}"#], "{:?}", view.error);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_would_change_it_is_refused_at_its_line() {
    for change in [
        "word = item",
        "word += item",
        "list.push(item)",
        "list += [item]",
        "list[0] = item",
        "list.sort()",
        "map.x = item",
        "map.deep.list[0] += 1",
        "map.deep.list.push(item)",
        "map.remove(\"x\")",
        "add.call(item)",
        "adds[0].call(item)",
        "[1].map(|x| list.push(x))",
        "if true { word = item }",
    ] {
        for branches in ["each([\"a\"], |item| {", "together([|| { let item = \"a\";"] {
            let end = if branches.starts_with("each") { "})" } else { "}])" };
            let script = format!(
                "let word = \"outer\"; let list = [2, 1]; let map = #{{ x: 1, deep: #{{ list: [1] }} }};\n\
                 let add = |item| list.push(item); let adds = [add];\n\
                 {branches}\n  {change};\n  own.step(#{{ after: 1 }})\n{end}"
            );
            let (world, view) = ended(&script).await;
            let error = view.error.unwrap_or_else(|| panic!("{script} ran"));
            let line = if change.contains("add") { "(line 2, " } else { "(line 4, " };
            is_refused(&error, line);
            assert_eq!(world.effects(), 0, "{change}: nothing follows it");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_is_a_branch_whose_mistakes_come_back_as_its_error() {
    let (_, view) = ended("let n = 0;\nlet got = attempt(|| {\n  n += 1; n\n});\nnote(`${got.ok} ${got.error.kind} ${got.error.message} ${n}`);").await;
    let said = &view.notes[0].1;
    assert!(
        said.starts_with("false misuse `n` is assigned to") && said.ends_with("(line 3, position 3) 0"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_assigns_is_no_look_that_failed() {
    let script = "let n = 0;\nwait_until(|| { n += 1; n }, |n| n > 3, #{ every: \"1s\", within: \"30d\" });";
    let (_, view) = ended(script).await;
    is_refused(&view.error.unwrap(), "(line 2, ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closure_that_captures_itself_ends_no_process() {
    let (_, view) =
        ended("let f = 1; f = |x| f; let g = [f]; g[0] = f; each([1], |x| type_of(f)); note(\"there\");")
            .await;
    let said = view.error.map_or_else(|| view.notes[0].1.clone(), |error| error.to_string());
    assert!(said.contains("captures itself") || said == "there", "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_refused_the_same_in_every_life() {
    let mut world = World::new(
        r#"
        let seen = [];
        try {
            each(["a", "b"], |item| {
                own.step(#{ item: item });
                ask(`go-${item}`, "?", ["yes"]);
                if item == "a" { seen.push(item); }
                own.step(#{ item: item, after: true })
            });
        } catch (e) { note(`${e.kind} ${e.errors.keys()}`); }
        ask("more", "?", ["yes"]);
        note(`${seen}`);
    "#,
    );
    let run = world.start(json!({})).await;
    for _ in 0..2 {
        world.waiting(&run, "Q2").await;
        world.crash();
    }
    world.answer(&run, "Q1", "yes").await;
    world.until(&run, |view| view.steps.values().any(|step| step.branches_done == 1)).await;
    world.crash();
    world.answer(&run, "Q2", "yes").await;
    world.waiting(&run, "Q3").await;
    world.crash();
    let view = finish(&world, &run).await;
    let notes: Vec<&str> = view.notes.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(notes, [r#"misuse ["a"]"#, "[]"], "{view:?}");
    assert_eq!(world.effects(), 3);
    assert!(world.engine.replay(&[run]).is_ok());
}
