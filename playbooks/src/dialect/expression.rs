//! Conditions in manifests and catalogue: one Rhai expression over a few named values.

use std::sync::LazyLock;

use rhai::{AST, Dynamic, Engine, Scope};
use stanch_model::{Diagnostic, diagnostic::did_you_mean};

use super::{
    builtin::is_builtin,
    compile::compile_expression,
    engine::{LIMITS, SEVERITIES, engine, limit, severity},
};
use crate::syntax::{Expr, ExprKind, Script, token, walk};

/// The name under which diagnostics speak of a condition.
const FILE: &str = "expression";

/// A name that an expression may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Var {
    /// The name.
    pub name: &'static str,
    /// Its fields, where they are known: anything else after the dot is a mistake.
    pub fields: Option<&'static [&'static str]>,
}

impl Var {
    /// The normalised alert: see [`Expression::alert`].
    pub const ALERT: Var = Var {
        name: "alert",
        fields: Some(&[
            "id", "source", "kind", "title", "severity", "time", "user", "app", "ip", "delivery", "fold",
            "raw",
        ]),
    };
    /// The run's inputs.
    pub const INPUT: Var = Var { name: "input", fields: None };
    /// The targets that an approval is to cover, an array.
    pub const TARGETS: Var = Var { name: "targets", fields: None };
    /// What a trigger sees.
    pub const TRIGGER: &[Var] = &[Var::ALERT];
    /// What `pre_approved` sees.
    pub const PRE_APPROVED: &[Var] = &[Var::ALERT, Var::INPUT, Var::TARGETS];
    /// What the `until` of a verify sees.
    pub const UNTIL: &[Var] = &[
        Var { name: "out", fields: None },
        Var { name: "status", fields: None },
        Var { name: "target", fields: None },
        Var { name: "input", fields: None },
    ];
}

/// A compiled condition: `Send + Sync`, cheap to clone, evaluated by any thread without a lock.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    ast: AST,
}

/// Why a condition gave no yes or no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    /// It failed, or did more than it may.
    #[error("`{text}` failed: {reason}")]
    Failed {
        /// The expression.
        text: String,
        /// The interpreter's words.
        reason: String,
    },
    /// It gave something else.
    #[error("`{text}` gave {found}, not true or false")]
    NotBool {
        /// The expression.
        text: String,
        /// The type that it gave.
        found: String,
    },
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut engine = engine();
    limit(&mut engine, LIMITS.expression_operations);
    engine
});

/// Compiles a condition over `vars`.
///
/// # Errors
/// Syntax errors, unknown names and fields, a severity compared with a text, calls of anything but Rhai's own functions;
/// places are offsets into `text`, the file is named `expression`.
pub fn expression(text: &str, vars: &[Var]) -> Result<Expression, Vec<Diagnostic>> {
    let ast = compile_expression(&ENGINE, FILE, text)?;
    let script = Script::of(&ast, text);
    let mut problems = Vec::new();
    walk(&script.body, &mut |expr| problems.extend(mistake(expr, text, vars)));
    if problems.is_empty() { Ok(Expression { text: text.to_owned(), ast }) } else { Err(problems) }
}

