//! The report of an incident or a run, from the entries of its streams alone. A drill begins with the same.

use std::collections::BTreeMap;

use jiff::Timestamp;
use stanch_model::{
    Alert, Entry,
    api::{DeadlineView, Note},
    incident::{self, Noted},
    run::{Mode, RunView},
    shortened::short,
};

use super::{
    clock::{Zero, ms, rfc3339, written},
    coverage, history, judge, measure,
    shape::{About, FORM, Fact, Head, Improvement, Lane, Moment, Place, Report, Tone, Verdict},
};
use crate::incident::{Incident, deadline_id};

/// So many alerts are named.
const NAMED: usize = 8;

/// What a report is made of: whole streams of the journal, oldest entry first.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// The incident's stream; empty where there is none.
    pub incident: Vec<Entry>,
    /// The streams of its alerts.
    pub alerts: Vec<Vec<Entry>>,
    /// The streams of its runs, oldest first.
    pub runs: Vec<Vec<Entry>>,
    /// The playbooks that ran, as they were then.
    pub books: Vec<Book>,
    /// The last checkpoint of the journal, if it has one.
    pub checkpoint: Option<Head>,
    /// The improvements that are kept about these playbooks.
    pub improvements: Vec<Improvement>,
}

/// A playbook that ran.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// Its slug.
    pub slug: String,
    /// Who keeps it.
    pub owner: String,
    /// Hash of its sources.
    pub version: String,
    /// What it is tagged with.
    pub tags: Vec<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What it is about.
    pub about: About,
    /// Its id.
    pub id: &'a str,
    /// Where its time begins; the earliest thing that happened unless given.
    pub began: Option<Timestamp>,
    /// How clocks that run are judged.
    pub now: Timestamp,
}

pub(super) struct Run<'a> {
    pub(super) entries: &'a [Entry],
    pub(super) view: RunView,
}

impl Report {
    /// The report of an incident or a run.
    pub fn of(material: &Material, asked: Asked<'_>) -> Self {
        let runs: Vec<Run<'_>> =
            material.runs.iter().map(|entries| Run { entries, view: RunView::of(entries) }).collect();
        let incident = Incident::of(&material.incident);
        let began = began(material, asked);
        let zero = Zero(began);
        let deadlines = deadlines(&runs, incident.as_ref(), asked.now);
        let levels = measure::exposure(&runs, zero);
        let times = measure::Times::of(&runs);
        let end = end_s(&runs, zero).unwrap_or_else(|| zero.s(asked.now.as_millisecond()));
        let judged = judge::judge(&runs, &deadlines, zero);
        let mut timeline: Vec<Moment> = Vec::new();
        timeline.extend(material.alerts.iter().filter_map(|entries| alert(entries, zero)));
        timeline.extend(runs.iter().flat_map(|run| history::of_run(run.entries, zero)));
        timeline.extend(noted(&material.incident, zero));
        sort(&mut timeline);
        Self {
            form: FORM.to_owned(),
            about: asked.about,
            id: asked.id.to_owned(),
            title: title(asked, incident.as_ref(), &runs),
            exercise: runs.iter().any(|run| run.view.mode == Some(Mode::Drill)),
            verdict: verdict(&runs),
            began: rfc3339(began),
            facts: facts(material, incident.as_ref(), &runs),
            timeline,
            points: None,
            tested: Vec::new(),
            objectives: judged.objectives,
            measures: times.measures(began),
            figures: vec![Fact::new("open target-minutes", measure::open_minutes(&levels, end).to_string())],
            exposure: levels,
            targets: measure::groups(&runs),
            deadlines,
            strengths: judged.strengths,
            gaps: judged.gaps,
            improvements: material.improvements.clone(),
            coverage: coverage::of(material.books.iter().map(|book| (book.slug.as_str(), &book.tags[..]))),
            talk: Vec::new(),
            heads: heads(material),
        }
    }
}

/// In the order of time; what never happened stands where it was planned, and at the end what nobody can place.
pub fn sort(timeline: &mut [Moment]) {
    timeline.sort_by_key(|moment| moment.at_s.or(moment.planned_s).unwrap_or(i64::MAX));
}

