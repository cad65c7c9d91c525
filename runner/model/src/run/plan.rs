//! A plan: what a run in mode `plan` found that it would do, its hash, and the entries that only such runs have.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    body::{DeadlineStarted, Mode, Pins, StepError},
    view::{RunState, RunView},
    wait::WaitView,
};
use crate::{
    ids::{Address, Hash, RunId},
    target::{Effect, Ended, Target, words},
    value,
};

words! {
    /// On what a part of a plan rests.
    Surety {
        /// On a change that the plan does not make: the proof's own claim is taken for it.
        Assumed = "assumed",
        /// On something that nobody can know before: an answer, a signal, what turns up later.
        NotKnown = "not_known",
    }
}

/// `plan.mark`: what a step of a plan gave is not what the world says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mark {
    /// The step.
    pub address: Address,
    /// Line and column in the script.
    pub at: (u32, u32),
    /// `ask`, `settle`, `call`, …
    pub op: String,
    /// The action, or the name in the script.
    pub name: String,
    /// See [`Surety`].
    pub surety: Surety,
    /// For people: what was taken instead, and why.
    pub why: String,
}

impl Mark {
    /// Whether all that comes after it may come otherwise.
    pub fn forks(&self) -> bool {
        self.surety == Surety::NotKnown && self.op != "call"
    }
}

/// An effect as plans compare it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct ActLine {
    /// The action's name.
    pub action: String,
    /// The integration's name.
    pub integration: String,
    /// The target's key; for a message whom it goes to; empty for what touches nothing that has a name.
    pub target: String,
    /// See [`Effect`].
    pub effect: Effect,
}

impl ActLine {
    /// Of a call with this input.
    pub fn new(
        integration: &str,
        action: &str,
        effect: Effect,
        target: Option<&Target>,
        input: &Value,
    ) -> Self {
        let target = target.map_or_else(|| recipient(input), Target::key);
        Self { action: action.to_owned(), integration: integration.to_owned(), target, effect }
    }

    /// As a target, for cards: what has none of its own is its recipient.
    pub fn as_target(&self) -> Target {
        let (integration, id) = (self.integration.clone(), self.target.clone());
        Target { integration, kind: "recipient".to_owned(), id, label: String::new(), attrs: BTreeMap::new() }
    }
}

impl std::fmt::Display for ActLine {
    /// `okta.revoke_grant on okta/grant/1`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.integration, self.action)?;
        if self.target.is_empty() { Ok(()) } else { write!(f, " on {}", self.target) }
    }
}

/// Whom a message goes to, by the arguments that messages have.
fn recipient(input: &Value) -> String {
    let named = ["to", "channel"].iter().find_map(|name| input.get(*name)?.as_str());
    named.unwrap_or_default().to_owned()
}

/// A run that a plan starts below its own, as plans compare it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Start {
    /// The playbook's slug.
    pub playbook: String,
    /// Hash of the input that it is given.
    pub input: Hash,
}

/// The hash of a plan: over its effects, each once and in order, and over what a replay depends on; over the answers that it
/// is for, and the runs that it starts, where there are any.
pub fn hash(
    acts: &BTreeSet<ActLine>,
    pins: &Pins,
    answers: &BTreeMap<String, String>,
    starts: &BTreeSet<Start>,
) -> Hash {
    let acts: Vec<Value> =
        acts.iter().map(|act| json!([act.action, act.integration, act.target, act.effect])).collect();
    if answers.is_empty() && starts.is_empty() {
        return value::hash_of(&json!([acts, pins]));
    }
    value::hash_of(&json!([acts, pins, answers, starts]))
}

/// `plan.kept`, the one entry of the stream `plan/<hash>`: what a run that executes the plan is held to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptPlan {
    /// The run that found it first.
    pub run: RunId,
    /// Slug.
    pub playbook: String,
    /// Whose platforms it was made on: real ones (`live`) or simulated ones (`drill`).
    pub ground: Mode,
    /// The input of that run.
    pub input: Value,
    /// Its alert.
    #[serde(default)]
    pub alert: Value,
    /// What it would do.
    pub acts: BTreeSet<ActLine>,
    /// What it depends on.
    pub pins: Pins,
    /// The answers to questions that it is for, by address or name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    /// The runs that it starts; not known of plans of earlier programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<BTreeSet<Start>>,
}

