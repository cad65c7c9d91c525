//! `stanch deadlines`: the clocks that run, and what people say of them.

use serde_json::json;
use stanch_client::Client;
use stanch_model::{api::DeadlineView, shortened::short};

use super::{incident::clock_words, show};
use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs, answer},
    said::Said,
    table::Table,
};

/// The clocks of open incidents, earliest due first
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Exit code of the list: 0 nothing is late, 3 something is"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    reach: ReachArgs,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Stop a clock: the notice was sent
    Sent {
        #[command(flatten)]
        clock: ClockArgs,
        /// What was sent, and where its proof lies
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Stop a clock: nothing is owed; for approvers
    Waive {
        #[command(flatten)]
        clock: ClockArgs,
        /// Why nothing is owed
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
}

#[derive(Debug, clap::Args)]
struct ClockArgs {
    /// The clock as the list names it, `MCHKKA37:contract:Drift`; `contract` if there is only one
    #[arg(value_name = "ID", value_parser = reach::id)]
    clock: String,
}

/// Lists clocks, or stops one.
///
/// # Errors
/// When there is no such clock, or the server refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        None => list(&args.reach.client()?, out).await,
        Some(What::Sent { clock, reason, reach }) => {
            settle(&reach.client()?, &clock.clock, &reason, Word::Sent, out).await
        }
        Some(What::Waive { clock, reason, reach }) => {
            settle(&reach.client()?, &clock.clock, &reason, Word::Waived, out).await
        }
    }
}

async fn list(client: &Client, out: Out) -> anyhow::Result<Exit> {
    let clocks = client.deadlines().await.map_err(answer)?.items;
    let now = show::now(client).await;
    let mut table = Table::new(&["deadline", "title", "stands"]);
    for clock in &clocks {
        table.row([name(clock), clock.title.clone(), clock_words(clock, now)]);
        out.line(clock);
    }
    out.text(&if table.is_empty() { "no clock runs".to_owned() } else { table.render(out.columns()) });
    let late = clocks.iter().filter(|clock| clock.state == "late").count();
    out.line(&json!({ "deadlines": clocks.len(), "late": late }));
    Ok(if late == 0 { Exit::Yes } else { Exit::No })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Sent,
    Waived,
}

async fn settle(client: &Client, text: &str, reason: &str, word: Word, out: Out) -> anyhow::Result<Exit> {
    let clock = the_clock(text, client.deadlines().await.map_err(answer)?.items)?;
    let (done, said) = match word {
        Word::Sent => (client.deadline_sent(&clock.incident, &clock.id, reason).await, "sent"),
        Word::Waived => (client.waive_deadline(&clock.incident, &clock.id, reason).await, "waived"),
    };
    let recorded = done.map_err(answer)?;
    let again = if recorded.new { "" } else { " (you had said so before)" };
    out.text(&format!("{}, {}: {said}, recorded as {}{again}", name(&clock), clock.title, recorded.by));
    out.line(&recorded);
    Ok(Exit::Yes)
}

/// The one clock that a text means: open ones before those that were stopped already.
fn the_clock(text: &str, clocks: Vec<DeadlineView>) -> anyhow::Result<DeadlineView> {
    let fits = |clock: &&DeadlineView| {
        let own = |text: &str| clock.id.eq_ignore_ascii_case(text) || clock.rule.eq_ignore_ascii_case(text);
        let of_incident = |part: &str| {
            let part = part.to_ascii_uppercase();
            part.len() >= 4 && (clock.incident.starts_with(&part) || clock.incident.ends_with(&part))
        };
        own(text) || text.split_once(':').is_some_and(|(part, rest)| of_incident(part) && own(rest))
    };
    let mut found: Vec<DeadlineView> = clocks.iter().filter(fits).cloned().collect();
    if found.len() > 1 && found.iter().any(|clock| clock.settled.is_none()) {
        found.retain(|clock| clock.settled.is_none());
    }
    match (found.pop(), found.len()) {
        (Some(clock), 0) => Ok(clock),
        (None, _) => {
            let all: Vec<String> = clocks.iter().map(name).collect();
            let help = if all.is_empty() {
                "no clock runs".to_owned()
            } else {
                format!("there are {}", all.join(", "))
            };
            Err(Said::new(format!("there is no clock `{text}`")).help(help).exit(Exit::No).into())
        }
        (Some(last), _) => {
            let all: Vec<String> = found.iter().chain([&last]).map(name).collect();
            let help = format!("write one of {}", all.join(", "));
            Err(Said::new(format!("`{text}` means several clocks")).help(help).exit(Exit::Usage).into())
        }
    }
}

fn name(clock: &DeadlineView) -> String {
    format!("{}:{}", short(&clock.incident), clock.id)
}
