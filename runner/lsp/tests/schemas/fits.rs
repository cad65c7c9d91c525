//! Enough of JSON Schema for ours. A rule that is not known here fails the test that meets it.

use regex::Regex;
use serde_json::{Map, Value};

/// Rules that refuse nothing.
const WORDS: &[&str] = &[
    "$schema",
    "$defs",
    "title",
    "description",
    "default",
    "format",
    "examples",
    "properties",
    "additionalProperties",
];

/// Where a value is not what a schema says.
pub(crate) fn mistakes(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Some(rules) = schema.as_object() else {
        return if *schema == Value::Bool(false) {
            vec![format!("{at}: nothing may stand here")]
        } else {
            Vec::new()
        };
    };
    let mut found = fields(root, rules, value, at);
    for (rule, wanted) in rules.iter().filter(|(rule, _)| !WORDS.contains(&rule.as_str())) {
        let all = wanted.as_array().map(Vec::as_slice).unwrap_or_default();
        let fitting = || all.iter().filter(|one| mistakes(root, one, value, at).is_empty()).count();
        let holds = match rule.as_str() {
            "$ref" => {
                let to = wanted.as_str().unwrap().trim_start_matches('#');
                found.extend(mistakes(root, root.pointer(to).expect(to), value, at));
                true
            }
            "items" => {
                for (nth, item) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(mistakes(root, wanted, item, &format!("{at}/{nth}")));
                }
                true
            }
            "type" => is_of(value, wanted),
            "const" => value == wanted,
            "enum" => all.contains(value),
            "anyOf" => fitting() >= 1,
            "oneOf" => fitting() == 1,
            "allOf" => fitting() == all.len(),
            "required" => value
                .as_object()
                .is_none_or(|map| all.iter().all(|name| map.contains_key(name.as_str().unwrap()))),
            "pattern" => {
                value.as_str().is_none_or(|text| Regex::new(wanted.as_str().unwrap()).unwrap().is_match(text))
            }
            "minimum" => value.as_f64().is_none_or(|number| wanted.as_f64().unwrap() <= number),
            "maximum" => value.as_f64().is_none_or(|number| wanted.as_f64().unwrap() >= number),
            "minItems" => value.as_array().is_none_or(|items| wanted.as_u64().unwrap() <= items.len() as u64),
            "maxItems" => value.as_array().is_none_or(|items| wanted.as_u64().unwrap() >= items.len() as u64),
            _ => panic!("the rule `{rule}` at {at} is not known here: teach it"),
        };
        if !holds {
            found.push(format!("{at}: {rule} {wanted} does not hold of {value}"));
        }
    }
    found
}

/// The fields of a map: those that are named, and the others.
fn fields(root: &Value, rules: &Map<String, Value>, value: &Value, at: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (name, field) in value.as_object().into_iter().flatten() {
        let named = rules.get("properties").and_then(|named| named.get(name));
        if let Some(schema) = named.or_else(|| rules.get("additionalProperties")) {
            found.extend(mistakes(root, schema, field, &format!("{at}/{name}")));
        }
    }
    found
}

fn is_of(value: &Value, kind: &Value) -> bool {
    let one = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("a type `{kind}`"),
    };
    match kind {
        Value::String(kind) => one(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(one),
        _ => panic!("a type {kind}"),
    }
}
