//! Pins: what replay depends on, taken at the start of a run, compared whenever it is taken up again.

use std::{collections::BTreeMap, sync::Arc};

use stanch_journal::StreamAppend;
use stanch_model::{Hash, NewEntry, StreamId, catalog::ActionIndex, run::body::Pins};
use stanch_playbooks::Playbook;

use crate::{
    env::Env,
    host::{HOST_API, back, undo},
    live::Live,
};

/// The interpreter that this build carries.
const RHAI: &str = "1.27.0";

/// What of a run's pins is this program's own: a run with others stands until it is repinned, or ends under the program
/// that it began with.
pub fn program() -> (&'static str, u32) {
    (RHAI, HOST_API)
}

/// The stream in which a playbook's sources lie.
pub(crate) fn stream(hash: &Hash) -> StreamId {
    StreamId::from_stored(format!("playbook/{hash}"))
}

/// What a run of this playbook depends on, as things are now.
pub(crate) fn take(env: &Env, playbook: &Playbook) -> Pins {
    let mut pins = Pins {
        playbook: Some(playbook.hash),
        rhai: RHAI.to_owned(),
        limits: Some(limits()),
        host_api: HOST_API,
        ..Pins::default()
    };
    for (name, _) in env.integrations.integrations() {
        if let Some(identity) = identity(env, &name) {
            pins.integrations.insert(name, identity);
        }
    }
    pins.actions = actions(env, playbook);
    pins
}

fn actions(env: &Env, playbook: &Playbook) -> BTreeMap<String, Hash> {
    let mut actions = BTreeMap::new();
    for name in playbook.manifest.uses.values().flatten() {
        for (integration, info) in env.integrations.verb(name) {
            actions.insert(format!("{integration}.{}", info.name), info.hash);
        }
        let Some((on, action)) = name.split_once('.') else { continue };
        // An action is listed by integration or by platform.
        for (integration, _) in
            env.integrations.integrations().iter().filter(|(own, platform)| own == on || platform == on)
        {
            if let Some(info) = env.integrations.action(integration, action) {
                actions.insert(format!("{integration}.{action}"), info.hash);
            }
        }
    }
    actions
}

/// What differs from the run's pins, in words; `None` when nothing does.
pub(crate) fn changed(env: &Env, live: &Live) -> Option<String> {
    let pinned = &live.created.pins;
    if pinned.rhai != RHAI || pinned.host_api != HOST_API {
        return Some(format!(
            "this run was started under rhai {} and host calls {}; this program has {RHAI} and {HOST_API}",
            pinned.rhai, pinned.host_api
        ));
    }
    if pinned.limits.is_some_and(|pinned| pinned != limits()) {
        return Some(
            "this run was started under other limits of the interpreter: repin it, or cancel it".to_owned(),
        );
    }
    // One that came later is none of this run's business.
    for (name, pinned) in &pinned.integrations {
        if let Some(now) = identity(env, name).filter(|now| now != pinned) {
            return Some(format!("integration {name} was {pinned} when this run started and is {now} now"));
        }
    }
    for (name, hash) in &pinned.actions {
        let (integration, action) = name.split_once('.').unwrap_or((name, ""));
        if identity(env, integration).is_none() {
            return Some(format!(
                "integration {integration} was configured when this run started and is gone, and the playbook may \
                 call {name}: configure it again and repin the run, or cancel it"
            ));
        }
        match env.integrations.action(integration, action) {
            Some(now) if now.hash != *hash => {
                return Some(format!("the definition of {name} is not the one that this run started with"));
            }
            None => return Some(format!("{name} was there when this run started and is gone")),
            Some(_) => {}
        }
    }
    None
}

/// What a script may be and do at most: beyond it the same script throws.
fn limits() -> Hash {
    Hash::of(format!("{:?}", stanch_playbooks::dialect::LIMITS).as_bytes())
}

/// Platform, address and tenant of an integration that is configured now.
fn identity(env: &Env, name: &str) -> Option<String> {
    let identity = env.integrations.identity(name)?;
    Some(format!("{} {} {}", identity.platform, identity.base_url, identity.tenant))
}

/// The append that keeps a playbook's sources, unless they are kept already.
pub(crate) fn keep(env: &Env, playbook: &Playbook) -> Option<StreamAppend> {
    let stream = stream(&playbook.hash);
    let known = env.journal.stream(&stream).ok().flatten().is_some();
    (!known).then(|| {
        let entry = NewEntry::new("playbook.sources", &playbook.sources);
        // No `create`: two runs that start at the same moment may both keep them, and the first copy is the one read.
        StreamAppend::new(stream, env.journal.epoch(), vec![entry])
    })
}

/// The playbook with this hash: from the library if it still is the same, the engine's own, else from the journal.
pub(crate) fn playbook(env: &Env, slug: &str, hash: &Hash) -> Result<Arc<Playbook>, String> {
    if let Some(playbook) = env.library.by_hash(hash) {
        return Ok(playbook);
    }
    // The sources of a run that began a moment ago may not be durable yet.
    if let Some(own) =
        [back::playbook(), undo::playbook()].into_iter().flatten().find(|own| own.hash == *hash)
    {
        return Ok(own);
    }
    if let Some(playbook) = env.pinned.read().get(hash) {
        return Ok(Arc::clone(playbook));
    }
    let entries = env.journal.read(&stream(hash), 1, 1).map_err(|error| error.to_string())?;
    let entry = entries
        .first()
        .ok_or_else(|| format!("the sources of {slug} {} are not in the journal", hash.short()))?;
    let sources: BTreeMap<String, String> = entry.decode().map_err(|error| error.to_string())?;
    let playbook = Playbook::from_sources(slug, sources).map_err(|mistakes| {
        mistakes.iter().map(stanch_model::Diagnostic::one_line).collect::<Vec<_>>().join("; ")
    })?;
    if playbook.hash != *hash {
        return Err(format!(
            "the journal's sources of {slug} hash to {}, not to {}",
            playbook.hash.short(),
            hash.short()
        ));
    }
    let playbook = Arc::new(playbook);
    env.pinned.write().insert(*hash, Arc::clone(&playbook));
    Ok(playbook)
}
