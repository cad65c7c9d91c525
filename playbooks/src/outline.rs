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
        4:12 find_app 
        6:5 page team
        9:19 each 
        9:36 attempt 
        9:51 .grants 
        11:1 evidence before
        13:1 phase contain
        14:1 approve cut-app
        16:23 .quarantine 
        17:1 each 
        17:28 .revoke 
        18:22 each 
        18:48 attempt 
        18:66 .end_sessions 
        19:28 note 
        21:1 phase prove
        22:17 each 
        22:22 find_app 
        22:49 attempt 
        22:64 .grants 
        23:1 each 
        23:26 .revoke 
        24:12 settle 
        25:1 each 
        25:28 manual revoke-by-hand
        27:1 phase notify
        28:16 vendor_of 
        29:1 deadline contract
        30:12 attempt 
        30:23 notify integration-cut
        31:18 incident 
        31:85 now 
        32:15 page team
        33:12 settle 
        34:1 page team
        ");
    }
}
