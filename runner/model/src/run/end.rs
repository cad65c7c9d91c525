//! The bodies of the entries that tell how a run ends, and what is learned of it afterwards.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::body::{Decision, StepError};
use crate::{
    ids::RunId,
    target::{Containment, Ended},
};

/// `run.warned`: once, when a run has grown long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Warned {
    /// Entries that it has, those in branches of fan-outs not counted.
    pub entries: u64,
    /// At so many it parks as limited.
    pub most: u64,
}

/// `run.cancel`: sticky.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancelled {
    /// Who.
    pub who: String,
    /// Through what they spoke, as in [`Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// `run.undo`: what this run cut is taken back by another run; and again when that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Undo {
    /// The run that takes it back.
    pub run: RunId,
    /// Who asked for it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// Through what they spoke, as in [`Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// How that run ended, once it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// `wait.postponed`: a person lets a wait for a time last longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postponed {
    /// Which wait.
    pub wait: String,
    /// Until when now, Unix ms on the run's clock.
    pub due_ms: i64,
    /// Who.
    pub who: String,
    /// Through what they spoke, as in [`Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Why, in their words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// `run.ended`: what follows it is read back, or said by people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEnded {
    /// The first word.
    pub ended: Ended,
    /// The second word.
    pub containment: Containment,
    /// The error, for `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// Why the containment is not better, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// The script's last value, for a parent run.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
}

/// `run.contained`: the second word of an ended run, whose targets are known better by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contained {
    /// What it was.
    pub before: Containment,
    /// What it is now.
    pub containment: Containment,
    /// Why it is not better, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

/// A person settles what an ended run left open: posted to it, and journaled as a decision and the targets' new states.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settle {
    /// The targets at stake, `key verb`; none for a step without one.
    pub targets: Vec<String>,
    /// Who said what; its `wait` is the card, the step or the target as the person named it.
    pub decision: Decision,
}
