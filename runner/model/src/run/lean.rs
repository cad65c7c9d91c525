//! The bodies that every step and branch writes and every replay reads, without a copy of what lies in them.
//!
//! They are [`Intent`](super::body::Intent), [`Outcome`](super::body::Outcome) and [`BranchDone`](super::body::BranchDone)
//! of `body` with borrowed parts, written by hand: a serializer and owned values would be most of the cost of a step.
//! Nothing here may differ from the shapes there; the tests hold that.

mod object;
mod read;

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

use self::object::Object;
pub use self::object::{push_number, push_text};
use super::body::{CallIntent, StepError};
use crate::{
    ids::Hash,
    target::{Effect, InDoubt, Target},
};

/// An intent to be written.
#[derive(Clone, Copy, Debug)]
pub struct IntentText<'a> {
    /// As in [`super::body::Intent`], like all that follows.
    pub address: &'a str,
    /// `call` for an action.
    pub op: &'a str,
    /// `integration.action`, or the name given to the host call.
    pub name: &'a str,
    /// Hash of the canonical arguments.
    pub args: Hash,
    /// Line and column.
    pub at: (u32, u32),
    /// From 1.
    pub attempt: u32,
    /// For a fan-out.
    pub keys: Option<&'a [String]>,
    /// For an action.
    pub call: Option<CallText<'a>>,
}

/// The call of an intent to be written.
#[derive(Clone, Copy, Debug)]
pub struct CallText<'a> {
    /// As in [`super::body::CallIntent`], like all that follows.
    pub integration: &'a str,
    /// Action name.
    pub action: &'a str,
    /// See [`Effect`].
    pub effect: Effect,
    /// The verb by which the script called it, if it did.
    pub verb: Option<&'a str>,
    /// Arguments as canonical JSON.
    pub input: &'a str,
    /// What is touched.
    pub target: Option<&'a Target>,
    /// Idempotency key.
    pub key: &'a str,
    /// Who settles an unknown outcome.
    pub in_doubt: InDoubt,
    /// Captured state.
    pub before: Option<&'a Value>,
    /// The resolved undo.
    pub undo: Option<&'a Value>,
    /// Id of the approval that covers it.
    pub approval: Option<&'a str>,
    /// Version of the entry of this run that granted it.
    pub granted: Option<u64>,
    /// Versions of the `guard.read` entries by which the guards let it pass.
    pub guards: &'a [u64],
    /// When the request is given up, Unix ms.
    pub deadline_ms: i64,
}

/// What folding an intent needs of it.
#[derive(Debug, Deserialize)]
pub struct IntentHead<'a> {
    /// As in [`super::body::Intent`], like all that follows.
    #[serde(borrow)]
    pub address: Cow<'a, str>,
    /// `call` for an action.
    #[serde(borrow)]
    pub op: Cow<'a, str>,
    /// `integration.action`, or the name given to the host call.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Hash of the canonical arguments.
    pub args: Hash,
    /// Line and column.
    pub at: (u32, u32),
    /// From 1.
    pub attempt: u32,
    /// For an action.
    #[serde(default)]
    pub call: Option<CallHead>,
}

/// What folding an action's intent needs of its call.
#[derive(Clone, Debug, Deserialize)]
pub struct CallHead {
    /// See [`Effect`].
    pub effect: Effect,
    /// Whether it touches a target.
    #[serde(default)]
    pub target: Option<IgnoredAny>,
    /// When the request is given up, Unix ms.
    pub deadline_ms: i64,
}

/// An outcome as read.
#[derive(Debug, Deserialize)]
pub struct OutcomeHead<'a> {
    /// As in [`super::body::Outcome`], like all that follows.
    #[serde(borrow)]
    pub address: Cow<'a, str>,
    /// What the script gets, as JSON; absent for nothing and for an error.
    #[serde(borrow, default, deserialize_with = "raw")]
    pub value: Option<&'a str>,
    /// What the script catches.
    #[serde(default)]
    pub error: Option<StepError>,
    /// For a list: why it may not have shown everything; empty when it did.
    #[serde(borrow, default)]
    pub incomplete: Cow<'a, str>,
}

impl<'a> IntentHead<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is not an intent's.
    pub fn read(body: &'a str) -> Result<Self, serde_json::Error> {
        Self::as_written(body).map_or_else(|| serde_json::from_str(body), Ok)
    }
}

impl<'a> OutcomeHead<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// When it is not an outcome's.
    pub fn read(body: &'a str) -> Result<Self, serde_json::Error> {
        Self::as_written(body).map_or_else(|| serde_json::from_str(body), Ok)
    }
}

