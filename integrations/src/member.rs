//! One configured integration: its tenant, its pace, its credentials, its view of the catalogue.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde_json::Map;
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
    request::parse_base,
    scope::Vars,
    spec::{ActionSpec, AuthKind, AuthSpec},
    template::{Lookup, Template},
    transport::{Hosts, Transport},
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
    limiter: Limiter,
    own_pace: BTreeMap<String, Limiter>,
}

impl Member {
    /// Binds one entry of the configuration, or says everything that is wrong with it.
    pub(crate) fn new(
        catalog: &Catalog,
        name: &str,
        config: &IntegrationConfig,
        transport: &Transport,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mistake =
            |code: &str, message: String| Diagnostic::error(code, format!("integrations.{name}: {message}"));
        let mut found = Vec::new();
        if !is_script_name(name) {
            let help = "use lower-case letters, digits and underscores, and start with a letter";
            found.push(mistake("IN0022", format!("`{name}` is no name for a script")).help(help));
        }
        let Some(platform) = catalog.shared(&config.platform) else {
            let known: Vec<_> = catalog.platforms().map(Platform::slug).collect();
            let help = match did_you_mean(&config.platform, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", known.join(", ")),
            };
            found.push(mistake("IN0020", format!("there is no platform `{}`", config.platform)).help(help));
            return Err(found);
        };
        let settings = settings(&platform, config, transport, &mistake, &mut found);
        let scheme = scheme(&platform, config, &mistake, &mut found);
        for setting in scheme.iter().flat_map(auth_settings).filter(|name| !settings.contains_key(*name)) {
            let help = platform.spec.settings.get(setting).map_or("", |spec| spec.help.as_str());
            found.push(missing(setting, help, &mistake));
        }
        let reference = match config.credential.as_deref().map(Reference::parse) {
            None => None,
            Some(Ok(reference)) => Some(reference),
            Some(Err(error)) => {
                found.push(mistake("IN0025", error.to_string()));
                None
            }
        };
        if config.rate.is_some_and(|rate| !rate.is_finite() || rate <= 0.0) {
            found.push(mistake("IN0021", "`rate` must be above zero".to_owned()));
        }
        let base = base(&platform, config, &settings, &mistake, &mut found);
        let (Some(base), Some(scheme), true) = (base, scheme, found.is_empty()) else { return Err(found) };
        let hosts = hosts(&platform, &scheme, &base, &settings);
        let tenant = tenant(&platform, &base, &settings);
        let identity = Identity {
            platform: platform.slug().to_owned(),
            base_url: base.as_str().trim_end_matches('/').to_owned(),
            tenant,
        };
        let infos = infos(&platform, &settings);
        let (limiter, own_pace) = paces(&platform, config);
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

    /// An action that exists here: one that needs a missing setting does not.
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

/// Only the configuration's own words: `url` and `settings`.
struct Configured<'a> {
    url: Option<&'a str>,
    settings: &'a BTreeMap<String, String>,
}

impl Lookup for Configured<'_> {
    fn lookup(&self, path: &str) -> Option<serde_json::Value> {
        if path == "url" {
            return self.url.map(|url| url.trim_end_matches('/').into());
        }
        let inputs = Map::new();
        let vars = Vars {
            inputs: &inputs,
            target: None,
            settings: self.settings,
            key: "",
            since: "",
            before: None,
            item: None,
        };
        vars.lookup(path)
    }
}

/// Words of the script language.
const KEYWORDS: [&str; 30] = [
    "let", "const", "if", "else", "for", "in", "while", "loop", "do", "until", "fn", "return", "true",
    "false", "switch", "throw", "try", "catch", "import", "export", "as", "private", "this", "break",
    "continue", "global", "with", "default", "case", "match",
];

