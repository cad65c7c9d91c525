//! The state file: everything that twins need to go on where they stopped, as one JSON document.
//!
//! Written beside its place and moved there whole, at most once a second and at the end. What happened after the last
//! write is lost when the process is killed.

use std::{
    collections::BTreeMap, convert::Infallible, path::Path, path::PathBuf, sync::Arc, sync::atomic::Ordering,
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{
    ActiveFault, EffectRecord, Mail, RequestRecord, TwinError,
    ledger::Ledger,
    shared::Shared,
    store::Table,
    tenant::{Coming, Token},
};

/// How often the file is written at most.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Deserialize)]
struct Kept {
    drawn: u64,
    requests: Vec<RequestRecord>,
    effects: Vec<EffectRecord>,
    mails: Vec<Mail>,
    tenants: BTreeMap<String, KeptTenant>,
    #[serde(default)]
    faults: Vec<ActiveFault>,
}

#[derive(Deserialize)]
struct KeptTenant {
    tables: BTreeMap<String, Table>,
    tokens: BTreeMap<String, Token>,
    given: BTreeMap<String, u32>,
    coming: Vec<Coming>,
    drawn: u64,
}

#[derive(Serialize)]
struct ShownTenant<'a> {
    tables: &'a BTreeMap<String, Table>,
    tokens: &'a BTreeMap<String, Token>,
    given: &'a BTreeMap<String, u32>,
    coming: &'a [Coming],
    drawn: u64,
}

/// Writes the file whenever something happened, until the task is aborted.
pub(crate) async fn keep(file: PathBuf, shared: Arc<Shared>) -> Infallible {
    loop {
        tokio::time::sleep(EVERY).await;
        if !shared.dirty.load(Ordering::Relaxed) {
            continue;
        }
        if let Err(error) = write(&file, &shared) {
            tracing::error!("{error}");
        }
    }
}

/// Writes the file.
pub(crate) fn write(file: &Path, shared: &Shared) -> Result<(), TwinError> {
    shared.dirty.store(false, Ordering::Relaxed);
    let wrong = |error: String| TwinError::State(file.to_owned(), error);
    let text = document(shared).map_err(|error| wrong(error.to_string()))?;
    let beside = file.with_extension("tmp");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, file))
        .map_err(|error| wrong(error.to_string()))
}

fn document(shared: &Shared) -> Result<String, serde_json::Error> {
    let mut tenants = serde_json::Map::new();
    for (name, platform) in &shared.platforms {
        let platform = platform.lock();
        let tenant = platform.db.lock();
        let shown = ShownTenant {
            tables: tenant.store.tables(),
            tokens: &tenant.tokens,
            given: &tenant.given,
            coming: &tenant.coming,
            drawn: tenant.drawn,
        };
        tenants.insert(name.clone(), serde_json::to_value(shown)?);
    }
    let ledger = shared.ledger.lock();
    let document = serde_json::json!({
        "drawn": shared.drawn.load(Ordering::Relaxed),
        "requests": ledger.requests(),
        "effects": ledger.effects(),
        "mails": *shared.mails.lock(),
        "tenants": tenants,
        "faults": shared.faults.lock().list(),
    });
    serde_json::to_string(&document)
}

/// Goes on from the file, if there is one.
pub(crate) fn restore(file: &Path, shared: &Shared) -> Result<(), TwinError> {
    let wrong = |error: String| TwinError::State(file.to_owned(), error);
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let kept: Kept = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    shared.drawn.store(kept.drawn, Ordering::Relaxed);
    *shared.ledger.lock() = Ledger::restore(kept.requests, kept.effects);
    *shared.mails.lock() = kept.mails;
    shared.faults.lock().restore(kept.faults);
    for (name, tenant) in kept.tenants {
        let Some(platform) = shared.platforms.get(&name) else { continue };
        let platform = platform.lock();
        let mut db = platform.db.lock();
        db.store.restore(tenant.tables);
        db.tokens = tenant.tokens;
        db.given = tenant.given;
        db.coming = tenant.coming;
        db.drawn = tenant.drawn;
    }
    Ok(())
}
