//! Retention: the bodies of what ended long ago are dropped, its headers and hashes stay, and the chain verifies.
//!
//! An incident goes as a whole, with its runs, alerts and evidence, or not at all: half of it would be a story without its
//! end. What is unfinished, young or under a legal hold stays. What the server keeps for itself (`system`, tokens, playbooks'
//! sources, holds) is never touched.

mod find;
mod holds;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::Serialize;
use stanch_journal::{Forget, Journal, JournalError};
use stanch_model::{
    api::Retained,
    config::{Config, Current},
    duration,
};
use tokio::sync::watch;

pub(crate) use self::holds::{say, standing};

const DROPPED: &str = "retention.dropped";

/// How often it looks by itself.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// The first time after a start: whatever comes up now has better things to do.
const FIRST: Duration = Duration::from_secs(10 * 60);

/// Whether anything is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Really {
    /// It is.
    Drop,
    /// It is only told what would be.
    Look,
}

#[derive(Serialize)]
struct Dropped<'a> {
    by: &'a str,
    before: String,
    #[serde(flatten)]
    what: &'a Retained,
}

/// Drops what ended before this moment. Slow, and blocks: not for a thread that others wait for.
///
/// # Errors
/// When the journal cannot be read or written: what was dropped until then is dropped.
pub fn retain(
    journal: &Arc<dyn Journal>,
    before: Timestamp,
    by: &str,
    really: Really,
) -> Result<Retained, JournalError> {
    let held = standing(journal)?;
    let found = find::old(&**journal, before, &held)?;
    let mut retained = Retained {
        incidents: found.incidents,
        runs: found.runs,
        alerts: found.alerts,
        held: found.held,
        holding: found.holding,
        payloads: found.forget.payloads.len() as u64,
        secrets: found.forget.secrets.len() as u64,
        ..Retained::default()
    };
    if really == Really::Look || found.forget.streams.is_empty() {
        return Ok(retained);
    }
    retained.bodies = journal.forget(&found.forget)?;
    let body = Dropped { by, before: before.to_string(), what: &retained };
    let entry = stanch_model::NewEntry::new(DROPPED, &body);
    let stream = stanch_model::StreamId::from_stored(holds::STREAM);
    let append = stanch_journal::StreamAppend::new(stream, journal.epoch(), vec![entry]);
    let ticket = journal.append(vec![append], stanch_journal::With::default())?;
    journal.wait(&ticket)?;
    Ok(retained)
}

/// The moment before which bodies are dropped, where the configuration says one.
pub(crate) fn before(config: &Config, now: Timestamp) -> Option<Timestamp> {
    let kept = duration::parse(config.retention.bodies.as_deref()?).ok()?;
    now.checked_sub(kept).ok()
}

/// Drops once a day what the configuration wants dropped, until the server stops.
pub(crate) async fn work(journal: Arc<dyn Journal>, config: Current, mut stopping: watch::Receiver<bool>) {
    let mut next = FIRST;
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(next) => next = EVERY,
        }
        let Some(before) = before(&config, Timestamp::now()) else { continue };
        let journal = journal.clone();
        let done =
            tokio::task::spawn_blocking(move || retain(&journal, before, "retention", Really::Drop)).await;
        match done {
            Ok(Ok(done)) if done.bodies > 0 => {
                tracing::info!(bodies = done.bodies, "old bodies were dropped")
            }
            Ok(Ok(_)) | Err(_) => {}
            Ok(Err(error)) => tracing::error!(%error, "old bodies were not dropped"),
        }
    }
}

/// What is found to be dropped.
#[derive(Debug, Default)]
struct Found {
    forget: Forget,
    incidents: Vec<String>,
    runs: Vec<String>,
    alerts: u64,
    held: Vec<String>,
    holding: Vec<String>,
}
