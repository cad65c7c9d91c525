//! Ways out of a block or a loop.

use crate::syntax::{ExprKind, Statement, StatementKind};

/// True if nothing after this statement runs.
pub(super) fn leaves(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Return(_) | StatementKind::Throw(_) | StatementKind::Break { .. } => true,
        StatementKind::Expr(expr) => matches!(&expr.kind, ExprKind::Call { name, .. } if name == "fail"),
        StatementKind::Block(body) => body.iter().any(leaves),
        StatementKind::If { then, otherwise, .. } => then.iter().any(leaves) && otherwise.iter().any(leaves),
        StatementKind::Try { body, catch, .. } => body.iter().any(leaves) && catch.iter().any(leaves),
        StatementKind::While { condition: None, body } => !body.iter().any(goes_out),
        _ => false,
    }
}

/// True if something in this statement leaves the loop around it.
pub(super) fn goes_out(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Return(_) | StatementKind::Throw(_) => true,
        StatementKind::Break { out, .. } => *out,
        StatementKind::While { body, .. } | StatementKind::For { body, .. } => body.iter().any(returns),
        StatementKind::Switch { .. } => true,
        other => other.bodies().into_iter().flatten().any(goes_out) || leaves(statement),
    }
}

/// True if something in this statement gives the function's value before its end.
pub(super) fn gives_early(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Return(value) => value.is_some(),
        // Blocks within expressions are not looked into: an arm may return.
        StatementKind::Switch { .. } => true,
        other => other.bodies().into_iter().flatten().any(gives_early),
    }
}

/// True if a loop inside a loop leaves both.
fn returns(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Return(_) | StatementKind::Throw(_) => true,
        other => other.bodies().into_iter().flatten().any(returns),
    }
}
