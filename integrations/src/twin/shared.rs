//! What all twins of a host share: the clock, the world, the faults, the ledger, the mailbox.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, RwLock};

use super::{
    Change, Mail, Rate, RequestHook, RequestRecord, TwinClock, TwinError, World, fault::Faults,
    ledger::Ledger, platform::Platform, seed, tenant::Token, traffic::Traffic,
};

/// The common part of a host.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn TwinClock>,
    pub(crate) world: World,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) platforms: BTreeMap<String, Mutex<Platform>>,
    pub(crate) mails: Mutex<Vec<Mail>>,
    /// The configured name of the mail server.
    pub(crate) mail_name: String,
    /// Something happened since the state file was written.
    pub(crate) dirty: AtomicBool,
    pub(crate) drawn: AtomicU64,
    pub(crate) traffic: Traffic,
    /// Changes of the world that come before the next request.
    pub(crate) soon: Mutex<Vec<Change>>,
    /// Who hears of every request.
    pub(crate) hooks: RwLock<Vec<RequestHook>>,
}

impl Shared {
    /// As in the platform's own request-id header.
    pub(crate) fn request_id(&self) -> String {
        format!("twin-{:08}", self.drawn.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Takes a request into the ledger and tells who listens. The effect has happened, the answer has not left.
    pub(crate) fn note(&self, mut record: RequestRecord, executed: bool) {
        record.seq = self.ledger.lock().note(record.clone(), executed);
        self.dirty.store(true, Ordering::Relaxed);
        self.hooks.read().iter().for_each(|hook| hook(&record));
    }

    pub(crate) fn platform(&self, integration: &str) -> Result<&Mutex<Platform>, TwinError> {
        self.platforms
            .get(integration)
            .ok_or_else(|| TwinError::Change(format!("there is no integration `{integration}`")))
    }

    /// Changes the world from outside.
    pub(crate) fn change(&self, change: &Change) -> Result<(), TwinError> {
        self.dirty.store(true, Ordering::Relaxed);
        if let Change::Reveal(index) = change {
            return self.reveal(*index);
        }
        let platform = self.platform(integration_of(change))?.lock();
        platform.db.lock().at(self.clock.now());
        match change {
            Change::Reveal(_) => Ok(()),
            Change::Grant { app, count, .. } => seed::grant(&platform, &self.world, app, *count),
            Change::Block { app, .. } => seed::block(&platform, &self.world, app, true),
            Change::Unblock { app, .. } => seed::block(&platform, &self.world, app, false),
            Change::Scopes { token, scopes, .. } => {
                let scopes = scopes.as_ref().map(|scopes| scopes.iter().cloned().collect());
                let mut tenant = platform.db.lock();
                match token.as_ref().map(|token| tenant.tokens.get_mut(token)) {
                    None => tenant.limit(scopes.as_ref()),
                    Some(Some(known)) => known.scopes = scopes,
                    Some(None) => return Err(TwinError::Change("there is no such token".to_owned())),
                }
                Ok(())
            }
            Change::Disown { .. } => {
                platform.db.lock().disown();
                Ok(())
            }
            Change::ExpireTokens { .. } => {
                let mut tenant = platform.db.lock();
                let now = tenant.now;
                let issued = tenant.tokens.values_mut().filter(|token| token.expires.is_some());
                issued.for_each(|token: &mut Token| token.expires = Some(now));
                Ok(())
            }
            Change::Remove { table, id, .. } => match platform.db.lock().store.remove(table, id) {
                true => Ok(()),
                false => Err(format!("no `{id}` in table `{table}`")),
            },
            Change::Set { table, id, fields, .. } => set(&platform, table, id, fields),
        }
        .map_err(TwinError::Change)
    }

    /// What was to change before the next request changes now.
    pub(crate) fn settle(&self) {
        for change in std::mem::take(&mut *self.soon.lock()) {
            if let Err(error) = self.change(&change) {
                tracing::error!("{error}");
            }
        }
    }

    /// How many grants an app was given on a platform until now, those that came by themselves included.
    pub(crate) fn given(&self, integration: &str, app: &str) -> u32 {
        let Some(platform) = self.platforms.get(integration) else { return 0 };
        let platform = platform.lock();
        platform.wake(self, self.clock.now());
        let given = platform.db.lock().given.get(app).copied();
        given.unwrap_or(0)
    }

    /// Sets or lifts a rate limit.
    pub(crate) fn set_rate(&self, integration: &str, rate: Option<Rate>) -> Result<(), TwinError> {
        let now = self.clock.monotonic();
        self.platform(integration)?.lock().set_rate(rate, now);
        Ok(())
    }

    fn reveal(&self, index: usize) -> Result<(), TwinError> {
        let hidden = self.world.hidden.get(index);
        let hidden = hidden.ok_or_else(|| TwinError::Change(format!("the world hides no entry {index}")))?;
        for (integration, count) in &hidden.grants {
            // a scenario may hide grants on platforms that this host does not simulate
            if let Some(platform) = self.platforms.get(integration) {
                seed::grant(&platform.lock(), &self.world, &hidden.app, *count).map_err(TwinError::Change)?;
            }
        }
        Ok(())
    }
}

fn set(
    platform: &Platform,
    table: &str,
    id: &str,
    fields: &serde_json::Map<String, serde_json::Value>,
) -> Result<(), String> {
    let store = &mut platform.db.lock().store;
    if !store.has_table(table) {
        return Err(format!("there is no table `{table}`"));
    }
    if !store.set(table, id, fields.clone()) {
        store.put_as(table, id, fields.clone());
    }
    Ok(())
}

fn integration_of(change: &Change) -> &str {
    match change {
        Change::Grant { integration, .. }
        | Change::Block { integration, .. }
        | Change::Unblock { integration, .. }
        | Change::Scopes { integration, .. }
        | Change::ExpireTokens { integration }
        | Change::Disown { integration }
        | Change::Remove { integration, .. }
        | Change::Set { integration, .. } => integration,
        Change::Reveal(_) => "",
    }
}
