//! The border between script and journal: which values may cross, and how.
//!
//! Unit, bool, i64, finite f64, string, array, map, targets and secret handles cross. Functions, shared values and
//! everything else are refused with a message that names them. Integers that do not fit i64 stay strings.

mod text;

pub(crate) use text::{Json, to_json, write_map};

use rhai::{Array, Dynamic, EvalAltResult, Map, Position};
use serde_json::{Number, Value};
use stanch_model::{Target, run::StepError, value};

use crate::current::{clashes, in_script};

/// A secret as a script sees it: an opaque handle that can be passed on and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Secret(pub(crate) std::sync::Arc<str>);

/// Values nested deeper than this are refused: nothing a platform sends is.
const DEPTH: usize = 64;

/// Script to journal.
pub(crate) fn to_value(dynamic: &Dynamic) -> Result<Value, StepError> {
    encode(dynamic, 0)
}

fn encode(dynamic: &Dynamic, depth: usize) -> Result<Value, StepError> {
    too_deep(depth)?;
    if dynamic.is_shared() {
        return encode(&dynamic.flatten_clone(), depth);
    }
    if dynamic.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = dynamic.as_bool() {
        return Ok(Value::Bool(flag));
    }
    if let Ok(number) = dynamic.as_int() {
        return Ok(Value::Number(number.into()));
    }
    if let Ok(number) = dynamic.as_float() {
        return Number::from_f64(number).map(Value::Number).ok_or_else(|| unfit(dynamic));
    }
    if let Ok(text) = dynamic.as_immutable_string_ref() {
        return Ok(Value::String(text.to_string()));
    }
    if let Ok(letter) = dynamic.as_char() {
        return Ok(Value::String(letter.to_string()));
    }
    if let Ok(items) = dynamic.as_array_ref() {
        return items.iter().map(|item| encode(item, depth + 1)).collect::<Result<_, _>>().map(Value::Array);
    }
    if let Ok(map) = dynamic.as_map_ref() {
        let pairs = map.iter().map(|(key, item)| Ok((key.to_string(), encode(item, depth + 1)?)));
        return pairs.collect::<Result<_, StepError>>().map(Value::Object);
    }
    if let Some(target) = dynamic.read_lock::<Target>() {
        return Ok(value::of_target(&target));
    }
    if let Some(secret) = dynamic.read_lock::<Secret>() {
        return Ok(value::of_secret(&secret.0));
    }
    Err(unfit(dynamic))
}

fn too_deep(depth: usize) -> Result<(), StepError> {
    if depth <= DEPTH {
        return Ok(());
    }
    Err(StepError::new("misuse", format!("a value nested deeper than {DEPTH} levels")))
}

/// Why a value does not cross.
fn unfit(dynamic: &Dynamic) -> StepError {
    let why = match dynamic.as_float() {
        Ok(number) => format!("{number} is no finite number"),
        Err(_) => {
            format!("a {} cannot be journaled; only plain values and targets can", dynamic.type_name())
        }
    };
    StepError::new("misuse", why)
}

/// Journal to script.
pub(crate) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(float)) if !number.is_u64() => float.into(),
            _ => number.to_string().into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(to_dynamic).collect::<Array>().into(),
        Value::Object(map) => {
            if let Some(target) = value::as_target(value) {
                return Dynamic::from(target);
            }
            if let Some(handle) = value::as_secret(value) {
                return Dynamic::from(Secret(handle.into()));
            }
            map.iter().map(|(key, item)| (key.as_str().into(), to_dynamic(item))).collect::<Map>().into()
        }
    }
}

/// An error as a script catches it: a map with `kind` and `message`.
pub(crate) fn throw(error: &StepError) -> Box<EvalAltResult> {
    Box::new(EvalAltResult::ErrorRuntime(error_map(error), Position::NONE))
}

/// An error as a map that has all its keys: `()` where there is nothing.
pub(crate) fn error_map(error: &StepError) -> Dynamic {
    let mut map = Map::new();
    map.insert("kind".into(), error.kind.as_str().into());
    map.insert("message".into(), error.message.as_str().into());
    map.insert("status".into(), error.status.map_or(Dynamic::UNIT, |status| i64::from(status).into()));
    map.insert("target".into(), error.target.as_deref().cloned().map_or(Dynamic::UNIT, Dynamic::from));
    let errors = error.errors.iter().map(|(key, inner)| (key.as_str().into(), error_map(inner)));
    map.insert("errors".into(), errors.collect::<Map>().into());
    Dynamic::from_map(map)
}

/// Reads back what [`error_map`] wrote, when a script throws it on.
fn from_error_map(thrown: &Dynamic) -> Option<StepError> {
    let map = thrown.as_map_ref().ok()?;
    let text = |key: &str| map.get(key).and_then(|value| value.clone().into_string().ok());
    let mut error = StepError::new(&text("kind")?, text("message")?);
    error.status =
        map.get("status").and_then(|status| status.as_int().ok()).and_then(|s| u16::try_from(s).ok());
    error.target = map.get("target").and_then(|target| target.clone().try_cast::<Target>()).map(Box::new);
    if let Some(errors) = map.get("errors").and_then(|errors| errors.as_map_ref().ok()) {
        error.errors =
            errors.iter().filter_map(|(key, e)| Some((key.to_string(), from_error_map(e)?))).collect();
    }
    Some(error)
}

/// What a script threw, or what the interpreter says of it.
pub(crate) fn caught(error: &EvalAltResult) -> StepError {
    let inner = innermost(error);
    if let EvalAltResult::ErrorRuntime(thrown, _) = inner {
        if let Some(step) = from_error_map(thrown) {
            return step;
        }
        let value = to_value(thrown).unwrap_or_default();
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        return StepError::new("thrown", located(&text, inner, error));
    }
    StepError::new(kind_of(inner), located(&said_of(inner), inner, error))
}

