//! A disk that fails on command: for tests of what stands on the journal.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use crate::disk::{Disk, DiskFile, RealDisk};

/// The real disk with faults to switch on. Clones share them.
#[derive(Clone, Debug)]
pub struct FaultDisk {
    faults: Arc<Faults>,
}

#[derive(Debug)]
struct Faults {
    /// Bytes that new files may still take; below zero the disk is full.
    room: AtomicI64,
    /// The sync that fails, counted down; 0 for none.
    failing_sync: AtomicU64,
    syncs: AtomicU64,
}

impl Default for FaultDisk {
    fn default() -> Self {
        let faults = Faults {
            room: AtomicI64::new(i64::MAX),
            failing_sync: AtomicU64::new(0),
            syncs: AtomicU64::new(0),
        };
        Self { faults: Arc::new(faults) }
    }
}

impl FaultDisk {
    /// Leaves so many bytes for new files. What is removed gives its bytes back.
    pub fn set_room(&self, bytes: i64) {
        self.faults.room.store(bytes, Ordering::SeqCst);
    }

    /// Lets the `nth` sync from now fail (1 is the next), and every one after it.
    pub fn fail_sync(&self, nth: u64) {
        self.faults.failing_sync.store(self.faults.syncs.load(Ordering::SeqCst) + nth, Ordering::SeqCst);
    }

    /// Syncs made so far.
    pub fn syncs(&self) -> u64 {
        self.faults.syncs.load(Ordering::SeqCst)
    }
}

impl Faults {
    fn take(&self, bytes: i64) -> io::Result<()> {
        let left = self.room.fetch_sub(bytes, Ordering::SeqCst) - bytes;
        if left < 0 {
            self.room.fetch_add(bytes, Ordering::SeqCst);
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    fn give(&self, bytes: i64) {
        let add = |room: i64| Some(room.saturating_add(bytes));
        let _ = self.room.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
    }

    fn sync(&self) -> io::Result<()> {
        let nth = self.syncs.fetch_add(1, Ordering::SeqCst) + 1;
        let failing = self.failing_sync.load(Ordering::SeqCst);
        if failing > 0 && nth >= failing {
            return Err(io::Error::other("the disk lost what was written"));
        }
        Ok(())
    }
}

struct FaultFile {
    file: Box<dyn DiskFile>,
    faults: Arc<Faults>,
    sized: bool,
}

impl Disk for FaultDisk {
    fn create(&self, path: &Path, room: u64) -> io::Result<Box<dyn DiskFile>> {
        self.faults.take(i64::try_from(room).unwrap_or(i64::MAX))?;
        let file = RealDisk.create(path, room)?;
        Ok(Box::new(FaultFile { file, faults: self.faults.clone(), sized: room > 0 }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let bytes = std::fs::metadata(path)?.len();
        RealDisk.remove(path)?;
        self.faults.give(i64::try_from(bytes).unwrap_or_default());
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.faults.sync()?;
        RealDisk.sync_dir(path)
    }
}

impl DiskFile for FaultFile {
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if !self.sized {
            self.faults.take(i64::try_from(bytes.len()).unwrap_or(i64::MAX))?;
        }
        self.file.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.faults.sync()?;
        self.file.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.faults.sync()?;
        self.file.sync_all()
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        self.file.set_len(bytes)
    }
}
