//! The state file: everything that twins need to go on where they stopped, as one JSON document.
//!
//! Written beside its place and moved there whole, every few seconds and at the end. What was answered after the last
//! write stands in the trail; a change from outside that had a name can be made again.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    path::Path,
    path::PathBuf,
    sync::Arc,
    sync::atomic::Ordering,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    ActiveFault, EffectRecord, Mail, RequestRecord, TwinError,
    ledger::Ledger,
    shared::Shared,
    store::{Lingers, Table},
    tenant::{Coming, Token},
    trail::{Line, Trail},
};

/// How often the file is written at most: the trail knows what happened since, so this bounds only how long that grows.
const EVERY: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Kept {
    drawn: u64,
    requests: Vec<RequestRecord>,
    effects: Vec<EffectRecord>,
    mails: Vec<Mail>,
    tenants: BTreeMap<String, KeptTenant>,
    #[serde(default)]
    faults: Vec<ActiveFault>,
    #[serde(default)]
    faults_done: BTreeSet<String>,
}

#[derive(Deserialize)]
struct KeptTenant {
    /// The last request that it knows.
    #[serde(default)]
    seq: u64,
    tables: BTreeMap<String, Table>,
    tokens: BTreeMap<String, Token>,
    given: BTreeMap<String, u32>,
    coming: Vec<Coming>,
    #[serde(default)]
    done: BTreeSet<String>,
    #[serde(default)]
    lingering: Vec<Lingers>,
    drawn: u64,
}

#[derive(Serialize)]
struct Shown<'a> {
    drawn: u64,
    requests: &'a [RequestRecord],
    effects: &'a [EffectRecord],
    mails: &'a [Mail],
    /// Each written under its own lock.
    tenants: BTreeMap<&'a String, Box<RawValue>>,
    faults: Vec<ActiveFault>,
    faults_done: BTreeSet<String>,
}

#[derive(Serialize)]
struct ShownTenant<'a> {
    seq: u64,
    tables: &'a BTreeMap<String, Table>,
    tokens: &'a BTreeMap<String, Token>,
    given: &'a BTreeMap<String, u32>,
    coming: &'a [Coming],
    done: &'a BTreeSet<String>,
    lingering: Vec<Lingers>,
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
    shared.untold.store(false, Ordering::Relaxed);
    let wrong = |error: String| TwinError::State(file.to_owned(), error);
    let _one = shared.writing.lock();
    let told = |error: std::io::Error| wrong(error.to_string());
    if let Some(trail) = &shared.trail {
        trail.turn().map_err(told)?;
    }
    let text = document(shared).map_err(|error| wrong(error.to_string()))?;
    let beside = file.with_extension("tmp");
    std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, file)).map_err(told)?;
    shared.trail.as_ref().map_or(Ok(()), Trail::turned).map_err(told)
}

fn document(shared: &Shared) -> Result<String, serde_json::Error> {
    let mut tenants = BTreeMap::new();
    for (name, platform) in &shared.platforms {
        let platform = platform.lock();
        let tenant = platform.db.lock();
        // a request of this platform is numbered under its lock
        let seq = shared.ledger.lock().requests().len() as u64;
        let shown = ShownTenant {
            seq,
            tables: tenant.store.tables(),
            tokens: &tenant.tokens,
            given: &tenant.given,
            coming: &tenant.coming,
            done: &tenant.done,
            lingering: tenant.store.lingering(),
            drawn: tenant.drawn,
        };
        tenants.insert(name, serde_json::value::to_raw_value(&shown)?);
    }
    let (faults, faults_done) = shared.faults.lock().kept();
    let ledger = shared.ledger.lock();
    serde_json::to_string(&Shown {
        drawn: shared.drawn.load(Ordering::Relaxed),
        requests: ledger.requests(),
        effects: ledger.effects(),
        mails: &shared.mails.lock(),
        tenants,
        faults,
        faults_done,
    })
}

/// Goes on from the file, if there is one, and from what happened since.
pub(crate) fn restore(file: &Path, shared: &Shared) -> Result<(), TwinError> {
    let wrong = |error: String| TwinError::State(file.to_owned(), error);
    let mut known = BTreeMap::new();
    match std::fs::read_to_string(file) {
        Ok(text) => {
            let kept: Kept = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
            known = take(kept, shared);
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(wrong(error.to_string())),
    }
    let trail = shared.trail.as_ref().map_or_else(|| Ok(Vec::new()), Trail::lines);
    for line in trail.map_err(|error| wrong(error.to_string()))? {
        follow(line, &known, shared);
    }
    for platform in shared.platforms.values() {
        let platform = platform.lock();
        let mut tenant = platform.db.lock();
        tenant.trail = Some(tenant.store.mark());
    }
    // a line that was cut off must not be the beginning of another
    write(file, shared)?;
    shared.trail.as_ref().map_or(Ok(()), Trail::clear).map_err(|error| wrong(error.to_string()))
}

/// What the file holds. Gives the last request that each platform knows.
fn take(kept: Kept, shared: &Shared) -> BTreeMap<String, u64> {
    shared.drawn.store(kept.drawn, Ordering::Relaxed);
    *shared.ledger.lock() = Ledger::restore(kept.requests, kept.effects);
    *shared.mails.lock() = kept.mails;
    shared.faults.lock().restore(kept.faults, kept.faults_done);
    let mut known = BTreeMap::new();
    for (name, tenant) in kept.tenants {
        let Some(platform) = shared.platforms.get(&name) else { continue };
        let platform = platform.lock();
        let mut db = platform.db.lock();
        db.store.restore(tenant.tables);
        db.tokens = tenant.tokens;
        db.given = tenant.given;
        db.coming = tenant.coming;
        db.done = tenant.done;
        db.store.linger_again(tenant.lingering);
        db.drawn = tenant.drawn;
        known.insert(name, tenant.seq);
    }
    known
}

/// One line of what happened since. What the file holds already is left out.
fn follow(line: Line, known: &BTreeMap<String, u64>, shared: &Shared) {
    let Line { request, executed, step, mail, faults, faults_done, drawn } = line;
    let seq = request.seq;
    if let (Some(step), Some(platform)) = (step, shared.platforms.get(&request.integration))
        && known.get(&request.integration).is_none_or(|known| seq > *known)
    {
        step.again(&mut platform.lock().db.lock());
    }
    let mut ledger = shared.ledger.lock();
    if seq > ledger.requests().len() as u64 {
        ledger.note(request, executed);
        drop(ledger);
        shared.faults.lock().restore(faults, faults_done);
        shared.drawn.fetch_max(drawn, Ordering::Relaxed);
        // it may have been kept a moment before its request
        let is_kept = |mail: &Mail| shared.mails.lock().iter().any(|known| known.is_same(mail));
        if let Some(mail) = mail.filter(|mail| !is_kept(mail)) {
            shared.delivered(mail);
        }
    }
}
