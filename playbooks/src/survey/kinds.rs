//! What is known of a value before anything runs.

use crate::dialect::{HostCall, Var};

/// A type, as far as it can be told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ty {
    /// Not known: nothing is said about it.
    Any,
    Unit,
    Bool,
    Number,
    Text,
    Severity,
    List(Box<Ty>),
    Map,
    /// A map that stands in the script, with its entries.
    Known(Vec<Entry>),
    /// What a host call gives, with the type of its `value` field.
    Record(&'static HostCall, Box<Ty>),
    /// A target, with its kind if known.
    Target(Option<String>),
    Integration(String),
    Input,
    Alert,
    Error,
    Closure,
}

/// One entry of a map that stands in the script.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Where the key stands.
    pub(crate) at: usize,
    /// Where the value stands.
    pub(crate) value_at: usize,
    pub(crate) ty: Ty,
    pub(crate) literal: Literal,
}

/// What is written as a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    /// A text in quotes, without parts.
    Text(String),
    /// A number, `true` or `false`.
    Plain,
    /// Something whose value only running tells.
    No,
}

/// The fields of a caught error.
const ERROR_FIELDS: &[&str] = &["kind", "message", "status", "target", "errors"];

impl Ty {
    pub(crate) fn list(of: Ty) -> Self {
        Ty::List(Box::new(of))
    }

    pub(crate) fn target(kind: &str) -> Self {
        Ty::Target(Some(kind.to_owned()))
    }

    /// What an item of it is.
    pub(crate) fn item(&self) -> Ty {
        match self {
            Ty::List(item) => (**item).clone(),
            _ => Ty::Any,
        }
    }

    /// The innermost items of lists in lists.
    pub(crate) fn innermost(&self) -> Ty {
        match self {
            Ty::List(item) => item.innermost(),
            other => other.clone(),
        }
    }

    /// The fields, where they are fixed.
    pub(crate) fn fields(&self) -> Option<Vec<&'static str>> {
        match self {
            Ty::Record(call, _) if !call.fields.is_empty() => Some(call.fields.to_vec()),
            Ty::Alert => Some(Var::ALERT.fields.unwrap_or_default().to_vec()),
            Ty::Error => Some(ERROR_FIELDS.to_vec()),
            _ => None,
        }
    }

    /// True if methods that are not Rhai's must be verbs of a target.
    pub(crate) fn may_be_target(&self) -> bool {
        matches!(self, Ty::Any | Ty::Target(_))
    }

    /// True for every kind of map.
    pub(crate) fn is_map(&self) -> bool {
        matches!(self, Ty::Map | Ty::Known(_) | Ty::Record(..) | Ty::Input | Ty::Alert | Ty::Error)
    }

    /// True if nothing is known.
    pub(crate) fn is_any(&self) -> bool {
        matches!(self, Ty::Any)
    }

    /// In words, for messages.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Ty::Any => "a value",
            Ty::Unit => "nothing",
            Ty::Bool => "true or false",
            Ty::Number => "a number",
            Ty::Text => "a text",
            Ty::Severity => "a severity",
            Ty::List(_) => "a list",
            Ty::Map | Ty::Known(_) | Ty::Record(..) | Ty::Input | Ty::Alert | Ty::Error => "a map",
            Ty::Target(_) => "a target",
            Ty::Integration(_) => "an integration",
            Ty::Closure => "a closure",
        }
    }

    /// What both ways of an `if` or `??` have in common.
    pub(crate) fn either(self, other: Ty) -> Ty {
        match (self, other) {
            (Ty::List(a), Ty::List(b)) => Ty::list(a.either(*b)),
            (Ty::Target(a), Ty::Target(b)) if a != b => Ty::Target(None),
            (a, b) if a != b && a.is_map() && b.is_map() => Ty::Map,
            (a, b) if a == b => a,
            // What is known of targets on one way is what verbs go by; a plain value on one way says nothing of the other.
            (Ty::Any, known @ (Ty::List(_) | Ty::Target(_)))
            | (known @ (Ty::List(_) | Ty::Target(_)), Ty::Any) => known,
            _ => Ty::Any,
        }
    }
}
