//! One configured integration: its tenant, its pace, its credentials, its view of the catalogue.

mod config;
mod own;

pub(crate) use config::auth_settings;
pub(crate) use own::Own;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use parking_lot::Mutex;
use serde_json::Value;
use stanch_model::{
    Diagnostic, Effect, InDoubt, Target,
    catalog::ActionInfo,
    config::{CredentialConfig, IntegrationConfig},
    diagnostic::did_you_mean,
};
use tokio::sync::OwnedMutexGuard;
use url::Url;

use crate::{
    auth::Authenticator,
    bind::Bound,
    call::Identity,
    catalog::{Catalog, Platform},
    configured::arguments,
    credential::Source,
    health::Health,
    limit::Limiter,
    scope::Vars,
    spec::{ActionAuth, ActionSpec, AuthKind, AuthSpec, CallSpec},
    template::Template,
    time::Tempo,
    transport::{Hosts, Tls, Transport},
    witness::Witnesses,
};

/// Calls at one time, where the catalogue does not say.
const IN_FLIGHT: usize = 16;

pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) platform: Arc<Platform>,
    pub(crate) base: Url,
    pub(crate) identity: Identity,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) hosts: Hosts,
    pub(crate) scheme: AuthSpec,
    pub(crate) auth: Authenticator,
    pub(crate) infos: BTreeMap<String, ActionInfo>,
    pub(crate) witnesses: Witnesses,
    pub(crate) tls: Option<Tls>,
    pub(crate) acts_on_itself: bool,
    pub(crate) own: own::Known,
    pub(crate) health: Health,
    /// Who reads a thing in order to write it is alone with it.
    alone: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    limiter: Limiter,
    own_pace: BTreeMap<String, Limiter>,
}

impl Member {
    /// Binds one entry of the configuration, or says everything that is wrong with it.
    pub(crate) fn new(
        catalog: &Catalog,
        name: &str,
        entry: &IntegrationConfig,
        transport: &Transport,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mistake =
            |code: &str, message: String| Diagnostic::error(code, format!("integrations.{name}: {message}"));
        let mut found = Vec::new();
        if !config::is_script_name(name) {
            let help = "use lower-case letters, digits and underscores, and start with a letter";
            found.push(mistake("IN0022", format!("`{name}` is no name for a script")).help(help));
        }
        let Some(platform) = catalog.shared(&entry.platform) else {
            let known: Vec<_> = catalog.slugs().collect();
            let help = match did_you_mean(&entry.platform, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", known.join(", ")),
            };
            found.push(mistake("IN0020", format!("there is no platform `{}`", entry.platform)).help(help));
            return Err(found);
        };
        let settings = config::settings(&platform, entry, transport, &mistake, &mut found);
        let scheme = config::scheme(&platform, entry, &mistake, &mut found);
        for setting in
            scheme.iter().flat_map(config::auth_settings).filter(|name| !settings.contains_key(*name))
        {
            let help = platform.spec.settings.get(setting).map_or("", |spec| spec.help.as_str());
            found.push(config::missing(setting, help, &mistake));
        }
        let source = entry.credential.as_ref().map(Source::parse).transpose().unwrap_or_else(|error| {
            found.push(mistake("IN0025", error.to_string()));
            None
        });
        let tls = entry.tls.as_ref().map(Tls::new).transpose().unwrap_or_else(|error| {
            found.push(mistake("IN0026", error.to_string()));
            None
        });
        if entry.rate.is_some_and(|rate| !rate.is_finite() || rate <= 0.0) {
            found.push(mistake("IN0021", "`rate` must be above zero".to_owned()));
        }
        let base = config::base(&platform, entry, &settings, &mistake, &mut found);
        let (Some(base), Some(scheme), true) = (base, scheme, found.is_empty()) else { return Err(found) };
        let hosts = config::hosts(&platform, &scheme, &base, &settings);
        let tenant = config::tenant(&platform, &base, &settings);
        let identity = Identity {
            platform: platform.slug().to_owned(),
            base_url: base.as_str().trim_end_matches('/').to_owned(),
            tenant,
        };
        let has = Has { settings: &settings, scheme: &scheme, entry, twin: transport.is_twin() };
        let infos = infos(&platform, &has);
        let witnesses = Witnesses::new(platform.spec.witnesses.keys());
        let (limiter, own_pace) = paces(&platform, entry, transport.tempo().clone());
        let auth = Authenticator::new(name, source);
        Ok(Self {
            name: name.to_owned(),
            platform,
            base,
            identity,
            settings,
            hosts,
            scheme,
            auth,
            infos,
            witnesses,
            tls,
            acts_on_itself: entry.acts_on_itself,
            own: own::Known::default(),
            health: Health::default(),
            alone: Mutex::default(),
            limiter,
            own_pace,
        })
    }

    /// The pace of the integration as a whole.
    pub(crate) fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// The pace that an action's refusals slow down: its own, if it has one.
    pub(crate) fn pace_of(&self, action: &str) -> &Limiter {
        self.own_pace.get(action).unwrap_or(&self.limiter)
    }

    /// An action that exists here: one that needs a missing setting or another way to authenticate does not.
    pub(crate) fn action(&self, name: &str) -> Option<&ActionSpec> {
        self.infos.contains_key(name).then(|| self.platform.action_spec(name))?
    }

