//! A supervisor that dies, killed for real: who sat there is let in again, and the plot comes once.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;
use stanch_drill::record::{self, Line};
use stanch_model::api::{DecideBody, Say, SeatKind};

use crate::hosted::{Hosted, stanch};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sat_there_is_let_in_again_with_the_code_and_the_token_that_they_have() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "chat-widget", &["--speed", "10"]);
    let ana = hosted.sit(SeatKind::Responder).await;
    let ben = hosted.sit(SeatKind::Approver).await;
    ben.card("cut-app").await;
    hosted.kill();
    let kept = std::fs::read_to_string(home.path().join("data.drill/seats.json")).unwrap();
    assert!(kept.contains("hash") && !kept.contains(ana.seat.code()), "a code is kept by its hash alone");

    let hosted = Hosted::start(home.path(), "chat-widget", &["--speed", "10"]);
    // no new code, no new ticket
    let view = ana.until("let in", |view| view.seats.iter().filter(|seat| seat.taken).count() == 1).await;
    assert_eq!((view.seat, view.name.as_str()), (SeatKind::Responder, "ana"));
    ben.until("let in", |view| view.seats.iter().filter(|seat| seat.taken).count() == 2).await;
    let card = ben.card("cut-app").await;
    let yes = DecideBody { say: Say::Approve, reason: None };
    assert_eq!(ben.client.decide(&card.id, &yes).await.unwrap().by, "ben");
    let lines = record::read(&hosted.data).unwrap();
    assert!(!lines.iter().any(|line| matches!(line, Line::StoodIn { .. })), "nobody stood in for them");
    assert_eq!(lines.iter().filter(|line| matches!(line, Line::Sat { .. })).count(), 2);
    hosted.kill();
}

const BURST: &str = r#"drill: burst
title: Everything at once
length: 20m
clock: { starts: 2026-03-10T09:00:00Z, seed: 1 }
seats: [responder, approver]
briefing: A test.
goals: { contain: It is out. }
world:
  people: 200
  apps:
    - { id: polly, vendor: polly, grants: { okta: 3 } }
  hidden:
    - { app: polly, grants: { google_workspace: 2 }, once: 'asked("cut-app")', why: nobody knew }
plot:
  - at: 0m
    alert: { kind: app.token_misuse, app: polly, severity: high }
  - { at: 1m, mail: { from: one, text: "one" } }
  - { at: 1m, consent: { app: polly, grants: { okta: 1 } } }
  - { at: 1m, mail: { from: two, text: "two" } }
  - { at: 1m, consent: { app: polly, grants: { okta: 2 } } }
  - { at: 1m, fault: { platform: okta, action: okta.revoke_app_token, answer: 429, count: 1, delay: 1s } }
  - { at: 1m, consent: { app: polly, grants: { okta: 1 } } }
  - { at: 1m, mail: { from: three, text: "three" } }
  - { at: 1m, consent: { app: polly, grants: { okta: 1 } } }
adversary:
  - read: { app: polly, platform: okta, what: mail }
    every: 20s
expect:
  - { goal: contain, points: 100, that: 'verified("polly")' }
stand_in:
  cut-app:        { say: approve, after: 90s }
  app.quarantine: { say: done, after: 1m }
  revoke-by-hand: { say: done, after: 1m }
end: { once: all_met && ended, at: 20m, pass: 70 }
"#;

/// Plays on in this folder; at this line of its record the supervisor is killed.
fn play(home: &Path, data: &str, dies_at: Option<usize>) -> (bool, Vec<Value>) {
    let mut command = stanch(home, &["drill", "oauth-app-compromise/drills/burst.yaml", "--auto", "--json"]);
    if let Some(line) = dies_at {
        command.env("STANCH_KILL_DRILL_AT_LINE", line.to_string());
    }
    let output = command.args(["--data", data]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(
        output.status.code().is_some() != dies_at.is_some(),
        "{:?}",
        String::from_utf8_lossy(&output.stderr)
    );
    (output.status.success(), lines)
}

/// How often each thing came.
fn came(home: &Path, data: &str) -> BTreeMap<String, usize> {
    let mut came = BTreeMap::new();
    for line in record::read(&home.join(data)).unwrap() {
        let what = match line {
            Line::Fired { entry, .. } => format!("entry {entry}"),
            Line::Revealed { hidden, .. } => format!("hidden {hidden}"),
            Line::Moved { number, times, .. } => format!("move {number}, {times}"),
            _ => continue,
        };
        *came.entry(what).or_default() += 1;
    }
    came
}

/// What every run came to: targets and steps.
fn runs(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["beat"] == "run").collect()
}

#[test]
fn what_the_plot_brings_comes_once_whatever_line_its_supervisor_dies_at() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("oauth-app-compromise/drills");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("burst.yaml"), BURST).unwrap();
    let (passed, whole) = play(home.path(), "whole", None);
    assert!(passed, "{:?}", whole.last());
    let expected = came(home.path(), "whole");
    assert_eq!(expected.values().copied().max(), Some(1));
    assert!(expected.keys().filter(|what| what.starts_with("entry")).count() == 9, "{expected:?}");

    // three deaths, each in the middle of the burst, and once more when hidden things come to light
    let lines = record::read(&home.path().join("whole")).unwrap();
    let burst = lines.iter().position(|line| matches!(line, Line::Fired { entry: 1, .. })).unwrap();
    for dies_at in [burst + 2, burst + 5, burst + 9, burst + 14] {
        play(home.path(), "cut", Some(dies_at));
    }
    let (passed, last) = play(home.path(), "cut", None);
    assert!(passed, "{:?}", last.last());
    assert_eq!(came(home.path(), "cut"), expected, "nothing is lost and nothing comes twice");
    assert_eq!(runs(&last), runs(&whole), "and the response met the same world");
    let measured = |lines: &[Value]| lines.last().unwrap()["measured"].clone();
    assert_eq!(measured(&last)["adversary"], measured(&whole)["adversary"]);
    assert_eq!(measured(&last)["doubled"], 0);
}
