//! The `input:` part: types, defaults, and where an alert holds the value.

use std::collections::BTreeMap;

use stanch_model::{
    diagnostic::did_you_mean,
    yaml::{Node, Shape},
};

use super::{InputSpec, InputType, read::alert_path, reader::Reader};
use crate::dialect::Var;

pub(super) fn inputs(reader: &mut Reader<'_>, node: &Node) -> BTreeMap<String, InputSpec> {
    reader.map(node, "inputs").iter().map(|(key, value)| (key.text.clone(), input(reader, value))).collect()
}

fn input(reader: &mut Reader<'_>, node: &Node) -> InputSpec {
    let known = &["from", "type", "default", "help", "required"];
    let fields = reader.fields(node, "an input", known, &["type"]);
    let kind = kind(reader, fields.get("type"));
    let default = fields.get("default");
    if let (Some(node), Some(kind)) = (default, kind) {
        fits(reader, node, kind);
    }
    let required = reader.flag(fields.get("required")).unwrap_or(default.is_none());
    InputSpec {
        from: alert_path(reader, fields.get("from")),
        kind: kind.unwrap_or(InputType::String),
        default: default.map(Node::to_json),
        help: reader.text(fields.get("help")).unwrap_or_default(),
        required,
    }
}

fn kind(reader: &mut Reader<'_>, node: Option<&Node>) -> Option<InputType> {
    let word = reader.text(node)?;
    let found = InputType::ALL.iter().find(|(_, name)| *name == word).map(|(kind, _)| *kind);
    if found.is_none() {
        let words: Vec<&str> = InputType::ALL.iter().map(|(_, name)| *name).collect();
        let help = did_you_mean(&word, words.iter().copied()).map_or_else(
            || format!("known are {}", words.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        reader.wrong("PB0005", &node?.span, format!("there is no type `{word}`"), &help);
    }
    found
}

fn fits(reader: &mut Reader<'_>, node: &Node, kind: InputType) {
    let help = match (kind, &node.shape) {
        (InputType::Integer, Shape::Integer(_)) | (InputType::Bool, Shape::Bool(_)) => return,
        (InputType::List, Shape::List(items)) if items.iter().all(|item| item.text().is_some()) => return,
        (InputType::Time, Shape::Text(text)) if text == "now" || text.parse::<jiff::Timestamp>().is_ok() => {
            return;
        }
        (InputType::String, Shape::Text(_)) => return,
        (InputType::App | InputType::User | InputType::Vendor, Shape::Text(text))
            if !text.trim().is_empty() =>
        {
            return;
        }
        (InputType::App | InputType::User | InputType::Vendor, Shape::Text(_)) => {
            "a name is never empty: leave the default out, and say `required: false` where nobody need be named"
        }
        (InputType::Integer, _) => "write a whole number",
        (InputType::Bool, _) => "write `true` or `false`",
        (InputType::List, _) => "write a list of texts, `[a, b]`",
        (InputType::Time, _) => "write `now` or an instant, `2026-03-13T02:40:00Z`",
        (InputType::Secret, _) => "a secret has no default: it would stand in this file",
        _ => "write text, in quotes if it looks like a number",
    };
    reader.wrong("PB0007", &node.span, "the default does not fit the type".to_owned(), help);
}

/// Accepts `alert.<field>` and any path below `alert.raw`.
///
/// # Errors
/// The way out.
pub(super) fn from_path(path: &str) -> Result<(), String> {
    let fields = Var::ALERT.fields.unwrap_or_default();
    let mut parts = path.split('.');
    if parts.next() != Some("alert") {
        return Err("begin with `alert.`: `alert.app`, `alert.raw.client.id`".to_owned());
    }
    let field = parts.next().unwrap_or_default();
    match fields.contains(&field) {
        false => Err(did_you_mean(field, fields.iter().copied()).map_or_else(
            || format!("an alert has {}", fields.join(", ")),
            |near| format!("did you mean `alert.{near}`?"),
        )),
        true if field != "raw" && parts.next().is_some() => {
            Err(format!("`alert.{field}` has no parts; what the source sent stands under `alert.raw`"))
        }
        true => Ok(()),
    }
}
