//! Where what lies in a data folder, and the lock that one process holds on it.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Seek, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use stanch_model::Hash;

use crate::{
    disk::{NEW, create_dir_synced},
    error::JournalError,
};

/// The paths of a data folder.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    folder: PathBuf,
}

impl Layout {
    pub(crate) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("journal")
    }

    pub(crate) fn segment(&self, number: u32) -> PathBuf {
        self.log().join(format!("{number:08}.jsonl"))
    }

    pub(crate) fn table(&self, number: u32) -> PathBuf {
        self.log().join(format!("{number:08}.table"))
    }

    pub(crate) fn blobs(&self) -> PathBuf {
        self.folder.join("blobs")
    }

    pub(crate) fn blob(&self, hash: &Hash) -> PathBuf {
        self.blobs().join(hash.to_string())
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.folder.join("vault")
    }

    pub(crate) fn index(&self) -> PathBuf {
        self.folder.join("index")
    }

    pub(crate) fn reserve(&self) -> PathBuf {
        self.folder.join("reserve")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.folder.join("lock")
    }

    /// Creates the folders.
    pub(crate) fn create(&self) -> Result<(), JournalError> {
        for folder in [self.log(), self.blobs()] {
            create_dir_synced(&folder).map_err(JournalError::io(format!("creating {}", folder.display())))?;
        }
        Ok(())
    }

    /// Removes files that were never finished.
    pub(crate) fn sweep(&self) -> Result<(), JournalError> {
        for folder in [self.log(), self.blobs(), self.vault()] {
            let Ok(files) = fs::read_dir(&folder) else { continue };
            for file in files.flatten().filter(|file| file.file_name().to_string_lossy().ends_with(NEW)) {
                let path = file.path();
                fs::remove_file(&path)
                    .map_err(JournalError::io(format!("removing the unfinished {}", path.display())))?;
            }
        }
        Ok(())
    }

    /// The numbers of the segments that exist, in order.
    pub(crate) fn segments(&self) -> Result<Vec<u32>, JournalError> {
        let log = self.log();
        let files =
            fs::read_dir(&log).map_err(JournalError::io(format!("reading the folder {}", log.display())))?;
        let names = files.flatten().filter_map(|file| file.file_name().into_string().ok());
        let mut numbers: Vec<u32> =
            names.filter_map(|name| name.strip_suffix(".jsonl")?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Reads a segment whole.
    pub(crate) fn read_segment(&self, number: u32) -> Result<Vec<u8>, JournalError> {
        let path = self.segment(number);
        fs::read(&path).map_err(JournalError::io(format!("reading {}", path.display())))
    }
}

/// Held as long as the folder is owned. The operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(#[allow(dead_code, reason = "the lock lives as long as the open file")] File);

/// Takes the lock of a folder.
pub(crate) fn lock_folder(layout: &Layout) -> Result<Lock, JournalError> {
    Lock::take(layout)
}

impl Lock {
    pub(crate) fn take(layout: &Layout) -> Result<Self, JournalError> {
        let path = layout.lock();
        let refused = |error| JournalError::io(format!("locking {}", path.display()))(error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(refused)?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(refused(error.into()));
            }
            let mut pid = String::new();
            let _ = file.read_to_string(&mut pid);
            let pid = pid.trim().parse().unwrap_or_default();
            return Err(JournalError::Locked { folder: layout.folder().to_owned(), pid });
        }
        file.set_len(0).and_then(|()| file.rewind()).map_err(refused)?;
        writeln!(file, "{}", std::process::id()).map_err(refused)?;
        Ok(Self(file))
    }
}
