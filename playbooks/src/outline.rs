//! The calls of a script in the order in which they stand: what editors, docs and plans show before anything runs.

use rhai::AST;
use serde::{Deserialize, Serialize};

use crate::{
    dialect::host_call,
    syntax::{Expr, ExprKind, Script, Statement, Text, walk},
};

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineStep {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// A host call (`approve`), a verb as written (`.revoke`), or an action (`okta.suspend_user`).
    pub call: String,
    /// The first literal text among the arguments: a phase's or approval's name.
    pub label: Option<String>,
}

/// All steps of a script, top to bottom; calls inside closures stand where the closure stands.
///
/// Without the catalogue a method of a value and a verb look alike: methods of Rhai itself are left out, any other is
/// taken for a verb.
pub fn outline(ast: &AST, source: &str) -> Vec<OutlineStep> {
    let script = Script::of(ast, source);
    let text = Text::new(source);
    let mut steps: Vec<(usize, OutlineStep)> = Vec::new();
    let mut visit = |expr: &Expr| {
        if let Some((call, label)) = step(expr) {
            let (line, column) = text.line_column(expr.at);
            steps.push((expr.at, OutlineStep { line, column, call, label }));
        }
    };
    let bodies: Vec<&[Statement]> = std::iter::once(script.body.as_slice())
        .chain(script.functions.values().map(|function| function.body.as_slice()))
        .collect();
    for body in bodies {
        walk(body, &mut visit);
    }
    steps.sort_by_key(|(at, _)| *at);
    steps.into_iter().map(|(_, step)| step).collect()
}

fn step(expr: &Expr) -> Option<(String, Option<String>)> {
    let (call, args) = match &expr.kind {
        ExprKind::Call { name, args } if host_call(name).is_some_and(|call| call.is_step()) => {
            (name.clone(), args)
        }
        ExprKind::Method { on, name, args } if !crate::dialect::is_builtin(name) => match &on.kind {
            ExprKind::Name(integration)
                if args.iter().all(|arg| matches!(arg.kind, ExprKind::Map(_))) && !args.is_empty() =>
            {
                (format!("{integration}.{name}"), args)
            }
            _ => (format!(".{name}"), args),
        },
        _ => return None,
    };
    Some((call, args.iter().find_map(Expr::as_text).map(str::to_owned)))
}
