//! One life as the parent sees it: what the child said before it died or ended.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The end of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Its id.
    pub run: String,
    /// The first word.
    pub ended: String,
    /// The second word.
    pub containment: String,
    /// State by target and verb.
    pub targets: BTreeMap<String, String>,
    /// Wait and answer, in order.
    pub decisions: Vec<(String, String)>,
    /// Runs in the whole journal.
    pub runs: usize,
    /// Signals in the run.
    pub signals: usize,
    /// Unclean stops survived.
    pub revived: u32,
    /// Entries in the whole journal.
    pub entries: u64,
    /// Appends and posts of this life.
    pub appends: u64,
}

/// What the parent learned from one life.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// The run that the alert's acknowledgement named.
    pub acknowledged: Option<String>,
    /// True when the acknowledgement called the alert a redelivery.
    pub duplicate: bool,
    /// Waits answered and thanked for, with the answer.
    pub thanked: Vec<(String, String)>,
    /// Questions about what may have happened, among them.
    pub doubts: usize,
    /// Times that the run stood as suspect.
    pub suspect: usize,
    /// The end, if this life reached it.
    pub report: Option<Report>,
    /// Why the life ended otherwise than by its end or a kill.
    pub lost: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// All that it wrote to stdout and stderr.
    pub said: String,
}

impl Life {
    /// Reads the child's lines.
    pub(crate) fn read(stdout: &str) -> Self {
        let mut life = Self::default();
        for line in stdout.lines() {
            // The last line may be cut off by the kill.
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            if let Some(run) = line["run"].as_str() {
                life.acknowledged = Some(run.to_owned());
                life.duplicate = line["duplicate"] == true;
            }
            if let Some(wait) = line["thanked"].as_str() {
                life.thanked.push((wait.to_owned(), line["say"].as_str().unwrap_or_default().to_owned()));
                life.doubts += usize::from(line["doubt"] == true);
            }
            life.suspect += usize::from(line["suspect"].is_string());
            if let Ok(report) = serde_json::from_value(line["report"].clone()) {
                life.report = Some(report);
            }
        }
        life
    }
}
