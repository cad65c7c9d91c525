//! The terms of the engine's handle: what it is built from, what may be asked of it, what it answers and refuses.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_integrations::Integrations;
use stanch_journal::Journal;
use stanch_model::{
    Alert, Diagnostic, RunId,
    config::Current,
    run::{Mode, RunState},
};
use stanch_playbooks::Library;

use crate::{
    desk::Desk,
    env::{Clock, InProcess, Patience},
};

/// What the engine is built from.
pub struct EngineOptions {
    /// Where everything is written first.
    pub journal: Arc<dyn Journal>,
    /// The configured platforms.
    pub integrations: Integrations,
    /// The playbooks.
    pub library: Arc<Library>,
    /// People and groups, protected targets, how long alerts fold.
    pub config: Current,
    /// Vendors, deadlines, messages.
    pub desk: Arc<dyn Desk>,
    /// The run's clock.
    pub clock: Arc<dyn Clock>,
    /// Mode of the runs it starts.
    pub mode: Mode,
    /// Come up without acting: every run stands until `all` is resumed.
    pub paused: bool,
    /// Threads that evaluate scripts.
    pub shards: usize,
    /// How long things may take.
    pub patience: Patience,
    /// Effects inside this process, for measuring and tests.
    pub in_process: Option<Arc<dyn InProcess>>,
}

/// A run to be started by hand, from an alert or by another run.
#[derive(Clone, Debug)]
pub struct StartRun {
    /// Slug.
    pub playbook: String,
    /// Given inputs; the others come from the alert or their defaults.
    pub input: BTreeMap<String, Value>,
    /// The alert, if any.
    pub alert: Option<Alert>,
    /// The incident to join; a new one is opened when `None`.
    pub incident: Option<String>,
    /// A person, or `alert:<source>`.
    pub started_by: String,
    /// Through what a person says so; empty where nobody did.
    pub channel: String,
}

/// Who gives an order, and through what they spoke: both are journaled with what comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By<'a> {
    /// A person.
    pub who: &'a str,
    /// `cli`, `tui`, `api`, … as in a decision.
    pub channel: &'a str,
}

impl<'a> From<&'a str> for By<'a> {
    /// Somebody inside this process: there is no channel.
    fn from(who: &'a str) -> Self {
        Self { who, channel: "" }
    }
}

/// What a run is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose<'a> {
    /// To act.
    Act,
    /// To do what this plan says and to stop at anything else: the plan's hash, or the first digits of it.
    Only(&'a str),
    /// To say what it would do; with the inputs of this plan, if one is given, and for these answers.
    Plan(Option<&'a str>, &'a BTreeMap<String, String>),
}

/// What became of an alert; durable when returned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Accepted {
    /// The alert's stream id.
    pub alert: String,
    /// True for a redelivery: nothing new was started; the rest tells what the first one did.
    pub duplicate: bool,
    /// The incident opened or joined.
    pub incident: Option<String>,
    /// Verdict of every trigger that fired.
    pub verdicts: Vec<Verdict>,
}

/// What a trigger decided.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// Slug.
    pub playbook: String,
    /// The run started, or the unfinished one that the alert joined.
    pub run: RunId,
    /// True when it joined.
    pub joined: bool,
}

/// A person's answer to a wait.
#[derive(Clone, Debug)]
pub struct Answer {
    /// `A1`.
    pub wait: String,
    /// `approve`, `deny`, `done`, `failed`, or an option.
    pub say: String,
    /// Who.
    pub who: String,
    /// Through what.
    pub channel: String,
    /// Free text.
    pub reason: String,
}

/// How a person settles a step that may have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolve {
    /// It happened.
    Done,
    /// Send it again, same idempotency key.
    Retry,
    /// It did not happen and shall not.
    Skip,
    /// End the run.
    Abort,
}

/// Proof that something was made durable.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Receipt {
    /// Position in the whole journal.
    pub position: u64,
    /// False when the same person had said so before.
    pub new: bool,
}

