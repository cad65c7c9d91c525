//! What the threads of an open journal share: the queue, the writer, the index, and everybody who waits.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle, Thread},
    time::{Duration, Instant},
};

use foldhash::{HashMap, HashMapExt};
use parking_lot::{Condvar, Mutex};
use stanch_model::{Hash, StreamId};

use super::{
    blobs::{self, SPILL},
    commit::{Refusal, Writer},
    figures::Figures,
    index::{Changes, Index},
    layout::Layout,
    options::{LostHook, Options},
    queue::{Batch, Queue},
    recover::Recovered,
    shelf::Shelf,
};
use crate::{
    append::{Epoch, StreamAppend, Ticket, With},
    disk::{self, Disk},
    error::JournalError,
    journal::{DurableHook, PostHook},
    rules,
    sign::Signer,
    waiters::Waiters,
};

/// See the module. Locks are taken in the order of the fields `commit`, `queue`.
pub(crate) struct Core {
    pub(crate) layout: Layout,
    pub(crate) disk: Arc<dyn Disk>,
    pub(super) commit: Mutex<Writer>,
    pub(super) queue: Mutex<Queue>,
    pub(crate) index: Index,
    pub(crate) shelf: Shelf,
    pub(super) figures: Figures,
    opened: Epoch,
    durable: AtomicU64,
    /// Notified with its lock held whenever `durable` grows or the journal stops.
    changed: (Mutex<()>, Condvar),
    pub(super) waiters: Waiters,
    pub(super) on_durable: Mutex<Vec<DurableHook>>,
    pub(super) on_post: Mutex<Vec<PostHook>>,
    committer: OnceLock<Thread>,
    keeper: OnceLock<Thread>,
    kicked: AtomicBool,
    stopping: AtomicBool,
    abandoned: AtomicBool,
    on_lost: LostHook,
    pub(super) reserve_bytes: u64,
    pub(super) checkpoint_every: Option<Duration>,
    pub(super) signer: Option<Arc<Signer>>,
}

/// An append that finds more than this queued helps to write it first.
const QUEUE_BYTES: usize = 16 << 20;
/// With more changes than this the index is fed at once.
pub(super) const PENDING_FED: usize = 4_096;
/// With more than this whoever commits feeds it, so that memory stays bounded when the index is the slower of the two.
const PENDING_MOST: usize = 16_384;
/// Between two attempts to find room on a full disk.
const ROOM_RETRY: Duration = Duration::from_millis(50);

impl Core {
    pub(super) fn new(recovered: Recovered, options: &Options) -> Result<Self, JournalError> {
        let Recovered { mut writer, shelf, index, epoch, position, .. } = recovered;
        writer.spare.clear();
        let opened = Epoch(epoch + 1);
        let queue = Queue::new(opened.0, position + 1, index.posts()?, options.time.clone());
        let waiters = Waiters::default();
        waiters.reached(position);
        let core = Self {
            layout: writer.layout.clone(),
            disk: options.disk.clone(),
            commit: Mutex::new(writer),
            queue: Mutex::new(queue),
            index,
            shelf,
            figures: Figures::default(),
            opened,
            durable: AtomicU64::new(position),
            changed: (Mutex::new(()), Condvar::new()),
            waiters,
            on_durable: Mutex::default(),
            on_post: Mutex::default(),
            committer: OnceLock::new(),
            keeper: OnceLock::new(),
            kicked: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            on_lost: options.on_lost.clone(),
            reserve_bytes: options.reserve_bytes,
            checkpoint_every: options.checkpoint_every,
            signer: options.signer.clone(),
        };
        core.restore_reserve();
        Ok(core)
    }

    pub(super) fn opened_epoch(&self) -> Epoch {
        self.opened
    }

    /// The threads that run [`Self::commit_loop`] and [`Self::keep_loop`].
    pub(super) fn set_threads(&self, threads: &[JoinHandle<()>]) {
        for (slot, thread) in [&self.committer, &self.keeper].into_iter().zip(threads) {
            let _ = slot.set(thread.thread().clone());
            thread.thread().unpark();
        }
    }

    pub(super) fn append(&self, group: Vec<StreamAppend>, with: With) -> Result<Ticket, JournalError> {
        rules::well_formed(&group)?;
        let hashes = self.payloads(&group, &with)?;
        let (ticket, queued) = {
            let mut queue = self.queue.lock();
            queue.check(&self.index, &group, &with)?;
            let ticket = queue.append(group, with.unique, &hashes);
            (ticket, queue.batch.bytes.len())
        };
        if queued > QUEUE_BYTES {
            let _ = self.wait(ticket.position);
        }
        Ok(ticket)
    }

