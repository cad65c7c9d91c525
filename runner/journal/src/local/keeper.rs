//! What may be late: feeding the index, table files of sealed segments, checkpoints, getting room back.

use std::{
    thread,
    time::{Duration, Instant},
};

use stanch_model::{Hash, NewEntry, StreamId};

use super::core::{Core, PENDING_FED};
use crate::{
    append::StreamAppend,
    clock, disk,
    error::JournalError,
    sign::Place,
    verify::{CHECKPOINT, Checkpoint},
};

/// How often it looks whether there is something to do.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How late the index may be: the later, the more changes of one stream become one. Questions to it feed it first.
const FEED_EVERY: Duration = Duration::from_secs(1);
/// How often what is in the index is handed to the operating system: what a killed process has to catch up on.
const FLUSH_EVERY: Duration = Duration::from_secs(2);
/// How often a full disk is looked at.
const ROOM_EVERY: Duration = Duration::from_secs(1);
/// Streams in one checkpoint entry: about 45 KiB of body.
const CHECKPOINT_STREAMS: usize = 400;

/// How far back the last checkpoint is looked for on opening.
const NEAR: u64 = 64;

/// When each thing was done last.
struct Last {
    feed: Instant,
    flush: Instant,
    flushed: u64,
    room: Instant,
    checkpoint: Instant,
    /// Hash of the last checkpoint entry.
    previous: Option<Hash>,
}

impl Core {
    /// The keeper's thread.
    pub(super) fn keep_loop(&self) {
        let now = Instant::now();
        let mut last = Last {
            feed: now,
            flush: now,
            flushed: 0,
            room: now,
            checkpoint: now,
            previous: self.last_checkpoint(),
        };
        let mut failing = false;
        while !self.is_stopping() {
            thread::park_timeout(LOOK_EVERY);
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
        let tidying = self.shelf.tidying();
        let unwritten = self.shelf.unwritten();
        if unwritten.is_empty() && last.feed.elapsed() < FEED_EVERY && self.index.pending() < PENDING_FED {
            drop(tidying);
            return self.keep_others(last);
        }
        last.feed = Instant::now();
        let fed = self.index.feed()?;
        self.queue.lock().forget(fed);
        for (number, table) in unwritten {
            let path = self.layout.table(number);
            disk::write_synced(&disk::RealDisk, &path, &table)
                .map_err(JournalError::io(format!("writing {}", path.display())))?;
            self.shelf.forget(number);
        }
        drop(tidying);
        if fed > last.flushed && last.flush.elapsed() >= FLUSH_EVERY {
            self.index.flush(false)?;
            (last.flush, last.flushed) = (Instant::now(), fed);
        }
        self.keep_others(last)
    }

    fn keep_others(&self, last: &mut Last) -> Result<(), JournalError> {
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
        let system = StreamId::system();
        let mut queue = self.queue.lock();
        let mut advanced = queue.advanced();
        advanced.retain(|(name, ..)| name.as_ref() != system.as_str());
        if advanced.is_empty() || queue.stopped.is_some() {
            return Ok(());
        }
        for part in advanced.chunks(CHECKPOINT_STREAMS) {
            let streams: Vec<_> =
                part.iter().map(|(name, version, head)| (name.to_string(), *version, *head)).collect();
            let signed = match &self.signer {
                Some(signer) => {
                    let before = queue.known(&self.index, system.as_str())?;
                    let (version, prev) = before.map_or((0, Hash::ZERO), |known| (known.version, known.head));
                    let place = Place { version: version + 1, prev, previous: *previous, streams: &streams };
                    let time = String::from_utf8_lossy(&clock::shown((queue.time)())).into_owned();
                    Some(signer.sign(&place, time))
                }
                None => None,
            };
            let entry = NewEntry::new(CHECKPOINT, &Checkpoint { previous: *previous, streams, signed });
            let append = StreamAppend::new(system.clone(), self.opened_epoch(), vec![entry]);
            queue.check_open(&self.index, &append)?;
            // Under one lock with `advanced`: no stream can have grown past what is written here.
            queue.append(vec![append], Vec::new(), &[]);
            *previous = queue.known(&self.index, system.as_str())?.map(|known| known.head);
        }
        drop(queue);
        self.kick();
        Ok(())
    }

    /// The last checkpoint before this opening, if it is near the end of its stream.
    fn last_checkpoint(&self) -> Option<Hash> {
        let system = StreamId::system();
        let version = self.known(&system).ok()??.version;
        let entries =
            self.shelf.read(&self.index, system.as_str(), version.saturating_sub(NEAR), NEAR as usize);
        entries.ok()?.into_iter().rev().find(|entry| entry.header.kind == CHECKPOINT).map(|entry| entry.hash)
    }
}
