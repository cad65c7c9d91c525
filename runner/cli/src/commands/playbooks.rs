//! `stanch playbooks`: what can be started, here and now, and what another version changes.

mod diff;

use serde_json::json;
use stanch_drill::ledger;
use stanch_model::api::{Drilled, PlaybookSummary};
use stanch_playbooks::Playbook;
use stanch_response::drills::Ledger;

use crate::{exit::Exit, out::Out, place::PlaceArgs, setup, table::Table};

/// The playbooks that can be started
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the library and the playbooks of the configured folders
    List(PlaceArgs),
    /// Compare two versions: what they do, need and ask, and then their text
    Diff(diff::Args),
}

/// Does what was asked.
///
/// # Errors
/// When a configured file has a mistake, or there is no such playbook.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    match &args.what {
        What::List(place) => list(place, out),
        What::Diff(args) => diff::run(args, out),
    }
}

fn list(place: &PlaceArgs, out: Out) -> anyhow::Result<Exit> {
    let setup = setup::load_or_refuse(&place.place()?.config, out)?;
    let ledger = match crate::ledger::folder(place.config.as_deref(), place.data.as_deref()) {
        Some(folder) => ledger::read(&folder).map_err(super::journal::broken)?,
        None => Ledger::default(),
    };
    let hash = |platform: &str, action: &str| ledger::hash(&setup.catalog, platform, action);
    let mut table = Table::new(&["playbook", "version", "starts when", "last drilled", "title"]);
    let mut count = 0;
    for playbook in setup.library.all() {
        let version = playbook.hash.to_string();
        let summary = summary(playbook, ledger.drilled(&playbook.slug, &version, &hash));
        let when = if summary.starts_when.is_empty() { "by hand" } else { "an alert fits" };
        let drilled = summary.drilled.as_ref().map_or_else(|| "never".to_owned(), drilled);
        let version = &summary.version[..8.min(summary.version.len())];
        table.row([&summary.slug, version, when, &drilled, &summary.title]);
        out.line(&summary);
        count += 1;
    }
    out.text(&table.render(out.columns()));
    out.line(&json!({ "playbooks": count }));
    Ok(Exit::Yes)
}

/// `2026-11-26 100/100 passed`, and what is to be known before one relies on it.
fn drilled(last: &Drilled) -> String {
    let day = last.at.get(..10).unwrap_or(&last.at);
    let passed = if last.passed { "passed" } else { "not passed" };
    let stale =
        if last.stale.is_empty() { String::new() } else { format!(", stale: {}", last.stale.join(", ")) };
    let open = if last.open == 0 { String::new() } else { format!(", {} to improve", last.open) };
    format!("{day} {}/{} {passed}{stale}{open}", last.score, last.of)
}

fn summary(playbook: &Playbook, drilled: Option<Drilled>) -> PlaybookSummary {
    let manifest = &playbook.manifest;
    PlaybookSummary {
        slug: playbook.slug.clone(),
        title: manifest.title.clone(),
        owner: manifest.owner.clone(),
        reviewed: manifest.reviewed.to_string(),
        version: playbook.hash.to_string(),
        starts_when: manifest.start.iter().map(|start| start.when.clone()).collect(),
        drilled,
    }
}
