//! From a platform's body to what a script gets: chosen fields, targets, secrets sealed.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
};

use serde_json::{Map, Value};
use stanch_model::{
    Target,
    secret::{SecretBox, SecretError},
    value,
};

use crate::{
    label::{Known, Labelled},
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

/// What a page holds of a list, before it is mapped.
pub(crate) type Items<'a> = Vec<Cow<'a, Value>>;

/// The rows of a page that are meant, their columns by name.
///
/// # Errors
/// There is no list, or its rows do not fit its columns.
pub(crate) fn items<'a>(
    yields: &YieldSpec,
    body: &'a Value,
    columns: Option<&[String]>,
    vars: &Vars<'_>,
) -> Result<Items<'a>, String> {
    let items = match path::get(body, &yields.each) {
        Some(Value::Array(items)) => items.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        // What an empty list becomes in XML.
        Some(Value::String(empty)) if empty.is_empty() => &[],
        None | Some(Value::Null) if body.is_null() => {
            return Err("the answer is empty where a list belongs".to_owned());
        }
        _ if yields.each.is_empty() => return Err("the answer is no list".to_owned()),
        _ => return Err(format!("the answer holds no list at `{}`", yields.each)),
    };
    let mut items: Items<'a> = match columns {
        Some(columns) => {
            items.iter().map(|item| with_names(columns, item).map(Cow::Owned)).collect::<Result<_, _>>()?
        }
        None => items.iter().map(Cow::Borrowed).collect(),
    };
    if let Some(inner) = &yields.inner {
        let each: Vec<Items<'a>> =
            items.iter().map(|outer| inner_rows(outer, inner)).collect::<Result<_, _>>()?;
        items = each.into_iter().flatten().collect();
    }
    if let Some(only) = &yields.only {
        let input = Value::Object(vars.inputs.clone());
        let settings = serde_json::json!(vars.settings);
        items.retain(|item| only.holds(&[("item", item), ("input", &input), ("settings", &settings)]));
    }
    Ok(items)
}

/// The rows of a list inside a row, each with what else that row holds.
fn inner_rows<'a>(outer: &Value, inner: &str) -> Result<Items<'a>, String> {
    let rows = match path::get(outer, inner) {
        Some(Value::Array(rows)) => rows.as_slice(),
        None | Some(Value::Null) => &[],
        Some(_) => return Err(format!("a row of the answer holds no list at `{inner}`")),
    };
    let mut around = outer.as_object().cloned().unwrap_or_default();
    around.remove(inner.split('.').next().unwrap_or_default());
    let with_outer = |row: &Value| {
        let mut whole = around.clone();
        whole.extend(row.as_object().cloned().unwrap_or_default());
        Cow::Owned(Value::Object(whole))
    };
    Ok(rows.iter().map(with_outer).collect())
}

/// Whether a list gives this kind by ids alone.
pub(crate) fn is_bare(yields: &YieldSpec, kind: &str) -> bool {
    bare(yields, kind).next().is_some()
}

/// The attributes of a list that are targets of their own.
pub(crate) fn inner_names(yields: &YieldSpec) -> impl Iterator<Item = &str> {
    yields.attrs.iter().filter(|(_, shape)| inner_target(shape).is_some()).map(|(name, _)| name.as_str())
}

/// Where a list gives ids of this kind without labels.
fn bare<'a>(yields: &'a YieldSpec, kind: &str) -> impl Iterator<Item = &'a Shape> {
    let own = yields.id.as_ref().filter(|_| yields.kind.as_deref() == Some(kind) && yields.label.is_none());
    let inner = yields.attrs.values().filter_map(inner_target);
    own.into_iter()
        .chain(inner.filter(move |(inner, _, label)| *inner == kind && label.is_none()).map(|(_, id, _)| id))
}

/// The ids of this kind that these rows give without a label.
pub(crate) fn bare_ids(yields: &YieldSpec, kind: &str, items: &Items<'_>, vars: &Vars<'_>) -> Vec<String> {
    let shapes: Vec<&Shape> = bare(yields, kind).collect();
    let id = |shape: &Shape, item: &Value| match value_of(shape, item, &vars.with_item(item)).ok()?? {
        Value::String(id) => Some(id),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    items.iter().flat_map(|item| shapes.iter().filter_map(|shape| id(shape, item))).collect()
}

/// The rows of one page, as targets or maps.
///
/// # Errors
/// A row without an id: to skip it would hide something that is there.
pub(crate) fn rows(
    integration: &str,
    yields: &YieldSpec,
    items: &Items<'_>,
    vars: &Vars<'_>,
    known: &Known,
    seen: &mut HashSet<String>,
) -> Result<Vec<Value>, String> {
    let mut rows = Vec::new();
    for item in items {
        let item = item.as_ref();
        let vars = vars.with_item(item);
        let mut attrs =
            attrs(integration, &yields.attrs, item, &vars, known).map_err(|error| error.to_string())?;
        let Some(kind) = &yields.kind else {
            rows.push(Value::Object(attrs.into_iter().collect()));
            continue;
        };
        let id = text_at(yields.id.as_ref(), item, &vars)?.ok_or("a row of the answer has no id")?;
        let mut label = label(yields.label.as_ref(), item, &Vars { attrs: Some(&attrs), ..vars })?;
        if let Some(told) = known.of(kind, &id).filter(|_| label.is_empty()) {
            label.clone_from(&told.label);
            told.attrs
                .iter()
                .for_each(|(name, attr)| _ = attrs.entry(name.clone()).or_insert_with(|| attr.clone()));
        }
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
    known: &Known,
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
                        let told = known.of(kind, &id).filter(|_| label.is_empty()).cloned();
                        let told = told.unwrap_or(Labelled { label, attrs: BTreeMap::new() });
                        let (integration, kind) = (integration.to_owned(), kind.to_owned());
                        let target = Target { integration, kind, id, label: told.label, attrs: told.attrs };
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

/// What people call a row: the first of its labels that nothing is lacking of. To have none is no reason to lose the row.
fn label(shape: Option<&Shape>, item: &Value, vars: &Vars<'_>) -> Result<String, String> {
    let shapes = match shape {
        Some(Shape::List(shapes)) => shapes.as_slice(),
        one => one.map_or(&[][..], std::slice::from_ref),
    };
    for shape in shapes {
        match value_of(shape, item, vars) {
            Ok(found) => {
                if let Some(label) = found.as_ref().and_then(plain).filter(|label| !label.is_empty()) {
                    return Ok(label);
                }
            }
            Err(FillError::Missing(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(String::new())
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
