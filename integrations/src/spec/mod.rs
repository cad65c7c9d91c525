//! `integration.yaml` as types: what a platform may say of itself, and nothing about doing it.
//!
//! Templates and predicates are parsed while the file is read, so that nothing downstream meets a malformed one. The
//! references between actions are checked afterwards, by `check`.

mod action;
mod auth;
mod labels;
mod paging;
mod wire;
mod witness;
mod words;

pub use action::Evidence;
pub(crate) use action::{
    ActionSpec, CallSpec, EachSpec, InputSpec, ItemKind, PollSpec, ReadSpec, TargetShape, YieldSpec,
};
pub(crate) use auth::{ActionAuth, AuthKind, AuthSpec, ClientAuth};
pub(crate) use labels::LabelSpec;
pub(crate) use paging::{CursorPaging, Numbering, Paging, PartitionPaging};
pub(crate) use wire::{MailSpec, Match, Method, Reply, RequestSpec};
pub(crate) use witness::WitnessSpec;
pub(crate) use words::{Rate, Residual, Span};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    call::ErrorKind,
    expr::Expr,
    template::{Shape, Template},
};

/// One `integration.yaml`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlatformSpec {
    /// The slug; the folder has the same name.
    pub(crate) platform: String,
    /// For people.
    pub(crate) title: String,
    /// The vendor's API reference.
    pub(crate) docs: String,
    /// What to create on the other side, for people.
    #[serde(default)]
    pub(crate) setup: String,
    /// Base URL; `{url}` is what the configuration says.
    pub(crate) url: Template,
    /// What tells two tenants apart; the host unless set.
    #[serde(default)]
    pub(crate) tenant: Option<Template>,
    /// The platform's own settings in `stanch.yaml`.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, SettingSpec>,
    /// Ways to authenticate; the first is used unless the configuration names another.
    pub(crate) auth: Vec<AuthSpec>,
    /// Sent with every request.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Template>,
    /// Pace.
    #[serde(default)]
    pub(crate) limits: LimitSpec,
    /// How lists go on, unless an action says otherwise.
    #[serde(default)]
    pub(crate) paging: Option<Paging>,
    /// Where an error says what it is.
    #[serde(default)]
    pub(crate) errors: ErrorSpec,
    /// What its answers are, unless an action says otherwise.
    #[serde(default)]
    pub(crate) reply: Reply,
    /// The header that carries the platform's id of a request.
    #[serde(default)]
    pub(crate) request_id: Option<String>,
    /// The header in which the platform tells what our credential may do, separated by commas or blanks.
    #[serde(default)]
    pub(crate) granted: Option<String>,
    /// Who we are there: cuts on that are refused unless they are forced.
    #[serde(default, rename = "self")]
    pub(crate) own: Option<SelfSpec>,
    /// What a person is looked up by.
    #[serde(default)]
    pub(crate) people_by: PeopleBy,
    /// Reads that count a whole population, by kind: for caps in percent.
    #[serde(default)]
    pub(crate) population: BTreeMap<String, CallSpec>,
    /// Reads that tell who is in a group: for protected groups.
    #[serde(default)]
    pub(crate) membership: Option<MembershipSpec>,
    /// Reads that tell who holds a role: for protected roles.
    #[serde(default)]
    pub(crate) roles: Option<RolesSpec>,
    /// Reads that tell what ids stand for, by kind: for lists that give ids alone.
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, LabelSpec>,
    /// What proves that a credential sees all that a list can hold, by the name that lists give.
    #[serde(default)]
    pub(crate) witnesses: BTreeMap<String, WitnessSpec>,
    /// What it can do.
    pub(crate) actions: BTreeMap<String, ActionSpec>,
}

/// One setting in `stanch.yaml`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingSpec {
    /// For people.
    pub(crate) help: String,
    /// Used when the configuration says nothing.
    #[serde(default)]
    pub(crate) default: Option<String>,
    /// Used instead where the platform is simulated.
    #[serde(default)]
    pub(crate) twin: Option<String>,
    /// Allowed values.
    #[serde(default)]
    pub(crate) one_of: Vec<String>,
    /// May be left out, or be empty where a simulated platform would bring it; actions that `need` it are then missing.
    #[serde(default)]
    pub(crate) optional: bool,
}

/// Pace.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitSpec {
    /// `600/min`; learned from the platform's answers where nothing is declared.
    pub(crate) rate: Option<Rate>,
    /// Requests that may go at once after a pause.
    pub(crate) burst: Option<u32>,
    /// Calls at one time.
    pub(crate) in_flight: Option<usize>,
    /// Header: requests left in this window.
    pub(crate) remaining: Option<String>,
    /// Header: when the window ends.
    pub(crate) reset: Option<String>,
    /// What `reset` counts.
    pub(crate) reset_is: ResetIs,
    /// Which answers mean "slower" (over `status`, `body`, `headers`); 429 always does.
    pub(crate) refused: Option<Expr>,
    /// Error codes that mean "slower", whatever the status.
    pub(crate) codes: Vec<String>,
}

/// What a reset header counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ResetIs {
    /// Unix seconds.
    #[default]
    Epoch,
    /// Seconds from now.
    Seconds,
}

/// Who we are on the platform: the identity that stanch itself uses there.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SelfSpec {
    /// The read that tells, as our own credential sees it; none where settings tell.
    #[serde(default)]
    pub(crate) action: Option<String>,
    /// By kind of target the id, or a list of them: `user: "{out.id}"`, `app: "{settings.client_id}"`.
    pub(crate) is: BTreeMap<String, Shape>,
}

/// What a person is looked up by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PeopleBy {
    /// A mail address finds somebody, whatever else does.
    #[default]
    Mail,
    /// Their login or name alone: a mail address names nobody.
    Login,
}

/// Who is in a group.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MembershipSpec {
    /// The read that lists groups by the beginning of their name; its only required input is the name.
    pub(crate) groups: String,
    /// The read that is made on each of them.
    pub(crate) members: String,
}

/// Who holds a role: either one read that takes the role, or everybody who holds any, each asked for theirs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    deny_unknown_fields,
    expecting = "`{ holders: ACTION }`, or `{ people: ACTION, of: ACTION }`"
)]
pub(crate) enum RolesSpec {
    /// The platform lists the holders of a role.
    Holders {
        /// The read that lists them; its only required input is the role.
        holders: String,
    },
    /// The platform tells the roles of one person.
    ByPerson {
        /// The read that lists everybody who holds any role.
        people: String,
        /// The read that is made on each of them; a row names its role by its label, or by its `type` or `role`.
        of: String,
    },
}

impl RolesSpec {
    /// The reads by their names here.
    pub(crate) fn reads(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Holders { holders } => vec![("holders", holders)],
            Self::ByPerson { people, of } => vec![("people", people), ("of", of)],
        }
    }
}

/// Where an error says what it is: the first path that leads somewhere counts.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ErrorSpec {
    /// Paths to the code.
    pub(crate) code: Vec<String>,
    /// Paths to the words for people.
    pub(crate) message: Vec<String>,
    /// Codes that mean something other than their status says.
    pub(crate) kinds: BTreeMap<String, ErrorKind>,
}
