//! An incident as its entries tell it: a pure fold, and how its clocks stand.

use std::collections::HashSet;

use jiff::Timestamp;
use stanch_model::{
    Entry,
    alert::Severity,
    api::{DeadlineView, IncidentSummary, Note},
    incident::{
        Changed, Closed, DeadlineBegun, DeadlineMoved, DeadlineSettled, Joined, Noted, Opened, Reopened, kind,
    },
    run::{Mode, body::DeadlineStarted},
};

use crate::deadline::{Deadline, Settled};

/// An incident as its entries tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// One line.
    pub title: String,
    /// The worst of its alerts, or what was said last.
    pub severity: Severity,
    /// Live or rehearsed, where it was said.
    pub mode: Option<Mode>,
    /// Who or what opened it; empty where it was not said.
    pub by: String,
    /// When.
    pub opened: String,
    /// Who leads, if anybody said so.
    pub lead: Option<String>,
    /// Its alerts, oldest first.
    pub alerts: Vec<String>,
    /// Its runs, oldest first.
    pub runs: Vec<String>,
    /// What people wrote, oldest first.
    pub notes: Vec<Note>,
    /// What was said of its deadlines, oldest first, each with when: the last word about one counts.
    pub settled: Vec<(DeadlineSettled, String)>,
    /// Clocks that no run started, oldest first.
    pub begun: Vec<DeadlineStarted>,
    /// Clocks that are counted from another moment than they were started with, oldest first: the last word counts.
    pub moved: Vec<DeadlineMoved>,
    /// Who closed it, when and why; nothing while it is open.
    pub closed: Option<Note>,
    /// Who opened it again last, when and why; nothing while it is closed.
    pub reopened: Option<Note>,
    /// Somebody set the severity: alerts no longer raise it.
    severity_said: bool,
    /// The same as `alerts`: a burst of alerts that fold makes thousands of them.
    known: HashSet<String>,
}

impl Incident {
    /// The incident of these entries; `None` when they do not begin with its opening.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Option<Self> {
        let mut entries = entries.into_iter();
        let mut incident = Self::opened(entries.next()?)?;
        entries.for_each(|entry| incident.apply(entry));
        Some(incident)
    }

    /// The incident that this entry opens.
    pub fn opened(entry: &Entry) -> Option<Self> {
        if entry.header.kind != kind::OPENED {
            return None;
        }
        let body: Opened = entry.decode().ok()?;
        Some(Self {
            id: body.incident,
            title: body.title,
            severity: body.severity.unwrap_or(Severity::Medium),
            mode: body.mode,
            by: body.by.unwrap_or_default(),
            opened: entry.header.time.clone(),
            lead: None,
            alerts: body.alert.iter().cloned().collect(),
            runs: body.runs.into_iter().map(|run| run.0).collect(),
            notes: Vec::new(),
            settled: Vec::new(),
            begun: Vec::new(),
            moved: Vec::new(),
            closed: None,
            reopened: None,
            severity_said: false,
            known: body.alert.into_iter().collect(),
        })
    }

    /// Folds one more entry of its stream. Entries of kinds that this build does not know change nothing.
    pub fn apply(&mut self, entry: &Entry) {
        let time = entry.header.time.clone();
        match entry.header.kind.as_str() {
            kind::JOINED => entry.decode().into_iter().for_each(|body| self.join(body, &time)),
            kind::CHANGED => entry.decode().into_iter().for_each(|body| self.change(body)),
            kind::NOTED => {
                let notes =
                    entry.decode().into_iter().map(|Noted { by, text }| Note { at: time.clone(), by, text });
                self.notes.extend(notes);
            }
            kind::DEADLINE_SETTLED => {
                let settled = entry.decode().into_iter().map(|body: DeadlineSettled| (body, time.clone()));
                self.settled.extend(settled);
            }
            kind::DEADLINE_BEGUN => {
                self.begun.extend(entry.decode::<DeadlineBegun>().into_iter().map(|body| body.clock));
            }
            kind::DEADLINE_MOVED => self.moved.extend(entry.decode::<DeadlineMoved>()),
            kind::CLOSED => {
                if let Ok(Closed { by, reason, .. }) = entry.decode() {
                    self.closed = Some(Note { at: time, by, text: reason });
                    self.reopened = None;
                }
            }
            kind::REOPENED => {
                if let Ok(Reopened { by, reason, .. }) = entry.decode() {
                    self.reopen(Note { at: time, by, text: reason });
                }
            }
            _ => {}
        }
    }

    fn reopen(&mut self, why: Note) {
        self.closed = None;
        self.reopened = Some(why);
    }

    fn join(&mut self, body: Joined, at: &str) {
        // Nothing joins what is closed. What was on its way while somebody closed it is not hidden by that.
        if self.closed.is_some() {
            let text = "an alert or a run was on its way to it as it was closed".to_owned();
            self.reopen(Note { at: at.to_owned(), by: "stanch".to_owned(), text });
        }
        if let Some(alert) = body.alert.filter(|alert| self.known.insert(alert.clone())) {
            self.alerts.push(alert);
        }
        if let Some(run) = body.run.map(|run| run.0).filter(|run| !self.runs.contains(run)) {
            self.runs.push(run);
        }
        if let Some(severity) = body.severity.filter(|_| !self.severity_said) {
            self.severity = self.severity.max(severity);
        }
    }

    fn change(&mut self, body: Changed) {
        if let Some(title) = body.title {
            self.title = title;
        }
        if let Some(severity) = body.severity {
            self.severity = severity;
            self.severity_said = true;
        }
        if body.lead.is_some() {
            self.lead = body.lead;
        }
    }

    /// What was said last of this deadline, and when.
    pub fn settled(&self, deadline: &str) -> Option<&(DeadlineSettled, String)> {
        self.settled.iter().rev().find(|(said, _)| said.deadline == deadline)
    }

    /// How a clock that one of its runs started stands at this moment.
    pub fn deadline(&self, started: &DeadlineStarted, now: Timestamp) -> DeadlineView {
        let id = deadline_id(started);
        let moved = self.moved.iter().rev().find(|moved| moved.deadline == id);
        let started = &DeadlineStarted {
            anchor: moved.map_or(&started.anchor, |moved| &moved.anchor).clone(),
            due: moved.map_or(&started.due, |moved| &moved.due).clone(),
            ..started.clone()
        };
        let settled = self.settled(&id);
        DeadlineView {
            incident: self.id.clone(),
            rule: started.deadline.clone(),
            title: started.title.clone(),
            anchor: started.anchor.clone(),
            due: started.due.clone(),
            state: stands(started, settled, now).to_owned(),
            settled: settled.map(|(said, at)| Note {
                at: at.clone(),
                by: said.by.clone(),
                text: said.reason.clone(),
            }),
            owed_to_us: false,
            written: None,
            id,
        }
    }

    /// The line in a list; `usual` is the mode where none was said.
    pub fn summary(&self, usual: Mode) -> IncidentSummary {
        let mode = match self.mode.unwrap_or(usual) {
            Mode::Live => "live",
            Mode::Plan => "plan",
            Mode::Drill => "drill",
        };
        IncidentSummary {
            id: self.id.clone(),
            title: self.title.clone(),
            severity: self.severity,
            opened: self.opened.clone(),
            closed: self.closed.as_ref().map(|closed| closed.at.clone()),
            runs: self.runs.clone(),
            mode: mode.to_owned(),
        }
    }
}

