//! How cases came out, on the screen: a line for each, and of one that failed what differs, like a diff.

use std::{path::Path, time::Duration};

use serde_json::json;
use stanch_model::{run::RunView, yaml};
use stanch_playbooks::coverage::Reached;

use super::{
    Outcome,
    cases::{Ready, Suite},
    play::Played,
};
use crate::out::Out;

/// Shows the cases of a playbook. Gives how many failed.
pub(super) fn suite(suite: &Suite, outcomes: &[Outcome], out: Out) -> usize {
    out.text(&suite.scene.ground.playbook.slug);
    for (ready, outcome) in suite.cases.iter().zip(outcomes) {
        let word = if outcome.is_ok() { "ok  " } else { "FAIL" };
        let name = short(&ready.found.file, &suite.folder);
        out.text(format!("  {word} {name:<34} {}", ready.title()).trim_end());
        for (place, why) in idle(ready, outcome) {
            out.text(&format!("       {place}: warning: this fault never happened: {why}"));
        }
        out.line(&line(suite, ready, outcome));
    }
    let failed = suite.cases.iter().zip(outcomes).filter(|(_, outcome)| !outcome.is_ok());
    let mut count = 0;
    for (ready, outcome) in failed {
        count += 1;
        out.text(&format!("\n{}\n", why(ready, outcome)));
    }
    count
}

/// The faults of a case that never happened, each with its place in the file.
fn idle(ready: &Ready, outcome: &Outcome) -> Vec<(String, String)> {
    let Outcome::Played(played) = outcome else { return Vec::new() };
    let file = ready.found.name();
    let tree = yaml::node(&file, &ready.found.text, "TC0001").ok();
    let placed = played.idle.iter().map(|idle| {
        let at = ["fault".to_owned(), idle.nth.to_string()];
        let (line, column) = place(&at, tree.as_ref(), &ready.found.text);
        (format!("{file}:{line}:{column}"), idle.why.clone())
    });
    placed.collect()
}

/// How much of a script its cases reached, and on wish what they did not.
pub(super) fn coverage(folder: &Path, reached: &Reached, all: bool, out: Out) {
    let ((lines, of), (branches, all_branches)) = (reached.lines(), reached.branches());
    let percent = reached.percent();
    out.text(&format!(
        "  coverage {percent} %: lines {lines} of {of}, branches {branches} of {all_branches}"
    ));
    for place in reached.missed.iter().filter(|_| all) {
        let file = folder.join("main.rhai");
        out.text(&format!("  {}:{}:{}: {}", file.display(), place.line, place.column, place.kind.words()));
    }
    out.text("");
}

/// The same for programs.
pub(super) fn measured(reached: &Reached) -> serde_json::Value {
    json!({
        "percent": reached.percent(),
        "lines": reached.lines(),
        "branches": reached.branches(),
        "missed": reached.missed,
    })
}

/// The last line.
pub(super) fn summary(cases: usize, failed: usize, idle: usize, took: Duration, out: Out) {
    let word = if cases == 1 { "case" } else { "cases" };
    let how = if failed == 0 { "all ok".to_owned() } else { format!("{failed} failed") };
    let idle = match idle {
        0 => String::new(),
        1 => ", 1 fault never happened".to_owned(),
        more => format!(", {more} faults never happened"),
    };
    out.text(&format!("{cases} {word}, {how}{idle}, {:.1} s", took.as_secs_f64()));
}

fn line(suite: &Suite, ready: &Ready, outcome: &Outcome) -> serde_json::Value {
    let mut line = json!({
        "playbook": suite.scene.ground.playbook.slug,
        "file": ready.found.name(),
        "case": ready.title(),
        "ok": outcome.is_ok(),
    });
    match outcome {
        Outcome::Mistakes => line["mistakes"] = json!(ready.mistakes),
        Outcome::Broken(error) => line["broken"] = json!(format!("{error:#}")),
        Outcome::Played(played) => {
            line["misses"] = json!(played.misses);
            line["idle"] = json!(played.idle);
            line["entries"] = json!(played.entries);
            line["clock_ms"] = json!(played.took_ms);
            line["run"] = json!(played.run.as_ref().map(state));
        }
    }
    line
}

/// Why a case failed.
fn why(ready: &Ready, outcome: &Outcome) -> String {
    match outcome {
        Outcome::Mistakes => ready.told(),
        Outcome::Broken(error) => format!("{}\n  could not be played: {error:#}", ready.found.name()),
        Outcome::Played(played) => differences(ready, played),
    }
}

fn differences(ready: &Ready, played: &Played) -> String {
    let file = ready.found.name();
    let tree = yaml::node(&file, &ready.found.text, "TC0001").ok();
    let mut text = Vec::new();
    for miss in &played.misses {
        let (line, column) = place(&miss.at, tree.as_ref(), &ready.found.text);
        text.push(format!("{file}:{line}:{column}: {}", miss.at.join(".")));
        text.push(marked('-', "expected", &miss.expected));
        text.push(marked('+', "got", &miss.got));
    }
    if let Some(run) = &played.run {
        text.push(format!("  the run {}", stands(run)));
    }
    text.join("\n")
}

/// Every line of it with its mark, the first with a word.
fn marked(mark: char, word: &str, text: &str) -> String {
    let first = format!("{word} ");
    let rest = " ".repeat(first.len());
    let lines = text.lines().enumerate().map(|(nth, line)| {
        let head = if nth == 0 { &first } else { &rest };
        format!("  {mark} {head}{line}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Line and column of what stands at a path: the innermost part of it that the file has.
fn place(at: &[String], tree: Option<&yaml::Node>, text: &str) -> (usize, usize) {
    let keys: Vec<&str> = at.iter().map(String::as_str).collect();
    let spans = (0..=keys.len()).rev().filter_map(|end| {
        let (last, before) = keys[..end].split_last()?;
        let map = tree?.at(before)?;
        let key = map.get(last).map(|(key, _)| key.span.start);
        key.or_else(|| Some(tree?.at(&keys[..end])?.span.start))
    });
    let start = spans.into_iter().next().unwrap_or(0);
    let before = &text[..start.min(text.len())];
    let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
    (before.matches('\n').count() + 1, column)
}

/// Where the run stands and where in its script it is.
fn stands(run: &RunView) -> String {
    let at = at(run)
        .map_or_else(String::new, |(line, column, what)| format!(", at main.rhai:{line}:{column} ({what})"));
    format!("{}{at}", state(run))
}

fn state(run: &RunView) -> String {
    match (run.ended, run.containment) {
        (Some(ended), Some(containment)) => format!("ended: {ended}, {containment}"),
        (Some(ended), None) => format!("ended: {ended}"),
        _ => format!("is {}: {}", run.state.as_str(), run.why),
    }
}

/// The last step that it came to: what it waits for, or what it did last.
fn at(run: &RunView) -> Option<(u32, u32, &str)> {
    let steps = run.steps.values().filter(|step| step.at.0 > 0);
    let open = steps.clone().filter(|step| !step.done).max_by_key(|step| step.at);
    let step = open.or_else(|| steps.max_by_key(|step| step.at))?;
    let what = if step.name.is_empty() { &step.op } else { &step.name };
    Some((step.at.0, step.at.1, what))
}

/// A case's file as its playbook's folder knows it.
fn short(file: &Path, folder: &Path) -> String {
    file.strip_prefix(folder).unwrap_or(file).display().to_string()
}
