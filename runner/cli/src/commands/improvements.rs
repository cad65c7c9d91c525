//! `stanch improvements`: what drills and people found, who mends it, by when.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use stanch_drill::{
    ledger::{self, Line},
    report,
};
use stanch_response::drills::{Changed, Closed, Item, Ledger, Opened};

use super::journal::broken;
use crate::{exit::Exit, out::Out, place::PlaceArgs, said::Said, table::Table};

/// What is to be improved about playbooks; the next drill of each tests it first
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Exit code of the list: 0 nothing is overdue, 3 something is"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only those about this playbook
    #[arg(long, value_name = "PLAYBOOK")]
    playbook: Option<String>,
    /// Those that are closed too
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Write one down; a drill does so by itself for each expectation that was not met
    Add {
        /// The playbook that it is about
        playbook: String,
        /// What is to be done
        text: String,
        /// Who does it
        #[arg(long, value_name = "WHO")]
        owner: String,
        /// By when, 2026-12-24; in 30 days unless given
        #[arg(long, value_name = "DATE", value_parser = date)]
        due: Option<String>,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Give one to somebody else, or another date
    Change {
        /// Its number
        number: u64,
        /// Who does it
        #[arg(long, value_name = "WHO", required_unless_present = "due")]
        owner: Option<String>,
        /// By when, 2026-12-24
        #[arg(long, value_name = "DATE", value_parser = date)]
        due: Option<String>,
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Say that one is done
    Close {
        /// Its number
        number: u64,
        /// What was done
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        place: PlaceArgs,
    },
}

fn date(text: &str) -> Result<String, String> {
    let date: jiff::civil::Date = text.parse().map_err(|_| "write a date like 2026-12-24".to_owned())?;
    Ok(date.to_string())
}

/// Lists them, or writes one.
///
/// # Errors
/// When there is no such improvement, or the ledger cannot be used.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let Some(what) = args.what else { return list(&args.list, out) };
    match what {
        What::Add { playbook, text, owner, due, place } => {
            let opened = |ledger: &Ledger| Opened {
                number: ledger.next(),
                playbook,
                text,
                owner,
                due: due.unwrap_or_else(|| report::due(Timestamp::now())),
                from: user(),
                that: String::new(),
                record: String::new(),
            };
            let after = ledger::write(&folder(&place)?, |ledger| vec![Line::Opened(opened(ledger))]).await;
            let after = after.map_err(broken)?;
            say(after.items.values().next_back(), "written down", out);
        }
        What::Change { number, owner, due, place } => {
            let line = Line::Changed(Changed { number, owner, due, by: user() });
            let after = change(&folder(&place)?, number, line).await?;
            say(after.items.get(&number), "changed", out);
        }
        What::Close { number, reason, place } => {
            let line = Line::Closed(Closed { number, by: user(), why: reason });
            let after = change(&folder(&place)?, number, line).await?;
            say(after.items.get(&number), "closed", out);
        }
    }
    Ok(Exit::Yes)
}

fn folder(place: &PlaceArgs) -> anyhow::Result<PathBuf> {
    let found = crate::ledger::folder(place.config.as_deref(), place.data.as_deref());
    found.ok_or_else(|| {
        let help = "name a configuration with --config or a data folder with --data, or set HOME";
        Said::new("there is no place for the ledger of drills").help(help).exit(Exit::Usage).into()
    })
}

async fn change(folder: &std::path::Path, number: u64, line: Line) -> anyhow::Result<Ledger> {
    let mut is_open = None;
    let written = ledger::write(folder, |ledger| {
        is_open = ledger.items.get(&number).map(|item| item.closed.is_none());
        if is_open == Some(true) { vec![line] } else { Vec::new() }
    });
    let after = written.await.map_err(broken)?;
    let said = match is_open {
        Some(true) => return Ok(after),
        Some(false) => format!("improvement {number} is closed already"),
        None => format!("there is no improvement {number}"),
    };
    Err(Said::new(said).help("`stanch improvements --all` lists them").exit(Exit::No).into())
}

/// Who does it: the user of this machine.
fn user() -> String {
    std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).unwrap_or_else(|_| "somebody".to_owned())
}

fn say(item: Option<&Item>, done: &str, out: Out) {
    let Some(item) = item else { return };
    let Opened { number, text, owner, due, .. } = &item.opened;
    out.text(&format!("improvement {number} {done}: {text} ({owner}, by {due})"));
    out.line(item);
}

fn list(args: &ListArgs, out: Out) -> anyhow::Result<Exit> {
    let ledger = ledger::read(&folder(&args.place)?).map_err(broken)?;
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let wanted = |item: &&Item| {
        let of = args.playbook.as_ref().is_none_or(|playbook| *playbook == item.opened.playbook);
        of && (args.all || item.closed.is_none())
    };
    let (mut table, mut count, mut overdue) =
        (Table::new(&["no", "state", "due", "owner", "playbook", "from", "what"]), 0, 0);
    for item in ledger.items.values().filter(wanted) {
        let Opened { number, playbook, text, owner, due, from, .. } = &item.opened;
        let is_late = item.closed.is_none() && *due < today;
        let state = if is_late { "overdue" } else { item.state() };
        table.row([number.to_string().as_str(), state, due, owner, playbook, from, &tested(item, text)]);
        out.line(item);
        count += 1;
        overdue += usize::from(is_late);
    }
    out.text(&if table.is_empty() { "nothing is open".to_owned() } else { table.render(out.columns()) });
    out.line(&json!({ "improvements": count, "overdue": overdue }));
    Ok(if overdue == 0 { Exit::Yes } else { Exit::No })
}

/// With how it came out in the last drill that tested it.
fn tested(item: &Item, text: &str) -> String {
    match item.tests.iter().rev().find_map(|(drill, _, came)| Some((drill, (*came)?))) {
        Some((drill, came)) => format!("{text} (last tested in {drill}: {})", came.as_str()),
        None => text.to_owned(),
    }
}
