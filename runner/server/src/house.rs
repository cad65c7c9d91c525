//! The rules of the house: which configuration a server began with, journaled whenever it is another one than before. Who
//! weakened a guard, and when, stands in the stream `config`.

use std::{collections::BTreeMap, os::unix::fs::MetadataExt, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_journal::{Journal, JournalError};
use stanch_model::{Hash, config::Config};

use crate::{auth::name_of_user, ledger::Ledger};

/// The kind of its entries.
const CHANGED: &str = "config.changed";

/// The parts that are journaled whole: they say what may be done, and hold no reference to a secret.
const WHOLE: [&str; 6] = ["people", "protect", "caps", "two_person", "break_glass", "tell"];

/// `config.changed`: from now on this configuration holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Changed {
    /// The machine's user as whom the server began with it.
    pub(crate) who: String,
    /// When, RFC 3339.
    pub(crate) at: String,
    /// Hash of all of it.
    pub(crate) hash: Hash,
    /// Hash of what held before, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Hash>,
    /// The parts that differ.
    pub(crate) changed: Vec<String>,
    /// Hash of every part.
    pub(crate) parts: BTreeMap<String, Hash>,
    /// The parts that say what may be done, as they are now.
    pub(crate) rules: BTreeMap<String, Value>,
}

/// Journals the configuration, as the user of the machine who began this process. A server that could not write it comes up
/// all the same: it contains nothing otherwise.
pub(crate) async fn note(config: &Config, journal: Arc<dyn Journal>, at: jiff::Timestamp) {
    let own = std::fs::metadata("/proc/self").map(|own| own.uid());
    let who = own.map_or_else(|_| "?".to_owned(), name_of_user);
    match began_with(config, journal, who, at).await {
        Ok(Some(changed)) if changed.before.is_some() => {
            let parts = changed.changed.join(", ");
            tracing::warn!(parts, "the configuration is another one than before");
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "the configuration that holds now is not journaled"),
    }
}

/// Journals the configuration if it is not the one that held before; durable when this returns.
pub(crate) async fn began_with(
    config: &Config,
    journal: Arc<dyn Journal>,
    who: String,
    at: jiff::Timestamp,
) -> Result<Option<Changed>, JournalError> {
    let ledger = Ledger::new(journal, "config");
    let entries = ledger.read()?;
    let last = entries.iter().rev().find(|entry| entry.header.kind == CHANGED);
    let last: Option<Changed> = last.and_then(|entry| entry.decode().ok());
    let Some(changed) = changed(config, last.as_ref(), who, at) else { return Ok(None) };
    ledger.append(CHANGED, &changed).await?;
    Ok(Some(changed))
}

fn changed(config: &Config, last: Option<&Changed>, who: String, at: jiff::Timestamp) -> Option<Changed> {
    let whole = serde_json::to_value(config).unwrap_or_default();
    let hash = Hash::of(whole.to_string().as_bytes());
    if last.is_some_and(|last| last.hash == hash) {
        return None;
    }
    let values = whole.as_object().cloned().unwrap_or_default();
    let parts: BTreeMap<String, Hash> =
        values.iter().map(|(name, part)| (name.clone(), Hash::of(part.to_string().as_bytes()))).collect();
    let none = BTreeMap::new();
    let known = last.map_or(&none, |last| &last.parts);
    let names = parts.keys().chain(known.keys()).collect::<std::collections::BTreeSet<_>>();
    let other = names.into_iter().filter(|name| parts.get(*name) != known.get(*name));
    Some(Changed {
        who,
        at: at.to_string(),
        hash,
        before: last.map(|last| last.hash),
        changed: other.cloned().collect(),
        rules: values.into_iter().filter(|(name, _)| WHOLE.contains(&name.as_str())).collect(),
        parts,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use stanch_journal::MemoryJournal;
    use stanch_model::config::ProtectRule;

    use super::*;

    #[tokio::test]
    async fn a_configuration_is_journaled_when_it_is_another_one_with_who_and_what() {
        let mut config = Config::default();
        config.protect.push(ProtectRule { tag: Some("payroll".to_owned()), ..ProtectRule::default() });
        let journal: Arc<dyn Journal> = Arc::new(MemoryJournal::new());
        let began = async |config: &Config, who: &str| {
            let at = jiff::Timestamp::UNIX_EPOCH;
            began_with(config, Arc::clone(&journal), who.to_owned(), at).await.unwrap()
        };
        let first = began(&config, "ana").await.unwrap();
        assert_eq!((first.before, first.rules["protect"][0]["tag"].as_str()), (None, Some("payroll")));
        assert_eq!(began(&config, "ben").await, None, "the same is no change");
        config.protect.clear();
        let second = began(&config, "eve").await.unwrap();
        let said = (second.who.as_str(), second.before, second.changed.as_slice());
        assert_eq!(said, ("eve", Some(first.hash), &["protect".to_owned()][..]));
        assert_eq!(Ledger::new(Arc::clone(&journal), "config").read().unwrap().len(), 2);
    }
}
