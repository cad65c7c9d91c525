//! The journal in memory: for tests, plans and as the model that the local journal is tested against.
//!
//! Plain maps behind one lock, obviously right rather than fast. Nothing here touches a disk.

mod store;

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use self::store::Store;
use parking_lot::{Condvar, Mutex};
use stanch_model::{Entry, Hash, NewEntry, StreamId};

use crate::{
    append::{Epoch, Post, Posted, Row, StreamAppend, Ticket, With, inbox_of},
    clock::{self, TellTime},
    error::JournalError,
    follow::{Follower, Source},
    forget::Forget,
    journal::{BoxFuture, DurableHook, Journal, PostHook},
    leases::NewEpoch,
    line::IndexPart,
    query::{Claim, Cursor, Filter, Page, Stats, StreamInfo},
    rules,
    waiters::Waiters,
};

/// A handle on a journal in memory. Clones of the store are other openings of it: see [`MemoryJournal::reopen`].
pub struct MemoryJournal {
    shared: Arc<Shared>,
    epoch: Epoch,
}

struct Shared {
    store: Mutex<Store>,
    grown: Condvar,
    waiters: Waiters,
    on_durable: Mutex<Vec<DurableHook>>,
    on_post: Mutex<Vec<PostHook>>,
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryJournal {
    /// An empty journal at epoch 1.
    pub fn new() -> Self {
        Self::at(clock::wall())
    }

    /// The same, with headers that carry this time.
    pub fn at(time: TellTime) -> Self {
        Self::over(Store::new(1, time))
    }

    fn over(store: Store) -> Self {
        let epoch = Epoch(store.leases.opened());
        let waiters = Waiters::default();
        waiters.reached(store.durable as u64);
        let shared = Shared {
            store: Mutex::new(store),
            grown: Condvar::new(),
            waiters,
            on_durable: Mutex::default(),
            on_post: Mutex::default(),
        };
        Self { shared: Arc::new(shared), epoch }
    }

    /// Another opening of the same journal by another owner: the handles from before are fenced, hooks stay.
    #[must_use]
    pub fn reopen(&self) -> Self {
        let epoch = self.shared.store.lock().leases.reopen();
        Self { shared: self.shared.clone(), epoch: Epoch(epoch) }
    }

    /// What a crash at this moment leaves, opened anew: only what is durable. The old journal goes on apart from it.
    #[must_use]
    pub fn crash(&self) -> Self {
        let old = self.shared.store.lock();
        let mut store = Store::new(old.leases.latest() + 1, old.time.clone());
        for (entry, part) in &old.log[..old.durable] {
            store.apply(entry.clone(), part.clone());
        }
        store.durable = old.durable;
        store.blobs.clone_from(&old.blobs);
        Self::over(store)
    }

    /// The number of entries after each append and post: where a crash can cut the log.
    pub fn cuts(&self) -> Vec<usize> {
        self.shared.store.lock().cuts.clone()
    }

    /// What a crash at an earlier moment would have left, opened anew: the first `entries` entries, one of
    /// [`cuts`](Self::cuts).
    #[must_use]
    pub fn crash_at(&self, entries: usize) -> Self {
        let old = self.shared.store.lock();
        let mut store = Store::new(old.leases.latest() + 1, old.time.clone());
        for (entry, part) in old.log.iter().take(entries) {
            store.apply(entry.clone(), part.clone());
        }
        store.durable = store.log.len();
        store.blobs.clone_from(&old.blobs);
        Self::over(store)
    }

    /// Lets the next append happen but answer `Unknown`, as when the connection breaks after the commit was sent.
    pub fn lose_next_answer(&self) {
        self.shared.store.lock().lose_next = true;
    }

    /// Switches a full disk on or off.
    pub fn set_full(&self, full: bool) {
        self.shared.store.lock().full = full;
    }

    fn commit(&self) -> bool {
        let durable = {
            let mut store = self.shared.store.lock();
            if store.durable == store.log.len() {
                return false;
            }
            store.durable = store.log.len();
            store.batches += 1;
            store.durable as u64
        };
        self.shared.grown.notify_all();
        self.shared.waiters.reached(durable);
        let hooks = self.shared.on_durable.lock().clone();
        hooks.iter().for_each(|hook| hook(durable));
        true
    }
}

impl Journal for MemoryJournal {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn append(&self, group: Vec<StreamAppend>, with: With) -> Result<Ticket, JournalError> {
        let mut store = self.shared.store.lock();
        store.check(&group, &with)?;
        let ticket = store.append(group, with);
        if std::mem::take(&mut store.lose_next) {
            return Err(JournalError::Unknown("the answer was lost".to_owned()));
        }
        Ok(ticket)
    }

