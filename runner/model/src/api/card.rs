//! Cards: what waits for a person, with what they need to decide, and what they say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    run::{Stopped, WaitKind, WaitView},
    target::{Effect, words},
};

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Card {
    /// Names the card on the API: `<run>:<wait>`.
    pub id: String,
    /// The run that waits.
    pub run: String,
    /// Its playbook.
    pub playbook: String,
    /// Its playbook's title.
    pub title: String,
    /// `live`, `plan` or `drill`.
    pub mode: String,
    /// The incident that it belongs to, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// The people who may answer now: those of its groups by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<String>,
    /// What a yes lets happen, as far as the manifest tells: what the playbook may do to targets of these kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may: Vec<CardAct>,
    /// The people who are asked next, when those of now stay silent or somebody does not want to wait.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub next: Vec<String>,
    /// What stops working when the covered targets are cut, as far as the vendor register says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaks: Vec<CardBreak>,
    /// What `protect:` says of the covered targets; absent where it covers none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<CardProtected>,
    /// Who was told that it waits, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<CardTold>,
    /// Of a guard: how far the step was that it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// What is asked, of whom, by when, and how it ended.
    pub wait: WaitView,
}

impl Card {
    /// True unless everything that a yes lets happen can be taken back: what is not known is taken for permanent.
    pub fn is_permanent(&self) -> bool {
        self.wait.kind == WaitKind::Approval
            && (self.may.is_empty() || self.may.iter().any(|act| act.effect == Effect::Permanent))
    }

    /// What a person types before a yes to something permanent: the app's name, or else what the run was started for, or
    /// else the playbook's.
    pub fn name_to_type(&self, input: &serde_json::Value) -> String {
        let app =
            self.wait.targets.iter().find(|target| target.kind == "app").map(|app| app.name().to_owned());
        let named = app.or_else(|| input["app"].as_str().map(str::to_owned));
        named.unwrap_or_else(|| self.playbook.clone()).to_lowercase()
    }
}

/// Something that a yes lets happen to targets of one kind on one integration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardAct {
    /// The integration's name.
    pub integration: String,
    /// The verb, `grant.revoke`.
    pub verb: String,
    /// Whether it can be taken back.
    pub effect: Effect,
    /// The kind of the targets.
    pub kind: String,
    /// How many of them the card covers.
    pub count: usize,
    /// A person does it: the platform has no API for it.
    #[serde(default)]
    pub manual: bool,
    /// The platform's own action, `revoke_grant`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub action: String,
    /// What is sent for each, `DELETE /api/v1/users/{user}/grants/{grant}`; empty where nothing is sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub request: String,
}

words! {
    /// What became of a message.
    ToldHow {
        /// It is on its way.
        Sending = "sending",
        /// The platform took it.
        Sent = "sent",
        /// It was refused, or never left.
        Failed = "failed",
        /// Nobody knows, and it is not sent again.
        InDoubt = "in_doubt",
    }
}

/// A message about a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardTold {
    /// Through what, as in `tell:`: `slack:#incidents`.
    pub way: String,
    /// The one person whom it is for, if it is for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// When, RFC 3339 on the run's clock.
    pub at: String,
    /// What became of it.
    pub how: ToldHow,
    /// Why it was not sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Something that stops working.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardBreak {
    /// The vendor, for people.
    pub vendor: String,
    /// What it is for; empty where the register does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub what: String,
    /// Who in the house answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether they heard that it is about to stop.
    #[serde(default, skip_serializing_if = "OwnerTold::is_unknown")]
    pub told: OwnerTold,
}

/// Whether who answers for an app heard that it is about to be cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OwnerTold {
    /// The configuration knows no way to them.
    #[default]
    Unknown,
    /// There is a way, and nothing that was sent through it arrived so far.
    NotYet,
    /// The first message went out to them then, RFC 3339 on the run's clock.
    At(String),
}

impl OwnerTold {
    /// True where nobody can say.
    pub fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

/// What `protect:` says of the targets of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardProtected {
    /// How many targets were compared.
    pub of: usize,
    /// Those that a rule names: none of them is cut without a word more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub met: Vec<CardGuard>,
    /// Rules that cannot be told from the targets alone: what they need is read before each cut.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

/// A target that a rule of `protect:` names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CardGuard {
    /// Its name for people.
    pub target: String,
    /// The rule: `app drift`, `user root@acme.example`, `tag payroll`, `group okta/Emergency-Admins`.
    pub rule: String,
}

words! {
    /// A decision over an approval.
    Say { /// Yes.
        Approve = "approve", /// No.
        Deny = "deny" }
}

/// A decision over an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecideBody {
    /// Yes or no.
    pub say: Say,
    /// Why; a no should have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// An answer to a question or a manual step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnswerBody {
    /// One of the card's choices, or text.
    pub answer: String,
    /// More words, for the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Asks for a link by which one person answers one card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    /// The card's id, `<run>:<wait>`.
    pub card: String,
    /// Whom it is for; the caller unless named, and only an admin names somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#for: Option<String>,
}

/// A link by which one person answers one card, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MadeLink {
    /// The address. Whoever has it can answer as its person.
    pub url: String,
    /// The card's id in full.
    pub card: String,
    /// Whom it is for.
    pub r#for: String,
    /// RFC 3339: when it opens nothing any more.
    pub until: String,
}

/// Brings a card before somebody, without waiting for silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBody {
    /// A person or group: of an approval's own ladder, or for a question anybody in `people:`.
    pub name: String,
}

/// Lets an approval or a guard go alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BreakGlassBody {
    /// Why, in your own words: everybody is told, and the report quotes it.
    pub reason: String,
}
