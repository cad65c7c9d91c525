//! The trait that every backend implements, shaped for a fleet: local disk and memory now, a shared database later.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use stanch_model::{Entry, EntryRef, Hash, StreamId};

use crate::{
    append::{Epoch, Post, Posted, Row, StreamAppend, Ticket, With},
    error::JournalError,
    follow::Follower,
    forget::Forget,
    query::{Claim, Cursor, Filter, Page, Stats, StreamInfo},
};

/// A future on the heap.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// Called once per batch after its sync, with [`Journal::durable`]. Must be cheap and must not call the journal back.
pub type DurableHook = Arc<dyn Fn(u64) + Send + Sync>;
/// Called after a new post is durable, with the stream whose inbox it lies in.
pub type PostHook = Arc<dyn Fn(&StreamId) + Send + Sync>;

/// Shown every entry of a reading.
pub type Visit<'a> = dyn FnMut(EntryRef<'_>) -> Result<(), JournalError> + 'a;

/// Entries taken at once by a backend that can only copy them.
const PAGE: usize = 1_000;

/// An append-only log of streams with a queryable row per stream.
///
/// The journal computes version, time, `prev` and hashes; the caller owns order and meaning. Everything that is read
/// (`read`, `follow`, `query`, `due`, `inbox`) is durable; only `stream`, `unique` and the conditions of `append` see
/// what is queued.
pub trait Journal: Send + Sync {
    /// This opening's epoch: higher than every earlier one's, and durable before anybody learns it.
    fn epoch(&self) -> Epoch;

    /// Queues a group: all of it or nothing, in one batch, after everything queued before. Not yet durable; wakes nobody:
    /// call [`kick`](Self::kick), [`commit_here`](Self::commit_here) or [`wait`](Self::wait).
    ///
    /// # Errors
    /// `Fenced`, `Conflict`, `Duplicate`, `Full`, `Invalid`: nothing was queued. `Unknown`: it may have been.
    fn append(&self, group: Vec<StreamAppend>, with: With) -> Result<Ticket, JournalError>;

    /// Wakes the committer.
    fn kick(&self);

    /// Commits one batch on the caller's own thread: two hand-offs less when one run runs alone. False if somebody else
    /// is at it or nothing is queued.
    fn commit_here(&self) -> bool;

    /// Everything up to this position is synced.
    fn durable(&self) -> u64;

    /// Blocks until the ticket's group is durable; commits it itself if nobody else does.
    ///
    /// # Errors
    /// `Unknown` when the journal stopped before it knew.
    fn wait(&self, ticket: &Ticket) -> Result<(), JournalError>;

    /// The same without a thread: kicks the committer and resolves once the position is durable.
    fn durable_at(&self, position: u64) -> BoxFuture<'static, Result<(), JournalError>>;

    /// Adds a hook.
    fn on_durable(&self, hook: DurableHook);

    /// Leaves something for the stream's owner. Durable when it returns (it may block for a sync). Anyone may post.
    ///
    /// # Errors
    /// As `append` and `wait`; never `Duplicate` or `Fenced`.
    fn post(&self, stream: &StreamId, key: &str, kind: &str, body: String) -> Result<Posted, JournalError>;

    /// The posts that no append of the stream's owner has folded yet, oldest first.
    ///
    /// # Errors
    /// When the disk refuses or lies.
    fn inbox(&self, stream: &StreamId) -> Result<Vec<Post>, JournalError>;

    /// The streams with posts in their inboxes: whom an owner that has just started must look at.
    ///
    /// # Errors
    /// When the backend cannot be asked.
    fn posted(&self) -> Result<Vec<StreamId>, JournalError>;

    /// Adds a hook.
    fn on_post(&self, hook: PostHook);

    /// Gives `owner` up to `n` streams that are due by `until_ms` or have posts, and that nobody else holds. A stream taken
    /// over from an owner whose time ran out gets a new epoch, which fences that owner.
    ///
    /// # Errors
    /// When the new epoch cannot be made durable.
    fn claim(&self, owner: &str, until_ms: i64, n: usize, ttl: Duration) -> Result<Vec<Claim>, JournalError>;

    /// Holds the claim for another `ttl`.
    ///
    /// # Errors
    /// `Fenced` when somebody else has it.
    fn renew(&self, owner: &str, stream: &StreamId, ttl: Duration) -> Result<(), JournalError>;

    /// Gives the claim back. Without effect if `owner` has none.
    fn release(&self, owner: &str, stream: &StreamId);

    /// The streams due by then, earliest first.
    ///
    /// # Errors
    /// When the index fails.
    fn due(&self, until_ms: i64, limit: usize) -> Result<Vec<(StreamId, Row)>, JournalError>;

    /// Entries of a stream from a version on (the first is 1), with the chain verified.
    ///
    /// # Errors
    /// `Corrupt` when the chain does not hold.
    fn read(&self, stream: &StreamId, from_version: u64, limit: usize) -> Result<Vec<Entry>, JournalError>;

    /// As [`read`](Self::read) to the stream's end, one entry after the other and without copying them.
    ///
    /// # Errors
    /// As `read`, and the first of `each`, which ends it.
    fn visit(&self, stream: &StreamId, from_version: u64, each: &mut Visit<'_>) -> Result<(), JournalError> {
        let mut from = from_version.max(1);
        loop {
            let entries = self.read(stream, from, PAGE)?;
            entries.iter().try_for_each(|entry| each(entry.as_ref()))?;
            if entries.len() < PAGE {
                return Ok(());
            }
            from += PAGE as u64;
        }
    }

    /// The stream as the next append will find it.
    ///
    /// # Errors
    /// When the index fails.
    fn stream(&self, stream: &StreamId) -> Result<Option<StreamInfo>, JournalError>;

    /// Streams by filter, as of `at_least` or later (`Cursor::START`: as of now).
    ///
    /// # Errors
    /// When the index fails.
    fn query(&self, filter: &Filter, at_least: Cursor) -> Result<Page, JournalError>;

    /// Who took this dedupe key.
    ///
    /// # Errors
    /// When the index fails.
    fn unique(&self, key: &str) -> Result<Option<StreamId>, JournalError>;

    /// Entries of the streams whose names begin with `prefix`, from the cursor on, as they become durable: gap-free, at
    /// least once, in order.
    fn follow(&self, prefix: &str, cursor: Cursor) -> Follower;

    /// A payload by its name.
    ///
    /// # Errors
    /// `Io` when there is none, `Corrupt` when it is not what its name says.
    fn blob(&self, hash: &Hash) -> Result<Vec<u8>, JournalError>;

    /// Handles of the secrets that lie sealed beside the log.
    ///
    /// # Errors
    /// When the vault cannot be read.
    fn sealed(&self) -> Result<Vec<String>, JournalError> {
        Ok(Vec::new())
    }

    /// Drops bodies, payloads and secrets for good; gives how many bodies that were. Slow: it may write much of the log
    /// anew. A crash in between leaves each body whole or dropped; the same again does the rest.
    ///
    /// # Errors
    /// When the disk refuses: some may be dropped.
    fn forget(&self, _: &Forget) -> Result<u64, JournalError> {
        Err(JournalError::Invalid("this journal keeps all that it has".to_owned()))
    }

    /// Figures since opening.
    fn stats(&self) -> Stats;
}
