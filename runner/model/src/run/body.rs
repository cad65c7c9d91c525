//! The bodies of the entries in a run's stream.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    ids::{Address, Hash, RunId},
    target::{Effect, InDoubt, Target, TargetState},
};

pub use super::end::{Cancelled, Contained, Postponed, RunEnded, Settle, Undo, Warned};
pub use super::stands::{Repinned, Revived, StateEntry};

/// The kinds of entries, as in [`crate::Header::kind`].
pub mod kind {
    /// [`super::Created`]
    pub const CREATED: &str = "run.created";
    /// [`super::Local`]: a step without an effect, done in one entry.
    pub const LOCAL: &str = "step.local";
    /// [`super::Intent`]
    pub const INTENT: &str = "step.intent";
    /// [`super::Deferred`]
    pub const DEFERRED: &str = "step.deferred";
    /// [`super::Outcome`]
    pub const OUTCOME: &str = "step.outcome";
    /// [`super::BranchDone`]
    pub const BRANCH: &str = "branch.done";
    /// [`super::TargetEntry`]
    pub const TARGET: &str = "target";
    /// [`crate::run::Hold`]
    pub const HOLD: &str = "hold";
    /// [`super::Undo`]
    pub const UNDO: &str = "run.undo";
    /// [`super::Postponed`]
    pub const POSTPONED: &str = "wait.postponed";
    /// [`super::WaitOpened`]
    pub const WAIT: &str = "wait.opened";
    /// [`super::Escalated`]
    pub const ESCALATED: &str = "wait.escalated";
    /// [`super::Reminded`]
    pub const REMINDED: &str = "wait.reminded";
    /// [`super::Decision`]
    pub const DECISION: &str = "wait.decision";
    /// [`super::WaitClosed`]
    pub const CLOSED: &str = "wait.closed";
    /// [`super::Signal`]
    pub const SIGNAL: &str = "signal";
    /// [`super::DeadlineStarted`]
    pub const DEADLINE: &str = "deadline.started";
    /// [`crate::run::GuardRead`]
    pub const GUARD: &str = "guard.read";
    /// [`super::StateEntry`]
    pub const STATE: &str = "run.state";
    /// [`super::Warned`]
    pub const WARNED: &str = "run.warned";
    /// [`super::Cancelled`]
    pub const CANCEL: &str = "run.cancel";
    /// [`super::Revived`]
    pub const REVIVED: &str = "run.revived";
    /// [`super::Repinned`]
    pub const REPINNED: &str = "run.repinned";
    /// [`crate::run::plan::Mark`]
    pub const MARK: &str = "plan.mark";
    /// [`super::DeadlineStarted`]: one that a plan does not start.
    pub const CLOCK: &str = "plan.clock";
    /// [`crate::run::plan::Planned`]
    pub const PLANNED: &str = "run.planned";
    /// [`super::RunEnded`]
    pub const ENDED: &str = "run.ended";
    /// [`super::Contained`]
    pub const CONTAINED: &str = "run.contained";
}

/// Live or rehearsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Real platforms.
    Live,
    /// Real reads, no writes.
    Plan,
    /// Twins.
    Drill,
}

/// What replay depends on, by hash.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pins {
    /// All playbook sources; they lie in the stream `playbook/<hash>`.
    pub playbook: Option<Hash>,
    /// Definition of every action that the manifest's `uses` can become, by `integration.action`.
    pub actions: BTreeMap<String, Hash>,
    /// Platform, base URL and tenant of every integration in reach, by name.
    pub integrations: BTreeMap<String, String>,
    /// The interpreter, `1.27.0`.
    pub rhai: String,
    /// The interpreter's limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Hash>,
    /// Version of the host calls.
    pub host_api: u32,
}

