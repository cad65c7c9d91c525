//! Checking scenarios without playing them.

use std::path::PathBuf;

use serde_json::json;
use stanch_drill::scenario::{self, Found, Known};
use stanch_integrations::Catalog;
use stanch_model::Diagnostic;
use stanch_playbooks::Library;

use crate::{
    diagnose::{self, Sources},
    exit::Exit,
    out::Out,
    said::Said,
    setup,
};

/// Check scenarios
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files, or folders of playbooks; those that ship with the program unless given
    paths: Vec<PathBuf>,
}

/// Checks them.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let (catalog, library) = ground(&args.paths)?;
    let scenarios = scenarios(&args.paths)?;
    let mut sources = Sources::new();
    let mut found = Vec::new();
    for one in &scenarios {
        sources.insert(one.file.clone(), one.text.clone());
        found.extend(mistakes(one, &catalog, &library));
    }
    if !found.is_empty() {
        out.aside(&diagnose::render(&found, &sources, Out::colour_on_stderr()));
    }
    found.iter().for_each(|one| out.line(one));
    let mistakes = if found.is_empty() { "no mistakes".to_owned() } else { diagnose::count(&found) };
    let counted = match scenarios.len() {
        1 => "1 scenario".to_owned(),
        more => format!("{more} scenarios"),
    };
    out.text(&format!("{counted}, {mistakes}"));
    out.line(&json!({ "scenarios": scenarios.len(), "mistakes": found.len() }));
    Ok(if found.is_empty() { Exit::Yes } else { Exit::No })
}

/// What is wrong with one.
pub(in crate::commands) fn mistakes(found: &Found, catalog: &Catalog, library: &Library) -> Vec<Diagnostic> {
    let read = match scenario::read(&found.file, &found.text) {
        Ok(read) => read,
        Err(mistake) => return vec![*mistake],
    };
    let mut mistakes = Vec::new();
    if read.drill != found.name {
        let at = found.text.find(&read.drill).unwrap_or(0);
        let message = format!("the file is `{}.yaml`, the scenario says `{}`", found.name, read.drill);
        let mistake = Diagnostic::error("DR0002", message).help("name both the same");
        mistakes.push(mistake.at(&found.file, &found.text, at..at + read.drill.len(), ""));
    }
    let known = Known::of(&read, catalog, library);
    mistakes.extend(scenario::check(&found.file, &found.text, &read, &known));
    mistakes
}

/// The catalogue and the playbooks that scenarios may name.
pub(super) fn ground(folders: &[PathBuf]) -> anyhow::Result<(Catalog, Library)> {
    let folders = folders.iter().filter(|path| path.is_dir());
    let library = Library::embedded().with_folders(folders).map_err(|found| {
        let shown = diagnose::render(&found, &Sources::new(), Out::colour_on_stderr());
        Said::new(format!("a playbook has mistakes\n{shown}")).exit(Exit::No)
    })?;
    Ok((Catalog::embedded(), library))
}

fn scenarios(paths: &[PathBuf]) -> anyhow::Result<Vec<Found>> {
    if paths.is_empty() {
        return Ok(scenario::embedded().into_values().collect());
    }
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            all.extend(
                setup::playbook_folders(path)
                    .iter()
                    .flat_map(|folder| scenario::in_folder(folder).into_values()),
            );
            continue;
        }
        let found = scenario::find(&path.display().to_string(), &std::collections::BTreeMap::new());
        let help = "name a scenario's file, which ends in .yaml, or a playbook's folder";
        all.push(found.ok_or_else(|| {
            Said::new(format!("cannot read {}", path.display())).help(help).exit(Exit::Usage)
        })?);
    }
    Ok(all)
}
