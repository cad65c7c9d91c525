//! What is known of notices: a pure fold over the stream `notices`.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_journal::Cursor;
use stanch_model::{
    Entry,
    api::{Note, NoticeRung, NoticeView},
};

use super::mailed::{MAILED, Mailed};
use crate::tell::{book::Intent, post::End};

pub(super) const OPENED: &str = "notice.opened";
pub(super) const RUNG: &str = "notice.rung";
pub(super) const ACKNOWLEDGED: &str = "notice.acknowledged";
pub(super) const SILENT: &str = "notice.silent";
pub(super) const TELL: &str = "notice.tell";
pub(super) const TOLD: &str = "notice.told";
pub(super) const PLACE: &str = "notice.place";

/// `notice.opened`: a run wrote to a vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Opened {
    pub(super) notice: String,
    pub(super) run: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) incident: Option<String>,
    pub(super) vendor: String,
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) at: Timestamp,
    /// The ladder as the register had it then.
    pub(super) rungs: Vec<Step>,
}

/// One rung of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) name: String,
    pub(super) mail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) within_ms: Option<i64>,
    /// Many read it: nothing marked TLP:RED goes there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) list: bool,
    /// The run itself wrote to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) by_run: bool,
}

/// `notice.rung`: what became of one rung.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RungEntry {
    pub(super) notice: String,
    pub(super) rung: usize,
    pub(super) state: RungState,
    pub(super) at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) receipt: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) why: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) by: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RungState {
    NotYet,
    Written,
    Sent,
    Refused,
    Bounced,
    InDoubt,
    LeftOut,
}

impl RungState {
    fn as_str(self) -> &'static str {
        match self {
            Self::NotYet => "not_yet",
            Self::Written => "written",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Bounced => "bounced",
            Self::InDoubt => "in_doubt",
            Self::LeftOut => "left_out",
        }
    }

    /// Nobody there will answer.
    fn is_dead(self) -> bool {
        matches!(self, Self::Refused | Self::Bounced | Self::LeftOut)
    }
}

/// `notice.acknowledged`, `notice.silent`: how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Closed {
    pub(super) notice: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) by: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) reason: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) key: String,
    pub(super) way: String,
    #[serde(flatten)]
    pub(super) end: End,
}

/// A rung as it stands.
#[derive(Clone, Debug)]
pub(super) struct Rung {
    pub(super) step: Step,
    pub(super) state: RungState,
    pub(super) at: Option<Timestamp>,
    pub(super) receipt: String,
    why: String,
}

/// A notice as it stands.
#[derive(Clone, Debug)]
pub(super) struct Notice {
    pub(super) opened: Opened,
    pub(super) rungs: Vec<Rung>,
    pub(super) acknowledged: Option<Note>,
    pub(super) silent: bool,
}

impl Notice {
    fn of(opened: Opened) -> Self {
        let rung = |step: &Step| {
            let state = if step.by_run { RungState::Written } else { RungState::NotYet };
            let at = step.by_run.then_some(opened.at);
            Rung { step: step.clone(), state, at, receipt: String::new(), why: String::new() }
        };
        let rungs = opened.rungs.iter().map(rung).collect();
        Self { rungs, opened, acknowledged: None, silent: false }
    }

    /// The rungs that are written to together with the one at `from`: up to the first that is given time.
    pub(super) fn group(&self, from: usize) -> Range<usize> {
        let timed = self.rungs.iter().skip(from).position(|rung| rung.step.within_ms.is_some());
        from..timed.map_or(self.rungs.len(), |at| from + at + 1)
    }

    /// The rungs that were written to last.
    pub(super) fn current(&self) -> Range<usize> {
        let mut group = self.group(0);
        while group.end < self.rungs.len() && self.rungs[group.end].state != RungState::NotYet {
            group = self.group(group.end);
        }
        group
    }

    /// The rungs that come next; none at the end of the ladder.
    pub(super) fn next(&self) -> Range<usize> {
        let end = self.current().end;
        if end < self.rungs.len() { self.group(end) } else { end..end }
    }

