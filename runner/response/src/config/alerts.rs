//! The checks of one alert source.

use stanch_model::{
    Diagnostic,
    catalog::{SettingInfo, SourceInfo},
    config::{AlertSourceConfig, Config},
    diagnostic::did_you_mean,
};

use super::{
    Known, Marker,
    check::{keys, reference, suggest},
};

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
    let format = known.formats.iter().find(|format| format.format == source.format);
    if format.is_none() {
        let message = format!("unknown alert format `{}`", source.format);
        let formats: Vec<&str> = known.formats.iter().map(|format| format.format.as_str()).collect();
        found.push(suggest(mark.value("CF0007", &path("format"), message), &source.format, &formats));
    }
    if let Some(secret) = &source.secret {
        reference(secret, &path("secret"), mark, found);
    }
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
    if let Some(format) = format {
        settings(name, source, format, mark, found);
        needs(name, source, format, config, mark, found);
    }
    fields(name, source, mark, found);
}

/// Nothing is set that the format does not have.
fn settings(
    name: &str,
    source: &AlertSourceConfig,
    format: &SourceInfo,
    mark: &Marker<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let only_generic = [("map", !source.map.is_empty()), ("kind", source.kind.is_some())]
        .map(|(key, given)| (key, given && !format.generic));
    let secret = ("secret", source.secret.is_some() && !format.secret);
    for (key, misplaced) in only_generic.into_iter().chain([secret]) {
        if misplaced {
            let message = format!("the format `{}` has no `{key}`", source.format);
            found.push(mark.key("CF0014", &["alerts", name, key], message));
        }
    }
    let known: Vec<&str> = format.settings.iter().map(|setting| setting.name.as_str()).collect();
    for key in source.all_settings().keys().filter(|key| !known.contains(&key.as_str())) {
        let message = format!("the format `{}` has no `{key}`", source.format);
        let place: &[&str] = match source.settings.contains_key(key) {
            true => &["alerts", name, "settings", key],
            false => &["alerts", name, key],
        };
        found.push(suggest(mark.key("CF0014", place, message), key, &known));
    }
}

/// Nothing is missing without which it could take no alert.
fn needs(
    name: &str,
    source: &AlertSourceConfig,
    format: &SourceInfo,
    config: &Config,
    mark: &Marker<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let path = ["alerts", name, "format"];
    if format.secret && source.secret.is_none() {
        let message = format!("the format `{}` needs a `secret`", source.format);
        found.push(mark.value("CF0020", &path, message).help("name where it is: `secret: env:NAME`"));
    }
    let given = source.all_settings();
    let missing = |setting: &&SettingInfo| setting.required && !given.contains_key(&setting.name);
    for setting in format.settings.iter().filter(missing) {
        let message = format!("the format `{}` needs the setting `{}`", source.format, setting.name);
        let help = format!("add `settings: {{ {}: … }}`: {}", setting.name, setting.help);
        found.push(mark.value("CF0020", &path, message).help(help));
    }
    if !format.fetched {
        return;
    }
    let asked = source.integration.as_ref().and_then(|integration| config.integrations.get(integration));
    if source.integration.is_none() || asked.is_some_and(|asked| asked.platform != format.platform) {
        let message =
            format!("the alerts of `{}` are fetched from the platform `{}`", source.format, format.platform);
        let help = "name an integration of that platform: `integration: NAME`";
        found.push(mark.value("CF0020", &path, message).help(help));
    }
}

fn fields(name: &str, source: &AlertSourceConfig, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
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
