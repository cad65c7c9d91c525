//! The checks of values that the types alone cannot make.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use stanch_model::{
    Diagnostic,
    config::{Config, CredentialConfig, IntegrationConfig},
    diagnostic::did_you_mean,
};

use super::{Known, Marker, alerts, guards, keep, login, names, only_warn};
use crate::{
    credential::Reference,
    tell::{Channel, Medium, Unheard},
};

/// Everything that is wrong or worth knowing, in the order of the file's parts.
pub(super) fn all(config: &Config, known: Known<'_>, mark: &Marker<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, integration) in &config.integrations {
        self::integration(name, integration, known, mark, &mut found);
    }
    for (name, source) in &config.alerts {
        alerts::source(name, source, config, known, mark, &mut found);
    }
    groups(config, mark, &mut found);
    promote(config, mark, &mut found);
    tell(config, mark, &mut found);
    people(config, mark, &mut found);
    guards::all(config, known, mark, &mut found);
    server(config, mark, &mut found);
    login::all(config, mark, &mut found);
    keep::all(config, mark, &mut found);
    found
}

fn integration(
    name: &str,
    integration: &IntegrationConfig,
    known: Known<'_>,
    mark: &Marker<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let path = |last| ["integrations", name, last];
    if let Err(why) = names::variable(name) {
        let message = match why {
            names::Refused::Shape => format!("`{name}` cannot be a name in a script"),
            names::Refused::Reserved => format!("`{name}` is a word of the script language"),
        };
        let help = format!("call it `{}`", names::repaired(name));
        found.push(mark.key("CF0003", &["integrations", name], message).help(help));
    }
    let platform = integration.platform.as_str();
    if !known.platforms.contains(&platform) {
        let message = format!("unknown platform `{platform}`");
        found.push(suggest(mark.value("CF0002", &path("platform"), message), platform, known.platforms));
    }
    for (part, text) in integration.credential.iter().flat_map(CredentialConfig::references) {
        let path = ["integrations", name, "credential", part];
        reference(text, if part.is_empty() { &path[..3] } else { &path }, mark, found);
    }
    if let Some(tls) = &integration.tls {
        for (part, text) in [("ca", &tls.ca), ("certificate", &tls.certificate), ("key", &tls.key)] {
            text.iter().for_each(|text| reference(text, &["integrations", name, "tls", part], mark, found));
        }
    }
    if let Some(url) = &integration.url
        && let Err(why) = usable(url)
    {
        found.push(mark.value("CF0009", &path("url"), why));
    }
    if integration.rate.is_some_and(|rate| !(rate.is_finite() && rate > 0.0 && rate <= 100_000.0)) {
        let message = "the rate is a number of requests a second, above 0 and at most 100000";
        found.push(mark.value("CF0012", &path("rate"), message));
    }
}

/// A secret's reference, or a diagnostic that never repeats what stands there: it may be the secret itself.
pub(super) fn reference(text: &str, path: &[&str], mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    if let Err(why) = text.parse::<Reference>() {
        let help = "name where the secret is: `env:NAME`, `file:PATH` or `exec:COMMAND`";
        found.push(mark.value("CF0004", path, why.to_string()).help(help));
    }
}

pub(super) fn usable(text: &str) -> Result<(), String> {
    let url = url::Url::parse(text).map_err(|why| format!("not a URL: {why}"))?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => return Err("the URL names no host".to_owned()),
    };
    match url.scheme() {
        // mail that begins in the clear goes on under TLS, or not at all
        "https" | "smtps" | "smtp" => {}
        "http" if loopback => {}
        "http" => {
            return Err("plain text to another machine: the credential could be read".to_owned());
        }
        other => return Err(format!("`{other}` is not a scheme that we speak")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a user or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("the URL ends in a query or fragment".to_owned());
    }
    Ok(())
}

fn groups(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    for (name, people) in &config.people.groups {
        if people.iter().all(|person| person.trim().is_empty()) {
            found.push(mark.key("CF0006", &["people", "groups", name], format!("nobody is in `{name}`")));
        }
    }
}

fn promote(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    for (name, key) in &config.promote.keys {
        let fits = key.strip_prefix("ed25519:").is_some_and(|key| key.len() == 44 && key.ends_with('='));
        if !fits {
            let message = format!("`{name}` is no public key");
            let help = "write `ed25519:` and 32 bytes in Base64, as `stanch playbooks key FILE` prints them";
            found.push(mark.value("CF0016", &["promote", "keys", name], message).help(help));
        }
    }
}

fn tell(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    for (event, channels) in &config.tell {
        for (at, text) in channels.iter().enumerate() {
            way(text, &["tell", event.as_str(), &at.to_string()], config, mark, found);
        }
    }
}

fn way(text: &str, path: &[&str], config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    match Channel::parse(text, config) {
        Ok(_) => {}
        Err(why @ Unheard::NotConfigured { .. }) => {
            found.push(only_warn(mark.value("CF0005", path, why.to_string())));
        }
        Err(why) => found.push(mark.value("CF0005", path, why.to_string()).help(HOW_TO_TELL)),
    }
}

