//! What host calls, verbs and Rhai's own functions give.

use stanch_model::{Effect, catalog::ActionInfo};

use super::{Ty, World};
use crate::dialect::HostCall;

/// What a host call gives, from its arguments and the value of the closure among them.
pub(super) fn host(call: &'static HostCall, types: &[Ty], body: Option<Ty>) -> Ty {
    let body = body.unwrap_or(Ty::Any);
    match call.name {
        "find_app" => Ty::list(Ty::target("app")),
        "find_user" => Ty::list(Ty::target("user")),
        "each" => Ty::list(body),
        "attempt" => Ty::Record(call, Box::new(body)),
        "settle" => Ty::Record(call, Box::new(Ty::list(Ty::Target(None)))),
        "together" | "wait_until" => body,
        "manual" => types.get(1).cloned().unwrap_or(Ty::Any),
        "flat" => Ty::list(types.first().map_or(Ty::Any, Ty::innermost)),
        "holders" => Ty::list(Ty::target("user")),
        "ask" | "now" | "uuid" => Ty::Text,
        "wait_for" => Ty::Any,
        "phase" | "note" | "evidence" | "wait" | "fail" => Ty::Unit,
        _ => Ty::Record(call, Box::new(Ty::Any)),
    }
}

/// What a field of a host call's result is.
pub(super) fn field(call: &HostCall, name: &str, value: &Ty) -> Ty {
    match (call.name, name) {
        ("attempt", "value") => value.clone(),
        ("attempt", "ok") => Ty::Bool,
        ("settle", "unread") => Ty::list(Ty::Text),
        ("settle", _) => value.clone(),
        ("incident", "severity") => Ty::Severity,
        ("run_playbook", "targets") => Ty::list(Ty::Target(None)),
        ("run_playbook", "ended" | "containment") => Ty::Text,
        ("approve", "pre_approved") => Ty::Bool,
        _ => Ty::Any,
    }
}

/// What a verb gives: what all that it can become have in common.
pub(super) fn verb(world: &World<'_>, verbs: &[String]) -> Ty {
    let found = verbs.iter().flat_map(|verb| world.index.verb(verb));
    found.map(|(_, info)| action(info)).fold(Ty::Any, Ty::either)
}

/// What an action gives: a read its list, a cut its target.
pub(super) fn action(info: &ActionInfo) -> Ty {
    match (&info.yields, &info.target_kind) {
        (Some(kind), _) => Ty::list(Ty::target(kind)),
        (None, Some(kind)) if info.effect != Effect::Read => Ty::target(kind),
        _ => Ty::Any,
    }
}

/// What one of Rhai's own functions gives, called on a value.
pub(super) fn builtin(name: &str, on: &Ty, body: Option<Ty>) -> Ty {
    match (name, on) {
        ("len" | "index_of", _) => Ty::Number,
        ("is_empty" | "contains" | "some" | "all" | "starts_with" | "ends_with", _) => Ty::Bool,
        ("map", Ty::List(_)) => Ty::list(body.unwrap_or(Ty::Any)),
        ("filter" | "extract" | "dedup", list) => list.clone(),
        ("find" | "pop" | "shift" | "get" | "remove", list) => list.item(),
        ("to_string" | "trim" | "to_upper" | "to_lower" | "sub_string" | "replace", _) => Ty::Text,
        ("keys" | "split", _) => Ty::list(Ty::Text),
        ("values", Ty::Known(entries)) => {
            Ty::list(entries.iter().map(|entry| entry.ty.clone()).reduce(Ty::either).unwrap_or(Ty::Any))
        }
        _ => Ty::Any,
    }
}

/// True for Rhai's own functions that change what they are called on.
pub(super) fn changes(name: &str) -> bool {
    const CHANGE: &[&str] = &[
        "append",
        "chop",
        "clear",
        "crop",
        "dedup",
        "drain",
        "fill_with",
        "for_each",
        "insert",
        "make_lower",
        "make_upper",
        "mixin",
        "pad",
        "pop",
        "push",
        "remove",
        "replace",
        "retain",
        "reverse",
        "set",
        "shift",
        "sort",
        "sort_by",
        "sort_desc",
        "splice",
        "trim",
        "truncate",
    ];
    CHANGE.contains(&name)
}
