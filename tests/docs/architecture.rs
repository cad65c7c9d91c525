//! The arrows between crates, read from the manifests, and the few rules that live inside one.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::OnceLock,
};

use serde_json::Value;

use crate::tree::{files, read, root, without_tests};

/// A package and what the program, not its tests, is made of.
pub(crate) struct Package {
    /// Where it lies, from the root.
    pub(crate) folder: String,
    needs: BTreeSet<String>,
    /// Names of its test programs.
    pub(crate) tests: BTreeSet<String>,
    /// Those of them that run by name only.
    pub(crate) by_name: BTreeSet<String>,
}

/// The packages of this workspace by name.
pub(crate) fn packages() -> &'static BTreeMap<String, Package> {
    static READ: OnceLock<BTreeMap<String, Package>> = OnceLock::new();
    READ.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["metadata", "--no-deps", "--format-version", "1", "--locked", "--offline"]);
        let out = cargo.current_dir(root()).output().expect("cargo");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let all: Value = serde_json::from_slice(&out.stdout).unwrap();
        all["packages"].as_array().unwrap().iter().map(package).collect()
    })
}

fn package(value: &Value) -> (String, Package) {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let manifest = text(&value["manifest_path"]);
    let folder = manifest.strip_suffix("/Cargo.toml").unwrap();
    let folder = folder.strip_prefix(root().to_string_lossy().as_ref()).unwrap().trim_start_matches('/');
    let array = |key: &str| value[key].as_array().unwrap().iter();
    let built = array("dependencies").filter(|need| need["kind"] != "dev");
    let tests = || array("targets").filter(|target| target["kind"][0] == "test");
    let package = Package {
        folder: folder.to_owned(),
        needs: built.map(|need| text(&need["name"])).collect(),
        tests: tests().map(|target| text(&target["name"])).collect(),
        by_name: tests().filter(|one| one["test"] == false).map(|one| text(&one["name"])).collect(),
    };
    (text(&value["name"]), package)
}

fn ours(needs: &BTreeSet<String>) -> BTreeSet<&str> {
    needs.iter().filter_map(|name| name.strip_prefix("stanch-")).collect()
}

/// Who may know whom. A crate that is absent may know everybody.
const ARROWS: [(&str, &[&str]); 11] = [
    ("model", &[]),
    ("journal", &["model"]),
    ("integrations", &["model"]),
    ("playbooks", &["model"]),
    ("response", &["model"]),
    ("client", &["model"]),
    ("tui", &["model", "client"]),
    ("engine", &["model", "journal", "integrations", "playbooks"]),
    ("server", &["model", "journal", "integrations", "playbooks", "engine", "response"]),
    ("lsp", &["model", "integrations", "playbooks", "response", "drill"]),
    ("drill", &["model", "journal", "client", "integrations", "playbooks", "response"]),
];

#[test]
fn crates_know_only_what_lies_under_them() {
    for (name, allowed) in ARROWS {
        let known = ours(&packages()[&format!("stanch-{name}")].needs);
        let beyond: Vec<&&str> = known.iter().filter(|known| !allowed.contains(known)).collect();
        assert!(beyond.is_empty(), "{name} must not know {beyond:?}");
    }
}

/// A dependency and who alone may have it.
const ONLY: [(&str, &[&str]); 5] = [
    ("sled", &["journal"]),
    ("reqwest", &["integrations", "client", "tests"]),
    ("axum", &["server", "integrations", "drill"]),
    ("rhai", &["playbooks", "integrations", "engine", "server", "drill"]),
    ("anyhow", &["cli"]),
];

#[test]
fn what_touches_the_world_stays_where_it_belongs() {
    for (dependency, allowed) in ONLY {
        for (name, package) in packages() {
            let name = name.trim_start_matches("stanch-");
            let has = package.needs.contains(dependency);
            assert!(!has || allowed.contains(&name), "{name} must not depend on {dependency}");
        }
    }
    let model = &packages()["stanch-model"].needs;
    for stranger in ["tokio", "reqwest", "rhai", "sled"] {
        assert!(!model.contains(stranger), "the nouns must not depend on {stranger}");
    }
}

/// The lines of a folder's sources, tests left out, with their places.
fn lines(folder: &str, without: &[&str]) -> Vec<(String, String)> {
    let wanted = |path: &String| {
        path.starts_with(folder) && path.ends_with(".rs") && !without.iter().any(|left| path.ends_with(left))
    };
    let mut found = Vec::new();
    for path in files().into_iter().filter(wanted) {
        let text = read(&path);
        let code = without_tests(&text).lines().enumerate();
        let code = code.filter(|(_, line)| !line.trim_start().starts_with("//"));
        found.extend(code.map(|(at, line)| (format!("{path}:{}", at + 1), line.to_owned())));
    }
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

fn assert_absent(lines: &[(String, String)], words: &[&str], why: &str) {
    let found: Vec<String> = lines
        .iter()
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(place, line)| format!("{place}: {}", line.trim()))
        .collect();
    assert!(found.is_empty(), "{why}\n{}", found.join("\n"));
}

#[test]
fn the_engine_reads_the_time_in_one_place() {
    let lines = lines("runner/engine/src/", &["/env.rs", "/tests.rs"]);
    let words = ["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now"];
    assert_absent(&lines, &words, "a replay would see another value");
}

#[test]
fn one_file_alone_can_reach_a_live_platform() {
    let lines = lines("integrations/src/", &["/transport/live.rs", "/transport/live/tls.rs"]);
    assert_absent(&lines, &["reqwest"], "a drill must have no way to a live host");
}
