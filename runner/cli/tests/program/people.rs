//! What people say through the program: start, yes, no, an answer, hold, let go, end; what each says and how it exits.

use std::path::Path;

use serde_json::Value;
use stanch_model::run::RunState;

use crate::support::{Served, book, empty, program, stanch, told, transcript, view};

const MANIFEST: &str = "title: Ask people
owner: ir
reviewed: 2026-11-01
uses: {}
approvals:
  go: { ask: lead, within: 1h, unanswered: [deny] }
";

const SCRIPT: &str = r#"approve("go", "Shall we cut it?", input.what);
note(ask("way", "Which way?", ["left", "right"]));
"#;

const TARGET: &str = r#"what=[{"$target":{"integration":"okta","kind":"app","id":"0oa1","label":"Drift"}}]"#;

/// A server, and who may speak to it from elsewhere.
struct Office<'a> {
    folder: &'a Path,
    url: String,
    token: String,
}

impl Office<'_> {
    /// What the lead says, through the server's address.
    fn lead(&self, args: &[&str]) -> String {
        let env = [("STANCH_URL", &self.url), ("STANCH_TOKEN", &self.token)];
        told(args, &program(self.folder, args).envs(env).output().unwrap())
    }

    /// A run that `ana` started, once it waits for this card.
    async fn asks(&self, card: &str) -> String {
        let begun = stanch(self.folder, &["run", "asks", "--input", TARGET, "--json"]);
        assert!(begun.status.success(), "{begun:?}");
        let lines = String::from_utf8(begun.stdout).unwrap();
        let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        let run = last["run"].as_str().unwrap().to_owned();
        view(self.folder, &run, |view| view.open_waits().any(|wait| wait.id == card)).await;
        run
    }
}

