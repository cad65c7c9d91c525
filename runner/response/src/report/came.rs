//! How an expectation came out, and who says otherwise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How an expectation came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    /// True in time, and at the end.
    Met,
    /// True, but after its time: half of the points.
    Late,
    /// True once, and no longer at the end.
    Lost,
    /// Never true.
    Missed,
    /// Not true yet, and it is not over.
    Open,
}

impl Came {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Late => "late",
            Self::Lost => "lost",
            Self::Missed => "missed",
            Self::Open => "open",
        }
    }
}

/// A person lets an expectation count as something else than was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Graded {
    /// What was computed.
    pub computed: Came,
    /// Who says otherwise.
    pub by: String,
    /// Why.
    pub why: String,
}
