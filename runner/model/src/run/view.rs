//! The view of a run: a pure fold over its entries.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    body::{self, DeadlineStarted, Mode, StepError, kind},
    hold::{Hold, HoldView, Release},
    untold::Untold,
    wait::WaitView,
};
use crate::{
    entry::Entry,
    ids::{Address, RunId},
    target::{Containment, Effect, Ended, Target, TargetState},
};

/// Where a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// The script or a call is at work.
    #[default]
    Running,
    /// Parked: waits for a person, a time, a signal, a platform.
    Waiting,
    /// A person stopped it.
    Paused,
    /// A cap was reached.
    Limited,
    /// The script differs from this run's history.
    Diverged,
    /// It was running at two unclean stops and got nowhere between.
    Suspect,
    /// Over.
    Ended,
}

impl RunState {
    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        use RunState::{Diverged, Ended, Limited, Paused, Running, Suspect, Waiting};
        [Running, Waiting, Paused, Limited, Diverged, Suspect, Ended]
            .into_iter()
            .find(|state| state.as_str() == word)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Waiting => "waiting",
            RunState::Paused => "paused",
            RunState::Limited => "limited",
            RunState::Diverged => "diverged",
            RunState::Suspect => "suspect",
            RunState::Ended => "ended",
        }
    }
}

/// A step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepView {
    /// Where in the tree.
    pub address: Address,
    /// `call`, `each`, `note`, …
    pub op: String,
    /// `okta.revoke_app_token`, or the name given.
    pub name: String,
    /// Line and column.
    pub at: (u32, u32),
    /// For actions.
    pub effect: Option<Effect>,
    /// For actions on a target.
    pub target: Option<Target>,
    /// Attempts so far.
    pub attempts: u32,
    /// Next attempt, Unix ms, with the reason.
    pub deferred: Option<(i64, String)>,
    /// Number of branches.
    pub branches: usize,
    /// Branches done.
    pub branches_done: usize,
    /// True once it has an outcome.
    pub done: bool,
    /// Its error, if that was the outcome.
    pub error: Option<StepError>,
    /// `us`, `other`, `unknown`.
    pub by: String,
    /// For a list: why it may not have shown everything; empty when it did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub incomplete: String,
    /// Time of the first and of the last entry, RFC 3339.
    pub since: String,
    /// See `since`.
    pub until: String,
}

/// What is known of a cut target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetView {
    /// What.
    pub target: Target,
    /// By which verb.
    pub verb: String,
    /// The state.
    pub state: TargetState,
    /// For `residual`, Unix ms.
    pub until_ms: Option<i64>,
    /// When the platform accepted the cut, Unix ms on the run's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_ms: Option<i64>,
    /// Reason, proof or person.
    pub why: String,
    /// The step.
    pub address: Address,
    /// RFC 3339 of the last change.
    pub since: String,
    /// Set once the run released the cut: the state is what it was until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Release>,
}

impl TargetView {
    /// How it stands, in one word: its state, or what became of it since.
    pub fn word(&self) -> &'static str {
        self.released.as_ref().map_or_else(|| self.state.as_str(), |release| release.became.as_str())
    }
}

/// A run as its entries tell it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunView {
    /// The run.
    pub id: Option<RunId>,
    /// Slug.
    pub playbook: String,
    /// The manifest's title.
    pub title: String,
    /// Mode; `None` before `run.created`.
    pub mode: Option<Mode>,
    /// Input.
    pub input: Value,
    /// Alert.
    pub alert: Value,
    /// Incident.
    pub incident: Option<String>,
    /// Parent.
    pub parent: Option<RunId>,
    /// By whom.
    pub started_by: String,
    /// People who handed in an alert that it began from or heard of: they approve nothing of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handed_by: Vec<String>,
    /// RFC 3339.
    pub started: String,
    /// Where it stands.
    pub state: RunState,
    /// Why.
    pub why: String,
    /// Through what the person spoke who brought it there, if one did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
    /// Since when, RFC 3339.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// Until when, Unix ms.
    pub due_ms: Option<i64>,
    /// The last `phase(…)`.
    pub phase: String,
    /// Steps by address.
    pub steps: BTreeMap<Address, StepView>,
    /// Cut targets by `key verb`.
    pub targets: BTreeMap<String, TargetView>,
    /// Waits in order.
    pub waits: Vec<WaitView>,
    /// Claims on targets that can be given back, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<HoldView>,
    /// Runs that take back what this one cut, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undos: Vec<body::Undo>,
    /// Deadlines started.
    pub deadlines: Vec<DeadlineStarted>,
    /// Notes with their time.
    pub notes: Vec<(String, String)>,
    /// Pages that reached nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub untold: Vec<Untold>,
    /// Set once it has grown long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warned: Option<body::Warned>,
    /// A person cancelled it.
    pub cancelled: bool,
    /// Who did, through what, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<body::Cancelled>,
    /// The first word, once ended.
    pub ended: Option<Ended>,
    /// The second word, once ended.
    pub containment: Option<Containment>,
    /// Why not better.
    pub because: Vec<String>,
    /// The error of a failed run.
    pub error: Option<StepError>,
    /// Unclean stops survived.
    pub revived: u32,
    /// Version of the last entry folded.
    pub version: u64,
    /// Entries that were not readable by this build; never silently dropped.
    pub unknown_entries: u32,
}

