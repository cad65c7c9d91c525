//! Conditions in manifests and catalogue: one Rhai expression over a few named values.

use std::sync::LazyLock;

use rhai::{AST, Dynamic, Engine, Scope};
use stanch_model::Diagnostic;

use super::engine::{LIMITS, engine, limit};

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
/// Syntax errors and unknown names; places are offsets into `text`, the file is named `expression`.
pub fn expression(text: &str, vars: &[Var]) -> Result<Expression, Vec<Diagnostic>> {
    let _ = vars;
    let ast = ENGINE
        .compile_expression(text)
        .map_err(|error| vec![Diagnostic::error("PB0003", error.to_string())])?;
    Ok(Expression { text: text.to_owned(), ast })
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
