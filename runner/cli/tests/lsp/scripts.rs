//! Playbook scripts in an editor.

use serde_json::{Value, json};

use crate::client::{Editor, MANIFEST, SCRIPT, company, labels, named};

const MAIN: &str = "cut/main.rhai";

#[test]
fn mistakes_are_told_as_one_types_and_taken_back() {
    let mut editor = company();
    editor.open(MAIN, SCRIPT);
    assert_eq!(editor.mistakes(MAIN), [""; 0]);
    editor.write(MAIN, 2, &format!("{SCRIPT}note(\"é😀\"); grnats.len();\n"));
    let found = editor.mistakes(MAIN);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("10:13 PB0020 unknown name `grnats`"), "{found:?}");
    editor.write(MAIN, 3, SCRIPT);
    assert_eq!(editor.mistakes(MAIN), [""; 0]);
}

#[test]
fn mistakes_come_from_both_files_as_they_stand_in_the_editor() {
    let mut editor = company();
    editor.open(MAIN, SCRIPT);
    assert_eq!(editor.mistakes(MAIN), [""; 0]);
    editor.open("cut/playbook.yaml", &MANIFEST.replace("  cut-app:", "  cut-apps:"));
    let found = editor.mistakes(MAIN);
    assert!(found.iter().any(|one| one.contains("PB0041")), "{found:?}");
    let found = editor.mistakes("cut/playbook.yaml");
    assert!(found.iter().any(|one| one.starts_with("10:2 PB0042")), "{found:?}");
}

#[test]
fn what_may_come_next_is_offered_with_what_it_means() {
    let mut editor = company();
    let found = editor.completions(MAIN, &SCRIPT.replace("settle();", "app█"));
    let approve = found.iter().find(|one| one["label"] == "approve").unwrap();
    assert_eq!(approve["detail"], "approve(name, text, targets)");
    assert!(approve["documentation"]["value"].as_str().unwrap().contains("The yes covers exactly `targets`"));
    assert_eq!(approve["insertTextFormat"], 2);
    assert_eq!(approve["textEdit"]["newText"], "approve($0)");
    assert_eq!(approve["textEdit"]["range"]["start"], json!({ "line": 9, "character": 0 }));
    assert_eq!(labels(&found)[..2], ["grants", "apps"], "the nearest first");

    let found = editor.completions(MAIN, &SCRIPT.replace("grant.revoke()", "grant.█"));
    let first = &found[0];
    assert_eq!(first["label"], "revoke");
    let detail = first["detail"].as_str().unwrap();
    assert!(detail.contains("permanent grant: okta"), "{detail}");

    let found = editor.completions(MAIN, &SCRIPT.replace("settle();", "okta.suspend_user(#{ █"));
    assert_eq!(labels(&found)[0], "user");
    assert_eq!(found[0]["textEdit"]["newText"], "user: $0");

    let found = editor.completions(MAIN, &SCRIPT.replace("\"cut-app\"", "\"█\""));
    assert_eq!(labels(&found), ["cut-app"]);
    let found = editor.completions(MAIN, &SCRIPT.replace("settle();", "page(\"█"));
    assert_eq!(labels(&found), ["team"]);
    let found = editor.completions(MAIN, &SCRIPT.replace("settle();", "run_playbook(\"█\");"));
    assert!(labels(&found).contains(&"leaked-credential"), "{found:?}");
}

#[test]
fn places_are_counted_in_utf_16_on_both_ways() {
    let mut editor = company();
    let found = editor.completions(MAIN, &SCRIPT.replace("settle();", "note(\"é😀漢\"); gr█"));
    let grants = found.iter().find(|one| one["label"] == "grants").unwrap();
    assert_eq!(
        grants["textEdit"]["range"],
        json!({
        "start": { "line": 9, "character": 14 }, "end": { "line": 9, "character": 16 } })
    );
    // typing after the characters that count twice
    let uri = editor.uri(MAIN);
    let typed = json!({ "range": { "start": { "line": 9, "character": 16 }, "end": { "line": 9, "character": 16 } }, "text": "nats;" });
    editor.tell(
        "textDocument/didChange",
        json!({ "textDocument": { "uri": uri, "version": 2 }, "contentChanges": [typed] }),
    );
    loop {
        let found = editor.mistakes(MAIN);
        if let Some(one) = found.iter().find(|one| one.contains("grnats")) {
            assert!(one.starts_with("9:14 PB0020"), "{one}");
            break;
        }
    }
}

#[test]
fn a_statement_that_is_half_typed_takes_nothing_from_the_rest() {
    let mut editor = company();
    let broken = SCRIPT.replace("evidence(", "let half = (1 + ;\nevidence(");
    let found = editor.completions(MAIN, &broken.replace("grant.revoke()", "grant.rev█"));
    assert_eq!(labels(&found)[0], "revoke");
    let uri = editor.uri(MAIN);
    let outline = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
    let names: Vec<&str> =
        outline.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["scope", "contain"]);
    let inside = outline[1]["children"].as_array().unwrap();
    assert_eq!(inside[0]["name"], "approve cut-app");
    assert_eq!(inside[0]["selectionRange"]["start"], json!({ "line": 7, "character": 0 }));
}

