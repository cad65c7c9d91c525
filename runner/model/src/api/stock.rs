//! What there is to work with: playbooks, vendors, integrations.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{diagnostic::Diagnostic, target::words};

/// A playbook that can be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaybookSummary {
    /// Its slug.
    pub slug: String,
    /// One line.
    pub title: String,
    /// Who keeps it.
    pub owner: String,
    /// When it was last reviewed.
    pub reviewed: String,
    /// Hash of its sources.
    pub version: String,
    /// The conditions that start it.
    pub starts_when: Vec<String>,
    /// What it is given when it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub input: Vec<PlaybookInput>,
    /// When it was last drilled; nothing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drilled: Option<Drilled>,
    /// What people made of exactly this version; nothing where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
}

/// Something that a playbook is given when it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaybookInput {
    /// Its name.
    pub name: String,
    /// The word of its type in the manifest: `app`, `user`, `time`, `string`, `integer`, `bool`, `vendor`, `list`, `secret`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub help: String,
    /// A run without it is refused.
    #[serde(default)]
    pub required: bool,
    /// What it is unless somebody says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<serde_json::Value>,
}

words! {
    /// How far a version of a playbook has come.
    Stage {
        /// Nobody has said anything of it: it starts by hand, in plans and in drills.
        Draft = "draft",
        /// Somebody has read it and stands for it.
        Reviewed = "reviewed",
        /// Alerts may start it in mode `live`.
        Promoted = "promoted",
    }
}

/// What people made of a version of a playbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Standing {
    /// How far it has come.
    pub stage: Stage,
    /// Who reviewed it, in order; `key NAME` where a signature did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reviewed_by: Vec<String>,
    /// Who promoted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promoted_by: Option<String>,
    /// Why one person alone did both, in their own words; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alone: String,
}

/// What somebody makes of a version of a playbook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JudgeBody {
    /// The version that is meant, or its first 8 digits; the one that the server has unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// For a promotion of what oneself reviewed, or nobody: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alone: Option<String>,
    /// For a promotion: a signature that stands for the review.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// A signature over a playbook's name and version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// `ed25519:` and the public key, Base64.
    pub key: String,
    /// Base64.
    pub value: String,
}

/// When a playbook was last drilled, and how that came out: in the version that is there, or else in any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drilled {
    /// The scenario.
    pub drill: String,
    /// When, RFC 3339.
    pub at: String,
    /// Points.
    pub score: u32,
    /// All that there were.
    pub of: u32,
    /// Whether it was enough.
    pub passed: bool,
    /// Hash of the playbook's sources then.
    pub version: String,
    /// What changed since: the result says nothing of what is there now. Empty when nothing did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<String>,
    /// Improvements about the playbook that are open.
    #[serde(default)]
    pub open: usize,
}

/// A playbook as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaybookSource {
    /// Its slug.
    pub slug: String,
    /// Hash of its sources.
    pub version: String,
    /// Every file that a replay depends on, by path: `playbook.yaml`, `main.rhai`, templates.
    pub files: BTreeMap<String, String>,
    /// What is wrong with it, given the integrations, groups and channels that are configured; empty for a run's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Diagnostic>,
}

/// An entry of the vendor register.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VendorView {
    /// Its name in the register.
    pub slug: String,
    /// For people.
    pub name: String,
    /// The ids and names under which platforms know its apps.
    pub apps: Vec<String>,
    /// Whom to tell, first rung first, each in one line: name, mail, phone.
    pub contacts: Vec<String>,
    /// How soon the contract wants notice, with the clause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notify_within: Option<String>,
    /// What it is for: what stops working when it is cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// What it holds of ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<String>,
    /// Who in the house answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// How much hangs on it, 1 the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<u8>,
    /// Anything else worth knowing at 3am.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The whole entry, as `stanch schema vendors` describes it.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub entry: serde_json::Value,
    /// What of it is overdue, unchecked or missing today, the worst first; no platform is read for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub look_at: Vec<VendorFinding>,
}

words! {
    /// How bad something in the register is.
    VendorWeight {
        /// It must be mended.
        Wrong = "wrong",
        /// Good today, and not for long; or better otherwise.
        Soon = "soon",
    }
}

/// Something in an entry of the register that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VendorFinding {
    /// How bad.
    pub weight: VendorWeight,
    /// `ended`, `access`, `contact`, `attestation`, `review` or `clause`.
    pub about: String,
    /// For people.
    pub words: String,
}

/// One vendor, with what happened around it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VendorPage {
    /// The entry.
    pub vendor: VendorView,
    /// The incidents whose runs or clocks concern it, newest first, of the newest ones.
    pub incidents: Vec<super::IncidentSummary>,
    /// The runs that concern it, newest first, of the newest ones.
    pub runs: Vec<super::RunSummary>,
}

/// How an integration has been since the server started.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IntegrationHealth {
    /// Calls that came back, whatever they brought.
    pub calls: u64,
    /// Those among them that brought no answer, or a no that was not expected.
    pub failed: u64,
    /// How long the last calls took, oldest first, in milliseconds.
    pub latency_ms: Vec<u64>,
    /// The last trouble, in words, and when (Unix ms).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<(i64, String)>,
    /// Requests a second that it may get, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Calls that are out now, and how many may be at one time.
    pub in_flight: (usize, usize),
    /// Requests that are left of its budget and how many it may hold, as far as it tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<(u64, u64)>,
    /// It asked for a pause until then, Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_until_ms: Option<i64>,
}

/// A configured integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IntegrationSummary {
    /// Its name in scripts, screens and journal.
    pub name: String,
    /// The platform's slug.
    pub platform: String,
    /// How many actions it knows.
    pub actions: usize,
    /// True while a person holds it back.
    pub paused: bool,
    /// How it has been.
    #[serde(default)]
    pub health: IntegrationHealth,
}
