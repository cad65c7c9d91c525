//! A configuration looked over before anything is reached: what a call would be refused for, by the integration it is about.

use std::collections::BTreeMap;

use stanch_model::{Diagnostic, config::IntegrationConfig};

use crate::{
    Catalog, Platform, Transport,
    member::{Member, auth_settings},
    spec::{AuthKind, AuthSpec},
};

/// Everything that is wrong with the integrations of a configuration that speak through this transport. What has no
/// credential is worth a warning: its calls will be refused.
pub fn review(
    catalog: &Catalog,
    configured: &BTreeMap<String, IntegrationConfig>,
    transport: &Transport,
) -> Vec<(String, Diagnostic)> {
    let mut found = Vec::new();
    for (name, config) in configured {
        match Member::new(catalog, name, config, transport) {
            Err(mistakes) => found.extend(mistakes.into_iter().map(|mistake| (name.clone(), mistake))),
            Ok(member) if transport.is_twin() || config.credential.is_some() => drop(member),
            Ok(member) => {
                if needs_credential(&member.platform, &member.scheme, &member.settings) {
                    let message = format!("integrations.{name}: there is no credential");
                    let warning = Diagnostic::warning("IN0070", message)
                        .help("write `credential: env:NAME`, `file:PATH` or `exec:COMMAND`");
                    found.push((name.clone(), warning));
                }
            }
        }
    }
    found
}

fn needs_credential(platform: &Platform, scheme: &AuthSpec, settings: &BTreeMap<String, String>) -> bool {
    match scheme.kind {
        AuthKind::None => false,
        // mail logs in only where an account is named
        _ if platform.slug() == "smtp" => settings.contains_key("user"),
        _ => scheme.value.as_ref().is_none_or(|value| value.variables().any(|name| name == "credential")),
    }
}

impl Platform {
    /// The settings without which it cannot be configured, with the values that its twin knows.
    pub fn simulated_settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let needed: Vec<&str> = self.spec.auth.first().into_iter().flat_map(auth_settings).collect();
        self.spec.settings.iter().filter_map(move |(name, setting)| {
            let required = !setting.optional && setting.default.is_none();
            let value = setting.twin.as_deref()?;
            (required || needed.contains(&name.as_str())).then_some((name.as_str(), value))
        })
    }
}
