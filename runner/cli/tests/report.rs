//! Reports of drills and the ledger of what was drilled, end to end: the real program, a real drill, what is written of it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

fn stanch(home: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stanch"));
    // The machine's own settings must not matter, and what is kept must lie in this folder.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TMPDIR", home);
    command.env("XDG_STATE_HOME", home.join("state")).env("USER", "ana");
    command.args(args).current_dir(home).output().unwrap()
}

fn said(home: &Path, args: &[&str]) -> String {
    let output = stanch(home, args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(home: &Path, args: &[&str]) -> Vec<Value> {
    said(home, args).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A scenario that ships, with these changes.
fn scenario(home: &Path, changes: &[(&str, &str)]) -> PathBuf {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../playbooks/library/oauth-app-compromise/drills/first-drill.yaml");
    let mut text = std::fs::read_to_string(shipped).unwrap();
    for (from, to) in changes {
        assert!(text.contains(from), "{from} does not stand there");
        text = text.replacen(from, to, 1);
    }
    let drills = home.join("oauth-app-compromise/drills");
    std::fs::create_dir_all(&drills).unwrap();
    let file = drills.join("first-drill.yaml");
    std::fs::write(&file, text).unwrap();
    file
}

/// Plays it in this folder, however it comes out.
fn play(home: &Path, drill: &str, data: &str) -> Output {
    let output = stanch(home, &["drill", drill, "--auto", "--data", data]);
    assert!(matches!(output.status.code(), Some(0 | 3)), "{output:?}");
    output
}

/// What differs from play to play.
fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b[0-9A-HJKMNP-TV-Z]{26}\b", "[id]");
    settings.add_filter(r"\brun [0-9A-Z]{8}\b", "run [run]");
    settings.add_filter(r"\b[0-9A-Z]{8} of ", "[run] of ");
    settings.add_filter(r"\b[0-9a-f]{64}\b", "[hash]");
    settings.add_filter(r"version [0-9a-f]{12}", "version [version]");
    // which of what happens at one moment comes first, the platforms' answers decide
    settings.add_filter(r"\n\|[^\n]*\*\*(cut|residual|proven)\*\*[^\n]* × [^\n]*", "");
    settings.add_filter(r"\n\|[^\n]*\*\*(cut|residual|proven)\*\* okta [^\n]*", "");
    // how many entries a play takes differs by what came together
    settings.add_filter(r"`(run|incident|drill|alert|system)( \[run\])? [0-9]+(–[0-9]+)?`", "`$1 [n]`");
    settings.add_filter(r"(`(?:run|incident|alert)/\[id\]`|`drill`|`system`) \| [0-9]+ \|", "$1 | [n] |");
    settings
}

#[test]
fn a_drill_is_reported_in_three_forms_with_the_same_facts() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    // how long a platform that asks to wait makes one wait differs from play to play
    let fault = "  - once: revoked(\"okta\") >= 3\n    fault: { platform: okta, answer: 429, delay: 30s, lasts: 1m }\n";
    let file = scenario(home, &[(fault, "")]);
    let played = play(home, file.to_str().unwrap(), "d");
    let end = String::from_utf8(played.stdout).unwrap();
    assert!(end.contains("stanch report d --format html"), "{end}");

    let markdown = said(home, &["report", "d"]);
    settings().bind(|| insta::assert_snapshot!("first_drill", markdown));
    assert_eq!(said(home, &["report", "first-drill"]), markdown, "by its name: its last play");

    let report: Value = serde_json::from_str(&said(home, &["report", "d", "--format", "json"])).unwrap();
    assert_eq!(json(home, &["report", "d", "--json"])[0], report, "the same on a line of its own");
    let html = said(home, &["report", "d", "--format", "html"]);
    for moment in report["timeline"].as_array().unwrap() {
        let text = moment["text"].as_str().unwrap().split(['"', '>', '\'']).next().unwrap();
        assert!(html.contains(text) && markdown.contains(text), "{text}");
    }
    let objectives = report["objectives"].as_array().unwrap();
    assert_eq!(objectives.len(), 3);
    for objective in objectives {
        assert_eq!(objective["rating"], "P", "{objective}");
        let shown = objective["expectations"].as_array().unwrap();
        assert!(shown.iter().all(|one| !one["evidence"].as_array().unwrap().is_empty()), "{objective}");
    }
    let contain = &objectives[0]["expectations"][0];
    assert!(contain["evidence"][0]["stream"].as_str().unwrap().starts_with("run/"), "{contain}");

    let page: Value = serde_json::from_str(&said(home, &["report", "--schema"])).unwrap();
    let known: Vec<&String> = page["properties"].as_object().unwrap().keys().collect();
    assert!(report.as_object().unwrap().keys().all(|key| known.contains(&key)), "{known:?}");
}

/// What a page must hold that is safe to open and to send.
fn assert_harmless(html: &str) {
    let lower = html.to_lowercase();
    for word in [
        "<script",
        "javascript:",
        " onload=",
        " onerror=",
        "src=",
        "href=",
        "url(",
        "@import",
        "<iframe",
        "<link",
    ] {
        assert!(!lower.contains(word), "{word}");
    }
    assert!(html.contains("default-src 'none'"));
    for tag in ["html", "head", "body", "main", "section", "table", "svg", "figure", "ul", "dl", "p", "h2"] {
        let opened = lower.matches(&format!("<{tag}>")).count() + lower.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, lower.matches(&format!("</{tag}>")).count(), "<{tag}>");
    }
}

