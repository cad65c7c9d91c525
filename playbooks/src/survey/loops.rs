//! Loops with an end: something that the condition looks at comes nearer to it each time.

use crate::syntax::{Expr, ExprKind, Statement, StatementKind, walk, walk_expr};

/// True if the body counts what the condition compares, takes from the list that it looks at, or the condition looks at
/// the clock.
pub(super) fn is_counted(condition: &Expr, body: &[Statement]) -> bool {
    let mut names = Vec::new();
    let mut clock = false;
    walk_expr(condition, &mut |expr| match &expr.kind {
        ExprKind::Name(name) => names.push(name.clone()),
        ExprKind::Call { name, .. } => clock |= name == "now",
        _ => {}
    });
    clock || body.iter().any(|statement| counts(statement, &names))
}

fn counts(statement: &Statement, names: &[String]) -> bool {
    let counted = match &statement.kind {
        StatementKind::Assign { target, value, adds } => match &target.kind {
            ExprKind::Name(name) if names.contains(name) => *adds || mentions(value, name),
            _ => false,
        },
        _ => false,
    };
    let shrinks = || {
        let mut found = false;
        walk(std::slice::from_ref(statement), &mut |expr| {
            if let ExprKind::Method { on, name, .. } = &expr.kind
                && let ExprKind::Name(list) = &on.kind
            {
                let takes = ["pop", "shift", "remove", "drain", "truncate", "splice", "clear", "retain"];
                found |= takes.contains(&name.as_str()) && names.contains(list);
            }
        });
        found
    };
    counted || shrinks() || statement.kind.bodies().into_iter().flatten().any(|inner| counts(inner, names))
}

fn mentions(value: &Expr, name: &str) -> bool {
    let mut found = false;
    walk_expr(value, &mut |expr| found |= matches!(&expr.kind, ExprKind::Name(other) if other == name));
    found
}
