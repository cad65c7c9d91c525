//! Copies of a data folder: taken while it is served, put back into an empty one.

use std::{fs, io, path::Path};

use crate::{
    disk::{self, Disk, RealDisk, create_dir_synced},
    error::JournalError,
    local::{Layout, lock_folder},
    scan,
    segment::Walk,
    verify::{Verified, Verify, verify},
};

/// Copies the log, its payloads and the vault (never its key) of a data folder to a new folder: also while it is served.
/// The copy is verified before this returns; the index is not copied, it is made anew.
///
/// # Errors
/// `Io` when the target is not empty or not writable, `Corrupt` when the log is not what was written.
pub fn backup(folder: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<Verified, JournalError> {
    let (from, to) = (scan::layout(folder.as_ref())?, Layout::new(to.as_ref()));
    must_be_empty(to.folder())?;
    to.create()?;
    copy(&from, &to)?;
    verify(to.folder(), &Verify::default())
}

/// Puts a backup into a new or empty data folder, after verifying it.
///
/// # Errors
/// As for [`backup`]; `Locked` when a process owns the folder.
pub fn restore(from: impl AsRef<Path>, folder: impl AsRef<Path>) -> Result<Verified, JournalError> {
    let (from, to) = (scan::layout(from.as_ref())?, Layout::new(folder.as_ref()));
    let verified = verify(from.folder(), &Verify::default())?;
    must_be_empty(to.folder())?;
    create_dir_synced(to.folder())
        .map_err(JournalError::io(format!("creating {}", to.folder().display())))?;
    let _lock = lock_folder(&to)?;
    to.create()?;
    copy(&from, &to)?;
    Ok(verified)
}

/// The log first: whatever it names was synced before it, so what is copied later holds it.
fn copy(from: &Layout, to: &Layout) -> Result<(), JournalError> {
    let numbers = from.segments()?;
    for &number in &numbers {
        let bytes = from.read_segment(number)?;
        let Ok((_, mut walk)) = Walk::open(&bytes) else { break };
        walk.by_ref().for_each(drop);
        // A torn end is left out; a flaw in the middle is found by verifying the copy against the segment after it.
        put(&to.segment(number), &bytes[..walk.offset()])?;
    }
    for (from, to) in [(from.blobs(), to.blobs()), (from.vault(), to.vault())] {
        copy_files(&from, &to)?;
    }
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> Result<(), JournalError> {
    let Ok(files) = fs::read_dir(from) else { return Ok(()) };
    create_dir_synced(to).map_err(JournalError::io(format!("creating {}", to.display())))?;
    for file in files.flatten().filter(|file| !file.file_name().to_string_lossy().ends_with(disk::NEW)) {
        let path = file.path();
        match fs::read(&path) {
            Ok(bytes) => put(&to.join(file.file_name()), &bytes)?,
            // Shredded in the meantime.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(JournalError::io(format!("reading {}", path.display()))(error)),
        }
    }
    RealDisk.sync_dir(to).map_err(JournalError::io(format!("syncing {}", to.display())))
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    disk::write_synced(&RealDisk, path, bytes)
        .map_err(JournalError::io(format!("writing {}", path.display())))
}

fn must_be_empty(folder: &Path) -> Result<(), JournalError> {
    let occupied = fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some());
    if !occupied {
        return Ok(());
    }
    let refused = JournalError::io(format!("{} is not empty", folder.display()));
    Err(refused(io::ErrorKind::AlreadyExists.into()))
}
