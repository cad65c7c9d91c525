//! What the platforms say: one read-only question to each, with the credential that runs would show.

use stanch_integrations::Integrations;
use stanch_model::config::CredentialConfig;
use stanch_response::credential::{NotAReference, Reference};

use super::{Doctor, Found};
use crate::{
    commands::reads::{self, Answered},
    ground::GroundArgs,
    place::Place,
    setup::Setup,
};

/// Every reference to a secret, resolved and thrown away. Simulated platforms need no credential of ours.
pub(super) async fn credentials(setup: &Setup, ground: &GroundArgs, doctor: &mut Doctor) {
    let integrations = setup.config.integrations.iter().filter(|_| !ground.is_simulated());
    let of_integrations = integrations.flat_map(|(name, config)| {
        config.credential.iter().flat_map(CredentialConfig::references).map(move |(part, reference)| {
            let dot = if part.is_empty() { "" } else { "." };
            (format!("integrations.{name}{dot}{part}"), reference.to_owned())
        })
    });
    let of_alerts = setup
        .config
        .alerts
        .iter()
        .filter_map(|(name, source)| Some((format!("alerts.{name}"), source.secret.clone()?)));
    let of_siem = setup.config.siem.iter().filter(|_| !ground.is_simulated()).flat_map(|(name, siem)| {
        let named = [("token", &siem.token), ("ca", &siem.ca)];
        named.into_iter().filter_map(move |(part, text)| Some((format!("siem.{name}.{part}"), text.clone()?)))
    });
    let of_login = setup.config.server.oidc.iter().flat_map(|oidc| {
        let named = [("client_secret", &oidc.client_secret), ("ca", &oidc.ca)];
        named.into_iter().filter_map(|(part, text)| Some((format!("server.oidc.{part}"), text.clone()?)))
    });
    let all = of_integrations.chain(of_alerts).chain(of_siem).chain(of_login);
    for (name, reference) in all.collect::<Vec<_>>() {
        let found = tokio::task::spawn_blocking(move || {
            let reference: Reference = reference.parse().map_err(|error: NotAReference| error.to_string())?;
            reference.resolve().map(|_| reference.to_string()).map_err(|error| error.to_string())
        });
        match found.await.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(reference) => doctor.say(Found::Fine, "credential", format!("{name}: {reference}")),
            Err(why) => doctor.say(Found::Wrong, "credential", format!("{name}: {why}")),
        }
    }
}

/// Asks each platform its question.
pub(super) async fn ask(setup: &Setup, place: &Place, ground: &GroundArgs, doctor: &mut Doctor) {
    if setup.config.integrations.is_empty() {
        return doctor.say(Found::Note, "platforms", "no integration is configured");
    }
    let integrations: Integrations = match reads::open(setup, place, ground, doctor.out) {
        Ok(integrations) => integrations,
        Err(error) => return doctor.say(Found::Wrong, "platforms", error.to_string()),
    };
    let simulated = if ground.is_simulated() { "simulated " } else { "" };
    for name in setup.config.integrations.keys() {
        match reads::ask(&integrations, name).await {
            Answered::Yes(asked) => {
                doctor.say(Found::Fine, "platform", format!("{simulated}{asked} answered"));
            }
            Answered::No { asked, why, help } => {
                doctor.say(Found::Wrong, "platform", format!("{simulated}{asked}: {why}"));
                doctor.help(help);
                continue;
            }
            Answered::NothingToAsk => {
                doctor.say(Found::Note, "platform", format!("{name}: nothing to read there"));
            }
        }
        // A credential that sees half works, and no run over it ends contained.
        for (_, held) in integrations.sight(name).await {
            if let Err(why) = held {
                doctor.say(Found::Note, "sight", format!("{name}: {why}"));
            }
        }
    }
}
