//! What the application wants of the server: questions that change nothing, and orders that do.
//!
//! Both are data. [`crate::link`] performs them and answers as events.

use serde::{Deserialize, Serialize};
pub use stanch_model::api::Recorded;
use stanch_model::api::{
    AlertSummary, Card, DeadlineView, DrillOrder, DrillView, EntryView, IncidentSummary, IncidentView,
    IntegrationSummary, Me, NoticeView, Page, PlaybookSource, PlaybookSummary, RunSummary, Say, Status,
    UndoPlan, VendorPage, VendorView, Verdict,
};

/// Something to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// Ask.
    Ask(Ask),
    /// Do, and answer under this number.
    Order(u64, Order),
}

/// A question. It names its answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Who we are.
    Me,
    /// How the server is.
    Status,
    /// The newest runs.
    Runs,
    /// The newest incidents.
    Incidents,
    /// The approvals that wait.
    Approvals,
    /// Everything else that waits for a person.
    Questions,
    /// The newest alerts.
    Alerts,
    /// The clocks.
    Deadlines,
    /// The playbooks.
    Playbooks,
    /// The integrations.
    Integrations,
    /// The vendor register.
    Vendors,
    /// Notices to vendors.
    Notices,
    /// One vendor, with what happened around it.
    Vendor(String),
    /// What would be taken back of a run.
    UndoPlan(String),
    /// A playbook as it is written.
    Playbook(String),
    /// The sources that a run follows.
    Script(String),
    /// One incident in full.
    Incident(String),
    /// A run's entries after this version.
    Entries(String, u64),
    /// The drill, as our seat sees it.
    Drill,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// To [`Ask::Me`].
    Me(Me),
    /// To [`Ask::Status`].
    Status(Status),
    /// To [`Ask::Runs`].
    Runs(Vec<RunSummary>),
    /// To [`Ask::Incidents`].
    Incidents(Vec<IncidentSummary>),
    /// To [`Ask::Approvals`].
    Approvals(Vec<Card>),
    /// To [`Ask::Questions`].
    Questions(Vec<Card>),
    /// To [`Ask::Alerts`].
    Alerts(Vec<AlertSummary>),
    /// To [`Ask::Deadlines`].
    Deadlines(Vec<DeadlineView>),
    /// To [`Ask::Playbooks`].
    Playbooks(Vec<PlaybookSummary>),
    /// To [`Ask::Integrations`].
    Integrations(Vec<IntegrationSummary>),
    /// To [`Ask::Vendors`].
    Vendors(Vec<VendorView>),
    /// To [`Ask::Notices`].
    Notices(Vec<NoticeView>),
    /// To [`Ask::Vendor`].
    Vendor(Box<VendorPage>),
    /// To [`Ask::UndoPlan`].
    UndoPlan(UndoPlan),
    /// To [`Ask::Playbook`].
    Playbook(PlaybookSource),
    /// To [`Ask::Script`].
    Script(String, PlaybookSource),
    /// To [`Ask::Incident`].
    Incident(IncidentView),
    /// To [`Ask::Entries`].
    Entries(String, u64, Page<EntryView>),
    /// To [`Ask::Drill`].
    Drill(Box<DrillView>),
}

impl Told {
    /// The question.
    pub fn ask(&self) -> Ask {
        match self {
            Self::Me(_) => Ask::Me,
            Self::Status(_) => Ask::Status,
            Self::Runs(_) => Ask::Runs,
            Self::Incidents(_) => Ask::Incidents,
            Self::Approvals(_) => Ask::Approvals,
            Self::Questions(_) => Ask::Questions,
            Self::Alerts(_) => Ask::Alerts,
            Self::Deadlines(_) => Ask::Deadlines,
            Self::Playbooks(_) => Ask::Playbooks,
            Self::Integrations(_) => Ask::Integrations,
            Self::Vendors(_) => Ask::Vendors,
            Self::Notices(_) => Ask::Notices,
            Self::Vendor(page) => Ask::Vendor(page.vendor.slug.clone()),
            Self::UndoPlan(plan) => Ask::UndoPlan(plan.run.clone()),
            Self::Playbook(source) => Ask::Playbook(source.slug.clone()),
            Self::Script(run, _) => Ask::Script(run.clone()),
            Self::Incident(view) => Ask::Incident(view.summary.id.clone()),
            Self::Entries(run, after, _) => Ask::Entries(run.clone(), *after),
            Self::Drill(_) => Ask::Drill,
        }
    }
}

/// Something that a person decided. Each exists as a command, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Yes or no to an approval, with the reason.
    Decide(String, Say, Option<String>),
    /// An answer to a question or a manual step.
    Answer(String, String),
    /// What became of a step: the run, the step's card, the verdict.
    Resolve(String, String, Verdict),
    /// Hold a run back.
    PauseRun(String),
    /// Let it go on.
    ResumeRun(String),
    /// End it at its next step.
    Cancel(String, String),
    /// Something that a run of its own does.
    Begin(Begin),
    /// Cuts of a run that end by themselves last longer.
    Extend {
        /// The run.
        run: String,
        /// A target's key or name, or `all`.
        target: String,
        /// How much longer.
        by: String,
        /// Why.
        why: Option<String>,
    },
    /// A card goes alone, for this reason.
    BreakGlass(String, String),
    /// Somebody at the vendor answered a notice, in these words.
    Acknowledged(String, String),
    /// A mail of a notice came back: from which address, or all that were written to last; why.
    Bounced(String, Option<String>, String),
    /// Pin it to what is there now.
    Repin(String),
    /// Hold back a scope: `all`, `playbook:…`, `integration:…`.
    Pause(String),
    /// Let it go on.
    Resume(String),
    /// Write a note on an incident.
    Note(String, String),
    /// An incident is over, for this reason.
    Close(String, String),
    /// It is not over after all, for this reason.
    Reopen(String, String),
    /// A notice was sent: incident, deadline, proof.
    Sent(String, String, String),
    /// No notice is owed: incident, deadline, reason.
    Waive(String, String, String),
    /// Who is asked hears of this card once more.
    Remind(String),
    /// Somebody of the ladder is asked now: the card, the name.
    AskSomeone(String, String),
    /// Something that a seat of a drill orders.
    Drill(DrillOrder),
}

/// An order that is answered by the run that it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin {
    /// Start a playbook.
    Start {
        /// Its slug.
        playbook: String,
        /// Its input.
        input: serde_json::Map<String, serde_json::Value>,
        /// The incident that it belongs to; a new one otherwise.
        incident: Option<String>,
    },
    /// Take back what a run cut, for this reason.
    Undo(String, String),
}

/// A run that an order began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// Its id.
    pub run: String,
}

/// Why there is no answer, or the answer is no.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What is wrong.
    pub why: String,
    /// The way out, where the server named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The one field or input that is wrong, where the server named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// True when the server said so: asking again the same brings the same.
    #[serde(default)]
    pub refused: bool,
}
