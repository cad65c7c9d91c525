//! What the variables of a template mean for one call.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use stanch_model::{Target, value};

use crate::{credential::Credential, path, template::Lookup};

/// The variables of one call.
#[derive(Clone, Copy)]
pub(crate) struct Vars<'a> {
    pub(crate) inputs: &'a Map<String, Value>,
    pub(crate) target: Option<&'a Target>,
    pub(crate) settings: &'a BTreeMap<String, String>,
    /// The idempotency key; empty where none is known.
    pub(crate) key: &'a str,
    /// Since when the effect can have happened, as RFC 3339; empty where it is not known.
    pub(crate) since: &'a str,
    pub(crate) before: Option<&'a Value>,
    pub(crate) item: Option<&'a Value>,
    /// What was read in the same attempt.
    pub(crate) read: Option<&'a Value>,
    /// What `let` made.
    pub(crate) made: Option<&'a Map<String, Value>>,
    /// What is kept of a row, where its label is made.
    pub(crate) attrs: Option<&'a BTreeMap<String, Value>>,
    /// A first answer that more requests follow.
    pub(crate) body: Option<&'a Value>,
    /// What a read gave, where its meaning is asked for.
    pub(crate) out: Option<&'a Value>,
    /// Only where a request is built.
    pub(crate) credential: Option<&'a Credential>,
}

impl<'a> Vars<'a> {
    /// Arguments and settings, and nothing else.
    pub(crate) fn new(inputs: &'a Map<String, Value>, settings: &'a BTreeMap<String, String>) -> Self {
        Self {
            inputs,
            target: None,
            settings,
            key: "",
            since: "",
            before: None,
            item: None,
            read: None,
            made: None,
            attrs: None,
            body: None,
            out: None,
            credential: None,
        }
    }

    /// The same, for one row of a list.
    pub(crate) fn with_item(self, item: &'a Value) -> Self {
        Self { item: Some(item), ..self }
    }
}

impl Lookup for Vars<'_> {
    fn lookup(&self, variable: &str) -> Option<Value> {
        if let Some(value) = self.inputs.get(variable) {
            return Some(value.clone()).filter(|value| !value.is_null());
        }
        let (root, rest) = variable.split_once('.').unwrap_or((variable, ""));
        match root {
            "settings" => self.settings.get(rest).cloned().map(Value::String),
            "key" => given(self.key),
            "since" => given(self.since),
            "before" => path::get(self.before?, rest).cloned(),
            "item" => path::get(self.item?, rest).cloned(),
            "read" => path::get(self.read?, rest).cloned(),
            "body" => path::get(self.body?, rest).cloned(),
            "out" => path::get(self.out?, rest).cloned(),
            "target" => of_target(self.target?, rest),
            "credential" => self.credential?.part(rest).map(Value::from),
            name => match self.made.and_then(|made| made.get(name)) {
                Some(made) => path::get(made, rest).cloned(),
                None => of_attr(self.attrs?.get(name)?, rest),
            },
        }
    }
}

fn given(text: &str) -> Option<Value> {
    (!text.is_empty()).then(|| text.into())
}

/// A target of a row: what it is called, or a part of it.
fn of_attr(attr: &Value, rest: &str) -> Option<Value> {
    let target = value::as_target(attr)?;
    of_target(&target, if rest.is_empty() { "label" } else { rest })
}

fn of_target(target: &Target, rest: &str) -> Option<Value> {
    match rest.split_once('.').unwrap_or((rest, "")) {
        ("", _) => Some(value::of_target(target)),
        ("id", _) => Some(Value::String(target.id.clone())),
        ("kind", _) => Some(Value::String(target.kind.clone())),
        ("label", _) => Some(Value::String(target.name().to_owned())),
        ("attrs", rest) => {
            let (name, rest) = rest.split_once('.').unwrap_or((rest, ""));
            let attr = target.attrs.get(name)?;
            match value::as_target(attr) {
                Some(inner) if !rest.is_empty() => of_target(&inner, rest),
                _ => path::get(attr, rest).cloned(),
            }
        }
        _ => None,
    }
}
