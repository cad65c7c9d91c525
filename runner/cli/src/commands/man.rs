//! `stanch man`: manual pages, one for every command.

use std::path::PathBuf;

use anyhow::Context;
use clap::CommandFactory;
use serde_json::json;

use crate::{args::Cli, exit::Exit, out::Out};

/// Write manual pages, one for every command
#[derive(Debug, clap::Args)]
#[command(after_help = "stanch man --out ~/.local/share/man/man1    then: man stanch-serve")]
pub(crate) struct Args {
    /// The folder that gets them; it is made where it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Writes them.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    std::fs::create_dir_all(&args.out).with_context(|| format!("making {}", args.out.display()))?;
    clap_mangen::generate_to(Cli::command(), &args.out)
        .with_context(|| format!("writing to {}", args.out.display()))?;
    let written = std::fs::read_dir(&args.out)?.flatten();
    let pages = written.filter(|file| file.path().extension().is_some_and(|kind| kind == "1")).count();
    out.text(&format!("{pages} manual pages in {}", args.out.display()));
    out.line(&json!({ "pages": pages, "out": args.out }));
    Ok(Exit::Yes)
}
