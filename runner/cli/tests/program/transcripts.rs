//! The program as people meet it: what it says, where it says it, how it exits.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{Served, empty, playbook, program, stanch, transcript};

#[test]
fn help_is_an_answer_and_bad_usage_is_not() {
    let home = empty();
    insta::assert_snapshot!("help", transcript(home.path(), &["--help"]));
    insta::assert_snapshot!("bad_usage", transcript(home.path(), &["resolve", "R", "D1", "maybe"]));
    assert_eq!(stanch(home.path(), &[]).status.code(), Some(2));
    assert_eq!(stanch(home.path(), &["aprove"]).status.code(), Some(2));
    assert_eq!(stanch(home.path(), &["demo", "--kill-at-entry", "1", "--no-kill"]).status.code(), Some(2));
}

#[test]
fn every_verb_has_a_short_help() {
    let home = empty();
    let help = String::from_utf8(stanch(home.path(), &["--help"]).stdout).unwrap();
    let commands = help.split("Commands:").nth(1).unwrap().split("Options:").next().unwrap();
    let verbs: Vec<&str> = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(verbs.len() > 20, "{verbs:?}");
    for verb in verbs {
        let output = stanch(home.path(), &[verb, "--help"]);
        assert!(output.status.success(), "{verb}");
        assert!(String::from_utf8(output.stdout).unwrap().contains("Usage: stanch"), "{verb}");
    }
}

const MANIFEST: &str = "playbook: cut
title: Cut an app off
owner: me
reviewed: 2026-11-01
input:
  app: { type: app }
uses:
  read: [find_app]
  reversible: [app.quarantine]
";

#[test]
fn check_shows_every_mistake_with_its_place_and_answers_no() {
    let home = empty();
    playbook(
        home.path(),
        MANIFEST,
        "let apps = find_app(input.app);\nfor app in apps { app.quarantin(); }\nnote(1 + );\nsettle();\n",
    );
    let text = transcript(home.path(), &["check", "cut"]);
    assert!(text.ends_with("exit 3\n"), "{text}");
    for part in ["cut/main.rhai:2:", "did you mean", "cut/main.rhai:3:", "mistakes"] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    let json = stanch(home.path(), &["check", "cut", "--json"]);
    let lines: Vec<Value> = String::from_utf8(json.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (last, found) = lines.split_last().unwrap();
    assert_eq!(last["ok"], false);
    assert_eq!(last["mistakes"].as_u64().unwrap() + last["warnings"].as_u64().unwrap(), found.len() as u64);
}

#[test]
fn check_says_so_when_nothing_is_wrong() {
    let home = empty();
    playbook(home.path(), MANIFEST, "for app in find_app(input.app) { app.quarantine(); }\nsettle();\n");
    let text = transcript(home.path(), &["check", "cut"]);
    assert!(text.contains("cut: nothing wrong") && text.ends_with("exit 0\n"), "{text}");
    let text = transcript(home.path(), &["check", "nowhere"]);
    assert!(text.contains("holds no playbook") && text.ends_with("exit 1\n"), "{text}");
}

#[test]
fn a_configuration_with_mistakes_is_refused_with_its_place() {
    let home = empty();
    std::fs::write(home.path().join("stanch.yaml"), "integrations:\n  okta: { platform: otka }\n").unwrap();
    insta::assert_snapshot!("configuration", transcript(home.path(), &["check"]));
    let served = stanch(home.path(), &["serve"]);
    assert_eq!(served.status.code(), Some(3));
    assert!(!home.path().join("data").exists(), "nothing is made before the files are right");
}

#[test]
fn codes_are_explained_and_unknown_ones_said() {
    let home = empty();
    assert!(transcript(home.path(), &["explain", "cf0002"]).contains("unknown platform"));
    insta::assert_snapshot!("explain", transcript(home.path(), &["explain", "XX0001"]));
}

#[test]
fn without_a_server_the_way_out_is_said() {
    let home = empty();
    insta::assert_snapshot!("no_server", transcript(home.path(), &["runs"]));
    insta::assert_snapshot!("no_address", transcript(home.path(), &["runs", "--url", "nonsense"]));
}

#[test]
fn a_log_in_a_file_is_plain_text() {
    let home = empty();
    let log = home.path().join("log");
    let args = ["serve", "--leash", "--listen", "127.0.0.1:0", "--twins", "127.0.0.1:9"];
    let mut command = program(home.path(), &args);
    // Nothing on standard input: the leash lets go at once.
    command.stdin(Stdio::null()).stderr(std::fs::File::create(&log).unwrap()).env("STANCH_LOG", "trace");
    assert!(command.env_remove("NO_COLOR").status().unwrap().success());
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.contains("TRACE") || text.contains("DEBUG"), "nothing was logged: {text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_run_that_waits_says_since_when_and_how_it_goes_on() {
    let home = empty();
    let manifest = "playbook: cut\ntitle: Cut\nowner: ir\nreviewed: 2026-11-01\nuses: {}\n";
    playbook(home.path(), manifest, "ask(\"go\", \"Shall we?\", [\"yes\", \"no\"]);\n");
    std::fs::write(home.path().join("stanch.yaml"), "playbooks: [cut]\n").unwrap();
    let _server = Served::start(home.path());
    let run = stanch(home.path(), &["run", "cut", "--json"]);
    assert!(run.status.success(), "{run:?}");
    let last = String::from_utf8(run.stdout).unwrap().lines().last().unwrap().to_owned();
    let run = serde_json::from_str::<Value>(&last).unwrap()["run"].as_str().unwrap().to_owned();
    let say = |args: &[&str]| String::from_utf8(stanch(home.path(), args).stdout).unwrap();
    let short = &run[run.len() - 8..];
    let until = |args: &[&str], part: &str| {
        let again = |_| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            say(args)
        };
        let shown = (0..6_000).map(again).find(|text| text.contains(part));
        assert!(shown.is_some(), "{}", say(args));
    };
    for (args, part) in [
        (vec!["runs"], "Q1 Shall we?, since "),
        (vec!["status"], "Q1 Shall we?, since "),
        (vec!["show", run.as_str()], "waits Q1 Shall we?, since "),
    ] {
        until(&args, part);
    }
    assert!(say(&["show", &run]).contains(&format!("stanch answer {short}:Q1 yes|no")));
    assert!(stanch(home.path(), &["pause", &run]).status.success());
    until(&["status"], "stands     ");
    until(&["status"], "paused by ");
    assert!(say(&["show", &run]).contains(&format!("stanch resume {short}")));
}

