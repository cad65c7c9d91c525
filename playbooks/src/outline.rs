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
        7:1 phase scope
        8:12 find_app 
        10:5 page team
        13:16 vendor_of 
        16:16 each 
        16:33 attempt 
        17:1 evidence before
        18:1 note 
        20:1 phase contain
        21:1 approve cut-app
        23:23 .quarantine 
        24:1 each 
        24:28 .revoke 
        25:22 each 
        25:48 attempt 
        25:66 .end_sessions 
        26:28 note 
        28:1 phase prove
        31:26 find_app 
        33:5 evidence came to light
        34:16 attempt 
        34:27 approve cut-app
        35:19 note 
        36:5 each 
        36:30 .revoke 
        38:5 wait 2m
        40:12 settle 
        41:1 each 
        41:28 manual revoke-by-hand
        43:1 phase notify
        44:1 deadline contract
        45:12 attempt 
        45:23 notify integration-cut
        46:18 incident 
        46:85 now 
        47:15 page team
        48:12 settle 
        49:1 page team
        ");
    }
}
