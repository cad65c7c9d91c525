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
        4:10 each 
        4:27 attempt 
        4:42 .grants 
        11:1 phase scope
        12:12 find_app 
        14:18 settle 
        15:5 page team
        18:16 vendor_of 
        21:16 each 
        21:33 attempt 
        22:1 evidence before
        23:1 note 
        25:1 phase contain
        26:1 approve cut-app
        28:23 .quarantine 
        29:1 each 
        29:28 .revoke 
        30:22 each 
        30:48 attempt 
        30:66 .end_sessions 
        31:28 note 
        33:1 phase prove
        36:26 find_app 
        38:5 evidence came to light
        39:16 attempt 
        39:27 approve cut-app
        40:19 note 
        41:5 each 
        41:30 .revoke 
        43:5 wait 2m
        45:12 settle 
        46:1 each 
        46:28 manual revoke-by-hand
        48:1 phase notify
        49:1 deadline contract
        50:12 attempt 
        50:23 notify integration-cut
        51:18 incident 
        51:85 now 
        52:15 page team
        53:12 settle 
        54:1 page team
        ");
    }
}
