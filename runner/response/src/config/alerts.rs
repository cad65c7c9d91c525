//! The checks of one alert source.

use stanch_model::{
    Diagnostic,
    config::{AlertSourceConfig, Config},
    diagnostic::did_you_mean,
};

use super::{
    Known, Marker,
    check::{keys, reference, suggest},
};

/// Formats whose bodies are whatever the sender's template makes of them.
const GENERIC: &[&str] = &["hmac", "standard-webhooks"];

/// The fields that `map` may name.
pub(super) const FIELDS: &[&str] =
    &["id", "kind", "title", "severity", "time", "user", "app", "ip", "delivery", "fold"];

pub(super) fn source(
    name: &str,
    source: &AlertSourceConfig,
    config: &Config,
    known: Known<'_>,
    mark: &Marker<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let path = |last| ["alerts", name, last];
    if !is_path_part(name) {
        found.push(mark.key("CF0013", &["alerts", name], format!("`{name}` cannot be part of an address")));
    }
    if !known.formats.contains(&source.format.as_str()) {
        let message = format!("unknown alert format `{}`", source.format);
        found.push(suggest(mark.value("CF0007", &path("format"), message), &source.format, known.formats));
    }
    reference(&source.secret, &path("secret"), mark, found);
    if let Some(integration) = &source.integration
        && !config.integrations.contains_key(integration)
    {
        let message = format!("there is no integration `{integration}`");
        found.push(suggest(mark.value("CF0008", &path("integration"), message), integration, &keys(config)));
    }
    if let Some(header) = &source.header
        && !is_header(header)
    {
        found.push(mark.value("CF0015", &path("header"), format!("`{header}` is not a header's name")));
    }
    settings(name, source, mark, found);
}

fn settings(name: &str, source: &AlertSourceConfig, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    let generic = GENERIC.contains(&source.format.as_str());
    let only_generic = [("map", !source.map.is_empty()), ("kind", source.kind.is_some())]
        .map(|(key, given)| (key, given && !generic));
    let only_hmac = [("prefix", source.prefix.is_some()), ("encoding", source.encoding.is_some())]
        .map(|(key, given)| (key, given && source.format != "hmac"));
    for (key, misplaced) in only_generic.into_iter().chain(only_hmac) {
        if misplaced {
            let message = format!("the format `{}` has no `{key}`", source.format);
            found.push(mark.key("CF0014", &["alerts", name, key], message));
        }
    }
    for field in source.map.keys().filter(|field| !FIELDS.contains(&field.as_str())) {
        let message = format!("an alert has no field `{field}`");
        let diagnostic = mark.key("CF0014", &["alerts", name, "map", field], message);
        found.push(match did_you_mean(field, FIELDS.iter().copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("it has {}", FIELDS.join(", "))),
        });
    }
}

fn is_path_part(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

fn is_header(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
