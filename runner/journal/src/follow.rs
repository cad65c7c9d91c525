//! Following the journal: what a backend must offer for it, and the handle that callers hold.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use stanch_model::Entry;

use crate::{error::JournalError, journal::BoxFuture, query::Cursor};

/// A backend's side of following.
pub(crate) trait Source: Send {
    /// The next durable entries of the filter after the cursor, and the cursor after them: it moves on over entries that
    /// the filter leaves out as well. Empty with an unmoved cursor when there is nothing new.
    fn fetch(&mut self, after: Cursor) -> Result<(Vec<Entry>, Cursor), JournalError>;
    /// Blocks until something after the cursor is durable; false when the time is up.
    fn await_more(&self, after: Cursor, timeout: Duration) -> Result<bool, JournalError>;
    /// The same without a thread and without an end.
    fn more(&self, after: Cursor) -> BoxFuture<'static, Result<(), JournalError>>;
}

/// Durable entries as they come, in the order of the journal.
pub struct Follower {
    source: Box<dyn Source>,
    ready: VecDeque<Entry>,
    fetched: Cursor,
    given: Cursor,
}

impl Follower {
    pub(crate) fn new(source: Box<dyn Source>, cursor: Cursor) -> Self {
        Self { source, ready: VecDeque::new(), fetched: cursor, given: cursor }
    }

    /// Where to go on after the last entry that was given.
    pub fn cursor(&self) -> Cursor {
        if self.ready.is_empty() { self.fetched } else { self.given }
    }

    /// The next entry, or `None` when none became durable in time. A zero timeout only looks.
    ///
    /// # Errors
    /// When the journal cannot be read or has stopped.
    pub fn next(&mut self, timeout: Duration) -> Result<Option<Entry>, JournalError> {
        let end = Instant::now() + timeout;
        loop {
            if let Some(entry) = self.take()? {
                return Ok(Some(entry));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || !self.source.await_more(self.fetched, left)? {
                return Ok(None);
            }
        }
    }

    /// The next entry, whenever it comes. Cancelling loses nothing.
    ///
    /// # Errors
    /// When the journal cannot be read or has stopped.
    pub async fn next_async(&mut self) -> Result<Entry, JournalError> {
        loop {
            if let Some(entry) = self.take()? {
                return Ok(entry);
            }
            self.source.more(self.fetched).await?;
        }
    }

    fn take(&mut self) -> Result<Option<Entry>, JournalError> {
        loop {
            if let Some(entry) = self.ready.pop_front() {
                self.given = Cursor::after(entry.position);
                return Ok(Some(entry));
            }
            let (entries, cursor) = self.source.fetch(self.fetched)?;
            let stuck = cursor == self.fetched;
            self.fetched = cursor;
            self.ready = entries.into();
            if self.ready.is_empty() && stuck {
                return Ok(None);
            }
        }
    }
}