    /// When the next are written to, or their silence is told; `None` for what waits for ever or is over.
    pub(super) fn due(&self) -> Option<Timestamp> {
        if self.acknowledged.is_some() || self.silent {
            return None;
        }
        let current = self.rungs.get(self.current())?;
        if current.iter().all(|rung| rung.state.is_dead()) {
            return Some(Timestamp::UNIX_EPOCH);
        }
        let last = current.last()?;
        let began = current.iter().filter_map(|rung| rung.at).max()?;
        let within = SignedDuration::from_millis(last.step.within_ms?);
        began.checked_add(within).ok()
    }

    pub(super) fn view(&self) -> NoticeView {
        let state = match (&self.acknowledged, self.silent) {
            (Some(_), _) => "acknowledged",
            (None, true) => "silent",
            (None, false) => "waiting",
        };
        let rung = |rung: &Rung| NoticeRung {
            name: rung.step.name.clone(),
            mail: rung.step.mail.clone(),
            state: rung.state.as_str().to_owned(),
            at: rung.at.map(|at| at.to_string()),
            receipt: rung.receipt.clone(),
            why: rung.why.clone(),
        };
        NoticeView {
            id: self.opened.notice.clone(),
            run: self.opened.run.clone(),
            incident: self.opened.incident.clone(),
            vendor: self.opened.vendor.clone(),
            name: self.opened.name.clone(),
            subject: self.opened.subject.clone(),
            at: self.opened.at.to_string(),
            state: state.to_owned(),
            next: self.due().filter(|due| *due > Timestamp::UNIX_EPOCH).map(|due| due.to_string()),
            rungs: self.rungs.iter().map(rung).collect(),
            acknowledged: self.acknowledged.clone(),
        }
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// By their ids, in the order in which they were opened.
    pub(super) notices: Vec<Notice>,
    /// Messages to our own people that were begun, by key and way: `None` once it is known what became of them.
    pub(super) telling: BTreeMap<(String, String), Option<Intent>>,
    /// Mails of runs that opened no notice, by the first part of their Message-ID.
    pub(super) mailed: HashMap<String, Mailed>,
    pub(super) place: Option<Cursor>,
}

impl Book {
    pub(super) fn get(&self, id: &str) -> Option<&Notice> {
        self.notices.iter().find(|notice| notice.opened.notice == id)
    }

    /// Whether this mail of a run is known, by the first part of its Message-ID.
    pub(super) fn knows(&self, key: &str) -> bool {
        let mut rungs = self.notices.iter().flat_map(|notice| &notice.rungs);
        self.mailed.contains_key(key) || rungs.any(|rung| rung.receipt.starts_with(key))
    }

    /// Folds an entry of the stream. Kinds that this build does not know change nothing.
    pub(super) fn apply(&mut self, entry: &Entry) {
        let body: Value = entry.decode().unwrap_or_default();
        self.fold(&entry.header.kind, body, &entry.header.time);
    }

    /// The same of what is about to become an entry.
    pub(super) fn fold(&mut self, kind: &str, body: Value, time: &str) {
        match kind {
            OPENED => self.notices.extend(read(body).map(Notice::of)),
            RUNG => self.rung(read(body)),
            ACKNOWLEDGED => {
                if let Some((notice, closed)) = self.closing(read(body)) {
                    let (by, text) = (closed.by, closed.reason);
                    notice.acknowledged = Some(Note { at: time.to_owned(), by, text });
                }
            }
            SILENT => {
                if let Some((notice, _)) = self.closing(read(body)) {
                    notice.silent = true;
                }
            }
            TELL => {
                let intents = read::<Intent>(body).into_iter();
                self.telling.extend(intents.map(|one| ((one.key.clone(), one.way.clone()), Some(one))));
            }
            TOLD => {
                let told = read::<Told>(body).into_iter();
                self.telling.extend(told.map(|told| ((told.key, told.way), None)));
            }
            MAILED => {
                let mailed = read::<Mailed>(body).into_iter();
                self.mailed.extend(mailed.map(|one| (one.key.clone(), one)));
            }
            PLACE => self.place = body["place"].as_str().and_then(|text| text.parse().ok()).or(self.place),
            _ => {}
        }
    }

