//! Making a case of a run: its file is the author's from then on.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::json;
use stanch_drill::{
    case::Recorded,
    record::{self, Line},
    scenario,
};
use stanch_integrations::twin::World;
use stanch_model::{Entry, run::RunView};

use super::Args;
use crate::{exit::Exit, out::Out, said::Said};

/// Writes a case of what a run met and did.
///
/// # Errors
/// When there is no such run here, or the file is there already.
pub(super) fn run(args: &Args, wanted: &str, out: Out) -> anyhow::Result<Exit> {
    let data = args.place.data();
    let entries = entries_of(wanted, &data)?;
    let run = RunView::of(&entries);
    let text = Recorded { run: &run, entries: &entries, world: world_of(&data) }.text();
    let id = run.id.as_ref().map(ToString::to_string).unwrap_or_default().to_lowercase();
    let name = args.name.clone().unwrap_or_else(|| format!("run-{}", &id[id.len().saturating_sub(8)..]));
    let folder = folder_of(args, &run.playbook)?.join("cases");
    let path = folder.join(format!("{name}.yaml"));
    let failed = |why: std::io::Error| Said::new(format!("cannot write {}: {why}", path.display()));
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    out.text(&format!("{0}\n\nstanch test {0}", path.display()));
    out.line(&json!({ "case": path, "run": run.id, "playbook": run.playbook }));
    Ok(Exit::Yes)
}

/// The folder of the run's playbook: a case anywhere else could not be played.
fn folder_of(args: &Args, playbook: &str) -> anyhow::Result<PathBuf> {
    let folder = args.paths.first().cloned().unwrap_or_else(|| PathBuf::from(playbook));
    if folder.join("playbook.yaml").is_file() {
        return Ok(folder);
    }
    let help =
        format!("name the folder of {playbook} after the run: the case is written into its folder `cases/`");
    Err(Said::new(format!("{} is no playbook's folder", folder.display()))
        .help(help)
        .exit(Exit::Usage)
        .into())
}

/// The entries of the one run that is meant, whether a server has the journal or not.
fn entries_of(wanted: &str, data: &Path) -> anyhow::Result<Vec<Entry>> {
    let mut log = stanch_journal::tail(data, usize::MAX).map_err(crate::commands::journal::broken)?;
    let mut runs: std::collections::BTreeMap<String, Vec<Entry>> = std::collections::BTreeMap::new();
    while let Some(entry) = log.poll().map_err(crate::commands::journal::broken)? {
        let entry: Entry = entry;
        if let Some(run) = entry.header.stream.as_run() {
            runs.entry(run.to_string()).or_default().push(entry);
        }
    }
    let id = stanch_model::shortened::the_one("run", wanted, runs.keys().cloned()).map_err(|why| {
        let help = "`stanch runs` lists them; --data names another folder";
        Said::new(format!("{why} in {}", data.display())).help(help).exit(Exit::No)
    })?;
    Ok(runs.remove(&id).unwrap_or_default())
}

/// The world of the drill whose journal this is, if it is one.
fn world_of(data: &Path) -> Option<World> {
    let lines = record::read(data).ok()?;
    let began = lines.iter().find_map(|line| match line {
        Line::Began { drill, scenario, .. } => Some((drill.clone(), scenario.clone())),
        _ => None,
    });
    let (drill, text) = began?;
    let scenario = scenario::read(&format!("{drill}.yaml"), &text).ok()?;
    // what comes to light by a plot is not there at the start of a case
    Some(World { hidden: Vec::new(), ..scenario.world })
}
