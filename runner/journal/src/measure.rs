//! What this disk's own sync costs, in the same file mode as the log: to be printed beside every figure.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use crate::{
    disk::{self, Disk, DiskFile, RealDisk},
    error::JournalError,
    local::percentile,
};

/// A file with room ahead, like a segment, that is written and synced on demand. Removed when dropped.
pub struct SyncProbe {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    bytes: Vec<u8>,
    offset: u64,
}

/// Durations of write and sync together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeviceSync {
    /// How many were made.
    pub samples: usize,
    /// Their median, in microseconds.
    pub p50_us: u64,
    /// Their 99th percentile.
    pub p99_us: u64,
}

const ROOM: u64 = 32 << 20;

impl SyncProbe {
    /// A probe in this folder that writes so many bytes at once.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(folder: impl AsRef<Path>, bytes: usize) -> Result<Self, JournalError> {
        let path = folder.as_ref().join(format!("sync-probe-{}", std::process::id()));
        let failed = |error| JournalError::io(format!("writing {}", path.display()))(error);
        let file = RealDisk.create(&path, ROOM).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        RealDisk.sync_dir(disk::parent(&path)).map_err(failed)?;
        let mut text = vec![b'x'; bytes.max(1)];
        if let Some(last) = text.last_mut() {
            *last = b'\n';
        }
        Ok(Self { path, file, bytes: text, offset: 0 })
    }

    /// One write and one sync.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn once(&mut self) -> Result<Duration, JournalError> {
        if self.offset + self.bytes.len() as u64 > ROOM {
            self.offset = 0;
        }
        let started = Instant::now();
        let done = self.file.write_at(&self.bytes, self.offset).and_then(|()| self.file.sync_data());
        let took = started.elapsed();
        self.offset += self.bytes.len() as u64;
        done.map(|()| took).map_err(JournalError::io(format!("syncing {}", self.path.display())))
    }
}

impl Drop for SyncProbe {
    fn drop(&mut self) {
        let _ = RealDisk.remove(&self.path);
    }
}

/// Makes so many syncs of so many bytes in this folder.
///
/// # Errors
/// When the folder cannot be written.
pub fn device_sync(
    folder: impl AsRef<Path>,
    bytes: usize,
    samples: usize,
) -> Result<DeviceSync, JournalError> {
    let mut probe = SyncProbe::open(folder, bytes)?;
    let mut took = Vec::with_capacity(samples);
    for _ in 0..samples {
        took.push(u64::try_from(probe.once()?.as_micros()).unwrap_or(u64::MAX));
    }
    took.sort_unstable();
    Ok(DeviceSync { samples, p50_us: percentile(&took, 50), p99_us: percentile(&took, 99) })
}
