//! Why the journal refused, as one enumeration for every backend.

use std::{path::PathBuf, sync::Arc};

use stanch_model::StreamId;

/// Why the journal refused. Cheap to clone: one failure may reach many waiters.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A newer owner has taken over: the caller must stop at once and must not retry.
    #[error("{stream} belongs to epoch {current} now, this append is of epoch {given}")]
    Fenced {
        /// The stream.
        stream: StreamId,
        /// The epoch of the append.
        given: u64,
        /// The epoch that owns the stream.
        current: u64,
    },
    /// The stream is not as the append expected. Nothing of the group was appended.
    #[error("{stream} is not as expected: {why}")]
    Conflict {
        /// The stream.
        stream: StreamId,
        /// Its version as it is.
        version: u64,
        /// What differs.
        why: Difference,
    },
    /// A dedupe key is taken. Nothing of the group was appended.
    #[error("{key} is already taken by {stream}")]
    Duplicate {
        /// The key.
        key: String,
        /// Who has it.
        stream: StreamId,
        /// Whoever answers "I have it already" first waits until the journal is durable up to here.
        position: u64,
    },
    /// The acknowledgement was lost: the append may or may not have happened. Re-read by version.
    #[error("it is unknown whether this was appended: {0}")]
    Unknown(String),
    /// The disk is full, and the append may not use the reserve.
    #[error("the disk of the journal is full: only what ends running containments is still taken")]
    Full,
    /// The request itself makes no sense (no entries, a body that is not one line of JSON, …).
    #[error("not an append: {0}")]
    Invalid(String),
    /// What lies on disk is not what was written, and it cannot be the unsynced end.
    #[error("{}:{line}: {why}", file.display())]
    Corrupt {
        /// The file.
        file: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// Another process owns the folder.
    #[error("{} is in use by process {pid}", folder.display())]
    Locked {
        /// The data folder.
        folder: PathBuf,
        /// The owner, or 0 when it did not say.
        pid: u32,
    },
    /// The operating system refused something that lost nothing.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// The refusal.
        source: Arc<std::io::Error>,
    },
    /// The journal has stopped for good in this process.
    #[error("the journal has stopped: {0}")]
    Fatal(String),
}

/// What a stream differs in from what an append expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// It was to be created and exists.
    #[error("it exists already")]
    Exists,
    /// It has another version.
    #[error("expected version {expected}")]
    Version {
        /// The version that was expected.
        expected: u64,
    },
    /// A post waits that the append does not fold.
    #[error("the post {key} waits unfolded")]
    Unfolded {
        /// The post's key.
        key: String,
    },
}

impl JournalError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source: Arc::new(source) }
    }
}
