//! One run in memory: what its entries say, and what is on the way.
//!
//! Every change goes through [`Live::record`], which folds an entry and queues it for the journal: there is no state here
//! that a replay of the entries would not bring back, but for [`Act`]s and [`Proof`]s, which a restart begins anew.

use std::{collections::BTreeMap, sync::Arc};

mod fold;
mod lines;
mod step;

pub(crate) use lines::Lines;
pub(crate) use step::{Done, Step};

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use serde_json::Value;
use stanch_journal::{Blob, Row};
use stanch_model::{
    Address, NewEntry, RunId, StreamId,
    catalog::ActionInfo,
    run::{
        RunView, StepError,
        body::{self, Created, kind},
        hold::Claim,
    },
};
use stanch_playbooks::Playbook;

use crate::{
    act::{Act, Proof},
    guard::{self, Counted},
    host::{back, undo},
    intake::Birth,
};
use step::Words;

/// Why the script is leaving.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Leave {
    /// This branch waits; its fan-out catches it.
    Branch,
    /// Nothing can move for a while.
    Park,
    /// A person paused it, or a scope that it lies in.
    Paused(String),
    /// A person cancelled it.
    Cancelled,
    /// Not what the history says.
    Diverged(String),
    /// More than a run may do.
    Limited(String),
    /// It did what it may not, or too much: no `catch` helps.
    Fatal(StepError),
}

/// A place in the tree where steps are counted.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) address: Address,
    pub(crate) ordinal: u32,
}

/// What goes down in one append.
pub(crate) struct Out {
    pub(crate) entries: Vec<NewEntry>,
    pub(crate) row: Option<Row>,
    pub(crate) folds: Vec<String>,
    pub(crate) blobs: Vec<Blob>,
    pub(crate) incident: Vec<Value>,
    pub(crate) claims: Vec<Claim>,
    pub(crate) births: Vec<Birth>,
}

/// A run in memory.
pub(crate) struct Live {
    pub(crate) id: RunId,
    pub(crate) stream: StreamId,
    pub(crate) created: Created,
    pub(crate) playbook: Arc<Playbook>,
    pub(crate) view: RunView,
    pub(crate) steps: HashMap<Address, Step>,
    pub(crate) branches: HashMap<Address, Done>,
    pub(crate) signals: Vec<body::Signal>,
    pub(crate) version: u64,
    /// Entries outside fan-outs, and in the branches that have not ended: what the limit counts.
    pub(crate) lines: Lines,

    pub(crate) frames: Vec<Frame>,
    /// How many fan-outs lie around the current place.
    pub(crate) fans: u32,
    pub(crate) leaving: Option<Leave>,
    /// Branches that were entered in this life and wait.
    pub(crate) entered: HashSet<Address>,
    /// Something happened since the script last looked.
    pub(crate) stirred: bool,
    /// Addresses inside fan-outs at which something happened since they last looked, numbered as they came.
    pub(crate) dirty: Vec<(u64, Address)>,
    /// Number of the last of them.
    pub(crate) dirt: u64,
    pub(crate) acts: HashMap<Address, Act>,
    /// Acts that the shard has not looked at.
    pub(crate) fresh: Vec<Address>,
    pub(crate) proofs: BTreeMap<String, Proof>,
    /// Targets that a list of this run has shown.
    pub(crate) seen: HashSet<String>,
    /// Operations of the interpreter at the last fresh step.
    pub(crate) operations_mark: u64,
    pub(crate) operations_slice: u64,
    /// Targets that granted approvals cover, whether two people said yes, and how many closed waits that was computed from.
    pub(crate) covered: HashMap<String, (String, bool)>,
    pub(crate) covered_waits: usize,
    /// When this life took the run up, by the run's clock; `None` for a run that it created.
    pub(crate) resumed_ms: Option<i64>,
    /// Calls by target that a closed card said no to and that are not skipped yet.
    pub(crate) denied: HashMap<String, u32>,
    /// What the guards count; counted when a guard asks for the first time.
    pub(crate) guarded: Option<Counted>,
    /// What the guards have read.
    pub(crate) known: guard::Known,
    /// Child runs to be started: id, playbook, input, the step.
    pub(crate) children: Vec<(RunId, String, Value, Address)>,
    /// A person let it go although nobody had promoted its version.
    pub(crate) let_go: bool,
    /// It has started a child run.
    pub(crate) has_children: bool,
    /// Entries on the main line that count for the runs above already.
    pub(crate) told: u64,
    /// The script is only compared with the history: nothing fresh happens.
    pub(crate) rehearsing: bool,
    /// The script's last value.
    pub(crate) value: Value,
    /// Something was cut by hand after the end: no list was read after it.
    pub(crate) cut_late: bool,
    /// The run is held to a plan and has met what is not in it; no card says so yet.
    pub(crate) off_plan: bool,
    /// In a plan: what is cut away, and from how many targets that was computed.
    pub(crate) gone: Option<(usize, Arc<std::collections::HashSet<String>>)>,
    /// A wait for a signal was opened: one that came early may fit.
    pub(crate) look_for_signals: bool,

