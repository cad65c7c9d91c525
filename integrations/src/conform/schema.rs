//! JSON Schema as far as requests are compared with it.

use serde_json::Value;

use super::describe::{Field, Schema};

/// Deeper than this nothing is compared; descriptions refer to themselves.
const DEEPEST: usize = 8;

/// Follows references within one document.
pub(super) fn resolve<'a>(root: &'a Value, value: &'a Value) -> &'a Value {
    let mut at = value;
    for _ in 0..16 {
        let Some(reference) = at.get("$ref").and_then(Value::as_str) else { return at };
        let found = match reference.strip_prefix('#') {
            Some(pointer) => root.pointer(pointer),
            // Google names a schema by its bare name.
            None => root.get("schemas").and_then(|schemas| schemas.get(reference)),
        };
        match found {
            Some(found) => at = found,
            None => return &Value::Null,
        }
    }
    &Value::Null
}

/// Reads a schema.
pub(super) fn read(root: &Value, value: &Value) -> Schema {
    at(root, value, DEEPEST)
}

fn at(root: &Value, value: &Value, deeper: usize) -> Schema {
    let value = resolve(root, value);
    let Some(deeper) = deeper.checked_sub(1).filter(|_| value.is_object()) else {
        return Schema { open: true, ..Schema::default() };
    };
    let mut schema = Schema { open: is_open(value), ..Schema::default() };
    schema.kinds = match &value["type"] {
        Value::String(kind) => vec![kind.clone()],
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").map(str::to_owned).collect()
        }
        _ => Vec::new(),
    };
    schema.one_of = value["enum"].as_array().cloned().unwrap_or_default();
    schema.one_of.extend(value.get("const").cloned());
    let required: Vec<_> = list(value, "required").filter_map(Value::as_str).collect();
    for (name, inner) in value["properties"].as_object().into_iter().flatten() {
        // Google marks what must be sent in the words of the description only.
        let field = Field {
            name: name.clone(),
            required: required.contains(&name.as_str()) && resolve(root, inner)["readOnly"] != true,
            schema: at(root, inner, deeper),
        };
        schema.fields.push(field);
    }
    if let Some(items) = value.get("items") {
        schema.items = Some(Box::new(at(root, items, deeper)));
    }
    for inner in list(value, "allOf") {
        both(&mut schema, at(root, inner, deeper));
    }
    for part in ["oneOf", "anyOf"] {
        let alternatives: Vec<_> = list(value, part).map(|inner| at(root, inner, deeper)).collect();
        either(&mut schema, alternatives);
    }
    schema
}

fn list<'a>(value: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// Said to be so: that it may have further fields is the rule of JSON Schema, and tells nothing. What has a discriminator
/// is one of several, which may stand nowhere but in its mapping.
fn is_open(value: &Value) -> bool {
    if value.get("discriminator").is_some() {
        return true;
    }
    match value.get("additionalProperties") {
        Some(Value::Bool(open)) => *open,
        Some(_) => true,
        None => false,
    }
}

/// Both hold.
fn both(schema: &mut Schema, other: Schema) {
    if schema.kinds.is_empty() {
        schema.kinds = other.kinds;
    }
    if schema.one_of.is_empty() {
        schema.one_of = other.one_of;
    }
    schema.open |= other.open;
    schema.items = schema.items.take().or(other.items);
    for field in other.fields {
        match schema.fields.iter_mut().find(|known| known.name == field.name) {
            Some(known) => known.required |= field.required,
            None => schema.fields.push(field),
        }
    }
}

/// One of them holds: every field is known, and none is required that one can do without.
fn either(schema: &mut Schema, alternatives: Vec<Schema>) {
    if alternatives.is_empty() {
        return;
    }
    let any_kind = alternatives.iter().any(|one| one.kinds.is_empty());
    let any_value = alternatives.iter().any(|one| one.one_of.is_empty());
    let mut union = Schema::default();
    for one in &alternatives {
        union.open |= one.open;
        union.items = union.items.take().or_else(|| one.items.clone());
        if !any_kind {
            union.kinds.extend(one.kinds.iter().cloned());
        }
        if !any_value {
            union.one_of.extend(one.one_of.iter().cloned());
        }
        for field in &one.fields {
            let in_all = alternatives
                .iter()
                .all(|other| other.fields.iter().any(|known| known.name == field.name && known.required));
            if !union.fields.iter().any(|known| known.name == field.name) {
                // Alternatives may mean different things by one name: what it is, is not compared.
                let schema =
                    if alternatives.len() == 1 { field.schema.clone() } else { loose(&field.schema) };
                union.fields.push(Field { name: field.name.clone(), required: in_all, schema });
            }
        }
    }
    both(schema, union);
}

fn loose(schema: &Schema) -> Schema {
    Schema {
        kinds: Vec::new(),
        one_of: Vec::new(),
        open: true,
        fields: Vec::new(),
        items: schema.items.clone(),
    }
}
