//! The trait over the core: thin, apart from posts, claims and queries.

use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stanch_model::{Entry, EntryRef, Hash, NewEntry, StreamId};

use super::{
    LocalJournal, Shelf, blobs,
    core::Core,
    follow::LocalSource,
    index::{Known, RowKey},
    reserved,
};
use crate::{
    append::{Epoch, Post, Posted, Row, StreamAppend, Ticket, With, inbox_of},
    clock,
    error::JournalError,
    follow::Follower,
    forget::Forget,
    journal::{BoxFuture, DurableHook, Journal, PostHook, Visit},
    leases::NewEpoch,
    line::{BodyFound, IndexPart, Line},
    query::{Claim, Cursor, Filter, Page, Stats, StreamInfo},
    rules,
};

impl Journal for LocalJournal {
    fn epoch(&self) -> Epoch {
        self.core.opened_epoch()
    }

    fn append(&self, group: Vec<StreamAppend>, with: With) -> Result<Ticket, JournalError> {
        self.core.append(group, with)
    }

    fn kick(&self) {
        self.core.kick();
    }

    fn commit_here(&self) -> bool {
        self.core.commit_here()
    }

    fn durable(&self) -> u64 {
        self.core.durable()
    }

    fn wait(&self, ticket: &Ticket) -> Result<(), JournalError> {
        self.core.wait(ticket.position)
    }

    fn durable_at(&self, position: u64) -> BoxFuture<'static, Result<(), JournalError>> {
        if self.durable() < position {
            self.core.kick();
        }
        let core = self.core.clone();
        Box::pin(async move { core.waiters.wait(position).await })
    }

    fn on_durable(&self, hook: DurableHook) {
        self.core.on_durable.lock().push(hook);
    }

    fn post(&self, stream: &StreamId, key: &str, kind: &str, body: String) -> Result<Posted, JournalError> {
        let (position, new) = self.core.post(stream, key, NewEntry { kind: kind.to_owned().into(), body })?;
        self.core.wait(position)?;
        if new {
            let hooks = self.core.on_post.lock().clone();
            hooks.iter().for_each(|hook| hook(stream));
        }
        Ok(Posted { new })
    }

    fn inbox(&self, stream: &StreamId) -> Result<Vec<Post>, JournalError> {
        let durable = self.durable();
        let waiting = self.core.queue.lock().posts(stream).to_vec();
        let inbox = inbox_of(stream);
        let mut posts = Vec::with_capacity(waiting.len());
        for at in waiting.into_iter().filter(|post| post.position <= durable) {
            let found = self.core.shelf.read(&self.core.index, inbox.as_str(), at.version, 1)?;
            let entry = found.into_iter().next().ok_or_else(|| {
                JournalError::Fatal(format!("post {} of {stream} is in the index and not in the log", at.key))
            })?;
            posts.push(Post {
                key: at.key,
                kind: entry.header.kind,
                body: entry.body.map(String::from).unwrap_or_default(),
                version: at.version,
                position: at.position,
                time: entry.header.time,
            });
        }
        Ok(posts)
    }

    fn posted(&self) -> Result<Vec<StreamId>, JournalError> {
        Ok(self.core.posted())
    }

    fn on_post(&self, hook: PostHook) {
        self.core.on_post.lock().push(hook);
    }

    fn claim(&self, owner: &str, until_ms: i64, n: usize, ttl: Duration) -> Result<Vec<Claim>, JournalError> {
        self.core.claim(owner, until_ms, n, ttl)
    }

    fn renew(&self, owner: &str, stream: &StreamId, ttl: Duration) -> Result<(), JournalError> {
        self.core.queue.lock().leases.renew(owner, stream, ttl, Instant::now())
    }

    fn release(&self, owner: &str, stream: &StreamId) {
        self.core.queue.lock().leases.release(owner, stream);
    }

    fn due(&self, until_ms: i64, limit: usize) -> Result<Vec<(StreamId, Row)>, JournalError> {
        self.core.index.feed()?;
        self.core.due(until_ms, limit)
    }

    fn read(&self, stream: &StreamId, from_version: u64, limit: usize) -> Result<Vec<Entry>, JournalError> {
        self.core.shelf.read(&self.core.index, stream.as_str(), from_version, limit)
    }

    fn visit(&self, stream: &StreamId, from_version: u64, each: &mut Visit<'_>) -> Result<(), JournalError> {
        let layout = &self.core.layout;
        let mut show = |line: &Line<'_>, position: u64| {
            let spilled;
            let body = match line.body {
                BodyFound::Line(body) => Some(body),
                BodyFound::Dropped => None,
                BodyFound::Blob => {
                    spilled = Shelf::spilled(layout, &line.body_hash)?;
                    spilled.as_deref()
                }
            };
            each(EntryRef { version: line.version, time: line.time, kind: &line.kind, body, position })
        };
        self.core.shelf.visit(&self.core.index, stream.as_str(), from_version, usize::MAX, &mut show)
    }

    fn stream(&self, stream: &StreamId) -> Result<Option<StreamInfo>, JournalError> {
        Ok(self.core.known(stream)?.map(info))
    }

    fn query(&self, filter: &Filter, at_least: Cursor) -> Result<Page, JournalError> {
        self.core.wait(at_least.position())?;
        self.core.index.feed()?;
        self.core.query(filter)
    }

    fn unique(&self, key: &str) -> Result<Option<StreamId>, JournalError> {
        let found = self.core.queue.lock().unique(&self.core.index, key)?;
        Ok(found.map(|(stream, _)| stream))
    }

    fn follow(&self, prefix: &str, cursor: Cursor) -> Follower {
        Follower::new(Box::new(LocalSource::new(&self.core, prefix)), cursor)
    }

    fn blob(&self, hash: &Hash) -> Result<Vec<u8>, JournalError> {
        blobs::read(&self.core.layout, hash)
    }

    fn sealed(&self) -> Result<Vec<String>, JournalError> {
        self.vault().handles().map_err(|error| JournalError::Fatal(error.to_string()))
    }

    fn forget(&self, what: &Forget) -> Result<u64, JournalError> {
        // Bodies last: as long as one is there, what it names can be found and dropped.
        for handle in &what.secrets {
            self.vault().shred(handle).map_err(|error| JournalError::Fatal(error.to_string()))?;
        }
        let core = &self.core;
        for path in what.payloads.iter().map(|hash| core.layout.blob(hash)).filter(|path| path.exists()) {
            core.disk.remove(&path).map_err(JournalError::io(format!("removing {}", path.display())))?;
        }
        if what.streams.is_empty() { Ok(0) } else { self.drop_bodies(|stream| what.streams.contains(stream)) }
    }

    fn stats(&self) -> Stats {
        let (queued, full) = {
            let queue = self.core.queue.lock();
            (queue.queued() as u64, queue.full)
        };
        Stats { queued, full, ..self.core.figures.stats() }
    }
}

