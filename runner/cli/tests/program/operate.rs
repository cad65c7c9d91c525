//! Operating it: a configuration that changes under a server, figures and their dashboard, upgrades, manual pages, the log.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Value, json};
use stanch_journal::{Journal, KeySource, LocalJournal, Options, StreamAppend, With};
use stanch_model::{NewEntry, StreamId};

use crate::support::{Served, client, empty, program, stanch, transcript};

fn last(folder: &Path, args: &[&str]) -> Value {
    let output = stanch(folder, args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or(Value::Null)
}

fn kinds(folder: &Path, kind: &str) -> Vec<Value> {
    let tail =
        stanch(folder, &["journal", "tail", "--no-follow", "-n", "1000", "--stream", "config", "--json"]);
    let text = String::from_utf8(tail.stdout).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|entry| entry["kind"] == kind).map(|entry| entry["body"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_configuration_is_taken_up_and_a_broken_one_leaves_the_old_in_force() {
    let home = empty();
    let folder = home.path();
    let write = |text: &str| fs::write(folder.join("stanch.yaml"), text).unwrap();
    write("people: { groups: { lead: [ana] } }\n");
    let server = Served::start(folder);
    write("people: { groups: { lead: [ben] } }\nserver: { rate: 7 }\n");
    let reloaded = last(folder, &["config", "reload", "--json"]);
    assert_eq!((&reloaded["changed"], &reloaded["restart"]), (&json!(["people"]), &json!(["server"])));
    assert_eq!(reloaded["by"], client(folder).me().await.unwrap().name);
    let written = kinds(folder, "config.reloaded");
    assert_eq!((written.len(), &written[0]["hash"]), (1, &reloaded["hash"]), "{written:?}");

    write("people: { groups: { lead: [] } }\n");
    let said = transcript(folder, &["config", "reload"]);
    assert!(said.contains("CF0006") && said.contains("the old configuration is in force"), "{said}");
    assert!(said.ends_with("exit 3\n"), "{said}");
    let said = transcript(folder, &["config", "check"]);
    assert!(said.contains("CF0006") && said.ends_with("exit 3\n"), "{said}");
    assert_eq!(kinds(folder, "config.refused").len(), 1);
    let changed = client(folder).status().await.unwrap().changed;
    assert_eq!(changed.len(), 1, "the file still says something else: {changed:?}");

    let viewer = last(folder, &["tokens", "new", "vera", "--role", "responder", "--json"]);
    let token = viewer["token"].as_str().unwrap();
    let refused = transcript(folder, &["config", "reload", "--url", &server.url(), "--token", token]);
    assert!(refused.contains("exit 3"), "only an admin may: {refused}");
}

#[test]
fn a_hangup_does_the_same() {
    let home = empty();
    let folder = home.path();
    fs::write(folder.join("stanch.yaml"), "people: { groups: { lead: [ana] } }\n").unwrap();
    let server = Served::start(folder);
    fs::write(folder.join("stanch.yaml"), "people: { groups: { lead: [ben] } }\n").unwrap();
    server.hang_up();
    while kinds(folder, "config.reloaded").is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(kinds(folder, "config.reloaded")[0]["by"], "SIGHUP");
}

/// Every name that begins like one of ours.
fn names(text: &str) -> BTreeSet<String> {
    let word = |letter: char| letter.is_ascii_lowercase() || letter == '_' || letter.is_ascii_digit();
    let found = text.match_indices("stanch_").map(|(at, _)| &text[at..]);
    found.map(|rest| rest.chars().take_while(|letter| word(*letter)).collect()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dashboard_shows_figures_that_there_are() {
    let home = empty();
    let folder = home.path();
    let file = folder.join("ocsf.jsonl");
    fs::write(
        folder.join("stanch.yaml"),
        format!("siem:\n  file: {{ to: file, path: {} }}\n", file.display()),
    )
    .unwrap();
    let server = Served::live(folder, &[]);
    assert_eq!(last(folder, &["journal", "backup", "copy", "--json"])["ok"], true);
    let metrics = get(&server.url(), "/metrics");
    let there = names(&metrics);
    let dashboard = concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/dashboard.json");
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(dashboard).unwrap()).unwrap();
    let mut shown = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            shown.extend(names(target["expr"].as_str().unwrap()));
        }
    }
    assert!(shown.len() > 8, "{shown:?}");
    let missing: Vec<&String> = shown.difference(&there).collect();
    assert!(missing.is_empty(), "no figure is named {missing:?}");
    let siem: Vec<&String> = there.iter().filter(|name| name.starts_with("stanch_siem")).collect();
    assert!(siem.iter().all(|name| shown.contains(*name)), "copies are shown whole: {siem:?}");
}

fn get(url: &str, path: &str) -> String {
    use std::io::{Read, Write};
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn before_an_upgrade_the_runs_that_would_stand_are_named() {
    let home = empty();
    let folder = home.path();
    {
        let options = Options::new(KeySource::File(folder.join("vault.key")));
        let journal = LocalJournal::open(folder.join("data"), options).unwrap();
        for (run, host_api) in [("01M8CAFZS58F2KKPQ23G399D8Q", 1), ("01M8CAFZS58F2KKPQ23G399D8R", 2)] {
            let pins = json!({ "playbook": null, "actions": {}, "integrations": {}, "rhai": "1.27.0", "host_api": host_api });
            let created = json!({
                "run": run, "playbook": "cut", "title": "Cut", "mode": "live", "input": {}, "started_by": "ana", "pins": pins,
            });
            let stream = StreamId::from_stored(format!("run/{run}"));
            let append =
                StreamAppend::new(stream, journal.epoch(), vec![NewEntry::new("run.created", &created)]);
            let ticket = journal.append(vec![append], With::default()).unwrap();
            journal.wait(&ticket).unwrap();
        }
    }
    let said = transcript(folder, &["doctor", "--offline", "--upgrade"]);
    assert!(said.contains("1 of 2 unfinished runs began under rhai 1.27.0 and host calls 1"), "{said}");
    assert!(said.contains("stanch repin RUN") && said.ends_with("exit 3\n"), "{said}");
}

#[test]
fn every_command_has_a_manual_page() {
    let home = empty();
    let made = last(home.path(), &["man", "--out", "man", "--json"]);
    assert!(made["pages"].as_u64().unwrap() > 40, "{made}");
    let page = fs::read_to_string(home.path().join("man/stanch-journal-verify.1")).unwrap();
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    assert!(page.contains("stanch journal verify") && page.contains("\\-\\-checkpoint"), "{page}");
    assert!(home.path().join("man/stanch.1").exists());
}

#[test]
fn the_log_is_for_people_or_for_a_collector() {
    let home = empty();
    let refused = transcript(home.path(), &["serve", "--log", "lou=d=er", "--twins", "127.0.0.1:9"]);
    assert!(refused.contains("is no level of the log") && refused.ends_with("exit 2\n"), "{refused}");
    let mut serve = program(
        home.path(),
        &[
            "serve",
            "--leash",
            "--listen",
            "127.0.0.1:0",
            "--twins",
            "127.0.0.1:9",
            "--log",
            "debug",
            "--log-format",
            "json",
        ],
    );
    let output = serve.stdin(std::process::Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(lines.iter().any(|line| line["level"].is_string() && line["timestamp"].is_string()), "{text}");
}
