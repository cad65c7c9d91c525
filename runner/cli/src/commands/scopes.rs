//! `stanch scopes`: what the credentials must be allowed, and no more.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::json;
use stanch_playbooks::{
    Playbook,
    needs::{self, Scopes},
};

use super::named;
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
    /// Only for these playbooks, by name or folder; all of them without one
    #[arg(value_name = "PLAYBOOK")]
    playbooks: Vec<String>,
    #[command(flatten)]
    place: PlaceArgs,
}

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
    for playbook in chosen(&setup, &args.playbooks, out)? {
        for (integration, of) in needs::scopes(&index, &playbook.manifest) {
            let all = scopes.entry(integration).or_default();
            for (scope, actions) in of {
                all.entry(scope).or_default().extend(actions);
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

fn chosen(setup: &Setup, names: &[String], out: Out) -> anyhow::Result<Vec<Arc<Playbook>>> {
    if names.is_empty() {
        return Ok(setup.library.all().cloned().collect());
    }
    names.iter().map(|name| named::playbook(setup, name, out)).collect()
}