    /// How an action authenticates.
    pub(crate) fn scheme_of<'a>(&'a self, action: &'a ActionSpec) -> &'a AuthSpec {
        scheme_of(&self.platform, action).unwrap_or(&self.scheme)
    }

    /// The action could hit who we are ourselves.
    pub(crate) fn guards(&self, action: &ActionSpec, target: &Target) -> bool {
        let own = self.platform.spec.own.as_ref().filter(|_| action.guarded);
        own.is_some_and(|own| own.is.contains_key(&target.kind))
    }

    /// Waits until nobody else reads this in order to write it.
    pub(crate) async fn alone(&self, read: &CallSpec, vars: &Vars<'_>) -> OwnedMutexGuard<()> {
        let input = arguments(&read.with, vars).unwrap_or(Value::Null);
        let key = format!("{} {input}", read.action);
        let turn = Arc::clone(self.alone.lock().entry(key.clone()).or_default());
        let guard = turn.lock_owned().await;
        // Whoever is not waited for any more is forgotten.
        self.alone.lock().retain(|known, turn| *known == key || Arc::strong_count(turn) > 1);
        guard
    }

    /// The variables of a call.
    pub(crate) fn vars<'a>(&'a self, bound: &'a Bound, key: &'a str) -> Vars<'a> {
        Vars { target: bound.target.as_ref(), key, ..Vars::new(&bound.inputs, &self.settings) }
    }
}

/// A way to authenticate of an action's own, if it has one.
fn scheme_of<'a>(platform: &'a Platform, action: &'a ActionSpec) -> Option<&'a AuthSpec> {
    match action.auth.as_ref()? {
        ActionAuth::Own(own) => Some(own),
        ActionAuth::Named(name) => platform.spec.auth.iter().find(|scheme| scheme.name == *name),
    }
}

/// What a configuration gives to actions that need it.
struct Has<'a> {
    settings: &'a BTreeMap<String, String>,
    scheme: &'a AuthSpec,
    entry: &'a IntegrationConfig,
    twin: bool,
}

impl Has<'_> {
    fn has(&self, need: &str) -> bool {
        match need.split_once('.') {
            Some(("auth", name)) => self.scheme.name == name,
            Some(("credential", part)) => {
                let parts = match &self.entry.credential {
                    Some(CredentialConfig::Parts(parts)) => parts.contains_key(part),
                    _ => false,
                };
                parts || self.twin
            }
            _ => self.settings.contains_key(need),
        }
    }

    fn fits(&self, platform: &Platform, action: &ActionSpec) -> bool {
        let own = scheme_of(platform, action).into_iter().flat_map(config::auth_settings);
        action.needs.iter().map(String::as_str).chain(own).all(|need| self.has(need))
    }
}

/// The actions that exist with this configuration. A proof that needs what is missing is no proof.
fn infos(platform: &Platform, has: &Has<'_>) -> BTreeMap<String, ActionInfo> {
    let exists = |name: &str| platform.action_spec(name).is_some_and(|action| has.fits(platform, action));
    platform
        .actions()
        .filter(|info| exists(&info.name))
        .map(|info| {
            let mut info = info.clone();
            if info.verify.as_ref().is_some_and(|verify| !exists(&verify.action)) {
                info.verify = None;
                if info.in_doubt == InDoubt::Probe {
                    info.in_doubt = InDoubt::Ask;
                }
            }
            let spec = platform.action_spec(&info.name);
            let residual = spec.and_then(|spec| spec.residual.as_ref());
            info.residual = residual
                .and_then(|residual| residual.lasts(|setting| has.settings.get(setting).map(String::as_str)));
            let permanent_if = spec.and_then(|spec| spec.permanent_if.as_ref());
            if permanent_if.is_some_and(|setting| has.settings.get(setting).is_some_and(|is| is == "true")) {
                info.effect = Effect::Permanent;
                info.undo = None;
                info.hash = stanch_model::value::hash_of(&serde_json::json!([info.hash, "permanent"]));
            }
            (info.name.clone(), info)
        })
        .collect()
}

fn paces(
    platform: &Platform,
    config: &IntegrationConfig,
    tempo: Tempo,
) -> (Limiter, BTreeMap<String, Limiter>) {
    let limits = &platform.spec.limits;
    let declared = config.rate.or(limits.rate.map(crate::spec::Rate::per_second));
    // A burst belongs to the catalogue's own pace, not to one that the configuration puts in its place.
    let burst = limits.burst.filter(|_| config.rate.is_none());
    let in_flight = limits.in_flight.unwrap_or(IN_FLIGHT).max(1);
    let own = platform.spec.actions.iter().filter_map(|(name, action)| {
        let rate = action.rate?;
        let (per_second, burst) = (Some(rate.per_second()), Some(rate.burst()));
        Some((name.clone(), Limiter::on(tempo.clone(), per_second, burst, in_flight)))
    });
    let own = own.collect();
    (Limiter::on(tempo, declared, burst, in_flight), own)
}

/// Whether a way to authenticate proves by what the call itself brings, not by our credential.
pub(crate) fn proves_by_input(action: &ActionSpec) -> bool {
    let Some(ActionAuth::Own(auth)) = &action.auth else { return false };
    let brings = |value: &Template| value.variables().any(|variable| action.input.contains_key(variable));
    auth.kind != AuthKind::None && auth.value.as_ref().is_some_and(brings)
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} at {})", self.name, self.identity.platform, self.identity.tenant)
    }
}
