//! A normalised event in: a subset of an OCSF Detection Finding (class 2004).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::target::words;

words! {
    /// How bad, in order. OCSF `severity_id` 1 to 5 (6, fatal, reads as critical).
    Severity { /// 1
        Info = "info", /// 2
        Low = "low", /// 3
        Medium = "medium", /// 4
        High = "high", /// 5
        Critical = "critical" }
}

/// An alert after authentication and normalisation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Alert {
    /// The source's own id of the finding.
    pub id: String,
    /// The name under `alerts:` in the configuration.
    pub source: String,
    /// Ours, dotted: `app.token_misuse`, `credential.leaked`, `vendor.breach`, …
    pub kind: String,
    /// One line for people.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// When it happened, RFC 3339, by the source's clock.
    pub time: String,
    /// Who, if anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Which third-party application, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// From where, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Identity of this delivery: a redelivery has the same one and starts nothing.
    #[serde(default)]
    pub delivery: String,
    /// Alerts of one burst share it: they may join one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<String>,
    /// What the source sent, as JSON.
    #[serde(default)]
    pub raw: Value,
}
