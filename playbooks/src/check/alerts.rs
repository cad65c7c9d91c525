//! The kinds of alerts that triggers wait for: that somebody sends them.

use stanch_model::diagnostic::did_you_mean;

use super::case::{Case, listed};
use crate::{
    dialect,
    syntax::{Expr, ExprKind, Script, walk},
};

/// A trigger that waits for a kind that never comes starts nothing, and nobody notices.
pub(super) fn check(case: &mut Case<'_>) {
    let Some(alerts) = case.context.alerts.as_ref().filter(|_| case.has("start")) else { return };
    let playbook = case.playbook;
    for (n, trigger) in playbook.manifest.start.iter().enumerate() {
        for kind in kinds(&trigger.when) {
            if alerts.is_sent(&kind) && !alerts.is_open() {
                continue;
            }
            let senders = alerts.senders(&kind);
            let others = alerts.known.keys().filter(|known| !known.contains('*') && **known != kind);
            let near = did_you_mean(&kind, others.map(String::as_str));
            let known = alerts.known.contains_key(&kind) || !senders.is_empty();
            if alerts.is_open() && (known || near.is_none()) {
                continue;
            }
            let help = match near.filter(|_| !known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if !senders.is_empty() => {
                    format!("{} can: `format:` of a source under `alerts:`", listed(senders.iter().copied()))
                }
                None => "a source of format `hmac` takes alerts of any kind".to_owned(),
            };
            let message = match alerts.is_open() {
                true => format!("no source that is known gives alerts `{kind}`"),
                false => format!("no configured source gives alerts `{kind}`: this starts nothing by itself"),
            };
            let place = ["start", &n.to_string(), "when"];
            case.manifest_doubt("PB0056", case.value_span(&place), message, &help);
        }
    }
}

/// The kinds that a trigger compares the alert's with.
pub fn kinds(when: &str) -> Vec<String> {
    let Ok(ast) = dialect::engine().compile_expression(when) else { return Vec::new() };
    let script = Script::of(&ast, when);
    let mut found: Vec<String> = Vec::new();
    walk(&script.body, &mut |expr| {
        // `a in b` is `contains(b, a)` to the language.
        let (ExprKind::Operator { op, operands } | ExprKind::Call { name: op, args: operands }) = &expr.kind
        else {
            return;
        };
        if let ("==" | "in" | "contains", [a, b]) = (op.as_str(), operands.as_slice()) {
            let other = if is_kind(a) {
                b
            } else if is_kind(b) {
                a
            } else {
                return;
            };
            found.extend(texts(other));
        }
    });
    found.dedup();
    found
}

fn is_kind(expr: &Expr) -> bool {
    let ExprKind::Field { on, name } = &expr.kind else { return false };
    name == "kind" && matches!(&on.kind, ExprKind::Name(name) if name == "alert")
}

fn texts(expr: &Expr) -> Vec<String> {
    match &expr.kind {
        ExprKind::Text(text) => vec![text.clone()],
        ExprKind::List(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
