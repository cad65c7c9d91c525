//! What may be late: feeding the index, table files of sealed segments, checkpoints, getting room back.

use std::{
    thread,
    time::{Duration, Instant},
};

use stanch_model::{Hash, NewEntry, StreamId};

use super::{core::Core, reserved};
use crate::{append::StreamAppend, disk, error::JournalError, table::Name};

/// How late the index may be.
const FEED_EVERY: Duration = Duration::from_millis(100);
/// How often what is in the index is handed to the operating system: what a killed process has to catch up on.
const FLUSH_EVERY: Duration = Duration::from_secs(2);
/// How often a full disk is looked at.
const ROOM_EVERY: Duration = Duration::from_secs(1);
/// Streams in one checkpoint entry: about 45 KiB of body.
const CHECKPOINT_STREAMS: usize = 400;

/// When each thing was done last.
struct Last {
    flush: Instant,
    flushed: u64,
    room: Instant,
    checkpoint: Instant,
    /// Hash of the last checkpoint's body.
    previous: Option<Hash>,
}

impl Core {
    /// The keeper's thread.
    pub(super) fn keep_loop(&self) {
        let now = Instant::now();
        let mut last = Last { flush: now, flushed: 0, room: now, checkpoint: now, previous: None };
        let mut failing = false;
        while !self.is_stopping() {
            thread::sleep(FEED_EVERY);
            let done = self.keep(&mut last);
            if let Err(error) = &done
                && !failing
            {
                tracing::error!(%error, "the journal's housekeeping fails");
            }
            failing = done.is_err();
        }
    }

    fn keep(&self, last: &mut Last) -> Result<(), JournalError> {
        let unwritten = self.shelf.unwritten();
        let fed = self.index.feed()?;
        self.queue.lock().forget(fed);
        for (number, table) in unwritten {
            let path = self.layout.table(number);
            disk::write_synced(&disk::RealDisk, &path, &table)
                .map_err(JournalError::io(format!("writing {}", path.display())))?;
            self.shelf.forget(number);
        }
        if fed > last.flushed && last.flush.elapsed() >= FLUSH_EVERY {
            self.index.flush(false)?;
            (last.flush, last.flushed) = (Instant::now(), fed);
        }
        if last.room.elapsed() >= ROOM_EVERY {
            last.room = Instant::now();
            if self.queue.lock().full {
                self.restore_reserve();
            }
        }
        if self.checkpoint_every.is_some_and(|every| last.checkpoint.elapsed() >= every) {
            last.checkpoint = Instant::now();
            self.checkpoint(&mut last.previous)?;
        }
        Ok(())
    }

    /// Writes down where every stream that grew stands. Whoever keeps the hash of a checkpoint elsewhere can prove later
    /// that nothing before it was edited.
    fn checkpoint(&self, previous: &mut Option<Hash>) -> Result<(), JournalError> {
        let advanced = self.queue.lock().advanced();
        let others: Vec<&(Name, u64, Hash)> =
            advanced.iter().filter(|(name, ..)| name.as_ref() != StreamId::system().as_str()).collect();
        for part in others.chunks(CHECKPOINT_STREAMS) {
            let streams: Vec<_> =
                part.iter().map(|(name, version, head)| (name.as_ref(), version, head)).collect();
            let body = serde_json::json!({ "previous": previous, "streams": streams });
            let entry = NewEntry::new("journal.checkpoint", &body);
            *previous = Some(Hash::of(entry.body.as_bytes()));
            let append = StreamAppend::new(StreamId::system(), self.opened_epoch(), vec![entry]);
            self.append(vec![append], reserved())?;
        }
        if !others.is_empty() {
            self.kick();
        }
        Ok(())
    }
}
