//! Backups and what comes back of them: when the last one was taken, and that a folder was restored.
//!
//! Both are small files in the data folder, beside the journal: they say something about the folder, not of what happened.

use std::{io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stanch_journal::{JournalError, Verified};

use super::{broken, said};
use crate::{exit::Exit, out::Out, said::Said};

const BACKUP: &str = "last-backup";
const RESTORED: &str = "restored";

/// The last backup of a folder.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Backup {
    pub(crate) time: Timestamp,
    pub(crate) to: String,
    pub(crate) entries: u64,
}

/// Where a folder came from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Restored {
    pub(crate) from: String,
    /// Of the last entry that it knows.
    pub(crate) until: String,
}

/// The last backup, if one was taken with `stanch journal backup`.
pub(crate) fn last(data: &Path) -> Option<Backup> {
    serde_json::from_slice(&std::fs::read(data.join(BACKUP)).ok()?).ok()
}

/// Where the folder was restored from, until a server has come up on it.
pub(crate) fn restored(data: &Path) -> Option<Restored> {
    serde_json::from_slice(&std::fs::read(data.join(RESTORED)).ok()?).ok()
}

/// A server stands on it, paused: that is journaled now.
pub(crate) fn is_known(data: &Path) -> std::io::Result<()> {
    std::fs::remove_file(data.join(RESTORED))
}

/// Copies the folder, and writes down that it did.
///
/// # Errors
/// When the copy cannot be made or is not what was written.
pub(super) fn backup(data: &Path, to: &Path, out: Out) -> anyhow::Result<Exit> {
    let found = stanch_journal::backup(data, to).map_err(occupied)?;
    let drills = with_drills(data, to, |from, to| stanch_journal::backup(from, to))?;
    let shown = std::path::absolute(to).unwrap_or_else(|_| to.to_owned());
    let note = Backup { time: Timestamp::now(), to: shown.display().to_string(), entries: found.entries };
    if let Err(error) = put(&data.join(BACKUP), &note) {
        out.aside(&format!("`stanch doctor` will not know of this backup: {error}"));
    }
    said(&found, &format!("copied to {}", to.display()), drills.as_ref(), out);
    Ok(Exit::Yes)
}

/// Puts a backup into an empty folder. Whoever serves it next comes up paused.
///
/// # Errors
/// When the backup is not what was written, or the folder is not empty.
pub(super) fn restore(from: &Path, data: &Path, out: Out) -> anyhow::Result<Exit> {
    let found = stanch_journal::restore(from, data).map_err(occupied)?;
    let drills = with_drills(from, data, |from, to| stanch_journal::restore(from, to))?;
    let last = stanch_journal::tail(data, 1).and_then(|mut tail| tail.poll()).map_err(broken)?;
    let until = last.map(|entry| entry.header.time).unwrap_or_default();
    let from = std::path::absolute(from).unwrap_or_else(|_| from.to_owned());
    put(&data.join(RESTORED), &Restored { from: from.display().to_string(), until: until.clone() })
        .map_err(|error| Said::new(format!("{}: {error}", data.display())))?;
    said(&found, &format!("restored to {}", data.display()), drills.as_ref(), out);
    out.text(&format!(
        "  it knows nothing of what happened after {}: the platforms may be ahead of it. The next server comes up paused; look at the unfinished runs, then `stanch resume --all`",
        crate::when::at(&until)
    ));
    Ok(Exit::Yes)
}

fn put(path: &Path, note: &impl Serialize) -> std::io::Result<()> {
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(serde_json::to_string(note).map_err(std::io::Error::other)?.as_bytes())?;
    file.sync_all()
}

/// The ledger of drills is a journal of its own, in a folder of the data folder: it goes where that goes.
fn with_drills(
    from: &Path,
    to: &Path,
    copy: impl Fn(&Path, &Path) -> Result<Verified, JournalError>,
) -> anyhow::Result<Option<Verified>> {
    let (from, to) = (stanch_drill::ledger::folder(from), stanch_drill::ledger::folder(to));
    if !from.join("journal").exists() {
        return Ok(None);
    }
    copy(&from, &to).map(Some).map_err(occupied)
}

/// The same, with a way out where the folder to fill is not empty.
fn occupied(error: JournalError) -> anyhow::Error {
    match &error {
        JournalError::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists => {
            Said::new(error.to_string())
                .help("nothing was changed; name a folder that is new or empty")
                .into()
        }
        _ => broken(error),
    }
}
