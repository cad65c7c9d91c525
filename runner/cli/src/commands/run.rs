//! `stanch run`: starts a playbook by hand.

use serde_json::{Map, Value};
use stanch_model::{api::StartBody, diagnostic::did_you_mean};

use super::watch;
use crate::{
    exit::Exit,
    out::Out,
    reach::{ReachArgs, answer},
    said::Said,
};

/// Start a playbook by hand
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The playbook
    playbook: String,
    /// An input, `app=drift`; can be given several times. A value that is JSON is taken as such
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE", value_parser = pair)]
    input: Vec<(String, Value)>,
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
/// When there is no such playbook, an input is wrong, or the server refuses.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<Exit> {
    let client = args.reach.client()?;
    let input: Map<String, Value> = args.input.into_iter().collect();
    let body = StartBody { playbook: args.playbook.clone(), input, incident: args.incident };
    let started = match client.start(&body).await {
        Ok(started) => started,
        Err(error) if error.status() == Some(404) && error.help().is_none() => {
            let known = client.playbooks().await.map_err(answer)?;
            let near =
                did_you_mean(&args.playbook, known.items.iter().map(|playbook| playbook.slug.as_str()));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`stanch playbooks list` shows all of them".to_owned(),
            };
            return Err(Said::new(error.to_string()).help(help).exit(Exit::No).into());
        }
        Err(error) => return Err(answer(error)),
    };
    if args.watch {
        return watch::follow(&client, &started.run, out).await;
    }
    out.text(&format!("run {}", started.run));
    if let Some(incident) = &started.incident {
        out.text(&format!("incident {incident}"));
    }
    out.line(&started);
    Ok(Exit::Yes)
}
