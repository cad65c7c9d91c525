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
            Ty::Map | Ty::Record(..) | Ty::Input | Ty::Alert | Ty::Error => "a map",
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
            (Ty::Any, b) => b,
            (a, b) if a == b || b == Ty::Any => a,
            _ => Ty::Any,
        }
    }
}