    fn kick(&self) {
        self.commit();
    }

    fn commit_here(&self) -> bool {
        self.commit()
    }

    fn durable(&self) -> u64 {
        self.shared.store.lock().durable as u64
    }

    fn wait(&self, ticket: &Ticket) -> Result<(), JournalError> {
        if self.durable() < ticket.position {
            self.commit();
        }
        Ok(())
    }

    fn durable_at(&self, position: u64) -> BoxFuture<'static, Result<(), JournalError>> {
        if self.durable() < position {
            self.commit();
        }
        let shared = Arc::downgrade(&self.shared);
        Box::pin(async move {
            match shared.upgrade() {
                Some(shared) => shared.waiters.wait(position).await,
                None => Err(JournalError::Unknown("the journal was closed".to_owned())),
            }
        })
    }

    fn on_durable(&self, hook: DurableHook) {
        self.shared.on_durable.lock().push(hook);
    }

    fn post(&self, stream: &StreamId, key: &str, kind: &str, body: String) -> Result<Posted, JournalError> {
        let inbox = inbox_of(stream);
        let unique = rules::post_key(stream, key);
        let mut store = self.shared.store.lock();
        let known = store.uniques.get(&unique).map(|(_, position)| *position);
        let new = known.is_none();
        if new {
            let part = IndexPart { unique: vec![unique], post: Some(key.to_owned()), ..IndexPart::default() };
            let entry = NewEntry { kind: kind.to_owned().into(), body };
            rules::one_line(&entry)?;
            rules::plain("the key of a post", key)?;
            rules::plain("the name of a stream", stream.as_str())?;
            let epoch = Epoch(store.leases.opened());
            store.write(&inbox, epoch, entry, part);
            let end = store.log.len();
            store.cuts.push(end);
        }
        let position = known.unwrap_or(store.log.len() as u64);
        let is_durable = position <= store.durable as u64;
        drop(store);
        if !is_durable {
            self.commit();
        }
        if new {
            let hooks = self.shared.on_post.lock().clone();
            hooks.iter().for_each(|hook| hook(stream));
        }
        Ok(Posted { new })
    }

    fn inbox(&self, stream: &StreamId) -> Result<Vec<Post>, JournalError> {
        let store = self.shared.store.lock();
        let durable = store.durable as u64;
        let posts = store.posts.get(stream).map(Vec::as_slice).unwrap_or_default();
        Ok(posts.iter().filter(|post| post.position <= durable).cloned().collect())
    }

    fn posted(&self) -> Result<Vec<StreamId>, JournalError> {
        let store = self.shared.store.lock();
        let waiting = store.posts.iter().filter(|(_, posts)| !posts.is_empty());
        Ok(waiting.map(|(stream, _)| stream.clone()).collect())
    }

    fn on_post(&self, hook: PostHook) {
        self.shared.on_post.lock().push(hook);
    }

    fn claim(&self, owner: &str, until_ms: i64, n: usize, ttl: Duration) -> Result<Vec<Claim>, JournalError> {
        let now = Instant::now();
        let mut store = self.shared.store.lock();
        let durable = store.durable as u64;
        let candidates: Vec<(StreamId, Row)> = store
            .streams
            .iter()
            .filter_map(|(id, stream)| Some((id.clone(), stream.row_at(durable)?.clone())))
            .filter(|(id, row)| {
                row.due_ms.is_some_and(|due| due <= until_ms)
                    || store.posts.get(id).is_some_and(|posts| !posts.is_empty())
            })
            .collect();
        let (picked, new_epoch) = store.leases.choose(owner, candidates, n, now);
        let epoch = match new_epoch {
            NewEpoch::Keep(epoch) => epoch,
            NewEpoch::Take => {
                let epoch = store.leases.next_epoch();
                store.leases.set_owner_epoch(owner, epoch);
                epoch
            }
        };
        Ok(store.leases.give(owner, picked, epoch, ttl, now))
    }

    fn renew(&self, owner: &str, stream: &StreamId, ttl: Duration) -> Result<(), JournalError> {
        self.shared.store.lock().leases.renew(owner, stream, ttl, Instant::now())
    }

    fn release(&self, owner: &str, stream: &StreamId) {
        self.shared.store.lock().leases.release(owner, stream);
    }

    fn due(&self, until_ms: i64, limit: usize) -> Result<Vec<(StreamId, Row)>, JournalError> {
        let store = self.shared.store.lock();
        let durable = store.durable as u64;
        let mut due: Vec<_> = store
            .streams
            .iter()
            .filter_map(|(id, stream)| Some((id, stream.row_at(durable)?)))
            .filter_map(|(id, row)| Some((row.due_ms.filter(|due| *due <= until_ms)?, id, row)))
            .collect();
        due.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        Ok(due.into_iter().take(limit).map(|(_, id, row)| (id.clone(), row.clone())).collect())
    }

