//! What is appended and not yet written: conditions are checked and lines are built here, under one lock.
//!
//! Lines go straight into the buffer that the committer will write; it comes back empty and is used again.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};
use stanch_model::{Hash, NewEntry, StreamId};

use super::{
    blobs::SPILL,
    index::{Changes, Index, Known, PostAt},
};
use crate::{
    append::{Row, StreamAppend, Ticket, With},
    clock::{self, TellTime},
    error::JournalError,
    leases::Leases,
    line::{self, BodyAt, IndexPart, Parts},
    rules,
    segment::FRAME_ROOM,
    table::Name,
};

/// The state that appends change.
pub(crate) struct Queue {
    pub(crate) batch: Batch,
    /// Position of the next entry.
    next: u64,
    heads: HashMap<Name, Head>,
    /// Waiting posts by the stream that they are for, durable or not.
    posts: HashMap<Name, Vec<PostAt>>,
    /// Dedupe keys that the index may not know yet, with the position of their entry.
    uniques: std::collections::HashMap<String, (Name, u64)>,
    pub(crate) leases: Leases,
    /// Streams that grew since the last checkpoint.
    advanced: Vec<Name>,
    /// The time that headers carry.
    pub(crate) time: TellTime,
    /// Why nothing is taken any more.
    pub(crate) stopped: Option<JournalError>,
    /// Only appends that may use the reserve are taken.
    pub(crate) full: bool,
}

struct Head {
    known: Known,
    /// Of its last entry.
    position: u64,
    advanced: bool,
}

/// What the committer takes: lines behind room for the frame, and what they mean.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: Vec<QueuedLine>,
    pub(crate) changes: Changes,
    /// Position of the first entry.
    pub(crate) first: u64,
}

/// One line of a batch.
pub(crate) struct QueuedLine {
    pub(crate) stream: Name,
    pub(crate) version: u64,
    /// From the start of `Batch::bytes`.
    pub(crate) offset: usize,
    /// Without its newline.
    pub(crate) bytes: usize,
}

impl Batch {
    /// Empty, with the buffers kept.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.resize(FRAME_ROOM, 0);
        self.lines.clear();
        self.changes.clear();
    }
}

/// More heads than this are only kept while the index lacks them.
const HEADS_KEPT: usize = 32_768;

impl Queue {
    pub(crate) fn new(epoch: u64, next: u64, posts: HashMap<Name, Vec<PostAt>>, time: TellTime) -> Self {
        let mut batch = Batch::default();
        batch.clear();
        Self {
            batch,
            next,
            heads: HashMap::new(),
            posts,
            uniques: Default::default(),
            leases: Leases::new(epoch),
            advanced: Vec::new(),
            stopped: None,
            full: false,
            time,
        }
    }

    pub(crate) fn queued(&self) -> usize {
        self.batch.lines.len()
    }

    pub(crate) fn next_position(&self) -> u64 {
        self.next
    }

    /// Takes the batch, leaving an empty one in its place.
    pub(crate) fn take(&mut self, spare: Batch) -> Batch {
        std::mem::replace(&mut self.batch, spare)
    }

    pub(crate) fn known(&self, index: &Index, stream: &str) -> Result<Option<Known>, JournalError> {
        match self.heads.get(stream) {
            Some(head) => Ok(Some(head.known.clone())),
            None => index.known(stream),
        }
    }

    fn version(&mut self, index: &Index, stream: &StreamId) -> Result<u64, JournalError> {
        if let Some(head) = self.heads.get(stream.as_str()) {
            return Ok(head.known.version);
        }
        let Some(known) = index.known(stream.as_str())? else { return Ok(0) };
        let version = known.version;
        self.heads.insert(stream.as_str().into(), Head { known, position: 0, advanced: false });
        Ok(version)
    }

    /// Who took this key, and at which position.
    pub(crate) fn unique(&self, index: &Index, key: &str) -> Result<Option<(StreamId, u64)>, JournalError> {
        if let Some((stream, position)) = self.uniques.get(key) {
            return Ok(Some((StreamId::from_stored(stream.as_ref()), *position)));
        }
        Ok(index.unique(key)?.map(|stream| (StreamId::from_stored(stream), 0)))
    }

