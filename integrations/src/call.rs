//! What goes into one attempt of one action, and the few ways in which it can end.
//!
//! The line that matters runs through [`Outcome`]: was the first byte of the request sent? Before it, an attempt may be
//! made again by anyone; after it, only the action's own policy may say so.

use std::{fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_model::Target;

use crate::limit::Permit;

/// One attempt of one action.
#[derive(Debug)]
pub struct Call {
    /// The integration's name in the configuration.
    pub integration: String,
    /// The action's name in the catalogue.
    pub action: String,
    /// A map of arguments; targets and secrets stand in it in their wrappers.
    pub input: Value,
    /// What it is called on, when it is called as a verb.
    pub target: Option<Target>,
    /// The idempotency key: the same for every attempt that means the same effect.
    pub key: String,
    /// From 1.
    pub attempt: u32,
    /// How long the whole attempt may take, paging and pacing included, on the wall clock.
    pub deadline: Duration,
    /// The admission got from [`Integrations::admit`](crate::Integrations::admit). Without one the call waits for its own
    /// turn, within its deadline.
    pub permit: Option<Permit>,
}

/// How one attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The platform said yes (or: was so already).
    Done {
        /// The mapped output; secrets are sealed, listed targets wrapped.
        value: Value,
        /// Who did it.
        by: By,
        /// HTTP status; 250 for mail.
        status: u16,
        /// What else is known of the exchange.
        more: More,
    },
    /// The platform (or this program, before sending) definitely refused. Nothing happened.
    Refused {
        /// What kind of no.
        kind: ErrorKind,
        /// HTTP status, if a response came.
        status: Option<u16>,
        /// For people; never holds a secret.
        message: String,
    },
    /// The request did not leave this machine: safe to make again.
    NotSent {
        /// For people; never holds a secret.
        why: String,
    },
    /// Refused for now: try again at this time.
    Limited {
        /// Unix time in milliseconds, never more than an hour away.
        until_ms: i64,
        /// For people.
        why: String,
    },
    /// It may have happened.
    InDoubt {
        /// For people; never holds a secret.
        why: String,
    },
}

/// What is known of an exchange beside its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct More {
    /// Requests made, the first one included.
    pub requests: u32,
    /// The platform's own id of the (last) request, for its support desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// Set when a list may lack rows (a platform's own ceiling): then it proves no absence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
}

/// Who brought an effect about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// This request.
    Us,
    /// It was so before: nothing of ours to undo.
    Other,
    /// Not told: an earlier attempt of ours, or somebody else.
    Unknown,
}

/// What kind of no. The words are `e.kind` in scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The credential is missing, wrong or expired (401).
    Auth,
    /// The credential may not do this (403).
    Forbidden,
    /// No such thing, or not for this credential (404, 410).
    NotFound,
    /// An argument is wrong: ours before sending, or the platform's word (400, 422).
    Invalid,
    /// The target is in a state that forbids it (409, and what the catalogue maps to it).
    State,
    /// The answer or the chain of pages is larger than we read.
    TooLarge,
    /// The answer is not what the platform promises: HTML, half a JSON, invalid UTF-8.
    Garbled,
    /// The platform sent us elsewhere; we never follow.
    Redirect,
    /// A host that this integration may not talk to.
    Host,
    /// A read that got no usable answer (timeout, reset, 5xx): safe to make again.
    Unavailable,
    /// No such integration or action, or it lacks a setting.
    Unknown,
    /// The platform has no API for it: a person does it.
    Manual,
    /// A secret's handle could not be opened, or a secret not sealed.
    Secret,
    /// The target is the identity that we use ourselves.
    Lockout,
    /// Another definite no (4xx, or a body that says so).
    Refused,
}

impl ErrorKind {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::State => "state",
            Self::TooLarge => "too_large",
            Self::Garbled => "garbled",
            Self::Redirect => "redirect",
            Self::Host => "host",
            Self::Unavailable => "unavailable",
            Self::Unknown => "unknown",
            Self::Manual => "manual",
            Self::Secret => "secret",
            Self::Lockout => "lockout",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What one look at a target showed.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The action's predicate holds: proven.
    Holds,
    /// It holds, but access that was issued before lives on.
    Residual {
        /// How long at most, counted from the moment the platform accepted the cut. When that moment plus this has passed, a
        /// look that says `Residual` means `Holds`.
        lasts: Duration,
    },
    /// It does not hold (yet).
    HoldsNot {
        /// What the read gave, secrets sealed.
        out: Value,
    },
    /// This look proves nothing: refused (401 and 403 never verify), unreachable, incomplete, or no read exists.
    CannotTell {
        /// For people; never holds a secret.
        why: String,
        /// When to look again, if the platform asked to wait (Unix ms).
        again_ms: Option<i64>,
    },
}

/// May a call go out now?
#[derive(Debug)]
pub enum Admission {
    /// Yes: hand the permit to the [`Call`]. Its slot is freed when it is dropped.
    Ready(Permit),
    /// Not within the given patience: ask again at this time (Unix ms).
    NotBefore(i64),
}

/// The bounds of an integration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Calls at one time.
    pub max_in_flight: usize,
    /// Requests per second: declared, configured or learned; `None` while unknown.
    pub rate: Option<f64>,
}

/// Which tenant of which platform a configured integration speaks to: pinned by runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The platform's slug.
    pub platform: String,
    /// The base URL, settings filled in.
    pub base_url: String,
    /// What tells two tenants of one platform apart: the org, or else the host.
    pub tenant: String,
}

/// One look at what an effect left behind.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// The integration.
    pub integration: &'a str,
    /// The action that is to be proven.
    pub action: &'a str,
    /// What it was called on.
    pub target: Option<&'a Target>,
    /// Its arguments.
    pub input: &'a Value,
    /// When the effect's (first) intent was written: what happened before proves nothing.
    pub since: Option<jiff::Timestamp>,
    /// The effect's idempotency key: markers are found by it.
    pub key: Option<&'a str>,
}

/// A request as it would be sent, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// HTTP method; `MAIL` for mail.
    pub method: String,
    /// The whole URL; the mail server's for mail.
    pub url: String,
    /// The body; secrets read `[secret]`.
    pub body: String,
    /// The body's media type; empty where there is none.
    pub media: String,
    /// The read whose rows it is made for, one request each (`ROW` stands where a row's id will stand).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
}

/// The reads that tell who is in a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupReads {
    /// Lists groups whose name begins so; the caller compares labels.
    pub groups: Read,
    /// The action to call on each group's target: lists its members.
    pub members: String,
}

/// The reads that tell who holds a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RoleReads {
    /// Lists exactly the holders.
    Holders(Read),
    /// Lists everybody who holds any role; the caller compares the roles of each.
    ByPerson {
        /// Everybody who holds any.
        people: Read,
        /// The action to call on each person's target: lists their roles.
        of: String,
    },
}

/// The call that takes an effect back, resolved when the effect's intent is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndoCall {
    /// The integration.
    pub integration: String,
    /// The action.
    pub action: String,
    /// Its arguments; secrets as handles.
    pub input: Value,
    /// What it is called on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

/// A read to make: what `capture` and the finders resolve to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// The integration.
    pub integration: String,
    /// The action, always of effect `read`.
    pub action: String,
    /// Its arguments.
    pub input: Value,
}