#[test]
fn over_the_socket_an_unknown_playbook_gets_a_did_you_mean() {
    let home = empty();
    let _server = Served::start(home.path());
    let text = transcript(home.path(), &["run", "oauth-app-compromize", "--input", "app=drift"]);
    assert!(text.contains("did you mean") && text.contains("oauth-app-compromise"), "{text}");
    assert!(text.ends_with("exit 3\n"), "{text}");
    for verb in ["runs", "incidents", "status"] {
        let output = stanch(home.path(), &[verb, "--json"]);
        assert!(output.status.success(), "{output:?}");
    }
    let text = transcript(home.path(), &["approve", "A1"]);
    assert!(text.contains("nothing waits") && text.ends_with("exit 3\n"), "{text}");
    let paused = stanch(home.path(), &["pause", "--all"]);
    assert!(paused.status.success(), "{paused:?}");
    let status = String::from_utf8(stanch(home.path(), &["status"]).stdout).unwrap();
    assert!(status.contains("paused     all"), "{status}");
    let second = stanch(home.path(), &["serve", "--twins", "127.0.0.1:9", "--listen", "127.0.0.1:0"]);
    assert!(!second.status.success(), "two servers on one data folder: {second:?}");
    assert!(String::from_utf8(second.stderr).unwrap().contains("in use by process"));
}

#[test]
fn a_platform_that_only_sends_alerts_has_a_page_with_what_to_paste() {
    let home = empty();
    for (platform, parts) in [
        (
            "splunk",
            &[
                "# Splunk (splunk)",
                "/v1/alerts/NAME/SECRET",
                "alerts:\n  splunk: { format: splunk, secret: env:SPLUNK }",
            ][..],
        ),
        ("elastic", &["The body to paste there:", "POST /v1/alerts/elastic"]),
        ("netskope", &["Ticket Orchestrator", "setting `header`", "becomes an alert: malware"]),
    ] {
        let text = transcript(home.path(), &["integrations", "show", platform]);
        assert!(text.ends_with("exit 0\n"), "{text}");
        for part in parts {
            let plain = text.replace("1> ", "");
            assert!(plain.contains(part), "`{part}` is missing in\n{text}");
        }
    }
    let okta = transcript(home.path(), &["integrations", "show", "okta"]);
    assert!(okta.contains("### okta-event-hook") && okta.contains("### okta-system-log"), "{okta}");
    let text = transcript(home.path(), &["integrations", "show", "splnk"]);
    assert!(text.contains("did you mean `splunk`?"), "{text}");
}

#[test]
fn the_list_counts_what_is_known_of_every_platform() {
    let output = stanch(empty().path(), &["integrations", "list", "--json"]);
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |platform: &str| lines.iter().find(|line| line["platform"] == platform).unwrap();
    let okta = &of("okta")["figures"];
    assert_eq!(okta["actions"], of("okta")["actions"]);
    for figure in ["changes", "verified", "undo", "matched", "twin_tested", "lines_per_action"] {
        assert!(okta[figure].as_u64().is_some_and(|count| count > 0), "{figure}: {okta}");
    }
    assert!(of("splunk")["figures"].is_null());
}
