//! `stanch incidents`, `stanch runs`, `stanch status`: what is going on.

use serde_json::json;
use stanch_client::Client;
use stanch_model::{api::RunSummary, run::Waiting};

use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    table::{Table, short},
};

/// Runs that `stanch status` looks at.
const MOST_RUNS: usize = 1_000;

/// The incidents, newest first
#[derive(Debug, clap::Args)]
pub(crate) struct IncidentsArgs {
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
pub(crate) struct StatusArgs {
    #[command(flatten)]
    reach: ReachArgs,
}

/// Lists incidents.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn incidents(args: IncidentsArgs, out: Out) -> anyhow::Result<Exit> {
    let page = args.reach.client()?.incidents(args.limit, None).await.map_err(answer)?;
    let mut table = Table::new(&["incident", "severity", "opened", "runs", "title"]);
    for incident in &page.items {
        let closed = if incident.closed.is_some() { " (closed)" } else { "" };
        table.row([
            short(&incident.id),
            incident.severity.to_string(),
            when(&incident.opened),
            incident.runs.len().to_string(),
            format!("{}{closed}", incident.title),
        ]);
        out.line(incident);
    }
    out.text(&if table.is_empty() { "no incidents".to_owned() } else { table.render() });
    out.line(&json!({ "incidents": page.items.len() }));
    Ok(Exit::Yes)
}

/// Lists runs.
///
/// # Errors
/// When the server cannot be reached or refuses.
pub(crate) async fn runs(args: RunsArgs, out: Out) -> anyhow::Result<Exit> {
    let page = args.reach.client()?.runs(args.open, args.limit).await.map_err(answer)?;
    let mut table = Table::new(&["run", "state", "containment", "phase", "started", "playbook", "waits for"]);
    for run in &page.items {
        table.row([
            short(&run.id),
            run.state.clone(),
            run.containment.clone().unwrap_or_else(|| "-".to_owned()).replace('_', " "),
            if run.phase.is_empty() { "-".to_owned() } else { run.phase.clone() },
            when(&run.started),
            run.playbook.clone(),
            run.waits.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
        ]);
        out.line(run);
    }
    out.text(&if table.is_empty() { "no runs".to_owned() } else { table.render() });
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
    let standing = standing(&client).await?;
    for run in &standing {
        for waiting in run.waits.iter().filter(|waiting| waiting.wait.is_none()) {
            out.text(&format!("stands     {} {waiting}", short(&run.id)));
        }
        out.line(run);
    }
    for card in &cards {
        let ask =
            if card.wait.ask.is_empty() { String::new() } else { format!(" [{}]", card.wait.ask.join(", ")) };
        let waiting = Waiting::of(&card.wait);
        out.text(&format!("waits      {}:{waiting}{ask}", short(&card.run)));
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

/// `MM-DD HH:MM` of an RFC 3339 instant.
fn when(time: &str) -> String {
    time.get(5..16).unwrap_or(time).replace('T', " ")
}