/// A clock's id within its incident: two runs that started the same one count once.
pub fn deadline_id(started: &DeadlineStarted) -> String {
    match started.to.as_str() {
        "" => started.deadline.clone(),
        to => format!("{}:{to}", started.deadline),
    }
}

fn stands(
    started: &DeadlineStarted,
    settled: Option<&(DeadlineSettled, String)>,
    now: Timestamp,
) -> &'static str {
    let (Ok(anchor), Ok(due)) = (started.anchor.parse(), started.due.parse()) else {
        return "unknown";
    };
    let settled = settled.map(|(said, at)| Settled {
        waived: said.waived,
        at: at.parse().unwrap_or(now),
        by: said.by.clone(),
        reason: said.reason.clone(),
    });
    let (id, title, to) = (started.deadline.clone(), started.title.clone(), started.to.clone());
    Deadline { id, title, to, from: String::new(), anchor, due, settled }.state(now).as_str()
}

#[cfg(test)]
mod tests {
    use stanch_model::{Hash, Header, StreamId};

    use super::*;

    fn entry(version: u64, kind: &str, body: &str) -> Entry {
        let header = Header {
            stream: StreamId::incident("I1"),
            version,
            epoch: 1,
            time: format!("2026-11-22T00:00:0{version}.000000Z"),
            kind: kind.to_owned(),
            body_hash: Hash::of(body.as_bytes()),
            prev: Hash::ZERO,
        };
        Entry { header, hash: Hash::ZERO, body: Some(body.into()), position: version }
    }

    const OPENED: &str =
        r#"{"incident":"I1","title":"Drift","severity":"medium","mode":"drill","by":"alert:okta"}"#;

