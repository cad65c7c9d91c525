//! One configured integration: its tenant, its pace, its credentials, its view of the catalogue.

mod config;

use std::{collections::BTreeMap, fmt, sync::Arc};

use stanch_model::{
    Diagnostic, InDoubt, catalog::ActionInfo, config::IntegrationConfig, diagnostic::did_you_mean,
};
use url::Url;

use crate::{
    auth::Authenticator,
    bind::Bound,
    call::Identity,
    catalog::{Catalog, Platform},
    credential::Reference,
    limit::Limiter,
    scope::Vars,
    spec::{ActionSpec, AuthKind, AuthSpec},
    transport::{Hosts, Transport},
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
            let known: Vec<_> = catalog.platforms().map(Platform::slug).collect();
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
        let reference = match entry.credential.as_deref().map(Reference::parse) {
            None => None,
            Some(Ok(reference)) => Some(reference),
            Some(Err(error)) => {
                found.push(mistake("IN0025", error.to_string()));
                None
            }
        };
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
        let infos = infos(&platform, &settings, &scheme.name);
        let witnesses = Witnesses::new(platform.spec.witnesses.keys());
        let (limiter, own_pace) = paces(&platform, entry);
        let auth = Authenticator::new(name, reference);
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

    /// The variables of a call.
    pub(crate) fn vars<'a>(&'a self, bound: &'a Bound, key: &'a str) -> Vars<'a> {
        Vars {
            inputs: &bound.inputs,
            target: bound.target.as_ref(),
            settings: &self.settings,
            key,
            since: "",
            before: None,
            item: None,
        }
    }
}

/// The actions that exist with these settings and this way to authenticate. A proof that does not exist is no proof.
fn infos(
    platform: &Platform,
    settings: &BTreeMap<String, String>,
    way: &str,
) -> BTreeMap<String, ActionInfo> {
    let exists = |name: &str| {
        platform.action_spec(name).is_some_and(|action| {
            let way = action.ways.is_empty() || action.ways.iter().any(|known| known == way);
            way && action.needs.iter().all(|need| settings.contains_key(need))
        })
    };
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
            (info.name.clone(), info)
        })
        .collect()
}

fn paces(platform: &Platform, config: &IntegrationConfig) -> (Limiter, BTreeMap<String, Limiter>) {
    let limits = &platform.spec.limits;
    let declared = config.rate.or(limits.rate.map(crate::spec::Rate::per_second));
    // A burst belongs to the catalogue's own pace, not to one that the configuration puts in its place.
    let burst = limits.burst.filter(|_| config.rate.is_none());
    let in_flight = limits.in_flight.unwrap_or(IN_FLIGHT).max(1);
    let own = platform.spec.actions.iter().filter_map(|(name, action)| {
        let rate = action.rate?;
        Some((name.clone(), Limiter::new(Some(rate.per_second()), Some(rate.burst()), in_flight)))
    });
    (Limiter::new(declared, burst, in_flight), own.collect())
}

/// Whether a way to authenticate proves by what the call itself brings, not by our credential.
pub(crate) fn proves_by_input(action: &ActionSpec) -> bool {
    action.auth.as_ref().is_some_and(|auth| {
        auth.kind != AuthKind::None
            && auth
                .value
                .as_ref()
                .is_some_and(|value| value.variables().any(|variable| action.input.contains_key(variable)))
    })
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} at {})", self.name, self.identity.platform, self.identity.tenant)
    }
}
