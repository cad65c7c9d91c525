//! The end of an incident as a program: refused while something is open, said everywhere once it is over, taken back.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    ladder,
    support::{Served, book, client, empty, stanch, transcript, view},
};

const MANIFEST: &str = "title: Start a clock
owner: me
reviewed: 2026-11-01
uses: {}
";

const SCRIPT: &str = "deadline(\"gdpr-33\", (), #{ aware: \"2199-11-06T20:00:00Z\" });\nnote(\"done\");\n";

struct Over {
    _server: Served,
    incident: String,
    run: String,
    /// Who this machine's user is.
    me: String,
}

/// An incident whose run is over and whose clock runs.
async fn over(folder: &Path) -> Over {
    book(folder, "clocks", MANIFEST, SCRIPT);
    fs::write(folder.join("stanch.yaml"), "playbooks: [clocks]\n").unwrap();
    let server = Served::start(folder);
    assert!(stanch(folder, &["run", "clocks", "--json"]).status.success());
    let run = client(folder).runs(false, 1).await.unwrap().items.remove(0).id;
    let view = view(folder, &run, |view| view.ended.is_some()).await;
    let me = client(folder).me().await.unwrap().name;
    Over { _server: server, incident: view.incident.unwrap(), run, me }
}

fn says(folder: &Path, args: &[&str], words: &[&str]) -> String {
    let said = transcript(folder, args);
    for word in words {
        assert!(said.contains(word), "`{word}` is missing in\n{said}");
    }
    said
}

fn report(folder: &Path, incident: &str) -> Value {
    let output = stanch(folder, &["report", incident, "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|why| panic!("{why}: {output:?}"))
}

fn fact(report: &Value, name: &str) -> Option<String> {
    let facts = report["facts"].as_array().unwrap().iter();
    let mut found = facts.filter(|fact| fact["name"] == name).filter_map(|fact| fact["value"].as_str());
    found.next().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_closed_once_nothing_is_open_and_says_so_everywhere() {
    let home = empty();
    let folder = home.path();
    let Over { _server, incident, run, me } = over(folder).await;
    let (short, of_run) = (&incident[18..], &run[18..]);
    let clock = format!("clock {short}:gdpr-33 is open, due 2199-11-09 20:00:00Z");
    let close = ["incidents", "close", short, "--why", "no data left the house"];
    says(folder, &close, &["cannot be closed: ", &clock, "stanch deadlines waive CLOCK", "exit 3"]);
    says(folder, &["incidents", "close", short], &["--why <TEXT>", "exit 2"]);
    says(folder, &["incidents", "close", short, "--why", " "], &["without saying why", "exit 3"]);
    let waived = ["deadlines", "waive", &format!("{short}:gdpr-33"), "--reason", "no data of people"];
    says(folder, &waived, &["waived", "exit 0"]);
    // a run of it means it, too
    let close = ["incidents", "close", of_run, "--why", "no data left the house"];
    says(folder, &close, &[&format!("{short} is closed, recorded as {me}"), "exit 0"]);
    says(
        folder,
        &close,
        &[&format!("was closed by {me} at "), &format!("stanch incidents reopen {short}"), "exit 3"],
    );
    says(folder, &["incidents"], &[short, "(closed)"]);
    says(folder, &["incidents", "--open"], &["no incident is open"]);
    says(folder, &["status"], &["incidents  0 open"]);
    says(folder, &["show", short], &["closed 2", &format!(" by {me}: no data left the house")]);
    says(folder, &["run", "clocks", "--incident", short], &[&format!("was closed by {me}"), "exit 3"]);
    says(folder, &["note", short, "They wrote once more"], &["exit 0"]);
    let told = report(folder, &incident);
    let closed = fact(&told, "Closed").unwrap();
    assert!(closed.ends_with(&format!("by {me}: no data left the house")), "{closed}");
    assert!(
        told["timeline"].to_string().contains(&format!("{me} closes the incident: no data left the house"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_taken_back_and_both_words_stay() {
    let home = empty();
    let folder = home.path();
    let Over { _server, incident, me, .. } = over(folder).await;
    let short = &incident[18..];
    let reopen = ["incidents", "reopen", short, "--why", "the vendor says it was more", "--json"];
    says(folder, &reopen, &["is open: nobody has closed it", "exit 3"]);
    transcript(folder, &["deadlines", "waive", "1", "--reason", "no data of people"]);
    let close = ["incidents", "close", short, "--why", "over", "--json"];
    let output = stanch(folder, &close);
    let recorded: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&recorded["new"], &recorded["by"]), (&true.into(), &me.as_str().into()));
    says(folder, &reopen, &[&format!("\"by\":\"{me}\""), "exit 0"]);
    says(folder, &["incidents", "--open"], &[short]);
    says(folder, &["show", short], &["opened again 2", &format!(" by {me}: the vendor says it was more")]);
    let told = report(folder, &incident);
    assert_eq!(fact(&told, "Closed"), None);
    assert!(fact(&told, "Opened again").unwrap().ends_with(&format!("by {me}: the vendor says it was more")));
    let timeline = told["timeline"].to_string();
    for words in ["closes the incident: over", "opens the incident again: the vendor says"] {
        assert!(timeline.contains(&format!("{me} {words}")), "{timeline}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_would_go_on_to_the_next_contact_is_open_until_somebody_answered() {
    let home = empty();
    let folder = home.path();
    let twins = ladder::company(folder).await;
    let _server = Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string());
    stanch(folder, &["run", "shout", "--json"]);
    let waiting = ladder::notice(folder, |notice| notice.rungs[0].state == "sent").await;
    let view = view(folder, &waiting.run, |view| view.ended.is_some()).await;
    let close = ["incidents", "close", &view.incident.unwrap(), "--why", "they were told"];
    let words = format!("notice {} to Drift waits for an answer, or goes to the next", waiting.id);
    says(folder, &close, &[&words, "stanch vendors acknowledged NOTICE", "exit 3"]);
    says(folder, &["vendors", "acknowledged", "drift", "--reason", "Kim called"], &["exit 0"]);
    says(folder, &close, &["is closed", "exit 0"]);
}
