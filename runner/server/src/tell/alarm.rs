//! Deadlines that run, and when people are reminded of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stanch_model::{
    Entry,
    incident::{DeadlineBegun, DeadlineMoved, kind as kinds},
    run::{body::DeadlineStarted, kind},
};
use stanch_response::{
    Deadline,
    incident::{Incident, deadline_id},
};

use super::{need::Need, run_of};

/// A clock that a run or a person started, as the book keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Clock {
    /// The run; empty where a person started it.
    pub(super) run: String,
    pub(super) started: DeadlineStarted,
    /// The incident, where it is known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) incident: Option<String>,
}

/// The clock that a person starts or moves with this entry of an incident.
pub(super) fn said(entry: &Entry, incident: impl FnOnce(&str) -> Option<Incident>) -> Option<Clock> {
    let id = entry.header.stream.as_str().strip_prefix("incident/")?;
    let started = match entry.header.kind.as_str() {
        kinds::DEADLINE_BEGUN => entry.decode::<DeadlineBegun>().ok()?.clock,
        kinds::DEADLINE_MOVED => {
            let moved: DeadlineMoved = entry.decode().ok()?;
            let (rule, to) = moved.deadline.split_once(':').unwrap_or((&moved.deadline, ""));
            let known = incident(id)?.begun.into_iter().find(|one| deadline_id(one) == moved.deadline);
            let title = known.map_or_else(|| moved.deadline.clone(), |known| known.title);
            let (deadline, to) = (rule.to_owned(), to.to_owned());
            DeadlineStarted { deadline, title, to, anchor: moved.anchor, due: moved.due }
        }
        _ => return None,
    };
    Some(Clock { run: String::new(), started, incident: Some(id.to_owned()) })
}

/// The clock that this entry starts, if it starts one.
pub(super) fn started(entry: &Entry) -> Option<Clock> {
    if entry.header.kind != kind::DEADLINE {
        return None;
    }
    Some(Clock { run: run_of(entry)?.0, started: entry.decode().ok()?, incident: None })
}

/// Reminders to come, soonest first.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    waiting: Vec<(Timestamp, Clock, Need)>,
}

impl Alarms {
    /// Waits for the reminders of this clock. A clock that cannot be read has none.
    pub(super) fn add(&mut self, clock: Clock) {
        let Some(deadline) = deadline(&clock) else { return };
        for (mark, at) in deadline.reminders() {
            self.waiting.push((at, clock.clone(), need(&clock, &deadline, mark)));
        }
        self.waiting.sort_by_key(|(at, ..)| *at);
    }

    /// The needs whose time has come. Of several reminders of one clock that are due at once (the server was down, a
    /// drill's clock jumped) only the last is still news.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<(Clock, Need)> {
        let split = self.waiting.partition_point(|(at, ..)| *at <= now);
        let mut needs: Vec<(Clock, Need)> = Vec::new();
        for (_, clock, need) in self.waiting.drain(..split) {
            needs.retain(|(earlier, _)| *earlier != clock);
            needs.push((clock, need));
        }
        needs
    }
}

fn deadline(clock: &Clock) -> Option<Deadline> {
    Some(Deadline {
        id: clock.started.deadline.clone(),
        title: clock.started.title.clone(),
        to: clock.started.to.clone(),
        from: String::new(),
        anchor: clock.started.anchor.parse().ok()?,
        due: clock.started.due.parse().ok()?,
        settled: None,
    })
}

fn need(clock: &Clock, deadline: &Deadline, mark: &str) -> Need {
    let due = deadline.due.strftime("%Y-%m-%d %H:%M UTC");
    let text = match mark {
        "due" => format!("Due now: {}", deadline.title),
        _ => format!("Due {due}: {}", deadline.title),
    };
    let (key, of) = match &clock.incident {
        None => (clock.run.clone(), format!("run {}", clock.run)),
        // one that is moved is another need
        Some(id) => (format!("incident {id} {}", clock.started.due), format!("incident {id}")),
    };
    Need {
        key: format!("deadline/{key}/{}/{}/{mark}", deadline.id, deadline.to),
        event: "deadline",
        instead: "approval",
        text: format!("{text}\n{of}, since {}", clock.started.anchor),
        offer: None,
        ask: Vec::new(),
    }
}
