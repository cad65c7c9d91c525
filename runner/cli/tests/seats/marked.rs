//! What leaves a drill: words that nobody takes for real, and nothing for anybody outside.

use std::{fs, net::TcpListener, path::Path};

use serde_json::Value;

use crate::hosted::stanch;

const MANIFEST: &str = "playbook: shout
title: Tell everybody in every way
owner: me
reviewed: 2026-11-01
input:
  app: { from: alert.app, type: app }
start:
  - when: alert.kind == \"shout\"
uses:
  read: [find_app]
  tell: [notify, page, slack.post_message]
";

const SCRIPT: &str = r##"let apps = find_app(input.app);
slack.post_message(#{ channel: "#incidents", text: "the script itself" });
page("team", "a page");
notify(vendor_of(apps), "cut", #{ app: input.app });
"##;

const SCENARIO: &str = "drill: shout
title: Everybody is told
length: 5m
clock: { starts: 2026-03-10T09:00:00Z, seed: 1 }
seats: [responder]
briefing: |
  Nothing is cut; everybody is told.
goals: { tell: Everybody hears of it. }
world:
  people: 20
  apps: [{ id: polly, vendor: polly, grants: { okta: 1 } }]
plot:
  - at: 0m
    alert: { kind: shout, app: polly, severity: high }
expect:
  - { goal: tell, points: 10, that: 'told(\"polly\")' }
end: { once: all_met && ended, at: 5m, pass: 70 }
";

fn write(home: &Path) {
    let book = home.join("shout");
    for (name, text) in [
        ("playbook.yaml", MANIFEST),
        ("main.rhai", SCRIPT),
        ("README.md", "# Shout\n"),
        ("templates/cut.md", "---\nsubject: \"{app} is cut off\"\n---\nIt is.\n"),
        ("drills/shout.yaml", SCENARIO),
    ] {
        let path = book.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// What the simulated platforms hold at the end.
fn held(home: &Path) -> Value {
    serde_json::from_slice(&fs::read(home.join("data.drill/twins.json")).unwrap()).unwrap()
}

#[test]
fn every_message_of_a_drill_is_marked_and_nobody_outside_hears_of_it() {
    let home = tempfile::tempdir().unwrap();
    write(home.path());
    // whoever listens here is what a proxy of this machine would be: the way to everything live
    let outside = TcpListener::bind("127.0.0.1:0").unwrap();
    outside.set_nonblocking(true).unwrap();
    let way = format!("http://{}", outside.local_addr().unwrap());
    let mut command = stanch(home.path(), &["drill", "shout", "--auto", "--json", "--playbooks", "shout"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"] {
        command.env(name, &way);
    }
    let output = command.args(["--data", "data"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said} {}", String::from_utf8_lossy(&output.stderr));
    assert!(outside.accept().is_err(), "somebody asked for a way out");

    let held = held(home.path());
    let rows = held["tenants"]["slack"]["tables"]["messages"]["rows"].as_object().unwrap().clone();
    let chat: Vec<String> = rows.values().map(|row| row["text"].as_str().unwrap().to_owned()).collect();
    for words in ["the script itself", "a page"] {
        assert!(chat.iter().any(|text| *text == format!("EXERCISE: {words}")), "{words}: {chat:?}");
    }
    let mails = held["mails"].as_array().unwrap();
    assert!(!mails.is_empty() && chat.iter().all(|text| text.starts_with("EXERCISE: ")), "{chat:?}");
    for mail in mails {
        assert!(mail["subject"].as_str().unwrap().starts_with("EXERCISE: "), "{mail}");
    }
}

#[test]
fn a_scenario_is_begun_by_the_program_and_a_run_becomes_one_that_can_be_played() {
    let home = tempfile::tempdir().unwrap();
    let said = |args: &[&str]| {
        let output = stanch(home.path(), args).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + err.as_str())
    };
    let new = said(&["drill", "new", "our-own"]);
    assert_eq!(new.0, Some(0), "{}", new.1);
    let file = "oauth-app-compromise/drills/our-own.yaml";
    assert_eq!(said(&["drill", "check", file]).0, Some(0));
    let again = said(&["drill", "new", "our-own"]);
    assert!(again.0 == Some(1) && again.1.contains("cannot write"), "an author's file is never written over");

    let played = said(&["drill", file, "--auto", "--json", "--data", "data"]);
    assert_eq!(played.0, Some(0), "{}", played.1);
    let run = fs::read_dir(home.path().join("data/journal")).unwrap().find_map(|file| {
        let text = String::from_utf8_lossy(&fs::read(file.unwrap().path()).ok()?).into_owned();
        Some(text.split_once("\"stream\":\"run/")?.1.split('"').next()?.to_owned())
    });
    let run = run.unwrap();
    let from = said(&["drill", "from-run", &run, "--name", "once-more", "--data", "data"]);
    assert_eq!(from.0, Some(0), "{}", from.1);
    let file = "oauth-app-compromise/drills/once-more.yaml";
    let text = fs::read_to_string(home.path().join(file)).unwrap();
    for words in
        ["id: polly", "okta: 9", &format!("our run {run}"), "acknowledged: ", "cut-app: { say: approve"]
    {
        assert!(text.contains(words), "{words} is not in\n{text}");
    }
    assert_eq!(said(&["drill", "check", file]).0, Some(0));
    let replayed = said(&["drill", file, "--auto", "--json"]);
    assert_eq!(replayed.0, Some(0), "{}", replayed.1);
    let nothing = said(&["drill", "from-run", "ZZZZZZ", "--data", "data"]);
    assert!(nothing.0 == Some(3) && nothing.1.contains("no run"), "{}", nothing.1);
}
