//! Request and response bodies of the HTTP API: what the server writes, the client reads and the OpenAPI page describes.
//!
//! Only data. Times are RFC 3339 in UTC; ids are text; every list is newest first unless it says otherwise.

mod card;
mod drill;
mod entry;
mod keep;
mod login;
mod notice;
mod order;
mod start;
mod stock;
mod undo;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    alert::{Alert, Severity},
    run::Waiting,
    target::words,
};

pub use card::{
    AnswerBody, AskBody, BreakGlassBody, Card, CardAct, CardBreak, CardGuard, CardProtected, CardTold,
    DecideBody, LinkBody, MadeLink, OwnerTold, Say, ToldHow,
};
pub use drill::{
    Behind, Debrief, DrillSeat, DrillTicket, DrillView, FaultView, GoalView, Got, Graded, Happened, Hoped,
    Letter, MoveState, MoveView, PlotState, PlotView, RealIncident, Remarked, SeatKind,
};
pub use entry::EntryView;
pub use keep::{LegalHold, LegalHoldBody, Reloaded, RetainBody, Retained};
pub use login::{BegunLogin, LoginState, LoginWay, PollLogin, PolledLogin};
pub use notice::{AcknowledgedBody, BouncedBody, MailBack, MailReturned, NoticeRung, NoticeView};
pub use order::{DrillDone, DrillOrder, Grade, Remark};
pub use start::{Delivery, PlanBody, StartBody, Started};
pub use stock::{
    Drilled, IntegrationHealth, IntegrationSummary, JudgeBody, PlaybookInput, PlaybookSource,
    PlaybookSummary, Signature, Stage, Standing, VendorFinding, VendorPage, VendorView, VendorWeight,
};
pub use undo::{ExtendBody, UndoHow, UndoItem, UndoNeeds, UndoPlan, Undoing};

words! {
    /// What a caller may do; each role may do all that the ones before it may.
    Role {
        /// Look.
        Viewer = "viewer",
        /// Hand in alerts, start runs, answer questions, pause, resume, cancel, resolve what is in doubt, write notes, close
        /// incidents and open them again.
        Responder = "responder",
        /// Say yes or no to approvals, and that a deadline owes nobody anything.
        Approver = "approver",
        /// Tokens, and everything else.
        Admin = "admin",
    }
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Problem {
    /// The one member.
    pub error: ProblemBody,
}

/// The words of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemBody {
    /// For programs: `not_found`, `forbidden`, `too_large`, …
    pub code: String,
    /// For people: what is wrong.
    pub message: String,
    /// For people: the way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The one field or input that is wrong, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The header in which a client says what it is, so that the record of a decision tells through what it came.
pub const CHANNEL: &str = "x-stanch-channel";

/// Who the server takes the caller for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Me {
    /// The person's name, as in `people.groups`.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// `token <id>` or `socket`.
    pub through: String,
    /// When the token stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// The answer to a delivery of alerts: given only when they are durable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AlertReceipt {
    /// One for each alert of the delivery, in order.
    pub alerts: Vec<AcceptedAlert>,
    /// True when every alert of it had been delivered before.
    pub duplicate: bool,
    /// Why nothing was taken, when the delivery held nothing to take (a ping).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
}

/// What became of one alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptedAlert {
    /// Our id: the stream is `alert/<id>`.
    pub id: String,
    /// Its delivery id was known: this is the earlier alert's id.
    pub duplicate: bool,
    /// The runs that it started or joined.
    pub runs: Vec<String>,
    /// The incident that it belongs to, if it started or joined a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

/// An alert in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AlertSummary {
    /// Our id.
    pub id: String,
    /// When we made it durable.
    pub received: String,
    /// The runs that it started or joined.
    pub runs: Vec<String>,
    /// The incident that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// What it says.
    pub alert: Alert,
}

/// An incident in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentSummary {
    /// Its id.
    pub id: String,
    /// One line.
    pub title: String,
    /// The worst of its alerts, or what a person said.
    pub severity: Severity,
    /// When it was opened.
    pub opened: String,
    /// When a person closed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<String>,
    /// Its runs, oldest first.
    pub runs: Vec<String>,
    /// `live` or `drill`.
    pub mode: String,
}

/// An incident in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IncidentView {
    /// The short form.
    pub summary: IncidentSummary,
    /// Who leads it, if anybody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
    /// The alerts that opened or joined it, oldest first.
    pub alerts: Vec<String>,
    /// The clocks that run, earliest due first.
    pub deadlines: Vec<DeadlineView>,
    /// What people wrote, oldest first.
    pub notes: Vec<Note>,
    /// Who closed it, when and why; absent while it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Note>,
    /// Who opened it again last, when and why; absent while it is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<Note>,
}

/// What a person wrote on an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// When.
    pub at: String,
    /// Who.
    pub by: String,
    /// What.
    pub text: String,
}

/// Writes a note on an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteBody {
    /// At most 10,000 characters; line breaks are kept.
    pub text: String,
}

/// Closes an incident, or opens it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseBody {
    /// Why: it must be said. At most 10,000 characters.
    pub reason: String,
}

/// Stops a clock: the notice was sent, or nothing is owed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleBody {
    /// What was sent and where its proof lies, or why nothing is owed; the latter must be said.
    #[serde(default)]
    pub reason: String,
}