    #[test]
    fn it_is_as_bad_as_its_worst_alert_until_somebody_says_otherwise() {
        let mut incident = Incident::of(&[
            entry(1, kind::OPENED, OPENED),
            entry(2, kind::JOINED, r#"{"alert":"A1","severity":"high","run":"R1"}"#),
            entry(3, kind::JOINED, r#"{"alert":"A1","severity":"low"}"#),
        ])
        .unwrap();
        assert_eq!((incident.severity, incident.alerts.len(), incident.runs.len()), (Severity::High, 1, 1));
        incident.apply(&entry(4, kind::CHANGED, r#"{"severity":"low","lead":"ana","by":"ana"}"#));
        incident.apply(&entry(5, kind::JOINED, r#"{"alert":"A2","severity":"critical"}"#));
        assert_eq!((incident.severity, incident.lead.as_deref()), (Severity::Low, Some("ana")));
        incident.apply(&entry(6, kind::CLOSED, r#"{"by":"ana","reason":"done"}"#));
        // as it was written before it said through what
        assert_eq!(incident.summary(Mode::Live).closed.as_deref(), Some("2026-11-22T00:00:06.000000Z"));
        let closed = incident.closed.unwrap();
        assert_eq!((closed.by.as_str(), closed.text.as_str()), ("ana", "done"));
    }

    #[test]
    fn the_last_word_says_whether_it_is_over_and_what_joins_it_shows() {
        let mut incident = Incident::of(&[entry(1, kind::OPENED, OPENED)]).unwrap();
        incident.apply(&entry(2, kind::CLOSED, r#"{"by":"ana","reason":"done","channel":"cli"}"#));
        incident.apply(&entry(3, kind::NOTED, r#"{"by":"ben","text":"they called"}"#));
        assert!(incident.closed.is_some() && incident.reopened.is_none());
        incident.apply(&entry(4, kind::REOPENED, r#"{"by":"ben","reason":"too early"}"#));
        let said = incident.reopened.clone().unwrap();
        assert_eq!(
            (incident.closed.as_ref(), said.by.as_str(), said.text.as_str()),
            (None, "ben", "too early")
        );
        incident.apply(&entry(5, kind::CLOSED, r#"{"by":"ana","reason":"done"}"#));
        assert!(incident.closed.is_some() && incident.reopened.is_none());
        incident.apply(&entry(6, kind::CLOSED, "[]"));
        incident.apply(&entry(7, kind::JOINED, r#"{"alert":"A2"}"#));
        assert_eq!((incident.closed, incident.reopened.unwrap().by), (None, "stanch".to_owned()));
    }

    #[test]
    fn a_stream_that_does_not_begin_with_its_opening_is_none() {
        assert_eq!(Incident::of(&[entry(1, kind::JOINED, "{}")]), None);
        assert_eq!(Incident::of(&[]), None);
    }

    #[test]
    fn kinds_and_bodies_that_are_not_known_change_nothing() {
        let mut incident = Incident::of(&[entry(1, kind::OPENED, OPENED)]).unwrap();
        let before = incident.clone();
        incident.apply(&entry(2, "incident.sold", "{}"));
        incident.apply(&entry(3, kind::NOTED, "[]"));
        assert_eq!(incident, before);
    }

    #[test]
    fn the_last_word_about_a_deadline_counts_and_the_clock_runs_without_one() {
        let started = DeadlineStarted {
            deadline: "contract".to_owned(),
            title: "Contract clause, Drift".to_owned(),
            to: "Drift".to_owned(),
            anchor: "2026-11-22T00:00:00Z".to_owned(),
            due: "2026-11-23T00:00:00Z".to_owned(),
        };
        let mut incident = Incident::of(&[entry(1, kind::OPENED, OPENED)]).unwrap();
        let state = |incident: &Incident, now: &str| incident.deadline(&started, now.parse().unwrap()).state;
        assert_eq!(state(&incident, "2026-11-22T12:00:00Z"), "open");
        assert_eq!(state(&incident, "2026-11-24T00:00:00Z"), "late");
        let said = |waived| {
            format!(r#"{{"deadline":"contract:Drift","waived":{waived},"by":"ana","reason":"ticket 4711"}}"#)
        };
        incident.apply(&entry(2, kind::DEADLINE_SETTLED, &said(true)));
        assert_eq!(state(&incident, "2026-11-24T00:00:00Z"), "waived");
        incident.apply(&entry(3, kind::DEADLINE_SETTLED, &said(false)));
        assert_eq!(state(&incident, "2026-11-24T00:00:00Z"), "sent");
        let moved = r#"{"deadline":"contract:Drift","anchor":"2026-11-23T00:00:00Z","due":"2026-11-24T00:00:00Z","by":"ana","reason":"we knew later"}"#;
        incident.apply(&entry(4, kind::DEADLINE_MOVED, moved));
        let view = incident.deadline(&started, Timestamp::UNIX_EPOCH);
        assert_eq!(
            (view.anchor.as_str(), view.due.as_str()),
            ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z")
        );
        let note = view.settled.unwrap();
        assert_eq!((note.by.as_str(), note.text.as_str()), ("ana", "ticket 4711"));
    }
}