    fn rung(&mut self, entry: Option<RungEntry>) {
        let Some(entry) = entry else { return };
        let notice = self.notices.iter_mut().find(|notice| notice.opened.notice == entry.notice);
        let Some(rung) = notice.and_then(|notice| notice.rungs.get_mut(entry.rung)) else { return };
        rung.state = entry.state;
        rung.at = rung.at.or(Some(entry.at));
        if !entry.receipt.is_empty() {
            rung.receipt = entry.receipt;
        }
        rung.why = entry.why;
    }

    fn closing(&mut self, closed: Option<Closed>) -> Option<(&mut Notice, Closed)> {
        let closed = closed?;
        let notice = self.notices.iter_mut().find(|notice| notice.opened.notice == closed.notice)?;
        Some((notice, closed))
    }
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Option<T> {
    serde_json::from_value(body).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn book(rungs: Value) -> Book {
        let mut book = Book::default();
        let opened = json!({
            "notice": "R:N1", "run": "R", "vendor": "drift", "name": "Drift", "subject": "s", "text": "t",
            "at": "2026-11-27T00:00:00Z", "rungs": rungs,
        });
        book.fold(OPENED, opened, "2026-11-27T00:00:00Z");
        book
    }

    fn rung(book: &mut Book, rung: usize, state: &str, at: &str) {
        book.fold(RUNG, json!({ "notice": "R:N1", "rung": rung, "state": state, "at": at }), at);
    }

    const HOUR: i64 = 3_600_000;

    #[test]
    fn a_rung_without_a_time_is_written_to_together_with_the_next() {
        let book = book(json!([
            { "name": "a", "mail": "a@x.example", "by_run": true },
            { "name": "b", "mail": "b@x.example", "within_ms": HOUR, "by_run": true },
            { "name": "c", "mail": "c@x.example" },
        ]));
        let notice = book.get("R:N1").unwrap();
        assert_eq!((notice.current(), notice.next()), (0..2, 2..3));
        assert_eq!(notice.due(), Some(at("2026-11-27T01:00:00Z")));
    }

    #[test]
    fn a_bounce_makes_the_next_rung_due_at_once_and_an_answer_ends_it() {
        let mut book = book(json!([
            { "name": "a", "mail": "a@x.example", "within_ms": HOUR, "by_run": true },
            { "name": "b", "mail": "b@x.example", "within_ms": HOUR },
        ]));
        rung(&mut book, 0, "sent", "2026-11-27T00:00:01Z");
        assert_eq!(
            book.get("R:N1").unwrap().due(),
            Some(at("2026-11-27T01:00:00Z")),
            "counted from the writing"
        );
        rung(&mut book, 0, "bounced", "2026-11-27T00:10:00Z");
        assert_eq!(book.get("R:N1").unwrap().due(), Some(Timestamp::UNIX_EPOCH));
        rung(&mut book, 1, "written", "2026-11-27T00:10:01Z");
        let notice = book.get("R:N1").unwrap();
        assert_eq!((notice.current(), notice.due()), (1..2, Some(at("2026-11-27T01:10:01Z"))));
        book.fold(
            ACKNOWLEDGED,
            json!({ "notice": "R:N1", "by": "ana", "reason": "Kim called" }),
            "2026-11-27T00:20:00Z",
        );
        let view = book.get("R:N1").unwrap().view();
        assert_eq!((view.state.as_str(), view.next), ("acknowledged", None));
    }

    #[test]
    fn the_last_rung_without_a_time_waits_for_ever_and_one_with_a_time_ends_in_silence() {
        let mut ends =
            book(json!([{ "name": "a", "mail": "a@x.example", "within_ms": HOUR, "by_run": true }]));
        let notice = ends.get("R:N1").unwrap();
        assert_eq!((notice.next().len(), notice.due()), (0, Some(at("2026-11-27T01:00:00Z"))));
        ends.fold(SILENT, json!({ "notice": "R:N1" }), "2026-11-27T01:00:00Z");
        assert_eq!(
            (ends.get("R:N1").unwrap().due(), ends.get("R:N1").unwrap().view().state.as_str()),
            (None, "silent")
        );
        let waits = book(json!([{ "name": "a", "mail": "a@x.example", "by_run": true }]));
        assert_eq!(waits.get("R:N1").unwrap().due(), None);
    }
}