/// `run.created`: always the first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Created {
    /// This run.
    pub run: RunId,
    /// Slug.
    pub playbook: String,
    /// The manifest's title.
    pub title: String,
    /// See [`Mode`].
    pub mode: Mode,
    /// What the script sees as `input`.
    pub input: Value,
    /// What the script sees as `alert` (unit when started by hand).
    #[serde(default)]
    pub alert: Value,
    /// The incident it belongs to.
    #[serde(default)]
    pub incident: Option<String>,
    /// For a child run: parent and the step that started it.
    #[serde(default)]
    pub parent: Option<(RunId, Address)>,
    /// Depth of children, 0 for a run of its own.
    #[serde(default)]
    pub depth: u32,
    /// `alert:<source>`, or a person.
    pub started_by: String,
    /// Through what they spoke, as in [`Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// A trigger started it, or the run above it; not a person.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub triggered: bool,
    /// A trigger started it in mode `live`, and nobody had promoted this version: it stands before its first step until a
    /// person lets it go.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unpromoted: bool,
    /// See [`Pins`].
    pub pins: Pins,
    /// The plan that it is held to: it stops at the first effect that is not in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Hash>,
    /// In mode `plan`: the answers that it takes for given, by the address or the name of the question.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
}

/// `step.local`: `now`, `uuid`, `phase`, `note`, … — decided here, no effect outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Local {
    /// Where in the tree.
    pub address: Address,
    /// Name of the host call.
    pub op: String,
    /// Hash of the canonical arguments.
    pub args: Hash,
    /// Line and column in the script.
    pub at: (u32, u32),
    /// What the script gets.
    pub value: Value,
}

/// `step.intent`: durable before its effect starts; one for every attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Where in the tree.
    pub address: Address,
    /// `call` for an action; else the host call (`each`, `approve`, `settle`, …).
    pub op: String,
    /// `integration.action`, or the name given to the host call.
    pub name: String,
    /// Hash of the canonical arguments.
    pub args: Hash,
    /// Line and column in the script.
    pub at: (u32, u32),
    /// From 1.
    pub attempt: u32,
    /// For a fan-out: its keys in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
    /// For an action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<CallIntent>,
}

/// The part of an intent that tells of an effect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallIntent {
    /// Configured name.
    pub integration: String,
    /// Action name.
    pub action: String,
    /// See [`Effect`].
    pub effect: Effect,
    /// The verb by which the script called it, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<String>,
    /// Arguments, secrets as handles.
    pub input: Value,
    /// What is touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Idempotency key: H(run, address, generation).
    pub key: String,
    /// Who settles an unknown outcome.
    pub in_doubt: InDoubt,
    /// Captured state, where there is an undo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The resolved undo: action and arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Value>,
    /// Id of the approval that covers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// Version of the entry of this run that granted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted: Option<u64>,
    /// Versions of the `guard.read` entries by which the guards let it pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<u64>,
    /// When the request is given up, Unix ms.
    pub deadline_ms: i64,
}

/// `step.deferred`: this attempt is over (or was never sent); the next comes at `until_ms`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deferred {
    /// Where in the tree.
    pub address: Address,
    /// Attempt that ended so.
    pub attempt: u32,
    /// Unix ms on the run's clock.
    pub until_ms: i64,
    /// For people.
    pub why: String,
}

/// An error as the script sees it: `e.kind`, `e.message`; the kinds are listed with the host calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct StepError {
    /// `refused`, `forbidden`, `not_found`, `denied`, `expired`, `failed`, …
    pub kind: String,
    /// One line, no secrets.
    pub message: String,
    /// The platform's answer, for `refused`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Box<Target>>,
    /// For a fan-out: the errors of its branches by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, StepError>,
}

impl StepError {
    /// An error of this kind.
    pub fn new(kind: &str, message: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            message: message.into(),
            status: None,
            target: None,
            errors: BTreeMap::new(),
        }
    }
}

/// `step.outcome`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Where in the tree.
    pub address: Address,
    /// The attempt that brought it.
    pub attempt: u32,
    /// What the script gets; absent for an error.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
    /// What the script catches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// Who did it: `us`, `other`, `unknown`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// For a list: why it may not have shown everything; empty when it did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub incomplete: String,
}

