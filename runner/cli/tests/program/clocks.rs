//! The notification clocks as a program: the list, a draft, a calendar, clocks that people start and move.

use std::{fs, path::Path};

use crate::support::{Served, client, empty, stanch, told, transcript, view};

const MANIFEST: &str = "title: Start a clock
owner: me
reviewed: 2026-11-01
uses: {}
";

const SCRIPT: &str = "deadline(\"gdpr-33\", (), #{ aware: \"2026-11-06T20:00:00Z\" });\nnote(\"done\");\n";

/// A server with an incident whose clock runs, and that incident.
async fn breach(folder: &Path) -> (Served, String) {
    crate::support::book(folder, "clocks", MANIFEST, SCRIPT);
    fs::write(folder.join("stanch.yaml"), "playbooks: [clocks]\n").unwrap();
    let server = Served::start(folder);
    let output = stanch(folder, &["run", "clocks", "--json"]);
    let said = told(&["run"], &output);
    let runs = client(folder).runs(false, 1).await.unwrap().items;
    let run = runs.first().unwrap_or_else(|| panic!("{said}")).id.clone();
    let view = view(folder, &run, |view| view.ended.is_some()).await;
    (server, view.incident.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_filled_in_and_a_calendar_is_printed_as_the_standard_says() {
    let home = empty();
    let folder = home.path();
    let (server, incident) = breach(folder).await;
    let list = transcript(folder, &["deadlines"]);
    assert!(list.contains("1> 1  ") && list.contains(":gdpr-33") && list.ends_with("exit 3\n"), "{list}");
    let draft = transcript(folder, &["deadlines", "draft", "1"]);
    for words in [
        format!("1> Subject: [{incident}] Notification: "),
        "Regulation (EU) 2016/679, article 33(1)".to_owned(),
        "Contact: [data protection officer, phone, mail]".to_owned(),
        "a draft, not legal advice".to_owned(),
        "exit 0".to_owned(),
    ] {
        assert!(draft.contains(&words), "{words}\n{draft}");
    }
    let output = stanch(folder, &["deadlines", "--ical"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"), "{text:?}");
    assert!(text.contains(&format!("UID:{incident}/gdpr-33@stanch\r\n")), "{text}");
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_start_a_clock_move_it_and_say_that_it_was_sent() {
    let home = empty();
    let folder = home.path();
    let (server, incident) = breach(folder).await;
    let begun = transcript(
        folder,
        &[
            "deadlines",
            "begin",
            "nis2-notification",
            "--incident",
            &incident,
            "--from",
            "2199-01-01T00:00:00Z",
        ],
    );
    assert!(begun.contains("nis2-notification runs, recorded as "), "{begun}");
    let wrong = transcript(folder, &["deadlines", "begin", "nis2-notifcation", "--incident", &incident]);
    assert!(wrong.contains("did you mean `nis2-notification`?") && wrong.ends_with("exit 3\n"), "{wrong}");
    let moved =
        ["deadlines", "from", "nis2-notification", "2199-01-02T00:00:00Z", "--reason", "the log shows it"];
    let moved = transcript(folder, &moved);
    assert!(moved.contains("counted from 2199-01-02T00:00:00Z, recorded as "), "{moved}");
    transcript(folder, &["deadlines", "sent", "nis2-notification", "--reason", "portal 17"]);
    let list = transcript(folder, &["deadlines"]);
    assert!(list.contains(":nis2-final") && list.contains("sent, "), "{list}");
    drop(server);
}

#[test]
fn the_rules_are_listed_with_where_they_stand_and_what_they_are() {
    let home = empty();
    let rules = transcript(home.path(), &["deadlines", "rules"]);
    for words in ["not legal advice", "dora-initial", "nis2-notification is sent", "(unchecked)", "exit 0"] {
        assert!(rules.contains(words), "{words}\n{rules}");
    }
}
