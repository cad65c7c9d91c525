//! Predicates in the catalogue: one Rhai expression over values, with nothing to call but itself.
//!
//! They decide what an answer means, so they are bounded, see no clock, and cannot change what they look at.

use std::{fmt, sync::LazyLock};

use rhai::{AST, Array, Dynamic, Engine, Map, OptimizationLevel, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A compiled predicate.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Expr {
    source: String,
    ast: AST,
}

/// The names that a predicate may use.
pub(crate) const NAMES: [&str; 8] = ["status", "body", "headers", "out", "input", "target", "item", "before"];

static ENGINE: LazyLock<Engine> = LazyLock::new(engine);

fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_operations(2_000_000).set_max_expr_depths(32, 32).set_max_call_levels(8);
    engine.set_max_string_size(4 * 1024 * 1024).set_max_array_size(1_000_000).set_max_map_size(100_000);
    engine.disable_symbol("eval").disable_symbol("print").disable_symbol("debug").disable_symbol("import");
    engine.set_allow_looping(false).set_allow_shadowing(false);
    engine.register_fn("has", |rows: &mut Array, id: &str| has(rows, id));
    engine
}

/// `out.has(id)`: whether a list holds a target or map with this id.
fn has(rows: &mut Array, id: &str) -> bool {
    rows.iter().any(|row| {
        row.read_lock::<Map>()
            .and_then(|map| map.get("id").and_then(|found| found.clone().into_string().ok()))
            .is_some_and(|found| found == id)
    })
}

impl Expr {
    /// The text as written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The first name it uses that is neither its own nor known.
    pub(crate) fn unknown_name(&self, known: &[&str]) -> Option<String> {
        let mut unknown = None;
        self.ast.walk(&mut |path| {
            if let Some(rhai::ASTNode::Expr(rhai::Expr::Variable(name, _, _))) = path.last() {
                let name = name.1.as_str();
                if !known.contains(&name) && !self.binds(name) {
                    unknown.get_or_insert(name.to_owned());
                }
            }
            true
        });
        unknown
    }

    fn binds(&self, name: &str) -> bool {
        self.ast.iter_functions().any(|function| function.params.contains(&name))
            || self.source.contains(&format!("|{name}|"))
    }

    /// Asks it. A predicate that cannot be evaluated over these values (a missing field compared with `<`) is not true.
    pub(crate) fn holds(&self, values: &[(&str, &Value)]) -> bool {
        let mut scope = Scope::new();
        for (name, value) in values {
            scope.push_dynamic(*name, dynamic(value));
        }
        match ENGINE.eval_ast_with_scope::<Dynamic>(&mut scope, &self.ast) {
            Ok(value) => value.as_bool().unwrap_or(false),
            Err(error) => {
                tracing::debug!(predicate = %self.source, %error, "predicate has no value here");
                false
            }
        }
    }
}

/// JSON as Rhai sees it. Targets lose their wrapper; a secret is its handle; integers beyond 64 bits are text.
fn dynamic(value: &Value) -> Dynamic {
    if let Some(target) = stanch_model::value::as_target(value) {
        return dynamic(&serde_json::to_value(target).unwrap_or_default());
    }
    if let Some(handle) = stanch_model::value::as_secret(value) {
        return handle.to_owned().into();
    }
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(yes) => (*yes).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(float)) if number.is_f64() => float.into(),
            _ => number.to_string().into(),
        },
        Value::String(text) => text.clone().into(),
        Value::Array(items) => Dynamic::from_array(items.iter().map(dynamic).collect()),
        Value::Object(map) => Dynamic::from_map(
            map.iter().map(|(key, value)| (key.as_str().into(), dynamic(value))).collect::<Map>(),
        ),
    }
}

impl TryFrom<String> for Expr {
    type Error = String;

    fn try_from(source: String) -> Result<Self, String> {
        let ast = ENGINE.compile(&source).map_err(|error| format!("`{source}`: {error}"))?;
        if ast.statements().len() != 1 {
            return Err(format!("`{source}` is not one expression"));
        }
        Ok(Self { source, ast })
    }
}

impl From<Expr> for String {
    fn from(expr: Expr) -> Self {
        expr.source
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.source)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn holds(source: &str, values: &[(&str, &Value)]) -> bool {
        Expr::try_from(source.to_owned()).unwrap().holds(values)
    }

    #[test]
    fn a_predicate_sees_status_body_and_out() {
        let (body, status) = (json!({ "ok": false, "error": "x" }), json!(404));
        let values = [("body", &body), ("status", &status)];
        assert!(holds("status == 404", &values));
        assert!(!holds("body.ok", &values));
        assert!(holds("body.ok == false && body.error == \"x\"", &values));
        assert!(!holds("body.gone.deeper == 1", &values), "what is missing never proves anything");
    }

    #[test]
    fn a_list_is_searched_by_id_also_for_secrets() {
        let out = json!([
            { "$target": { "integration": "sf", "kind": "grant", "id": "g1" } },
            { "$target": { "integration": "sf", "kind": "grant", "id": "g2" } }
        ]);
        let target = json!({ "$target": { "integration": "sf", "kind": "grant", "id": "g2" } });
        let values = [("out", &out), ("target", &target)];
        assert!(holds("out.has(target.id)", &values));
        assert!(holds("!out.has(\"g3\")", &values));
        assert!(holds("out.all(|t| t.kind == \"grant\")", &values));
    }

    #[test]
    fn an_endless_or_malformed_predicate_is_refused() {
        for source in ["while true {}", "1 +", "let x = 1; x == 1", "eval(\"1\")", ""] {
            assert!(Expr::try_from(source.to_owned()).is_err(), "{source}");
        }
    }

    #[test]
    fn rows_of_several_reads_are_looked_at_together() {
        let every = |kind: &str| {
            format!(
                "out.some(|own| own.role == \"CUSTOM\") && out.filter(|own| own.role == \"CUSTOM\").len() \
                 == out.filter(|own| own.reach != () && own.reach.ends_with(\":{kind}\") && own.but == ()).len()"
            )
        };
        let out = json!([{ "role": "CUSTOM" }, { "reach": "orn:okta:idp:1:apps" }, { "reach": "orn:okta:idp:1:users:2" }]);
        assert!(holds(&every("apps"), &[("out", &out)]));
        assert!(!holds(&every("users"), &[("out", &out)]));
    }

    #[test]
    fn an_unknown_name_is_found() {
        let expr = Expr::try_from("statsu == 200 && out.all(|t| t.ok)".to_owned()).unwrap();
        assert_eq!(expr.unknown_name(&NAMES).as_deref(), Some("statsu"));
    }
}
