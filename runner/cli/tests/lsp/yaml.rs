//! Our YAML in an editor.

use serde_json::json;

use crate::client::{CONFIG, Editor, MANIFEST, SCRIPT, company, labels, named};

const BOOK: &str = "cut/playbook.yaml";

#[test]
fn keys_come_from_the_schema_and_names_from_what_is_configured() {
    let mut editor = company();
    let found = editor.completions(BOOK, &format!("{MANIFEST}que█"));
    let questions = found.iter().find(|one| one["label"] == "questions").unwrap();
    assert_eq!(questions["textEdit"]["newText"], "questions: ");
    assert!(questions["documentation"]["value"].as_str().unwrap().contains("Who answers"));
    assert!(!labels(&found).contains(&"title"), "it stands there already");

    let found = editor.completions(BOOK, &MANIFEST.replace("[grant.revoke]", "[grant.revoke, user.end█]"));
    let verb = found.iter().find(|one| one["label"] == "user.end_sessions").unwrap();
    assert!(verb["documentation"]["value"].as_str().unwrap().contains("permanent"));
    assert!(!labels(&found).contains(&"app.quarantine"), "it is reversible");
    assert!(
        labels(&found).contains(&"okta.revoke_app_token")
            || labels(&found).iter().any(|one| one.starts_with("okta."))
    );

    let found = editor.completions(BOOK, &MANIFEST.replace("ask: incident-lead", "ask: █"));
    assert_eq!(labels(&found), ["incident-lead"]);
    let found = editor.completions(BOOK, &MANIFEST.replace("unanswered: [deny]", "unanswered: [█]"));
    assert_eq!(labels(&found), ["incident-lead", "deny", "approve"]);
    let found = editor.completions(BOOK, &MANIFEST.replace("{ type: app }", "{ type: █ }"));
    assert!(labels(&found).contains(&"secret"));
    let found = editor.completions(BOOK, &MANIFEST.replace("{ type: app }", "{ type: app, from: al█ }"));
    assert!(labels(&found).contains(&"alert.app"));
}

#[test]
fn the_configuration_knows_the_catalogue() {
    let mut editor = company();
    let found = editor.completions("stanch.yaml", &CONFIG.replace("platform: okta", "platform: █"));
    assert!(labels(&found).contains(&"google-workspace"));
    let found = editor.completions("stanch.yaml", &format!("{CONFIG}alerts:\n  hook:\n    format: █\n"));
    assert!(labels(&found).contains(&"okta-event-hook"));
    let found = editor.completions("stanch.yaml", &format!("{CONFIG}alerts:\n  hook:\n    integration: █\n"));
    assert_eq!(labels(&found), ["okta"]);
    editor.write("stanch.yaml", 2, &CONFIG.replace("platform: okta", "platform: otka"));
    loop {
        let found = editor.mistakes("stanch.yaml");
        if let Some(one) = found.iter().find(|one| one.contains("otka")) {
            assert!(one.starts_with("3:20 CF0002 unknown platform `otka`; did you mean `okta`?"), "{one}");
            break;
        }
    }
}

#[test]
fn a_configuration_that_is_saved_is_read_again() {
    let mut editor = company();
    editor.open("cut/main.rhai", &format!("{SCRIPT}page(\"soc\", \"x\");\n"));
    let found = editor.mistakes("cut/main.rhai");
    assert!(found.iter().any(|one| one.contains("PB0036")), "{found:?}");
    let path = editor.path("stanch.yaml");
    std::fs::write(path, CONFIG.replace("  team:", "  soc:  [\"slack:#soc\"]\n  team:")).unwrap();
    let uri = editor.uri("stanch.yaml");
    editor.tell("textDocument/didSave", json!({ "textDocument": { "uri": uri } }));
    let found = editor.mistakes("cut/main.rhai");
    assert!(!found.iter().any(|one| one.contains("PB0036")), "{found:?}");
}

#[test]
fn mistakes_of_every_file_have_their_place() {
    let drill = include_str!("../../../../playbooks/library/oauth-app-compromise/drills/first-drill.yaml");
    let mut editor = company();
    let mut found = |name: &str, text: &str| {
        editor.open(name, text);
        editor.mistakes(name).join("\n")
    };
    assert!(
        found("vendors.yaml", "drift:\n  nam: Drift\n")
            .starts_with("1:2 VN0001 unknown field `nam`; did you mean `name`?")
    );
    assert!(found("deadlines.yaml", "dated: today\nrules: {}\n").starts_with("0:7 DL"));
    assert_eq!(found("cut/drills/first-drill.yaml", drill), "");
    assert!(
        found("cut/drills/first-drill.yaml", &drill.replacen("plot:", "plto:", 1))
            .contains("did you mean `plot`?")
    );
    assert!(
        found("own/integration.yaml", "platform: own\ntitel: x\n")
            .contains("IN0001 unknown field `titel`; did you mean `title`?")
    );
    assert!(found(BOOK, "uses:\n\tread: [find_app]\n").contains("indent with spaces"));
    assert!(found(BOOK, &MANIFEST.replace("owner:", "onwer:")).contains("did you mean `owner`?"));
}

