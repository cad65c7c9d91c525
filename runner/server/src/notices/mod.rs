//! Notices to vendors after they were written: who answered, whose mail came back, who is written to next.
//!
//! A run writes to the first rung of a vendor's ladder and goes on; from there this takes over, following the journal. What
//! it is about to send is journaled before it is sent, in the stream `notices`, so a restart sends nothing twice. It never
//! writes to anybody who is not in the register as it was when the notice was opened.

mod book;
mod find;
mod keeper;
mod mailed;
mod returned;
mod words;

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde_json::{Value, json};
use stanch_journal::{Cursor, Journal, JournalError};
use stanch_model::api::NoticeView;
use tokio::sync::{Notify, watch};

use self::book::{ACKNOWLEDGED, Book, Closed, PLACE, RUNG, RungEntry, RungState};
use crate::ledger::Ledger;

pub(crate) use find::NotFound;
pub(crate) use keeper::{Keeper, Parts};
pub(crate) use mailed::mail_key;
pub(crate) use returned::Spoken;

/// A keeper that is further behind than this has a long journal to read.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is known of notices, for whoever asks and whoever goes on with them.
pub(crate) struct Notices {
    ledger: Ledger,
    book: Mutex<Book>,
    changed: Notify,
    /// Up to where the keeper has read the journal.
    read: watch::Sender<u64>,
}

impl Notices {
    /// Reads the stream. The first time ever, what runs wrote before is left alone: its ladders were never promised. That
    /// it was the first time is journaled before any run goes on: a server that dies right after a notice knows it again.
    pub(crate) async fn open(
        journal: &Arc<dyn Journal>,
        at: jiff::Timestamp,
    ) -> Result<Arc<Self>, JournalError> {
        let ledger = Ledger::new(journal.clone(), "notices").on_a_full_disk_too();
        let mut book = Book::default();
        ledger.read()?.iter().for_each(|entry| book.apply(entry));
        let first = book.place.is_none().then(|| Cursor::after(journal.durable()));
        let notices = Arc::new(Self {
            ledger,
            book: Mutex::new(book),
            changed: Notify::new(),
            read: watch::Sender::new(0),
        });
        if first.is_some() {
            notices.append(Vec::new(), at, first).await?;
        }
        Ok(notices)
    }

    /// The keeper has read the journal up to here, and done what follows from it.
    fn has_read(&self, place: Cursor) {
        self.read.send_if_modified(|read| std::mem::replace(read, place.position()) != place.position());
    }

    /// Waits until the keeper has read the journal up to here; false when that takes too long.
    pub(crate) async fn caught_up(&self, place: u64) -> bool {
        let mut read = self.read.subscribe();
        let up = read.wait_for(|read| *read >= place);
        tokio::time::timeout(PATIENCE, up).await.is_ok_and(|up| up.is_ok())
    }

    /// All of them, newest first.
    pub(crate) fn list(&self) -> Vec<NoticeView> {
        self.book.lock().notices.iter().rev().map(book::Notice::view).collect()
    }

    /// The one that a text means: `RUN:N1`, a part of the run and `N1`, or its vendor.
    pub(crate) fn find(&self, text: &str) -> Result<NoticeView, NotFound> {
        find::the_one(text, &self.list())
    }

    /// Records that somebody answered. A second answer replaces the first.
    pub(crate) async fn acknowledge(
        &self,
        notice: &str,
        by: &str,
        reason: &str,
        at: jiff::Timestamp,
    ) -> Result<(), JournalError> {
        let closed = Closed { notice: notice.to_owned(), by: by.to_owned(), reason: reason.to_owned() };
        self.append(vec![(ACKNOWLEDGED, json!(closed))], at, None).await
    }

    /// Records that the mail to these rungs came back.
    pub(crate) async fn bounced(
        &self,
        notice: &str,
        rungs: Vec<usize>,
        (by, why): (&str, &str),
        at: jiff::Timestamp,
    ) -> Result<(), JournalError> {
        let one = |rung| {
            let (notice, by, why) = (notice.to_owned(), by.to_owned(), why.to_owned());
            let state = RungState::Bounced;
            (RUNG, json!(RungEntry { notice, rung, state, at, receipt: String::new(), why, by }))
        };
        self.append(rungs.into_iter().map(one).collect(), at, None).await
    }

    /// The rungs of a notice that were written to last, or those with this address.
    pub(crate) fn rungs(&self, notice: &str, to: Option<&str>) -> Vec<usize> {
        let book = self.book.lock();
        let Some(notice) = book.get(notice) else { return Vec::new() };
        match to {
            None => notice.current().collect(),
            Some(to) => {
                let is_it = |rung: &book::Rung| {
                    rung.step.mail.eq_ignore_ascii_case(to) && rung.state != RungState::NotYet
                };
                (0..notice.rungs.len()).filter(|at| is_it(&notice.rungs[*at])).collect()
            }
        }
    }

    /// Writes entries together; durable, and known to everybody, when this returns.
    async fn append(
        &self,
        mut entries: Vec<(&'static str, Value)>,
        at: jiff::Timestamp,
        place: Option<Cursor>,
    ) -> Result<(), JournalError> {
        entries.extend(place.map(|place| (PLACE, json!({ "place": place.to_string() }))));
        self.ledger.append_all(entries.iter().map(|(kind, body)| (*kind, body))).await?;
        let time = at.to_string();
        let mut book = self.book.lock();
        entries.into_iter().for_each(|(kind, body)| book.fold(kind, body, &time));
        drop(book);
        self.changed.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use stanch_journal::{MemoryJournal, StreamAppend, With};
    use stanch_model::{NewEntry, StreamId};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn who_dies_right_after_the_first_notice_reads_it_again() {
        let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
        let at = jiff::Timestamp::UNIX_EPOCH;
        let first = Notices::open(&journal, at).await.unwrap().book.lock().place.unwrap();
        let stream = StreamId::run(&stanch_model::RunId("R".to_owned()));
        let entry = NewEntry::new("step.local", &json!({ "op": "notify", "value": [] }));
        let append = StreamAppend { create: true, ..StreamAppend::new(stream, journal.epoch(), vec![entry]) };
        let ticket = journal.append(vec![append], With::default()).unwrap();
        journal.wait(&ticket).unwrap();
        // nothing was written to the stream of notices meanwhile
        let again = Notices::open(&journal, at).await.unwrap().book.lock().place.unwrap();
        assert_eq!(again, first);
        assert!(again.position() < ticket.position, "the notice lies ahead");
    }
}