/// Panics unless all parts are there, the last at the end.
fn says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    assert!(text.ends_with(&format!("{}\n", parts.last().unwrap())), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_say_is_recorded_and_every_refusal_has_its_reason_and_code() {
    let home = empty();
    let folder = home.path();
    let manifest = format!("{MANIFEST}input:\n  what: {{ type: list }}\n");
    book(folder, "asks", &manifest, SCRIPT);
    std::fs::write(folder.join("stanch.yaml"), "people:\n  groups: { lead: [ben] }\nplaybooks: [asks]\n")
        .unwrap();
    let server = Served::start(folder);
    let made = stanch(folder, &["tokens", "new", "ben", "--role", "approver"]);
    let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    let office = Office { folder, url: server.url(), token };

    let run = office.asks("A1").await;
    says(&transcript(folder, &["approve", &run]), &["who started the run cannot approve", "exit 3"]);
    says(&transcript(folder, &["status"]), &["Shall we cut it?", "[lead]", "exit 4"]);
    says(&office.lead(&["approve", &run, "--reason", "seen"]), &["recorded", "ben", "exit 0"]);
    view(folder, &run, |view| view.open_waits().any(|wait| wait.id == "Q1")).await;
    says(&office.lead(&["approve", &format!("{run}:A1")]), &["exit 3"]);
    says(&transcript(folder, &["answer", &run, "up"]), &["left, right", "exit 3"]);
    says(&transcript(folder, &["answer", &run, "left"]), &["recorded as ", "exit 0"]);
    says(&transcript(folder, &["watch", &run]), &["note     left", "ended    finished", "exit 0"]);

    let run = office.asks("A1").await;
    says(&office.lead(&["deny", &run]), &["recorded", "exit 0"]);
    let ended = view(folder, &run, |view| view.ended.is_some()).await;
    assert_eq!(ended.error.unwrap().kind, "denied");
    says(&transcript(folder, &["show", &run]), &["failed", "denied", "exit 3"]);

    let run = office.asks("A1").await;
    says(&transcript(folder, &["pause", &run]), &["recorded as ", "exit 0"]);
    view(folder, &run, |view| view.state == RunState::Paused).await;
    says(&transcript(folder, &["show", &run]), &["waits paused by ", ", through cli, since", "exit 4"]);
    says(&transcript(folder, &["resume", &run]), &["recorded as ", "exit 0"]);
    view(folder, &run, |view| view.state == RunState::Waiting).await;
    says(&transcript(folder, &["repin", &run]), &["only a diverged run", "exit 3"]);
    says(&transcript(folder, &["resolve", &run, "D1", "done"]), &["exit 3"]);
    says(&transcript(folder, &["undo", &run]), &["it holds nothing", "exit 3"]);
    says(&transcript(folder, &["cancel", &run, "--reason", "enough"]), &["recorded as ", "exit 0"]);
    view(folder, &run, |view| view.ended.is_some()).await;
    says(&transcript(folder, &["cancel", &run]), &["it is over", "exit 3"]);
    says(&transcript(folder, &["show", &run]), &["cancelled by ", ", through cli: enough", "exit 3"]);
    let report = transcript(folder, &["report", &run]);
    for words in ["cancels the run, through cli (enough)", "lets it go on, through cli", ", through cli"] {
        assert!(report.contains(words), "`{words}` is missing in\n{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_on_alone_is_named_with_the_reason_wherever_the_run_is_shown() {
    let home = empty();
    let folder = home.path();
    let manifest = format!("{MANIFEST}input:\n  what: {{ type: list }}\n");
    book(folder, "asks", &manifest, SCRIPT);
    let config = "people:\n  groups: { lead: [ben] }\nplaybooks: [asks]\nbreak_glass: { after: 0s }\n";
    std::fs::write(folder.join("stanch.yaml"), config).unwrap();
    let server = Served::start(folder);
    let office = Office { folder, url: server.url(), token: String::new() };
    let run = office.asks("A1").await;
    says(
        &transcript(folder, &["break-glass", &run, "--reason", "hm"]),
        &["at least 10 characters", "exit 3"],
    );
    let said = transcript(folder, &["break-glass", &run, "--reason", "nobody answers the phone"]);
    says(&said, &["asked: ben", "A1 is let go alone; everybody is told, recorded as ", "exit 0"]);
    view(folder, &run, |view| view.open_waits().any(|wait| wait.id == "Q1")).await;
    let word = "through cli: nobody answers the phone";
    let shown = transcript(folder, &["show", &run]);
    assert!(shown.contains("BREAK-GLASS A1: ") && shown.contains(word), "{shown}");
    says(&transcript(folder, &["answer", &run, "left"]), &["exit 0"]);
    view(folder, &run, |view| view.ended.is_some()).await;
    for format in ["md", "html", "json"] {
        let report = transcript(folder, &["report", &run, "--format", format]);
        assert!(report.contains("Break-glass") && report.contains(word), "{format}: {report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_reminds_people_and_asks_the_next_at_once() {
    let home = empty();
    let folder = home.path();
    let manifest = format!("{MANIFEST}input:\n  what: {{ type: list }}\n");
    book(folder, "asks", &manifest.replace("unanswered: [deny]", "unanswered: [board, deny]"), SCRIPT);
    let config = "people:\n  groups: { lead: [ben], board: [dora] }\nplaybooks: [asks]\n";
    std::fs::write(folder.join("stanch.yaml"), config).unwrap();
    let server = Served::start(folder);
    let office = Office { folder, url: server.url(), token: String::new() };
    let run = office.asks("A1").await;
    says(&transcript(folder, &["remind", &run]), &["A1 reminds ben", "exit 0"]);
    view(folder, &run, |view| view.waits[0].reminded.len() == 1).await;
    says(&transcript(folder, &["remind", "A1"]), &["they were reminded", "exit 3"]);
    says(&transcript(folder, &["ask-someone", "A1", "zoe"]), &["next is board", "exit 3"]);
    says(&transcript(folder, &["ask-someone", "A1"]), &["A1 asks dora now", "exit 0"]);
    view(folder, &run, |view| view.waits[0].ask == ["lead", "board"]).await;
    says(
        &transcript(folder, &["ask-someone", "A1"]),
        &["nobody comes after those", "stanch remind", "exit 3"],
    );
    says(&transcript(folder, &["remind", "Q9"]), &["exit 3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_copied_while_a_server_writes_it_and_the_copy_is_whole() {
    let home = empty();
    let folder = home.path();
    book(folder, "asks", &format!("{MANIFEST}input:\n  what: {{ type: list }}\n"), SCRIPT);
    std::fs::write(folder.join("stanch.yaml"), "people:\n  groups: { lead: [ben] }\nplaybooks: [asks]\n")
        .unwrap();
    let server = Served::start(folder);
    let office = Office { folder, url: server.url(), token: String::new() };
    let run = office.asks("A1").await;
    says(&transcript(folder, &["journal", "backup", "copy"]), &["copied to copy", "exit 0"]);
    let after = office.asks("A1").await;
    says(
        &transcript(folder, &["journal", "restore", "copy", "--data", "again"]),
        &["restored to again", "exit 0"],
    );
    says(
        &transcript(folder, &["journal", "verify", "--data", "again"]),
        &["every hash and every chain holds", "exit 0"],
    );
    let tail = |data: &str| {
        transcript(
            folder,
            &["journal", "tail", "--no-follow", "-n", "1000", "--stream", "run/", "--data", data],
        )
    };
    assert!(tail("again").contains(&run) && !tail("again").contains(&after), "{}", tail("again"));
    assert!(tail("data").contains(&after), "{}", tail("data"));
    says(&transcript(folder, &["journal", "restore", "copy", "--data", "data"]), &["exit 1"]);
}
