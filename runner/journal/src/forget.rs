//! What is to be dropped from a journal for good. Headers and hashes stay, so that the chain verifies.

use std::collections::HashSet;

use stanch_model::{Hash, StreamId};

/// What retention drops.
#[derive(Clone, Debug, Default)]
pub struct Forget {
    /// The bodies of all their entries that are durable now.
    pub streams: HashSet<StreamId>,
    /// Payloads that only those bodies name.
    pub payloads: Vec<Hash>,
    /// Handles of secrets that only those bodies name.
    pub secrets: Vec<String>,
}
