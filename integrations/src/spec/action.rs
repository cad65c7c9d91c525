//! One action: what it is, how it looks on the wire, what proves it, what takes it back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_model::{Effect, InDoubt, catalog::InputKind};

use super::{ActionAuth, Match, Paging, Rate, Reply, RequestSpec, Residual, Span};
use crate::{
    expr::Expr,
    template::{Shape, Template},
};

/// One action.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
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
    /// What is read first, in the same attempt, for the request to be made of: `{read.…}`. One at a time per such read.
    #[serde(default)]
    pub(crate) read: Option<ReadSpec>,
    /// Values for the request by name, each an expression over `read`, `input`, `target`, `item`, `settings`.
    #[serde(default, rename = "let")]
    pub(crate) made: BTreeMap<String, Expr>,
    /// What is sent.
    #[serde(default)]
    pub(crate) request: Option<RequestSpec>,
    /// What a person does where the platform has no API.
    #[serde(default)]
    pub(crate) manual: Option<Template>,
    /// Another way to authenticate than the platform's.
    #[serde(default)]
    pub(crate) auth: Option<ActionAuth>,
    /// Another pace than the platform's.
    #[serde(default)]
    pub(crate) rate: Option<Rate>,
    /// Settings without which the action does not exist; also parts of the credential (`credential.routing_key`) and ways
    /// to authenticate (`auth.app`).
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Which answer means yes.
    #[serde(default)]
    pub(crate) success: Match,
    /// Which answers mean "was so before".
    #[serde(default)]
    pub(crate) already: Vec<Match>,
    /// What the answer's body is, if not as everywhere on this platform.
    #[serde(default)]
    pub(crate) reply: Option<Reply>,
    /// The platform goes on by itself after its first answer: how it is asked whether it is done.
    #[serde(default)]
    pub(crate) poll: Option<PollSpec>,
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
    /// A setting: where it is `true`, the action cannot be taken back.
    #[serde(default)]
    pub(crate) permanent_if: Option<String>,
    /// Who settles an unknown outcome.
    #[serde(default)]
    pub(crate) in_doubt: Option<InDoubt>,
    /// How long access that was issued before lives on.
    #[serde(default)]
    pub(crate) residual: Option<Residual>,
    /// How the platform recognises a repeated request.
    #[serde(default)]
    pub(crate) idempotency: Option<IdempotencySpec>,
    /// Scopes or permissions.
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// What its correctness rests on.
    pub(crate) evidence: Evidence,
    /// Where it differs from the vendor's machine-readable description on purpose: the place, as `conform` names it, and
    /// the reason.
    #[serde(default)]
    pub(crate) differs: BTreeMap<String, String>,
    /// What people should know before they use it.
    #[serde(default)]
    pub(crate) note: Option<String>,
    /// The vendor's page.
    pub(crate) docs: String,
    /// Its target could be the identity that we use ourselves: set where the catalogue is read.
    #[serde(skip)]
    pub(crate) guarded: bool,
}

impl ActionSpec {
    /// It takes something away from somebody.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(self.effect, Effect::Reversible | Effect::Permanent)
    }

    /// A part of our credential stands in the request itself, beside or instead of the proof.
    pub(crate) fn sends_credential(&self) -> bool {
        let Some(request) = &self.request else { return false };
        let shapes = request.form.iter().flat_map(|form| form.values()).chain(&request.json);
        let texts = shapes.flat_map(|shape| shape.templates()).chain(request.headers.values());
        let mut variables = texts.chain(&request.text).flat_map(Template::variables);
        variables.any(crate::request::is_of_credential)
    }
}

/// What an action touches.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
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
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InputSpec {
    /// Its type.
    #[serde(rename = "type")]
    pub(crate) kind: InputKind,
    /// May be left out.
    #[serde(default)]
    pub(crate) optional: bool,
    /// What each item of a `list` is: `secret` takes handles of secrets, and targets whose id is one.
    #[serde(default)]
    pub(crate) of: Option<ItemKind>,
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

/// What the items of a list may be held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemKind {
    /// A secret handle.
    Secret,
}

