//! One read-only call to a configured integration: the gentlest proof that address and credential work.

use std::{sync::Arc, time::Duration};

use stanch_integrations::{Call, Integrations, LiveTransport, Outcome, Transport};
use stanch_model::{Effect, catalog::ActionIndex};

use crate::{
    diagnose,
    out::Out,
    said::Said,
    setup::{NoVault, Setup},
};

/// How long a platform may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The integrations of a configuration, for reads to the real platforms.
///
/// # Errors
/// When the configuration has a mistake or TLS cannot be set up.
pub(crate) fn live(setup: &Setup) -> anyhow::Result<Integrations> {
    let transport = Transport::Live(LiveTransport::new()?);
    let configured = &setup.config.integrations;
    Integrations::new(setup.catalog.clone(), configured, transport, Arc::new(NoVault)).map_err(|found| {
        let shown = diagnose::render(&found, &diagnose::Sources::new(), Out::colour_on_stderr());
        Said::new(format!("the integrations cannot be used\n{shown}")).into()
    })
}

/// What one read said.
pub(crate) enum Answered {
    /// It works; this was asked.
    Yes(String),
    /// It does not; this was asked, and this was the answer.
    No(String, String),
    /// Nothing can be read there without knowing more.
    NothingToAsk,
}

/// Makes one read that needs no arguments, or a search for a name that nothing has.
pub(crate) async fn ask(integrations: &Integrations, name: &str) -> Answered {
    let Some((action, input)) = gentlest(integrations, name) else { return Answered::NothingToAsk };
    let asked = format!("{name}.{action}");
    let call = Call {
        integration: name.to_owned(),
        action,
        input,
        target: None,
        key: String::new(),
        attempt: 1,
        deadline: PATIENCE,
        permit: None,
    };
    match integrations.call(call).await {
        Outcome::Done { .. } => Answered::Yes(asked),
        Outcome::Refused { message, .. } => Answered::No(asked, message),
        Outcome::NotSent { why } | Outcome::InDoubt { why } => Answered::No(asked, why),
        Outcome::Limited { why, .. } => Answered::No(asked, why),
    }
}

fn gentlest(integrations: &Integrations, name: &str) -> Option<(String, serde_json::Value)> {
    let search = integrations.find("find_app", "stanch").into_iter().find(|read| read.integration == name);
    if let Some(read) = search {
        return Some((read.action, read.input));
    }
    let platform = integrations.identity(name)?.platform;
    let actions = integrations.actions(&platform);
    let free = |action: &&&stanch_model::catalog::ActionInfo| {
        action.effect == Effect::Read && action.inputs.values().all(|input| !input.required)
    };
    actions.iter().find(free).map(|action| (action.name.clone(), serde_json::json!({})))
}
