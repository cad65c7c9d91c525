//! `stanch playbooks`: what can be started, here and now.

use serde_json::json;
use stanch_model::api::PlaybookSummary;
use stanch_playbooks::Playbook;

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
}

/// Lists them.
///
/// # Errors
/// When a configured file has a mistake.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let What::List(place) = &args.what;
    let setup = setup::load_or_refuse(&place.place()?.config, out)?;
    let mut table = Table::new(&["playbook", "version", "starts when", "title"]);
    let mut count = 0;
    for playbook in setup.library.all() {
        let summary = summary(playbook);
        let when = if summary.starts_when.is_empty() { "by hand" } else { "an alert fits" };
        table.row([&summary.slug, &summary.version[..8.min(summary.version.len())], when, &summary.title]);
        out.line(&summary);
        count += 1;
    }
    out.text(&table.render(out.columns()));
    out.line(&json!({ "playbooks": count }));
    Ok(Exit::Yes)
}

fn summary(playbook: &Playbook) -> PlaybookSummary {
    let manifest = &playbook.manifest;
    PlaybookSummary {
        slug: playbook.slug.clone(),
        title: manifest.title.clone(),
        owner: manifest.owner.clone(),
        reviewed: manifest.reviewed.to_string(),
        version: playbook.hash.to_string(),
        starts_when: manifest.start.iter().map(|start| start.when.clone()).collect(),
    }
}
