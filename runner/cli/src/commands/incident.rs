//! An incident in words, and what people say of it: `stanch note`, `stanch incidents close` and `reopen`.

use jiff::Timestamp;
use serde_json::json;
use stanch_client::Client;
use stanch_model::{
    api::{DeadlineView, IncidentView, Note},
    shortened::short,
};

use super::show;
use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs, answer},
    said::Said,
    table::paragraph,
    when,
};

/// Write a note on an incident
#[derive(Debug, clap::Args)]
pub(crate) struct NoteArgs {
    /// The incident, or a run of it: its id, a prefix or the last letters of it
    #[arg(value_parser = reach::id)]
    id: String,
    /// What there is to say; `-` for standard input
    text: String,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Writes it, with who and when.
///
/// # Errors
/// When there is no such incident, or the server refuses.
pub(crate) async fn note(args: NoteArgs, out: Out) -> anyhow::Result<Exit> {
    let text = match args.text.as_str() {
        "-" => std::io::read_to_string(std::io::stdin().lock())
            .map_err(|error| Said::new(format!("cannot read standard input: {error}")))?,
        _ => args.text,
    };
    let client = args.reach.client()?;
    let incident = incident_of(&client, &args.id).await?;
    let recorded = client.note(&incident, &text).await.map_err(answer)?;
    let again = if recorded.new { "" } else { " (it stood there already)" };
    out.text(&format!("noted on {}, recorded as {}{again}", short(&incident), recorded.by));
    out.line(&recorded);
    Ok(Exit::Yes)
}

/// Which incident, and why.
#[derive(Debug, clap::Args)]
pub(crate) struct WhyArgs {
    /// The incident, or a run of it: its id, a prefix or the last letters of it
    #[arg(value_parser = reach::id)]
    id: String,
    /// Why; goes into the journal and the report
    #[arg(long, value_name = "TEXT")]
    why: String,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Whether an incident is over.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Over {
    /// Say that an incident is over: no run and no clock of it may be open
    #[command(
        after_help = "What comes in later opens a new incident. Notes can still be written; whoever wants more opens it again first.\nExit code: 3 when something of it is open, or it is closed already"
    )]
    Close(WhyArgs),
    /// Say that a closed incident is not over after all
    Reopen(WhyArgs),
}

/// Closes an incident, or opens it again.
///
/// # Errors
/// When there is no such incident, or the server refuses.
pub(crate) async fn say(over: Over, out: Out) -> anyhow::Result<Exit> {
    let (args, word) = match &over {
        Over::Close(args) => (args, "closed"),
        Over::Reopen(args) => (args, "open again"),
    };
    let client = args.reach.client()?;
    let incident = incident_of(&client, &args.id).await?;
    let recorded = match &over {
        Over::Close(_) => client.close_incident(&incident, &args.why).await,
        Over::Reopen(_) => client.reopen_incident(&incident, &args.why).await,
    };
    let recorded = recorded.map_err(answer)?;
    out.text(&format!("{} is {word}, recorded as {}", short(&incident), recorded.by));
    out.line(&recorded);
    Ok(Exit::Yes)
}

/// The incident that an id means: its own, or that of a run.
async fn incident_of(client: &Client, id: &str) -> anyhow::Result<String> {
    match client.incident(id).await {
        Ok(view) => Ok(view.summary.id),
        Err(error) if error.status() == Some(404) => match client.run(id).await {
            Ok(run) => Ok(run.incident.unwrap_or_default()),
            Err(_) => Err(answer(error)),
        },
        Err(error) => Err(answer(error)),
    }
}

/// Shows an incident with its runs, clocks and notes.
///
/// # Errors
/// When the server refuses.
pub(super) async fn show(
    client: &Client,
    view: &IncidentView,
    now: Timestamp,
    out: Out,
) -> anyhow::Result<Exit> {
    let summary = &view.summary;
    out.text(&format!("{} {}", summary.severity.to_string().to_uppercase(), summary.title));
    let say = |text: String| out.text(&paragraph(&format!("  {text}"), 4, out.columns()));
    say(format!("incident {}, {}, since {}", short(&summary.id), summary.mode, when::at(&summary.opened)));
    if let Some(lead) = &view.lead {
        say(format!("lead {lead}"));
    }
    let words =
        |word: &str, said: &Note| format!("{word} {} by {}: {}", when::at(&said.at), said.by, said.text);
    view.closed.iter().for_each(|said| say(words("closed", said)));
    view.reopened.iter().for_each(|said| say(words("opened again", said)));
    for run in &summary.runs {
        let run = client.run(run).await.map_err(answer)?;
        let id = run.id.as_ref().map(ToString::to_string).unwrap_or_default();
        say(format!("run {} {}: {}", short(&id), run.playbook, show::stand(&run)));
    }
    for clock in &view.deadlines {
        say(format!("clock {}: {}", clock.id, clock_words(clock, now)));
    }
    for note in &view.notes {
        say(format!("note {} {}: {}", when::at(&note.at), note.by, note.text));
    }
    out.line(view);
    out.line(&json!({
        "incident": summary.id, "severity": summary.severity, "closed": summary.closed, "runs": summary.runs.len(), "notes": view.notes.len(),
        "deadlines": view.deadlines.iter().map(|clock| (clock.id.clone(), clock.state.clone().into())).collect::<serde_json::Map<_, _>>(),
    }));
    Ok(Exit::Yes)
}

/// How a clock stands: when it is due while it runs, who stopped it otherwise.
pub(super) fn clock_words(clock: &DeadlineView, now: Timestamp) -> String {
    let state = clock.state.replace('_', " ");
    match &clock.settled {
        None => {
            let due = when::due(&clock.due, now);
            match &clock.written {
                Some(mail) => format!("{state}, due {due}, written {}", when::at(&mail.at)),
                None if clock.owed_to_us => format!("{state}, no word of theirs, due {due}"),
                None => format!("{state}, due {due}"),
            }
        }
        Some(said) => {
            let why = if said.text.is_empty() { String::new() } else { format!(": {}", said.text) };
            format!("{state}, {} by {}{why}", when::at(&said.at), said.by)
        }
    }
}
