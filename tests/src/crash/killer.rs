//! A journal whose owner dies at a chosen append or entry: SIGKILL to the own process, nothing tidied up.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use stanch_journal::{
    BoxFuture, Claim, Cursor, DurableHook, Epoch, Filter, Follower, Journal, JournalError, Page, Post,
    PostHook, Posted, Row, Stats, StreamAppend, StreamInfo, Ticket, With,
};
use stanch_model::{Entry, Hash, StreamId};

use super::OwnKill;

/// Ends this process as the kernel's out-of-memory killer would.
pub(crate) fn die() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    loop {
        std::thread::park();
    }
}

/// The journal, and when to die.
pub(crate) struct Killer {
    inner: Arc<dyn Journal>,
    at_append: u64,
    appends: AtomicU64,
}

impl Killer {
    /// Wraps a journal that has just been opened.
    pub(crate) fn new(inner: Arc<dyn Journal>, kill: Option<OwnKill>) -> Self {
        if let Some(OwnKill::AtEntry(entry)) = kill {
            inner.on_durable(Arc::new(move |durable| {
                if durable >= entry {
                    die();
                }
            }));
            // Opening wrote entries of its own before anybody could listen.
            if inner.durable() >= entry {
                die();
            }
        }
        let at_append = match kill {
            Some(OwnKill::AtAppend(n)) => n,
            _ => u64::MAX,
        };
        Self { inner, at_append, appends: AtomicU64::new(0) }
    }

    /// Appends and posts so far.
    pub(crate) fn appends(&self) -> u64 {
        self.appends.load(Ordering::Relaxed)
    }

    fn count(&self) {
        if self.appends.fetch_add(1, Ordering::Relaxed) + 1 >= self.at_append {
            die();
        }
    }
}

impl Journal for Killer {
    fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }

    fn append(&self, group: Vec<StreamAppend>, with: With) -> Result<Ticket, JournalError> {
        self.count();
        self.inner.append(group, with)
    }

    fn kick(&self) {
        self.inner.kick();
    }

    fn commit_here(&self) -> bool {
        self.inner.commit_here()
    }

    fn durable(&self) -> u64 {
        self.inner.durable()
    }

    fn wait(&self, ticket: &Ticket) -> Result<(), JournalError> {
        self.inner.wait(ticket)
    }

    fn durable_at(&self, position: u64) -> BoxFuture<'static, Result<(), JournalError>> {
        self.inner.durable_at(position)
    }

    fn on_durable(&self, hook: DurableHook) {
        self.inner.on_durable(hook);
    }

    fn post(&self, stream: &StreamId, key: &str, kind: &str, body: String) -> Result<Posted, JournalError> {
        self.count();
        self.inner.post(stream, key, kind, body)
    }

    fn inbox(&self, stream: &StreamId) -> Result<Vec<Post>, JournalError> {
        self.inner.inbox(stream)
    }

    fn posted(&self) -> Result<Vec<StreamId>, JournalError> {
        self.inner.posted()
    }

    fn on_post(&self, hook: PostHook) {
        self.inner.on_post(hook);
    }

    fn claim(&self, owner: &str, until_ms: i64, n: usize, ttl: Duration) -> Result<Vec<Claim>, JournalError> {
        self.inner.claim(owner, until_ms, n, ttl)
    }

    fn renew(&self, owner: &str, stream: &StreamId, ttl: Duration) -> Result<(), JournalError> {
        self.inner.renew(owner, stream, ttl)
    }

    fn release(&self, owner: &str, stream: &StreamId) {
        self.inner.release(owner, stream);
    }

    fn due(&self, until_ms: i64, limit: usize) -> Result<Vec<(StreamId, Row)>, JournalError> {
        self.inner.due(until_ms, limit)
    }

    fn read(&self, stream: &StreamId, from_version: u64, limit: usize) -> Result<Vec<Entry>, JournalError> {
        self.inner.read(stream, from_version, limit)
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamInfo>, JournalError> {
        self.inner.stream(stream)
    }

    fn query(&self, filter: &Filter, at_least: Cursor) -> Result<Page, JournalError> {
        self.inner.query(filter, at_least)
    }

    fn unique(&self, key: &str) -> Result<Option<StreamId>, JournalError> {
        self.inner.unique(key)
    }

    fn follow(&self, prefix: &str, cursor: Cursor) -> Follower {
        self.inner.follow(prefix, cursor)
    }

    fn blob(&self, hash: &Hash) -> Result<Vec<u8>, JournalError> {
        self.inner.blob(hash)
    }

    fn stats(&self) -> Stats {
        self.inner.stats()
    }
}
