//! `stanch pause`, `resume`, `cancel`, `repin`: holding back, letting go, ending.

use stanch_client::{Client, ClientError};
use stanch_model::{api::Recorded, diagnostic::did_you_mean};

use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs, answer},
    said::Said,
};

/// Hold back, or let go on
#[derive(Debug, clap::Args)]
pub(crate) struct HoldArgs {
    /// A run, a playbook or an integration
    #[arg(value_name = "RUN|PLAYBOOK|INTEGRATION", required_unless_present = "all", value_parser = reach::id)]
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
    #[arg(value_parser = reach::id)]
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
    #[arg(value_parser = reach::id)]
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
            Named::Scope(name) => scope(&client, &name, hold).await,
            Named::Run => match hold {
                Hold::Pause => client.pause_run(what).await,
                Hold::Resume => client.resume_run(what).await,
            }
            .map_err(|error| nothing_near(error, what)),
            Named::Near(near) => {
                let said = Said::new(format!("nothing here is called `{what}`"));
                return Err(said.help(format!("did you mean `{near}`?")).exit(Exit::No).into());
            }
        },
    };
    let word = if hold == Hold::Pause { "paused" } else { "goes on" };
    let exit = said(done, &format!("{} {word}", args.what.as_deref().unwrap_or("everything")), out)?;
    if hold == Hold::Resume {
        still_paused(&client, out).await;
    }
    Ok(exit)
}

/// Letting one thing go on does not let go what is held by another name.
async fn still_paused(client: &Client, out: Out) {
    let paused = client.status().await.map(|status| status.paused).unwrap_or_default();
    if !paused.is_empty() {
        out.aside(&format!("still paused: {}", paused.join(", ")));
    }
}

fn nothing_near(error: ClientError, what: &str) -> ClientError {
    match error {
        ClientError::Refused { status: 404, mut problem } => {
            problem.message = format!("there is no run, playbook or integration `{what}`");
            ClientError::Refused { status: 404, problem }
        }
        error => error,
    }
}

async fn scope(client: &Client, scope: &str, hold: Hold) -> Result<Recorded, ClientError> {
    match hold {
        Hold::Pause => client.pause(scope).await,
        Hold::Resume => client.resume(scope).await,
    }
}

/// What is to be held.
enum Named {
    /// A playbook or an integration.
    Scope(String),
    /// A run, if anything.
    Run,
    /// Neither, but nearly this.
    Near(String),
}

async fn named(client: &Client, what: &str) -> anyhow::Result<Named> {
    if what.starts_with("playbook:") || what.starts_with("integration:") {
        return Ok(Named::Scope(what.to_owned()));
    }
    let playbooks = client.playbooks().await.map_err(answer)?.items;
    let integrations = client.integrations().await.map_err(answer)?.items;
    let playbook = playbooks.iter().any(|book| book.slug == what);
    let integration = integrations.iter().any(|one| one.name == what);
    match (playbook, integration) {
        (true, true) => {
            let help = format!("write playbook:{what} or integration:{what}");
            Err(Said::new(format!("`{what}` is both a playbook and an integration"))
                .help(help)
                .exit(Exit::Usage)
                .into())
        }
        (true, false) => Ok(Named::Scope(format!("playbook:{what}"))),
        (false, true) => Ok(Named::Scope(format!("integration:{what}"))),
        (false, false) => {
            let names = playbooks.iter().map(|book| book.slug.as_str());
            let names = names.chain(integrations.iter().map(|one| one.name.as_str()));
            let near = did_you_mean(what, names).map(str::to_owned);
            let run = near.is_none() || client.run(what).await.is_ok();
            Ok(if run { Named::Run } else { Named::Near(near.unwrap_or_default()) })
        }
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