fn mistake(expr: &Expr, text: &str, vars: &[Var]) -> Option<Diagnostic> {
    let wrong = |at: usize, code: &str, message: String, help: Option<String>| {
        Some(Diagnostic { help, ..Diagnostic::error(code, message).at(FILE, text, token(text, at), "") })
    };
    match &expr.kind {
        ExprKind::Name(name) if severity(name).is_none() && !vars.iter().any(|var| var.name == name) => {
            let known = vars.iter().map(|var| var.name);
            let near = did_you_mean(name, known.clone().chain(SEVERITIES.iter().copied()));
            let help = near.map_or_else(
                || format!("known here: {}", known.collect::<Vec<_>>().join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            wrong(expr.at, "PB0020", format!("unknown name `{name}`"), Some(help))
        }
        ExprKind::Field { on, name } => {
            let ExprKind::Name(owner) = &on.kind else { return None };
            let fields = vars.iter().find(|var| var.name == owner)?.fields?;
            if fields.contains(&name.as_str()) {
                return None;
            }
            let near = did_you_mean(name, fields.iter().copied());
            let help = near.map_or_else(
                || format!("it has {}", fields.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            wrong(expr.at, "PB0029", format!("`{owner}` has no field `{name}`"), Some(help))
        }
        ExprKind::Call { name, .. } if !is_builtin(name) => wrong(
            expr.at,
            "PB0021",
            format!("unknown call `{name}`"),
            Some("a condition only looks: no host calls".to_owned()),
        ),
        ExprKind::Operator { op, operands } => severity_as_text(op, operands, text),
        _ => None,
    }
}

/// `alert.severity >= "high"`: false for ever, or an error at three in the morning.
fn severity_as_text(op: &str, operands: &[Expr], text: &str) -> Option<Diagnostic> {
    let [left, right] = operands else { return None };
    let is_severity = |expr: &Expr| match &expr.kind {
        ExprKind::Field { name, .. } => name == "severity",
        ExprKind::Name(name) => severity(name).is_some(),
        _ => false,
    };
    let quoted = [(left, right), (right, left)]
        .into_iter()
        .find(|(one, other)| is_severity(one) && other.as_text().is_some());
    let (_, quoted) = quoted.filter(|_| ["==", "!=", "<", "<=", ">", ">="].contains(&op))?;
    let word = quoted.as_text().unwrap_or_default().to_uppercase();
    let help = match severity(&word) {
        Some(_) => format!("write {word} without quotes"),
        None => format!("severities are {}", SEVERITIES.join(" < ")),
    };
    let problem = Diagnostic::error("PB0030", "a severity is compared with a text");
    Some(problem.at(FILE, text, token(text, quoted.at), "a text").help(help))
}

impl Expression {
    /// The text that it was compiled from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Evaluates over the values in `scope`.
    ///
    /// # Errors
    /// When it fails, exceeds its operations, or gives no bool.
    pub fn eval(&self, scope: &mut Scope<'_>) -> Result<bool, ExpressionError> {
        let failed = |reason: String| ExpressionError::Failed { text: self.text.clone(), reason };
        let value: Dynamic =
            ENGINE.eval_ast_with_scope(scope, &self.ast).map_err(|error| failed(error.to_string()))?;
        value
            .as_bool()
            .map_err(|found| ExpressionError::NotBool { text: self.text.clone(), found: found.to_owned() })
    }

    /// An alert as expressions see it: a map of its fields with `severity` as a constant and absent fields as `()`.
    pub fn alert(alert: &stanch_model::Alert) -> Dynamic {
        let text = |value: &Option<String>| value.clone().map_or(Dynamic::UNIT, Dynamic::from);
        let mut map = rhai::Map::new();
        map.insert("id".into(), alert.id.clone().into());
        map.insert("source".into(), alert.source.clone().into());
        map.insert("kind".into(), alert.kind.clone().into());
        map.insert("title".into(), alert.title.clone().into());
        map.insert("severity".into(), Dynamic::from(alert.severity));
        map.insert("time".into(), alert.time.clone().into());
        map.insert("user".into(), text(&alert.user));
        map.insert("app".into(), text(&alert.app));
        map.insert("ip".into(), text(&alert.ip));
        map.insert("delivery".into(), alert.delivery.clone().into());
        map.insert("fold".into(), text(&alert.fold));
        map.insert("raw".into(), from_json(&alert.raw));
        map.into()
    }
}

/// JSON as a script value: whole numbers beyond 64 bits become text, all else keeps its shape.
fn from_json(value: &serde_json::Value) -> Dynamic {
    use serde_json::Value;
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(float)) if !number.is_u64() && float.is_finite() => float.into(),
            _ => number.to_string().into(),
        },
        Value::String(text) => text.clone().into(),
        Value::Array(items) => items.iter().map(from_json).collect::<rhai::Array>().into(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.into(), from_json(value))).collect::<rhai::Map>().into()
        }
    }
}

