//! Methods whose closure looks at the very value that they are called on: `list.filter(|x| list.len() > x)`.
//!
//! Rhai holds that value locked while the method is at work, whatever the closure does with it. It says so only when it comes
//! there, in words about threads and often without a line: `check` finds it before, and a run's error gets its place from here.

use crate::{
    dialect,
    syntax::{Expr, ExprKind, Script, Statement, StatementKind, Text, walk},
};

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clash {
    /// First byte of the method's name.
    pub(crate) at: usize,
    /// The name that both look at.
    pub(crate) name: String,
    /// `filter`.
    pub(crate) method: String,
}

/// All of a script.
pub(crate) fn clashes(script: &Script) -> Vec<Clash> {
    let mut found = Vec::new();
    each_expr(script, &mut |expr| {
        let ExprKind::Method { on, name, args } = &expr.kind else { return };
        let Some(root) = root(on) else { return };
        let captures = |arg: &Expr| matches!(&arg.kind, ExprKind::Closure(_)) && uses_within(arg, root);
        if args.iter().any(captures) {
            found.push(Clash { at: expr.at, name: root.to_owned(), method: name.clone() });
        }
    });
    found.sort_by_key(|clash| clash.at);
    found
}

/// Where in a script (line and column from 1) a call of this method can have clashed: those that are seen to, else all that are
/// given something that may be a closure.
pub fn places(source: &str, method: &str) -> Vec<(usize, usize)> {
    let Ok(ast) = dialect::engine().compile(source) else { return Vec::new() };
    let (script, text) = (Script::of(&ast, source), Text::new(source));
    let own = clashes(&script).into_iter().filter(|clash| clash.method == method).map(|clash| clash.at);
    let mut at: Vec<usize> = own.collect();
    if at.is_empty() {
        each_expr(&script, &mut |expr| match &expr.kind {
            ExprKind::Method { name, args, .. } if name == method && !args.is_empty() => at.push(expr.at),
            _ => {}
        });
    }
    at.sort_unstable();
    at.dedup();
    at.into_iter().map(|at| text.line_column(at)).collect()
}

fn each_expr(script: &Script, visit: &mut dyn FnMut(&Expr)) {
    walk(&script.body, visit);
    for function in script.functions.values() {
        walk(&function.body, visit);
    }
}

/// The name that a chain of fields, indices and methods begins with.
fn root(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Field { on, .. } | ExprKind::Index { on, .. } | ExprKind::Method { on, .. } => root(on),
        _ => None,
    }
}

/// Whether a name from outside is looked at. One that is declared inside anew is taken for the inner one.
fn uses_within(expr: &Expr, name: &str) -> bool {
    match &expr.kind {
        ExprKind::Name(own) => own == name,
        ExprKind::Closure(function) => {
            !function.params.iter().any(|param| param == name) && looks(&function.body, name)
        }
        ExprKind::Block(body) => looks(body, name),
        kind => kind.parts().into_iter().any(|part| uses_within(part, name)),
    }
}

fn looks(body: &[Statement], name: &str) -> bool {
    !declares(body, name)
        && body.iter().any(|statement| {
            let kind = &statement.kind;
            kind.exprs().into_iter().any(|expr| uses_within(expr, name))
                || kind.bodies().into_iter().any(|body| looks(body, name))
        })
}

fn declares(body: &[Statement], name: &str) -> bool {
    body.iter().any(|statement| match &statement.kind {
        StatementKind::Let { name: own, .. } => own == name,
        StatementKind::For { name: own, counter, .. } => own == name || counter.as_deref() == Some(name),
        StatementKind::Try { name: own, .. } => own.as_deref() == Some(name),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<(String, String)> {
        let script = Script::of(&dialect::engine().compile(source).unwrap(), source);
        clashes(&script).into_iter().map(|clash| (clash.method, clash.name)).collect()
    }

    #[test]
    fn only_a_closure_that_looks_at_its_own_value_clashes() {
        for wrong in [
            "let a = [1]; a.filter(|x| a.len() > x);",
            "let a = [1]; a.filter(|x| x > 1).map(|x| a.len());",
            "let a = #{ b: [1] }; a.b.map(|x| a.b.len());",
            "let a = [1]; fn f(a) { a.map(|x| [x].map(|y| a.len())) } f(a);",
            "let a = [1]; each([1], |n| a.map(|x| `${a} ${n}`));",
        ] {
            assert_eq!(found(wrong).len(), 1, "{wrong}");
        }
        for right in [
            "let a = [1]; let all = a; a.filter(|x| all.len() > x);",
            "let a = [1]; a.map(|a| a + 1);",
            "let a = [1]; a.map(|x| { let a = 3; a + x });",
            "let a = [1]; [2].map(|x| a.len());",
            "let a = [1]; a.push(a.len());",
        ] {
            assert_eq!(found(right), [], "{right}");
        }
    }

    #[test]
    fn a_closure_under_a_name_is_looked_for_by_the_method() {
        let source = "let a = [1];\nlet f = |x| a.len();\nlet b = a.map(f);\n";
        assert_eq!(places(source, "map"), [(3, 11)]);
        assert_eq!(places(source, "filter"), []);
    }
}