    /// The build that proves that the crash suite can fail: intents that are written only with their outcomes.
    #[cfg(feature = "without-intents")]
    pub(crate) late: HashMap<Address, String>,

    /// Calls whose intents are queued for the next append.
    intended: Vec<Address>,
    words: Words,
    /// The text of the address that was looked up last.
    place: String,

    blobs: Vec<Blob>,
    incident: Vec<Value>,
    claims: Vec<Claim>,
    births: Vec<Birth>,
    out: Vec<NewEntry>,
    folds: Vec<String>,
    row: Option<Row>,
}

impl Live {
    /// A run whose first entry is about to be folded.
    pub(crate) fn new(created: Created, playbook: Arc<Playbook>) -> Self {
        let id = created.run.clone();
        Self {
            stream: StreamId::run(&id),
            id,
            created,
            playbook,
            view: RunView::default(),
            steps: HashMap::new(),
            branches: HashMap::new(),
            signals: Vec::new(),
            version: 0,
            lines: Lines::default(),
            frames: Vec::new(),
            fans: 0,
            leaving: None,
            entered: HashSet::new(),
            stirred: false,
            dirty: Vec::new(),
            dirt: 0,
            acts: HashMap::new(),
            fresh: Vec::new(),
            proofs: BTreeMap::new(),
            seen: HashSet::new(),
            operations_mark: 0,
            operations_slice: 0,
            covered: HashMap::new(),
            covered_waits: 0,
            resumed_ms: None,
            denied: HashMap::new(),
            guarded: None,
            known: guard::Known::default(),
            children: Vec::new(),
            let_go: false,
            has_children: false,
            told: 0,
            rehearsing: false,
            value: Value::Null,
            cut_late: false,
            look_for_signals: false,
            off_plan: false,
            gone: None,
            #[cfg(feature = "without-intents")]
            late: HashMap::new(),
            intended: Vec::new(),
            words: Words::default(),
            place: String::new(),
            blobs: Vec::new(),
            incident: Vec::new(),
            claims: Vec::new(),
            births: Vec::new(),
            out: Vec::new(),
            folds: Vec::new(),
            row: None,
        }
    }

    /// Sets the index row that goes down with the queued entries.
    pub(crate) fn set_row(&mut self, row: Row) {
        self.row = Some(row);
    }

    /// Names a post that the queued entries consume.
    pub(crate) fn fold_post(&mut self, key: String) {
        self.folds.push(key);
    }

    /// Keeps a payload: synced before the entries that name it.
    pub(crate) fn keep(&mut self, blob: Blob) {
        self.blobs.push(blob);
    }

    /// Changes something about the incident, in the same append.
    pub(crate) fn tell_incident(&mut self, change: Value) {
        self.incident.push(change);
    }

    /// Says in the same append what the run claims.
    pub(crate) fn claim(&mut self, claim: Claim) {
        self.claims.push(claim);
    }