    fn read(&self, stream: &StreamId, from_version: u64, limit: usize) -> Result<Vec<Entry>, JournalError> {
        let store = self.shared.store.lock();
        let Some(found) = store.streams.get(stream) else { return Ok(Vec::new()) };
        let first = usize::try_from(from_version.saturating_sub(1)).unwrap_or(usize::MAX);
        let places = found.places.iter().skip(first).take(limit).filter(|place| **place < store.durable);
        Ok(places.map(|place| store.log[*place].0.clone()).collect())
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamInfo>, JournalError> {
        Ok(self.shared.store.lock().info(stream, u64::MAX))
    }

    fn query(&self, filter: &Filter, at_least: Cursor) -> Result<Page, JournalError> {
        if self.durable() < at_least.position() {
            self.commit();
        }
        let store = self.shared.store.lock();
        let mut page = Page::default();
        for id in store.streams.keys() {
            let after = filter.after.as_ref().is_none_or(|after| id > after);
            if !after || !id.as_str().starts_with(&filter.prefix) {
                continue;
            }
            let Some(info) = store.info(id, store.durable as u64) else { continue };
            if !rules::matches(filter, info.row.as_ref()) {
                continue;
            }
            if filter.limit > 0 && page.streams.len() == filter.limit {
                page.next = page.streams.last().map(|(id, _)| id.clone());
                break;
            }
            page.streams.push((id.clone(), info));
        }
        Ok(page)
    }

    fn unique(&self, key: &str) -> Result<Option<StreamId>, JournalError> {
        Ok(self.shared.store.lock().uniques.get(key).map(|(stream, _)| stream.clone()))
    }

    fn follow(&self, prefix: &str, cursor: Cursor) -> Follower {
        let source = MemorySource { shared: Arc::downgrade(&self.shared), prefix: prefix.to_owned() };
        Follower::new(Box::new(source), cursor)
    }

    fn blob(&self, hash: &Hash) -> Result<Vec<u8>, JournalError> {
        let found = self.shared.store.lock().blobs.get(hash).cloned();
        found.ok_or_else(|| JournalError::io(format!("payload {hash}"))(std::io::ErrorKind::NotFound.into()))
    }

    fn forget(&self, what: &Forget) -> Result<u64, JournalError> {
        let mut store = self.shared.store.lock();
        let durable = store.durable;
        let gone =
            store.log[..durable].iter_mut().filter(|(entry, _)| what.streams.contains(&entry.header.stream));
        let dropped = gone.filter_map(|(entry, _)| entry.body.take()).count() as u64;
        store.blobs.retain(|hash, _| !what.payloads.contains(hash));
        Ok(dropped)
    }

    fn stats(&self) -> Stats {
        let store = self.shared.store.lock();
        Stats {
            batches: store.batches,
            entries: store.durable as u64,
            queued: (store.log.len() - store.durable) as u64,
            full: store.full,
            ..Stats::default()
        }
    }
}

struct MemorySource {
    shared: Weak<Shared>,
    prefix: String,
}

/// How many entries a follower takes at once.
const CHUNK: usize = 256;

impl MemorySource {
    fn shared(&self) -> Result<Arc<Shared>, JournalError> {
        self.shared.upgrade().ok_or_else(|| JournalError::Fatal("it was closed".to_owned()))
    }
}

impl Source for MemorySource {
    fn fetch(&mut self, after: Cursor) -> Result<(Vec<Entry>, Cursor), JournalError> {
        let shared = self.shared()?;
        let store = shared.store.lock();
        let start = usize::try_from(after.position()).unwrap_or(usize::MAX).min(store.durable);
        let end = store.durable.min(start.saturating_add(CHUNK));
        let entries = store.log[start..end].iter().map(|(entry, _)| entry);
        let wanted = entries.filter(|entry| entry.header.stream.as_str().starts_with(&self.prefix));
        Ok((wanted.cloned().collect(), Cursor::after(end.max(start) as u64).max(after)))
    }

    fn await_more(&self, after: Cursor, timeout: Duration) -> Result<bool, JournalError> {
        let shared = self.shared()?;
        let mut store = shared.store.lock();
        let end = Instant::now() + timeout;
        while store.durable as u64 <= after.position() {
            if shared.grown.wait_until(&mut store, end).timed_out() {
                return Ok(store.durable as u64 > after.position());
            }
        }
        Ok(true)
    }

    fn more(&self, after: Cursor) -> BoxFuture<'static, Result<(), JournalError>> {
        let shared = self.shared();
        Box::pin(async move { shared?.waiters.wait(after.position() + 1).await })
    }
}
