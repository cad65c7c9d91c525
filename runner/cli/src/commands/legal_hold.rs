//! `stanch legal-hold`: incidents of which retention drops nothing.

use serde_json::json;
use stanch_model::shortened::short;

use crate::{
    exit::Exit,
    out::Out,
    reach::{self, ReachArgs, answer},
    when,
};

/// Keep everything of an incident, whatever its age
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The incident: its id, a prefix or the last letters of it
    #[arg(value_parser = reach::id)]
    incident: String,
    /// Why; goes into the journal
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    reach: ReachArgs,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Drop nothing of it from now on (approvers)
    Add(Which),
    /// Let retention have it again (admins)
    Remove(Which),
    /// The holds that stand
    List {
        #[command(flatten)]
        reach: ReachArgs,
    },
}

/// Does it.
///
/// # Errors
/// When there is no such incident, or the server refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let (which, held) = match args.what {
        What::List { reach } => return list(&reach, out).await,
        What::Add(which) => (which, true),
        What::Remove(which) => (which, false),
    };
    let client = which.reach.client()?;
    let recorded = if held {
        client.hold_incident(&which.incident, &which.reason).await
    } else {
        client.release_incident(&which.incident, &which.reason).await
    };
    let recorded = recorded.map_err(answer)?;
    let word = match (held, recorded.new) {
        (true, true) => "nothing of it is dropped from now on",
        (true, false) => "a legal hold stood on it already",
        (false, true) => "retention may have it again",
        (false, false) => "no legal hold stood on it",
    };
    out.text(&format!("{}: {word}, recorded as {}", which.incident, recorded.by));
    out.line(&recorded);
    Ok(Exit::Yes)
}

async fn list(reach: &ReachArgs, out: Out) -> anyhow::Result<Exit> {
    let holds = reach.client()?.legal_holds().await.map_err(answer)?.items;
    for hold in &holds {
        let since = when::at(&hold.since);
        out.text(&format!("{} since {since}, by {}: {}", short(&hold.incident), hold.by, hold.reason));
        out.line(hold);
    }
    if holds.is_empty() {
        out.text("no legal hold stands");
    }
    out.line(&json!({ "holds": holds.len() }));
    Ok(Exit::Yes)
}
