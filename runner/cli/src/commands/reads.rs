//! One read-only call to a configured integration: the gentlest proof that address and credential work.

use std::{sync::Arc, time::Duration};

use stanch_integrations::{Call, ErrorKind, Integrations, Outcome};
use stanch_model::{Effect, catalog::ActionIndex, secret::SecretBox};

use crate::{
    diagnose,
    exit::Exit,
    ground::GroundArgs,
    out::Out,
    place::Place,
    said::Said,
    setup::{NoVault, Setup},
};

/// How long a platform may take to answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// The integrations of a configuration, for reads. Their mistakes are shown with their places.
///
/// # Errors
/// When the configuration has a mistake or TLS cannot be set up.
pub(crate) fn open(
    setup: &Setup,
    place: &Place,
    ground: &GroundArgs,
    out: Out,
) -> anyhow::Result<Integrations> {
    open_with(setup, place, ground, Arc::new(NoVault), out)
}

/// The same, for reads whose answers hold secrets: what becomes of those is for `secrets`.
///
/// # Errors
/// When the configuration has a mistake or TLS cannot be set up.
pub(crate) fn open_with(
    setup: &Setup,
    place: &Place,
    ground: &GroundArgs,
    secrets: Arc<dyn SecretBox>,
    out: Out,
) -> anyhow::Result<Integrations> {
    let transport = ground.transport(None)?;
    let mistakes = setup.review(&place.config, &transport);
    mistakes.show(out);
    if mistakes.refuse() {
        let said = Said::new(format!("{}: {}", place.config.display(), diagnose::count(&mistakes.found)));
        return Err(said.help("`stanch explain CODE` says more about each").exit(Exit::No).into());
    }
    let configured = &setup.config.integrations;
    Integrations::new(setup.catalog.clone(), configured, transport, secrets).map_err(|found| {
        let lines: Vec<String> = found.iter().map(stanch_model::Diagnostic::one_line).collect();
        Said::new(lines.join("\n")).exit(Exit::No).into()
    })
}

/// What one read said.
pub(crate) enum Answered {
    /// It works; this was asked.
    Yes(String),
    /// It does not.
    No {
        /// What was asked.
        asked: String,
        /// What the answer was.
        why: String,
        /// The way out.
        help: &'static str,
    },
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
    let (why, help) = match integrations.call(call).await {
        Outcome::Done { .. } => return Answered::Yes(asked),
        // Nobody was asked: the reference leads nowhere.
        Outcome::Refused { kind: ErrorKind::Auth, status: None, message, .. } => {
            (message, "put it where `credential` says, for this command and for the server alike")
        }
        Outcome::Refused { kind, message, .. } => (message, way_out(kind)),
        Outcome::NotSent { why } | Outcome::InDoubt { why } => {
            (why, "is `url` right, and does the network let this machine through?")
        }
        Outcome::Limited { why, .. } => (why, "try again in a minute"),
    };
    Answered::No { asked, why, help }
}

fn way_out(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Auth => "the credential is not known there, or has expired: make a new one",
        ErrorKind::Forbidden => {
            "give the credential the scope that `stanch integrations show` lists for this"
        }
        ErrorKind::NotFound => "is `url` the address of the tenant itself?",
        ErrorKind::Unavailable => {
            "try again in a minute; if it stays so, is `url` right, and does the network let this machine through?"
        }
        _ => "is `url` the address of this platform?",
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
        let nothing_needed = action.inputs.values().all(|input| !input.required);
        // some exist only with a setting that this tenant does not have
        action.effect == Effect::Read && nothing_needed && integrations.action(name, &action.name).is_some()
    };
    actions.iter().find(free).map(|action| (action.name.clone(), serde_json::json!({})))
}
