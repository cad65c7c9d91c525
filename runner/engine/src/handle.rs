//! What the rest of the program may ask of the engine.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use serde::Serialize;
use serde_json::Value;
use stanch_integrations::Integrations;
use stanch_journal::Journal;
use stanch_model::{
    config::Config,
    ids::{Address, RunId},
    run::{body::DeadlineStarted, Mode, RunState, RunView},
    Alert, Diagnostic, Target,
};
use stanch_playbooks::Library;

/// What the engine is built from.
pub struct EngineOptions {
    /// Where everything is written first.
    pub journal: Arc<dyn Journal>,
    /// The configured platforms.
    pub integrations: Integrations,
    /// The playbooks.
    pub library: Arc<Library>,
    /// People and groups, protected targets, tell channels.
    pub config: Arc<Config>,
    /// Vendors, deadlines, notices.
    pub desk: Arc<dyn Desk>,
    /// Mode of the runs it starts.
    pub mode: Mode,
    /// Come up without acting: every run stands until resumed.
    pub paused: bool,
    /// Threads that evaluate scripts; 1 is enough for most.
    pub shards: usize,
    /// Where the journal lies, for messages.
    pub data: Option<PathBuf>,
}

/// What the response crate knows and the engine asks: every answer is journaled as the step's value.
pub trait Desk: Send + Sync {
    /// The vendor of these apps as a map with at least `name`; `None` when the register has none.
    fn vendor_of(&self, apps: &[Target]) -> Option<Value>;
    /// Starts a deadline: due time of `id` owed to `to` (a vendor map or a name), counted from `anchor` (RFC 3339).
    fn deadline(&self, id: &str, to: &Value, anchor: &str) -> Result<DeadlineStarted, String>;
    /// The messages of a notice: who gets what, through which channel (`mail:…`, `slack:#…`, `webhook:…`).
    /// `template` is the playbook's own text, when it has one of that name.
    fn notice(&self, to: &Value, name: &str, template: Option<&str>, data: &Value, mode: Mode) -> Result<Vec<Message>, String>;
    /// The messages of `page(group, text)`, from `tell:` in the configuration.
    fn page(&self, group: &str, text: &str, mode: Mode) -> Result<Vec<Message>, String>;
}

/// One message to one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `slack:#incidents`, `mail:soc@acme.example`, `webhook:soc`.
    pub channel: String,
    /// Empty where the channel has none.
    pub subject: String,
    /// Plain text, marked EXERCISE in a drill.
    pub text: String,
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
}

/// What became of an alert; durable when returned.
#[derive(Clone, Debug, Serialize)]
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
#[derive(Clone, Debug, Serialize)]
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
    #[error("run {run} has no open question {wait}")]
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
    /// No such run.
    #[error("there is no run {0}")]
    NoRun(String),
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
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] stanch_journal::JournalError),
}

/// The engine: cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<EngineOptions>,
}

#[expect(unused_variables, clippy::unused_async, clippy::todo, reason = "signatures first")]
impl Engine {
    /// Opens: claims this data folder's unfinished runs and goes on with them. Needs a tokio runtime around it.
    pub fn start(options: EngineOptions) -> Result<Self, EngineError> {
        Ok(Self { inner: Arc::new(options) })
    }
    /// Takes an authenticated, normalised alert: journals it, the trigger verdicts and the runs they create in one
    /// append; durable when it returns.
    pub async fn alert(&self, alert: Alert) -> Result<Accepted, EngineError> { todo!() }
    /// Starts a run; durable when it returns.
    pub async fn run(&self, start: StartRun) -> Result<(RunId, String), EngineError> { todo!() }
    /// Takes a person's answer to an approval or question; durable when it returns.
    pub async fn answer(&self, run: &RunId, answer: Answer) -> Result<Receipt, AnswerError> { todo!() }
    /// Settles a step that may have happened.
    pub async fn resolve(&self, run: &RunId, step: &Address, how: Resolve, who: &str, reason: &str) -> Result<Receipt, AnswerError> { todo!() }
    /// A signal for `wait_for`.
    pub async fn signal(&self, run: &RunId, key: &str, name: &str, data: Value) -> Result<Receipt, EngineError> { todo!() }
    /// Cancels: sticky.
    pub async fn cancel(&self, run: &RunId, who: &str, reason: &str) -> Result<Receipt, EngineError> { todo!() }
    /// Pauses or resumes one run.
    pub async fn pause(&self, run: &RunId, paused: bool, who: &str) -> Result<Receipt, EngineError> { todo!() }
    /// Pauses or resumes `all`, `playbook:<slug>` or `integration:<name>`.
    pub async fn pause_scope(&self, scope: &str, paused: bool, who: &str) -> Result<Receipt, EngineError> { todo!() }
    /// The scopes paused now.
    pub fn paused_scopes(&self) -> Vec<String> { todo!() }
    /// Pins a diverged run to what is there now, after replaying its history against it.
    pub async fn repin(&self, run: &RunId, who: &str) -> Result<Receipt, EngineError> { todo!() }
    /// The view of a run, from committed entries. Accepts a unique prefix or suffix of an id.
    pub fn view(&self, run: &RunId) -> Result<RunView, EngineError> { todo!() }
    /// The run that this id, prefix or short id (its last 6 characters) names.
    pub fn find(&self, text: &str) -> Result<RunId, EngineError> { todo!() }
    /// Runs, newest first; `open` leaves out those that ended.
    pub fn runs(&self, open: bool, limit: usize) -> Result<Vec<RunRow>, EngineError> { todo!() }
    /// Stops taking up work and waits for what is in flight.
    pub async fn drain(&self) {}
    /// The playbooks.
    pub fn library(&self) -> &Arc<Library> { &self.inner.library }
    /// The integrations.
    pub fn integrations(&self) -> &Integrations { &self.inner.integrations }
}
