//! `stanch bench`: figures of this machine, each beside the disk's own sync in the same run.

use std::path::PathBuf;

use crate::{exit::Exit, out::Out, said::Said};

/// Measure this machine
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to measure; everything unless given
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    size: Size,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Subcommand)]
enum What {
    /// Durable steps a second through engine and journal
    Steps,
    /// Opening a large journal, and replaying it
    Recovery,
    /// Alerts acknowledged durably a second
    Alerts,
    /// A fan-out against a platform with a rate limit
    Each,
}

#[derive(Debug, clap::Args)]
struct Size {
    /// Runs at one time
    #[arg(long, value_name = "N", global = true)]
    runs: Option<u32>,
    /// Steps of each run
    #[arg(long, value_name = "K", global = true)]
    steps: Option<u32>,
    /// The folder to measure in; a new one that is removed afterwards unless given
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

/// Measures.
///
/// # Errors
/// Always, as long as it is being built.
#[expect(clippy::unused_async, reason = "measuring waits")]
pub(crate) async fn run(args: Args, _out: Out) -> anyhow::Result<Exit> {
    let Args { what, size: Size { runs, steps, data } } = args;
    Err(Said::new(format!("bench {what:?} ({runs:?} runs, {steps:?} steps, in {data:?}) is being built"))
        .into())
}
