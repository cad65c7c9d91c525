//! The routes against the platforms' own descriptions, where those are at hand (`STANCH_SPECS`, a folder).

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde_json::Value;

/// Method and path with `*` for parameters, to the statuses that the description names.
type Operations = BTreeMap<String, BTreeSet<String>>;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("STANCH_SPECS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: STANCH_SPECS names no folder of API descriptions");
    }
    folder
}

/// The lines of a script that declare operations: (method, path).
fn routes(script: &str) -> Vec<(String, String)> {
    let lines = script.lines().filter(|line| line.starts_with("read(") || line.starts_with("write("));
    let quoted = lines.filter_map(|line| line.split('"').nth(3)?.split_once(' '));
    quoted.map(|(method, path)| (method.to_owned(), path.trim().to_owned())).collect()
}

fn general(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Okta's description is too long to be parsed in a test; its layout is regular enough to be read line by line.
fn okta(text: &str) -> Operations {
    let (mut path, mut method, mut found) = (String::new(), String::new(), Operations::new());
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let word = line.trim().trim_end_matches(':');
        match indent {
            2 if word.starts_with('/') => path = general(word),
            2 => path.clear(),
            4 => method = word.to_uppercase(),
            8 if !path.is_empty() && word.starts_with('\'') => {
                let status = word.trim_matches('\'').to_owned();
                found.entry(format!("{method} {path}")).or_default().insert(status);
            }
            _ => {}
        }
    }
    found
}

fn github(text: &str) -> Operations {
    let description: Value = serde_json::from_str(text).expect("json");
    let mut found = Operations::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let Some(responses) = operation["responses"].as_object() else { continue };
            let key = format!("{} {}", method.to_uppercase(), general(path));
            found.insert(key, responses.keys().cloned().collect());
        }
    }
    found
}

/// Operations whose success status the scripts write down, and that the description must know.
fn statuses_agree(script: &str, operations: &Operations) -> usize {
    let mut compared = 0;
    for block in script.split("\nread(").chain(script.split("\nwrite(")).skip(1) {
        let block =
            block.split("\nread(").next().unwrap_or_default().split("\nwrite(").next().unwrap_or_default();
        let Some((method, path)) = block.split('"').nth(3).and_then(|line| line.split_once(' ')) else {
            continue;
        };
        let Some(known) = operations.get(&format!("{method} {}", general(path.trim()))) else { continue };
        for word in ["json(20", "empty(20"] {
            for rest in block.split(word).skip(1) {
                let status = format!("20{}", &rest[..1]);
                assert!(known.contains(&status), "{method} {path} answers {status}, described are {known:?}");
                compared += 1;
            }
        }
    }
    compared
}

#[test]
fn okta_and_github_know_these_routes_and_statuses() {
    let Some(folder) = folder() else { return };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect(name);
    for (script, operations) in [
        (include_str!("../../catalog/okta/twin.rhai"), okta(&read("okta.yaml"))),
        (include_str!("../../catalog/github/twin.rhai"), github(&read("github.json"))),
    ] {
        let routes = routes(script);
        assert!(routes.len() > 25, "{}", routes.len());
        for (method, path) in routes.iter().filter(|(_, path)| !path.starts_with("/oauth2/")) {
            // What stands behind the question mark tells operations at one address apart.
            let address = path.split('?').next().unwrap_or_default();
            // `me` is an id that every token knows.
            let key = format!("{method} {}", general(&address.replace("/users/me", "/users/{user}")));
            assert!(operations.contains_key(&key), "{key} is not described");
        }
        assert!(statuses_agree(script, &operations) > 15);
    }
}

#[test]
fn slack_knows_these_methods() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("slack-methods.json")).expect("slack-methods.json");
    let known: Value = serde_json::from_str(&text).expect("json");
    let script = include_str!("../../catalog/slack/twin.rhai");
    let methods: BTreeSet<&str> =
        script.split("/api/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(methods.len() > 20);
    for method in methods {
        assert!(known.get(method).is_some(), "{method} is no method of Slack");
    }
}