impl KeptPlan {
    /// Its hash.
    pub fn hash(&self) -> Hash {
        let none = BTreeSet::new();
        hash(&self.acts, &self.pins, &self.answers, self.starts.as_ref().unwrap_or(&none))
    }
}

/// `run.planned`: the plan is whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// Its hash.
    pub hash: Hash,
}

/// One thing that would be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedAct {
    /// The playbook that does it: this one's, or that of a run below it.
    pub playbook: String,
    /// The step.
    pub address: Address,
    /// Line and column in the script.
    pub at: (u32, u32),
    /// The phase that it falls into.
    pub phase: String,
    /// The integration's name.
    pub integration: String,
    /// The action's name.
    pub action: String,
    /// The action's title, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// What it does to the world.
    pub effect: Effect,
    /// What it touches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// Whom it tells, where it touches no target.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// The call that would take it back, with everything filled in; none where nothing does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Value>,
    /// The approval that covers it, `A1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
    /// The platform has no API for it: a person does it.
    #[serde(default)]
    pub by_hand: bool,
    /// It is so already, as a read before it showed.
    #[serde(default)]
    pub already: bool,
    /// A read would prove it afterwards.
    #[serde(default)]
    pub proven: bool,
    /// How long what was issued before lives on after it, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual_ms: Option<u64>,
    /// What it follows from that nobody can know yet: names of questions and waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follows: Vec<String>,
}

impl PlannedAct {
    /// As plans compare it.
    pub fn line(&self) -> ActLine {
        let target = self.target.as_ref().map_or_else(|| self.to.clone(), Target::key);
        let (action, integration) = (self.action.clone(), self.integration.clone());
        ActLine { action, integration, target, effect: self.effect }
    }

    /// True for what takes access away.
    pub fn is_cut(&self) -> bool {
        matches!(self.effect, Effect::Reversible | Effect::Permanent)
    }
}

/// Something that would wait for people: an approval, a question, a manual step, a guard.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PlannedWait {
    /// The playbook that asks.
    pub playbook: String,
    /// The phase that it falls into.
    pub phase: String,
    /// The people who would be asked first: those of its groups by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// What is asked and of whom; `closed.by` is `pre_approved` where the manifest says yes by itself, else `assumed`.
    pub wait: WaitView,
}

/// A target that the run comes to and would not cut.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// What.
    pub target: Target,
    /// The verb.
    pub verb: String,
    /// Why not.
    pub why: String,
}

/// By integration: each scope, and the actions that need it.
pub type Scopes = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// A plan in full.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// The run in mode `plan` behind it.
    pub run: String,
    /// Slug.
    pub playbook: String,
    /// The manifest's title.
    pub title: String,
    /// The input that it was made with.
    pub input: Value,
    /// The answers to questions that it is for, by address or name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, String>,
    /// The runs that it would start.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub starts: BTreeSet<Start>,
    /// When its run began, RFC 3339.
    pub started: String,
    /// Where its run stands.
    pub state: RunState,
    /// Why it stands so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// How the script ended; a plan of a run that would fail ends `failed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// The error that it would fail with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// `stanch run … --plan HASH`; once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Hash>,
    /// What would be done, in order.
    pub acts: Vec<PlannedAct>,
    /// Who would be asked what, in order.
    pub waits: Vec<PlannedWait>,
    /// What it would leave as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The notification clocks that it would start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deadlines: Vec<DeadlineStarted>,
    /// What is assumed, and what is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// The reads that it made, by action: how many.
    pub reads: BTreeMap<String, u64>,
    /// Notices and pages that would reach nobody: which, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<String>,
    /// Lists that may not have shown everything, and reads that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// The scopes that the run needs.
    pub scopes: Scopes,
}

impl Plan {
    /// Its effects as plans compare them.
    pub fn lines(&self) -> BTreeSet<ActLine> {
        self.acts.iter().map(PlannedAct::line).collect()
    }

    /// What its run's view tells of it.
    pub(super) fn of_view(&mut self, view: &RunView) {
        self.run = view.id.as_ref().map(ToString::to_string).unwrap_or_default();
        self.playbook.clone_from(&view.playbook);
        self.title.clone_from(&view.title);
        self.input = view.input.clone();
        self.started.clone_from(&view.started);
        (self.state, self.ended) = (view.state, view.ended);
        self.why.clone_from(&view.why);
        self.error.clone_from(&view.error);
    }
}
