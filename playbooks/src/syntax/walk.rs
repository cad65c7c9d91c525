//! Visits every expression of some statements, outer before inner, closures included.

use super::{Expr, ExprKind, Statement, StatementKind};

/// Calls `visit` for every expression.
pub(crate) fn walk(statements: &[Statement], visit: &mut dyn FnMut(&Expr)) {
    for statement in statements {
        for expr in statement.kind.exprs() {
            walk_expr(expr, visit);
        }
        for body in statement.kind.bodies() {
            walk(body, visit);
        }
    }
}

/// Calls `visit` for an expression and all within.
pub(crate) fn walk_expr(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expr);
    match &expr.kind {
        ExprKind::Closure(function) => walk(&function.body, visit),
        ExprKind::Block(body) => walk(body, visit),
        _ => expr.kind.parts().into_iter().for_each(|part| walk_expr(part, visit)),
    }
}

impl StatementKind {
    /// The expressions that stand directly in it.
    pub(crate) fn exprs(&self) -> Vec<&Expr> {
        match self {
            Self::Let { value, .. } | Self::Expr(value) => vec![value],
            Self::Assign { target, value, .. } => vec![target, value],
            Self::If { condition, .. } => vec![condition],
            Self::Switch { on, arms, .. } => std::iter::once(on).chain(arms).collect(),
            Self::While { condition, .. } => condition.iter().collect(),
            Self::For { over, .. } => vec![over],
            Self::Return(value) | Self::Throw(value) | Self::Break { value, .. } => value.iter().collect(),
            Self::Try { .. } | Self::Block(_) => Vec::new(),
        }
    }

    /// The blocks that stand directly in it.
    pub(crate) fn bodies(&self) -> Vec<&[Statement]> {
        match self {
            Self::If { then, otherwise, .. } => vec![then, otherwise],
            Self::While { body, .. } | Self::For { body, .. } | Self::Block(body) => vec![body],
            Self::Try { body, catch, .. } => vec![body, catch],
            _ => Vec::new(),
        }
    }
}

impl ExprKind {
    /// The expressions that it is made of; closures and blocks have statements instead.
    pub(crate) fn parts(&self) -> Vec<&Expr> {
        match self {
            Self::Template(items)
            | Self::List(items)
            | Self::And(items)
            | Self::Or(items)
            | Self::Coalesce(items)
            | Self::Call { args: items, .. }
            | Self::Operator { operands: items, .. } => items.iter().collect(),
            Self::Map(entries) => entries.iter().map(|(_, value)| value).collect(),
            Self::Method { on, args, .. } => std::iter::once(&**on).chain(args).collect(),
            Self::Field { on, .. } => vec![on],
            Self::Index { on, index } => vec![on, index],
            _ => Vec::new(),
        }
    }
}