    /// Syncs what lies beside the log, before the entries that name it. Gives the hashes of all bodies in order.
    pub(super) fn payloads(&self, group: &[StreamAppend], with: &With) -> Result<Vec<Hash>, JournalError> {
        for blob in &with.blobs {
            self.payload(&blob.hash(), blob.bytes(), with.reserve)?;
        }
        let mut hashes = Vec::with_capacity(group.iter().map(|append| append.entries.len()).sum());
        for entry in group.iter().flat_map(|append| &append.entries) {
            let hash = Hash::of(entry.body.as_bytes());
            if entry.body.len() > SPILL {
                self.payload(&hash, entry.body.as_bytes(), with.reserve)?;
            }
            hashes.push(hash);
        }
        Ok(hashes)
    }

    fn payload(&self, hash: &Hash, bytes: &[u8], reserve: bool) -> Result<(), JournalError> {
        if self.queue.lock().full && !reserve {
            return Err(JournalError::Full);
        }
        let write = || blobs::write(&*self.disk, &self.layout, hash, bytes);
        match write() {
            Err(error) if disk::is_full(&error) => {
                self.release_reserve();
                if reserve { write().map_err(|_| JournalError::Full) } else { Err(JournalError::Full) }
            }
            done => done.map_err(JournalError::io(format!("writing the payload {hash}"))),
        }
    }

    pub(super) fn kick(&self) {
        if !self.kicked.swap(true, Ordering::AcqRel)
            && let Some(committer) = self.committer.get()
        {
            committer.unpark();
        }
    }

    pub(super) fn commit_here(&self) -> bool {
        match self.commit.try_lock() {
            Some(mut writer) => self.commit_one(&mut writer),
            None => false,
        }
    }

    /// The committer's thread.
    pub(super) fn commit_loop(&self) {
        while !self.stopping.load(Ordering::Acquire) {
            if !self.kicked.swap(false, Ordering::AcqRel) {
                thread::park();
                continue;
            }
            while self.commit_one(&mut self.commit.lock()) {}
        }
    }

    /// Writes one batch; false if there was none to write.
    fn commit_one(&self, writer: &mut Writer) -> bool {
        let mut batch = {
            let mut queue = self.queue.lock();
            if queue.queued() == 0 || queue.stopped.is_some() {
                return false;
            }
            queue.close_batch();
            queue.take(std::mem::take(&mut writer.spare))
        };
        if !self.write(writer, &mut batch) {
            return false;
        }
        let position = batch.changes.position;
        self.index.add(|pending| pending.merge(&mut batch.changes));
        batch.clear();
        writer.spare = batch;
        self.reached(position);
        self.relieve();
        true
    }

    /// Bounds what waits for the index. A failing index is the keeper's to report.
    fn relieve(&self) {
        if self.index.pending() > PENDING_MOST
            && let Ok(fed) = self.index.feed()
        {
            self.queue.lock().forget(fed);
        }
    }

    /// Until the batch is on disk, or never.
    fn write(&self, writer: &mut Writer, batch: &mut Batch) -> bool {
        loop {
            if self.abandoned.load(Ordering::Acquire) {
                return false;
            }
            match writer.write(batch, self.opened.0, &self.shelf, &self.figures) {
                Ok(()) => return true,
                Err(Refusal::Unknown(why)) => {
                    self.lost(&why);
                    return false;
                }
                Err(Refusal::Full) if self.release_reserve() => {}
                // On closing, whoever still waits is told that it is unknown.
                Err(Refusal::Full) if self.is_stopping() => {
                    self.halt("the disk is full");
                    return false;
                }
                Err(Refusal::Failed(why)) if self.is_stopping() => {
                    tracing::error!(why, "what was queued is not written");
                    self.halt(&why);
                    return false;
                }
                Err(Refusal::Failed(why)) => {
                    self.lost(&why);
                    return false;
                }
                Err(Refusal::Full) => thread::sleep(ROOM_RETRY),
            }
        }
    }

    fn reached(&self, position: u64) {
        {
            let _lock = self.changed.0.lock();
            self.durable.store(position, Ordering::Release);
        }
        self.changed.1.notify_all();
        self.waiters.reached(position);
        for hook in self.on_durable.lock().iter() {
            hook(position);
        }
    }

