//! Ladders that are climbed because nobody answers: a vendor's contacts, and those whose yes an approval wants. The server
//! lives by a clock that the test moves.

use std::{path::Path, time::Duration};

use stanch_integrations::twin::{TwinHost, TwinOptions};

use crate::{
    ladder::{company, notice, states},
    support::{Served, book, client, empty, stanch, transcript, view},
};

/// 2026-11-27T02:00:00Z.
const NIGHT: i64 = 1_795_744_800_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn served(folder: &Path, twins: &TwinHost, at_ms: i64) -> Served {
    Served::by_clock(folder, &twins.addr().to_string(), &twins.mail_addr().to_string(), at_ms)
}

/// How often people read this in Slack.
fn read(twins: &TwinHost, text: &str) -> usize {
    let messages = twins.state("slack").unwrap()["messages"].clone();
    messages.as_array().unwrap().iter().filter(|one| one.to_string().contains(text)).count()
}

/// Waits until people read this in Slack so often.
async fn until_read(twins: &TwinHost, text: &str, times: usize) {
    for _ in 0..6_000 {
        if read(twins, text) == times {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("`{text}` was read {} times: {:#}", read(twins, text), twins.state("slack").unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_vendor_answers_in_time_and_in_the_end_a_person_here_hears_it_once() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let mut server = served(folder, &twins, NIGHT);
    stanch(folder, &["run", "shout", "--json"]);
    notice(folder, |notice| notice.rungs[0].state == "sent").await;
    server.jump(2, NIGHT + 3 * HOUR);
    let waits = notice(folder, |_| true).await;
    assert_eq!((states(&waits), twins.mails().len()), (vec!["sent", "not_yet"], 1), "there is still time");

    server.jump(3, NIGHT + 4 * HOUR + MINUTE);
    let second = notice(folder, |notice| notice.rungs[1].state == "sent").await;
    assert_eq!((second.state.as_str(), states(&second)), ("waiting", vec!["sent", "sent"]));
    assert!(twins.mails()[1].to.contains(&"kim@drift.example".to_owned()), "{:?}", twins.mails()[1].to);

    // the time of the last contact ends while the server is down
    drop(server);
    let mut server = served(folder, &twins, NIGHT + 9 * HOUR);
    notice(folder, |notice| notice.state == "silent").await;
    until_read(&twins, "Drift is silent", 1).await;
    assert_eq!(read(&twins, "call Security +1 555 0100"), 1);
    let list = transcript(folder, &["vendors", "notices"]);
    assert!(list.contains("silent") && list.ends_with("exit 3\n"), "{list}");

    server.jump(2, NIGHT + 40 * HOUR);
    drop(server);
    let server = served(folder, &twins, NIGHT + 41 * HOUR);
    // whoever asks again is answered by a server that has looked at its notices
    assert_eq!(notice(folder, |_| true).await.state, "silent");
    drop(server);
    assert_eq!((twins.mails().len(), read(&twins, "Drift is silent")), (2, 1), "nothing is said twice");
}

const MANIFEST: &str = "title: Ask people
owner: ir
reviewed: 2026-11-01
uses: {}
input:
  what: { type: list }
approvals:
  go: { ask: lead, within: 1h, unanswered: [board, deny] }
";

const TARGET: &str = r#"what=[{"$target":{"integration":"okta","kind":"app","id":"0oa1","label":"Drift"}}]"#;

/// How many entries of this kind a run has.
async fn entries(folder: &Path, run: &str, kind: &str) -> usize {
    let all = client(folder).entries(run, 1000, None).await.unwrap().items;
    all.iter().filter(|entry| entry.kind == kind).count()
}

/// A company whose people read Slack, and a run that asks them for a yes.
async fn asks(folder: &Path) -> TwinHost {
    book(folder, "asks", MANIFEST, "approve(\"go\", \"Shall we cut it?\", input.what);\n");
    let config = "integrations: { slack: { platform: slack } }
people: { groups: { lead: [ben], board: [dora] } }
tell: { approval: [\"slack:#incidents\"] }
playbooks: [asks]
";
    std::fs::write(folder.join("stanch.yaml"), config).unwrap();
    let integrations = [("slack".to_owned(), "slack".to_owned())].into();
    TwinHost::start(TwinOptions { integrations, ..TwinOptions::default() }).await.unwrap()
}

fn begun(folder: &Path) -> String {
    let output = stanch(folder, &["run", "asks", "--input", TARGET, "--json"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    last["run"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rung_that_falls_due_while_the_server_is_down_is_asked_once_and_silence_has_its_answer() {
    let home = empty();
    let folder = home.path();
    let twins = asks(folder).await;
    let server = served(folder, &twins, NIGHT);
    let run = begun(folder);
    view(folder, &run, |view| view.open_waits().count() == 1).await;
    until_read(&twins, "(asked: lead)", 1).await;
    drop(server);

    let server = served(folder, &twins, NIGHT + HOUR + MINUTE);
    let asked = view(folder, &run, |view| view.waits[0].ask == ["lead", "board"]).await;
    assert_eq!(asked.waits[0].rungs().len(), 0, "after them comes silence");
    until_read(&twins, "(asked: lead, board)", 1).await;
    drop(server);
    // it comes up again within the time of that rung: who was asked is not asked anew
    let server = served(folder, &twins, NIGHT + HOUR + 2 * MINUTE);
    let still = view(folder, &run, |view| view.open_waits().count() == 1).await;
    assert_eq!(
        (still.waits[0].ask.as_slice(), still.waits[0].due_ms),
        (&["lead".to_owned(), "board".to_owned()][..], asked.waits[0].due_ms)
    );
    drop(server);

    let server = served(folder, &twins, NIGHT + 4 * HOUR);
    let ended = view(folder, &run, |view| view.ended.is_some()).await;
    let closed = ended.waits[0].closed.as_ref().unwrap();
    assert_eq!((closed.say.as_str(), closed.by.as_str()), ("deny", "expired"));
    assert_eq!(ended.error.unwrap().message, "go: nobody answered in time");
    for kind in ["wait.opened", "wait.escalated", "wait.closed"] {
        assert_eq!(entries(folder, &run, kind).await, 1, "{kind}");
    }
    assert_eq!(
        (read(&twins, "(asked: lead)"), read(&twins, "(asked: lead, board)")),
        (1, 1),
        "nobody is told twice"
    );
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_next_on_the_ladder_need_not_wait_to_be_asked() {
    let home = empty();
    let folder = home.path();
    let twins = asks(folder).await;
    let manifest = MANIFEST.replace("unanswered: [board, deny]", "unanswered: [board, deny], of: 2");
    book(folder, "asks", &manifest, "approve(\"go\", \"Shall we cut it?\", input.what);\n");
    let server = served(folder, &twins, NIGHT);
    let run = begun(folder);
    view(folder, &run, |view| view.open_waits().count() == 1).await;
    let say = |who: &str| {
        let made = stanch(folder, &["tokens", "new", who, "--role", "approver"]);
        let token = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let mut command = crate::support::program(folder, &["approve", &run, "--reason", "seen"]);
        command.env("STANCH_URL", server.url()).env("STANCH_TOKEN", token).output().unwrap()
    };
    assert!(say("dora").status.success());
    view(folder, &run, |view| !view.waits[0].decisions.is_empty()).await;
    let shown = transcript(folder, &["show", &run]);
    assert!(shown.contains("dora said approve, through cli, before being asked"), "{shown}");
    assert!(shown.contains("[lead]") && shown.ends_with("exit 4\n"), "{shown}");
    let stranger = say("zoe");
    let why = String::from_utf8_lossy(&stranger.stderr).into_owned();
    assert!(why.contains("lead is asked, and then board") && !stranger.status.success(), "{why}");
    assert!(say("ben").status.success());
    let ended = view(folder, &run, |view| view.ended.is_some()).await;
    assert_eq!(ended.waits[0].closed.as_ref().unwrap().who, "ben, dora");
    let report = transcript(folder, &["report", &run]);
    assert!(report.contains("dora says approve to A1, through cli, before being asked (seen)"), "{report}");
    drop(server);
}
