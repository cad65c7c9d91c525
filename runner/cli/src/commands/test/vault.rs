//! Where a case's secrets lie: in memory, for as long as the case is played. None of them is real.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use stanch_model::{
    Hash,
    secret::{SecretBox, SecretError},
};

/// Secrets by their handles. The same seed gives the same handles, which are ids of targets.
pub(super) struct CaseVault {
    seed: u64,
    kept: Mutex<BTreeMap<String, String>>,
}

impl CaseVault {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, kept: Mutex::default() }
    }
}

impl SecretBox for CaseVault {
    fn seal(&self, value: &str) -> Result<String, SecretError> {
        let handle = Hash::of(format!("{} {value}", self.seed).as_bytes()).to_string();
        self.kept.lock().insert(handle.clone(), value.to_owned());
        Ok(handle)
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        self.kept.lock().get(handle).cloned().ok_or_else(|| SecretError::Unknown(handle.to_owned()))
    }
}