    /// The posts that wait for a stream's owner.
    pub(crate) fn posts(&self, stream: &StreamId) -> &[PostAt] {
        self.posts.get(stream.as_str()).map(Vec::as_slice).unwrap_or_default()
    }

    /// Streams with waiting posts.
    pub(crate) fn posted(&self) -> impl Iterator<Item = &Name> {
        self.posts.iter().filter(|(_, posts)| !posts.is_empty()).map(|(name, _)| name)
    }

    /// Whether the group may be appended as things stand.
    pub(crate) fn check(
        &mut self,
        index: &Index,
        group: &[StreamAppend],
        with: &With,
    ) -> Result<(), JournalError> {
        if let Some(stopped) = &self.stopped {
            return Err(stopped.clone());
        }
        if self.full && !with.reserve {
            return Err(JournalError::Full);
        }
        for append in group {
            self.leases.check(&append.stream, append.epoch.0)?;
            let version = self.version(index, &append.stream)?;
            rules::expected(
                append,
                version,
                self.posts(&append.stream).iter().map(|post| post.key.as_str()),
            )?;
        }
        for key in &with.unique {
            if let Some((stream, position)) = self.unique(index, key)? {
                return Err(JournalError::Duplicate { key: key.clone(), stream, position });
            }
        }
        Ok(())
    }

    /// Builds the lines. The group has been checked; `hashes` are those of its bodies, in order.
    pub(crate) fn append(
        &mut self,
        group: Vec<StreamAppend>,
        unique: Vec<String>,
        hashes: &[Hash],
    ) -> Ticket {
        let time = clock::shown((self.time)());
        let mut hashes = hashes.iter();
        let mut versions = Vec::with_capacity(group.len());
        let mut unique = Some(unique);
        for append in group {
            let mut first = unique.take().filter(|keys| !keys.is_empty());
            let name = self.name(&append.stream);
            let last = append.entries.len() - 1;
            let (mut row, mut folds) = (append.row, append.folds);
            for (nth, entry) in append.entries.iter().enumerate() {
                // Nearly every entry says nothing to the index.
                let of_last = nth == last && (row.is_some() || !folds.is_empty());
                let part = (first.is_some() || of_last).then(|| IndexPart {
                    unique: first.take().unwrap_or_default(),
                    row: row.take_if(|_| of_last).map(Into::into),
                    folds: if of_last { std::mem::take(&mut folds) } else { Vec::new() },
                    post: None,
                });
                let hash = hashes.next().copied().unwrap_or_else(|| Hash::of(entry.body.as_bytes()));
                self.write(&name, append.epoch.0, &time, entry, hash, part);
            }
            versions.push(self.heads.get(&name).map_or(0, |head| head.known.version));
        }
        Ticket { position: self.next - 1, versions }
    }

    /// Whether anyone may append to this stream now, and its head loaded.
    pub(crate) fn check_open(&mut self, index: &Index, append: &StreamAppend) -> Result<(), JournalError> {
        match &self.stopped {
            Some(stopped) => Err(stopped.clone()),
            None => self.version(index, &append.stream).map(drop),
        }
    }

    pub(crate) fn name(&mut self, stream: &StreamId) -> Name {
        if let Some((name, _)) = self.heads.get_key_value(stream.as_str()) {
            return name.clone();
        }
        let name: Name = stream.as_str().into();
        let known = Known { version: 0, head: Hash::ZERO, row: None };
        self.heads.insert(name.clone(), Head { known, position: 0, advanced: false });
        name
    }

