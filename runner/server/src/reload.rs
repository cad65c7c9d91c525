//! Reading the configuration anew while the server works. A file with mistakes changes nothing.
//!
//! What can be taken up at once is; what is bound at the start (integrations, alert sources, listeners, copies, files of
//! playbooks) stays as it was, and is named.

use serde_json::json;
use stanch_model::{Hash, api::Reloaded, config::Config, value::canonical};

use crate::{app::App, house, ledger::Ledger};

/// The parts of the configuration that are looked up whenever they are needed.
const AT_ONCE: [&str; 10] = [
    "attention",
    "break_glass",
    "caps",
    "evidence",
    "people",
    "promote",
    "protect",
    "retention",
    "tell",
    "two_person",
];

/// The stream of configurations that were in force.
const STREAM: &str = "config";

/// Why the configuration was not read anew.
#[derive(Debug, thiserror::Error)]
pub enum NotReloaded {
    /// This server was started without files.
    #[error("this server has no configuration file to read")]
    NoFile,
    /// The file has mistakes.
    #[error("{}", .0.join("\n"))]
    Mistakes(Vec<String>),
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] stanch_journal::JournalError),
}

/// Reads the configuration anew, takes up what can be, and writes down who asked and what is in force.
///
/// # Errors
/// When it has mistakes, which are written down too, or the journal refuses: nothing has changed then.
pub(crate) async fn reload(app: &App, by: &str) -> Result<Reloaded, NotReloaded> {
    let reader = app.files.reader().ok_or(NotReloaded::NoFile)?;
    let _one_at_a_time = app.reloading.lock().await;
    let read = tokio::task::spawn_blocking(move || reader()).await;
    let ledger = Ledger::new(app.journal.clone(), STREAM);
    let read = read.unwrap_or_else(|error| Err(vec![error.to_string()]));
    let (config, mut reloaded) =
        match read.and_then(|read| merged(&app.config, read).map_err(|why| vec![why])) {
            Ok(merged) => merged,
            Err(mistakes) => {
                tracing::warn!(by, ?mistakes, "the configuration is not reloaded; the old one is in force");
                ledger.append("config.refused", &json!({ "by": by, "mistakes": mistakes })).await?;
                return Err(NotReloaded::Mistakes(mistakes));
            }
        };
    by.clone_into(&mut reloaded.by);
    if reloaded.changed.is_empty() && reloaded.restart.is_empty() {
        app.files.read_anew();
        return Ok(reloaded);
    }
    ledger.append("config.reloaded", &reloaded).await?;
    house::began_with(&config, app.journal.clone(), by.to_owned(), app.now()).await?;
    app.config.adopt(config);
    if reloaded.restart.is_empty() {
        app.files.read_anew();
    }
    Ok(reloaded)
}

/// The configuration that will be in force, and how it differs from the one that is.
fn merged(old: &Config, new: Config) -> Result<(Config, Reloaded), String> {
    let text = |error: serde_json::Error| error.to_string();
    let (mut merged, new) =
        (serde_json::to_value(old).map_err(text)?, serde_json::to_value(new).map_err(text)?);
    let mut reloaded = Reloaded::default();
    for (part, value) in new.as_object().into_iter().flatten() {
        if merged.get(part) == Some(value) {
            continue;
        }
        if AT_ONCE.contains(&part.as_str()) {
            reloaded.changed.push(part.clone());
            merged[part] = value.clone();
        } else {
            reloaded.restart.push(part.clone());
        }
    }
    reloaded.hash = Hash::of(canonical(&merged).as_bytes()).to_string();
    Ok((serde_json::from_value(merged).map_err(text)?, reloaded))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn config(yaml: &str) -> Config {
        stanch_model::yaml::read("stanch.yaml", yaml, "CF0001").unwrap()
    }

    #[test]
    fn what_can_be_taken_up_is_and_the_rest_stays_as_it_was_and_is_named() {
        let old = config("people: { groups: { lead: [ana] } }\nserver: { listen: 127.0.0.1:1 }");
        let new = config(
            "people: { groups: { lead: [ben] } }\nserver: { listen: 127.0.0.1:2 }\nprotect: [{ tag: payroll }]",
        );
        let (merged, reloaded) = merged(&old, new.clone()).unwrap();
        assert_eq!(reloaded.changed, ["people", "protect"]);
        assert_eq!(reloaded.restart, ["server"]);
        assert_eq!((merged.people, merged.protect), (new.people, new.protect));
        assert_eq!(merged.server, old.server);
    }

    #[test]
    fn every_part_that_is_taken_up_at_once_is_one() {
        let all: serde_json::Value = serde_json::to_value(Config::default()).unwrap();
        for part in AT_ONCE {
            assert!(all.get(part).is_some(), "the configuration has no `{part}`");
        }
    }
}