/// What a list gives: targets when `kind` is set, else maps.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct YieldSpec {
    /// The kind of target.
    #[serde(default)]
    pub(crate) kind: Option<String>,
    /// Path to the rows; the body itself when empty. A map there is the only row.
    #[serde(default)]
    pub(crate) each: String,
    /// Path in each of these rows to a list of their own: its rows are the ones that are meant. What else the outer row holds
    /// stands in them too.
    #[serde(default)]
    pub(crate) inner: Option<String>,
    /// Answers that mean "there is none".
    #[serde(default)]
    pub(crate) none: Vec<Match>,
    /// The target's id: a path in the row, or a template (`{item.…}` is the row).
    #[serde(default)]
    pub(crate) id: Option<Shape>,
    /// For people; `{holder}` is what the row's target `holder` is called. Of a list the first that nothing is lacking of.
    #[serde(default)]
    pub(crate) label: Option<Shape>,
    /// What else is kept of the row. A map with `kind` and `id` becomes a target of its own.
    #[serde(default)]
    pub(crate) attrs: BTreeMap<String, Shape>,
    /// Rows are lists, and their columns are named here: a path to the names, or to maps that each have a `name`.
    #[serde(default)]
    pub(crate) columns: Option<String>,
    /// Only rows for which this holds (over `item`, `input`, `settings`).
    #[serde(default)]
    pub(crate) only: Option<Expr>,
    /// The platform gives at most this many rows and does not say so when there are more.
    #[serde(default)]
    pub(crate) ceiling: Option<usize>,
}

/// How an action is proven, or why it cannot be.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
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

/// A read in the same attempt.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadSpec {
    /// The read.
    pub(crate) action: String,
    /// Its arguments.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, Shape>,
    /// Over `read`, `input`, `target`: it is so already, and nothing is sent.
    #[serde(default)]
    pub(crate) already: Option<Expr>,
}

/// How a platform is asked whether it is done. Its last answer stands in the place of its first one.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PollSpec {
    /// Which first answers mean "not yet" (over `status`, `body`, `headers`); all of them unless set.
    #[serde(default)]
    pub(crate) when: Option<Expr>,
    /// The read that asks.
    pub(crate) action: String,
    /// Its arguments; `{body.…}` is the first answer.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, Shape>,
    /// It is done (over `status`, `body`, `headers` of the read's answer).
    pub(crate) done: Expr,
    /// It will never be.
    #[serde(default)]
    pub(crate) failed: Option<Expr>,
    /// The pause between two questions.
    #[serde(default)]
    pub(crate) every: Option<Span>,
    /// How long it is asked at most. What is not known then is in doubt.
    pub(crate) within: Span,
}

/// A call of another action of the same platform.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallSpec {
    /// The action.
    pub(crate) action: String,
    /// Its arguments; variables are the inputs, `target.…`, `before.…`, `settings.…`.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, Shape>,
}

/// The read for whose rows an action is made.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EachSpec {
    /// The read, and its arguments.
    pub(crate) action: String,
    /// As in any call.
    #[serde(default)]
    pub(crate) with: BTreeMap<String, Shape>,
    /// Only rows for which this holds (over `item`, `input`, `settings`).
    #[serde(default)]
    pub(crate) only: Option<Expr>,
}

/// How the platform recognises a repeated request.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdempotencySpec {
    /// The header that carries the key; none where the request itself is recognised.
    #[serde(default)]
    pub(crate) header: Option<String>,
    /// How long the platform remembers it.
    pub(crate) memory: Span,
}

/// What an action's correctness rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Spec => "spec",
            Self::Sdk => "sdk",
            Self::Docs => "docs",
            Self::None => "none",
        })
    }
}