impl RunView {
    /// The view of these entries.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut view = Self::default();
        entries.into_iter().for_each(|entry| view.apply(entry));
        view
    }

    /// Waits that are not closed.
    pub fn open_waits(&self) -> impl Iterator<Item = &WaitView> {
        self.waits.iter().filter(|wait| wait.closed.is_none())
    }

    /// Folds one more entry of this run's stream.
    pub fn apply(&mut self, entry: &Entry) {
        self.version = entry.header.version;
        if self.fold(entry).is_err() {
            self.unknown_entries += 1;
        }
    }

    fn fold(&mut self, entry: &Entry) -> Result<(), serde_json::Error> {
        let time = &entry.header.time;
        match entry.header.kind.as_str() {
            kind::CREATED => self.created(entry.decode()?, time),
            kind::LOCAL => self.local(entry.decode()?, time),
            kind::INTENT => self.intent(entry.decode()?, time),
            kind::DEFERRED => self.deferred(entry.decode()?, time),
            kind::OUTCOME => self.outcome(entry.decode()?, time),
            kind::BRANCH => self.branch(&entry.decode()?, time),
            kind::TARGET => self.target(entry.decode()?, time),
            kind::WAIT => self.wait(entry.decode()?, time),
            kind::ESCALATED => self.escalated(entry.decode()?),
            kind::REMINDED => self.reminded(entry.decode()?),
            kind::DECISION => self.decision(entry.decode()?),
            kind::CLOSED => self.closed(entry.decode()?, entry.header.version),
            kind::HOLD => self.hold(entry.decode()?, time),
            kind::UNDO => self.undo(entry.decode()?),
            kind::POSTPONED => self.postponed(&entry.decode()?),
            kind::SIGNAL => self.hear(&entry.decode()?),
            kind::DEADLINE => self.deadlines.push(entry.decode()?),
            kind::STATE => self.stands(entry.decode()?, time),
            kind::WARNED => self.warned = Some(entry.decode()?),
            kind::CANCEL => {
                self.cancelled = true;
                self.cancel = Some(entry.decode()?);
            }
            kind::REVIVED => self.revived += 1,
            kind::ENDED => self.over(entry.decode()?, time),
            kind::CONTAINED => self.contained(entry.decode()?),
            _ => {}
        }
        Ok(())
    }

    fn created(&mut self, body: body::Created, time: &str) {
        self.id = Some(body.run);
        self.playbook = body.playbook;
        self.title = body.title;
        self.mode = Some(body.mode);
        self.input = body.input;
        self.handed(&body.alert);
        self.alert = body.alert;
        self.incident = body.incident;
        self.parent = body.parent.map(|(run, _)| run);
        self.started_by = body.started_by;
        self.started = time.to_owned();
        self.since = time.to_owned();
    }

    fn local(&mut self, body: body::Local, time: &str) {
        self.untold.extend(Untold::of_local(&body, time));
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match body.op.as_str() {
            "phase" => self.phase = text(&body.value),
            "note" => self.notes.push((time.to_owned(), text(&body.value))),
            "find_user" => self.notes.extend(unheard(&body.value).map(|note| (time.to_owned(), note))),
            _ => {}
        }
        // What a search looks for, without where.
        let name = body.value.get("names").filter(|_| body.op.starts_with("find_")).unwrap_or(&body.value);
        let name = text(name);
        let step =
            StepView { done: true, ..StepView::new(body.address.clone(), body.op, name, body.at, time) };
        self.steps.insert(body.address, step);
    }

    fn intent(&mut self, body: body::Intent, time: &str) {
        let step = self
            .steps
            .entry(body.address.clone())
            .or_insert_with(|| StepView::new(body.address, body.op, body.name, body.at, time));
        step.attempts = body.attempt;
        step.deferred = None;
        time.clone_into(&mut step.until);
        if let Some(keys) = body.keys {
            step.branches = keys.len();
        }
        if let Some(call) = body.call {
            step.effect = Some(call.effect);
            step.target = call.target;
        }
    }

    fn deferred(&mut self, body: body::Deferred, time: &str) {
        if let Some(step) = self.steps.get_mut(&body.address) {
            step.deferred = Some((body.until_ms, body.why));
            time.clone_into(&mut step.until);
        }
    }

    fn outcome(&mut self, body: body::Outcome, time: &str) {
        if let Some(step) = self.steps.get_mut(&body.address) {
            step.done = true;
            step.deferred = None;
            step.error = body.error;
            step.by = body.by;
            step.incomplete = body.incomplete;
            time.clone_into(&mut step.until);
        }
    }

    fn branch(&mut self, body: &body::BranchDone, time: &str) {
        self.untold.extend(Untold::of_branch(body, time));
        let parent = body.address.as_str().rfind('[').and_then(|at| body.address.as_str()[..at].rfind('.'));
        let parent = parent.map(|at| Address::from_stored(&body.address.as_str()[..at]));
        if let Some(step) = parent.and_then(|address| self.steps.get_mut(&address)) {
            step.branches_done += 1;
        }
    }

    fn hold(&mut self, body: Hold, time: &str) {
        if let Some(release) = Release::of(&body, time)
            && let Some(target) = self.targets.get_mut(&format!("{} {}", body.target, body.property))
            && target.address == body.address
        {
            target.released = Some(release);
        }
        HoldView::fold(&mut self.holds, body, time);
    }

    fn target(&mut self, body: body::TargetEntry, time: &str) {
        let key = format!("{} {}", body.target.key(), body.verb);
        // Another cut of the same is another matter.
        let same = self.targets.get(&key).filter(|known| known.address == body.address);
        let released = same.and_then(|known| known.released.clone());
        let view = TargetView {
            target: body.target,
            verb: body.verb,
            state: body.state,
            until_ms: body.until_ms,
            accepted_ms: body.accepted_ms,
            why: body.why,
            address: body.address,
            since: time.to_owned(),
            released,
        };
        self.targets.insert(key, view);
    }

    fn stands(&mut self, body: body::StateEntry, time: &str) {
        if self.state != body.state {
            time.clone_into(&mut self.since);
        }
        self.state = body.state;
        self.why = body.why;
        self.channel = body.channel;
        self.due_ms = body.due_ms;
    }

    fn contained(&mut self, body: body::Contained) {
        self.containment = Some(body.containment);
        self.because = body.because;
    }

    fn over(&mut self, body: body::RunEnded, time: &str) {
        self.state = RunState::Ended;
        time.clone_into(&mut self.since);
        self.why.clear();
        self.channel.clear();
        self.due_ms = None;
        self.ended = Some(body.ended);
        self.containment = Some(body.containment);
        self.because = body.because;
        self.error = body.error;
    }
}

impl StepView {
    fn new(address: Address, op: String, name: String, at: (u32, u32), time: &str) -> Self {
        Self {
            address,
            op,
            name,
            at,
            effect: None,
            target: None,
            attempts: 0,
            deferred: None,
            branches: 0,
            branches_done: 0,
            done: false,
            error: None,
            by: String::new(),
            incomplete: String::new(),
            since: time.to_owned(),
            until: time.to_owned(),
        }
    }
}

/// What a search for a person says of the platforms that know nobody by what was looked for.
fn unheard(search: &Value) -> Option<String> {
    let texts = |key: &str| -> Vec<&str> {
        search.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let deaf = texts("deaf");
    let know = if deaf.len() == 1 { "knows" } else { "know" };
    let on = deaf.join(", ");
    let who = texts("names").join(", ");
    (!deaf.is_empty())
        .then(|| format!("{on} {know} people by login alone, so nobody was found there as {who}"))
}
