//! The ledger of drills in the data folder: read when somebody asks, never written. A drill is no server's business.

use std::path::Path;

use stanch_journal::JournalError;
use stanch_response::drills::{FOLDER, Ledger};

/// The ledger beside the journal; an empty one where there is none, or none that can be read.
pub(crate) fn ledger(data: Option<&Path>) -> Ledger {
    let Some(folder) = data.map(|data| data.join(FOLDER)).filter(|folder| folder.join("journal").exists())
    else {
        return Ledger::default();
    };
    read(&folder).unwrap_or_else(|error| {
        tracing::warn!(%error, folder = %folder.display(), "the ledger of drills cannot be read");
        Ledger::default()
    })
}

fn read(folder: &Path) -> Result<Ledger, JournalError> {
    let mut log = stanch_journal::tail(folder, usize::MAX)?;
    Ok(Ledger::of(&log.rest()?))
}