/// A line in the list of runs.
#[derive(Clone, Debug, Serialize)]
pub struct RunRow {
    /// The run.
    pub id: RunId,
    /// Where it stands.
    pub state: RunState,
    /// What it waits for.
    pub wait: Option<String>,
    /// Until when, Unix ms.
    pub due_ms: Option<i64>,
    /// Version of its last entry.
    pub version: u64,
}

/// Why an answer was not taken. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// No such run.
    #[error("there is no run {0}")]
    NoRun(String),
    /// No such wait in the run.
    #[error("run {run} has nothing open that is called {wait}")]
    NoWait {
        /// The run.
        run: String,
        /// The wait.
        wait: String,
    },
    /// Somebody or something was first.
    #[error("{wait} was answered already: {say} by {who}")]
    Closed {
        /// The wait.
        wait: String,
        /// The answer.
        say: String,
        /// Who or what.
        who: String,
    },
    /// The run has ended: it sends nothing any more.
    #[error(
        "run {run} has ended and sends nothing any more, so that {say:?} cannot be: say \"done\" or \"skip\", or start the playbook again"
    )]
    Over {
        /// The run.
        run: String,
        /// What was said.
        say: String,
    },
    /// This person may not.
    #[error("{who} may not answer {wait}: {why}")]
    NotYou {
        /// The person.
        who: String,
        /// The wait.
        wait: String,
        /// The reason.
        why: String,
    },
    /// Those who are asked were told a moment ago.
    #[error("{wait} can wait a moment: {why}")]
    NotNow {
        /// The wait.
        wait: String,
        /// The reason.
        why: String,
    },
    /// This person or group is not to be asked.
    #[error("{name} cannot be asked for {wait}: {why}")]
    NotThem {
        /// Who.
        name: String,
        /// The wait.
        wait: String,
        /// The reason.
        why: String,
    },
    /// Not one of the answers.
    #[error("{say:?} is no answer to {wait}; say one of {options}")]
    NotAnOption {
        /// The wait.
        wait: String,
        /// What was said.
        say: String,
        /// What can be said.
        options: String,
    },
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] stanch_journal::JournalError),
}

impl From<EngineError> for AnswerError {
    /// A run whose entries cannot be read is there all the same.
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NoRun(run) => Self::NoRun(run),
            EngineError::Journal(error) => Self::Journal(error),
            other => Self::NoRun(other.to_string()),
        }
    }
}

/// Why something could not be started or changed. Nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No such playbook.
    #[error("there is no playbook {slug}{hint}")]
    NoPlaybook {
        /// The slug.
        slug: String,
        /// ` (did you mean …?)` or nothing.
        hint: String,
    },
    /// The playbook has mistakes.
    #[error("the playbook {slug} has mistakes")]
    Broken {
        /// The slug.
        slug: String,
        /// All of them.
        diagnostics: Vec<Diagnostic>,
    },
    /// An input is missing or of the wrong type.
    #[error("input {name}: {why}")]
    Input {
        /// Its name.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// No plan has this hash.
    #[error("there is no plan {0}")]
    NoPlan(String),
    /// The plan cannot be executed any more.
    #[error("the plan {plan} cannot be executed: {why}")]
    PlanChanged {
        /// Its hash, shortened.
        plan: String,
        /// What has changed since it was made.
        why: String,
    },
    /// No such run.
    #[error("there is no run {0}")]
    NoRun(String),
    /// A shortened id that names no run, or several.
    #[error(transparent)]
    NotOne(#[from] stanch_model::shortened::NotOne),
    /// Not possible in this state.
    #[error("run {run} is {state}: {why}")]
    State {
        /// The run.
        run: String,
        /// Its state.
        state: String,
        /// Why not.
        why: String,
    },
    /// A version of a playbook may not be judged so.
    #[error("{playbook}: {why}")]
    Judge {
        /// The slug.
        playbook: String,
        /// Why not.
        why: String,
    },
    /// The operating system gave no thread.
    #[error("no thread for the engine: {0}")]
    Thread(String),
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] stanch_journal::JournalError),
}

impl Resolve {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry => "retry",
            Self::Skip => "skip",
            Self::Abort => "abort",
        }
    }
}
