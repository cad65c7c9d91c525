//! What a journal tells, as text that a person can compare: what each run did and how it stands, what became of incidents,
//! plans, promotions and drills. No wording of the program stands in it: a better sentence breaks no golden journal.

use std::fmt::Write as _;

use jiff::Timestamp;
use stanch_engine::Engine;
use stanch_journal::{Cursor, Filter, Journal};
use stanch_model::{
    RunId, StreamId,
    run::{Mode, RunState, RunView, WaitKind},
};
use stanch_response::{drills::Ledger, incident::Incident};

/// Everything in this journal.
pub(crate) fn told(engine: &Engine) -> String {
    let journal = engine.journal();
    let mut text = String::new();
    for id in ids(&**journal, "run/") {
        run(&mut text, &engine.view(&RunId(id)).unwrap());
    }
    for id in ids(&**journal, "incident/") {
        let entries = journal.read(&StreamId::incident(&id), 1, usize::MAX).unwrap();
        incident(&mut text, engine, &Incident::of(&entries).unwrap_or_else(|| panic!("incident {id}")));
    }
    for slug in ids(&**journal, "promotion/") {
        let playbook = engine.library().get(&slug).unwrap();
        let standing = engine.standing(&playbook);
        let by = (standing.reviewed_by.join(", "), standing.promoted_by.unwrap_or_default());
        line(
            &mut text,
            &format!("playbook {slug}: {:?}, reviewed by {}, promoted by {}", standing.stage, by.0, by.1),
        );
    }
    for hash in ids(&**journal, "plan/") {
        line(&mut text, &format!("plan {} of run {}", &hash[..8], engine.plan_run(&hash).unwrap()));
    }
    if !engine.paused_scopes().is_empty() {
        line(&mut text, &format!("paused: {}", engine.paused_scopes().join(", ")));
    }
    text
}

fn ids(journal: &dyn Journal, prefix: &str) -> Vec<String> {
    let filter = Filter { prefix: prefix.to_owned(), ..Filter::default() };
    let streams = journal.query(&filter, Cursor::START).unwrap().streams;
    let mut ids: Vec<String> = streams
        .iter()
        .filter_map(|(stream, _)| Some(stream.as_str().strip_prefix(prefix)?.to_owned()))
        .collect();
    ids.sort();
    ids
}

fn line(text: &mut String, line: &str) {
    let _ = writeln!(text, "{}", line.trim_end());
}

fn run(text: &mut String, view: &RunView) {
    assert_eq!(view.unknown_entries, 0, "{:?} has entries that nobody knows any more", view.id);
    let id = view.id.as_ref().map(ToString::to_string).unwrap_or_default();
    line(
        text,
        &format!(
            "run {id} {} ({:?}, by {})",
            view.playbook,
            view.mode.unwrap_or(Mode::Live),
            view.started_by
        ),
    );
    let end = match (view.ended, view.containment) {
        (Some(ended), Some(word)) => format!("{ended}, {}", word.as_str()),
        (Some(ended), None) => ended.to_string(),
        // Whoever is asked is in the waits; running and waiting are the same run a moment apart.
        (None, _) if matches!(view.state, RunState::Running | RunState::Waiting) => "open".to_owned(),
        (None, _) => view.state.as_str().to_owned(),
    };
    let error = view.error.as_ref().map_or_else(String::new, |error| format!(", {}", error.kind));
    line(text, &format!("  {end}{error}"));
    for step in view.steps.values() {
        let name = if ["now", "uuid"].contains(&step.op.as_str()) { "" } else { &step.name };
        let done = if step.done { "" } else { ", not done" };
        let error = step.error.as_ref().map_or_else(String::new, |error| format!(", {}", error.kind));
        let by = if step.by.is_empty() { String::new() } else { format!(", by {}", step.by) };
        line(text, &format!("  step {} {} {name}{done}{error}{by}", step.address, step.op));
    }
    for (key, target) in &view.targets {
        line(text, &format!("  target {key} {}: {}", target.verb, target.word()));
    }
    // A timer and a child are the engine's own, and stand in the steps already.
    for wait in view.waits.iter().filter(|wait| !matches!(wait.kind, WaitKind::Timer | WaitKind::Child)) {
        let closed = wait.closed.as_ref().map_or_else(
            || "open".to_owned(),
            |closed| format!("{} by {} {}", closed.say, closed.by, closed.who),
        );
        line(text, &format!("  wait {} {:?} {}: {closed}", wait.id, wait.kind, wait.name));
    }
    for hold in &view.holds {
        let stands = if hold.given_back.is_some() { "given back" } else { "held" };
        line(text, &format!("  hold {} {}: {stands}", hold.label, hold.property));
    }
    for deadline in &view.deadlines {
        line(text, &format!("  clock {} to {} due {}", deadline.deadline, deadline.to, deadline.due));
    }
    for (_, note) in &view.notes {
        line(text, &format!("  note {note}"));
    }
}

fn incident(text: &mut String, engine: &Engine, incident: &Incident) {
    line(text, &format!("incident {}: {}, {}", incident.id, incident.title, incident.severity));
    let counts = (incident.alerts.len(), incident.runs.len());
    let lead = incident.lead.as_deref().unwrap_or("nobody");
    let closed = if incident.closed.is_some() { ", closed" } else { "" };
    line(text, &format!("  {} alerts, {} runs, led by {lead}{closed}", counts.0, counts.1));
    for note in &incident.notes {
        line(text, &format!("  note by {}: {}", note.by, note.text));
    }
    for run in &incident.runs {
        for clock in &engine.view(&RunId(run.clone())).unwrap().deadlines {
            let stands = incident.deadline(clock, Timestamp::UNIX_EPOCH);
            line(text, &format!("  clock {}: {}", stands.id, stands.state));
        }
    }
}

/// Everything in a ledger of drills.
pub(crate) fn drilled(ledger: &Ledger) -> String {
    let mut text = String::new();
    for item in ledger.items.values() {
        let closed = item
            .closed
            .as_ref()
            .map_or_else(|| "open".to_owned(), |(closed, _)| format!("closed by {}", closed.by));
        line(
            &mut text,
            &format!(
                "improvement {} of {}, {} until {}: {closed}",
                item.opened.number, item.opened.playbook, item.opened.owner, item.opened.due
            ),
        );
        for (drill, at, came) in &item.tests {
            line(&mut text, &format!("  tested in {drill} at {at}: {came:?}"));
        }
    }
    text
}
