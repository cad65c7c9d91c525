//! `stanch tui`: joins a server on screens, or plays what was recorded of one.

use std::path::PathBuf;

use jiff::tz::TimeZone;
use stanch_tui::{Look, Options, show};

use crate::{
    exit::Exit,
    reach::{ReachArgs, answer},
    said::Said,
};

/// Watch and answer on screens
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Leaving it ends nothing: runs go on. Everything that it does exists as a command, too; ? names them.\n\n\
        A recording is a file of JSON lines: every key and every answer, with its time. It shows a screen as it was to \
        whoever looks for its mistake; --replay plays it without a server (Space stops, Left and Right step, < and > set \
        the speed). It holds names, ids and what you typed, and neither tokens nor the codes of a drill's seats."
)]
pub(crate) struct Args {
    /// Write everything that happens on the screens to a new file, to be played again
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    record: Option<PathBuf>,
    /// Play such a file instead of joining a server
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Shows until the person leaves.
///
/// # Errors
/// When there is no terminal, nobody answers, or the server refuses.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let look = Look::of_stdout();
    if !look.moves {
        let said = Said::new("the screens need a terminal, and standard output is none");
        return Err(said
            .help("`stanch status`, `stanch watch RUN` and `stanch show ID` tell the same as text")
            .into());
    }
    let look = Look { glyphs: look.glyphs && !args.ascii, ..look };
    let options =
        Options { look, place: String::new(), zone: TimeZone::system(), recording: None, drill: false };
    if let Some(path) = &args.replay {
        show::replay(path, options).await?;
        return Ok(Exit::Yes);
    }
    let client = args.reach.client_as("tui")?;
    // before the screen is taken: who cannot get in is told so in words
    client.me().await.map_err(answer)?;
    let place = args.reach.url.unwrap_or_else(|| "this machine".to_owned());
    let options = Options { place, ..options };
    show::show(client, None, options, args.record).await?;
    Ok(Exit::Yes)
}
