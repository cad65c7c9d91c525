//! `stanch drill`: the scenarios that there are, and playing one with the real playbook on simulated platforms.

mod check;
mod host;
mod kept;
mod list;
mod new;
mod play;
mod seat;

use std::path::PathBuf;

use serde_json::json;
use stanch_model::api::SeatKind;

pub(super) use self::check::mistakes;
use crate::{exit::Exit, out::Out, table::Table};

/// Rehearse with the real playbooks on simulated platforms; without a scenario, list them
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    play: PlayArgs,
}

/// What to play, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct PlayArgs {
    /// The scenario: its name, or a file
    scenario: Option<String>,
    /// Play it without a person: the clock jumps, stand-ins speak for every seat; the exit code is the score's
    #[arg(long)]
    auto: bool,
    /// The seat that you play: responder, or the scenario's first, unless given
    #[arg(long, value_name = "SEAT", value_parser = seat::kind, conflicts_with = "auto")]
    seat: Option<SeatKind>,
    /// Seconds of the scenario for one of yours, 1 to 600
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = seat::rate, conflicts_with = "auto")]
    speed: u32,
    /// Write everything that happens on the screens to a new file, to be played again with `stanch tui --replay`
    #[arg(long, value_name = "FILE", conflicts_with = "auto")]
    record: Option<PathBuf>,
    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,
    /// The server's data folder: new or empty, or that of an interrupted drill, which goes on; a new temporary one unless given
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// More playbooks with scenarios of their own: a folder with playbook.yaml, or one that holds such folders
    #[arg(long, value_name = "DIR")]
    playbooks: Vec<PathBuf>,
    /// The company's configuration: results and improvements are kept in `drills` of its data folder; stanch.yaml in this
    /// folder unless given, and without any in the folder of this user's state
    #[arg(long, value_name = "FILE", env = "STANCH_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Check scenarios: those that ship, or these files
    Check(check::Args),
    /// Print a JSON Schema: of a scenario, or of what seats see and order
    Schema {
        /// Of what
        #[arg(value_enum, default_value_t = Shape::Scenario)]
        of: Shape,
    },
    /// The words that conditions know
    Words,
    /// Begin a scenario of your own: a file that passes the check, to be filled in
    New(new::NewArgs),
    /// Make a scenario of a past run: the same app and grants, its answers, its times to beat
    FromRun(new::FromRunArgs),
    /// Sit down in a drill that somebody else started, and play on screens
    Join(seat::JoinArgs),
    #[command(flatten)]
    Seat(seat::Order),
}

/// What has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Shape {
    /// A scenario's file
    Scenario,
    /// The API of the seats
    Seats,
}

/// Lists, checks or plays.
///
/// # Errors
/// When a scenario has mistakes, or cannot be played to its end.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        Some(What::Check(args)) => check::run(&args, out),
        Some(What::Schema { of }) => {
            let schema = match of {
                Shape::Scenario => stanch_drill::scenario::schema(),
                Shape::Seats => stanch_drill::seats_schema(),
            };
            out.text(&serde_json::to_string_pretty(&schema)?);
            out.line(&schema);
            Ok(Exit::Yes)
        }
        Some(What::Words) => Ok(words(out)),
        Some(What::New(args)) => new::new(&args, out),
        Some(What::FromRun(args)) => new::from_run(&args, out),
        Some(What::Join(args)) => seat::join(args).await,
        Some(What::Seat(order)) => seat::order(order, out).await,
        None => match &args.play.scenario {
            Some(_) => play::run(args.play, out).await,
            None => list::run(&args.play.playbooks, out),
        },
    }
}

fn words(out: Out) -> Exit {
    let mut table = Table::new(&["word", "means"]);
    for word in stanch_drill::words::WORDS {
        let shown = match word.takes {
            Some(takes) => format!("{}(\"{}\")", word.name, takes.what()),
            None => format!("{}()", word.name),
        };
        table.row([shown.as_str(), word.means]);
        out.line(
            &json!({ "word": word.name, "takes": word.takes.map(|takes| takes.what()), "means": word.means }),
        );
    }
    for (name, means) in stanch_drill::words::VARIABLES {
        table.row([*name, *means]);
        out.line(&json!({ "word": name, "means": means }));
    }
    out.text(&table.render(out.columns()));
    Exit::Yes
}