fn info(known: Known) -> StreamInfo {
    let row = known.row.as_deref().cloned();
    StreamInfo { version: known.version, head: known.head, row }
}

impl Core {
    /// Queues a post, unless its key was posted before. Gives the position to wait for.
    fn post(&self, stream: &StreamId, key: &str, entry: NewEntry) -> Result<(u64, bool), JournalError> {
        let unique = rules::post_key(stream, key);
        let append = StreamAppend::new(inbox_of(stream), self.opened_epoch(), vec![entry]);
        let group = [append];
        rules::well_formed(&group)?;
        rules::plain("the key of a post", key)?;
        let hashes = self.payloads(&group, &reserved())?;
        let mut queue = self.queue.lock();
        if let Some((_, position)) = queue.unique(&self.index, &unique)? {
            return Ok((position, false));
        }
        queue.check_open(&self.index, &group[0])?;
        let [append] = group;
        let part = IndexPart { unique: vec![unique], post: Some(key.to_owned()), ..IndexPart::default() };
        let name = queue.name(&append.stream);
        let entry = &append.entries[0];
        let time = clock::shown((queue.time)());
        queue.write(&name, append.epoch.0, &time, entry, hashes[0], Some(part));
        Ok((queue.next_position() - 1, true))
    }

    fn posted(&self) -> Vec<StreamId> {
        self.queue.lock().posted().map(|name| StreamId::from_stored(name.as_ref())).collect()
    }