#[test]
fn hovers_say_what_keys_and_names_mean() {
    let mut editor = company();
    let mut hover = |name: &str, marked: &str| {
        let found = editor.ask_at("textDocument/hover", name, marked);
        found["contents"]["value"].as_str().unwrap_or_default().to_owned()
    };
    assert!(
        hover(BOOK, &MANIFEST.replace("  cut-app: { ask:", "  cut-app: { a█sk:"))
            .starts_with("Groups in stanch.yaml.")
    );
    assert!(hover(BOOK, &MANIFEST.replace("reviewed:", "rev█iewed:")).contains("last read it whole"));
    assert!(
        hover(BOOK, &MANIFEST.replace("grant.revoke", "grant.re█voke"))
            .contains("**grant.revoke**: a verb, permanent")
    );
    assert!(
        hover(BOOK, &MANIFEST.replace("type: app", "type: a█pp")).contains("that `find_app` can look for")
    );
    assert!(
        hover("stanch.yaml", &CONFIG.replace("platform:", "plat█form:")).contains("slug in the catalogue")
    );
}

#[test]
fn definitions_and_the_outline() {
    let mut editor = company();
    let group = editor.ask_at(
        "textDocument/definition",
        BOOK,
        &MANIFEST.replace("ask: incident-lead", "ask: incident-█lead"),
    );
    assert!(named(&group).ends_with("/stanch.yaml 1:12"), "{group}");
    let trigger = format!("{MANIFEST}start: [{{ when: alert.kind == \"x\", one_run_per: a█pp }}]\n");
    let input = editor.ask_at("textDocument/definition", BOOK, &trigger);
    assert_eq!(named(&input), "cut/playbook.yaml 4:9");
    let uri = editor.uri(BOOK);
    let outline = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": uri } }));
    let names: Vec<&str> =
        outline.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["playbook", "title", "owner", "reviewed", "input", "uses", "approvals", "start"]);
    assert_eq!(outline[6]["children"][0]["name"], "cut-app");
}

#[test]
fn what_is_none_of_ours_is_left_alone() {
    let mut editor = Editor::new(&[]);
    assert!(editor.completions("compose.yaml", "services:\n  █").is_empty());
    let found = editor.ask_at("textDocument/hover", "twin.rhai", "fn x█() { }");
    assert_eq!(found, json!(null));
}

#[test]
fn cases_are_looked_at_with_their_playbook() {
    const CASE: &str = "cut/cases/all-well.yaml";
    const TEXT: &str = "\
case: the app is cut
input: { app: drift }
world: { apps: [{ id: drift, grants: { okta: 3 } }] }
answers: { cut-app: approve }
expect:
  containment: contained
  writes: { okta.revoke_app_token: 3 }
";
    let mut editor = company();
    editor.open(CASE, TEXT);
    assert_eq!(editor.mistakes(CASE), [""; 0]);
    editor.write(CASE, 2, &TEXT.replace("answers: { cut-app:", "answers: { cut-apps:"));
    let found = editor.mistakes(CASE);
    assert!(found.iter().any(|one| one.starts_with("3:") && one.contains("cut-app")), "{found:?}");
    editor.write(CASE, 3, &TEXT.replace("contaiment", "containment").replace("containment:", "contanment:"));
    let found = editor.mistakes(CASE);
    assert!(found.iter().any(|one| one.contains("did you mean `containment`?")), "{found:?}");
    let found = editor.completions(CASE, &TEXT.replace("{ cut-app: approve }", "{ █ }"));
    assert_eq!(labels(&found), ["cut-app"]);
    let found = editor.completions(CASE, &TEXT.replace("okta.revoke_app_token: 3", "okta.revoke_app█"));
    assert!(labels(&found).contains(&"okta.revoke_app_token"));
    let found = editor
        .completions(CASE, &format!("{TEXT}fault: [{{ action: okta.revoke_app_token, answer: time█ }}]\n"));
    assert!(labels(&found).contains(&"timeout_after_effect"));
}
