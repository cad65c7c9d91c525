//! Legal holds: incidents of which nothing may be dropped, and who said so.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use stanch_journal::{Journal, JournalError};
use stanch_model::api::LegalHold;

use crate::ledger::Ledger;

/// The stream of holds, and of what was dropped.
pub(super) const STREAM: &str = "retention";
const HELD: &str = "retention.held";
const RELEASED: &str = "retention.released";

#[derive(Debug, Deserialize, Serialize)]
struct Said {
    incident: String,
    by: String,
    reason: String,
}

/// The holds that stand, by incident.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) fn standing(journal: &Arc<dyn Journal>) -> Result<BTreeMap<String, LegalHold>, JournalError> {
    let mut standing = BTreeMap::new();
    for entry in Ledger::new(journal.clone(), STREAM).read()? {
        let Ok(said) = entry.decode::<Said>() else { continue };
        match entry.header.kind.as_str() {
            HELD => {
                let Said { incident, by, reason } = said;
                let hold = LegalHold { incident: incident.clone(), by, reason, since: entry.header.time };
                standing.insert(incident, hold);
            }
            RELEASED => drop(standing.remove(&said.incident)),
            _ => {}
        }
    }
    Ok(standing)
}

/// Writes down that an incident is held, or is no more.
///
/// # Errors
/// When the journal refuses.
pub(crate) async fn say(
    journal: &Arc<dyn Journal>,
    incident: &str,
    held: bool,
    by: &str,
    reason: &str,
) -> Result<(), JournalError> {
    let said = Said { incident: incident.to_owned(), by: by.to_owned(), reason: reason.to_owned() };
    Ledger::new(journal.clone(), STREAM).append(if held { HELD } else { RELEASED }, &said).await
}