    /// Builds one line. The stream's head must be loaded.
    pub(crate) fn write(
        &mut self,
        name: &Name,
        epoch: u64,
        time: &[u8],
        entry: &NewEntry,
        body_hash: Hash,
        part: Option<IndexPart>,
    ) {
        let Some(head) = self.heads.get_mut(name) else { return };
        let index = part.as_ref().and_then(IndexPart::encode);
        let mut quoted = [0u8; 64];
        let long;
        let stream = match quote(name, &mut quoted) {
            Some(length) => &quoted[..length],
            None => {
                long = serde_json::Value::from(name.as_ref()).to_string();
                long.as_bytes()
            }
        };
        let version = head.known.version + 1;
        let body = if entry.body.len() > SPILL { BodyAt::Blob } else { BodyAt::Line(entry.body.as_bytes()) };
        let (prev, kind) = (head.known.head, &*entry.kind);
        let batch = &mut self.batch;
        let offset = batch.bytes.len();
        let parts =
            Parts { stream, version, epoch, time, kind, index: index.as_deref(), body_hash, prev, body };
        let hash = line::write(&mut batch.bytes, &parts);
        if batch.lines.is_empty() {
            batch.first = self.next;
        }
        let bytes = batch.bytes.len() - offset - 1;
        batch.lines.push(QueuedLine { stream: name.clone(), version, offset, bytes });
        head.known.version = version;
        head.known.head = hash;
        head.position = self.next;
        if !head.advanced {
            head.advanced = true;
            self.advanced.push(name.clone());
        }
        if let Some(part) = part.filter(|_| index.is_some()) {
            if let Some(row) = part.row.clone() {
                head.known.row = Some(Arc::new(Row::from(row)));
            }
            self.note(name, version, part);
        }
        self.next += 1;
    }

    /// Dedupe keys, posts and folds.
    fn note(&mut self, name: &Name, version: u64, part: IndexPart) {
        let changes = &mut self.batch.changes;
        for key in part.unique {
            self.uniques.insert(key.clone(), (name.clone(), self.next));
            changes.uniques.push((key, name.clone()));
        }
        if let Some(key) = part.post {
            let owner: Name = name.strip_prefix("inbox/").unwrap_or(name).into();
            changes.posts.push((owner.clone(), key.clone(), Some((version, self.next))));
            self.posts.entry(owner).or_default().push(PostAt { key, version, position: self.next });
        }
        if part.folds.is_empty() {
            return;
        }
        if let Some(posts) = self.posts.get_mut(name) {
            posts.retain(|post| !part.folds.contains(&post.key));
            if posts.is_empty() {
                self.posts.remove(name);
            }
        }
        changes.posts.extend(part.folds.into_iter().map(|key| (name.clone(), key, None)));
    }

    /// Puts the present heads of the batch's streams into its changes: one per stream, however many lines.
    pub(crate) fn close_batch(&mut self) {
        let batch = &mut self.batch;
        for line in &batch.lines {
            if batch.changes.streams.contains_key(&line.stream) {
                continue;
            }
            if let Some(head) = self.heads.get(&line.stream) {
                batch.changes.streams.insert(line.stream.clone(), head.known.clone());
            }
        }
        batch.changes.position = self.next - 1;
    }

    /// The index knows everything up to here.
    pub(crate) fn forget(&mut self, fed: u64) {
        self.uniques.retain(|_, (_, position)| *position > fed);
        if self.heads.len() > HEADS_KEPT {
            self.heads.retain(|_, head| head.position > fed || head.advanced);
        }
    }

    /// The streams that grew since the last call, with version and head.
    pub(crate) fn advanced(&mut self) -> Vec<(Name, u64, Hash)> {
        let names = std::mem::take(&mut self.advanced);
        let mut out = Vec::with_capacity(names.len());
        for name in names {
            if let Some(head) = self.heads.get_mut(&name) {
                head.advanced = false;
                out.push((name, head.known.version, head.known.head));
            }
        }
        out
    }
}

/// Quotes a short plain name without an allocation.
fn quote(name: &str, out: &mut [u8; 64]) -> Option<usize> {
    let plain =
        name.len() + 2 <= out.len() && name.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if !plain {
        return None;
    }
    out[0] = b'"';
    out[1..=name.len()].copy_from_slice(name.as_bytes());
    out[name.len() + 1] = b'"';
    Some(name.len() + 2)
}
