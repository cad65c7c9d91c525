//! `stanch run`: starts a playbook by hand, from an alert or without.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use stanch_client::{Client, ClientError};
use stanch_model::{
    api::{Delivery, StartBody},
    diagnostic::did_you_mean,
    shortened::short,
};

use super::{
    alert::{self, of_file},
    watch,
};
use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
};

/// Start a playbook by hand
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Returns as soon as the run is durable; with --watch when it has ended, by the exit codes of `stanch show`"
)]
pub(crate) struct Args {
    /// The playbook
    playbook: String,
    /// An input, `app=drift`; can be given several times. A value that is JSON is taken as such
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE", value_parser = pair)]
    input: Vec<(String, Value)>,
    /// The alert that it starts from, JSON or YAML; `-` for standard input. Inputs that are not given come from it
    #[arg(long, value_name = "FILE")]
    alert: Option<PathBuf>,
    /// The alert is what this source sends, as under `alerts:`
    #[arg(long, value_name = "SOURCE", requires = "alert")]
    source: Option<String>,
    /// The incident that it belongs to; a new one unless given
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// Watch it until it ends, and exit by how it ended
    #[arg(long, short)]
    watch: bool,
    #[command(flatten)]
    reach: ReachArgs,
}

fn pair(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

/// Starts it.
///
/// # Errors
/// When there is no such playbook, an input or the alert is wrong, or the server refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let body = body(&args, out)?;
    let client = args.reach.client()?;
    let started = match client.start(&body).await {
        Ok(started) => started,
        Err(error) => return Err(refused(&client, &args, error).await),
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

fn body(args: &Args, out: Out) -> anyhow::Result<StartBody> {
    let input: Map<String, Value> = args.input.iter().cloned().collect();
    let (playbook, incident) = (args.playbook.clone(), args.incident.clone());
    let mut body = StartBody { playbook, input, incident, ..StartBody::default() };
    if let Some(file) = &args.alert {
        let text = alert::text(file)?;
        match &args.source {
            None => body.alert = Some(alert::read(file, &text, stanch_response::alert::read, out)?),
            Some(source) => {
                let delivery = alert::read(file, &text, stanch_response::alert::delivery, out)?;
                body.delivery = Some(Delivery { source: source.clone(), body: delivery });
            }
        }
    }
    Ok(body)
}

async fn refused(client: &Client, args: &Args, error: ClientError) -> anyhow::Error {
    let of_playbook = matches!(&error, ClientError::Refused { problem, .. } if problem.code == "no_playbook");
    if of_playbook && let Ok(known) = client.playbooks().await {
        let near = did_you_mean(&args.playbook, known.items.iter().map(|playbook| playbook.slug.as_str()));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`stanch playbooks list` shows all of them".to_owned(),
        };
        return Said::new(format!("there is no playbook {}", args.playbook)).help(help).exit(Exit::No).into();
    }
    let of_input = matches!(&error, ClientError::Refused { problem, .. } if problem.code == "input");
    match args.alert.as_deref().filter(|_| !of_input) {
        Some(file) => of_file(Path::new(file), error),
        None => answer(error),
    }
}
