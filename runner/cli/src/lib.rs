//! The program stanch: its commands and exit codes.
//!
//! One file per verb under `commands/`. Standard output carries data, standard error everything else; with `--json` one
//! JSON value per line, the last one the summary. Nothing here decides what engine, server or playbooks decide.

mod args;
mod commands;
mod diagnose;
mod exit;
mod ground;
mod ledger;
mod logins;
mod out;
mod place;
mod reach;
mod said;
mod setup;
mod table;
mod when;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

pub use exit::Exit;

/// Runs the program: arguments in, exit code out.
pub fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let out = out::Out::new(cli.json);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return said::show(&anyhow::Error::new(error).context("no threads"), out).into(),
    };
    let done = runtime.block_on(commands::run(cli.command, out));
    // A thread that waits for input must not keep the program alive.
    runtime.shutdown_background();
    done.unwrap_or_else(|error| said::show(&error, out)).into()
}

/// The command line as a tree, for whoever checks what is written about it.
pub fn command() -> clap::Command {
    args::Cli::command()
}

/// Help and version are answers, everything else is bad usage.
fn usage(error: &clap::Error) -> ExitCode {
    let _gone = error.print();
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Yes.into() }
}
