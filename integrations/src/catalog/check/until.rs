//! What a proof looks at: fields that its read gives, functions that exist. Under a `!` a misspelt field proves anything.

use serde_json::{Value, json};

use super::{Report, suggest};
use crate::{
    expr::Expr,
    spec::{ActionSpec, PlatformSpec},
    template::Shape,
};

const CODE: &str = "IN0032";
/// What every target has.
const OF_TARGET: [&str; 5] = ["id", "label", "kind", "integration", "attrs"];

pub(super) fn check(
    spec: &PlatformSpec,
    name: &str,
    action: &ActionSpec,
    read: &str,
    until: &Expr,
    report: &mut Report<'_>,
) {
    let place = ["actions", name, "verify", "until"];
    let Some(read) = spec.actions.get(read) else { return };
    let (list, map, none) = (json!([]), json!({}), Value::Null);
    let (status, target) =
        (json!(200), json!({ "id": "x", "label": "x", "kind": "x", "integration": "x", "attrs": {} }));
    let input = action.input.keys().map(|name| (name.clone(), json!("x"))).collect();
    let scene = |out| vec![("status", &status), ("out", out), ("input", &input), ("target", &target)];
    if let Some(function) = until.unknown_function(&[scene(&list), scene(&map), scene(&none)]) {
        let message =
            format!("there is no function `{function}`: this never has a value, and proves nothing");
        report.at_value(&place, CODE, message, None);
    }
    let Some(known) = fields_of(read).filter(|fields| !looks_inside(until, fields)) else { return };
    let known: Vec<&str> = known.into_iter().chain(action.input.keys().map(String::as_str)).collect();
    let fields = until.fields();
    for field in fields.iter().filter(|field| !known.contains(&field.as_str())) {
        let help = suggest(field, known.iter().copied());
        report.at_value(&place, CODE, format!("the read gives no `{field}`"), help);
    }
}

/// The names of all that a read gives; `None` where it gives what the platform sends.
fn fields_of(read: &ActionSpec) -> Option<Vec<&str>> {
    let mut fields = OF_TARGET.to_vec();
    match (&read.yields, &read.output) {
        (Some(yields), _) => {
            for (name, shape) in &yields.attrs {
                fields.push(name);
                keys(shape, &mut fields);
            }
        }
        (None, Some(output @ Shape::Map(_))) => keys(output, &mut fields),
        _ => return None,
    }
    Some(fields)
}

/// What stands inside a field is the platform's, and nobody here knows it.
fn looks_inside(until: &Expr, fields: &[&str]) -> bool {
    let fields = fields.iter().filter(|field| !OF_TARGET.contains(field));
    let inside =
        |field: &&str| ['.', '[', '?'].iter().any(|next| until.source().contains(&format!(".{field}{next}")));
    fields.copied().any(|field| inside(&field))
}

fn keys<'a>(shape: &'a Shape, into: &mut Vec<&'a str>) {
    if let Shape::Map(entries) = shape {
        for (key, inner) in entries {
            into.push(key);
            keys(inner, into);
        }
    }
}
