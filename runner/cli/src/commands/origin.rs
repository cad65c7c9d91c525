//! What a run or a plan starts from: a playbook, its inputs, an alert.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use stanch_client::{Client, ClientError};
use stanch_model::{alert::AlertBody, api::Delivery, diagnostic::did_you_mean};

use super::alert::{self, of_file};
use crate::{exit::Exit, out::Out, reach::answer, said::Said};

/// The playbook, and what it starts from.
#[derive(Debug, clap::Args)]
pub(crate) struct OriginArgs {
    /// The playbook
    pub(crate) playbook: String,
    /// An input, `app=drift`; can be given several times. A value that is JSON is taken as such
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE", value_parser = pair)]
    input: Vec<(String, Value)>,
    /// The alert that it starts from, JSON or YAML; `-` for standard input. Inputs that are not given come from it
    #[arg(long, value_name = "FILE")]
    alert: Option<PathBuf>,
    /// The alert is what this source sends, as under `alerts:`
    #[arg(long, value_name = "SOURCE", requires = "alert")]
    source: Option<String>,
}

fn pair(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name.to_owned(), value))
}

/// The same, read.
#[derive(Clone, Default)]
pub(crate) struct Origin {
    pub(crate) input: Map<String, Value>,
    pub(crate) alert: Option<AlertBody>,
    pub(crate) delivery: Option<Delivery>,
}

impl OriginArgs {
    /// Reads the alert's file, if one is named.
    ///
    /// # Errors
    /// When it cannot be read or is no alert.
    pub(crate) fn read(&self, out: Out) -> anyhow::Result<Origin> {
        let mut origin = Origin { input: self.input.iter().cloned().collect(), ..Origin::default() };
        if let Some(file) = &self.alert {
            let text = alert::text(file)?;
            match &self.source {
                None => origin.alert = Some(alert::read(file, &text, stanch_response::alert::read, out)?),
                Some(source) => {
                    let body = alert::read(file, &text, stanch_response::alert::delivery, out)?;
                    origin.delivery = Some(Delivery { source: source.clone(), body });
                }
            }
        }
        Ok(origin)
    }

    /// What the server's no means for these arguments.
    pub(crate) async fn refused(&self, client: &Client, error: ClientError) -> anyhow::Error {
        let code = match &error {
            ClientError::Refused { problem, .. } => problem.code.as_str(),
            _ => "",
        };
        if code == "no_playbook"
            && let Ok(known) = client.playbooks().await
        {
            let near =
                did_you_mean(&self.playbook, known.items.iter().map(|playbook| playbook.slug.as_str()));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`stanch playbooks list` shows all of them".to_owned(),
            };
            return Said::new(format!("there is no playbook {}", self.playbook))
                .help(help)
                .exit(Exit::No)
                .into();
        }
        let is_of_file = !matches!(code, "input" | "no_plan" | "plan_changed");
        match self.alert.as_deref().filter(|_| is_of_file) {
            Some(file) => of_file(Path::new(file), error),
            None => answer(error),
        }
    }
}
