//! `stanch pause`, `resume`, `cancel`, `repin`: holding back, letting go, ending.

use stanch_client::{Client, ClientError};
use stanch_model::api::Recorded;

use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
};

/// Hold back, or let go on
#[derive(Debug, clap::Args)]
pub(crate) struct HoldArgs {
    /// A run, a playbook or an integration
    #[arg(value_name = "RUN|PLAYBOOK|INTEGRATION", required_unless_present = "all")]
    what: Option<String>,
    /// Everything
    #[arg(long, conflicts_with = "what")]
    all: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// End a run at its next step, for good
#[derive(Debug, clap::Args)]
pub(crate) struct CancelArgs {
    /// The run
    run: String,
    /// Why; goes into the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Pin a diverged run to what is there now
#[derive(Debug, clap::Args)]
pub(crate) struct RepinArgs {
    /// The run
    run: String,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Which way a hold goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    Pause,
    Resume,
}

/// Pauses or resumes a run or a scope.
///
/// # Errors
/// When there is nothing of this name, or the server refuses.
pub(crate) async fn hold(args: HoldArgs, hold: Hold, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let done = match args.what.as_deref() {
        None => scope(&client, "all", hold).await,
        Some(what) => match named(&client, what).await? {
            Some(name) => scope(&client, &name, hold).await,
            None => match hold {
                Hold::Pause => client.pause_run(what).await,
                Hold::Resume => client.resume_run(what).await,
            },
        },
    };
    let word = if hold == Hold::Pause { "paused" } else { "goes on" };
    said(done, &format!("{} {word}", args.what.as_deref().unwrap_or("everything")), out)
}

async fn scope(client: &Client, scope: &str, hold: Hold) -> Result<Recorded, ClientError> {
    match hold {
        Hold::Pause => client.pause(scope).await,
        Hold::Resume => client.resume(scope).await,
    }
}

/// The scope of this name, unless it is a run.
async fn named(client: &Client, what: &str) -> anyhow::Result<Option<String>> {
    if what.starts_with("playbook:") || what.starts_with("integration:") {
        return Ok(Some(what.to_owned()));
    }
    let playbook = client.playbooks().await.map_err(answer)?.items.iter().any(|book| book.slug == what);
    let integration = client.integrations().await.map_err(answer)?.items.iter().any(|one| one.name == what);
    match (playbook, integration) {
        (true, true) => {
            let help = format!("write playbook:{what} or integration:{what}");
            Err(Said::new(format!("`{what}` is both a playbook and an integration"))
                .help(help)
                .exit(Exit::Usage)
                .into())
        }
        (true, false) => Ok(Some(format!("playbook:{what}"))),
        (false, true) => Ok(Some(format!("integration:{what}"))),
        (false, false) => Ok(None),
    }
}

/// Cancels a run.
///
/// # Errors
/// When there is no such run, it has ended, or the server refuses.
pub(crate) async fn cancel(args: CancelArgs, out: Out) -> anyhow::Result<Exit> {
    let done = args.reach.client()?.cancel(&args.run, args.reason.as_deref()).await;
    said(done, &format!("{} is cancelled at its next step", args.run), out)
}

/// Pins a run anew.
///
/// # Errors
/// When it is not diverged, or the server refuses.
pub(crate) async fn repin(args: RepinArgs, out: Out) -> anyhow::Result<Exit> {
    let done = args.reach.client()?.repin(&args.run).await;
    said(done, &format!("{} is replayed against what is there now, and then goes on", args.run), out)
}

fn said(done: Result<Recorded, ClientError>, text: &str, out: Out) -> anyhow::Result<Exit> {
    let recorded = done.map_err(answer)?;
    out.text(&format!("{text}, recorded as {}", recorded.by));
    out.line(&recorded);
    Ok(Exit::Yes)
}
