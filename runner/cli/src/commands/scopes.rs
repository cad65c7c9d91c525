//! `stanch scopes`: what the credentials must be allowed, and no more.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use stanch_model::{
    catalog::{ActionIndex, ActionInfo},
    diagnostic::did_you_mean,
};
use stanch_playbooks::Playbook;

use crate::{
    exit::Exit,
    out::Out,
    place::PlaceArgs,
    said::Said,
    setup::{self, Setup},
    table::Table,
};

/// List the scopes and permissions that playbooks need of each platform
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only for these playbooks; all of them without one
    #[arg(value_name = "PLAYBOOK")]
    playbooks: Vec<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// By integration: each scope, and the actions that need it.
type Scopes = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// Lists them. Without configured integrations: of every platform that could take part.
///
/// # Errors
/// When a configured file has a mistake or there is no such playbook.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let setup = setup::load_or_refuse(&args.place.place()?.config, out)?;
    let index = setup.index().map_err(|found| {
        let lines: Vec<String> = found.iter().map(stanch_model::Diagnostic::one_line).collect();
        Said::new(lines.join("\n")).exit(Exit::No)
    })?;
    let mut scopes = Scopes::new();
    for playbook in chosen(&setup, &args.playbooks)? {
        for name in playbook.manifest.uses.values().flatten() {
            for (integration, action) in actions(&index, name) {
                add(&index, &integration, action, &mut scopes);
            }
        }
    }
    let mut table = Table::new(&["integration", "scope", "for"]);
    for (integration, of) in &scopes {
        for (scope, actions) in of {
            let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
            table.row([integration, scope, &actions.join(", ")]);
            out.line(&json!({ "integration": integration, "scope": scope, "actions": actions }));
        }
    }
    out.text(&table.render(out.columns()));
    out.line(
        &json!({ "integrations": scopes.len(), "scopes": scopes.values().map(BTreeMap::len).sum::<usize>() }),
    );
    Ok(Exit::Yes)
}

fn chosen<'a>(setup: &'a Setup, names: &[String]) -> anyhow::Result<Vec<&'a Playbook>> {
    if names.is_empty() {
        return Ok(setup.library.all().map(AsRef::as_ref).collect());
    }
    let known = || setup.library.all().map(|playbook| playbook.slug.as_str());
    let find = |name: &String| {
        let found = setup.library.all().find(|playbook| playbook.slug == *name).map(AsRef::as_ref);
        let help = did_you_mean(name, known().collect::<Vec<_>>()).map_or_else(
            || "`stanch playbooks list` shows all of them".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        found.ok_or_else(|| {
            Said::new(format!("there is no playbook `{name}`")).help(help).exit(Exit::No).into()
        })
    };
    names.iter().map(find).collect()
}

/// What a name under `uses` can become here.
fn actions<'a>(index: &'a impl ActionIndex, name: &str) -> Vec<(String, &'a ActionInfo)> {
    let verbs: &[&str] = match name {
        "notify" => &["mail.send", "chat.post"],
        "page" => &["chat.post", "page.send", "mail.send"],
        verb => &[verb],
    };
    let mut found: Vec<_> = verbs.iter().flat_map(|verb| index.verb(verb)).collect();
    if let Some((integration, action)) = name.split_once('.') {
        found.extend(index.action(integration, action).map(|info| (integration.to_owned(), info)));
    }
    found
}

/// An action, the read that proves it, and the way back.
fn add(index: &impl ActionIndex, integration: &str, action: &ActionInfo, scopes: &mut Scopes) {
    let verify = action.verify.as_ref().map(|verify| verify.action.as_str());
    let others = [verify, action.undo.as_deref()].into_iter().flatten();
    let others = others.filter_map(|name| index.action(integration, name));
    for info in std::iter::once(action).chain(others) {
        for scope in &info.scopes {
            let of = scopes.entry(integration.to_owned()).or_default();
            of.entry(scope.clone()).or_default().insert(info.name.clone());
        }
    }
}
