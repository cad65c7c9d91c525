//! One entry of the configuration against its platform: settings, address, way to authenticate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Map;
use stanch_model::{Diagnostic, config::IntegrationConfig, diagnostic::did_you_mean, duration};
use url::Url;

use crate::{
    catalog::Platform,
    request::parse_base,
    scope::Vars,
    spec::AuthSpec,
    template::Lookup,
    transport::{Hosts, Transport},
};

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
        let vars = Vars::new(&inputs, self.settings);
        vars.lookup(path)
    }
}

/// Words of the script language.
const KEYWORDS: [&str; 30] = [
    "let", "const", "if", "else", "for", "in", "while", "loop", "do", "until", "fn", "return", "true",
    "false", "switch", "throw", "try", "catch", "import", "export", "as", "private", "this", "break",
    "continue", "global", "with", "default", "case", "match",
];

pub(super) fn is_script_name(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    plain && !KEYWORDS.contains(&name) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

pub(super) fn settings(
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
        if spec.optional && settings.get(name).is_some_and(String::is_empty) {
            // So that one can do without it where simulated platforms would bring it.
            settings.remove(name);
            continue;
        }
        if let Some(given) = settings.get(name) {
            if !spec.one_of.is_empty() && !spec.one_of.contains(given) {
                let message = format!("the setting `{name}` cannot be `{given}`");
                found.push(mistake("IN0021", message).help(format!("there are: {}", spec.one_of.join(", "))));
            }
            continue;
        }
        let simulated = spec.twin.as_ref().filter(|_| transport.is_twin());
        if let Some(value) = simulated.or(spec.default.as_ref()) {
            settings.insert(name.clone(), value.clone());
        } else if !spec.optional {
            found.push(missing(name, &spec.help, mistake));
        }
    }
    found.extend(no_durations(platform, &settings, mistake));
    settings
}

/// Settings that say how long access lives on, and do not say a length of time.
fn no_durations(
    platform: &Platform,
    settings: &BTreeMap<String, String>,
    mistake: &impl Fn(&str, String) -> Diagnostic,
) -> Vec<Diagnostic> {
    let actions = platform.spec.actions.values();
    let decide: BTreeSet<&str> = actions.filter_map(|action| action.residual.as_ref()?.setting()).collect();
    let wrong = |name: &&str| settings.get(*name).is_some_and(|text| duration::parse(text).is_err());
    let say = |name: &str| {
        let message = format!("the setting `{name}` is no length of time");
        mistake("IN0021", message).help("write it like 30m, 1h or 24h")
    };
    decide.into_iter().filter(wrong).map(say).collect()
}

pub(super) fn missing(name: &str, help: &str, mistake: &impl Fn(&str, String) -> Diagnostic) -> Diagnostic {
    mistake("IN0021", format!("the setting `{name}` is missing")).help(help)
}

/// The settings without which a way to authenticate does not work.
pub(crate) fn auth_settings(auth: &AuthSpec) -> impl Iterator<Item = &str> {
    let needed = auth.templates().filter(|(field, _)| !matches!(*field, "key_id" | "thumbprint" | "scope"));
    needed.flat_map(|(_, template)| template.variables()).filter_map(|name| name.strip_prefix("settings."))
}

pub(super) fn scheme(
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

pub(super) fn base(
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
pub(super) fn hosts(
    platform: &Platform,
    scheme: &AuthSpec,
    base: &Url,
    settings: &BTreeMap<String, String>,
) -> Hosts {
    let mut hosts = Hosts::default();
    hosts.allow(base);
    let configured = Configured { url: Some(base.as_str()), settings };
    let actions = platform.spec.actions.values();
    let own = actions.clone().filter_map(|action| action.request.as_ref()?.url.as_ref());
    let schemes = actions.filter_map(|action| super::scheme_of(platform, action)).chain([scheme]);
    for pattern in schemes.clone().flat_map(|scheme| &scheme.hosts) {
        hosts.allow_below(pattern);
    }
    for template in schemes.filter_map(|scheme| scheme.token_url.as_ref()).chain(own) {
        // A template with a call's own variables names no host that we could know.
        if let Some(url) = template.text(&configured).ok().and_then(|text| parse_base(&text).ok()) {
            hosts.allow(&url);
        }
    }
    hosts
}

pub(super) fn tenant(platform: &Platform, base: &Url, settings: &BTreeMap<String, String>) -> String {
    let configured = Configured { url: Some(base.as_str()), settings };
    let named = platform.spec.tenant.as_ref().and_then(|tenant| tenant.text(&configured).ok());
    named.unwrap_or_else(|| base.host_str().unwrap_or_default().to_owned())
}
