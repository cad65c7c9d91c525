//! `stanch deadlines`: the clocks that run, and what people say of them.

mod draft;

use serde_json::json;
use stanch_client::Client;
use stanch_model::{
    api::{BeginBody, DeadlineView, MoveBody, Recorded},
    shortened::short,
};
use stanch_response::deadline::ical;

use super::{incident::clock_words, show};
use crate::{
    exit::Exit,
    out::Out,
    place::PlaceArgs,
    reach::{self, ReachArgs, answer},
    said::Said,
    setup,
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
    /// As a calendar, RFC 5545, for a file or a pipe; the server's own is GET /v1/deadlines.ics
    #[arg(long)]
    ical: bool,
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
    /// Print what a notice begins with, filled in from the incident; a person finishes and sends it
    Draft {
        #[command(flatten)]
        clock: ClockArgs,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Start a clock that no run started
    Begin {
        /// A rule of the table: `stanch deadlines rules`
        rule: String,
        /// The incident
        #[arg(long, value_name = "ID", value_parser = reach::id)]
        incident: String,
        /// The moment that it is counted from, 2026-11-06T20:00:00Z; now unless given
        #[arg(long, value_name = "TIME")]
        from: Option<String>,
        /// The vendor, for clauses of a contract
        #[arg(long, value_name = "VENDOR")]
        vendor: Option<String>,
        /// Why it runs
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// Count a clock from another moment; for approvers
    From {
        #[command(flatten)]
        clock: ClockArgs,
        /// The moment, 2026-11-06T20:00:00Z
        time: String,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        reach: ReachArgs,
    },
    /// List the rules that clocks are started by: engineering input, not legal advice
    Rules {
        #[command(flatten)]
        place: PlaceArgs,
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
    /// The clock as the list names it, `MCHKKA37:contract:Drift`; its number there, or `contract` if there is only one
    #[arg(value_name = "ID", value_parser = reach::id)]
    clock: String,
}

/// Lists clocks, or stops one.
///
/// # Errors
/// When there is no such clock, or the server refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    match args.what {
        None if args.ical => calendar(&args.reach.client()?, out).await,
        None => list(&args.reach.client()?, out).await,
        Some(What::Draft { clock, reach }) => draft::run(&clock.clock, &reach, out).await,
        Some(What::Begin { rule, incident, from, vendor, reason, reach }) => {
            let body = BeginBody { rule, from, vendor, reason };
            let done = reach.client()?.begin_deadline(&incident, &body).await.map_err(answer)?;
            Ok(recorded(&done, &format!("{} runs", body.rule), out))
        }
        Some(What::From { clock, time, reason, reach }) => {
            let client = reach.client()?;
            let clock = the_clock(&clock.clock, client.deadlines().await.map_err(answer)?.items)?;
            let body = MoveBody { from: time, reason };
            let done = client.move_deadline(&clock.incident, &clock.id, &body).await.map_err(answer)?;
            Ok(recorded(
                &done,
                &format!("{}, {}: counted from {}", name(&clock), clock.title, body.from),
                out,
            ))
        }
        Some(What::Rules { place }) => rules(&place, out),
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
    let mut table = Table::new(&["#", "deadline", "title", "stands"]);
    for (nth, clock) in clocks.iter().enumerate() {
        table.row([(nth + 1).to_string(), name(clock), clock.title.clone(), clock_words(clock, now)]);
        out.line(clock);
    }
    out.text(&if table.is_empty() { "no clock runs".to_owned() } else { table.render(out.columns()) });
    let late = clocks.iter().filter(|clock| clock.state == "late").count();
    out.line(&json!({ "deadlines": clocks.len(), "late": late }));
    Ok(if late == 0 { Exit::Yes } else { Exit::No })
}

/// The calendar itself, or with `--json` a value that holds it.
async fn calendar(client: &Client, out: Out) -> anyhow::Result<Exit> {
    let clocks = client.deadlines().await.map_err(answer)?.items;
    let text = ical::calendar(&clocks, show::now(client).await);
    // the last line ends as all others do
    out.text(text.strip_suffix('\n').unwrap_or(&text));
    out.line(&json!({ "deadlines": clocks.len(), "calendar": text }));
    Ok(Exit::Yes)
}

fn recorded(done: &Recorded, what: &str, out: Out) -> Exit {
    let again = if done.new { "" } else { " (you had said so before)" };
    out.text(&format!("{what}, recorded as {}{again}", done.by));
    out.line(done);
    Exit::Yes
}

fn rules(place: &PlaceArgs, out: Out) -> anyhow::Result<Exit> {
    let deadlines = setup::load_or_refuse(&place.place()?.config, out)?.deadlines;
    let mut table = Table::new(&["rule", "from", "within", "title", "source"]);
    for (id, rule) in deadlines.rules() {
        let from = rule.after.as_ref().map_or_else(|| rule.from.clone(), |after| format!("{after} is sent"));
        let mark = if rule.unchecked { " (unchecked)" } else { "" };
        table.row([
            id.clone(),
            from,
            rule.within.to_string(),
            rule.title.clone(),
            format!("{}{mark}", rule.source),
        ]);
        out.line(&json!({
            "rule": id, "title": rule.title, "from": rule.from, "after": rule.after, "within": rule.within.to_string(),
            "source": rule.source, "draft": rule.draft, "unchecked": rule.unchecked,
        }));
    }
    out.text(&table.render(out.columns()));
    out.text(&format!(
        "dated {}. Engineering input, not legal advice: ask counsel which apply. (unchecked): nobody compared it with the law",
        deadlines.dated
    ));
    out.line(&json!({ "rules": deadlines.rules().len(), "dated": deadlines.dated }));
    Ok(Exit::Yes)
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
    let done = done.map_err(answer)?;
    Ok(recorded(&done, &format!("{}, {}: {said}", name(&clock), clock.title), out))
}

/// The one clock that a text means: open ones before those that were stopped already.
fn the_clock(text: &str, clocks: Vec<DeadlineView>) -> anyhow::Result<DeadlineView> {
    let nth = text.parse::<usize>().ok().and_then(|nth| clocks.get(nth.checked_sub(1)?));
    if let Some(clock) = nth {
        return Ok(clock.clone());
    }
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
