//! The sorted map that the index lies in: sled on disk, or plain memory when sled cannot be opened at all.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
};

use parking_lot::RwLock;

/// Key, and its value or none to take it out.
pub(crate) type Change = (Vec<u8>, Option<Vec<u8>>);

/// A sorted map of bytes.
pub(crate) enum Keep {
    Sled(sled::Db),
    Memory(RwLock<BTreeMap<Vec<u8>, Vec<u8>>>),
}

/// Why the map cannot be used; it can always be rebuilt.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the index failed: {0}")]
pub(crate) struct KeepError(String);

/// sled's page cache counts bytes as on disk; in memory they are about four times as many.
const CACHE_BYTES: u64 = 4 << 20;

impl Keep {
    /// Opens sled. It panics on some kinds of damage, so a panic is an answer too.
    pub(crate) fn open(folder: &Path) -> Result<Self, KeepError> {
        let config = sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None)
            .print_profile_on_drop(false);
        match guarded(|| config.open()) {
            Ok(db) => Ok(Self::Sled(db)),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn memory() -> Self {
        Self::Memory(RwLock::default())
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, KeepError> {
        match self {
            Self::Sled(db) => guarded(|| db.get(key)).map(|found| found.map(|value| value.to_vec())),
            Self::Memory(map) => Ok(map.read().get(key).cloned()),
        }
    }

    /// Pairs whose key begins with `prefix` and comes at or after `from`, in order, while `take` wants more.
    pub(crate) fn scan(
        &self,
        prefix: &[u8],
        from: &[u8],
        mut take: impl FnMut(&[u8], &[u8]) -> bool,
    ) -> Result<(), KeepError> {
        let start = if from > prefix { from } else { prefix };
        match self {
            Self::Sled(db) => guarded(|| {
                for pair in db.range(start.to_vec()..) {
                    let (key, value) = pair?;
                    if !key.starts_with(prefix) || !take(&key, &value) {
                        break;
                    }
                }
                Ok(())
            }),
            Self::Memory(map) => {
                for (key, value) in map.read().range(start.to_vec()..) {
                    if !key.starts_with(prefix) || !take(key, value) {
                        break;
                    }
                }
                Ok(())
            }
        }
    }

    pub(crate) fn apply(&self, changes: Vec<Change>) -> Result<(), KeepError> {
        match self {
            Self::Sled(db) => {
                let mut batch = sled::Batch::default();
                for (key, value) in changes {
                    match value {
                        Some(value) => batch.insert(key, value),
                        None => batch.remove(key),
                    }
                }
                guarded(|| db.apply_batch(batch))
            }
            Self::Memory(map) => {
                let mut map = map.write();
                for (key, value) in changes {
                    match value {
                        Some(value) => map.insert(key, value),
                        None => map.remove(&key),
                    };
                }
                Ok(())
            }
        }
    }

    /// Hands everything to the operating system: enough to outlive the process, which is all that an index needs.
    pub(crate) fn flush(&self) -> Result<(), KeepError> {
        match self {
            Self::Sled(db) => guarded(|| db.flush()).map(drop),
            Self::Memory(_) => Ok(()),
        }
    }
}

fn guarded<T>(work: impl FnOnce() -> sled::Result<T>) -> Result<T, KeepError> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| KeepError(error.to_string())),
        Err(_) => Err(KeepError("sled gave up over what it found on disk".to_owned())),
    }
}
