//! `stanch bench`: figures of this machine, each beside the disk's own sync in the same run.

mod alerts;
mod each;
mod figure;
mod ground;
mod recovery;
mod steps;
mod tui;

use std::path::PathBuf;

use serde_json::json;
use stanch_journal::measure::device_sync;

use crate::{exit::Exit, out::Out};
use ground::Ground;

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
    /// Opening a large journal, replaying from it, the memory of parked runs
    Recovery,
    /// Alerts acknowledged durably a second, and how soon the first request goes out
    Alerts,
    /// A fan-out against a platform with a rate limit
    Each,
    /// The screens: how long a picture takes, how soon a key is answered
    Tui,
    /// What a process that opens this folder of parked runs needs
    #[command(hide = true)]
    Parked,
}

#[derive(Clone, Debug, clap::Args)]
struct Size {
    /// Runs at one time (steps), or parked runs (recovery)
    #[arg(long, value_name = "N", global = true)]
    runs: Option<u32>,
    /// Steps of each run, alerts, or targets of the fan-out
    #[arg(long, value_name = "K", global = true)]
    steps: Option<u32>,
    /// The folder to measure in; a new one that is removed afterwards unless given
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

/// Measures; the last line of `--json` holds what was asked for.
///
/// # Errors
/// When the folder cannot be written, or a part of the program refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let Args { what, size } = args;
    if what == Some(What::Parked) {
        return recovery::parked_again(&size.data.unwrap_or_default(), out).await.map(|()| Exit::Yes);
    }
    let ground = Ground::new(size.data.clone())?;
    let device = device_sync(ground.folder(), 400, 500)?;
    out.line(&json!({
        "figure": "device", "fdatasync_p50_us": device.p50_us, "fdatasync_p99_us": device.p99_us,
    }));
    out.text(&format!(
        "{:<52} {:>9} µs, p50      p99 {} µs",
        "this disk's own sync of 400 bytes", device.p50_us, device.p99_us
    ));
    match what {
        Some(What::Steps) => steps::measure(&ground, size.runs, size.steps, device, out).await?,
        Some(What::Recovery) => recovery::measure(&ground, size.runs, size.steps, out).await?,
        Some(What::Alerts) => alerts::measure(&ground, size.steps, device, out).await?,
        Some(What::Each) => each::measure(&ground, size.steps, out).await?,
        Some(What::Tui) => tui::measure(size.steps, out)?,
        Some(What::Parked) => {}
        None => {
            steps::measure(&ground, None, None, device, out).await?;
            recovery::measure(&ground, None, None, out).await?;
            alerts::measure(&ground, None, device, out).await?;
            each::measure(&ground, None, out).await?;
            tui::measure(None, out)?;
        }
    }
    Ok(Exit::Yes)
}
