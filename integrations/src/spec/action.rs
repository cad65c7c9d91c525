//! One action: what it is, how it looks on the wire, what proves it, what takes it back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_model::{Effect, InDoubt, catalog::InputKind};

use super::{AuthSpec, Match, Rate, Reply, RequestSpec, Span};
use crate::{
    expr::Expr,
    template::{Shape, Template},
};

/// One action.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActionSpec {
    /// For people, in the imperative.
    pub(crate) title: String,
    /// Its platform-neutral name, `grant.revoke`.
    #[serde(default)]
    pub(crate) verb: Option<String>,
    /// What it does to the world.
    pub(crate) effect: Effect,
    /// What it touches. Read in both directions: called as a verb, the target gives the inputs; called by name, the inputs
    /// give the target.
    #[serde(default)]
    pub(crate) target: Option<TargetShape>,
    /// Its arguments.
    #[serde(default)]
    pub(crate) input: BTreeMap<String, InputSpec>,
    /// The request is made once for every row of this read; `{item.…}` is the row.
    #[serde(default)]
    pub(crate) each: Option<EachSpec>,
    /// What is sent.
    #[serde(default)]
    pub(crate) request: Option<RequestSpec>,
    /// What a person does where the platform has no API.
    #[serde(default)]
    pub(crate) manual: Option<Template>,
    /// Another way to authenticate than the platform's.
    #[serde(default)]
    pub(crate) auth: Option<AuthSpec>,
    /// Another pace than the platform's.
    #[serde(default)]
    pub(crate) rate: Option<Rate>,
    /// Settings without which the action does not exist.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Ways to authenticate without which it does not exist; every way when empty.
    #[serde(default)]
    pub(crate) ways: Vec<String>,
    /// Which answer means yes.
    #[serde(default)]
    pub(crate) success: Match,
    /// Which answers mean "was so before".
    #[serde(default)]
    pub(crate) already: Vec<Match>,
    /// What the answer's body is.
    #[serde(default)]
    pub(crate) reply: Reply,
    /// Keys whose values are sealed, wherever they stand in the answer.
    #[serde(default)]
    pub(crate) secret: Vec<String>,
    /// What the script gets: names to paths in the body.
    #[serde(default)]
    pub(crate) output: Option<Shape>,
    /// What the script gets from a list.
    #[serde(default)]
    pub(crate) yields: Option<YieldSpec>,
    /// The platform's witness for this list, where it shows less to who may see less instead of refusing.
    #[serde(default)]
    pub(crate) witness: Option<String>,
    /// How the list goes on, if not as everywhere on this platform.
    #[serde(default)]
    pub(crate) paging: Option<Paging>,
    /// The read behind proof, probe, completeness and residual.
    #[serde(default)]
    pub(crate) verify: Option<VerifySpec>,
    /// The read that gives `before`.
    #[serde(default)]
    pub(crate) capture: Option<CallSpec>,
    /// What takes it back.
    #[serde(default)]
    pub(crate) undo: Option<CallSpec>,
    /// Who settles an unknown outcome.
    #[serde(default)]
    pub(crate) in_doubt: Option<InDoubt>,
    /// How long access that was issued before lives on.
    #[serde(default)]
    pub(crate) residual: Option<Span>,
    /// How the platform recognises a repeated request.
    #[serde(default)]
    pub(crate) idempotency: Option<IdempotencySpec>,
    /// Scopes or permissions.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// What its correctness rests on.
    pub(crate) evidence: Evidence,
    /// What people should know before they use it.
    #[serde(default)]
    pub(crate) note: Option<String>,
    /// The vendor's page.
    pub(crate) docs: String,
}

/// What an action touches.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetShape {
    /// app, grant, token, user, session, key, …
    pub(crate) kind: String,
    /// Its immutable id.
    pub(crate) id: Template,
    /// For people.
    #[serde(default)]
    pub(crate) label: Option<Template>,
    /// What else of it the request needs.
    #[serde(default)]
    pub(crate) attrs: BTreeMap<String, Template>,
}

/// One argument.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputSpec {
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: InputKind,
    /// May be left out.
    #[serde(default)]
    pub(crate) optional: bool,
    /// Used when left out.
    #[serde(default)]
    pub(crate) default: Option<Value>,
    /// Allowed values.
    #[serde(default)]
    pub(crate) one_of: Vec<String>,
    /// For people.
    #[serde(default)]
    pub(crate) help: String,
}

/// What a list gives: targets when `kind` is set, else maps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct YieldSpec {
    /// The kind of target.
    #[serde(default)]
    pub(crate) kind: Option<String>,
    /// Path to the rows; the body itself when empty. A map there is the only row.
    #[serde(default)]
    pub(crate) each: String,
    /// Answers that mean "there is none".
    #[serde(default)]
    pub(crate) none: Vec<Match>,
    /// The target's id: a path in the row, or a template (`{item.…}` is the row).
    #[serde(default)]
    pub(crate) id: Option<Shape>,
    /// For people.
    #[serde(default)]
    pub(crate) label: Option<Shape>,
    /// What else is kept of the row. A map with `kind` and `id` becomes a target of its own.
    #[serde(default)]
    pub(crate) attrs: BTreeMap<String, Shape>,
    /// Only rows for which this holds (over `item`, `input`).
    #[serde(default)]
    pub(crate) only: Option<Expr>,
    /// The platform gives at most this many rows and does not say so when there are more.
    #[serde(default)]
    pub(crate) ceiling: Option<usize>,
}

/// How a list goes on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Paging {
    /// It does not.
    None,
    /// `Link: <…>; rel="next"` (RFC 8288).
    Link,
    /// A cursor in the body goes into a parameter of the same request.
    Cursor {
        /// Path in the body.
        from: String,
        /// The parameter, in the query or form that the request has.
        into: String,
    },
    /// A URL or path in the body.
    NextUrl {
        /// Path in the body.
        from: String,
    },
}

/// How an action is proven, or why it cannot be.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifySpec {
    /// The read.
    #[serde(default)]
    pub(crate) action: Option<String>,
    /// Its arguments.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, Shape>,
    /// Over `status`, `out`, `input`, `target`.
    #[serde(default)]
    pub(crate) until: Option<Expr>,
    /// How long the platform may take until it shows.
    #[serde(default)]
    pub(crate) within: Option<Span>,
    /// Why there is none.
    #[serde(default)]
    pub(crate) none: Option<String>,
}

/// A call of another action of the same platform.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallSpec {
    /// The action.
    pub(crate) action: String,
    /// Its arguments; variables are the inputs, `target.…`, `before.…`, `settings.…`.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, Shape>,
}

/// The read for whose rows an action is made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EachSpec {
    /// The read, and its arguments.
    pub(crate) action: String,
    /// As in any call.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, Shape>,
    /// Only rows for which this holds (over `item`, `input`).
    #[serde(default)]
    pub(crate) only: Option<Expr>,
}

/// How the platform recognises a repeated request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdempotencySpec {
    /// The header that carries the key; none where the request itself is recognised.
    #[serde(default)]
    pub(crate) header: Option<String>,
    /// How long the platform remembers it.
    pub(crate) memory: Span,
}

/// What an action's correctness rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The vendor's machine-readable description.
    Spec,
    /// The vendor's own client library.
    Sdk,
    /// The vendor's documentation, or a standard.
    Docs,
    /// General knowledge only.
    None,
}
