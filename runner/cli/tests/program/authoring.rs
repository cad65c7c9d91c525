//! `stanch new` and `stanch test`: a playbook that holds at once, cases that fail like a diff, and cases made of runs.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{empty, stanch, transcript};

/// How long it took is the machine's affair.
fn timeless(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once(", ") {
        Some((before, last)) if last.ends_with(" s") => format!("{before}, N s"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn case(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join("cut/cases")).unwrap();
    fs::write(folder.join("cut/cases").join(name), text).unwrap();
}

/// A playbook `cut` as `stanch new` makes it, without its cases.
fn cut() -> tempfile::TempDir {
    let home = empty();
    assert!(stanch(home.path(), &["new", "cut"]).status.success());
    fs::remove_dir_all(home.path().join("cut/cases")).unwrap();
    home
}

/// The JSON lines of `stanch test`: the cases, and the summary.
fn lines(folder: &Path, args: &[&str]) -> (Vec<Value>, Value) {
    let output = stanch(folder, args);
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = lines.pop().unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (lines, last)
}

const WORLD: &str =
    "input: { app: drift }\nworld: { people: 40, apps: [{ id: drift, grants: { okta: 4 }, held_by: 4 }] }\n";

#[test]
fn a_new_playbook_passes_check_and_test_with_a_company_or_without() {
    let alone = empty();
    let company = empty();
    assert!(stanch(company.path(), &["init"]).status.success());
    for home in [&alone, &company] {
        let made = transcript(home.path(), &["new", "cut-and-tell"]);
        assert!(made.ends_with("exit 0\n"), "{made}");
        let checked = transcript(home.path(), &["check", "cut-and-tell", "--strict"]);
        assert!(checked.ends_with("exit 0\n"), "{checked}");
        let tested = transcript(home.path(), &["test", "cut-and-tell", "--coverage"]);
        assert!(tested.ends_with("exit 0\n"), "{tested}");
        assert!(tested.contains("all ok") && tested.contains("coverage "), "{tested}");
    }
}

#[test]
fn what_is_there_is_kept_and_what_is_no_name_is_refused() {
    let home = empty();
    fs::create_dir(home.path().join("mine")).unwrap();
    insta::assert_snapshot!("new_there_already", transcript(home.path(), &["new", "mine"]));
    let bad = transcript(home.path(), &["new", "Cut It"]);
    assert!(bad.contains("`cut-it`") && bad.ends_with("exit 2\n"), "{bad}");
    assert_eq!(fs::read_dir(home.path().join("mine")).unwrap().count(), 0);
}

#[test]
fn a_case_that_fails_reads_like_a_diff() {
    let home = cut();
    let expect = "answers: { cut: approve }\nexpect:\n  containment: partly_contained\n  failed: 2\n  writes: { okta.revoke_app_token: 5 }\n  told: { team: nobody was told }\n  steps: [settle, approve]\n  asked: [revoke-by-hand]\n  that: ['untouched(\"drift\")', 'kills > 3']\n";
    case(home.path(), "wrong.yaml", &format!("case: everything is otherwise\n{WORLD}{expect}"));
    insta::assert_snapshot!("failing_case", timeless(&transcript(home.path(), &["test", "cut"])));
}

#[test]
fn a_run_that_nobody_answers_says_where_in_its_script_it_waits() {
    let home = cut();
    let fault = "fault: [{ action: okta.revoke_app_token, answer: 403 }]\nanswers: { cut: approve }\nexpect: { ended: finished }\n";
    case(home.path(), "stands.yaml", &format!("case: nobody revokes by hand\n{WORLD}{fault}"));
    insta::assert_snapshot!("standing_case", timeless(&transcript(home.path(), &["test", "cut"])));
}

#[test]
fn mistakes_of_a_case_are_said_all_at_once_with_their_places() {
    let home = cut();
    let text = "case: all wrong
input: { ap: drift }
world: { people: 3, apps: [{ id: drift, grants: { otka: 4 }, held_by: 9 }, { id: drift }] }
fault:
  - { action: okta.revoke_app_tokn, call: 0, answer: 503 }
  - { kill_runner: true }
answers: { cutt: approve, cut: { say: perhaps, by: nobody } }
expect:
  verified: { gramt: 4 }
  writes: { okta.nothing: 1 }
  steps: [find_ap]
  told: [drfit]
  that: ['revokd(\"okta\") > 1', 'done(\"grant.revoke\")']
";
    case(home.path(), "wrong.yaml", text);
    insta::assert_snapshot!("mistaken_case", timeless(&transcript(home.path(), &["test", "cut"])));
    case(home.path(), "wrong.yaml", "case: x\nexpekt: { ended: failed }\n");
    let unknown = transcript(home.path(), &["test", "cut/cases/wrong.yaml"]);
    assert!(unknown.contains("TC0001") && unknown.contains("expect"), "{unknown}");
    let page = transcript(home.path(), &["explain", "TC0003"]);
    assert!(page.contains("the world cannot be") && page.ends_with("exit 0\n"), "{page}");
}

#[test]
fn waits_jump_and_silence_decides() {
    let home = cut();
    let silent = "answers: { cut: expire }\nexpect: { ended: failed, error: { kind: denied }, writes: {}, within: 16m }\n";
    case(
        home.path(),
        "silent.yaml",
        &format!("case: nobody answers for a quarter of an hour\n{WORLD}{silent}"),
    );
    let (cases, last) = lines(home.path(), &["test", "cut", "--json"]);
    assert_eq!((cases[0]["ok"].as_bool(), last["failed"].as_u64()), (Some(true), Some(0)), "{cases:?}");
    assert_eq!(cases[0]["clock_ms"].as_i64(), Some(15 * 60_000), "{cases:?}");
}

#[test]
fn a_fault_that_never_happened_is_said_on_the_line_of_its_case() {
    let home = cut();
    let faults = "fault:
  - { action: okta.revoke_app_token, call: 2, answer: 503 }
  - { action: okta.revoke_app_token, call: 9, answer: 403 }
  - { action: okta.suspend_user, answer: 403 }
  - { action: okta.revoke_app_token, answer: 403, once: 'kills > 3' }
  - { kill_runner: true, entry: 4000 }
  - { kill_runner: true, action: okta.revoke_app_token, call: 70 }
";
    let text = format!(
        "case: too late\n{WORLD}{faults}answers: {{ cut: approve }}\nexpect: {{ ended: finished }}\n"
    );
    case(home.path(), "late.yaml", &text);
    let (cases, last) = lines(home.path(), &["test", "cut", "--json"]);
    assert_eq!((&cases[0]["ok"], &last["idle"]), (&Value::Bool(true), &Value::from(5)), "{cases:?}");
    let idle = cases[0]["idle"].as_array().unwrap();
    let nth: Vec<u64> = idle.iter().map(|one| one["nth"].as_u64().unwrap()).collect();
    assert_eq!(nth, [1, 2, 3, 4, 5]);
    let why = |nth: usize| idle[nth]["why"].as_str().unwrap();
    assert!(
        why(0).contains("waits for call 9")
            && why(1).contains("nobody called okta.suspend_user; okta was asked for")
    );
    let tested = transcript(home.path(), &["test", "cut"]);
    assert!(
        tested.ends_with("exit 0\n") && tested.contains("late.yaml:6:5: warning: this fault never happened"),
        "{tested}"
    );
}

#[test]
fn a_question_mark_shows_what_there_is() {
    let home = cut();
    let expect = "answers: { cut: approve }\nexpect: { asked: [\"?\"], notes: [\"?\"], steps: [\"?\"] }\n";
    case(home.path(), "shows.yaml", &format!("case: what there is\n{WORLD}{expect}"));
    let tested = transcript(home.path(), &["test", "cut"]);
    assert!(
        tested.contains("1>   - expected ?\n1>   + got cut\n") && tested.contains("in order: phase"),
        "{tested}"
    );
    case(home.path(), "shows.yaml", &format!("case: a typo\n{WORLD}expect: {{ asked: [cutt] }}\n"));
    let wrong = transcript(home.path(), &["test", "cut"]);
    assert!(wrong.contains("did you mean `cut`?") && wrong.contains("shows what a run asks"), "{wrong}");
}

#[test]
fn the_seed_decides_the_ids_of_the_world() {
    let home = cut();
    let script = fs::read_to_string(home.path().join("cut/main.rhai")).unwrap();
    let shows = script.replace("phase(\"contain\");", "note(`ids ${grants}`);\nphase(\"contain\");");
    fs::write(home.path().join("cut/main.rhai"), shows).unwrap();
    let expect = "answers: { cut: approve }\nexpect: { notes: [\"?\"] }\n";
    let ids = |more: &[&str]| {
        let tested = transcript(home.path(), &[&["test", "cut"], more].concat());
        let line = tested.lines().find(|line| line.contains("got ids [okta/grant/")).map(str::to_owned);
        line.unwrap_or_else(|| panic!("{tested}"))
    };
    case(home.path(), "shows.yaml", &format!("case: which ids\n{WORLD}{expect}"));
    let usual = ids(&[]);
    let eight = ids(&["--seed", "8"]);
    assert_eq!((ids(&[]), ids(&["--seed", "8"])), (usual.clone(), eight.clone()));
    assert_ne!(usual, eight);
    // a case may name its own
    case(home.path(), "shows.yaml", &format!("case: which ids\nseed: 8\n{WORLD}{expect}"));
    assert_eq!(ids(&[]), eight);
}

#[test]
fn a_kill_at_any_entry_changes_nothing() {
    let home = cut();
    let expect = "answers: { cut: approve }\nexpect: { containment: contained_with_residual, residual: { grant: 4, app: 1 }, writes: { okta.revoke_app_token: 4 }, told: [team], that: kills == 1 }\n";
    for entry in [2, 5, 9, 14, 22, 30, 41] {
        let text = format!(
            "case: killed at {entry}\n{WORLD}fault: [{{ kill_runner: true, entry: {entry} }}]\n{expect}"
        );
        case(home.path(), &format!("at-{entry:02}.yaml"), &text);
    }
    let tested = transcript(home.path(), &["test", "cut"]);
    assert!(tested.ends_with("exit 0\n"), "{tested}");
}

/// A suspension that ends while the run still asks, and sessions whose access has run out by the time it ends.
const FOR_A_WHILE: [(&str, &str); 3] = [
    (
        "playbook.yaml",
        "playbook: while\ntitle: Suspend for a while\nowner: it\nreviewed: 2026-11-27\n\
         input: { user: { type: user } }\n\
         uses: { read: [find_user], reversible: [user.suspend], permanent: [user.end_sessions] }\n\
         approvals: { cut: { ask: incident-lead, within: 15m, unanswered: [deny] } }\n\
         questions: { confirm: { ask: incident-lead, within: 5h, unanswered: leave } }\n\
         limits: { targets: 5 }\n",
    ),
    (
        "main.rhai",
        "let users = find_user(input.user).filter(|user| user.integration == \"okta\");\n\
         approve(\"cut\", \"End it\", users);\n\
         each(users, |user| user.suspend(#{ expires_in: \"4h\" }));\n\
         each(users, |user| user.end_sessions());\n\
         settle();\n\
         note(ask(\"confirm\", \"For good?\", [\"leave\", \"keep\"]));\n",
    ),
    (
        "cases/given-back.yaml",
        "case: silence gives it back\ninput: { user: ana.adler@acme.example }\nintegrations: [okta]\n\
         world: { people: 4, apps: [{ id: drift, vendor: drift, grants: { okta: 2 } }] }\n\
         answers: { cut: approve, confirm: expire }\n\
         expect: { ended: finished, writes: { okta.suspend_user: 1, okta.unsuspend_user: 1 } }\n",
    ),
];

#[test]
fn what_came_due_while_a_run_ended_is_done_before_it_is_judged() {
    let home = empty();
    for (path, text) in FOR_A_WHILE {
        let path = home.path().join("while").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    for _ in 0..3 {
        let tested = transcript(home.path(), &["test", "while"]);
        assert!(tested.ends_with("exit 0\n"), "{tested}");
    }
}

#[test]
fn a_run_that_takes_something_back_and_stands_is_seen_by_the_case() {
    let home = empty();
    fs::create_dir_all(home.path().join("while/cases")).unwrap();
    let manifest = "playbook: while\ntitle: Suspend for a while\nowner: it\nreviewed: 2026-11-27\n\
                    input: { user: { type: user } }\nuses: { read: [find_user], reversible: [user.suspend] }\n";
    let script = "let users = find_user(input.user).filter(|user| user.integration == \"okta\");\n\
                  each(users, |user| user.suspend(#{ expires_in: \"4h\" }));\nsettle();\n";
    fs::write(home.path().join("while/playbook.yaml"), manifest).unwrap();
    fs::write(home.path().join("while/main.rhai"), script).unwrap();
    // Twice at the same place, somewhere in the run that gives it back.
    for entry in 41..48 {
        let text = format!(
            "case: dies at {entry}\ninput: {{ user: ana.adler@acme.example }}\nintegrations: [okta]\n\
             world: {{ people: 4, apps: [{{ id: drift, vendor: drift, grants: {{ okta: 2 }} }}] }}\n\
             fault: [{{ kill_runner: true, entry: {entry} }}, {{ kill_runner: true, entry: {} }}]\n\
             expect: {{ ended: finished }}\n",
            entry + 1
        );
        fs::write(home.path().join(format!("while/cases/at-{entry}.yaml")), text).unwrap();
    }
    let (cases, _) = lines(home.path(), &["test", "while", "--json"]);
    let said: Vec<&str> = cases
        .iter()
        .flat_map(|case| case["misses"].as_array().unwrap())
        .map(|miss| miss["got"].as_str().unwrap())
        .filter(|got| got.starts_with("give-back: it stands as suspect"))
        .collect();
    assert!(!said.is_empty(), "{cases:?}");
}

#[test]
fn coverage_names_the_places_that_no_case_reaches() {
    let home = cut();
    let denied = "answers: { cut: deny }\nexpect: { ended: failed }\n";
    case(home.path(), "denied.yaml", &format!("case: a no\n{WORLD}{denied}"));
    let tested = timeless(&transcript(home.path(), &["test", "cut", "--coverage", "--at-least", "95"]));
    insta::assert_snapshot!("coverage", tested);
}

/// The files of the page for authors: a line with the path, then the text.
fn files_of_the_page() -> Vec<(String, String)> {
    let page = include_str!("../../../../playbooks/AUTHORING.md");
    let mut files = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let path = line.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
        let Some(path) = path.filter(|path| path.starts_with("lock-contractor/")) else { continue };
        assert_eq!(
            (lines.next(), lines.next().map(|fence| fence.starts_with("```"))),
            (Some(""), Some(true))
        );
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        files.push((path.to_owned(), text.join("\n") + "\n"));
    }
    files
}

#[test]
fn the_page_for_authors_leads_from_nothing_to_a_tested_playbook() {
    let home = empty();
    assert!(stanch(home.path(), &["new", "lock-contractor"]).status.success());
    fs::remove_dir_all(home.path().join("lock-contractor/cases")).unwrap();
    let files = files_of_the_page();
    assert_eq!(files.len(), 7);
    fs::create_dir_all(home.path().join("lock-contractor/cases")).unwrap();
    for (path, text) in files {
        fs::write(home.path().join(path), text).unwrap();
    }
    let checked = transcript(home.path(), &["check", "--strict", "lock-contractor"]);
    assert!(checked.ends_with("exit 0\n"), "{checked}");
    let tested = transcript(home.path(), &["test", "lock-contractor", "--at-least", "100"]);
    assert!(tested.ends_with("exit 0\n"), "{tested}");
    let needed = transcript(home.path(), &["scopes", "lock-contractor"]);
    assert!(needed.contains("okta.users.manage"), "{needed}");
}

#[test]
fn every_case_of_the_library_holds_and_reaches_its_script() {
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../../playbooks/library");
    let home = empty();
    let tested = transcript(home.path(), &["test", library, "--at-least", "95"]);
    let wrong: Vec<&str> = tested.lines().filter(|line| !line.contains("  ok ")).collect();
    assert!(tested.ends_with("exit 0\n"), "{}", wrong.join("\n"));
    assert!(!tested.contains("never happened"), "{}", wrong.join("\n"));
}