fn began(material: &Material, asked: Asked<'_>) -> i64 {
    let streams = material.alerts.iter().chain(&material.runs).chain([&material.incident]);
    let firsts = streams.filter_map(|entries| ms(&entries.first()?.header.time));
    let given = asked.began.map(Timestamp::as_millisecond);
    given.or_else(|| firsts.min()).unwrap_or_else(|| asked.now.as_millisecond())
}

/// When the last run ended, if all have.
fn end_s(runs: &[Run<'_>], zero: Zero) -> Option<i64> {
    let all = runs.iter().map(|run| run.view.ended.and_then(|_| zero.at(&run.view.since)));
    all.collect::<Option<Vec<i64>>>()?.into_iter().max()
}

fn title(asked: Asked<'_>, incident: Option<&Incident>, runs: &[Run<'_>]) -> String {
    let run = runs.first().map(|run| run.view.title.clone());
    let incident = incident.map(|incident| incident.title.clone());
    let (first, second) = if asked.about == About::Run { (run, incident) } else { (incident, run) };
    first.or(second).unwrap_or_else(|| format!("{} {}", asked.about.as_str(), asked.id))
}

fn stand(run: &RunView) -> String {
    match (run.ended, run.containment) {
        (Some(ended), Some(containment)) => format!("{ended}, {}", containment.as_str().replace('_', " ")),
        _ => format!("{} since {}", run.state.as_str(), written(&run.since)),
    }
}

