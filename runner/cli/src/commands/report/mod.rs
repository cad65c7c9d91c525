//! `stanch report`: the after-action report of a run, an incident or a drill.

mod folder;
mod server;

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use stanch_drill::{ledger, record::Record};
use stanch_model::run::{Mode, body::Created};
use stanch_playbooks::Playbook;
use stanch_response::{
    drills::Ledger,
    report::{self, About, Asked, Book, Improvement, Material, Report},
};

use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs},
    said::Said,
};

/// Write the after-action report of a run, an incident or a drill
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It is read from the data folder, also while a server uses it; with --url from that server.\n\
                  HTML is one file without scripts; nothing is fetched. Print it, or send it."
)]
pub(crate) struct Args {
    /// A run or an incident: its id, a prefix or the last letters of it. A drill: the data folder that it was played in, or
    /// its name for the last play of it
    #[arg(required_unless_present = "schema", value_parser = reach::id)]
    id: Option<String>,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
    /// Where to; standard output unless given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Print the JSON Schema of the form `json` instead
    #[arg(long, conflicts_with_all = ["format", "out"])]
    schema: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Markdown
    Md,
    /// One HTML file
    Html,
    /// The facts alone
    Json,
}

/// What there is to report on.
struct Found {
    about: About,
    id: String,
    material: Material,
    now: Timestamp,
}

/// Writes it.
///
/// # Errors
/// When there is nothing of this id, or its journal cannot be read.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    if args.schema {
        let schema = report::schema();
        out.text(&serde_json::to_string_pretty(&schema)?);
        out.line(&schema);
        return Ok(Exit::Yes);
    }
    let id = args.id.clone().unwrap_or_default();
    let place = &args.reach.place;
    let ledger = kept(place.config.as_deref(), place.data.as_deref())?;
    let named = if args.reach.url.is_none() { last_play(&id, &ledger) } else { None };
    let report = match played(&id).or(named) {
        Some(data) => drill(&data, &ledger)?,
        None => response(&id, &args.reach, &ledger).await?,
    };
    write(&report, &args, out)
}

/// What is kept of drills and improvements here.
fn kept(config: Option<&Path>, data: Option<&Path>) -> anyhow::Result<Ledger> {
    match crate::ledger::folder(config, data) {
        Some(folder) => ledger::read(&folder).map_err(super::journal::broken),
        None => Ok(Ledger::default()),
    }
}

/// This folder, if a drill was played in it.
fn played(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(folder.trim_end_matches('/'));
    Record::folder(&path).join("journal").exists().then_some(path)
}

/// The folder of the last play of the drill of this name.
fn last_play(drill: &str, ledger: &Ledger) -> Option<PathBuf> {
    ledger.rated.iter().rev().find(|rated| rated.drill == drill).and_then(|rated| played(&rated.data))
}

fn drill(data: &Path, ledger: &Ledger) -> anyhow::Result<Report> {
    let record = stanch_drill::report::record(data).map_err(super::journal::broken)?;
    let material = folder::whole(data)?;
    let today = Timestamp::now();
    let source = stanch_drill::report::Source { record: &record, material: &material, ledger, today };
    stanch_drill::report::of(&source).ok_or_else(|| {
        let said =
            Said::new(format!("the journal of the drill in {} cannot be read by this build", data.display()));
        said.help("it was written by another version of stanch, or before the drill began").into()
    })
}

/// Whether the run itself only planned.
fn is_plan(found: &Found) -> bool {
    let mut first =
        found.material.runs.iter().filter_map(|entries| entries.first()?.decode::<Created>().ok());
    first.any(|created| created.run.0 == found.id && created.mode == Mode::Plan)
}

async fn response(id: &str, reach: &ReachArgs, ledger: &Ledger) -> anyhow::Result<Report> {
    let mut found = match &reach.url {
        Some(_) => server::find(&reach.client()?, id).await?,
        None => folder::find(&reach.place.data(), id)?,
    };
    if found.about == About::Run && is_plan(&found) {
        let said = Said::new(format!("run {id} is a plan: nothing was done that could be reported"));
        return Err(said.help(format!("`stanch show {id}` shows it")).exit(Exit::No).into());
    }
    let open = |book: &Book| ledger.open(&book.slug).map(|item| item.improvement()).collect::<Vec<_>>();
    found.material.improvements = found.material.books.iter().flat_map(open).collect::<Vec<Improvement>>();
    let asked = Asked { about: found.about, id: &found.id, began: None, now: found.now };
    Ok(Report::of(&found.material, asked))
}

fn write(report: &Report, args: &Args, out: Out) -> anyhow::Result<Exit> {
    let text = match args.format {
        Format::Md => report.markdown(),
        Format::Html => report.html(),
        Format::Json => serde_json::to_string_pretty(report)? + "\n",
    };
    match &args.out {
        Some(file) => {
            std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))?;
            out.text(&format!("the report of {} is in {}", report.id, file.display()));
            out.line(&serde_json::json!({ "report": report.id, "about": report.about, "file": file }));
        }
        None => {
            out.text(text.trim_end());
            out.line(report);
        }
    }
    Ok(Exit::Yes)
}

/// What a report needs of a playbook whose sources these are; nothing of one that this build cannot read.
fn book(slug: &str, files: std::collections::BTreeMap<String, String>) -> Option<Book> {
    let playbook = Playbook::from_sources(slug, files).ok()?;
    Some(Book {
        slug: slug.to_owned(),
        owner: playbook.manifest.owner.clone(),
        version: playbook.hash.to_string(),
        tags: playbook.manifest.tags,
    })
}