/// `branch.done`: a branch of a fan-out ended and is not entered again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BranchDone {
    /// The branch.
    pub address: Address,
    /// Its value.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
    /// Its error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
}

/// `target`: what is now known of a cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetEntry {
    /// What.
    pub target: Target,
    /// By which verb, or `integration.action`.
    pub verb: String,
    /// The state.
    pub state: TargetState,
    /// For `residual`: until when, Unix ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// When the platform accepted the cut, Unix ms on the run's clock: grace and residual count from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_ms: Option<i64>,
    /// The step that cut it.
    pub address: Address,
    /// For people: the reason, the proof, the person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// `wait.opened`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitOpened {
    /// `A1`, `Q2`, `M1`, `D1`, …: unique in the run.
    pub wait: String,
    /// What kind.
    pub wait_kind: super::wait::WaitKind,
    /// The step that waits; for a shared card the fan-out or the main line.
    pub address: Address,
    /// The name in the script, which names the policy in the manifest.
    pub name: String,
    /// The question.
    pub text: String,
    /// The answers that can be given, if they are fixed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// What it covers or concerns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// Groups or people asked now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ask: Vec<String>,
    /// Who is asked next, the last being the decision.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ladder: Vec<String>,
    /// How many distinct people must say yes.
    #[serde(default = "one")]
    pub of: u32,
    /// Each rung of the ladder has this long, ms.
    #[serde(default)]
    pub within_ms: i64,
    /// Unix ms on the run's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
    /// True for the card that the engine raises for effects that no approval covers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub card: bool,
}

fn one() -> u32 {
    1
}

/// `wait.escalated`: nobody answered, or somebody did not want to wait for that; others are asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escalated {
    /// Which wait.
    pub wait: String,
    /// Who is asked now.
    pub ask: Vec<String>,
    /// What is left of the ladder.
    pub ladder: Vec<String>,
    /// The new due time, Unix ms, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<i64>,
    /// Who asked them; nobody where the time was up.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Through what they spoke, as in [`Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
}

/// `wait.reminded`: those who are asked are told once more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reminded {
    /// Which wait.
    pub wait: String,
    /// Who reminds them.
    pub who: String,
    /// Through what they spoke, as in [`Decision::channel`]; empty where nobody did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Who is meant, of those who may answer; all of them where nobody is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// Unix ms.
    pub at_ms: i64,
}

/// `wait.decision`: a person spoke.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Which wait.
    pub wait: String,
    /// Who.
    pub who: String,
    /// `approve`, `deny`, `done`, `retry`, `skip`, `abort`, or an option.
    pub say: String,
    /// `api`, `cli`, `tui`, `slack`, …
    pub channel: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Unix ms.
    pub at_ms: i64,
    /// Said alone, by somebody who was not asked or may not be enough.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
    /// Said by somebody of a later rung of the ladder, before that rung was asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub early: bool,
}

/// `wait.closed`: exactly one for every wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitClosed {
    /// Which wait.
    pub wait: String,
    /// The answer: `approve`, `deny`, `done`, …, an option, `due` for a timer.
    pub say: String,
    /// `person`, `expired`, `pre_approved`, `clock`, `signal`, `child`.
    pub by: String,
    /// The people, joined.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub who: String,
    /// A signal's data, a child's result.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
    /// Unix ms.
    pub at_ms: i64,
}

/// `signal`: something for `wait_for`, kept when it comes early.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Name, `vendor.replied`, `alert`.
    pub name: String,
    /// Data.
    pub data: Value,
}

/// `deadline.started`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadlineStarted {
    /// Id in the deadlines table.
    pub deadline: String,
    /// For people.
    pub title: String,
    /// Whom it is owed to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// RFC 3339.
    pub anchor: String,
    /// RFC 3339.
    pub due: String,
}
