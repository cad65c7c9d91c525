//! What a run or a plan is started from, and what it is called then.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::alert::AlertBody;

/// Starts a run by hand.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartBody {
    /// The playbook's slug.
    pub playbook: String,
    /// Its input.
    #[serde(default)]
    pub input: serde_json::Map<String, Value>,
    /// The incident that it belongs to; a new one otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// The alert that it starts from: inputs that are not given come from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertBody>,
    /// Instead of `alert`: what an alert source sends, read as that source's deliveries are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// The hash of a plan, or its first digits: the run does what the plan says and stops at anything else. Inputs that are
    /// not given, and the alert, are the plan's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
}

/// Plans a run: says what it would do, and does nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanBody {
    /// The playbook's slug.
    pub playbook: String,
    /// Its input.
    #[serde(default)]
    pub input: serde_json::Map<String, Value>,
    /// The alert that it would start from, as in [`StartBody`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertBody>,
    /// Instead of `alert`, as in [`StartBody`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// The hash of a plan to be made anew: inputs that are not given, and the alert, are its own. Refused when what it
    /// depends on has changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<String>,
    /// The answers that it is for, by the address or the name of the question; the plan's own where it is made anew.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub answers: std::collections::BTreeMap<String, String>,
}

/// What an alert source sends, handed in by a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Its name under `alerts:`.
    pub source: String,
    /// The body of its request.
    pub body: Value,
}

/// A run that was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Started {
    /// Its id.
    pub run: String,
    /// The incident that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}
