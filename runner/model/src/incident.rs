//! The bodies of the entries in an incident's stream. The fold over them is in the response crate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    alert::Severity,
    ids::RunId,
    run::{Mode, body::DeadlineStarted},
};

/// The kinds of entries, as in [`crate::Header::kind`].
pub mod kind {
    /// [`super::Opened`]: always the first.
    pub const OPENED: &str = "incident.opened";
    /// [`super::Joined`]
    pub const JOINED: &str = "incident.joined";
    /// [`super::Changed`]
    pub const CHANGED: &str = "incident.changed";
    /// [`super::Noted`]
    pub const NOTED: &str = "incident.noted";
    /// [`super::DeadlineSettled`]
    pub const DEADLINE_SETTLED: &str = "incident.deadline_settled";
    /// [`super::DeadlineBegun`]: a clock that no run started.
    pub const DEADLINE_BEGUN: &str = "incident.deadline_begun";
    /// [`super::DeadlineMoved`]
    pub const DEADLINE_MOVED: &str = "incident.deadline_moved";
    /// [`super::Closed`]
    pub const CLOSED: &str = "incident.closed";
    /// [`super::Reopened`]
    pub const REOPENED: &str = "incident.reopened";
}

/// By what words the index knows how an incident stands, so that nobody reads its stream for that.
pub mod state {
    /// A person has closed it.
    pub const CLOSED: &str = "closed";
    /// It was joined, or opened again. One that is new has no word, and is open, too.
    pub const OPEN: &str = "open";
}

/// `incident.opened`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opened {
    /// This incident.
    pub incident: String,
    /// One line.
    pub title: String,
    /// How bad, as far as is known.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The alert that opened it, if it was one.
    #[serde(default)]
    pub alert: Option<String>,
    /// The runs that were created with it.
    #[serde(default)]
    pub runs: Vec<RunId>,
    /// Live or rehearsed; the server's own mode where it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// `alert:<source>`, or a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// `incident.joined`: an alert or a run belongs to it from now on. At least one of them is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Joined {
    /// The alert's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<String>,
    /// The alert's severity: the incident is as bad as its worst alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// The run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
}

/// `incident.changed`: only what is given changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changed {
    /// The new title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The new severity, up or down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// Who leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
    /// A person, or the run whose script said so: `run/<id>`.
    #[serde(default)]
    pub by: String,
}

/// `incident.noted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Noted {
    /// Who.
    pub by: String,
    /// What.
    pub text: String,
}

/// `incident.deadline_settled`: the notice was sent, or a person decided that none is owed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadlineSettled {
    /// The deadline's id within the incident.
    pub deadline: String,
    /// True when nothing is owed.
    pub waived: bool,
    /// A person.
    pub by: String,
    /// What was sent, or why nothing is owed.
    pub reason: String,
}

/// `incident.deadline_begun`: a clock that a person started, or that began with the notice of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadlineBegun {
    /// The clock.
    pub clock: DeadlineStarted,
    /// A person.
    pub by: String,
    /// Why, or the clock whose notice began it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// `incident.deadline_moved`: what it is counted from was another moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadlineMoved {
    /// The deadline's id within the incident.
    pub deadline: String,
    /// From when it is counted now, RFC 3339.
    pub anchor: String,
    /// When it ends now, RFC 3339.
    pub due: String,
    /// A person.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// `incident.closed`: nothing of it was open any more, and a person says that it is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Closed {
    /// A person.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Through what they said so: `cli`, `tui`, `api`, …
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
}

/// `incident.reopened`: it was not over after all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reopened {
    /// A person.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Through what they said so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub channel: String,
}
