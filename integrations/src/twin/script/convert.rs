//! Between JSON and the values of a script. What a script cannot hold (functions, shared values) never becomes JSON.

use std::sync::Arc;

use rhai::{Dynamic, Map};
use serde_json::Value;

use crate::twin::store::{OWN, Page, Row};

/// JSON that a script passes on without looking into it: long lists stay native.
#[derive(Clone, Debug)]
pub(crate) struct Json(pub(crate) Arc<Value>);

/// A page in the hands of a script.
#[derive(Clone, Debug)]
pub(crate) struct ScriptPage {
    pub(crate) rows: Json,
    pub(crate) next: Option<String>,
}

impl From<Page> for ScriptPage {
    fn from(page: Page) -> Self {
        Self { rows: Json(Arc::new(Value::Array(page.rows))), next: page.next }
    }
}

/// JSON as a script sees it; `null` is `()`.
pub(crate) fn to_dynamic(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => items.iter().map(to_dynamic).collect::<Vec<_>>().into(),
        Value::Object(fields) => row_to_map(fields).into(),
    }
}

/// A row as a script sees it.
pub(crate) fn row_to_map(row: &Row) -> Map {
    row.iter().map(|(field, value)| (field.as_str().into(), to_dynamic(value))).collect()
}

/// What a script answers, as JSON: without the twin's own fields.
pub(crate) fn to_answer(value: &Dynamic) -> Value {
    convert(value, false)
}

/// A script's map as a row.
pub(crate) fn to_row(map: &Map) -> Row {
    fields(map, true)
}

fn fields(map: &Map, own: bool) -> Row {
    map.iter()
        .filter(|(field, _)| own || !field.starts_with(OWN))
        .map(|(field, value)| (field.to_string(), convert(value, own)))
        .collect()
}

fn convert(value: &Dynamic, own: bool) -> Value {
    if let Some(map) = value.read_lock::<Map>() {
        return Value::Object(fields(&map, own));
    }
    if let Some(items) = value.read_lock::<rhai::Array>() {
        return Value::Array(items.iter().map(|item| convert(item, own)).collect());
    }
    if let Some(json) = value.read_lock::<Json>() {
        return (*json.0).clone();
    }
    if let Some(page) = value.read_lock::<ScriptPage>() {
        return (*page.rows.0).clone();
    }
    if let Ok(flag) = value.as_bool() {
        return Value::Bool(flag);
    }
    if let Ok(whole) = value.as_int() {
        return Value::from(whole);
    }
    if let Ok(number) = value.as_float() {
        return Value::from(number);
    }
    if value.is_unit() { Value::Null } else { Value::String(value.to_string()) }
}