    /// Nobody knows what is on disk: nothing more is taken, and nobody who waits is told that all is well.
    fn lost(&self, why: &str) {
        self.halt(why);
        (self.on_lost)(why);
    }

    fn halt(&self, why: &str) {
        self.queue.lock().stopped = Some(JournalError::Fatal(why.to_owned()));
        {
            let _lock = self.changed.0.lock();
        }
        self.changed.1.notify_all();
        self.waiters.stop();
    }

    pub(super) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Blocks until the position is durable, committing on this thread whenever nobody else does.
    pub(super) fn wait(&self, position: u64) -> Result<(), JournalError> {
        while self.durable() < position {
            if self.commit_here() {
                continue;
            }
            self.kick();
            self.await_change(position, None)?;
        }
        Ok(())
    }

    /// Blocks until the position is durable; false when the time is up first.
    pub(super) fn await_change(&self, position: u64, end: Option<Instant>) -> Result<bool, JournalError> {
        let mut lock = self.changed.0.lock();
        while self.durable() < position {
            if let Some(JournalError::Fatal(why)) = &self.queue.lock().stopped {
                return Err(JournalError::Unknown(why.clone()));
            }
            match end {
                None => self.changed.1.wait(&mut lock),
                Some(end) => {
                    if self.changed.1.wait_until(&mut lock, end).timed_out() {
                        return Ok(self.durable() >= position);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Gives the reserve back to the disk and takes only what may use it from now on. True if there was one.
    pub(super) fn release_reserve(&self) -> bool {
        self.queue.lock().full = true;
        let released = self.disk.remove(&self.layout.reserve()).is_ok();
        if released {
            tracing::warn!("the disk is full: the reserve is released for runs that must end");
        }
        released
    }

    /// Takes the reserve (again) if there is room for it, which ends a full disk.
    pub(super) fn restore_reserve(&self) {
        let path = self.layout.reserve();
        let there = std::fs::metadata(&path).is_ok_and(|found| found.len() >= self.reserve_bytes);
        let full = !there && self.reserve_bytes > 0 && !self.take_reserve(&path);
        self.queue.lock().full = full;
    }

    fn take_reserve(&self, path: &std::path::Path) -> bool {
        match self.disk.create(path, self.reserve_bytes) {
            Ok(_) => true,
            Err(error) => {
                let _ = self.disk.remove(path);
                !disk::is_full(&error)
            }
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Asks the threads to end.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.kicked.store(true, Ordering::Release);
        for thread in [&self.committer, &self.keeper].into_iter().filter_map(OnceLock::get) {
            thread.unpark();
        }
        {
            let _lock = self.changed.0.lock();
        }
        self.changed.1.notify_all();
    }

    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
        self.halt("it was abandoned");
    }

    /// The last things, after the threads have ended.
    pub(super) fn close(&self) {
        if !self.abandoned.load(Ordering::Acquire) {
            let mut writer = self.commit.lock();
            while self.commit_one(&mut writer) {}
            let _ = writer.file.set_len(writer.offset).and_then(|()| writer.file.sync_all());
            let tidy = self.index.feed().and_then(|_| self.index.flush(true));
            if let Err(error) = tidy {
                tracing::warn!(%error, "the index was not closed cleanly and will be checked on the next opening");
            }
        }
        self.halt("it was closed");
    }

    /// The head that the next append of a stream finds.
    pub(super) fn known(&self, stream: &StreamId) -> Result<Option<super::index::Known>, JournalError> {
        self.queue.lock().known(&self.index, stream.as_str())
    }
}

/// A table of more streams than this is not kept for the next batch: emptying it would cost each of them.
const STREAMS_KEPT: usize = 256;

impl Changes {
    /// Nothing, with the room kept.
    pub(super) fn clear(&mut self) {
        self.streams.clear();
        if self.streams.capacity() > STREAMS_KEPT {
            self.streams = HashMap::new();
        }
        self.uniques.clear();
        self.posts.clear();
        self.segments.clear();
        self.position = 0;
    }

    /// Adds later changes, whose room is used again.
    pub(super) fn merge(&mut self, later: &mut Changes) {
        self.streams.extend(later.streams.drain());
        self.uniques.append(&mut later.uniques);
        self.posts.append(&mut later.posts);
        self.segments.append(&mut later.segments);
        self.position = later.position;
    }
}
