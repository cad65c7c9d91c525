//! Drills without a person, end to end: the real program, real kills, and the last line of its JSON.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

fn stanch(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    // The machine's own settings must not matter.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TMPDIR", home);
    command.args(args).current_dir(home);
    command
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What must be the same on every play: outcomes by address, target states, the score.
#[derive(Debug, PartialEq)]
struct Play {
    runs: Vec<Value>,
    score: Value,
    objectives: Value,
    /// What vendors answered, and when: seconds since the start.
    answers: Vec<(i64, String)>,
}

fn play(name: &str) -> Play {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let output =
        stanch(home.path(), &["drill", name, "--auto", "--json", "--data"]).arg(&data).output().unwrap();
    let said = lines(&output);
    let last = said.last().unwrap_or_else(|| panic!("{name} said nothing: {output:?}"));
    assert!(output.status.success(), "{name}: {:?} {last}", output.status);
    assert_eq!((&last["drill"], &last["passed"]), (&Value::from(name), &Value::from(true)), "{last}");
    assert!(last["score"].as_u64().unwrap() <= last["of"].as_u64().unwrap(), "{last}");
    assert_eq!(last["measured"]["doubled"], 0, "{name}: nothing is done twice");
    assert_eq!(last["measured"]["collateral"], serde_json::json!({}), "{name}: nothing else is touched");
    let verified = stanch(home.path(), &["journal", "verify", "--data"]).arg(&data).output().unwrap();
    assert!(verified.status.success(), "{name}: its journal is not whole: {verified:?}");
    Play {
        runs: said.iter().filter(|line| line["beat"] == "run").cloned().collect(),
        score: serde_json::json!([last["score"], last["of"], last["passed"]]),
        objectives: last["objectives"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| serde_json::json!([one["goal"], one["points"], one["rating"]]))
            .collect(),
        answers: said
            .iter()
            .filter(|line| line["line"]["what"] == "replied")
            .map(|line| (line["at_s"].as_i64().unwrap(), line["line"]["from"].as_str().unwrap().to_owned()))
            .collect(),
    }
}

fn twice_alike(name: &str) -> Play {
    let (first, second) = (play(name), play(name));
    assert!(!first.runs.is_empty(), "{name} ran nothing");
    assert_eq!((&first.score, &first.objectives), (&second.score, &second.objectives), "{name}");
    assert_eq!(first.answers, second.answers, "{name}: vendors answered otherwise the second time");
    assert_eq!(first.runs.len(), second.runs.len(), "{name}");
    for (one, other) in first.runs.iter().zip(&second.runs) {
        assert_eq!(one["containment"], other["containment"], "{name}");
        for part in ["targets", "steps"] {
            let (one, other) = (one[part].as_object().unwrap(), other[part].as_object().unwrap());
            let differs = one.iter().find(|(key, word)| other.get(*key) != Some(*word));
            assert_eq!(
                (differs, one.len()),
                (None, other.len()),
                "{name}: {part} went otherwise the second time"
            );
        }
    }
    first
}

#[test]
fn the_first_drill_goes_the_same_way_twice() {
    twice_alike("first-drill");
}

#[test]
fn the_chat_widget_goes_the_same_way_twice_over_a_rate_limit_and_a_dead_runner() {
    let play = twice_alike("chat-widget");
    assert_eq!(play.score, serde_json::json!([100, 100, true]));
    assert_eq!(play.runs[0]["containment"], "contained_with_residual");
}

#[test]
fn the_consent_lure_goes_the_same_way_twice() {
    twice_alike("consent-lure");
}

#[test]
fn the_build_vault_goes_the_same_way_twice_over_a_rate_limit_and_a_dead_runner() {
    twice_alike("build-vault");
}

#[test]
fn one_consent_is_followed_to_a_session_and_a_key_twice_alike() {
    let play = twice_alike("ai-helper");
    assert_eq!(play.score, serde_json::json!([100, 100, true]));
    assert_eq!(play.runs.len(), 3, "the consent, the session, the key");
}

#[test]
fn an_app_that_an_app_made_is_hunted_down_twice_alike() {
    let play = twice_alike("ghost-tenant");
    assert_eq!(play.score, serde_json::json!([100, 100, true]));
}

#[test]
fn what_no_list_named_comes_back_after_three_weeks_twice_alike() {
    let play = twice_alike("support-har");
    assert_eq!(play.score, serde_json::json!([100, 100, true]));
    let rotations = play.runs.iter().filter(|run| run["playbook"] == "mass-rotation").count();
    assert_eq!(rotations, 2, "the first, and the one for the four that were left");
}

#[test]
fn what_a_build_step_printed_is_taken_back_over_a_dead_runner_twice_alike() {
    let play = twice_alike("poisoned-step");
    assert_eq!(play.score, serde_json::json!([100, 100, true]));
}

#[test]
fn a_revocation_that_lies_is_found_out_twice() {
    let play = twice_alike("revoke-that-doesnt");
    let targets = play.runs[0]["targets"].as_object().unwrap();
    let attested = targets.values().filter(|state| *state == "attested").count();
    assert_eq!(attested, 1, "only the app, whose block nobody can read, is a person's word: {targets:?}");
    let is_proven = |(name, state): &(&String, &serde_json::Value)| {
        name.starts_with("salesforce/grant/") && *state == "verified"
    };
    assert_eq!(targets.iter().filter(is_proven).count(), 14, "done by hand, and read back: {targets:?}");
}

#[test]
fn a_block_on_a_doubt_becomes_a_cut_and_deploys_come_back_twice_alike() {
    let play = twice_alike("code-host-tokens");
    assert_eq!(play.score, serde_json::json!([100, 100, true]));
}

#[test]
fn what_the_platform_cut_for_everybody_is_cut_everywhere_and_let_in_again_twice_alike() {
    let play = twice_alike("crm-success");
    assert_eq!(play.score, serde_json::json!([100, 100, true]));
}

#[test]
fn a_privileged_vendor_stays_out_when_the_first_block_ends_twice_alike() {
    let play = twice_alike("remote-key");
    assert_eq!(play.score, serde_json::json!([100, 100, true]));
}

#[test]
fn everybody_is_told_in_time_and_nobody_twice_over_a_dead_runner_twice_alike() {
    let play = twice_alike("sign-desk");
    assert_eq!(play.score, serde_json::json!([100, 100, true]));
    // its contacts are silent from the first hour on, for twelve: the next one is written to meanwhile, and both speak then
    let woke = 13 * 3600;
    let both = ["security@dropbox-sign.example", "account-manager@dropbox-sign.example"];
    assert_eq!(play.answers, both.map(|from| (woke, from.to_owned())));
}

/// The goals that lose points when an empty seat says something else in one place.
fn lost(playbook: &str, name: &str, from: &str, to: &str) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/library");
    let text = std::fs::read_to_string(library.join(playbook).join(format!("drills/{name}.yaml"))).unwrap();
    assert!(text.contains(from), "{from} does not stand there");
    let drills = home.path().join(playbook).join("drills");
    std::fs::create_dir_all(&drills).unwrap();
    let file = drills.join(format!("{name}.yaml"));
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    let output = stanch(home.path(), &["drill"]).arg(&file).args(["--auto", "--json"]).output().unwrap();
    let said = lines(&output);
    let last = said.last().unwrap_or_else(|| panic!("{name} said nothing: {output:?}"));
    let goals = last["objectives"].as_array().unwrap().iter();
    let lost = goals.filter(|goal| goal["points"].as_u64() < goal["of"].as_u64());
    lost.map(|goal| goal["goal"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn who_lets_a_stolen_app_come_back_when_its_first_block_ends_loses_by_it() {
    let (from, to) = ("next:            { say: cut it off", "next:            { say: let it come back");
    assert_eq!(lost("reversible-quarantine", "code-host-tokens", from, to), ["contain", "hold", "restore"]);
}

#[test]
fn who_connects_an_app_again_before_its_vendor_has_closed_the_hole_connects_a_thief() {
    let (from, to) = ("by: 20h30m\n    run:", "by: 10h\n    run:");
    assert_eq!(lost("reconnect", "crm-success", from, to), ["contain", "restore"]);
}

#[test]
fn who_takes_the_vendors_own_cut_for_enough_leaves_doors_open() {
    let (from, to) = ("cut:                { say: cut it off", "cut:                { say: wait");
    assert_eq!(lost("vendor-breach-intake", "remote-key", from, to), ["contain"]);
}

#[test]
fn a_notice_that_is_marked_as_sent_too_late_was_not_sent_in_time() {
    let (from, to) =
        ("gdpr-33:            { say: sent,    after: 60h", "gdpr-33:            { say: sent,    after: 73h");
    assert_eq!(lost("notify-matrix", "sign-desk", from, to), ["prove"]);
}

#[test]
fn who_takes_the_app_and_not_the_key_stops_half_way() {
    let (from, to) = ("revoke-credential: { say: approve", "revoke-credential: { say: deny");
    assert_eq!(lost("illicit-consent", "ai-helper", from, to), ["follow"]);
}

#[test]
fn who_hunts_late_leaves_the_second_app_to_read_along() {
    let (from, to) =
        ("hunt-by-hand:   { say: done,    after: 7m", "hunt-by-hand:   { say: done,    after: 40m");
    assert_eq!(lost("service-principal-backdoor", "ghost-tenant", from, to), ["contain", "hunt"]);
}

#[test]
fn who_puts_the_rotation_off_is_late_with_it() {
    let (from, to) =
        ("the-rest:       { say: approve, after: 5m", "the-rest:       { say: deny,    after: 5m");
    assert_eq!(lost("session-theft", "support-har", from, to), ["return", "rotate"]);
}

#[test]
fn who_reads_no_logs_leaves_what_was_printed() {
    let (from, to) = (
        "owners:         { say: \"ben.berg, ben.berg@acme.example, gus.garcia\"",
        "owners:         { say: nobody",
    );
    let goals = lost("downstream-secret-sweep", "poisoned-step", from, to);
    assert_eq!(goals, ["endure", "find", "rotate"]);
}

/// The scenario that ships, changed in one place.
fn changed(home: &Path, from: &str, to: &str) -> PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../playbooks/library/oauth-app-compromise/drills/first-drill.yaml");
    let text = std::fs::read_to_string(shipped).unwrap();
    assert!(text.contains(from), "{from} does not stand there");
    let file = home.join("first-drill.yaml");
    std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
    file
}

fn complaint(from: &str, to: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let file = changed(home.path(), from, to);
    let output = stanch(home.path(), &["drill", "check"]).arg(file).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_scenario_with_a_mistake_is_refused_in_its_place_with_the_way_out() {
    let word = complaint("verified(\"polly\")", "verifed(\"polly\")");
    assert!(word.contains("DR0004") && word.contains("did you mean `verified`?"), "{word}");
    let app = complaint("untouched(\"zoom\")", "untouched(\"zomm\")");
    assert!(app.contains("DR0005") && app.contains("did you mean `zoom`?"), "{app}");
    let impossible = complaint("'verified(\"polly\")'", "'revoked(\"okta\") >= 500'");
    assert!(impossible.contains("DR0008") && impossible.contains("never has more than 49"), "{impossible}");
    let late = complaint("by: 12m", "by: 99m");
    assert!(late.contains("DR0008") && late.contains("comes after the end"), "{late}");
    let cycle = complaint("  - at: 0m\n    alert", "  - once: revoked(\"okta\") >= 1\n    alert");
    assert!(cycle.contains("DR0009") && cycle.contains("can never happen"), "{cycle}");
    let name = complaint("drill: first-drill", "drill: last-drill");
    assert!(name.contains("DR0002") && name.contains("write `drill: first-drill`"), "{name}");
    let field = complaint("briefing: |", "briefin: |");
    assert!(field.contains("DR0001") && field.contains("did you mean `briefing`?"), "{field}");
}

#[test]
fn an_unknown_drill_gets_a_suggestion() {
    let home = tempfile::tempdir().unwrap();
    let output = stanch(home.path(), &["drill", "chat-widgt", "--auto"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("did you mean `chat-widget`?"), "{said}");
}

#[test]
fn a_drill_that_was_cut_off_goes_on_where_it_stood() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    // With its clock on the wall's pace the drill waits for a yes that stands in after a minute and a half.
    let mut first = stanch(home.path(), &["drill", "first-drill", "--json", "--data"])
        .arg(&data)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let out = first.stdout.take().unwrap();
    let mut said = std::io::BufRead::lines(std::io::BufReader::new(out));
    assert!(said.any(|line| line.unwrap().contains("chat from your coach")));
    first.kill().unwrap();
    first.wait().unwrap();
    let play = || {
        stanch(home.path(), &["drill", "first-drill", "--auto", "--json", "--data"])
            .arg(&data)
            .output()
            .unwrap()
    };
    let again = play();
    let said = lines(&again);
    let last = said.last().unwrap_or_else(|| panic!("it said nothing: {again:?}"));
    assert!(again.status.success(), "{last} {again:?}");
    assert_eq!(
        (&last["score"], &last["measured"]["doubled"]),
        (&Value::from(100), &Value::from(0)),
        "{last}"
    );
    assert_eq!(said.iter().filter(|line| line["beat"] == "run").count(), 1, "the alert was taken once");
    let coach = said.iter().filter(|line| line["text"] == "chat from your coach").count();
    assert_eq!(coach, 2, "what was said before is not said again");
    let over = play();
    assert!(String::from_utf8_lossy(&over.stderr).contains("this drill is over"), "{over:?}");
}