#[test]
fn what_people_and_platforms_wrote_stays_text() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let file = scenario(
        home,
        &[
            ("title: Fifteen minutes to learn the screen", "title: \"<script>alert(1)</script> | **x**\""),
            (
                "from: your coach, text: \"A card waits",
                "from: \"<img src=x onerror=alert(2)>\", text: \"[a](javascript:x) waits",
            ),
        ],
    );
    play(home, file.to_str().unwrap(), "d");
    let html = said(home, &["report", "d", "--format", "html"]);
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "the title is there, as text");
    assert_harmless(&html.replace("javascript:x", "").replace("src=x onerror=alert(2)", ""));
    assert!(!html.contains("<img"));
    let markdown = said(home, &["report", "d"]);
    assert!(
        markdown.starts_with("# &lt;script&gt;alert(1)&lt;/script&gt; \\| \\*\\*x\\*\\*\n"),
        "{markdown}"
    );
    assert!(markdown.contains("\\[a\\](javascript:x)") && !markdown.contains("<img"), "{markdown}");
}

#[test]
fn a_drill_that_was_cut_off_is_reported_as_far_as_it_came() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let mut first = Command::new(env!("CARGO_BIN_EXE_stanch"));
    first.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TMPDIR", home);
    let mut first = first
        .args(["drill", "first-drill", "--json", "--data", "d"])
        .current_dir(home)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = std::io::BufRead::lines(std::io::BufReader::new(first.stdout.take().unwrap()));
    assert!(out.any(|line| line.unwrap().contains("chat from your coach")));
    first.kill().unwrap();
    first.wait().unwrap();
    let report = &json(home, &["report", "d", "--json"])[0];
    assert!(report["verdict"]["text"].as_str().unwrap().starts_with("Interrupted"), "{report}");
    assert_eq!(report["points"]["passed"], Value::Null);
    let expectations = report["objectives"].as_array().unwrap().iter();
    let came: Vec<&Value> = expectations
        .flat_map(|one| one["expectations"].as_array().unwrap())
        .map(|one| &one["came"])
        .collect();
    assert!(came.contains(&&Value::from("met")) && came.contains(&&Value::from("open")), "{came:?}");
}

/// The row of the playbook in the list, for programs.
fn listed(home: &Path) -> Value {
    let all = json(home, &["playbooks", "list", "--json"]);
    all.into_iter().find(|line| line["slug"] == "oauth-app-compromise").unwrap()
}

/// A backup of the company's data holds the ledger, and gives it back.
fn backed_up(home: &Path) {
    let ledger = ["-r", "state/stanch/drills", "one/drills"];
    assert!(Command::new("cp").args(ledger).current_dir(home).status().unwrap().success());
    let copied = said(home, &["journal", "backup", "copy", "--data", "one"]);
    assert!(copied.contains("and the ledger of drills: "), "{copied}");
    let restored = json(home, &["journal", "restore", "copy", "--data", "again", "--json"]);
    assert!(restored[0]["drills"].as_u64().unwrap() >= 3, "{restored:?}");
    let files = |folder: &str| std::fs::read_dir(home.join(folder).join("drills/journal")).unwrap().count();
    assert_eq!(files("again"), files("copy"));
    let verified = said(home, &["journal", "verify", "--data", "again/drills"]);
    assert!(verified.contains("every hash and every chain holds"), "{verified}");
}

