//! `stanch run`: starts a playbook by hand, from an alert or without; or does what a plan says.

use stanch_client::Client;
use stanch_model::{api::StartBody, shortened::short};

use super::{
    origin::{Origin, OriginArgs},
    plan, watch,
};
use crate::{exit::Exit, out::Out, reach::ReachArgs, said::Said};

/// Start a playbook by hand
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Returns as soon as the run is durable; with --watch when it has ended, by the exit codes of `stanch show`"
)]
pub(crate) struct Args {
    #[command(flatten)]
    origin: OriginArgs,
    /// The incident that it belongs to; a new one unless given
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// Do what this plan of `stanch plan` says and stop at anything else. The plan is made anew first, and nothing begins if
    /// it has become another one. Inputs that are not given, and the alert, are the plan's
    #[arg(long, value_name = "HASH")]
    plan: Option<String>,
    /// Watch it until it ends, and exit by how it ended
    #[arg(long, short)]
    watch: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

/// Starts it.
///
/// # Errors
/// When there is no such playbook, an input or the alert is wrong, the plan is another one by now, or the server refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let origin = args.origin.read(out)?;
    let client = args.reach.client()?;
    if let Some(hash) = &args.plan {
        is_still_so(&client, &args, &origin, hash, out).await?;
    }
    let Origin { input, alert, delivery } = origin;
    let (playbook, incident) = (args.origin.playbook.clone(), args.incident.clone());
    let body = StartBody { playbook, input, incident, alert, delivery, plan: args.plan.clone() };
    let started = match client.start(&body).await {
        Ok(started) => started,
        Err(error) => return Err(args.origin.refused(&client, error).await),
    };
    if args.watch {
        return watch::follow(&client, &started.run, out).await;
    }
    out.text(&format!("run {}", started.run));
    if let Some(incident) = &started.incident {
        out.text(&format!("incident {incident}"));
    }
    out.line(&started);
    out.aside(&format!("follow it with `stanch watch {}`", short(&started.run)));
    Ok(Exit::Yes)
}

/// Makes the plan anew and compares: what has changed is said before anything is done.
async fn is_still_so(
    client: &Client,
    args: &Args,
    origin: &Origin,
    hash: &str,
    out: Out,
) -> anyhow::Result<()> {
    let fresh = plan::make(
        client,
        &args.origin,
        origin.clone(),
        plan::How { again: Some(hash), ..plan::How::default() },
        out,
    )
    .await?;
    let kept = client.planned(hash).await.map_err(crate::reach::answer)?;
    if fresh.hash.is_some() && fresh.hash == kept.hash {
        return Ok(());
    }
    let changes = plan::changes(&kept, &fresh);
    let said = Said::new(format!("the plan {hash} is not what would be done now: {changes}"));
    let run = short(&fresh.run);
    Err(said
        .help(format!("nothing was done; `stanch show {run}` is the plan as of now"))
        .exit(Exit::No)
        .into())
}
