//! `stanch playbooks`: what can be started, here and now, and what another version changes.

mod diff;

use std::collections::BTreeMap;

use serde_json::json;
use stanch_drill::ledger;
use stanch_model::api::{Drilled, PlaybookSummary, Standing};
use stanch_playbooks::Playbook;
use stanch_response::drills::Ledger;

use super::promote;
use crate::{exit::Exit, out::Out, reach::ReachArgs, setup, table::Table};

/// The playbooks that can be started
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the library and the playbooks of the configured folders
    List(ReachArgs),
    /// Compare two versions: what they do, need and ask, and then their text
    Diff(diff::Args),
    /// Say that you have read the version that the server has, and stand for it
    Review(promote::JudgeArgs),
    /// Let alerts start that version in mode live
    Promote(promote::PromoteArgs),
    /// Make it a draft again
    Withdraw(promote::JudgeArgs),
    /// Make a key that signs playbooks
    Key(promote::KeyArgs),
    /// Write a playbook as one signed file
    Sign(promote::SignArgs),
    /// Check a signed file and put the playbook in a folder
    Install(promote::InstallArgs),
}

/// Does what was asked.
///
/// # Errors
/// When a configured file has a mistake, or there is no such playbook.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        What::List(reach) => list(&reach, out).await,
        What::Diff(args) => diff::run(&args, out),
        What::Review(args) => promote::judge(&args, promote::Judge::Review, out).await,
        What::Promote(args) => promote::promote(&args, out).await,
        What::Withdraw(args) => promote::judge(&args, promote::Judge::Withdraw, out).await,
        What::Key(args) => promote::key(&args, out),
        What::Sign(args) => promote::sign(&args, out),
        What::Install(args) => promote::install(&args, out),
    }
}

async fn list(reach: &ReachArgs, out: Out) -> anyhow::Result<Exit> {
    let place = &reach.place;
    let standings = standings(reach, out).await;
    let setup = setup::load_or_refuse(&place.place()?.config, out)?;
    let ledger = match crate::ledger::folder(place.config.as_deref(), place.data.as_deref()) {
        Some(folder) => ledger::read(&folder).map_err(super::journal::broken)?,
        None => Ledger::default(),
    };
    let hash = |platform: &str, action: &str| ledger::hash(&setup.catalog, platform, action);
    let mut table = Table::new(&["playbook", "version", "standing", "starts when", "last drilled", "title"]);
    let mut count = 0;
    for playbook in setup.library.all() {
        let version = playbook.hash.to_string();
        let standing = standings.get(&(playbook.slug.clone(), version.clone())).cloned();
        let summary = summary(playbook, ledger.drilled(&playbook.slug, &version, &hash), standing);
        let when = if summary.starts_when.is_empty() { "by hand" } else { "an alert fits" };
        let drilled = summary.drilled.as_ref().map_or_else(|| "never".to_owned(), drilled);
        let version = &summary.version[..8.min(summary.version.len())];
        let standing = summary.standing.as_ref().map_or("-", |standing| standing.stage.as_str());
        table.row([&summary.slug, version, standing, when, &drilled, &summary.title]);
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

/// What people made of the versions that the server has, by playbook and version; only a server knows.
async fn standings(reach: &ReachArgs, out: Out) -> BTreeMap<(String, String), Standing> {
    let Ok(client) = reach.client() else { return BTreeMap::new() };
    match client.playbooks().await {
        Ok(page) => {
            let all = page.items.into_iter();
            all.filter_map(|known| Some(((known.slug, known.version), known.standing?))).collect()
        }
        Err(error) => {
            out.aside(&format!("what is promoted is not known: {error}"));
            BTreeMap::new()
        }
    }
}

fn summary(playbook: &Playbook, drilled: Option<Drilled>, standing: Option<Standing>) -> PlaybookSummary {
    let manifest = &playbook.manifest;
    PlaybookSummary {
        slug: playbook.slug.clone(),
        title: manifest.title.clone(),
        owner: manifest.owner.clone(),
        reviewed: manifest.reviewed.to_string(),
        version: playbook.hash.to_string(),
        starts_when: manifest.start.iter().map(|start| start.when.clone()).collect(),
        input: manifest.inputs(),
        drilled,
        standing,
    }
}
