//! Each fixture is named after its mistake.

use std::{collections::BTreeMap, fmt::Write};

use serde::Deserialize;

use super::*;
use crate::diagnostic::render_plain;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct File {
    #[serde(default)]
    integrations: BTreeMap<String, Entry>,
    #[serde(default)]
    list: Vec<String>,
    #[serde(default)]
    any: serde_json::Value,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only read")]
struct Entry {
    platform: String,
    #[serde(default)]
    rate: Option<f64>,
    #[serde(default)]
    on: bool,
}

fn mistake(source: &str) -> String {
    let found = read::<File>("f.yaml", source, "YA0001").unwrap_err();
    format!("{}; {}", found.one_line(), found.help.unwrap_or("no help".to_owned()))
}

#[test]
fn every_mistake_has_a_place_and_a_way_out() {
    let cases = [
        "integrations:\n\tokta: { platform: okta }\n",
        "any: text   # a word\n\tlist: [a]\n",
        "integrations:\n  okta: { platfrom: okta }\n",
        "integrations:\n  okta: { rate: 1 }\n",
        "list: [a]\nlist: [b]\n",
        "integrations:\n  okta: { platform: okta, rate: many }\n",
        "integrations:\n  okta: { platform: okta, on: yes }\n",
        "list: ü\n",
        "integrations: [a]\n",
        "list: [\"a, b]\nintegrations: {}\n",
        "list: [a, b\nintegrations: {}\n",
        "integrations:\n  okta:\n    platform: okta\n   rate: 1\n",
        "integrations:\n  okta:\n    platform: okta: x\n",
        "list: [a]\n---\nlist: [b]\n",
        "on: push\n",
        "list: [*nowhere]\n",
        "list: [\u{0}]\n",
    ];
    let mut seen = String::new();
    for case in cases {
        writeln!(seen, "{}", mistake(case)).unwrap();
    }
    insta::assert_snapshot!(seen, @r"
    f.yaml:2:2: a tab stands where YAML wants spaces [YA0001]; indent with spaces
    f.yaml:1:13: the next line begins with a tab or spaces, as if the text before this comment went on there [YA0001]; line it up with the other keys of its block; no tabs
    f.yaml:2:11: unknown field `platfrom` [YA0001]; did you mean `platform`?
    f.yaml:2:11: missing field `platform` [YA0001]; no help
    f.yaml:2:1: `list` is given twice [YA0001]; keep one of them
    f.yaml:2:33: a number was expected [YA0001]; write digits, without quotes
    f.yaml:2:31: true or false was expected [YA0001]; write `true` or `false`
    f.yaml:1:7: a list was expected [YA0001]; write `[a, b]`, or one `- item` a line
    f.yaml:1:15: a map was expected [YA0001]; write `{ key: value }`, or one `key: value` a line
    f.yaml:1:8: a quote is opened and never closed [YA0001]; close it, or quote the whole value in the other kind
    f.yaml:2:13: a `:` where a list is still open [YA0001]; close the list with `]` first
    f.yaml:4:4: this line is indented neither like its neighbours nor below them [YA0001]; line it up with the other keys of its block
    f.yaml:3:19: a second `:` in one line [YA0001]; quote the value if the `:` belongs to it; else start a new line
    f.yaml:3:1: a second document begins [YA0001]; keep one document in the file; remove the `---`
    f.yaml:1:1: unknown field `on` [YA0001]; known are integrations, list, any
    f.yaml:1:8: this alias points nowhere [YA0001]; define it above with `&name`, or quote the text if `*` belongs to it
    f.yaml:1:8: unexpected character: `\u{0}' [YA0001]; no help
    ");
}

#[test]
fn an_alias_bomb_is_refused_at_once() {
    let mut bomb = String::from("any:\n  - &a [x,x,x,x,x,x,x,x,x,x]\n");
    for pair in ["ab", "bc", "cd", "de", "ef", "fg", "gh", "hi", "ij"] {
        let (from, to) = pair.split_at(1);
        let items = vec![format!("*{from}"); 10].join(",");
        writeln!(bomb, "  - &{to} [{items}]").unwrap();
    }
    let found = mistake(&bomb);
    assert!(found.contains("beyond what is allowed") || found.contains("larger than"), "{found}");
}

#[test]
fn a_deep_or_large_file_is_refused() {
    assert!(mistake(&format!("any: {}", "[".repeat(5_000))).contains("too deeply"));
    assert!(mistake(&"#".repeat(2 * LARGEST)).contains("is the most"));
}

#[test]
fn a_tree_knows_its_places_beside_non_ascii() {
    let source = "title: é\nlist: [a, \"b c\"]\nn: { x: 1, y: 1.5, z: ~ }\n";
    let tree = node("f.yaml", source, "YA0001").unwrap();
    assert_eq!(&source[tree.at(&["list", "1"]).unwrap().span.clone()], "\"b c\"");
    assert_eq!(&source[tree.get("n").unwrap().0.span.clone()], "n");
    assert_eq!(
        tree.to_json(),
        serde_json::json!({ "title": "é", "list": ["a", "b c"], "n": { "x": 1, "y": 1.5, "z": null } })
    );
}

#[test]
fn a_mistake_is_drawn_with_its_line_and_a_caret() {
    let source = "# é\nintegrations:\n  okta: { platfrom: okta }\n";
    let found = read::<File>("stanch.yaml", source, "YA0001").unwrap_err();
    insta::assert_snapshot!(render_plain(&found, source), @r"
    error[YA0001] unknown field `platfrom`
      stanch.yaml:3:11
        |
      3 |   okta: { platfrom: okta }
        |           ^^^^^^^^ here
      help: did you mean `platform`?
    ");
}
