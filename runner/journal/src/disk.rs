//! The seam to the disk: everything the log, its payloads and the vault write goes through [`Disk`].
//!
//! Reading is plain `std::fs`. A test puts a disk here that records or refuses (see [`crate::faults`]).

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

/// What is asked of a disk.
pub trait Disk: Send + Sync {
    /// A new or emptied file, mode 0600, with room for `room` bytes (which it then holds as zeros; 0 for none).
    ///
    /// # Errors
    /// As the operating system's; `StorageFull` when there is no such room.
    fn create(&self, path: &Path, room: u64) -> io::Result<Box<dyn DiskFile>>;
    /// Gives a file another name, replacing what has it.
    ///
    /// # Errors
    /// As the operating system's.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    ///
    /// # Errors
    /// As the operating system's.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the entries of a folder durable.
    ///
    /// # Errors
    /// As the operating system's.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}

/// What is asked of an open file.
pub trait DiskFile: Send {
    /// Writes all bytes at an offset.
    ///
    /// # Errors
    /// As the operating system's.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// Makes the bytes durable, and of the metadata what is needed to find them.
    ///
    /// # Errors
    /// As the operating system's. After an error nothing is known of what was written.
    fn sync_data(&self) -> io::Result<()>;
    /// Makes bytes and metadata durable.
    ///
    /// # Errors
    /// As for `sync_data`.
    fn sync_all(&self) -> io::Result<()>;
    /// Cuts or extends the file.
    ///
    /// # Errors
    /// As the operating system's.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path, room: u64) -> io::Result<Box<dyn DiskFile>> {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        if room > 0 {
            allocate(&file, room)?;
        }
        Ok(Box::new(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }
}

impl DiskFile for File {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }

    fn sync_all(&self) -> io::Result<()> {
        File::sync_all(self)
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        File::set_len(self, bytes)
    }
}

/// Room ahead makes a sync cheaper (no new size to record) and a full disk visible before it hurts. A file system that
/// cannot do it grows the file as it is written.
fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    use rustix::io::Errno;
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        other => Ok(other?),
    }
}

/// Writes a file whole: beside it first, synced, then renamed, then the folder synced.
pub(crate) fn write_synced(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = with_suffix(path, NEW);
    let file = disk.create(&beside, 0)?;
    file.write_at(bytes, 0)?;
    file.sync_all()?;
    drop(file);
    disk.rename(&beside, path)?;
    disk.sync_dir(parent(path))
}

/// Ends the name of a file that is not finished; swept away on open.
pub(crate) const NEW: &str = ".new";

/// The path with something added to its name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(suffix);
    path.with_file_name(name)
}

/// Creates a folder and what leads to it, each entry synced. Mode 0700.
pub(crate) fn create_dir_synced(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(());
    }
    let above = parent(path);
    create_dir_synced(above)?;
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    RealDisk.sync_dir(above)
}

/// The folder that a path lies in.
pub(crate) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The disk or the quota is full.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