/// A value as it stands.
fn raw<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<&'de str>, D::Error> {
    Ok(Option::<&RawValue>::deserialize(deserializer)?.map(RawValue::get))
}

/// An outcome to be written.
#[derive(Clone, Copy, Debug)]
pub struct OutcomeText<'a> {
    /// As in [`super::body::Outcome`], like all that follows.
    pub address: &'a str,
    /// The attempt that brought it.
    pub attempt: u32,
    /// What the script gets, as canonical JSON; `null` is not written.
    pub value: &'a str,
    /// What the script catches.
    pub error: Option<&'a StepError>,
    /// Who did it.
    pub by: &'a str,
    /// For a list: why it may not have shown everything; empty when it did.
    pub incomplete: &'a str,
}

/// The end of a branch as read.
#[derive(Debug, Deserialize)]
pub struct BranchHead<'a> {
    /// As in [`super::body::BranchDone`], like all that follows.
    #[serde(borrow)]
    pub address: Cow<'a, str>,
    /// Its value as JSON; absent for nothing and for an error.
    #[serde(borrow, default, deserialize_with = "raw")]
    pub value: Option<&'a str>,
    /// Its error.
    #[serde(default)]
    pub error: Option<StepError>,
}

/// The end of a branch to be written.
#[derive(Clone, Copy, Debug)]
pub struct BranchText<'a> {
    /// As in [`super::body::BranchDone`], like all that follows.
    pub address: &'a str,
    /// Its value as canonical JSON; `null` is not written.
    pub value: &'a str,
    /// Its error.
    pub error: Option<&'a StepError>,
}

impl BranchText<'_> {
    /// The body.
    pub fn to_json(&self) -> String {
        let mut out = Object::new(64 + self.address.len() + self.value.len());
        out.text("address", self.address);
        if self.value != "null" {
            out.plain("value", self.value);
        }
        if let Some(error) = self.error {
            out.json("error", error);
        }
        out.end()
    }
}

impl IntentText<'_> {
    /// The body.
    pub fn to_json(&self) -> String {
        let mut out = Object::new(512);
        out.text("address", self.address).text("op", self.op).text("name", self.name);
        out.hash("args", &self.args).pair("at", self.at);
        out.number("attempt", i64::from(self.attempt));
        if let Some(keys) = self.keys {
            out.json("keys", &keys);
        }
        if let Some(call) = &self.call {
            out.name("call");
            call.write(&mut out);
        }
        out.end()
    }
}

impl<'a> CallText<'a> {
    /// A call in owned parts; `input` is its input as JSON.
    pub fn of(call: &'a CallIntent, input: &'a str) -> Self {
        Self {
            integration: &call.integration,
            action: &call.action,
            effect: call.effect,
            verb: call.verb.as_deref(),
            input,
            target: call.target.as_ref(),
            key: &call.key,
            in_doubt: call.in_doubt,
            before: call.before.as_ref(),
            undo: call.undo.as_ref(),
            approval: call.approval.as_deref(),
            granted: call.granted,
            guards: &call.guards,
            deadline_ms: call.deadline_ms,
        }
    }
}

impl CallText<'_> {
    fn write(&self, out: &mut Object) {
        out.open();
        out.text("integration", self.integration).text("action", self.action);
        out.text("effect", self.effect.as_str());
        if let Some(verb) = self.verb {
            out.text("verb", verb);
        }
        out.plain("input", self.input);
        if let Some(target) = self.target {
            out.json("target", target);
        }
        out.text("key", self.key).text("in_doubt", self.in_doubt.as_str());
        if let Some(before) = self.before {
            out.json("before", before);
        }
        if let Some(undo) = self.undo {
            out.json("undo", undo);
        }
        if let Some(approval) = self.approval {
            out.text("approval", approval);
        }
        if let Some(granted) = self.granted {
            out.raw("granted", format_args!("{granted}"));
        }
        if !self.guards.is_empty() {
            out.json("guards", &self.guards);
        }
        out.number("deadline_ms", self.deadline_ms);
        out.close();
    }
}

