//! Deadlines that run, and when people are reminded of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stanch_model::{
    Entry,
    run::{body::DeadlineStarted, kind},
};
use stanch_response::Deadline;

use super::{need::Need, run_of};

/// A clock that a run started, as the book keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Clock {
    pub(super) run: String,
    pub(super) started: DeadlineStarted,
}

/// The clock that this entry starts, if it starts one.
pub(super) fn started(entry: &Entry) -> Option<Clock> {
    if entry.header.kind != kind::DEADLINE {
        return None;
    }
    Some(Clock { run: run_of(entry)?.0, started: entry.decode().ok()? })
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
    Need {
        key: format!("deadline/{}/{}/{}/{mark}", clock.run, deadline.id, deadline.to),
        event: "deadline",
        instead: "approval",
        text: format!("{text}\nrun {}, since {}", clock.run, clock.started.anchor),
        offer: None,
        ask: Vec::new(),
    }
}
