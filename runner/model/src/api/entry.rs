//! An entry of the journal on its way to a client, and back to what folds it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Entry, Hash, Header, StreamId};

/// One entry of the journal, as lists and the event stream give it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EntryView {
    /// `run/…`, `incident/…`, `alert/…` or `system`.
    pub stream: String,
    /// Its place in the stream, from 1.
    pub version: u64,
    /// When it was written; nothing is decided by it.
    pub time: String,
    /// What it says, such as `step.intent`.
    pub kind: String,
    /// Null when retention dropped it.
    pub body: Value,
    /// SHA-256 of its header.
    pub hash: String,
}

impl EntryView {
    /// The entry, to be folded. It cannot be verified: epoch, position, `prev` and the hash of the body are not told.
    pub fn to_entry(&self) -> Entry {
        Entry {
            header: Header {
                stream: StreamId::from_stored(self.stream.clone()),
                version: self.version,
                epoch: 0,
                time: self.time.clone(),
                kind: self.kind.clone(),
                body_hash: Hash::ZERO,
                prev: Hash::ZERO,
            },
            hash: Hash::parse(&self.hash).unwrap_or(Hash::ZERO),
            body: Some(self.body.to_string().into_boxed_str()),
            position: 0,
        }
    }
}