    fn due(&self, until_ms: i64, limit: usize) -> Result<Vec<(StreamId, Row)>, JournalError> {
        let mut names = Vec::new();
        self.index.due(until_ms, |name| {
            if names.len() < limit {
                names.push(name.to_owned());
            }
            names.len() < limit
        })?;
        let mut due = Vec::with_capacity(names.len());
        for name in names {
            let row = self.index.known(&name)?.and_then(|known| known.row);
            due.extend(row.map(|row| (StreamId::from_stored(name), Row::clone(&row))));
        }
        Ok(due)
    }

    fn claim(&self, owner: &str, until_ms: i64, n: usize, ttl: Duration) -> Result<Vec<Claim>, JournalError> {
        // One claim at a time: the new epoch becomes durable between choosing and giving.
        static CLAIMING: Mutex<()> = Mutex::new(());
        let _one_at_a_time = CLAIMING.lock();
        self.index.feed()?;
        let mut candidates = self.due(until_ms, usize::MAX)?;
        for stream in self.posted() {
            let row = self.index.known(stream.as_str())?.and_then(|known| known.row);
            candidates.extend(row.map(|row| (stream, Row::clone(&row))));
        }
        candidates.sort_by(|a, b| a.0.cmp(&b.0));
        candidates.dedup_by(|a, b| a.0 == b.0);
        let now = Instant::now();
        let (picked, epoch) = self.queue.lock().leases.choose(owner, candidates, n, now);
        let epoch = match epoch {
            NewEpoch::Keep(epoch) => epoch,
            NewEpoch::Take => self.take_epoch(owner)?,
        };
        Ok(self.queue.lock().leases.give(owner, picked, epoch, ttl, now))
    }

    /// A new epoch for an owner, durable when this returns.
    fn take_epoch(&self, owner: &str) -> Result<u64, JournalError> {
        let epoch = self.queue.lock().leases.next_epoch();
        let entry = NewEntry::new("journal.claimed", &serde_json::json!({ "owner": owner, "epoch": epoch }));
        let append = StreamAppend::new(StreamId::system(), Epoch(epoch), vec![entry]);
        let ticket = self.append(vec![append], reserved())?;
        self.wait(ticket.position)?;
        self.queue.lock().leases.set_owner_epoch(owner, epoch);
        Ok(epoch)
    }

    fn query(&self, filter: &Filter) -> Result<Page, JournalError> {
        let wanted = if filter.limit == 0 { usize::MAX } else { filter.limit.saturating_add(1) };
        let after = filter.after.as_ref().map(|after| after.as_str());
        let mut found: Vec<(StreamId, StreamInfo)> = Vec::new();
        let passed = |name: &str| after.is_some_and(|after| name <= after);
        if filter.states.is_empty() && filter.wait.is_none() {
            self.index.all(&filter.prefix, after.unwrap_or_default(), |name, known| {
                if !passed(name) {
                    found.push((StreamId::from_stored(name), info(known)));
                }
                found.len() < wanted
            })?;
        } else {
            let mut names = Vec::new();
            for by in row_keys(filter) {
                let start = names.len();
                self.index.by_row(by, &filter.prefix, after.unwrap_or_default(), |name| {
                    if !passed(name) {
                        names.push(name.to_owned());
                    }
                    names.len() - start < wanted || filter.wait.is_some()
                })?;
            }
            names.sort_unstable();
            names.dedup();
            for name in names {
                let Some(known) = self.index.known(&name)? else { continue };
                if found.len() < wanted && rules::matches(filter, known.row.as_deref()) {
                    found.push((StreamId::from_stored(name), info(known)));
                }
            }
        }
        let more = found.len() == wanted;
        found.truncate(if filter.limit == 0 { usize::MAX } else { filter.limit });
        let next = found.last().filter(|_| more).map(|(stream, _)| stream.clone());
        Ok(Page { streams: found, next })
    }
}

/// The ways to the rows of a filter: by the token where there is one, else by each state.
fn row_keys(filter: &Filter) -> Vec<RowKey<'_>> {
    match &filter.wait {
        Some(token) => vec![RowKey::Wait(token)],
        None => filter.states.iter().map(|state| RowKey::State(state)).collect(),
    }
}
