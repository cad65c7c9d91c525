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
    Change, Mail, Rate, RequestHook, RequestRecord, TwinClock, TwinError, World,
    fault::Faults,
    ledger::Ledger,
    platform::Platform,
    seed,
    tenant::Token,
    traffic::Traffic,
    trail::{Line, Step, Trail},
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
    /// Something happened since then that no line of the trail tells: nobody asked for it by a request.
    pub(crate) untold: AtomicBool,
    pub(crate) drawn: AtomicU64,
    pub(crate) traffic: Traffic,
    /// One state file is written at a time.
    pub(crate) writing: Mutex<()>,
    /// Changes of the world that come before the next request, each with the name under which it happens once, if it has one.
    pub(crate) soon: Mutex<Vec<(String, Change)>>,
    /// Who hears of every request.
    pub(crate) hooks: RwLock<Vec<RequestHook>>,
    /// Where the state is kept between lives, what happened since it was written.
    pub(crate) trail: Option<Trail>,
}

/// What a request left behind, for the trail.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// On its platform.
    pub(crate) step: Option<Step>,
    /// In the mailbox.
    pub(crate) mail: Option<Mail>,
}

impl Shared {
    /// As in the platform's own request-id header.
    pub(crate) fn request_id(&self) -> String {
        format!("twin-{:08}", self.drawn.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Takes a request into the ledger and tells who listens. The effect has happened, the answer has not left.
    pub(crate) fn note(&self, mut record: RequestRecord, body: &[u8], executed: bool, left: Left) {
        record.seq = self.ledger.lock().note(record.clone(), executed);
        self.dirty.store(true, Ordering::Relaxed);
        if let Some(trail) = &self.trail {
            let (faults, faults_done) = self.faults.lock().kept();
            let drawn = self.drawn.load(Ordering::Relaxed);
            let Left { step, mail } = left;
            let line = Line { request: record.clone(), executed, step, mail, faults, faults_done, drawn };
            if let Err(error) = trail.add(&line) {
                tracing::error!(%error, "the twins' trail is not written");
            }
        }
        self.hooks.read().iter().for_each(|hook| hook(&record, body));
    }

    /// Something happened that nobody asked for by a request.
    pub(crate) fn touched(&self) {
        self.dirty.store(true, Ordering::Relaxed);
        self.untold.store(true, Ordering::Relaxed);
    }

    /// A mail is in the mailbox now; the same one again counts as a copy.
    pub(crate) fn delivered(&self, mut mail: Mail) -> Mail {
        let mut mails = self.mails.lock();
        let same = |known: &&mut Mail| !mail.message_id.is_empty() && known.message_id == mail.message_id;
        mail.copies = mails.iter_mut().filter(same).count() as u64 + 1;
        let (id, copies) = (mail.message_id.clone(), mail.copies);
        mails.iter_mut().filter(|known| !id.is_empty() && known.message_id == id).for_each(|known| {
            known.copies = copies;
        });
        mails.push(mail.clone());
        mail
    }

    pub(crate) fn platform(&self, integration: &str) -> Result<&Mutex<Platform>, TwinError> {
        self.platforms
            .get(integration)
            .ok_or_else(|| TwinError::Change(format!("there is no integration `{integration}`")))
    }

    /// Changes the world from outside.
    pub(crate) fn change(&self, change: &Change) -> Result<(), TwinError> {
        self.change_once("", change).map(drop)
    }

    /// The same, unless what has this name was changed before: then it gives false. What has no name may happen any number
    /// of times.
    pub(crate) fn change_once(&self, name: &str, change: &Change) -> Result<bool, TwinError> {
        self.touched();
        if let Change::Reveal(index) = change {
            return self.reveal(name, *index);
        }
        let platform = self.platform(integration_of(change))?.lock();
        if !platform.db.lock().is_new(name) {
            return Ok(false);
        }
        self.make(&platform, change).map(|()| true)
    }

    fn make(&self, platform: &Platform, change: &Change) -> Result<(), TwinError> {
        platform.db.lock().at(self.clock.now());
        match change {
            Change::Reveal(_) => Ok(()),
            Change::Grant { app, count, .. } => seed::grant(platform, &self.world, app, *count),
            Change::Block { app, .. } => seed::block(platform, &self.world, app, true),
            Change::Unblock { app, .. } => seed::block(platform, &self.world, app, false),
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
            Change::Set { table, id, fields, .. } => set(platform, table, id, fields),
        }
        .map_err(TwinError::Change)
    }

    /// What was to change before the next request changes now.
    pub(crate) fn settle(&self) {
        for (name, change) in std::mem::take(&mut *self.soon.lock()) {
            if let Err(error) = self.change_once(&name, &change) {
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

    /// Each platform has a name of its own for it: one may know it already and another not.
    fn reveal(&self, name: &str, index: usize) -> Result<bool, TwinError> {
        let mut any = false;
        let hidden = self.world.hidden.get(index);
        let hidden = hidden.ok_or_else(|| TwinError::Change(format!("the world hides no entry {index}")))?;
        for (integration, count) in &hidden.grants {
            // a scenario may hide grants on platforms that this host does not simulate
            let Some(platform) = self.platforms.get(integration) else { continue };
            let platform = platform.lock();
            if platform.db.lock().is_new(name) {
                seed::grant(&platform, &self.world, &hidden.app, *count).map_err(TwinError::Change)?;
                any = true;
            }
        }
        Ok(any)
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
