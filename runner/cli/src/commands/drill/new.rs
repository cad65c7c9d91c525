//! Beginning a scenario: an empty one, or one made of a past run. The file is the author's from then on.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::json;
use stanch_drill::scenario::draft;
use stanch_model::{Entry, run::RunView};

use super::check;
use crate::{exit::Exit, out::Out, place::PlaceArgs, reach, said::Said};

/// Which scenario.
#[derive(Debug, clap::Args)]
pub(super) struct NewArgs {
    /// Its name: small letters, digits and dashes
    #[arg(value_parser = slug)]
    slug: String,
    /// The playbook that it rehearses
    #[arg(long, value_name = "SLUG", default_value = "oauth-app-compromise")]
    playbook: String,
    /// The playbook's own folder; ./PLAYBOOK unless given. The file goes into its `drills/`
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// More playbooks: a folder with playbook.yaml, or one that holds such folders
    #[arg(long, value_name = "DIR")]
    playbooks: Vec<PathBuf>,
}

/// Of which run.
#[derive(Debug, clap::Args)]
pub(super) struct FromRunArgs {
    /// The run: its id, a prefix or the last letters of it
    #[arg(value_parser = reach::id)]
    run: String,
    /// The scenario's name; `again-` and the end of the run's id unless given
    #[arg(long, value_name = "SLUG", value_parser = slug)]
    name: Option<String>,
    /// The playbook's own folder; ./PLAYBOOK unless given. The file goes into its `drills/`
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// Writes an empty scenario that passes the check.
///
/// # Errors
/// When there is no such playbook, or the file is there already.
pub(super) fn new(args: &NewArgs, out: Out) -> anyhow::Result<Exit> {
    let (_, library) = check::ground(&args.playbooks)?;
    let Some(playbook) = library.get(&args.playbook) else {
        let said = Said::new(format!("there is no playbook `{}`", args.playbook));
        return Err(said.help("`stanch playbooks` lists those that there are").exit(Exit::Usage).into());
    };
    let text = draft::scaffold(&args.slug, &playbook);
    write(&args.slug, &args.playbook, args.dir.as_deref(), &text, out)
}

/// Writes a scenario of what a run met.
///
/// # Errors
/// When there is no such run here, nothing of it can be simulated, or the file is there already.
pub(super) fn from_run(args: &FromRunArgs, out: Out) -> anyhow::Result<Exit> {
    let (catalog, _) = check::ground(&[])?;
    let run = found(&args.run, &args.place.data())?;
    let id = run.id.as_ref().map(ToString::to_string).unwrap_or_default().to_lowercase();
    let end = id.get(id.len().saturating_sub(8)..).unwrap_or_default();
    let slug = args.name.clone().unwrap_or_else(|| format!("again-{end}"));
    let text = draft::from_run(&slug, &run, &catalog).map_err(|why| {
        Said::new(why.to_string()).help("`stanch drill new` begins an empty one").exit(Exit::No)
    })?;
    write(&slug, &run.playbook, args.dir.as_deref(), &text, out)
}

/// The run in the journal of this folder, whether a server has it or not.
fn found(wanted: &str, data: &Path) -> anyhow::Result<RunView> {
    let mut log = stanch_journal::tail(data, usize::MAX).map_err(crate::commands::journal::broken)?;
    let mut runs: std::collections::BTreeMap<String, RunView> = std::collections::BTreeMap::new();
    while let Some(entry) = log.poll().map_err(crate::commands::journal::broken)? {
        let entry: Entry = entry;
        if let Some(run) = entry.header.stream.as_run() {
            runs.entry(run.to_string()).or_default().apply(&entry);
        }
    }
    let wanted = wanted.to_uppercase();
    let mut meant = runs.into_iter().filter(|(id, _)| id.starts_with(&wanted) || id.ends_with(&wanted));
    match (meant.next(), meant.next()) {
        (Some((_, run)), None) => Ok(run),
        (Some((one, _)), Some((other, _))) => {
            let said = Said::new(format!("`{wanted}` may mean {one} or {other}"));
            Err(said.help("write more letters").exit(Exit::Usage).into())
        }
        (None, _) => {
            let said = Said::new(format!("no run `{wanted}` is in {}", data.display()));
            Err(said.help("`stanch runs` lists them; --data names another folder").exit(Exit::No).into())
        }
    }
}

fn write(slug: &str, playbook: &str, dir: Option<&Path>, text: &str, out: Out) -> anyhow::Result<Exit> {
    let folder = dir.map_or_else(|| PathBuf::from(playbook), Path::to_owned).join("drills");
    let path = folder.join(format!("{slug}.yaml"));
    let failed = |why: std::io::Error| Said::new(format!("cannot write {}: {why}", path.display()));
    fs::create_dir_all(&folder).map_err(failed)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    let shown = path.display();
    out.text(&format!(
        "{shown}\n\nstanch drill check {shown}\nstanch drill {shown} --auto\nstanch drill {shown}"
    ));
    out.line(&json!({ "drill": slug, "playbook": playbook, "file": path }));
    Ok(Exit::Yes)
}

/// A scenario's name is its file's.
fn slug(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_slug =
        !text.is_empty() && text.chars().all(fits) && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if is_slug { Ok(text.to_owned()) } else { Err("write small letters, digits and dashes".to_owned()) }
}
