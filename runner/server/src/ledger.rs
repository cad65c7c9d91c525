//! A stream of the journal that only the server writes: `people` (tokens), `tell` (who was told), `source/…` (up to where a log
//! was read).

use std::sync::Arc;

use serde::Serialize;
use stanch_journal::{Journal, JournalError, StreamAppend, With};
use stanch_model::{NewEntry, StreamId};

/// One such stream.
#[derive(Clone)]
pub(crate) struct Ledger {
    journal: Arc<dyn Journal>,
    stream: StreamId,
    /// Whether it is written on a full disk too, from what is kept free.
    reserve: bool,
}

impl Ledger {
    pub(crate) fn new(journal: Arc<dyn Journal>, stream: &str) -> Self {
        Self { journal, stream: StreamId::from_stored(stream), reserve: false }
    }

    /// The same for what a run that contains something cannot do without: a person who is not told ends nothing.
    pub(crate) fn on_a_full_disk_too(self) -> Self {
        Self { reserve: true, ..self }
    }

    /// Appends an entry; durable when this returns.
    pub(crate) async fn append(&self, kind: &'static str, body: &impl Serialize) -> Result<(), JournalError> {
        self.append_all(std::iter::once((kind, body))).await
    }

    /// Appends entries together; durable when this returns.
    pub(crate) async fn append_all<T: Serialize>(
        &self,
        entries: impl Iterator<Item = (&'static str, T)>,
    ) -> Result<(), JournalError> {
        let entries: Vec<NewEntry> = entries.map(|(kind, body)| NewEntry::new(kind, &body)).collect();
        let append = StreamAppend::new(self.stream.clone(), self.journal.epoch(), entries);
        let ticket = self.journal.append(vec![append], With { reserve: self.reserve, ..With::default() })?;
        self.journal.durable_at(ticket.position).await
    }

    /// The newest entry.
    pub(crate) fn last(&self) -> Result<Option<stanch_model::Entry>, JournalError> {
        let Some(info) = self.journal.stream(&self.stream)? else { return Ok(None) };
        Ok(self.journal.read(&self.stream, info.version, 1)?.pop())
    }

    /// Everything in it, oldest first.
    pub(crate) fn read(&self) -> Result<Vec<stanch_model::Entry>, JournalError> {
        const STEP: usize = 4096;
        let mut all = Vec::new();
        loop {
            let from = all.last().map_or(1, |entry: &stanch_model::Entry| entry.header.version + 1);
            let mut more = self.journal.read(&self.stream, from, STEP)?;
            let last = more.len() < STEP;
            all.append(&mut more);
            if last {
                return Ok(all);
            }
        }
    }
}
