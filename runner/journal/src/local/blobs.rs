//! Payloads beside the log, named by their hash: synced before the entry that names them.

use stanch_model::Hash;

use super::layout::Layout;
use crate::{
    disk::{self, Disk},
    error::JournalError,
};

/// A body longer than this does not go into its line.
pub(crate) const SPILL: usize = 64 << 10;

/// Writes the payload durably; one that is there already is left alone.
pub(crate) fn write(disk: &dyn Disk, layout: &Layout, hash: &Hash, bytes: &[u8]) -> std::io::Result<()> {
    let path = layout.blob(hash);
    // Only a whole and synced file ever gets this name, but the folder may not have been synced since.
    if std::fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
        return disk.sync_dir(&layout.blobs());
    }
    disk::write_synced(disk, &path, bytes)
}

/// Reads a payload and checks that it is what its name says.
pub(crate) fn read(layout: &Layout, hash: &Hash) -> Result<Vec<u8>, JournalError> {
    let path = layout.blob(hash);
    let bytes = std::fs::read(&path).map_err(JournalError::io(format!("reading {}", path.display())))?;
    if Hash::of(&bytes) == *hash {
        return Ok(bytes);
    }
    Err(JournalError::Corrupt {
        file: path,
        line: 1,
        why: "the payload does not have the hash of its name".to_owned(),
    })
}