/// Ways to one person, who they are in Slack, and who would hear nothing of a link.
fn people(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    let mut named: Vec<&str> = config.people.groups.values().flatten().map(String::as_str).collect();
    named.sort_unstable();
    named.dedup();
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, person) in &config.people.known {
        // who only looks is asked for nothing
        if !named.contains(&name.as_str()) && person.login.is_none() {
            let message = format!("`{name}` is in no group, so that nobody asks them");
            found.push(only_warn(suggest(
                mark.key("CF0021", &["people", "known", name], message),
                name,
                &named,
            )));
        }
        for (at, text) in person.tell.iter().enumerate() {
            let at = at.to_string();
            let path = ["people", "known", name, "tell", &at];
            way(text, &path, config, mark, found);
            let is_room = Channel::parse(text, config).is_ok_and(|way| {
                way.to.starts_with('#') || matches!(way.medium, Medium::Room | Medium::Webhook)
            });
            if is_room {
                let message =
                    format!("`{text}` is read by others, and a link answers as {name} for whoever has it");
                found.push(mark.value("CF0021", &path, message).help("name a way to this person alone"));
            }
        }
        let Some(id) = &person.slack else { continue };
        let path = ["people", "known", name, "slack"];
        if !(id.starts_with(['U', 'W']) && id.len() > 1 && id.bytes().all(|b| b.is_ascii_alphanumeric())) {
            let message = format!("`{id}` is no user id of Slack");
            found.push(
                mark.value("CF0021", &path, message)
                    .help("copy the member ID from the person's profile: `U012AB3CD`"),
            );
        } else if let Some(other) = taken.insert(id, name) {
            let message = format!("`{id}` is {other} already: a press would count for either");
            found.push(mark.value("CF0021", &path, message));
        }
    }
}

const HOW_TO_TELL: &str = "write `slack:#channel`, `teams:CHANNEL`, `mail:person@example.com`, `webhook:NAME` or `pagerduty:SERVICE`";

fn server(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    match config.server.listen.parse::<SocketAddr>() {
        Err(_) => {
            let message = format!("`{}` is not an address and a port", config.server.listen);
            found.push(mark.value("CF0011", &["server", "listen"], message));
        }
        Ok(address) if !is_loopback(address.ip()) && config.server.tls.is_none() => {
            let message = "others can reach this address, and the server speaks plain HTTP";
            let help = "give it a certificate (`server: { tls: … }`), put a TLS proxy before it, or listen on 127.0.0.1";
            found.push(only_warn(mark.value("CF0011", &["server", "listen"], message).help(help)));
        }
        Ok(_) => {}
    }
    if let Some(public) = &config.server.public
        && let Err(why) = usable(public)
    {
        let help = "write the address that people's browsers reach, `https://stanch.acme.example`";
        found.push(mark.value("CF0011", &["server", "public"], why).help(help));
    }
    if let Some(tls) = &config.server.tls {
        let parts = [
            ("certificate", Some(&tls.certificate)),
            ("key", Some(&tls.key)),
            ("clients", tls.clients.as_ref()),
        ];
        for (part, text) in parts {
            text.iter().for_each(|text| reference(text, &["server", "tls", part], mark, found));
        }
    }
    if let Some(slack) = &config.server.slack {
        reference(&slack.secret, &["server", "slack", "secret"], mark, found);
        let own = config.integrations.get(&slack.integration);
        if own.is_none_or(|own| own.platform != "slack") {
            let message = format!("`{}` is no integration of the platform `slack`", slack.integration);
            let diagnostic = mark.value("CF0008", &["server", "slack", "integration"], message);
            found.push(suggest(diagnostic, &slack.integration, &keys(config)));
        }
    }
    let ranges = [
        ("max_alert_bytes", config.server.max_alert_bytes, 1024, 64 * 1024 * 1024),
        ("fold_minutes", config.server.fold_minutes as usize, 1, 7 * 24 * 60),
        ("rate", config.server.rate as usize, 1, 1_000_000),
        ("alert_rate", config.server.alert_rate as usize, 1, 1_000_000),
    ];
    for (name, value, least, most) in ranges {
        if value < least || value > most {
            let message = format!("`{name}` is {value}: it must be from {least} to {most}");
            found.push(mark.value("CF0012", &["server", name], message));
        }
    }
}

fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback(),
    }
}

/// The configured integrations.
pub(super) fn keys(config: &Config) -> Vec<&str> {
    config.integrations.keys().map(String::as_str).collect()
}

/// Adds the known word that was probably meant, or all of them.
pub(super) fn suggest(diagnostic: Diagnostic, word: &str, known: &[&str]) -> Diagnostic {
    match did_you_mean(word, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => diagnostic,
        None => diagnostic.help(format!("known are {}", known.join(", "))),
    }
}
