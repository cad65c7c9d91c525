//! `stanch alerts`, `stanch incidents`, `stanch runs`, `stanch status`: what is going on.

use jiff::Timestamp;
use serde_json::json;
use stanch_client::Client;
use stanch_model::{
    api::{Card, RunSummary},
    run::{Became, Waiting},
    shortened::short,
};

use super::incident;
use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    table::{Table, paragraph},
    when,
};

/// Runs that `stanch status` looks at.
const MOST_RUNS: usize = 1_000;

/// The alerts, newest first, and what became of each
#[derive(Debug, clap::Args)]
pub(crate) struct AlertsArgs {
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    reach: ReachArgs,
}

/// The incidents, newest first; close one, or open it again
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct IncidentsArgs {
    #[command(subcommand)]
    what: Option<incident::Over>,
    /// Leave out those that are closed
    #[arg(long)]
    open: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    reach: ReachArgs,
}

/// The runs, newest first
#[derive(Debug, clap::Args)]
pub(crate) struct RunsArgs {
    /// Leave out those that ended
    #[arg(long)]
    open: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    #[command(flatten)]
    reach: ReachArgs,
}

/// How the server is, and what waits for a person
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 nothing waits for a person, 4 something does")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    reach: ReachArgs,
}

/// Lists alerts.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn alerts(args: AlertsArgs, out: Out) -> anyhow::Result<Exit> {
    let page = args.reach.client()?.alerts(args.limit, None).await.map_err(answer)?;
    let mut table = Table::new(&["alert", "severity", "received", "source", "runs", "title"]);
    for one in &page.items {
        let runs: Vec<&str> = one.runs.iter().map(|run| short(run)).collect();
        table.row([
            short(&one.id).to_owned(),
            one.alert.severity.to_string(),
            when::brief(&one.received),
            one.alert.source.clone(),
            if runs.is_empty() { "none".to_owned() } else { runs.join(" ") },
            one.alert.title.clone(),
        ]);
        out.line(one);
    }
    out.text(&if table.is_empty() { "no alerts".to_owned() } else { table.render(out.columns()) });
    out.line(&json!({ "alerts": page.items.len() }));
    Ok(Exit::Yes)
}

/// Lists incidents, or says of one whether it is over.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn incidents(args: IncidentsArgs, out: Out) -> anyhow::Result<Exit> {
    if let Some(over) = args.what {
        return incident::say(over, out).await;
    }
    let client = args.reach.client()?;
    let page = if args.open {
        client.open_incidents(args.limit).await
    } else {
        client.incidents(args.limit, None).await
    };
    let page = page.map_err(answer)?;
    let mut table = Table::new(&["incident", "severity", "opened", "runs", "title"]);
    for incident in &page.items {
        let closed = if incident.closed.is_some() { " (closed)" } else { "" };
        table.row([
            short(&incident.id).to_owned(),
            incident.severity.to_string(),
            when::brief(&incident.opened),
            incident.runs.len().to_string(),
            format!("{}{closed}", incident.title),
        ]);
        out.line(incident);
    }
    let none = if args.open { "no incident is open" } else { "no incidents" };
    out.text(&if table.is_empty() { none.to_owned() } else { table.render(out.columns()) });
    out.line(&json!({ "incidents": page.items.len() }));
    Ok(Exit::Yes)
}

/// Lists runs.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn runs(args: RunsArgs, out: Out) -> anyhow::Result<Exit> {
    let page = args.reach.client()?.runs(args.open, args.limit).await.map_err(answer)?;
    let mut table = Table::new(&["run", "started", "playbook", "state", "phase", "waits for"]);
    for run in &page.items {
        let back =
            if run.targets.contains_key(Became::GivenBack.as_str()) { ", since given back" } else { "" };
        let containment = run.containment.as_ref().map(|word| format!("{}{back}", word.replace('_', " ")));
        table.row([
            short(&run.id).to_owned(),
            when::brief(&run.started),
            run.playbook.clone(),
            match containment {
                Some(word) => format!("{}, {word}", run.state),
                None if run.mode == "plan" => format!("plan, {}", run.state),
                None => run.state.clone(),
            },
            if run.phase.is_empty() { "-".to_owned() } else { run.phase.clone() },
            run.waits.iter().map(|waiting| waiting.in_short().to_string()).collect::<Vec<_>>().join("; "),
        ]);
        out.line(run);
    }
    out.text(&if table.is_empty() { "no runs".to_owned() } else { table.render(out.columns()) });
    out.line(&json!({ "runs": page.items.len() }));
    Ok(Exit::Yes)
}

/// Shows how the server is. 4 when something waits for a person.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn status(args: StatusArgs, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let status = client.status().await.map_err(answer)?;
    let (approvals, questions) = (client.approvals().await, client.questions().await);
    let cards = [approvals.map_err(answer)?.items, questions.map_err(answer)?.items].concat();
    let runs: Vec<String> = status.runs.iter().map(|(state, count)| format!("{count} {state}")).collect();
    out.text(&format!("{}, {}", status.version, status.mode));
    out.text(&format!("incidents  {} open", status.incidents));
    out.text(&format!("runs       {}", if runs.is_empty() { "none".to_owned() } else { runs.join(", ") }));
    if !status.paused.is_empty() {
        out.text(&format!("paused     {}", status.paused.join(", ")));
    }
    if !status.changed.is_empty() {
        let text = format!(
            "changed    since the server started: {}; restart it to use them",
            status.changed.join(", ")
        );
        out.text(&paragraph(&text, 11, out.columns()));
    }
    for back in &status.returned {
        let whom = back.who.as_ref().map_or_else(String::new, |who| format!("{who} by "));
        let at = when::at(&back.at);
        let text = format!("NOT TOLD   {whom}{}: the mail came back at {at}: {}", back.way, back.said);
        out.text(&paragraph(&text, 11, out.columns()));
    }
    let standing = standing(&client).await?;
    for run in &standing {
        for waiting in run.waits.iter().filter(|waiting| waiting.wait.is_none()) {
            let text = format!("stands     {} {waiting}", short(&run.id));
            out.text(&paragraph(&text, 11, out.columns()));
        }
        out.line(run);
    }
    let now = status.now.parse().unwrap_or_else(|_| Timestamp::now());
    for card in &cards {
        let text = format!("waits      {}", waits(card, now));
        out.text(&paragraph(&text, 11, out.columns()));
        out.line(card);
    }
    out.line(&status);
    Ok(if cards.is_empty() && standing.is_empty() { Exit::Yes } else { Exit::Waiting })
}

/// The runs that only a person gets going again, without those that have a card.
async fn standing(client: &Client) -> anyhow::Result<Vec<RunSummary>> {
    let runs = client.runs(true, MOST_RUNS).await.map_err(answer)?.items;
    let stands = |run: &RunSummary| run.waits.iter().any(|waiting| waiting.person && waiting.wait.is_none());
    Ok(runs.into_iter().filter(stands).collect())
}

/// A card in one line: what it is called and what for, who is asked, how long is left.
fn waits(card: &Card, now: Timestamp) -> String {
    let mut text = format!("{}:{}", short(&card.run), Waiting::of(&card.wait));
    if !card.wait.ask.is_empty() {
        text.push_str(&format!(" [{}]", card.wait.ask.join(", ")));
    }
    if let Some(due) = card.wait.due_ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()) {
        text.push_str(&format!(" ({})", when::from(due, now)));
    }
    text
}