impl OutcomeText<'_> {
    /// The body.
    pub fn to_json(&self) -> String {
        let mut out = Object::new(96 + self.value.len());
        out.text("address", self.address).number("attempt", i64::from(self.attempt));
        if self.value != "null" {
            out.plain("value", self.value);
        }
        if let Some(error) = self.error {
            out.json("error", error);
        }
        if !self.by.is_empty() {
            out.text("by", self.by);
        }
        if !self.incomplete.is_empty() {
            out.text("incomplete", self.incomplete);
        }
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        ids::Address,
        run::body::{BranchDone, CallIntent, Intent, Outcome},
    };

    fn target() -> Target {
        let attrs = [("holder".to_owned(), json!({ "kind": "user" }))].into();
        Target {
            integration: "okta".into(),
            kind: "grant".into(),
            id: "g\"1".into(),
            label: "x".into(),
            attrs,
        }
    }

    fn call(full: bool) -> CallIntent {
        CallIntent {
            integration: "okta".into(),
            action: "revoke_grant".into(),
            effect: Effect::Permanent,
            verb: full.then(|| "grant.revoke".into()),
            input: json!({ "a": [1, "\n"] }),
            target: full.then(target),
            key: "k".into(),
            in_doubt: InDoubt::Probe,
            before: full.then(|| json!({ "status": "ACTIVE" })),
            undo: full.then(|| json!(["x"])),
            approval: full.then(|| "A1".into()),
            granted: full.then_some(9),
            guards: if full { vec![7, 12] } else { Vec::new() },
            deadline_ms: -5,
        }
    }

    #[test]
    fn an_intent_is_written_as_its_shape_says_and_read_back() {
        for (keys, call) in [
            (None, None),
            (Some(vec!["a".to_owned(), "b\"".to_owned()]), None),
            (None, Some(call(false))),
            (None, Some(call(true))),
        ] {
            let intent = Intent {
                address: Address::from_stored("2.each[\u{e9}].1"),
                op: "call".into(),
                name: "okta.revoke_grant".into(),
                args: Hash::of(b"args"),
                at: (3, 14),
                attempt: 2,
                keys,
                call,
            };
            let input = intent.call.as_ref().map(|call| call.input.to_string()).unwrap_or_default();
            let call = intent.call.as_ref().map(|call| CallText::of(call, &input));
            let text = IntentText {
                address: intent.address.as_str(),
                op: &intent.op,
                name: &intent.name,
                args: intent.args,
                at: intent.at,
                attempt: intent.attempt,
                keys: intent.keys.as_deref(),
                call,
            };
            let json = text.to_json();
            assert_eq!(json, serde_json::to_string(&intent).unwrap());
            let read = IntentHead::as_written(&json);
            assert_eq!(read.is_some(), intent.keys.is_none(), "{json}");
            let head: IntentHead<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(format!("{:?}", IntentHead::read(&json).unwrap()), format!("{head:?}"));
            assert_eq!((head.address.as_ref(), head.args), (intent.address.as_str(), intent.args));
            assert_eq!((head.at, head.attempt), (intent.at, intent.attempt));
            let call = intent.call.as_ref().map(|call| (call.effect, call.target.is_some()));
            assert_eq!(head.call.map(|call| (call.effect, call.target.is_some())), call);
        }
    }

    #[test]
    fn an_outcome_is_written_as_its_shape_says_and_read_back() {
        let error = StepError::new("refused", "no \"way\"");
        for (value, error, by, incomplete) in [
            (json!({ "n": 1.5 }), None, "us", ""),
            (Value::Null, Some(error), "", "the \"witness\" does not hold"),
            (Value::Null, None, "", ""),
        ] {
            let outcome = Outcome {
                address: Address::from_stored("7"),
                attempt: 1,
                value: value.clone(),
                error,
                by: by.into(),
                incomplete: incomplete.into(),
            };
            let value = value.to_string();
            let error = outcome.error.as_ref();
            let json =
                OutcomeText { address: "7", attempt: 1, value: &value, error, by, incomplete }.to_json();
            assert_eq!(json, serde_json::to_string(&outcome).unwrap());
            let head: OutcomeHead<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(format!("{:?}", OutcomeHead::read(&json).unwrap()), format!("{head:?}"));
            assert_eq!(head.value.unwrap_or("null"), value);
            assert_eq!((head.error.as_ref(), head.incomplete.as_ref()), (error, incomplete));
        }
    }
    #[test]
    fn a_branchs_end_is_written_as_its_shape_says_and_read_back() {
        let error = StepError::new("refused", "no \"way\"");
        for (value, error) in [(json!([1, "\n"]), None), (Value::Null, Some(error)), (Value::Null, None)] {
            let done =
                BranchDone { address: Address::from_stored("1.each[é].2"), value: value.clone(), error };
            let (value, error) = (value.to_string(), done.error.as_ref());
            let json = BranchText { address: done.address.as_str(), value: &value, error }.to_json();
            assert_eq!(json, serde_json::to_string(&done).unwrap());
            let head: BranchHead<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(head.value.unwrap_or("null"), value);
            assert_eq!((head.address.as_ref(), head.error.as_ref()), (done.address.as_str(), error));
        }
    }
}
