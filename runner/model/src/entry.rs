//! One line of the journal: a header that is hashed, a body that the header names by hash.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::ids::{Hash, StreamId};

/// The part of an entry that is chained. Its exact bytes as stored are what `hash` covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The stream this entry belongs to.
    pub stream: StreamId,
    /// Its place in the stream, from 1.
    pub version: u64,
    /// The opening of the journal that wrote it.
    pub epoch: u64,
    /// Wall-clock time of writing, RFC 3339 in UTC with microseconds. For people: nothing is decided by it.
    pub time: String,
    /// What it says, such as `step.intent`. The kinds of a run's stream are in [`crate::run`].
    pub kind: String,
    /// SHA-256 of the exact body bytes as stored.
    pub body_hash: Hash,
    /// `hash` of the entry before it in the stream; zeros in the first.
    pub prev: Hash,
}

/// An entry as read back. `body` is `None` when retention dropped it; the chain still verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The header.
    pub header: Header,
    /// SHA-256 of the header's stored bytes.
    pub hash: Hash,
    /// The stored body bytes (JSON), exactly.
    pub body: Option<Box<str>>,
    /// Its place in the whole journal of this data folder, from 1: what `demo --kill-at-entry` counts.
    pub position: u64,
}

/// An entry while it is read, borrowed from where it lies: replaying a long run copies only what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// See [`Header::version`].
    pub version: u64,
    /// See [`Header::time`].
    pub time: &'a str,
    /// See [`Header::kind`].
    pub kind: &'a str,
    /// See [`Entry::body`].
    pub body: Option<&'a str>,
    /// See [`Entry::position`].
    pub position: u64,
}

impl<'a> EntryRef<'a> {
    /// The body as a typed value, which may borrow from it.
    ///
    /// # Errors
    /// As [`Entry::decode`].
    pub fn decode<T: Deserialize<'a>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.body.unwrap_or("null"))
    }

    /// The same as an entry of its own, for whoever looks at nothing of the chain: hashes and epoch are not here.
    pub fn to_entry(&self, stream: &StreamId) -> Entry {
        let header = Header {
            stream: stream.clone(),
            version: self.version,
            epoch: 0,
            time: self.time.to_owned(),
            kind: self.kind.to_owned(),
            body_hash: Hash::ZERO,
            prev: Hash::ZERO,
        };
        Entry { header, hash: Hash::ZERO, body: self.body.map(Into::into), position: self.position }
    }
}

impl Entry {
    /// The same, borrowed.
    pub fn as_ref(&self) -> EntryRef<'_> {
        EntryRef {
            version: self.header.version,
            time: &self.header.time,
            kind: &self.header.kind,
            body: self.body.as_deref(),
            position: self.position,
        }
    }

    /// The body as a typed value.
    ///
    /// # Errors
    /// When the body was dropped by retention or is not of this shape.
    pub fn decode<'a, T: Deserialize<'a>>(&'a self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.body.as_deref().unwrap_or("null"))
    }
}

/// An entry to be appended: the journal adds version, epoch, time, hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// See [`Header::kind`].
    pub kind: Cow<'static, str>,
    /// Canonical JSON; stored byte for byte.
    pub body: String,
}

impl NewEntry {
    /// An entry whose body is `body` in canonical JSON.
    ///
    /// # Panics
    /// Never for our own body types: they hold no maps with keys other than strings and no failing serializers.
    pub fn new(kind: impl Into<Cow<'static, str>>, body: &impl Serialize) -> Self {
        let body =
            serde_json::to_string(body).unwrap_or_else(|error| format!("{{\"unserializable\":\"{error}\"}}"));
        Self { kind: kind.into(), body }
    }
}
