//! From a platform's body to what a script gets: chosen fields, targets, secrets sealed.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};
use stanch_model::{
    Target,
    secret::{SecretBox, SecretError},
    value,
};

use crate::{
    path,
    scope::Vars,
    spec::YieldSpec,
    template::{FillError, Shape},
};

/// Seals every value under one of these keys, wherever it stands. Done before anything else looks at the body.
pub(crate) fn seal(body: &mut Value, keys: &[String], secrets: &dyn SecretBox) -> Result<(), SecretError> {
    if keys.is_empty() {
        return Ok(());
    }
    match body {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if keys.contains(key) {
                    *inner = sealed(inner, secrets)?;
                } else {
                    seal(inner, keys, secrets)?;
                }
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| seal(item, keys, secrets)),
        _ => Ok(()),
    }
}

fn sealed(plain: &Value, secrets: &dyn SecretBox) -> Result<Value, SecretError> {
    let text = match plain {
        Value::Null => return Ok(Value::Null),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Ok(value::of_secret(&secrets.seal(&text)?))
}

/// A mapped value: a text without variables is a path in `root`, one with variables is filled in.
pub(crate) fn value_of(shape: &Shape, root: &Value, vars: &Vars<'_>) -> Result<Option<Value>, FillError> {
    Ok(match shape {
        Shape::Text(template) if template.variables().next().is_none() => {
            path::get(root, template.source()).cloned()
        }
        Shape::Text(_) | Shape::Plain(_) => shape.value(vars)?,
        Shape::List(items) => {
            let items: Vec<_> =
                items.iter().map(|item| value_of(item, root, vars)).collect::<Result<_, _>>()?;
            Some(Value::Array(items.into_iter().flatten().collect()))
        }
        Shape::Map(entries) => {
            let mut map = Map::new();
            for (key, inner) in entries {
                if let Some(value) = value_of(inner, root, vars)? {
                    map.insert(key.clone(), value);
                }
            }
            Some(Value::Object(map))
        }
    })
}

/// The rows of one page, as targets or maps.
///
/// # Errors
/// A row without an id: to skip it would hide something that is there.
pub(crate) fn rows(
    integration: &str,
    yields: &YieldSpec,
    body: &Value,
    columns: Option<&[String]>,
    vars: &Vars<'_>,
    seen: &mut HashSet<String>,
) -> Result<Vec<Value>, String> {
    let items = match path::get(body, &yields.each) {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        // What an empty list becomes in XML.
        Some(Value::String(empty)) if empty.is_empty() => &[],
        _ => return Err(format!("the answer holds no list at `{}`", yields.each)),
    };
    let named = match columns {
        Some(columns) => items.iter().map(|item| with_names(columns, item)).collect::<Result<Vec<_>, _>>()?,
        None => Vec::new(),
    };
    let items = if columns.is_some() { named.as_slice() } else { items };
    let mut rows = Vec::new();
    let input = Value::Object(vars.inputs.clone());
    for item in items {
        if yields.only.as_ref().is_some_and(|only| !only.holds(&[("item", item), ("input", &input)])) {
            continue;
        }
        let vars = vars.with_item(item);
        let attrs = attrs(integration, &yields.attrs, item, &vars).map_err(|error| error.to_string())?;
        let Some(kind) = &yields.kind else {
            rows.push(Value::Object(attrs.into_iter().collect()));
            continue;
        };
        let id = text_at(yields.id.as_ref(), item, &vars)?.ok_or("a row of the answer has no id")?;
        let label = text_at(yields.label.as_ref(), item, &vars)?.unwrap_or_default();
        let target = Target { integration: integration.to_owned(), kind: kind.clone(), id, label, attrs };
        if seen.insert(target.key()) {
            rows.push(value::of_target(&target));
        }
    }
    Ok(rows)
}

/// The names of the columns, if rows are lists.
pub(crate) fn columns(path: &str, body: &Value) -> Result<Vec<String>, String> {
    let wrong = || format!("the answer names no columns at `{path}`");
    let names = path::get(body, path).and_then(Value::as_array).ok_or_else(wrong)?;
    let name = |column: &Value| column.as_str().or(column.get("name")?.as_str()).map(str::to_owned);
    names.iter().map(name).collect::<Option<_>>().ok_or_else(wrong)
}

/// A row that is a list, as a map.
fn with_names(columns: &[String], row: &Value) -> Result<Value, String> {
    match row.as_array().filter(|cells| cells.len() == columns.len()) {
        Some(cells) => Ok(columns.iter().cloned().zip(cells.iter().cloned()).collect::<Map<_, _>>().into()),
        None => Err(format!("a row of the answer has not the {} columns that it names", columns.len())),
    }
}

fn attrs(
    integration: &str,
    shapes: &BTreeMap<String, Shape>,
    item: &Value,
    vars: &Vars<'_>,
) -> Result<BTreeMap<String, Value>, FillError> {
    let mut attrs = BTreeMap::new();
    for (name, shape) in shapes {
        let found = match inner_target(shape) {
            Some((kind, id, label)) => {
                let text = |shape| Ok(value_of(shape, item, vars)?.as_ref().and_then(plain));
                match text(id)? {
                    Some(id) => {
                        let label = match label {
                            Some(label) => text(label)?.unwrap_or_default(),
                            None => String::new(),
                        };
                        let (integration, kind) = (integration.to_owned(), kind.to_owned());
                        let target = Target { integration, kind, id, label, attrs: BTreeMap::new() };
                        Some(value::of_target(&target))
                    }
                    None => None,
                }
            }
            None => value_of(shape, item, vars)?,
        };
        if let Some(found) = found {
            attrs.insert(name.clone(), found);
        }
    }
    Ok(attrs)
}

/// `{ kind: user, id: …, label: … }`: a target inside a target, such as a grant's holder.
fn inner_target(shape: &Shape) -> Option<(&str, &Shape, Option<&Shape>)> {
    let Shape::Map(entries) = shape else { return None };
    let get = |name: &str| entries.iter().find(|(key, _)| key == name).map(|(_, shape)| shape);
    let Some(Shape::Text(kind)) = get("kind") else { return None };
    Some((kind.source(), get("id")?, get("label")))
}

fn text_at(shape: Option<&Shape>, item: &Value, vars: &Vars<'_>) -> Result<Option<String>, String> {
    let Some(shape) = shape else { return Ok(None) };
    let found = value_of(shape, item, vars).map_err(|error| error.to_string())?;
    Ok(found.as_ref().and_then(plain).filter(|text| !text.is_empty()))
}

/// Scalars as text; a secret by its handle.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        other => value::as_secret(other).map(str::to_owned),
    }
}
