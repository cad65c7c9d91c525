//! Every YAML file that ships fits its schema, and a typo fits none.
//!
//! By a reading of JSON Schema of our own, of what stands in these schemas: the crate that reads all of it brings two dozen
//! others, and switches how every test of the workspace reads numbers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests may

mod fits;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use stanch_lsp::schema::{SCHEMAS, Schema, named, of};
use stanch_model::yaml;

/// Where the checkout is.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The YAML files of the checkout that have a schema.
fn shipped() -> Vec<(PathBuf, &'static Schema)> {
    let mut found = Vec::new();
    let mut folders = [
        "playbooks/library",
        "integrations/catalog",
        "runner/response",
        "runner/cli/src",
        "runner/engine/src",
    ]
    .map(|part| root().join(part))
    .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // What `stanch new` fills in is no YAML before.
                folders.extend((!path.ends_with("cli/src/commands/new")).then_some(path));
            } else if let Some(schema) = of(&path) {
                found.push((path, schema));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn mistakes(schema: &Schema, value: &Value) -> Vec<String> {
    fits::mistakes(schema.value(), schema.value(), value, "")
}

fn read(text: &str) -> Value {
    yaml::node("", text, "").unwrap_or_else(|why| panic!("{}", why.one_line())).to_json()
}

#[test]
fn every_file_that_ships_fits_its_schema() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for (path, schema) in shipped() {
        let value = read(&fs::read_to_string(&path).unwrap());
        wrong.extend(mistakes(schema, &value).into_iter().map(|one| format!("{}: {one}", path.display())));
        seen.insert(schema.name);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unseen: Vec<&str> =
        SCHEMAS.iter().map(|schema| schema.name).filter(|name| !seen.contains(name)).collect();
    assert!(unseen.is_empty(), "no file shows {unseen:?}");
}

#[test]
fn a_key_that_is_misspelt_is_refused_wherever_it_stands() {
    let cases = [
        ("playbook", "playbook: x\ntitle: x\nowner: x\nreviewed: 2026-11-01\nuses: { raed: [find_app] }\n"),
        (
            "playbook",
            "playbook: x\ntitle: x\nowner: x\nreviewed: 2026-11-01\nuses: {}\napprovals: { a: { ask: x, within: 1m, unanswered: deny, prapproved: x } }\n",
        ),
        (
            "playbook",
            "playbook: x\ntitle: x\nowner: x\nreviewed: 2026-11-01\nuses: {}\ninput: { app: { type: ap } }\n",
        ),
        ("stanch", "integrations: { okta: { platfrom: okta } }\n"),
        ("stanch", "peple: {}\n"),
        ("vendors", "drift: { nam: Drift }\n"),
        ("deadlines", "dated: 2026-11-01\nrules: { x: { title: X, from: aware, witin: 72h } }\n"),
        ("alerts", "platform: x\ntitle: x\nsources: {}\nsuorces: {}\n"),
        ("integration", "platform: x\ntitle: x\ndocs: x\nurl: x\nauth: []\nactions: {}\nlimts: {}\n"),
    ];
    for (name, text) in cases {
        let schema = named(name).unwrap();
        assert!(!mistakes(schema, &read(text)).is_empty(), "{name} takes\n{text}");
    }
    let drill = shipped().into_iter().find(|(_, schema)| schema.name == "drill").unwrap();
    let text = fs::read_to_string(drill.0).unwrap().replacen("plot:", "plto:", 1);
    assert!(!mistakes(drill.1, &read(&text)).is_empty());
}

/// What an editor shows beside a key stands in its schema.
#[test]
fn every_key_is_described() {
    let mut silent = Vec::new();
    for schema in &SCHEMAS {
        undescribed(schema.value(), schema.value(), schema.name, &mut silent);
    }
    assert!(silent.is_empty(), "without a description:\n{}", silent.join("\n"));
}

fn undescribed(root: &Value, node: &Value, at: &str, silent: &mut Vec<String>) {
    for (name, field) in node["properties"].as_object().into_iter().flatten() {
        let target = field["$ref"].as_str().and_then(|to| root.pointer(to.trim_start_matches('#')));
        // Of a choice that is a map of one key, what is said of the choice is said of the key.
        let alone = node["properties"].as_object().is_some_and(|all| all.len() == 1);
        if alone && !node["description"].is_null() {
            continue;
        }
        if field["description"].is_null() && target.is_none_or(|target| target["description"].is_null()) {
            silent.push(format!("{at}/{name}"));
        }
    }
    match node {
        Value::Object(map) => {
            map.iter().for_each(|(key, inner)| undescribed(root, inner, &format!("{at}/{key}"), silent))
        }
        Value::Array(items) => items.iter().for_each(|inner| undescribed(root, inner, at, silent)),
        _ => {}
    }
}
