//! What is kept for how long: retention, legal holds, backups that come back.

use std::{fs, path::Path};

use serde_json::{Value, json};
use stanch_model::api::StartBody;

use crate::support::{Served, client, empty, playbook, stanch, transcript, view};

const MANIFEST: &str = "playbook: cut
title: Write something down
owner: me
reviewed: 2026-11-01
input:
  person: { type: string }
uses: {}
";

const SCRIPT: &str = r#"evidence("before", #{ person: input.person });
note(`personal: ${input.person}`);
"#;

fn last(folder: &Path, args: &[&str]) -> Value {
    let output = stanch(folder, args);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let found = text.lines().last().and_then(|line| serde_json::from_str(line).ok());
    found.unwrap_or_else(|| panic!("{args:?}: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn company(folder: &Path) {
    playbook(folder, MANIFEST, SCRIPT);
    fs::write(folder.join("stanch.yaml"), "playbooks: [cut]\n").unwrap();
}

/// A run of its own, at its end; with the incident that it opened.
async fn run(folder: &Path) -> (String, String) {
    let input = json!({ "person": "mina@acme.example" }).as_object().cloned().unwrap();
    let body = StartBody { playbook: "cut".to_owned(), input, ..StartBody::default() };
    let run = client(folder).start(&body).await.unwrap().run;
    let view = view(folder, &run, |view| view.ended.is_some()).await;
    (run, view.incident.unwrap())
}

/// Whether these words lie anywhere in the folder.
fn lies(folder: &Path, words: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        match path.is_dir() {
            true => path.file_name().is_some_and(|name| name != "index") && lies(&path, words),
            false => {
                fs::read(&path).is_ok_and(|bytes| bytes.windows(words.len()).any(|at| at == words.as_bytes()))
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_long_ago_is_dropped_unless_a_legal_hold_covers_it_and_the_chain_verifies() {
    let home = empty();
    let folder = home.path();
    company(folder);
    let server = Served::start(folder);
    let (first, incident) = run(folder).await;
    let (second, other) = run(folder).await;
    let held = last(folder, &["legal-hold", "add", &incident, "--reason", "court order 7", "--json"]);
    assert_eq!(held["new"], true);

    let young = last(folder, &["journal", "retain", "--older-than", "1d", "--json"]);
    assert_eq!((&young["bodies"], &young["runs"]), (&json!(0), &json!([])), "{young}");
    let looked = last(folder, &["journal", "retain", "--older-than", "0ms", "--dry-run", "--json"]);
    assert_eq!((&looked["bodies"], &looked["runs"]), (&json!(0), &json!([second])), "{looked}");
    assert_eq!(looked["held"], json!([incident]));
    let dropped = last(folder, &["journal", "retain", "--older-than", "0ms", "--json"]);
    assert!(dropped["bodies"].as_u64().unwrap() > 4, "{dropped}");
    assert_eq!((&dropped["runs"], &dropped["held"]), (&json!([second]), &json!([incident])), "{dropped}");
    // the evidence of both is the same file, and one of them is kept
    assert_eq!(dropped["payloads"], 0);
    assert!(lies(&folder.join("data"), "mina@acme.example"));

    let verified = last(folder, &["journal", "verify", "--json"]);
    assert_eq!((&verified["ok"], &verified["dropped"]), (&json!(true), &dropped["bodies"]), "{verified}");
    let shown = transcript(folder, &["show", &second]);
    assert!(shown.contains("dropped by retention"), "{shown}");
    let listed = transcript(folder, &["runs"]);
    assert!(listed.contains("exit 0"), "{listed}");
    let kept = client(folder).run(&first).await.unwrap();
    assert_eq!(kept.incident.as_deref(), Some(incident.as_str()));

    assert!(transcript(folder, &["legal-hold", "list"]).contains("court order 7"));
    last(folder, &["legal-hold", "remove", &incident, "--reason", "it is over", "--json"]);
    drop(server);

    // beside no server, the same
    let dropped = last(folder, &["journal", "retain", "--older-than", "0ms", "--json"]);
    assert_eq!((&dropped["runs"], &dropped["payloads"]), (&json!([first]), &json!(1)), "{dropped}");
    assert!(!lies(&folder.join("data/journal"), "mina@acme.example"), "the journal still knows");
    assert!(!lies(&folder.join("data/blobs"), "mina@acme.example"), "the evidence is still there");
    let verified = last(folder, &["journal", "verify", "--json"]);
    assert_eq!(verified["ok"], true);
    let _server = Served::start(folder);
    assert!(client(folder).status().await.is_ok());
    assert_ne!(other, incident);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_was_taken_mid_write_comes_back_paused_and_says_how_old_it_is() {
    let home = empty();
    let folder = home.path();
    company(folder);
    let server = Served::start(folder);
    let writing = {
        let folder = folder.to_owned();
        std::thread::spawn(move || {
            for n in 0..10 {
                stanch(&folder, &["tokens", "new", &format!("p{n}"), "--role", "viewer"]);
            }
        })
    };
    let (first, _) = run(folder).await;
    let taken = last(folder, &["journal", "backup", "copy", "--json"]);
    assert_eq!(taken["ok"], true);
    writing.join().unwrap();
    let (later, _) = run(folder).await;
    let said = transcript(folder, &["doctor", "--offline"]);
    assert!(said.contains("ok     backup"), "{said}");
    drop(server);

    fs::rename(folder.join("data"), folder.join("lost")).unwrap();
    let said = transcript(folder, &["journal", "restore", "copy"]);
    assert!(said.contains("it knows nothing of what happened after") && said.contains("exit 0"), "{said}");
    let said = transcript(folder, &["doctor", "--offline"]);
    assert!(said.contains("restored from") && said.contains("comes up paused"), "{said}");
    let again = transcript(folder, &["journal", "restore", "copy"]);
    assert!(again.contains("name a folder that is new or empty"), "{again}");

    {
        let _server = Served::start(folder);
        let client = client(folder);
        assert_eq!(client.status().await.unwrap().paused, ["all"]);
        assert!(client.run(&first).await.unwrap().ended.is_some());
        assert_eq!(client.run(&later).await.unwrap_err().status(), Some(404), "the backup is older");
    }
    // a restart forgets neither
    let _server = Served::start(folder);
    let client = client(folder);
    assert_eq!(client.status().await.unwrap().paused, ["all"]);
    client.resume("all").await.unwrap();
    run(folder).await;
}