fn is_script_name(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    plain && !KEYWORDS.contains(&name) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

fn settings(
    platform: &Platform,
    config: &IntegrationConfig,
    transport: &Transport,
    mistake: &impl Fn(&str, String) -> Diagnostic,
    found: &mut Vec<Diagnostic>,
) -> BTreeMap<String, String> {
    let known = &platform.spec.settings;
    for unknown in config.settings.keys().filter(|key| !known.contains_key(*key)) {
        let wrong = mistake("IN0021", format!("`{}` has no setting `{unknown}`", platform.slug()));
        found.push(match did_you_mean(unknown, known.keys().map(String::as_str)) {
            Some(near) => wrong.help(format!("did you mean `{near}`?")),
            None => wrong,
        });
    }
    let mut settings = config.settings.clone();
    for (name, spec) in known {
        if settings.contains_key(name) {
            continue;
        }
        let simulated = spec.twin.as_ref().filter(|_| transport.is_twin());
        if let Some(value) = simulated.or(spec.default.as_ref()) {
            settings.insert(name.clone(), value.clone());
        } else if !spec.optional {
            found.push(missing(name, &spec.help, mistake));
        }
    }
    settings
}

fn missing(name: &str, help: &str, mistake: &impl Fn(&str, String) -> Diagnostic) -> Diagnostic {
    mistake("IN0021", format!("the setting `{name}` is missing")).help(help)
}

fn auth_settings(auth: &AuthSpec) -> impl Iterator<Item = &str> {
    let all =
        [&auth.value, &auth.user, &auth.token_url, &auth.scope, &auth.issuer, &auth.subject, &auth.audience];
    all.into_iter().flatten().flat_map(Template::variables).filter_map(|name| name.strip_prefix("settings."))
}

fn scheme(
    platform: &Platform,
    config: &IntegrationConfig,
    mistake: &impl Fn(&str, String) -> Diagnostic,
    found: &mut Vec<Diagnostic>,
) -> Option<AuthSpec> {
    let schemes = &platform.spec.auth;
    let Some(wanted) = &config.auth else { return schemes.first().cloned() };
    let scheme = schemes.iter().find(|scheme| scheme.name == *wanted);
    if scheme.is_none() {
        let known: Vec<_> = schemes.iter().map(|scheme| scheme.name.as_str()).collect();
        let message = format!("`{}` cannot authenticate by `{wanted}`", platform.slug());
        found.push(mistake("IN0023", message).help(format!("there are: {}", known.join(", "))));
    }
    scheme.cloned()
}

fn base(
    platform: &Platform,
    config: &IntegrationConfig,
    settings: &BTreeMap<String, String>,
    mistake: &impl Fn(&str, String) -> Diagnostic,
    found: &mut Vec<Diagnostic>,
) -> Option<Url> {
    let template = &platform.spec.url;
    let fixed = !template.variables().any(|variable| variable == "url");
    let text = match (fixed, &config.url) {
        // A fixed address may be moved: GitHub Enterprise Server, a test server.
        (true, Some(url)) => Ok(url.clone()),
        _ => template.text(&Configured { url: config.url.as_deref(), settings }),
    };
    let wrong = match text.map(|text| parse_base(&text)) {
        Ok(Ok(url)) => return Some(url),
        Ok(Err(refusal)) => refusal.message,
        Err(_) if config.url.is_none() => "`url` is missing: the address of your tenant".to_owned(),
        Err(error) => error.to_string(),
    };
    found.push(mistake("IN0024", wrong));
    None
}

/// The base URL's host, the token endpoint's, and those that actions name themselves.
fn hosts(platform: &Platform, scheme: &AuthSpec, base: &Url, settings: &BTreeMap<String, String>) -> Hosts {
    let mut hosts = Hosts::default();
    hosts.allow(base);
    let configured = Configured { url: Some(base.as_str()), settings };
    let own = platform.spec.actions.values().filter_map(|action| action.request.as_ref()?.url.as_ref());
    for template in scheme.token_url.iter().chain(own) {
        // A template with a call's own variables names no host that we could know.
        if let Some(url) = template.text(&configured).ok().and_then(|text| parse_base(&text).ok()) {
            hosts.allow(&url);
        }
    }
    hosts
}

fn tenant(platform: &Platform, base: &Url, settings: &BTreeMap<String, String>) -> String {
    let configured = Configured { url: Some(base.as_str()), settings };
    let named = platform.spec.tenant.as_ref().and_then(|tenant| tenant.text(&configured).ok());
    named.unwrap_or_else(|| base.host_str().unwrap_or_default().to_owned())
}

/// The actions that exist with these settings. A proof that needs a missing setting is no proof.
fn infos(platform: &Platform, settings: &BTreeMap<String, String>) -> BTreeMap<String, ActionInfo> {
    let exists = |name: &str| {
        platform
            .action_spec(name)
            .is_some_and(|action| action.needs.iter().all(|need| settings.contains_key(need)))
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
        let rate = action.rate?.per_second();
        Some((name.clone(), Limiter::new(Some(rate), None, in_flight)))
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
