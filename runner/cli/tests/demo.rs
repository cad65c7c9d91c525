//! The demo, end to end: the real program as a child process, a real SIGKILL, and the last line of its JSON.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

fn stanch() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_stanch"))
}

fn demo(args: &[&str]) -> (Output, tempfile::TempDir) {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(stanch());
    command.arg("demo").args(args).arg("--data").arg(home.path().join("data"));
    // The machine's own settings must not matter.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TMPDIR", home.path());
    (command.output().unwrap(), home)
}

fn last(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let line = text.lines().last().unwrap_or_else(|| panic!("it said nothing: {output:?}"));
    serde_json::from_str(line).unwrap()
}

fn beats(output: &Output, name: &str) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["beat"] == name).collect()
}

/// Every target read back, but for the app that only a person can block. What Okta cut lives on in access tokens for a
/// known time; what Salesforce cut is dead.
fn assert_contained(output: &Output) -> Value {
    let last = last(output);
    assert!(output.status.success(), "{:?}: {last}", output.status);
    assert_eq!(last["ended"], "finished");
    assert_eq!(last["containment"], "contained_with_residual");
    assert_eq!(last["duplicate_effects"], 0, "{last}");
    let targets = last["targets"].as_array().unwrap();
    let of = |on: &str, kind: &str| -> Vec<&str> {
        let ours = targets.iter().filter(|target| target["integration"] == on && target["kind"] == kind);
        ours.map(|target| target["state"].as_str().unwrap()).collect()
    };
    assert_eq!((of("okta", "app"), of("salesforce", "app")), (vec!["residual"], vec!["attested"]), "{last}");
    assert_eq!(of("okta", "grant"), ["residual"; 12], "{last}");
    assert_eq!(of("salesforce", "grant"), ["verified"; 28], "{last}");
    assert!(of("okta", "user").iter().all(|state| *state == "residual"), "{last}");
    assert!(of("salesforce", "user").iter().all(|state| *state == "verified"), "{last}");
    let named = |target: &Value| {
        target["kind"] == "app" || target["label"].as_str().unwrap().contains("@acme.example")
    };
    assert!(targets.iter().all(named), "everybody is shown by login: {last}");
    let until = |target: &Value| target["until_ms"].is_i64() == (target["state"] == "residual");
    assert!(targets.iter().all(until), "what lives on says until when: {last}");
    last
}

#[test]
fn the_server_is_killed_in_the_middle_and_the_app_is_cut_off_all_the_same() {
    let (output, _home) = demo(&["--json", "--pace", "50"]);
    let last = assert_contained(&output);
    assert_eq!(last["restarts"], 1);
    assert_eq!(last["killed_at"]["phase"], "contain");
    let cut = last["killed_at"]["cut"].as_u64().unwrap();
    assert!((20..42).contains(&cut), "{cut} targets were cut when the server died");
    assert!(last["entries"].as_u64() > last["killed_at"]["entries"].as_u64(), "{last}");
    assert_eq!(last["deadlines"][0]["deadline"], "contract");
    let told: Vec<Value> = beats(&output, "told").iter().map(|beat| beat["action"].clone()).collect();
    assert_eq!(told, ["smtp.send", "slack.post_message"]);
    let people = beats(&output, "answered");
    let said: Vec<(&Value, &Value)> = people.iter().map(|beat| (&beat["who"], &beat["say"])).collect();
    assert_eq!(said[0], (&Value::from("ben"), &Value::from("approve")));
    assert!(said.contains(&(&Value::from("olga"), &Value::from("done"))), "{said:?}");
}

#[test]
fn a_kill_at_any_entry_changes_nothing_but_the_story() {
    for entry in ["1", "4", "12", "90", "260", "500"] {
        let (output, _home) = demo(&["--json", "--pace", "0", "--kill-at-entry", entry]);
        let last = assert_contained(&output);
        assert_eq!(last["restarts"], 1, "killed at {entry}: {last}");
        assert!(last["killed_at"]["entries"].as_u64() >= entry.parse().ok(), "killed at {entry}: {last}");
    }
}

#[test]
fn a_kill_before_the_answer_makes_the_source_send_again_and_nothing_starts_twice() {
    // Entry 4 is the alert's own or just after it: durable, and the answer never came.
    let (output, _home) = demo(&["--json", "--pace", "0", "--kill-at-entry", "4"]);
    assert_contained(&output);
    let sent = beats(&output, "alert");
    assert_eq!(beats(&output, "run").len(), 1);
    if sent.len() > 1 {
        assert_eq!(sent[1]["again"], true);
        assert_eq!(beats(&output, "acknowledged").len(), 1);
    }
}

#[test]
fn a_kill_after_a_time_and_none_at_all() {
    let (output, _home) = demo(&["--json", "--pace", "0", "--kill-after-ms", "300"]);
    assert_contained(&output);
    let (output, _home) = demo(&["--json", "--pace", "0", "--no-kill"]);
    let last = assert_contained(&output);
    assert_eq!((&last["restarts"], &last["killed_at"]), (&Value::from(0), &Value::Null));
}

