//! The journal on the local disk: one process owns a data folder.
//!
//! `core` holds what the threads share, `commit` writes, `keeper` does what may be late (index, tables, checkpoints),
//! `recover` opens. The log is the only truth; everything else is made from it.

mod blobs;
mod commit;
mod core;
mod figures;
mod follow;
mod index;
mod keep;
mod keeper;
mod layout;
mod options;
mod queue;
mod recover;
mod retention;
mod row;
mod shelf;
mod trait_impl;

pub(crate) use self::{
    figures::percentile,
    layout::{Layout, lock_folder},
    recover::corrupt,
    shelf::Shelf,
};
pub use options::{IndexPlace, KeySource, LostHook, Options};

use std::{path::Path, sync::Arc, thread};

use stanch_model::{NewEntry, StreamId};

use self::{core::Core, layout::Lock, recover::recover};
use crate::{append::StreamAppend, disk::create_dir_synced, error::JournalError, vault::Vault};

/// A data folder, owned by this process while the value lives. Share it in an `Arc`.
///
/// Dropping it syncs what is queued, gives unused room back and marks the index as clean.
pub struct LocalJournal {
    core: Arc<Core>,
    vault: Arc<Vault>,
    threads: Vec<thread::JoinHandle<()>>,
    _lock: Lock,
}

impl LocalJournal {
    /// Opens or creates the journal in `folder` (`journal/`, `blobs/`, `vault/`, `index/`, `lock`, `reserve`), under a new
    /// epoch. Finds the durable end of the log, copies the unsealed segment, brings the index up to date or builds it
    /// anew.
    ///
    /// # Errors
    /// `Locked` when another process owns the folder, `Corrupt` when the log is not what was written, `Full` when there is
    /// no room to start, `Fatal` when the vault's key is wrong, `Io` otherwise.
    pub fn open(folder: impl AsRef<Path>, options: Options) -> Result<Self, JournalError> {
        let layout = Layout::new(folder.as_ref());
        create_dir_synced(layout.folder())
            .map_err(JournalError::io(format!("creating {}", layout.folder().display())))?;
        let lock = Lock::take(&layout)?;
        layout.create()?;
        layout.sweep()?;
        let vault = Vault::open_on(layout.vault(), &options.vault_key, options.disk.clone())
            .map_err(|error| JournalError::Fatal(error.to_string()))?;
        let recovered = recover(layout, &options)?;
        let cut = recovered.cut.clone();
        let core = Arc::new(Core::new(recovered, &options)?);
        core.open_epoch(cut)?;
        let mut journal = Self { core, vault: Arc::new(vault), threads: Vec::new(), _lock: lock };
        for (name, work) in
            [("journal-commit", Core::commit_loop as fn(&Core)), ("journal-keep", Core::keep_loop)]
        {
            let core = journal.core.clone();
            let thread = thread::Builder::new().name(name.to_owned()).spawn(move || work(&core));
            journal.threads.push(thread.map_err(JournalError::io(format!("starting {name}")))?);
        }
        journal.core.set_threads(&journal.threads);
        Ok(journal)
    }

    /// The vault of this folder.
    pub fn vault(&self) -> Arc<Vault> {
        self.vault.clone()
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        self.core.layout.folder()
    }

    /// Stops at once and leaves everything as it lies, as a crash would: nothing queued is written, nothing is tidied.
    /// For tests.
    pub fn crash(self) {
        self.core.abandon();
    }
}

impl Drop for LocalJournal {
    fn drop(&mut self) {
        self.core.stop();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        self.core.close();
    }
}

impl Core {
    /// Takes the new epoch by writing it down.
    fn open_epoch(&self, cut: Option<(std::path::PathBuf, u64)>) -> Result<(), JournalError> {
        let epoch = self.opened_epoch();
        let cut = cut.map(|(file, bytes)| {
            let file = file.file_name().map(|name| name.to_string_lossy().into_owned());
            serde_json::json!({ "file": file, "bytes": bytes })
        });
        let body = serde_json::json!({
            "epoch": epoch.0, "pid": std::process::id(), "version": env!("CARGO_PKG_VERSION"), "cut": cut,
            "signs": self.signer.as_ref().map(|signer| signer.public()),
        });
        let entry = NewEntry::new("journal.opened", &body);
        let ticket =
            self.append(vec![StreamAppend::new(StreamId::system(), epoch, vec![entry])], reserved())?;
        self.wait(ticket.position)
    }
}

/// For entries that must go in even when the disk is full.
fn reserved() -> crate::append::With {
    crate::append::With { reserve: true, ..Default::default() }
}
