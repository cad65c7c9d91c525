//! What one action says of others: verify, undo, capture.

use std::collections::BTreeMap;

use stanch_model::Effect;

use super::{Report, platform, suggest};
use crate::{
    expr::{OF_PROOF, OF_ROW},
    spec::{ActionSpec, CallSpec, PlatformSpec},
    template::Shape,
};

pub(super) fn check(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    if let Some(verify) = &action.verify {
        let place = ["actions", name, "verify"];
        match (&verify.action, &verify.until, &verify.none) {
            (Some(read), Some(until), None) => {
                super::action::names(until, OF_PROOF, &["actions", name, "verify", "until"], report);
                super::until::check(spec, name, action, read, until, report);
                call(spec, read, &verify.with, &place, report);
                must_read(spec, read, &place, report);
                given(spec, action, &verify.with, &["target", "key", "since"], &place, report);
            }
            (None, None, Some(why)) if !why.trim().is_empty() && verify.with.is_empty() => {}
            _ => {
                let message = "verify is `action`, `with` and `until`, or `none` with the reason".to_owned();
                report.at_key(&place, "IN0006", message, None);
            }
        }
    }
    if let Some(undo) = &action.undo {
        let place = ["actions", name, "undo"];
        call(spec, &undo.action, &undo.with, &place, report);
        let roots: &[&str] = if action.capture.is_some() { &["target", "before"] } else { &["target"] };
        given(spec, action, &undo.with, roots, &place, report);
    }
    if let Some(only) = action.each.as_ref().and_then(|each| each.only.as_ref()) {
        super::action::names(only, OF_ROW, &["actions", name, "each", "only"], report);
    }
    let capture = action.capture.as_ref().map(|capture| ("capture", &capture.action, &capture.with));
    let each = action.each.as_ref().map(|each| ("each", &each.action, &each.with));
    for (part, wanted, with) in [capture, each].into_iter().flatten() {
        let place = ["actions", name, part];
        call(spec, wanted, with, &place, report);
        must_read(spec, wanted, &place, report);
        given(spec, action, with, &["target"], &place, report);
    }
}

/// A call that must be a read.
pub(super) fn read(spec: &PlatformSpec, wanted: &CallSpec, path: &[&str], report: &mut Report<'_>) {
    call(spec, &wanted.action, &wanted.with, path, report);
    must_read(spec, &wanted.action, path, report);
}

fn must_read(spec: &PlatformSpec, action: &str, path: &[&str], report: &mut Report<'_>) {
    changes_nothing(spec, action, &[path, &["action"]].concat(), report);
}

/// What stands here is no effect.
pub(super) fn changes_nothing(spec: &PlatformSpec, action: &str, path: &[&str], report: &mut Report<'_>) {
    if spec.actions.get(action).is_some_and(|action| action.effect != Effect::Read) {
        let message = format!("`{action}` changes something; only a read may stand here");
        report.at_value(path, "IN0004", message, None);
    }
}

/// The action exists.
pub(super) fn exists(spec: &PlatformSpec, action: &str, path: &[&str], report: &mut Report<'_>) {
    if !spec.actions.contains_key(action) {
        let help = suggest(action, spec.actions.keys().map(String::as_str));
        report.at_value(path, "IN0004", format!("there is no action `{action}`"), help);
    }
}

/// The action exists and gets the arguments that it takes.
fn call(
    spec: &PlatformSpec,
    action: &str,
    with: &BTreeMap<String, Shape>,
    path: &[&str],
    report: &mut Report<'_>,
) {
    exists(spec, action, &[path, &["action"]].concat(), report);
    let Some(called) = spec.actions.get(action) else { return };
    for argument in with.keys().filter(|argument| !called.input.contains_key(*argument)) {
        let help = suggest(argument, called.input.keys().map(String::as_str));
        let message = format!("`{action}` takes no `{argument}`");
        report.at_key(&[path, &["with", argument]].concat(), "IN0007", message, help);
    }
    for (input, spec) in &called.input {
        if !spec.optional && spec.default.is_none() && !with.contains_key(input) {
            let message = format!("`{action}` needs `{input}`");
            report.at_value(&[path, &["action"]].concat(), "IN0007", message, None);
        }
    }
}

/// Every variable of the arguments is given.
pub(super) fn given(
    spec: &PlatformSpec,
    action: &ActionSpec,
    with: &BTreeMap<String, Shape>,
    roots: &[&str],
    path: &[&str],
    report: &mut Report<'_>,
) {
    for (argument, shape) in with {
        for variable in shape.variables() {
            let root = variable.split('.').next().unwrap_or_default();
            let known = action.input.contains_key(variable)
                || (roots.contains(&root) && (root != "target" || action.target.is_some()));
            if !known && !platform::setting(spec, variable) {
                let names: Vec<_> =
                    action.input.keys().map(String::as_str).chain(roots.iter().copied()).collect();
                platform::unknown(spec, variable, &[path, &["with", argument]].concat(), &names, report);
            }
        }
    }
}