#[cfg(test)]
mod tests {
    use stanch_model::{Alert, Severity};

    use super::*;

    fn alert() -> Alert {
        Alert {
            id: "1".into(),
            source: "okta_hook".into(),
            kind: "app.token_misuse".into(),
            title: "Drift".into(),
            severity: Severity::Critical,
            time: "2026-03-13T02:40:00Z".into(),
            user: None,
            app: Some("drift".into()),
            ip: None,
            delivery: String::new(),
            fold: None,
            by: None,
            raw: serde_json::json!({ "client": { "id": "0oa1", "n": 3 }, "big": 18446744073709551615u64 }),
        }
    }

    fn holds(text: &str) -> Result<bool, ExpressionError> {
        let expression = expression(text, Var::TRIGGER).unwrap();
        let mut scope = Scope::new();
        scope.push_constant_dynamic("alert", Expression::alert(&alert()));
        expression.eval(&mut scope)
    }

    fn mistakes(text: &str) -> String {
        let problems = expression(text, Var::TRIGGER).unwrap_err();
        let lines =
            problems.iter().map(|p| format!("{}; {}", p.one_line(), p.help.as_deref().unwrap_or("no help")));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn severities_have_an_order() {
        assert_eq!(holds(r#"alert.kind == "app.token_misuse" && alert.severity >= HIGH"#), Ok(true));
        assert_eq!(holds("alert.severity < CRITICAL"), Ok(false));
        assert_eq!(holds("INFO < LOW && LOW < MEDIUM && MEDIUM < HIGH && HIGH < CRITICAL"), Ok(true));
    }

    #[test]
    fn the_raw_payload_and_absent_fields_can_be_looked_at() {
        assert_eq!(holds(r#"alert.raw.client.id == "0oa1" && alert.raw.client.n == 3"#), Ok(true));
        assert_eq!(holds(r#"alert.user == () && alert.raw.nothing == ()"#), Ok(true));
        assert_eq!(holds(r#"alert.raw.big == "18446744073709551615""#), Ok(true));
    }

    #[test]
    fn a_condition_that_gives_no_bool_or_runs_for_ever_is_an_error() {
        assert!(matches!(holds("alert.kind"), Err(ExpressionError::NotBool { .. })));
        let busy = r#"range(0, 1000000).to_array().len() > 5"#;
        assert!(matches!(holds(busy), Err(ExpressionError::Failed { .. })), "{:?}", holds(busy));
    }

    #[test]
    fn mistakes_are_found_before_anything_runs() {
        insta::assert_snapshot!(mistakes(r#"alert.severity >= "high""#), @"expression:1:19: a severity is compared with a text [PB0030]; write HIGH without quotes");
        insta::assert_snapshot!(mistakes(r#"alret.kind == "x" && alert.sevrity > HIHG"#), @r"
        expression:1:1: unknown name `alret` [PB0020]; did you mean `alert`?
        expression:1:28: `alert` has no field `sevrity` [PB0029]; did you mean `severity`?
        expression:1:38: unknown name `HIHG` [PB0020]; did you mean `HIGH`?
        ");
        insta::assert_snapshot!(mistakes(r#"find_app("x").len() > 0"#), @"expression:1:1: unknown call `find_app` [PB0021]; a condition only looks: no host calls");
        insta::assert_snapshot!(mistakes(r#"alert.kind = "x""#), @"expression:1:12: unexpected '=' [PB0010]; no help");
    }

    #[test]
    fn it_can_be_shared_by_threads() {
        fn shared<T: Send + Sync>(_: &T) {}
        shared(&expression("true", &[]).unwrap());
    }
}