    /// Starts a child run in the same append.
    pub(crate) fn start_with_next_append(&mut self, birth: Birth) {
        self.births.push(birth);
    }

    /// The intent of the call at this address is queued: the request waits for its sync.
    pub(crate) fn intended(&mut self, address: &Address) {
        self.intended.push(address.clone());
    }

    /// The calls whose intents went down with the last append.
    pub(crate) fn take_intended(&mut self) -> Vec<Address> {
        std::mem::take(&mut self.intended)
    }

    /// What is queued; `None` when nothing is.
    pub(crate) fn take_out(&mut self) -> Option<Out> {
        if self.out.is_empty() {
            return None;
        }
        Some(Out {
            entries: std::mem::take(&mut self.out),
            row: self.row.take(),
            folds: std::mem::take(&mut self.folds),
            blobs: std::mem::take(&mut self.blobs),
            incident: std::mem::take(&mut self.incident),
            claims: std::mem::take(&mut self.claims),
            births: std::mem::take(&mut self.births),
        })
    }

    pub(crate) fn has_out(&self) -> bool {
        !self.out.is_empty()
    }

    /// Whether it counts for others, or others count for it. A run of the engine's own cuts nothing.
    pub(crate) fn is_in_family(&self) -> bool {
        let is_own = [back::SLUG, undo::SLUG].contains(&self.created.playbook.as_str());
        self.has_children || (self.created.parent.is_some() && !is_own)
    }

    /// The next wait id of a kind: `A1`, `A2`, …
    pub(crate) fn next_wait(&self, kind: stanch_model::run::WaitKind) -> String {
        let so_far = self.view.waits.iter().filter(|wait| wait.kind == kind).count();
        format!("{}{}", kind.letter(), so_far + 1)
    }

    /// Goes on to the next step here: its address, unless it is in the history.
    pub(crate) fn next_step(&mut self) -> Result<(&str, &Step), Address> {
        let Self { frames, steps, place, .. } = self;
        place.clear();
        if let Some(frame) = frames.last_mut() {
            frame.ordinal += 1;
            frame.address.write_step(frame.ordinal, place);
        }
        match steps.get(place.as_str()) {
            Some(step) => Ok((place, step)),
            None => Err(Address::from_stored(place.as_str())),
        }
    }

    /// A step in the history that the script did not reach in this frame.
    pub(crate) fn left_over(&self, frame: &Frame) -> Option<&Step> {
        self.steps.get(&frame.address.step(frame.ordinal + 1))
    }

    /// Something happened at this address: the run and its fan-outs look again.
    pub(crate) fn touch(&mut self, address: &Address) {
        self.stirred = true;
        if !address.is_main_line() {
            self.dirt += 1;
            self.dirty.push((self.dirt, address.clone()));
        }
    }
}

/// Kinds that the view keeps; steps have leaner places here.
fn is_for_people(kind: &str) -> bool {
    !matches!(kind, kind::INTENT | kind::DEFERRED | kind::OUTCOME | kind::BRANCH | kind::GUARD)
}

/// A run's entry for the row in the index.
pub(crate) fn row(state: stanch_model::run::RunState, wait: Option<String>, due_ms: Option<i64>) -> Row {
    Row { state: state.as_str().to_owned(), wait, due_ms }
}

/// An action of a configured integration.
#[derive(Debug)]
pub(crate) struct Known {
    /// `integration.action`.
    pub(crate) full: Arc<str>,
    /// The integration's configured name.
    pub(crate) on: Arc<str>,
    info: ActionInfo,
}

impl Known {
    pub(crate) fn new(integration: &str, info: ActionInfo) -> Self {
        Self { full: format!("{integration}.{}", info.name).into(), on: integration.into(), info }
    }
}

impl std::ops::Deref for Known {
    type Target = ActionInfo;

    fn deref(&self) -> &ActionInfo {
        &self.info
    }
}

/// The action behind a step, shared by everything that needs it.
pub(crate) type Info = Arc<Known>;
