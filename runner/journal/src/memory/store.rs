//! What a journal in memory consists of: the log, and everything that follows from its entries.

use std::collections::{BTreeMap, HashMap};

use stanch_model::{Entry, Hash, NewEntry, StreamId};

use crate::{
    append::{Epoch, Post, Row, StreamAppend, Ticket, With},
    clock::{self, TellTime},
    error::JournalError,
    leases::Leases,
    line::{self, BodyAt, IndexPart, Parts},
    query::StreamInfo,
    rules::{self, owner_of},
};

pub(super) struct Store {
    pub(super) time: TellTime,
    pub(super) log: Vec<(Entry, IndexPart)>,
    pub(super) durable: usize,
    pub(super) streams: BTreeMap<StreamId, Stream>,
    pub(super) uniques: HashMap<String, (StreamId, u64)>,
    /// Unfolded posts by the stream that they are for.
    pub(super) posts: HashMap<StreamId, Vec<Post>>,
    pub(super) blobs: HashMap<Hash, Vec<u8>>,
    pub(super) leases: Leases,
    pub(super) batches: u64,
    /// Length of the log after each group: a batch ends at one of these.
    pub(super) cuts: Vec<usize>,
    pub(super) lose_next: bool,
    pub(super) full: bool,
}

#[derive(Default)]
pub(super) struct Stream {
    pub(super) places: Vec<usize>,
    pub(super) head: Option<Hash>,
    /// Rows with the position from which on they hold.
    pub(super) rows: Vec<(u64, Row)>,
}

impl Stream {
    pub(super) fn version(&self) -> u64 {
        self.places.len() as u64
    }

    pub(super) fn row_at(&self, durable: u64) -> Option<&Row> {
        self.rows.iter().rev().find(|(position, _)| *position <= durable).map(|(_, row)| row)
    }
}

impl Store {
    pub(super) fn new(epoch: u64, time: TellTime) -> Self {
        Self {
            time,
            log: Vec::new(),
            durable: 0,
            streams: BTreeMap::new(),
            uniques: HashMap::new(),
            posts: HashMap::new(),
            blobs: HashMap::new(),
            leases: Leases::new(epoch),
            batches: 0,
            cuts: Vec::new(),
            lose_next: false,
            full: false,
        }
    }

    /// Takes an entry in: everything else that the store knows follows from these.
    pub(super) fn apply(&mut self, entry: Entry, part: IndexPart) {
        let id = entry.header.stream.clone();
        if let Some(key) = &part.post {
            self.posts.entry(owner_of(&id)).or_default().push(Post {
                key: key.clone(),
                kind: entry.header.kind.clone(),
                body: entry.body.as_deref().unwrap_or_default().to_owned(),
                version: entry.header.version,
                position: entry.position,
                time: entry.header.time.clone(),
            });
        }
        if let Some(posts) = self.posts.get_mut(&id) {
            posts.retain(|post| !part.folds.contains(&post.key));
        }
        for key in &part.unique {
            self.uniques.insert(key.clone(), (id.clone(), entry.position));
        }
        let stream = self.streams.entry(id).or_default();
        stream.places.push(self.log.len());
        stream.head = Some(entry.hash);
        if let Some(row) = &part.row {
            stream.rows.push((entry.position, row.clone().into()));
        }
        self.log.push((entry, part));
    }

    pub(super) fn check(&self, group: &[StreamAppend], with: &With) -> Result<(), JournalError> {
        rules::well_formed(group)?;
        if self.full && !with.reserve {
            return Err(JournalError::Full);
        }
        for append in group {
            self.leases.check(&append.stream, append.epoch.0)?;
            let posts = self.posts.get(&append.stream).map(Vec::as_slice).unwrap_or_default();
            let version = self.streams.get(&append.stream).map_or(0, Stream::version);
            rules::expected(append, version, posts.iter().map(|post| post.key.as_str()))?;
        }
        for key in &with.unique {
            if let Some((stream, position)) = self.uniques.get(key) {
                let (key, stream, position) = (key.clone(), stream.clone(), *position);
                return Err(JournalError::Duplicate { key, stream, position });
            }
        }
        Ok(())
    }

    pub(super) fn append(&mut self, group: Vec<StreamAppend>, with: With) -> Ticket {
        for blob in with.blobs {
            self.blobs.insert(blob.hash(), blob.bytes().to_vec());
        }
        let mut unique = with.unique;
        let mut versions = Vec::with_capacity(group.len());
        for append in group {
            let last = append.entries.len() - 1;
            let (mut row, mut folds) = (append.row, append.folds);
            for (at, new) in append.entries.into_iter().enumerate() {
                let mut part = IndexPart { unique: std::mem::take(&mut unique), ..IndexPart::default() };
                if at == last {
                    part.row = row.take().map(Into::into);
                    part.folds = std::mem::take(&mut folds);
                }
                self.write(&append.stream, append.epoch, new, part);
            }
            versions.push(self.streams[&append.stream].version());
        }
        self.cuts.push(self.log.len());
        Ticket { position: self.log.len() as u64, versions }
    }

    pub(super) fn write(&mut self, stream: &StreamId, epoch: Epoch, new: NewEntry, part: IndexPart) {
        let known = self.streams.get(stream);
        let mut name = Vec::new();
        line::text(&mut name, stream.as_str());
        let index = part.encode();
        let parts = Parts {
            stream: &name,
            version: known.map_or(0, Stream::version) + 1,
            epoch: epoch.0,
            time: &clock::shown((self.time)()),
            kind: &new.kind,
            index: index.as_deref(),
            body_hash: Hash::of(new.body.as_bytes()),
            prev: known.and_then(|stream| stream.head).unwrap_or(Hash::ZERO),
            body: BodyAt::Line(new.body.as_bytes()),
        };
        let mut bytes = Vec::new();
        line::write(&mut bytes, &parts);
        let position = self.log.len() as u64 + 1;
        if let Some(line) = bytes.strip_suffix(b"\n").and_then(line::parse) {
            let entry = line.to_entry(position);
            self.apply(entry, part);
        }
    }

    pub(super) fn info(&self, id: &StreamId, as_of: u64) -> Option<StreamInfo> {
        let stream = self.streams.get(id)?;
        let version = stream.places.partition_point(|place| (*place as u64) < as_of);
        let head = self.log[*stream.places.get(version.checked_sub(1)?)?].0.hash;
        Some(StreamInfo { version: version as u64, head, row: stream.row_at(as_of).cloned() })
    }
}