/// Starts a clock that no run started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeginBody {
    /// A rule of the table: `sec-8k`.
    pub rule: String,
    /// The moment that it is counted from, RFC 3339; now unless given.
    #[serde(default)]
    pub from: Option<String>,
    /// The vendor that it is about, for `contract` and `contract-from-vendor`.
    #[serde(default)]
    pub vendor: Option<String>,
    /// Why it runs.
    #[serde(default)]
    pub reason: String,
}

/// Counts a clock from another moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveBody {
    /// The moment, RFC 3339.
    pub from: String,
    /// Why: it must be said.
    #[serde(default)]
    pub reason: String,
}

/// A clock in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadlineView {
    /// Unique within its incident.
    pub id: String,
    /// The incident that it belongs to.
    pub incident: String,
    /// `gdpr-33`, `contract`, …
    pub rule: String,
    /// For people, with the vendor's name where there is one.
    pub title: String,
    /// When the clock started.
    pub anchor: String,
    /// When it ends.
    pub due: String,
    /// `open`, `late`, `sent`, `sent_late` or `waived`.
    pub state: String,
    /// Who sent or waived it, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Note>,
    /// True where it is the vendor that owes us the notice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owed_to_us: bool,
    /// The first mail of a notice to whom it is owed that went out, and by what. It stops no clock: whether it says what the
    /// clock asks for is a person's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Note>,
}

/// A run in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunSummary {
    /// Its id.
    pub id: String,
    /// The playbook's slug.
    pub playbook: String,
    /// The playbook's title.
    pub title: String,
    /// `live`, `plan` or `drill`.
    pub mode: String,
    /// `running`, a parked word (`waiting`, `paused`, `limited`, `diverged`, `suspect`) or how it ended.
    pub state: String,
    /// What is proven, once it ended; nothing for a plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containment: Option<String>,
    /// Since when it stands so, RFC 3339.
    pub since: String,
    /// What it waits for and since when: never empty for a run that is neither at work nor over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<Waiting>,
    /// The incident that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// Who or what started it.
    pub started_by: String,
    /// When.
    pub started: String,
    /// The last phase that it entered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phase: String,
    /// How many targets are in each state, or were `given_back` or `released` since.
    pub targets: BTreeMap<String, u64>,
}

/// One event of the stream: an entry and where to resume after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Opaque; give it back to resume after this event.
    pub cursor: String,
    /// The entry.
    #[serde(flatten)]
    pub entry: EntryView,
}

words! {
    /// What a person found of a step in doubt.
    Verdict { /// It happened.
        Done = "done", /// It did not: do it again.
        Retry = "retry", /// Leave it.
        Skip = "skip", /// End the run.
        Abort = "abort" }
}

/// What a person found of a step in doubt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResolveBody {
    /// The step's address or its card; after the end of the run also a target's key, `okta/grant/1`.
    pub step: String,
    /// What they found.
    pub verdict: Verdict,
    /// How they know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The answer to a decision or an order: durable when it is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recorded {
    /// False when the same person had said the same before.
    pub new: bool,
    /// By whom, as recorded.
    pub by: String,
    /// Its place in the whole journal.
    pub position: u64,
}

/// Why a person paused, resumed, cancelled or repinned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonBody {
    /// For the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Pauses or resumes more than one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeBody {
    /// `all`, `playbook:<slug>` or `integration:<name>`.
    pub scope: String,
}

/// A token, without what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TokenInfo {
    /// Names it: for revoking, and in the record of what was done through it.
    pub id: String,
    /// The person or program that holds it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created: String,
    /// When it stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<String>,
    /// When it was last shown, to the minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<String>,
    /// How its person logged in at the provider; absent for a token that somebody made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<LoginWay>,
}

/// Asks for a new token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// The person or program that will hold it.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// How many days it works; for good unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
}

/// A new token: the only time that it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MadeToken {
    /// What is kept of it.
    pub info: TokenInfo,
    /// The token itself.
    pub token: String,
}

/// How the server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// `stanch` and its version.
    pub version: String,
    /// `live` or `drill`.
    pub mode: String,
    /// The scopes that are held back: `all`, `playbook:<slug>`, `integration:<name>`.
    pub paused: Vec<String>,
    /// How many runs are in each state.
    pub runs: BTreeMap<String, u64>,
    /// How many cards wait for a person.
    pub cards: u64,
    /// Open incidents.
    pub incidents: u64,
    /// The head of the journal: where a follower that wants only news begins.
    pub cursor: String,
    /// The server's clock, which a drill may have moved.
    pub now: String,
    /// Files of the configuration that read differently by now than when the server started, which does not know it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// What has become of the signs of life; absent where nobody waits for any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<HeartbeatState>,
    /// Mails to our own people that came back within the last day: whoever they were for did not hear.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<MailBack>,
}

/// What has become of the signs of life that this server sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeartbeatState {
    /// To whom, as in `heartbeat: to:`.
    pub to: String,
    /// When the last one arrived, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Why the last one did not, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<String>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give it back as `after` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Problem {
    /// A refusal without a way out.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            error: ProblemBody { code: code.to_owned(), message: message.into(), help: None, field: None },
        }
    }

    /// Adds the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.error.help = Some(help.into());
        self
    }
}
