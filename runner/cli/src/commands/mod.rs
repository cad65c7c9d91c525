//! The verbs, one file each.

pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod integrations;
pub(crate) mod journal;
pub(crate) mod playbooks;
pub(crate) mod serve;
pub(crate) mod twins;

use crate::{args::Command, exit::Exit, out::Out};

/// Does what was asked.
///
/// # Errors
/// Whatever stops a command; shown by the caller.
pub(crate) async fn run(command: Command, out: Out) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(args) => Box::pin(demo::run(args, out)).await,
        Command::Serve(args) => Box::pin(serve::run(args, out)).await,
        Command::Journal(args) => journal::run(args, out).await,
        Command::Check(args) => check::run(&args, out),
        Command::Integrations(args) => integrations::run(&args, out),
        Command::Playbooks(args) => playbooks::run(&args, out),
        Command::Twins(args) => twins::run(args, out).await,
        Command::Bench(args) => bench::run(args, out).await,
        Command::Explain(args) => explain::run(&args, out),
        Command::Completions(args) => completions::run(&args),
    }
}
