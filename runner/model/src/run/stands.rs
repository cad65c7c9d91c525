//! The bodies of the entries that tell how a run stands: parked or on its way, found after an unclean stop, pinned anew.

use serde::{Deserialize, Serialize};

use super::{body::Pins, view::RunState};

/// `run.state`: parked, paused, on the way again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateEntry {
    /// The state.
    pub state: RunState,
    /// What it waits for, or why it stands.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// Until when, Unix ms, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
    /// By whom, when a person did it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// Through what they spoke, as in [`super::body::Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
}

impl StateEntry {
    /// A state that nobody brought about.
    pub fn of(state: RunState, why: impl Into<String>) -> Self {
        Self { state, why: why.into(), due_ms: None, who: String::new(), channel: String::new() }
    }
}

/// `run.revived`: found running after an unclean stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revived {
    /// The epoch that found it.
    pub epoch: u64,
}

/// `run.repinned`: from now on the run follows these pins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repinned {
    /// The new pins.
    pub pins: Pins,
    /// By whom.
    pub who: String,
    /// Through what they spoke, as in [`super::body::Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
}
