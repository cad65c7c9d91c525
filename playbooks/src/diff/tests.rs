//! What a reviewer hears of a changed playbook. Nothing is configured here; scopes and undo are seen over the catalogue, in
//! the program's own tests.

use std::collections::BTreeMap;

use super::{Diff, How};
use crate::{Playbook, check::tests::catalogue::Nothing};

const MANIFEST: &str = "\
playbook: cut
title: Cut
owner: us
reviewed: 2026-11-01
input:
  app: { type: app }
start:
  - when: alert.kind == \"a\"
    one_run_per: app
uses:
  read: [find_app]
  tell: [page]
approvals:
  go: { ask: lead, within: 15m, unanswered: [boss, deny] }
limits: { targets: 10 }
";

const SCRIPT: &str = "\
phase(\"look\");
let apps = find_app(input.app);
page(\"team\", \"we look\");
phase(\"act\");
approve(\"go\", \"May we?\", [apps]);
if apps.is_empty() { note(\"none\"); }
";

fn playbook(manifest: &str, script: &str) -> Playbook {
    let sources = BTreeMap::from([
        ("playbook.yaml".to_owned(), manifest.to_owned()),
        ("main.rhai".to_owned(), script.to_owned()),
    ]);
    Playbook::from_sources("cut", sources).unwrap()
}

fn changes(manifest: &str, script: &str) -> Vec<String> {
    let diff = Diff::of(&playbook(MANIFEST, SCRIPT), &playbook(manifest, script), &Nothing);
    let sign = |how: How| match how {
        How::Added => '+',
        How::Removed => '-',
        How::Moved => '>',
        How::Changed => '~',
    };
    let part = |part: Option<String>| part.unwrap_or_default();
    let one = |change: super::Change| {
        let (before, now) = (part(change.before), part(change.now));
        format!("{} {} {}: {before} -> {now}", change.about.as_str(), sign(change.how), change.what)
    };
    diff.changes.into_iter().map(one).collect()
}

#[test]
fn the_same_is_the_same() {
    let diff = Diff::of(&playbook(MANIFEST, SCRIPT), &playbook(MANIFEST, SCRIPT), &Nothing);
    assert!(diff.is_same(), "{diff:?}");
}

#[test]
fn a_comment_changes_nothing_but_the_text() {
    let script = format!("// why\n{SCRIPT}");
    assert_eq!(changes(MANIFEST, &script), [""; 0]);
    let diff = Diff::of(&playbook(MANIFEST, SCRIPT), &playbook(MANIFEST, &script), &Nothing);
    assert!(!diff.is_same());
    assert_eq!(diff.files.len(), 1);
    assert!(
        diff.files[0].diff.starts_with("--- a/main.rhai\n+++ b/main.rhai\n@@ "),
        "{}",
        diff.files[0].diff
    );
    assert!(diff.files[0].diff.contains("\n+// why\n"));
}

#[test]
fn steps_come_go_move_and_change() {
    let script = "\
phase(\"look\");
let apps = find_app(input.app);
phase(\"act\");
if apps.is_empty() { note(\"none at all\"); }
approve(\"go\", \"May we?\", [apps]);
each(apps, |app| attempt(|| page(\"team\", \"we look\")));
wait(\"10m\");
";
    assert_eq!(
        changes(MANIFEST, script),
        [
            "steps ~ note (line 4, phase act): says: none -> none at all",
            "steps > page team: line 3, phase look -> line 6, phase act",
            "steps ~ page team (line 6, phase act): when:  -> each of apps",
            "steps ~ page team (line 6, phase act): on error: ends the run -> goes on",
            "steps > approve go: line 5, phase act -> line 5, phase act",
            "steps + wait 10m:  -> line 7, phase act",
        ]
    );
}

#[test]
fn who_is_asked_what_starts_it_and_where_it_stops() {
    let manifest = MANIFEST
        .replace(
            "ask: lead, within: 15m, unanswered: [boss, deny]",
            "ask: [lead, boss], within: 5m, unanswered: approve, of: 2, pre_approved: targets.len() < 3",
        )
        .replace("alert.kind == \"a\"", "alert.kind == \"b\"")
        .replace("targets: 10", "targets: 10%, people: 3")
        .replace("read: [find_app]\n  tell: [page]", "read: [find_app, find_user]\n  reversible: [page]");
    let changes = changes(&manifest, SCRIPT);
    assert_eq!(
        changes,
        [
            "approvals ~ go: asks: lead -> lead, boss",
            "approvals + go: pre-approved if:  -> targets.len() < 3",
            "approvals ~ go: silence means: no -> yes",
            "approvals - go: then asks: boss -> ",
            "approvals ~ go: within: 15m -> 5m",
            "approvals ~ go: yes of: 1 -> 2",
            "uses + find_user:  -> read",
            "uses ~ page: tell -> reversible",
            "triggers - when alert.kind == \"a\": one run per app -> ",
            "triggers + when alert.kind == \"b\":  -> one run per app",
            "limits + people:  -> 3",
            "limits ~ targets: 10 -> 10%",
        ]
    );
}
