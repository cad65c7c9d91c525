//! What is kept of drills: the open improvements are said before one begins, its result is written down after it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;
use stanch_drill::{
    Improvement, Outcome,
    ledger::{self, Played},
    record::{self, Line},
};
use stanch_playbooks::Library;

use crate::out::Out;

/// The ledger that this drill belongs to.
pub(super) struct Kept {
    folder: Option<PathBuf>,
}

impl Kept {
    /// By the configuration that was named or is here, or the data folder of the environment.
    pub(super) fn at(config: Option<&Path>) -> Self {
        let data = std::env::var_os("STANCH_DATA").filter(|data| !data.is_empty()).map(PathBuf::from);
        Self { folder: crate::ledger::folder(config, data.as_deref()) }
    }

    /// Says what is open about a playbook, and gives it: this drill tests it first. What cannot be read is said, and stops
    /// nothing.
    pub(super) fn brief(&self, playbook: &str, out: Out) -> Vec<Improvement> {
        let Some(folder) = &self.folder else { return Vec::new() };
        let ledger = match ledger::read(folder) {
            Ok(ledger) => ledger,
            Err(error) => {
                out.aside(&format!("warning: {}: {error}", folder.display()));
                return Vec::new();
            }
        };
        let mut open = Vec::new();
        for item in ledger.open(playbook) {
            let one = &item.opened;
            if open.is_empty() {
                out.text(&format!("Open about {playbook}, and tested first:"));
            }
            let text = format!("{} {} ({}, by {})", one.number, one.text, one.owner, one.due);
            out.text(&format!("  {text}"));
            open.push(Improvement { text, that: one.that.clone() });
            out.line(&json!({ "beat": "improvement", "improvement": item }));
        }
        open
    }

    /// Writes its result down; what cannot be written is said, and changes no result. Gives the way to the report.
    pub(super) async fn keep(&self, outcome: &Outcome, library: &Library, out: Out) -> String {
        let data = Path::new(&outcome.data);
        if let (Some(folder), Some((playbook, version))) = (&self.folder, began(data)) {
            let owner = library.get(&playbook).map(|playbook| playbook.manifest.owner.clone());
            let played = Played {
                drill: &outcome.drill,
                playbook: &playbook,
                version: &version,
                owner: owner.as_deref().unwrap_or_default(),
                data,
                score: &outcome.score,
                now: Timestamp::now(),
            };
            if let Err(error) = ledger::keep(folder, played).await {
                out.aside(&format!("warning: the result is not kept: {}: {error}", folder.display()));
            }
        }
        format!(
            "\nstanch report {0} --format html --out report.html\nstanch journal verify --data {0}",
            outcome.data
        )
    }
}

/// The playbook and its version, as the drill began with them.
fn began(data: &Path) -> Option<(String, String)> {
    record::read(data).ok()?.into_iter().find_map(|line| match line {
        Line::Began { playbook, version, .. } => Some((playbook, version)),
        _ => None,
    })
}
