//! A journal that is not what was written.

use std::path::{Path, PathBuf};

use serde_json::json;
use stanch_model::api::StartBody;

use crate::support::{Served, client, empty, playbook, stanch, transcript};

/// The only segment of a small journal.
fn segment(folder: &Path) -> PathBuf {
    let journal = folder.join("data/journal");
    let segments = std::fs::read_dir(journal).unwrap().flatten().map(|entry| entry.path());
    segments.filter(|path| path.extension().is_some_and(|ext| ext == "jsonl")).min().unwrap()
}

/// A run that waits for an answer, and a server that has stopped. Gives the run.
async fn parked(folder: &Path) -> String {
    let manifest = "playbook: cut\ntitle: Cut\nowner: ir\nreviewed: 2026-11-01\nuses: {}\n";
    playbook(folder, manifest, "ask(\"go\", \"Shall we?\", [\"yes\", \"no\"]);\n");
    std::fs::write(folder.join("stanch.yaml"), "playbooks: [cut]\n").unwrap();
    let _server = Served::start(folder);
    let client = client(folder);
    let body = StartBody { playbook: "cut".to_owned(), ..StartBody::default() };
    let run = client.start(&body).await.unwrap().run;
    let mut events = client.run_events(&run, None);
    while client.run(&run).await.unwrap().open_waits().count() == 0 {
        events.next().await.unwrap();
    }
    // Something durable after it: damage at the very end could be a crash, damage before it cannot.
    client.pause("playbook:cut").await.unwrap();
    run
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_byte_under_a_parked_run_stops_the_server_and_is_named() {
    let home = empty();
    let run = parked(home.path()).await;
    assert!(stanch(home.path(), &["journal", "verify"]).status.success());
    let file = segment(home.path());
    let text = std::fs::read_to_string(&file).unwrap();
    let asked = |line: &&str| line.contains(&format!("run/{run}")) && line.contains("Shall we?");
    let line = 1 + text.lines().position(|line| asked(&line)).unwrap();
    let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
    lines[line - 1] = lines[line - 1].replacen("Shall we?", "Shall We?", 1);
    // A segment may have room left at its end.
    let edited = lines.concat().into_bytes()[..text.len()].to_vec();
    std::fs::write(&file, &edited).unwrap();
    let place = format!("{}:{line}", file.file_name().unwrap().to_str().unwrap());

    let args = ["serve", "--twins", "127.0.0.1:9", "--listen", "127.0.0.1:0"];
    let served = transcript(home.path(), &args);
    for part in [place.as_str(), &format!("run/{run}"), "exit 5\n"] {
        assert!(served.contains(part), "`{part}` is missing in\n{served}");
    }
    let verified = transcript(home.path(), &["journal", "verify"]);
    for part in [place.as_str(), &format!("run/{run}"), "exit 5\n"] {
        assert!(verified.contains(part), "`{part}` is missing in\n{verified}");
    }
    let json = stanch(home.path(), &["journal", "verify", "--json"]);
    let last = String::from_utf8(json.stdout).unwrap().lines().last().unwrap().to_owned();
    let last: serde_json::Value = serde_json::from_str(&last).unwrap();
    assert_eq!(last["error"]["exit"], json!(5), "{last}");
    assert!(std::fs::read(&file).unwrap() == edited, "what is evidence was changed");
}
