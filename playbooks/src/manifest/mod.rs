//! `playbook.yaml` as data: what a playbook is, when it starts, what it may touch, who says yes, where it stops.
//!
//! Read by [`read`], which reports every mistake at once. Nothing here looks at the script or the configuration.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_model::{Effect, Limits, api::PlaybookInput};

mod input;
mod read;
mod reader;
mod schema;
pub use read::read;
pub(crate) use read::{PARTS, readable};
pub use schema::schema;

/// The whole manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The slug: the folder's name.
    pub playbook: String,
    /// One line for people.
    pub title: String,
    /// The team that answers for it.
    pub owner: String,
    /// The day somebody last read it whole, `2026-11-01`.
    pub reviewed: String,
    /// `react:RA4601`, `d3fend:D3-CR`, `saas:quarantine-app`.
    pub tags: Vec<String>,
    /// What the script finds in `input`.
    pub input: BTreeMap<String, InputSpec>,
    /// The rules that turn an alert into a run.
    pub start: Vec<TriggerSpec>,
    /// All that the script may do, filed by effect: actions (`okta.suspend_user`), verbs (`grant.revoke`) and the host
    /// calls that reach outside (`find_app`, `find_user`, `notify`, `page`).
    pub uses: BTreeMap<Effect, Vec<String>>,
    /// Who may say yes, by the name that the script gives to `approve`.
    pub approvals: BTreeMap<String, ApprovalSpec>,
    /// Who answers a question, by the name that the script gives to `ask` or `manual`. A name without an entry may be
    /// answered by any responder, and waits as long as it takes.
    pub questions: BTreeMap<String, QuestionSpec>,
    /// Where the run stops and waits for a person.
    pub limits: Limits,
}

impl Manifest {
    /// The effect under which `uses` lists this action, verb or host call.
    pub fn listed(&self, name: &str) -> Option<Effect> {
        self.uses.iter().find(|(_, names)| names.iter().any(|n| n == name)).map(|(effect, _)| *effect)
    }

    /// What a run is given, for whoever starts one by hand.
    pub fn inputs(&self) -> Vec<PlaybookInput> {
        let one = |(name, spec): (&String, &InputSpec)| PlaybookInput {
            name: name.clone(),
            kind: spec.kind.word().to_owned(),
            help: spec.help.clone(),
            required: spec.required,
            default: spec.default.clone(),
        };
        self.input.iter().map(one).collect()
    }
}

/// One input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputSpec {
    /// Where a trigger finds it: a path into the alert (`alert.app`, `alert.raw.client.id`). By hand: `--input name=value`.
    pub from: Option<String>,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: InputType,
    /// Used when nothing else gives a value. For a time, `now` is the run's start.
    pub default: Option<Value>,
    /// For people.
    pub help: String,
    /// A run without it is refused. True unless the manifest says otherwise or there is a default.
    pub required: bool,
}

impl InputSpec {
    /// True for a text that says nothing unless somebody says something: `default: ""`.
    pub fn may_be_empty(&self) -> bool {
        self.kind == InputType::String && self.default.as_ref().and_then(Value::as_str) == Some("")
    }
}

/// The types of inputs. In a script all but integer, bool and list are strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputType {
    /// A name, a client id or a vendor: something that `find_app` can look for.
    App,
    /// A login, a mail address or an id: something that `find_user` can look for.
    User,
    /// An instant, RFC 3339.
    Time,
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// true or false.
    Bool,
    /// A vendor's name in the register.
    Vendor,
    /// A list of texts.
    List,
    /// A value that is never written down: the script gets a handle.
    Secret,
}

impl InputType {
    /// All of them with the word used in manifests.
    pub const ALL: &[(InputType, &str)] = &[
        (InputType::App, "app"),
        (InputType::User, "user"),
        (InputType::Time, "time"),
        (InputType::String, "string"),
        (InputType::Integer, "integer"),
        (InputType::Bool, "bool"),
        (InputType::Vendor, "vendor"),
        (InputType::List, "list"),
        (InputType::Secret, "secret"),
    ];

    /// The word used in manifests.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("string", |(_, word)| word)
    }
}

/// One rule that starts a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriggerSpec {
    /// A Rhai expression over `alert`: see [`crate::dialect::Expression`].
    pub when: String,
    /// The input by whose value alerts join one unfinished run.
    pub one_run_per: Option<String>,
}

/// The name of the approval under which a run is undone, where the manifest has one: the script never asks for it.
pub const UNDO: &str = "undo";

/// Who may say yes to one `approve`, by when, and what silence means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApprovalSpec {
    /// Groups in `stanch.yaml`; one name or a list in the file.
    pub ask: Vec<String>,
    /// How long each rung of the ladder has.
    #[serde(with = "duration_text")]
    pub within: Duration,
    /// Groups asked one after the other when nobody answers; the last entry is the decision: `deny` or `approve`.
    pub unanswered: Vec<String>,
    /// A Rhai condition over `alert`, `input` and `targets` under which nobody is asked.
    pub pre_approved: Option<String>,
    /// How many distinct people must say yes.
    pub of: u32,
}

impl ApprovalSpec {
    /// What silence means, after the whole ladder.
    pub fn silence_approves(&self) -> bool {
        self.unanswered.last().is_some_and(|word| word == "approve")
    }

    /// The groups after the first, in the order in which they are asked.
    pub fn ladder(&self) -> &[String] {
        self.unanswered.split_last().map_or(&[], |(_, groups)| groups)
    }
}

/// Who answers one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionSpec {
    /// Groups in `stanch.yaml`. Empty: any responder.
    pub ask: Vec<String>,
    /// How long the question stands. None: until answered.
    #[serde(with = "duration_text::option")]
    pub within: Option<Duration>,
    /// The answer that silence gives; must be one of the script's choices. None: silence throws `unanswered`.
    pub unanswered: Option<String>,
}

mod duration_text {
    //! `15m` in JSON, like in the file.

    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use stanch_model::duration;

    pub(super) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&duration::format(*value))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        duration::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }

    pub(super) mod option {
        use super::{Deserialize, Deserializer, Duration, Error, Serializer, duration};

        pub(in super::super) fn serialize<S: Serializer>(
            value: &Option<Duration>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match value {
                Some(value) => serializer.serialize_some(&duration::format(*value)),
                None => serializer.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Duration>, D::Error> {
            let text = Option::<String>::deserialize(deserializer)?;
            text.map(|text| duration::parse(&text).map_err(D::Error::custom)).transpose()
        }
    }
}
