//! What comes out: rows by filter, cursors, figures.

use std::{fmt, str::FromStr};

use stanch_model::{Hash, StreamId};

use crate::append::{Epoch, Row};

/// A place in the journal to go on from. Opaque: keep it, hand it back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor(pub(crate) u64);

impl Cursor {
    /// Before the first entry.
    pub const START: Cursor = Cursor(0);

    /// After the entry at this position: an entry's own, or a ticket's.
    pub fn after(position: u64) -> Self {
        Self(position)
    }

    /// The last position that lies before the cursor.
    pub fn position(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{:x}", self.0)
    }
}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let digits = text.strip_prefix('c').ok_or(NotACursor)?;
        u64::from_str_radix(digits, 16).map(Self).map_err(|_| NotACursor)
    }
}

/// The text is not a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this journal")]
pub struct NotACursor;

/// What is known of a stream without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamInfo {
    /// The version of its last entry.
    pub version: u64,
    /// The hash of its last entry.
    pub head: Hash,
    /// Its row, if an append ever gave one.
    pub row: Option<Row>,
}

/// Which streams. The default is all of them, without an end.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Their names begin with this.
    pub prefix: String,
    /// Their row has one of these states; empty means any, also none.
    pub states: Vec<String>,
    /// Their row waits for this token.
    pub wait: Option<String>,
    /// Their names come after this one.
    pub after: Option<StreamId>,
    /// At most so many; 0 means no limit.
    pub limit: usize,
}

/// Streams by name, and where to go on.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// In order of their names.
    pub streams: Vec<(StreamId, StreamInfo)>,
    /// [`Filter::after`] of the next page; `None` at the end.
    pub next: Option<StreamId>,
}

/// A stream that an owner was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The stream.
    pub stream: StreamId,
    /// The epoch for its appends while the claim lasts.
    pub epoch: Epoch,
    /// Its row.
    pub row: Row,
}

/// Figures since opening.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Batches synced.
    pub batches: u64,
    /// Entries synced.
    pub entries: u64,
    /// Bytes synced.
    pub bytes: u64,
    /// Entries queued and not yet synced.
    pub queued: u64,
    /// Median duration of the last thousand syncs (write included), in microseconds.
    pub sync_us_p50: u64,
    /// Their 99th percentile.
    pub sync_us_p99: u64,
    /// Median of their batch sizes, in entries.
    pub batch_p50: u64,
    /// Their 99th percentile.
    pub batch_p99: u64,
    /// The disk is full; only the reserve is left.
    pub full: bool,
}
