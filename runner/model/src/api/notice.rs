//! Notices to vendors, as the API shows them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Note;

/// A notice to a vendor, with whom it went to and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeView {
    /// The run and the number of the notice in it: `RUN:N1`.
    pub id: String,
    /// The run that wrote it.
    pub run: String,
    /// The incident that the run belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// The vendor's name in the register.
    pub vendor: String,
    /// For people.
    pub name: String,
    /// Its subject.
    pub subject: String,
    /// When it was first written, RFC 3339.
    pub at: String,
    /// `waiting` (for an answer, with or without a time), `acknowledged`, or `silent` (nobody is left to write to).
    pub state: String,
    /// When the next contact is written to, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The vendor's contacts, first rung first.
    pub rungs: Vec<NoticeRung>,
    /// Who recorded that it was answered, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<Note>,
}

/// One contact of the ladder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoticeRung {
    /// Person or desk.
    pub name: String,
    /// The address.
    pub mail: String,
    /// `not_yet`, `written` (on its way), `sent`, `refused`, `bounced`, `in_doubt` or `left_out`.
    pub state: String,
    /// When it was written to, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// The Message-ID, where it was sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub receipt: String,
    /// Why it was refused, bounced or left out.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Somebody at the vendor answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcknowledgedBody {
    /// Who answered, how, and what was said.
    #[serde(default)]
    pub reason: String,
}

/// A mail came back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BouncedBody {
    /// The address; all that were written to last unless given.
    #[serde(default)]
    pub to: Option<String>,
    /// What the mail server said.
    #[serde(default)]
    pub reason: String,
}

/// A mail to one of our own people that came back: they did not hear what it said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailBack {
    /// The way that it went through, as in `tell:`.
    pub way: String,
    /// The one person whom it was for, if it was for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// The card that it told of, if it told of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// When the report came, RFC 3339.
    pub at: String,
    /// The mail server's words.
    pub said: String,
}

/// What a delivery report that came by mail says, and what it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MailReturned {
    /// What became of the mail: `failed`, `delayed`, `delivered`, `relayed` or `expanded`. Only `failed` changes anything.
    pub action: String,
    /// The notice that it speaks of; empty for a mail to our own people.
    pub notice: String,
    /// Its vendor, for people; or whom of our own people it was for.
    pub name: String,
    /// The address that the mail was written to.
    pub to: String,
    /// For a mail to our own people: the way of `tell:` that it went through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<String>,
    /// The mail server's words.
    pub said: String,
    /// True if it made the mail one that came back.
    pub new: bool,
    /// By whom, as recorded.
    pub by: String,
}