fn verdict(runs: &[Run<'_>]) -> Verdict {
    let text = match runs {
        [] => "nothing was started".to_owned(),
        [one] => stand(&one.view),
        many => {
            let each = many.iter().map(|run| format!("{}: {}", run.view.playbook, stand(&run.view)));
            each.collect::<Vec<_>>().join("; ")
        }
    };
    let whole = |run: &Run<'_>| run.view.containment.is_some_and(stanch_model::Containment::is_whole);
    let tone = match runs {
        [] => Tone::Plain,
        _ if runs.iter().all(whole) => Tone::Good,
        _ if runs.iter().any(|run| run.view.ended.is_some() && !whole(run)) => Tone::Bad,
        _ => Tone::Warn,
    };
    Verdict { text, tone }
}

fn facts(material: &Material, incident: Option<&Incident>, runs: &[Run<'_>]) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(incident) = incident {
        facts.push(Fact::new("Incident", format!("{}, {}", incident.id, incident.severity)));
        let by = if incident.by.is_empty() { String::new() } else { format!(" by {}", incident.by) };
        facts.push(Fact::new("Opened", format!("{}{by}", written(&incident.opened))));
        let said = |name, note: &Note| {
            Fact::new(name, format!("{} by {}: {}", written(&note.at), note.by, note.text))
        };
        facts.extend(incident.closed.iter().map(|note| said("Closed", note)));
        facts.extend(incident.reopened.iter().map(|note| said("Opened again", note)));
        facts.extend(incident.lead.iter().map(|lead| Fact::new("Lead", lead.clone())));
    }
    for entries in material.alerts.iter().take(NAMED) {
        let Some(first) = entries.first() else { continue };
        let Ok(alert) = first.decode::<Alert>() else { continue };
        let at = written(&first.header.time);
        facts.push(Fact::new(
            "Alert",
            format!("{} ({}, {}), {at}", alert.title, alert.source, alert.severity),
        ));
    }
    if material.alerts.len() > NAMED {
        facts.push(Fact::new("Alert", format!("and {} more", material.alerts.len() - NAMED)));
    }
    for run in runs {
        let view = &run.view;
        let version = material.books.iter().find(|book| book.slug == view.playbook);
        let version = version.map_or_else(String::new, |book| format!(", version {}", part(&book.version)));
        let id = view.id.as_ref().map_or("", |id| id.0.as_str());
        facts.push(Fact::new("Run", format!("{} of {}{version}: {}", short(id), view.playbook, stand(view))));
        facts.push(Fact::new("Started", format!("{} by {}", written(&view.started), view.started_by)));
    }
    facts.extend(runs.iter().flat_map(|run| run.view.broken_glass()).map(|(wait, said)| {
        let asked =
            if wait.ask.is_empty() { String::new() } else { format!(" instead of {}", wait.ask.join(", ")) };
        let (who, through, reason) = (&said.who, &said.channel, &said.reason);
        Fact::new(
            "Break-glass",
            format!("{} ({}): {who}{asked}, through {through}: {reason}", wait.id, wait.name),
        )
    }));
    let people = people(runs);
    if !people.is_empty() {
        facts.push(Fact::new("People", people));
    }
    facts
}

/// The beginning of a hash.
fn part(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// Who answered how often.
fn people(runs: &[Run<'_>]) -> String {
    let mut said: BTreeMap<&str, usize> = BTreeMap::new();
    let decisions = runs.iter().flat_map(|run| &run.view.waits).flat_map(|wait| &wait.decisions);
    decisions.for_each(|decision| *said.entry(decision.who.as_str()).or_default() += 1);
    let each = said.into_iter().map(|(who, times)| match times {
        1 => format!("{who} (1 answer)"),
        _ => format!("{who} ({times} answers)"),
    });
    each.collect::<Vec<_>>().join(", ")
}

/// Two runs that started the same clock count once.
fn deadlines(runs: &[Run<'_>], incident: Option<&Incident>, now: Timestamp) -> Vec<DeadlineView> {
    let mut seen = std::collections::BTreeSet::new();
    let started = runs.iter().flat_map(|run| &run.view.deadlines);
    let mut clocks: Vec<DeadlineView> = started
        .filter(|clock| seen.insert(deadline_id(clock)))
        .filter_map(|clock| Some(incident?.deadline(clock, now)))
        .collect();
    clocks.sort_by(|one, other| one.due.cmp(&other.due));
    clocks
}

fn alert(entries: &[Entry], zero: Zero) -> Option<Moment> {
    let first = entries.first()?;
    let alert: Alert = first.decode().ok()?;
    let by = alert.by.map_or_else(|| alert.source.clone(), |who| format!("{who}, by hand"));
    Some(moment(first, zero, Lane::Outside, "alert", format!("{} (from {by})", alert.title)))
}

fn moment(entry: &Entry, zero: Zero, lane: Lane, mark: &str, text: String) -> Moment {
    Moment {
        planned: String::new(),
        planned_s: None,
        at_s: zero.at(&entry.header.time),
        until_s: None,
        lane,
        mark: mark.to_owned(),
        text,
        tone: Tone::Plain,
        places: vec![Place::of(entry)],
    }
}

/// What people wrote on the incident and said of its clocks.
fn noted(entries: &[Entry], zero: Zero) -> Vec<Moment> {
    let words = |entry: &Entry| match entry.header.kind.as_str() {
        incident::kind::NOTED => {
            let Noted { by, text } = entry.decode().ok()?;
            Some(("note", format!("{by}: {text}")))
        }
        incident::kind::DEADLINE_SETTLED => {
            let said: incident::DeadlineSettled = entry.decode().ok()?;
            let word = if said.waived { "nothing is owed" } else { "sent" };
            Some(("clock", format!("{}: {word}, says {} ({})", said.deadline, said.by, said.reason)))
        }
        incident::kind::CLOSED => {
            let closed: incident::Closed = entry.decode().ok()?;
            Some(("closed", format!("{} closes the incident: {}", closed.by, closed.reason)))
        }
        incident::kind::REOPENED => {
            let reopened: incident::Reopened = entry.decode().ok()?;
            Some(("reopened", format!("{} opens the incident again: {}", reopened.by, reopened.reason)))
        }
        _ => None,
    };
    let found = entries.iter().filter_map(|entry| Some((entry, words(entry)?)));
    found.map(|(entry, (mark, text))| moment(entry, zero, Lane::People, mark, text)).collect()
}

fn heads(material: &Material) -> Vec<Head> {
    let streams = [&material.incident].into_iter().chain(&material.alerts).chain(&material.runs);
    streams.filter_map(|entries| Head::of(entries)).chain(material.checkpoint.clone()).collect()
}