/// The interpreter's words, or ours where it does not know what a branch is.
fn said_of(error: &EvalAltResult) -> String {
    let what = match error {
        EvalAltResult::ErrorAssignmentToConstant(name, _) => format!("`{name}` is assigned to"),
        EvalAltResult::ErrorNonPureMethodCallOnConstant(name, _) => {
            format!("`{}` would change what it is called on", name.split(' ').next().unwrap_or(name))
        }
        EvalAltResult::ErrorDataRace(what, _) => return locked(what),
        _ => return in_place(error),
    };
    format!(
        "{what}: that is a constant or stands outside this branch, and a branch only reads what is around it. Let it give a \
         value, and use what `each`, `together` or `attempt` returns"
    )
}

/// A closure looks at the value that a method is at work on. The interpreter speaks of threads, and seldom of a line.
fn locked(what: &str) -> String {
    let method = what.split('\'').nth(1).unwrap_or_default();
    let places: Vec<String> =
        clashes(method).iter().map(|(line, column)| format!("line {line}, position {column}")).collect();
    let at = if places.is_empty() { String::new() } else { format!(" ({})", places.join(", or ")) };
    let method = if method.is_empty() { "a method".to_owned() } else { format!("`{method}`") };
    format!(
        "the closure of {method} looks at the variable that {method} is at work on: give it a second name before, `let all = \
         list;`, and look at that inside{at}"
    )
}

/// What the interpreter says, with the place in the script itself.
fn in_place(error: &EvalAltResult) -> String {
    let (text, at) = (error.to_string(), error.position());
    let (Some(line), Some(column)) = (at.line(), at.position()) else { return text };
    match in_script(line, column) {
        (_, same) if same == column => text,
        (_, own) => text
            .replace(&format!("(line {line}, position {column})"), &format!("(line {line}, position {own})")),
    }
}

/// A text with the place that the interpreter came to.
pub(crate) fn placed(text: &str, error: &EvalAltResult) -> String {
    located(text, innermost(error), error)
}

fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    let mut inner = error;
    while let EvalAltResult::ErrorInFunctionCall(_, _, next, _) | EvalAltResult::ErrorInModule(_, next, _) =
        inner
    {
        inner = next;
    }
    inner
}

/// A text with the place where it was thrown, or else where that was called.
fn located(text: &str, inner: &EvalAltResult, error: &EvalAltResult) -> String {
    let at = if inner.position().is_none() { error.position() } else { inner.position() };
    match (at.line(), at.position()) {
        (Some(line), Some(column)) if !text.contains("(line ") => {
            let (line, column) = in_script(line, column);
            format!("{text} (line {line}, position {column})")
        }
        _ => text.to_owned(),
    }
}

fn kind_of(error: &EvalAltResult) -> &'static str {
    match error {
        EvalAltResult::ErrorTooManyOperations(_) | EvalAltResult::ErrorTerminated(..) => "too_long",
        EvalAltResult::ErrorStackOverflow(_) => "too_deep",
        EvalAltResult::ErrorDataTooLarge(..) => "too_large",
        EvalAltResult::ErrorAssignmentToConstant(..)
        | EvalAltResult::ErrorNonPureMethodCallOnConstant(..) => "misuse",
        _ => "script",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn target(id: &str) -> Target {
        let attrs = [("app".to_owned(), Value::from(id))].into();
        let text = |text: &str| text.to_owned();
        Target { integration: text("okta"), kind: text("grant"), id: text(id), label: String::new(), attrs }
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                "[a-z]{1,6}".prop_map(|id| value::of_target(&target(&id))),
                "[a-z]{1,6}".prop_map(|handle| value::of_secret(&handle)),
                prop::collection::btree_map("[a-z]{1,6}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_crosses_comes_back(value in values()) {
            let back = to_value(&to_dynamic(&value)).unwrap();
            prop_assert_eq!(value.to_string(), back.to_string());
        }

        #[test]
        fn what_crosses_as_text_is_the_same(value in values()) {
            let map: Map = [("v".into(), to_dynamic(&value))].into_iter().collect();
            let mut text = String::new();
            write_map(&map, &mut text).unwrap();
            let tree = to_value(&Dynamic::from(map)).unwrap();
            prop_assert_eq!(&text, &tree.to_string());
            // A float may lose its last digit when it is read, but always the same way.
            let read: Value = serde_json::from_str(&text).unwrap();
            let back = to_value(&Json::new(&text).dynamic()).unwrap();
            prop_assert_eq!(back.to_string(), read.to_string());
        }
    }

    #[test]
    fn functions_and_infinities_do_not_cross() {
        let function = rhai::FnPtr::new("f").unwrap();
        assert!(to_value(&Dynamic::from(function)).unwrap_err().message.contains("Fn"));
        assert!(to_value(&Dynamic::from(f64::INFINITY)).is_err());
    }

    #[test]
    fn large_integers_stay_text() {
        let value = serde_json::json!(18_446_744_073_709_551_615_u64);
        assert_eq!(to_dynamic(&value).into_string().unwrap(), "18446744073709551615");
        assert_eq!(Json::of(&value).dynamic().into_string().unwrap(), "18446744073709551615");
    }

    #[test]
    fn what_only_looks_like_a_target_stays_a_map() {
        for json in [r#"{"$target":{"x":1}}"#, r#"{"$target":1,"b":2}"#, r#"{"$secret":7}"#] {
            let value: Value = serde_json::from_str(json).unwrap();
            let map = Json::new(json).dynamic();
            assert!(map.is_map(), "{json}");
            assert_eq!(to_value(&map).unwrap(), to_value(&to_dynamic(&value)).unwrap());
        }
    }
}