/// A message that went out when the server died, and that only a person can find again.
fn left_in_doubt(action: &str) {
    let (output, _home) = demo(&["--json", "--pace", "0", "--lost-markers", "--kill-at-call", action]);
    let last = assert_contained(&output);
    assert_eq!(last["restarts"], 1, "{last}");
    let doubts =
        |beats: Vec<Value>| beats.into_iter().filter(|beat| beat["kind"] == "in_doubt").collect::<Vec<_>>();
    let asked = doubts(beats(&output, "asked"));
    assert_eq!(asked.len(), 1, "{asked:#?}");
    assert!(asked[0]["text"].as_str().unwrap().contains("may have happened"), "{asked:#?}");
    let answered = doubts(beats(&output, "answered"));
    assert_eq!(answered.len(), 1, "{answered:#?}");
    let (platform, _) = action.split_once('.').unwrap();
    let said = (&answered[0]["wait"], &answered[0]["who"], &answered[0]["say"]);
    assert_eq!(said, (&asked[0]["wait"], &Value::from("olga"), &Value::from("done")), "{answered:#?}");
    assert_eq!(answered[0]["why"], format!("looked at simulated {platform}: it is there"));
    assert_eq!(beats(&output, "told").iter().filter(|beat| beat["action"] == action).count(), 1);
}

#[test]
fn a_mail_of_which_nobody_knows_is_resolved_by_the_operator_who_looks() {
    left_in_doubt("smtp.send");
}

#[test]
fn a_message_of_which_nobody_knows_is_resolved_by_the_operator_who_looks() {
    left_in_doubt("slack.post_message");
}

#[test]
fn the_transcript_says_that_the_operator_resolved() {
    let (output, _home) = demo(&["--pace", "0", "--lost-markers", "--kill-at-call", "smtp.send"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let doubt = text.lines().find(|line| line.contains("is in doubt")).unwrap_or_else(|| panic!("{text}"));
    assert!(doubt.contains("Send a mail may have happened"), "{doubt}");
    let resolved =
        text.lines().find(|line| line.contains("olga resolves")).unwrap_or_else(|| panic!("{text}"));
    assert!(resolved.contains(": done  (looked at simulated smtp: it is there)"), "{resolved}");
    assert!(text.contains("done twice: 0;"), "{text}");
}

#[test]
fn what_can_be_found_again_asks_nobody_and_an_unknown_action_kills_nobody() {
    let (output, _home) = demo(&["--json", "--pace", "0", "--kill-at-call", "smtp.send"]);
    let last = assert_contained(&output);
    assert_eq!((&last["restarts"], &last["writes"]["smtp.send"]), (&Value::from(1), &Value::from(1)));
    assert!(beats(&output, "asked").iter().all(|beat| beat["kind"] != "in_doubt"));
    let (refused, home) = demo(&["--kill-at-call", "smtp.sned"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("did you mean `smtp.send`?"));
    drop(home);
}

#[test]
fn moments_are_whole_seconds_and_say_how_far_away_they_are() {
    let (output, _home) = demo(&["--pace", "0", "--no-kill"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let due: Vec<&str> = text.lines().filter(|line| line.contains(", due 20")).collect();
    assert_eq!(due.len(), 2, "where it begins and at the end: {text}");
    assert!(due.iter().all(|line| line.ends_with("in 23h 59m") || line.ends_with("in 1d")), "{due:?}");
    let nanoseconds = |word: &str| {
        let digits = word.rsplit('.').next().unwrap_or_default().trim_end_matches('Z');
        word.contains('.') && digits.len() > 3 && digits.chars().all(|c| c.is_ascii_digit())
    };
    let long: Vec<&str> = text.split_whitespace().filter(|word| nanoseconds(word)).collect();
    assert!(long.is_empty(), "{long:?}");
}

#[test]
fn a_leaked_credential_is_revoked_and_proven_dead() {
    let (output, _home) = demo(&["leaked-credential", "--json", "--pace", "50"]);
    let last = last(&output);
    assert!(output.status.success(), "{last}");
    assert_eq!(last["ended"], "finished");
    assert_eq!((&last["restarts"], &last["duplicate_effects"]), (&Value::from(1), &Value::from(0)));
    let targets = last["targets"].as_array().unwrap();
    let credential = targets.iter().find(|target| target["kind"] == "credential").unwrap();
    assert_eq!(credential["state"], "verified", "{last}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("ghp_"), "the key itself is on the screen");
}

#[test]
fn without_a_terminal_it_is_plain_text_that_ends_with_the_next_commands() {
    let (output, home) = demo(&["--pace", "0"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert!(!text.contains('\u{1b}'), "escape sequences in a pipe");
    for part in [
        "SIGKILL",
        "the server is back",
        "CONTAINED WITH RESIDUAL",
        "residual until ",
        "Drift for ",
        "an access token that was issued before the cut",
        "done twice: 0",
        "Next\n",
    ] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    let next: Vec<&str> = text.lines().rev().take(3).collect();
    assert!(next.iter().all(|line| line.starts_with("  stanch ")), "{next:?}");
    // And the first of them works.
    let data = home.path().join("data");
    let verified = Command::new(stanch()).args(["journal", "verify", "--data"]).arg(&data).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn a_folder_in_use_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("mine"), "x").unwrap();
    let refused = Command::new(stanch()).args(["demo", "--data"]).arg(home.path()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("is not empty"));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}