#[test]
fn a_hover_tells_the_word_and_the_mistake() {
    let mut editor = company();
    let mut hover = |marked: String| {
        let found = editor.ask_at("textDocument/hover", MAIN, &marked);
        found["contents"]["value"].as_str().unwrap_or_default().to_owned()
    };
    let page = hover(SCRIPT.replace("settle()", "set█tle()"));
    assert!(page.contains("settle()") && page.contains("reads again every list"), "{page}");
    let page = hover(SCRIPT.replace("grant.revoke()", "grant.rev█oke()"));
    for part in ["**grant.revoke**", "permanent", "okta.revoke", "needs `okta.", "](https://"] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    assert_eq!(
        hover(SCRIPT.replace("[apps, grants]", "[apps, gr█ants]")),
        "`grants`: a list of grant targets"
    );
    let page = hover(SCRIPT.replace("settle();", "gr█nats.len();"));
    assert!(page.contains("# PB0020"), "{page}");
    assert_eq!(hover(format!("// no█thing\n{SCRIPT}")), "");
}

#[test]
fn a_definition_is_found_wherever_it_is() {
    let mut editor = Editor::new(&[
        ("stanch.yaml", crate::client::CONFIG),
        ("cut/playbook.yaml", MANIFEST),
        ("cut/main.rhai", SCRIPT),
        ("cut/templates/told.md", "---\nsubject: x\n---\nx\n"),
        ("second/playbook.yaml", &MANIFEST.replace("playbook: cut", "playbook: second")),
        ("second/main.rhai", SCRIPT),
    ]);
    let mut define = |marked: String| named(&editor.ask_at("textDocument/definition", MAIN, &marked));
    assert_eq!(define(SCRIPT.replace("\"cut-app\"", "\"cut█-app\"")), "cut/playbook.yaml 10:2");
    assert_eq!(
        define(SCRIPT.replace("find_app(input.app)", "find_app(input.a█pp)")),
        "cut/playbook.yaml 4:9"
    );
    assert_eq!(define(SCRIPT.replace("[apps, grants]", "[ap█ps, grants]")), "cut/main.rhai 1:4");
    assert_eq!(
        define(SCRIPT.replace("settle();", "notify(\"a@b.example\", \"to█ld\");")),
        "templates/told.md 0:0"
    );
    assert_eq!(define(SCRIPT.replace("settle();", "run_playbook(\"sec█ond\");")), "second/playbook.yaml 0:0");
    let config = define(SCRIPT.replace("settle();", "page(\"te█am\", \"x\");"));
    assert!(config.ends_with("/stanch.yaml 5:2"), "{config}");
    let nothing = editor.ask_at("textDocument/definition", MAIN, &SCRIPT.replace("settle()", "set█tle()"));
    assert_eq!(nothing, Value::Null);
}

#[test]
fn without_a_configuration_every_platform_is_there_and_nobody_is_missed() {
    let mut editor = Editor::new(&[("cut/playbook.yaml", MANIFEST), ("cut/main.rhai", SCRIPT)]);
    editor.open(MAIN, SCRIPT);
    assert_eq!(editor.mistakes(MAIN), [""; 0]);
    let found = editor.completions(MAIN, &SCRIPT.replace("settle();", "goo█"));
    assert!(labels(&found).contains(&"google_workspace"));
}

#[test]
fn a_playbook_that_is_too_large_is_said_to_be() {
    let mut editor = company();
    let large = "note(\"x\");\n".repeat(1024 * 1024);
    editor.open(MAIN, &large);
    let found = editor.mistakes(MAIN);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("1048576 is the most"), "{found:?}");
    let uri = editor.uri(MAIN);
    let asked = json!({ "textDocument": { "uri": uri }, "position": { "line": 0, "character": 2 } });
    assert_eq!(editor.ask("textDocument/completion", asked), json!([]));
    editor.write(MAIN, 2, &"note(\"x\");\n".repeat(40 * 1024));
    let found = editor.mistakes(MAIN);
    assert!(found.iter().any(|one| one.contains("PB0014")), "{found:?}");
}

#[test]
fn a_way_out_that_is_certain_can_be_taken() {
    let mut editor = company();
    editor.open(MAIN, &format!("{SCRIPT}each(holders(grants), |person| person.end_sessions());\n"));
    let found = editor.mistakes(MAIN);
    let wrong = found.iter().find(|one| one.contains("PB0031")).unwrap_or_else(|| panic!("{found:?}"));
    let line: u32 = wrong.split(':').next().unwrap().parse().unwrap();
    let uri = editor.uri(MAIN);
    let ask = |line: u32| {
        json!({ "textDocument": { "uri": uri }, "context": { "diagnostics": [] },
            "range": { "start": { "line": line, "character": 40 }, "end": { "line": line, "character": 40 } } })
    };
    assert_eq!(editor.ask("textDocument/codeAction", ask(0)), json!([]));
    let offered = editor.ask("textDocument/codeAction", ask(line));
    let first = &offered[0];
    assert_eq!(
        (first["kind"].as_str(), first["isPreferred"].as_bool()),
        (Some("quickfix"), Some(true)),
        "{offered}"
    );
    assert_eq!(first["diagnostics"][0]["code"], "PB0031");
    let edits = first["edit"]["changes"][editor.uri("cut/playbook.yaml")].as_array().unwrap().clone();
    let mut manifest: Vec<String> = MANIFEST.lines().map(str::to_owned).collect();
    for edit in &edits {
        let at = |end: &str, field: &str| edit["range"][end][field].as_u64().unwrap() as usize;
        assert_eq!(at("start", "line"), at("end", "line"), "{edit}");
        let line = &mut manifest[at("start", "line")];
        line.replace_range(
            at("start", "character")..at("end", "character"),
            edit["newText"].as_str().unwrap(),
        );
    }
    editor.open("cut/playbook.yaml", &(manifest.join("\n") + "\n"));
    assert_eq!(editor.mistakes(MAIN), [""; 0], "{manifest:#?}");
}