#[test]
fn the_last_drill_is_kept_and_what_it_found_is_tested_first_in_the_next() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    assert_eq!(listed(home)["drilled"], Value::Null);
    // Nobody can say yes within a second.
    let file = scenario(home, &[("by: 8m,  that: 'approver", "by: 1s,  that: 'approver")]);
    play(home, file.to_str().unwrap(), "one");
    let drilled = &listed(home)["drilled"];
    assert_eq!(
        (&drilled["score"], &drilled["passed"], &drilled["open"]),
        (&90.into(), &true.into(), &1.into())
    );
    assert_eq!(drilled["stale"], Value::Null, "nothing changed since");
    let list = said(home, &["improvements"]);
    assert!(list.contains("late: a person said yes") && list.contains("identity-response"), "{list}");

    let again = play(home, "first-drill", "two");
    let text = String::from_utf8(again.stdout).unwrap();
    assert!(
        text.starts_with("Open about oauth-app-compromise, and tested first:\n  1 late: a person said yes"),
        "{text}"
    );
    let report = &json(home, &["report", "two", "--json"])[0];
    assert_eq!(report["tested"][0]["came"], "met", "{report}");
    assert!(!report["tested"][0]["evidence"].as_array().unwrap().is_empty());
    assert!(said(home, &["report", "two"]).contains("## Tested first"));
    let first = &json(home, &["report", "one", "--json"])[0];
    assert_eq!(first["improvements"][0]["number"], 1, "what was found has its number");

    // in score and report too
    let last: Value = json(home, &["report", "two", "--json"])[0]["objectives"][0].clone();
    assert!(last["expectations"][0]["that"].as_str().unwrap().contains("approver("), "{last}");
    backed_up(home);

    let changed = said(home, &["improvements", "change", "1", "--owner", "ben", "--due", "2027-01-31"]);
    assert!(changed.contains("ben, by 2027-01-31"), "{changed}");
    said(home, &["improvements", "close", "1", "--reason", "the pager is louder"]);
    assert_eq!(stanch(home, &["improvements", "close", "1", "--reason", "x"]).status.code(), Some(3));
    assert_eq!(said(home, &["improvements"]).trim(), "nothing is open");
    assert!(said(home, &["improvements", "--all"]).contains("last tested in first-drill: met"));
    let verified = said(home, &["journal", "verify", "--data", "state/stanch/drills"]);
    assert!(verified.contains("every hash and every chain holds"), "{verified}");
}

#[test]
fn a_result_is_stale_when_the_playbook_changed_since() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("stanch.yaml"), "playbooks: [oauth-app-compromise]\n").unwrap();
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../playbooks/library/oauth-app-compromise");
    copy(&library, &home.join("oauth-app-compromise"));
    play(home, "first-drill", "d");
    assert!(home.join("data/drills/journal").is_dir(), "kept beside the configuration that is here");
    assert_eq!(listed(home)["drilled"]["stale"], Value::Null);
    let script = home.join("oauth-app-compromise/main.rhai");
    let text = std::fs::read_to_string(&script).unwrap();
    std::fs::write(&script, format!("{text}\n// and more\n")).unwrap();
    assert_eq!(listed(home)["drilled"]["stale"], serde_json::json!(["the playbook changed"]));
    let list = said(home, &["playbooks", "list"]);
    assert!(list.contains("100/100 passed, stale: the playbook changed") && list.contains("never"), "{list}");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)
        } else {
            _ = std::fs::copy(entry.path(), target).unwrap()
        }
    }
}

#[test]
fn what_is_not_there_is_said_with_the_way_out() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let complaint = |args: &[&str]| {
        let output = stanch(home, args);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = complaint(&["report", "ABCD1234"]);
    assert!(code == Some(2) && text.contains("is no data folder"), "{text}");
    let (code, text) = complaint(&["improvements", "close", "7", "--reason", "x"]);
    assert!(code == Some(3) && text.contains("there is no improvement 7"), "{text}");
    assert_eq!(complaint(&["report"]).0, Some(2));
    assert_eq!(complaint(&["improvements", "change", "1", "--due", "soon"]).0, Some(2));
}
