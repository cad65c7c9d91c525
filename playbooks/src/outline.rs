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

#[cfg(test)]
mod tests {
    use crate::Library;

    #[test]
    fn the_showpiece_reads_as_its_steps() {
        let playbook = Library::embedded().get("oauth-app-compromise").unwrap();
        let ast = crate::dialect::compile(&playbook.script).unwrap();
        let steps: Vec<String> = super::outline(&ast, &playbook.script)
            .into_iter()
            .map(|step| {
                format!("{}:{} {} {}", step.line, step.column, step.call, step.label.unwrap_or_default())
            })
            .collect();
        insta::assert_snapshot!(steps.join("\n"), @r"
        3:1 phase scope
        4:14 find_app 
        5:19 each 
        5:36 attempt 
        5:51 .grants 
        7:1 evidence before
        9:1 phase contain
        10:1 approve cut-app
        12:23 .quarantine 
        13:1 each 
        13:28 .revoke 
        14:1 each 
        14:30 .end_sessions 
        16:1 phase prove
        17:17 each 
        17:22 find_app 
        17:49 attempt 
        17:64 .grants 
        18:1 each 
        18:26 .revoke 
        19:12 settle 
        20:1 each 
        20:28 manual revoke-by-hand
        22:1 phase notify
        23:16 vendor_of 
        24:1 deadline contract
        25:12 attempt 
        25:23 notify integration-cut
        26:18 incident 
        26:85 now 
        27:15 page team
        28:1 page team
        ");
    }
}
