//! What is dropped from a journal and what is held, and reading the configuration anew.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /v1/retention`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetainBody {
    /// What ended longer ago than this: `400d`.
    pub older_than: String,
    /// Only tell what would be dropped.
    #[serde(default)]
    pub dry_run: bool,
}

/// What retention dropped, or would.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Retained {
    /// Bodies that were dropped; 0 where it was only looked.
    pub bodies: u64,
    /// Incidents, with everything that belongs to them.
    pub incidents: Vec<String>,
    /// Runs, those of incidents included.
    pub runs: Vec<String>,
    /// Alerts.
    pub alerts: u64,
    /// Pieces of evidence in files.
    pub payloads: u64,
    /// Secrets in the vault.
    pub secrets: u64,
    /// Incidents that are old enough and stay, because a legal hold covers them.
    pub held: Vec<String>,
    /// Runs among the dropped that still held what they cut: `undo` knows them no more.
    pub holding: Vec<String>,
}

/// A legal hold: nothing of this incident is dropped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LegalHold {
    /// The incident.
    pub incident: String,
    /// Who said so.
    pub by: String,
    /// Why.
    pub reason: String,
    /// RFC 3339.
    pub since: String,
}

/// Putting a legal hold on an incident, or taking it off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LegalHoldBody {
    /// Why.
    pub reason: String,
}

/// What became of reading the configuration anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reloaded {
    /// Who asked.
    pub by: String,
    /// Hash of the configuration that is in force now.
    pub hash: String,
    /// The parts that changed and are in force.
    pub changed: Vec<String>,
    /// The parts that changed and take a restart.
    pub restart: Vec<String>,
}
