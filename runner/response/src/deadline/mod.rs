//! Notification clocks: anchor + length + calendar = due, and how a clock stands at a given moment.
//!
//! Engineering input, not legal advice: the table is data, dated, and replaceable by the user.

pub mod ical;
mod span;
mod table;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use span::{NotASpan, Span};
pub use table::{DeadlineTable, Draft, NoClock, PLACEHOLDERS, Rule, Within, schema};

/// One running clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// The rule's name in the table.
    pub id: String,
    /// For people, with whom it is owed to where that is known.
    pub title: String,
    /// Whom it is owed to; empty when the title says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// What started it: `aware`, `material`.
    pub from: String,
    /// When it started.
    pub anchor: Timestamp,
    /// When it ends.
    pub due: Timestamp,
    /// Sent or waived, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
}

/// How a clock was stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// True when a person decided that nothing is owed.
    pub waived: bool,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// Why, or what was sent.
    pub reason: String,
}

/// How a clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It runs.
    Open,
    /// It ran out and nothing was sent.
    Late,
    /// Sent in time.
    Sent,
    /// Sent after it ran out.
    SentLate,
    /// A person decided that nothing is owed.
    Waived,
}

impl State {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Late => "late",
            Self::Sent => "sent",
            Self::SentLate => "sent_late",
            Self::Waived => "waived",
        }
    }
}

impl Deadline {
    /// How it stands at this moment.
    pub fn state(&self, now: Timestamp) -> State {
        match &self.settled {
            Some(settled) if settled.waived => State::Waived,
            Some(settled) if settled.at <= self.due => State::Sent,
            Some(_) => State::SentLate,
            None if now <= self.due => State::Open,
            None => State::Late,
        }
    }

    /// The moments at which people are reminded, in order: half-way, when a tenth is left, and when it is due.
    pub fn reminders(&self) -> [(&'static str, Timestamp); 3] {
        let length = self.due.as_second().saturating_sub(self.anchor.as_second());
        let at =
            |left: i64| Timestamp::from_second(self.due.as_second().saturating_sub(left)).unwrap_or(self.due);
        [("half", at(length / 2)), ("tenth", at(length / 10)), ("due", self.due)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_clock_is_open_late_sent_or_waived() {
        let mut clock = Deadline {
            id: "gdpr-33".to_owned(),
            title: "GDPR".to_owned(),
            to: String::new(),
            from: "aware".to_owned(),
            anchor: time("2026-11-01T00:00:00Z"),
            due: time("2026-11-04T00:00:00Z"),
            settled: None,
        };
        assert_eq!(clock.state(time("2026-11-02T00:00:00Z")), State::Open);
        assert_eq!(clock.state(time("2026-11-05T00:00:00Z")), State::Late);
        assert_eq!(clock.reminders()[0].1, time("2026-11-02T12:00:00Z"));
        assert_eq!(clock.reminders()[1].1, time("2026-11-03T16:48:00Z"));
        let settled =
            |waived, at| Some(Settled { waived, at: time(at), by: "ben".to_owned(), reason: String::new() });
        clock.settled = settled(false, "2026-11-03T00:00:00Z");
        assert_eq!(clock.state(time("2026-11-09T00:00:00Z")), State::Sent);
        clock.settled = settled(false, "2026-11-05T00:00:00Z");
        assert_eq!(clock.state(time("2026-11-09T00:00:00Z")), State::SentLate);
        clock.settled = settled(true, "2026-11-05T00:00:00Z");
        assert_eq!(clock.state(time("2026-11-09T00:00:00Z")), State::Waived);
    }
}
