//! Whether people can log in: the provider answers, is called what the configuration says, and its keys can be read.

use stanch_integrations::openid::{Provider, ProviderError, Reach};
use stanch_model::config::Config;

use super::{Doctor, Found};
use crate::ground::GroundArgs;

pub(super) async fn look(config: &Config, ground: &GroundArgs, doctor: &mut Doctor) {
    let Some(oidc) = &config.server.oidc else { return };
    let reach = if ground.is_simulated() { Reach::ThisMachine } else { Reach::Anywhere };
    let seen = match Provider::new(oidc, reach) {
        Ok(provider) => provider.look().await,
        Err(why) => Err(why),
    };
    match seen {
        Ok(seen) => {
            let keys = if seen.keys == 1 { "one key".to_owned() } else { format!("{} keys", seen.keys) };
            doctor.say(Found::Fine, "login", format!("{} is who it says, with {keys}", oidc.issuer));
            if !seen.device {
                doctor.say(
                    Found::Note,
                    "login",
                    "the provider has no device flow: `stanch login` does not work",
                );
                doctor.help("allow the device grant there, or make tokens with `stanch tokens new`");
            }
        }
        Err(why @ ProviderError::Drill(_)) => doctor.say(Found::Note, "login", why.to_string()),
        Err(why) => {
            doctor.say(Found::Wrong, "login", why.to_string());
            doctor.help(match why {
                ProviderError::OtherIssuer { .. } => "write `issuer` exactly as the provider calls itself, or find out who answers there",
                ProviderError::Unreachable(_) => "let this machine reach it; tokens of `stanch tokens new` work without it",
                _ => "look at its /.well-known/openid-configuration; tokens of `stanch tokens new` work without it",
            });
        }
    }
    let known = config.people.known.values().filter(|person| person.login.is_some()).count();
    doctor.say(Found::Fine, "login", format!("{known} people are known there"));
}
