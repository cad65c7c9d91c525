//! `stanch check`: every mistake at once, with file, line, excerpt and the way out. Nothing is run or reached.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::json;
use stanch_model::{Diagnostic, Level};
use stanch_playbooks::{Library, Playbook};

use crate::{
    diagnose,
    exit::Exit,
    ground::GroundArgs,
    out::Out,
    place::PlaceArgs,
    said::Said,
    setup::{self, Mistakes, Setup},
};

/// Find every mistake in playbooks and configuration
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Playbooks, folders of playbooks or stanch.yaml; all that is configured unless given
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Count warnings as mistakes
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    ground: GroundArgs,
}

/// Checks, and answers yes (0) or no (3).
///
/// # Errors
/// When a path is neither a playbook nor a configuration.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let named = args.paths.iter().find(|path| is_yaml(path)).cloned();
    let config = named.map_or_else(|| args.place.place().map(|place| place.config), Ok)?;
    let (setup, mut mistakes) = setup::load(&config);
    let mut checked = Vec::new();
    if config.exists() {
        checked.push(config.display().to_string());
    }
    if let Some(setup) = &setup {
        mistakes.merge(setup.review(&config, &args.ground.transport(None)?));
        mistakes.merge(setup.own_integrations(&config));
        playbooks(args, setup, &config, &mut mistakes, &mut checked, out)?;
    }
    Ok(report(&mistakes, &checked, args.strict, out))
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") && !path.is_dir()
}

fn playbooks(
    args: &Args,
    setup: &Setup,
    config: &Path,
    mistakes: &mut Mistakes,
    checked: &mut Vec<String>,
    out: Out,
) -> anyhow::Result<()> {
    let index = match setup.index() {
        Ok(index) => index,
        Err(found) => {
            mistakes.found.extend(found);
            return Ok(());
        }
    };
    let context = setup.context();
    let folder = crate::place::beside(config);
    let own = setup.config.playbooks.iter().map(|named| folder.join(named)).collect();
    let paths: Vec<PathBuf> = match args.paths.is_empty() {
        true => own,
        false => args.paths.iter().filter(|path| !is_yaml(path)).cloned().collect(),
    };
    for path in paths {
        let folders = setup::playbook_folders(&path);
        if folders.is_empty() {
            let help = "a playbook is a folder with playbook.yaml and main.rhai";
            return Err(Said::new(format!("{} holds no playbook", path.display())).help(help).into());
        }
        for folder in folders {
            let found = stanch_playbooks::check_dir(&folder, &index, &context);
            mistakes.of_folder(&folder, found);
            checked.push(folder.display().to_string());
        }
    }
    if args.paths.is_empty() && !setup.config.integrations.is_empty() {
        let library = Library::embedded();
        let unchanged = |playbook: &&Arc<Playbook>| {
            library.get(&playbook.slug).is_some_and(|shipped| shipped.hash == playbook.hash)
        };
        for playbook in setup.library.all().filter(unchanged) {
            of_library(playbook, &stanch_playbooks::check(playbook, &index, &context), out);
        }
        mistakes.merge(setup.unheard(Level::Error));
    }
    Ok(())
}

/// What a playbook of the library lacks here. No mistake: nobody has to use it.
fn of_library(playbook: &Playbook, found: &[Diagnostic], out: Out) {
    // what the script never calls follows from what it cannot call
    let lacks: BTreeSet<&str> =
        found.iter().filter(|one| one.code != "PB0034").map(|one| one.message.as_str()).collect();
    if !lacks.is_empty() {
        let slug = &playbook.slug;
        let words = lacks.iter().copied().collect::<Vec<_>>().join("; ");
        out.text(&format!("note: not all of the library's {slug} works here: {words}"));
        out.line(&json!({ "playbook": slug, "lacks": lacks }));
    }
}

fn report(mistakes: &Mistakes, checked: &[String], strict: bool, out: Out) -> Exit {
    let wrong = mistakes.refuse() || (strict && !mistakes.found.is_empty());
    if out.is_json() {
        mistakes.found.iter().for_each(|one| out.line(one));
    } else if !mistakes.found.is_empty() {
        out.text(&diagnose::render(&mistakes.found, &mistakes.sources, Out::colour_on_stdout()));
        out.text("");
    }
    let errors = mistakes.found.iter().filter(|one| one.level == Level::Error).count();
    let warnings = mistakes.found.len() - errors;
    out.line(&json!({ "ok": !wrong, "checked": checked, "mistakes": errors, "warnings": warnings }));
    let what = if checked.is_empty() { "nothing to check".to_owned() } else { checked.join(", ") };
    match diagnose::count(&mistakes.found) {
        none if none.is_empty() => out.text(&format!("{what}: nothing wrong")),
        count => out.text(&format!("{what}: {count}")),
    }
    if wrong { Exit::No } else { Exit::Yes }
}
