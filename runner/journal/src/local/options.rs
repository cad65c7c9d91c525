//! How a journal is opened.

use std::{path::PathBuf, sync::Arc, time::Duration};

use crate::{
    clock::{self, TellTime},
    disk::{Disk, RealDisk},
    sign::Signer,
};

/// Where the vault's key lies: never inside the data folder.
#[derive(Clone)]
pub enum KeySource {
    /// A file of 64 hex digits; generated with mode 0600 when both it and the vault are missing.
    File(PathBuf),
    /// The key itself, for tests and for keys that come from elsewhere.
    Bytes([u8; 32]),
}

/// Where the index lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexPlace {
    /// In `index/`, so that opening need not read the whole log.
    Disk,
    /// In memory, built from the log on every opening.
    Memory,
}

/// Called when nobody knows any more what is on disk, with the reason. It should not return.
pub type LostHook = Arc<dyn Fn(&str) + Send + Sync>;

/// How a journal is opened.
#[derive(Clone)]
pub struct Options {
    /// The vault's key.
    pub vault_key: KeySource,
    /// A segment is sealed at about this size; its room is taken when it is started.
    pub segment_bytes: u32,
    /// Room held back for appends with [`With::reserve`](crate::With::reserve) once the disk is full.
    pub reserve_bytes: u64,
    /// How often a checkpoint is written while streams advance; `None` for never.
    pub checkpoint_every: Option<Duration>,
    /// Signs every checkpoint.
    pub signer: Option<Arc<Signer>>,
    /// Where the index lives.
    pub index: IndexPlace,
    /// What the log is written to; tests put faults here.
    pub disk: Arc<dyn Disk>,
    /// What happens when a write or sync of the log fails: aborting, unless a test wants to see it.
    pub on_lost: LostHook,
    /// The time that headers carry.
    pub time: TellTime,
}

impl Options {
    /// The usual ones.
    pub fn new(vault_key: KeySource) -> Self {
        Self {
            vault_key,
            segment_bytes: 32 << 20,
            reserve_bytes: 64 << 20,
            checkpoint_every: Some(Duration::from_secs(5)),
            signer: None,
            index: IndexPlace::Disk,
            disk: Arc::new(RealDisk),
            on_lost: Arc::new(|why| {
                tracing::error!(why, "the journal does not know what is on disk: stopping at once");
                std::process::abort()
            }),
            time: clock::wall(),
        }
    }
}
