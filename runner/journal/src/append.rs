//! What goes in: appends to streams, posts to inboxes, and what comes back for them.

use std::fmt;

use stanch_model::{Hash, NewEntry, StreamId};

/// An opening of the journal, or a take-over of a stream by another owner. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The index row of a stream: what the world may ask of it without reading it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// A short word, such as `waiting` or `finished`.
    pub state: String,
    /// The token of what it waits for, if it waits.
    pub wait: Option<String>,
    /// When it is due, in milliseconds of its own clock since 1970.
    pub due_ms: Option<i64>,
}

/// Entries for one stream, all or none. Build it with [`StreamAppend::new`].
#[derive(Clone, Debug)]
pub struct StreamAppend {
    /// The stream; it need not exist.
    pub stream: StreamId,
    /// The caller's epoch: [`Fenced`](crate::JournalError::Fenced) when it is not the stream's.
    pub epoch: Epoch,
    /// The version that the stream must have now (0 = it does not exist).
    pub expect: Option<u64>,
    /// At least one. Bodies are one line of JSON each.
    pub entries: Vec<NewEntry>,
    /// Refuse if the stream exists.
    pub create: bool,
    /// The stream's row from now on; `None` leaves it as it is.
    pub row: Option<Row>,
    /// Keys of posts that these entries consume; unknown and consumed keys are ignored.
    pub folds: Vec<String>,
    /// Refuse if a post waits that `folds` does not name: for an expiry, which must not overtake an answer.
    pub folds_all: bool,
}

impl StreamAppend {
    /// An append without conditions.
    pub fn new(stream: StreamId, epoch: Epoch, entries: Vec<NewEntry>) -> Self {
        Self {
            stream,
            epoch,
            entries,
            expect: None,
            create: false,
            row: None,
            folds: Vec::new(),
            folds_all: false,
        }
    }
}

/// What belongs to a whole group of appends.
#[derive(Clone, Debug, Default)]
pub struct With {
    /// Dedupe keys that the group's first stream takes for ever.
    pub unique: Vec<String>,
    /// Payloads that the entries name by hash; synced before them.
    pub blobs: Vec<Blob>,
    /// May use the reserve when the disk is full: for what ends a running containment.
    pub reserve: bool,
}

/// A payload that lies beside the log, named by its hash. Meant for more than 64 KiB; smaller ones are kept as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    hash: Hash,
    bytes: Vec<u8>,
}

impl Blob {
    /// Takes the payload and computes its name.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { hash: Hash::of(&bytes), bytes }
    }

    /// Its name.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The payload.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The promise of an append: it is in the queue, not on disk. See [`Journal::wait`](crate::Journal::wait).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Position of the group's last entry in the whole journal.
    pub position: u64,
    /// The version of each stream after the group, in its order.
    pub versions: Vec<u64>,
}

/// What became of a post. Durable either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posted {
    /// False when this key was posted before: that first post stands.
    pub new: bool,
}

/// Something that anyone left for a stream's owner: an answer, an approval, a cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its key: the same key is taken once.
    pub key: String,
    /// What it is.
    pub kind: String,
    /// Its body, one line of JSON.
    pub body: String,
    /// Its place in the inbox, from 1.
    pub version: u64,
    /// Its place in the whole journal.
    pub position: u64,
    /// When it was taken, RFC 3339. For people.
    pub time: String,
}

/// The stream in which a stream's posts lie.
pub fn inbox_of(stream: &StreamId) -> StreamId {
    StreamId::from_stored(format!("inbox/{stream}"))
}
