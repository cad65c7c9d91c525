//! Every entry of a data folder, one after the other, from outside: without the lock, also while a server writes it.

use std::path::Path;

use stanch_model::{Entry, StreamId};

use crate::{
    error::JournalError,
    line::{self, BodyFound},
    local::Shelf,
    scan,
};

/// Shows every entry of the wanted streams, in the order of the journal. Chains are not verified here.
///
/// # Errors
/// When the log cannot be read, and the first error of `each`.
pub fn walk(
    folder: impl AsRef<Path>,
    wanted: impl Fn(&StreamId) -> bool,
    mut each: impl FnMut(&Entry) -> Result<(), JournalError>,
) -> Result<(), JournalError> {
    let layout = scan::layout(folder.as_ref())?;
    scan::batches(&layout, |_, _, batch| {
        for (_, position, text) in batch.entries() {
            let Some(line) = line::parse(text) else { continue };
            if !wanted(&StreamId::from_stored(line.stream.as_ref())) {
                continue;
            }
            let mut entry = line.to_entry(position);
            if line.body == BodyFound::Blob {
                entry.body = Shelf::spilled(&layout, &line.body_hash)?;
            }
            each(&entry)?;
        }
        Ok(())
    })
    .map(drop)
}
