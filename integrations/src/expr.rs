//! Predicates in the catalogue, and values that a request is made of: one Rhai expression over values, with nothing to
//! call but itself.
//!
//! They decide what an answer means, so they are bounded, see no clock, and cannot change what they look at.

use std::{borrow::Cow, fmt, sync::LazyLock};

use rhai::{AST, Array, Dynamic, Engine, Map, OptimizationLevel, Scope};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A compiled expression.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Expr {
    source: String,
    ast: AST,
    /// The names it uses that it does not bind itself.
    names: Vec<String>,
}

/// What a predicate over an answer sees.
pub(crate) const OF_ANSWER: &[&str] = &["status", "body", "headers"];
/// What a proof sees.
pub(crate) const OF_PROOF: &[&str] = &["status", "out", "input", "target"];
/// What the choice of rows sees.
pub(crate) const OF_ROW: &[&str] = &["item", "input", "settings"];
/// What the values of a request are made of.
pub(crate) const OF_REQUEST: &[&str] = &["read", "input", "target", "item", "settings"];

static ENGINE: LazyLock<Engine> = LazyLock::new(engine);

fn engine() -> Engine {
    let mut engine = Engine::new();
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_max_operations(2_000_000).set_max_expr_depths(32, 32).set_max_call_levels(8);
    engine.set_max_string_size(4 * 1024 * 1024).set_max_array_size(1_000_000).set_max_map_size(100_000);
    engine.disable_symbol("eval").disable_symbol("print").disable_symbol("debug").disable_symbol("import");
    engine.set_allow_looping(false).set_allow_shadowing(false);
    // What a platform writes as a number, an input holds as text: they are compared as they are read.
    engine.set_fast_operators(false);
    engine.register_fn("==", |number: i64, text: &str| is_number(text, number));
    engine.register_fn("==", |text: &str, number: i64| is_number(text, number));
    engine.register_fn("!=", |number: i64, text: &str| !is_number(text, number));
    engine.register_fn("!=", |text: &str, number: i64| !is_number(text, number));
    engine.register_fn("has", |rows: &mut Array, id: &str| has(rows, id));
    engine.register_fn("any_of", |field: &str, values: Array| any_of(field, &values));
    engine
}

fn is_number(text: &str, number: i64) -> bool {
    text == number.to_string()
}

/// `out.has(id)`: whether a list holds a target or map with this id.
fn has(rows: &mut Array, id: &str) -> bool {
    rows.iter().any(|row| {
        row.read_lock::<Map>()
            .and_then(|map| map.get("id").map(Dynamic::to_string))
            .is_some_and(|found| found == id)
    })
}

/// `any_of("id", input.users)`: the SCIM filter that one of these values meets, `id eq "a" or id eq "b"`.
fn any_of(field: &str, values: &[Dynamic]) -> String {
    let each =
        values.iter().map(|value| format!("{field} eq \"{}\"", crate::template::quoted(&value.to_string())));
    each.collect::<Vec<_>>().join(" or ")
}

impl Expr {
    /// The text as written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// A name that it uses and that is neither its own nor one of the known.
    pub(crate) fn unknown_name(&self, known: &[&str]) -> Option<String> {
        self.names().find(|name| !known.contains(name)).map(str::to_owned)
    }

    /// The names it uses that are not its own.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The fields that it reads of anything.
    pub(crate) fn fields(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        self.ast.walk(&mut |path| {
            if let Some(rhai::ASTNode::Expr(rhai::Expr::Property(field, _))) = path.last()
                && !found.contains(&field.2.to_string())
            {
                found.push(field.2.to_string());
            }
            true
        });
        found
    }

    /// A function that it calls and nobody has: whatever these values are, it never has a value.
    pub(crate) fn unknown_function(&self, of: &[Vec<(&str, &Value)>]) -> Option<String> {
        let mut missing = None;
        for values in of {
            match *self.eval(values).err()? {
                rhai::EvalAltResult::ErrorFunctionNotFound(signature, _) => {
                    missing = Some(signature.split([' ', '(']).next().unwrap_or_default().to_owned());
                }
                _ => return None,
            }
        }
        missing
    }

