//! What a world's journal lies on: memory, or a data folder on disk.

use std::{path::Path, sync::Arc};

use stanch_journal::{
    Journal, JournalError, KeySource, LocalJournal, MemoryJournal, Options, StreamAppend, With,
    faults::FaultDisk,
};
use stanch_model::{NewEntry, StreamId};

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "each test binary stands on one of them")]
pub(crate) enum Kind {
    Memory,
    Disk,
}

/// One of them, with its data folder.
pub(crate) enum Ground {
    Memory(Arc<MemoryJournal>, tempfile::TempDir),
    Disk(Arc<LocalJournal>, FaultDisk, tempfile::TempDir),
}

impl Ground {
    pub(crate) fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        match kind {
            Kind::Memory => Self::Memory(Arc::new(MemoryJournal::new()), folder),
            Kind::Disk => Self::open(folder),
        }
    }

    fn open(folder: tempfile::TempDir) -> Self {
        let disk = FaultDisk::default();
        let options = Options {
            segment_bytes: 256 << 10,
            reserve_bytes: 512 << 10,
            disk: Arc::new(disk.clone()),
            ..Options::new(KeySource::Bytes([7; 32]))
        };
        Self::Disk(Arc::new(LocalJournal::open(folder.path(), options).unwrap()), disk, folder)
    }

    pub(crate) fn journal(&self) -> Arc<dyn Journal> {
        match self {
            Self::Memory(journal, _) => journal.clone(),
            Self::Disk(journal, ..) => journal.clone(),
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        match self {
            Self::Memory(_, folder) | Self::Disk(_, _, folder) => folder.path(),
        }
    }

    /// What a kill -9 in this very moment would leave.
    pub(crate) fn crashed(&self) -> Self {
        let left = tempfile::tempdir().unwrap();
        copy(self.folder(), left.path());
        match self {
            Self::Memory(journal, _) => Self::Memory(Arc::new(journal.crash()), left),
            Self::Disk(..) => Self::open(left),
        }
    }

    /// From now on the disk takes nothing new.
    pub(crate) async fn fill(&self) {
        match self {
            Self::Memory(journal, _) => journal.set_full(true),
            Self::Disk(journal, disk, _) => {
                disk.set_room(0);
                while let Ok(ticket) = filler(journal) {
                    journal.durable_at(ticket.position).await.unwrap();
                }
            }
        }
    }

    /// There is room again, and the journal has noticed.
    pub(crate) async fn make_room(&self) {
        match self {
            Self::Memory(journal, _) => journal.set_full(false),
            Self::Disk(journal, disk, _) => {
                disk.set_room(1 << 40);
                while journal.stats().full {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
            }
        }
    }
}

fn filler(journal: &LocalJournal) -> Result<stanch_journal::Ticket, JournalError> {
    let entry = NewEntry::new("filler", &"x".repeat(16 << 10));
    let append = StreamAppend::new(StreamId::from_stored("filler"), journal.epoch(), vec![entry]);
    journal.append(vec![append], With::default())
}

/// Files that vanish meanwhile were not to be kept; sockets are not. The index is left out: nobody can copy its files as
/// they are at one moment, and what is made of two moments is no crash. It is made again from the log.
fn copy(from: &Path, to: &Path) {
    let entries = std::fs::read_dir(from).unwrap().flatten();
    for entry in entries.filter(|entry| entry.file_name() != "index") {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                std::fs::create_dir(&to).unwrap();
                copy(&path, &to);
            }
            Ok(kind) if kind.is_file() => drop(std::fs::copy(&path, &to)),
            _ => {}
        }
    }
}
