//! `stanch docs`: a page about one playbook, for whoever owns, approves or reviews it, and for the night on which stanch
//! itself is down.

mod approvals;
mod book;
mod fallback;
mod head;
mod messages;
mod picture;
mod platforms;
mod stage;
mod steps;
mod tree;
mod words;

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::json;
use stanch_response::page::{Block, Document, Instead, Picture, Section};

use self::book::Book;
use super::named;
use crate::{exit::Exit, out::Out, place::PlaceArgs, said::Said, setup};

/// Write the page of a playbook: what it does, who is asked, what it needs, and how to do it by hand
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without a stanch.yaml every platform of the catalogue counts as configured under its own name.\n\
                  HTML is one file without scripts that prints on A4. Markdown written to a file has its picture beside it\n\
                  (FILE.svg); on standard output the flow stands in it as lines of text."
)]
pub(crate) struct Args {
    /// A name of the library or of the configured folders, or a playbook's folder
    playbook: String,
    /// How it is written
    #[arg(long, value_enum, default_value_t = Format::Md)]
    format: Format,
    /// Where to; standard output unless given
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

/// How a page is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// Markdown
    Md,
    /// One HTML file
    Html,
}

/// Writes it.
///
/// # Errors
/// When there is no such playbook, a file has a mistake, or the page cannot be written.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let setup = setup::load_or_refuse(&args.place.place()?.config, out)?;
    let playbook = named::playbook(&setup, &args.playbook, out)?;
    let index = setup.index().map_err(|found| {
        let lines: Vec<String> = found.iter().map(stanch_model::Diagnostic::one_line).collect();
        Said::new(lines.join("\n")).exit(Exit::No)
    })?;
    let book = Book::new(&playbook, &index, &setup);
    let bands = picture::bands(&playbook, &book.course);
    let (text, beside) = match (args.format, &args.out) {
        (Format::Html, _) => (page(&book, flow(&bands)).html(), None),
        (Format::Md, Some(file)) => {
            let svg = picture::whole(&playbook, &bands);
            let (path, name) = beside(file);
            let instead = Instead::File(name);
            let shows = format!("The flow of {}", playbook.manifest.title);
            let block = Block::Picture(Picture { svg: svg.clone(), shows, instead });
            (page(&book, vec![block]).markdown(), Some((path, svg)))
        }
        (Format::Md, None) => {
            let lines = tree::draw(&playbook, &book.course);
            (page(&book, vec![Block::Lines(lines)]).markdown(), None)
        }
    };
    let about = json!({ "playbook": playbook.slug, "version": playbook.hash.to_string() });
    let Some(file) = &args.out else {
        out.text(text.trim_end());
        out.line(&json!({ "playbook": playbook.slug, "version": playbook.hash.to_string(), "page": text }));
        return Ok(Exit::Yes);
    };
    write(file, &text)?;
    out.text(&format!("the page of {} is in {}", playbook.slug, file.display()));
    let mut files = vec![file.display().to_string()];
    if let Some((path, svg)) = beside {
        write(&path, &svg)?;
        out.text(&format!("its picture is in {}", path.display()));
        files.push(path.display().to_string());
    }
    out.line(&json!({ "playbook": about["playbook"], "version": about["version"], "files": files }));
    Ok(Exit::Yes)
}

fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(file, text).with_context(|| format!("writing {}", file.display()))
}

/// The picture's path, and its name as the page beside it says.
fn beside(file: &Path) -> (PathBuf, String) {
    let path = file.with_extension("svg");
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    (path, name)
}

/// A picture for each phase, so that paper is cut between them.
fn flow(bands: &[picture::Band]) -> Vec<Block> {
    let one = |band: &picture::Band| {
        let (svg, shows) = (picture::one(band), band.title.clone());
        Block::Picture(Picture { svg, shows, instead: Instead::Nothing })
    };
    bands.iter().map(one).collect()
}

fn page(book: &Book<'_>, flow: Vec<Block>) -> Document {
    let sections = vec![
        Section::new("In short", head::short(book)),
        Section::new("What starts it", head::starts(book)),
        Section::new("Input", head::input(book)),
        Section::new("Flow", flow),
        Section::new("Steps", steps::steps(book)),
        Section::new("What the calls become", platforms::becomes(book)),
        Section::new("Approvals", approvals::approvals(book)),
        Section::new("Questions", approvals::questions(book)),
        Section::new("Scopes", platforms::scopes(book)),
        Section::new("What can be taken back", platforms::undo(book)),
        Section::new("What lives on after the cut", platforms::residual(book)),
        Section::new("Limits", head::limits(book)),
        Section::new("Deadlines and messages", messages::messages(book)),
        Section { apart: true, ..Section::new("By hand, when stanch is down", fallback::fallback(book)) },
    ];
    let manifest = &book.playbook.manifest;
    Document {
        title: manifest.title.clone(),
        kind: format!("Playbook {}, version {}", book.playbook.slug, head::version(book)),
        band: None,
        verdict: None,
        heads: head::figures(book),
        sections,
    }
}