    /// The first of these names that a closure in it takes from outside: while a value is walked through it cannot be looked
    /// at from within.
    pub(crate) fn captured<'a>(&self, names: &[&'a str]) -> Option<&'a str> {
        let within = |name: &&&str| self.ast.iter_functions().any(|function| function.params.contains(*name));
        names.iter().find(within).copied()
    }

    /// Its value.
    ///
    /// # Errors
    /// What kept it from having one: a missing field, a type that does not fit.
    pub(crate) fn value(&self, values: &[(&str, &Value)]) -> Result<Value, String> {
        let value = self.eval(values).map_err(|error| error.to_string())?;
        json(&value).ok_or_else(|| format!("`{}` gives nothing that can be written down", self.source))
    }

    /// Asks it. A predicate that cannot be evaluated over these values (a missing field compared with `<`) is not true.
    pub(crate) fn holds(&self, values: &[(&str, &Value)]) -> bool {
        let mut scope = Scope::new();
        for (name, value) in values {
            scope.push_dynamic(*name, dynamic(value));
        }
        self.holds_in(&mut scope)
    }

    /// Asks it over values that several predicates look at.
    pub(crate) fn holds_in(&self, scope: &mut Scope<'_>) -> bool {
        match ENGINE.eval_ast_with_scope::<Dynamic>(scope, &self.ast) {
            Ok(value) => value.as_bool().unwrap_or(false),
            Err(error) => {
                tracing::debug!(predicate = %self.source, %error, "predicate has no value here");
                false
            }
        }
    }

    fn eval(&self, values: &[(&str, &Value)]) -> Result<Dynamic, Box<rhai::EvalAltResult>> {
        let mut scope = Scope::new();
        for (name, value) in values {
            scope.push_dynamic(*name, dynamic(value));
        }
        ENGINE.eval_ast_with_scope::<Dynamic>(&mut scope, &self.ast)
    }
}

/// What an expression gives, as JSON; `None` for what is none, such as a function.
fn json(value: &Dynamic) -> Option<Value> {
    if value.is_unit() {
        return Some(Value::Null);
    }
    if let Ok(yes) = value.as_bool() {
        return Some(yes.into());
    }
    if let Ok(whole) = value.as_int() {
        return Some(whole.into());
    }
    if let Ok(number) = value.as_float() {
        return serde_json::Number::from_f64(number).map(Value::Number);
    }
    if let Some(items) = value.read_lock::<Array>() {
        return items.iter().map(json).collect();
    }
    if let Some(map) = value.read_lock::<Map>() {
        return map.iter().map(|(key, value)| Some((key.to_string(), json(value)?))).collect();
    }
    value.clone().into_string().ok().map(Value::String)
}

/// The variables of an expression that it does not bind itself.
fn names(ast: &AST, source: &str) -> Vec<String> {
    let binds = |name: &str| {
        ast.iter_functions().any(|function| function.params.contains(&name))
            || source.contains(&format!("|{name}|"))
    };
    let mut found: Vec<String> = Vec::new();
    ast.walk(&mut |path| {
        if let Some(rhai::ASTNode::Expr(rhai::Expr::Variable(name, _, _))) = path.last() {
            let name = name.1.as_str();
            if !binds(name) && !found.iter().any(|known| known == name) {
                found.push(name.to_owned());
            }
        }
        true
    });
    found
}

/// JSON as Rhai sees it. Targets lose their wrapper; a secret is its handle; integers beyond 64 bits are text.
pub(crate) fn dynamic(value: &Value) -> Dynamic {
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
        let names = names(&ast, &source);
        Ok(Self { source, ast, names })
    }
}

impl JsonSchema for Expr {
    fn schema_name() -> Cow<'static, str> {
        "Expr".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "One Rhai expression." })
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
    fn a_value_is_made_of_what_was_read() {
        let read = json!([{ "id": "a", "big": 5_000_000_000_i64 }, { "id": "b", "share": 0.5 }]);
        let input = json!({ "key": "a" });
        let expr = Expr::try_from("read.filter(|key| key.id != input.key)".to_owned()).unwrap();
        assert_eq!(
            expr.value(&[("read", &read), ("input", &input)]),
            Ok(json!([{ "id": "b", "share": 0.5 }]))
        );
        let whole = Expr::try_from("read".to_owned()).unwrap();
        assert_eq!(whole.value(&[("read", &read)]), Ok(read.clone()));
        let missing = Expr::try_from("read.keys.len()".to_owned()).unwrap();
        assert!(missing.value(&[("read", &json!(null))]).is_err(), "what is missing is no empty list");
    }

    #[test]
    fn a_number_and_the_same_number_as_text_are_one_id() {
        let (out, input) = (json!([{ "id": 17, "user": 9 }]), json!({ "user": "9", "session": "17" }));
        let values = [("out", &out), ("input", &input)];
        assert!(holds("out.some(|one| one.user == input.user)", &values));
        assert!(!holds("out.some(|one| one.user != input.user)", &values));
        assert!(holds("out.has(input.session) && !out.has(\"1\")", &values));
        assert!(holds("17 == 17 && 17 != 18 && \"a\" == \"a\" && () != 1", &values));
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
        assert_eq!(expr.unknown_name(OF_PROOF).as_deref(), Some("statsu"));
    }
}
