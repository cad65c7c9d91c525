//! Adding to a register's text: new keys at the end of an entry, new items at the end of a list, new entries at the end of
//! the file. Nothing that stands there is touched, and every change is read back: one that does not say exactly what was
//! meant is none.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use stanch_model::yaml::{self, Key, Node, Shape};

use super::{Kept, Merged, Refused};

/// The text with these entries in it.
pub(super) fn into(
    file: &str,
    source: &str,
    wanted: &BTreeMap<String, Map<String, Value>>,
) -> Result<Merged, Refused> {
    let blank = source.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    let mut merged = Merged { text: source.to_owned(), added: vec![], extended: vec![], kept: vec![] };
    for (slug, entry) in wanted {
        let tree = if blank && merged.added.is_empty() {
            None
        } else {
            Some(yaml::node(file, &merged.text, "VN0001").map_err(|why| Refused::Register(vec![*why]))?)
        };
        match tree.as_ref().and_then(|tree| tree.get(slug)) {
            Some((key, node)) => {
                let mut change = Change { source: &merged.text, slug, edits: vec![], kept: vec![] };
                let meant = change.map(key, node, entry, "");
                let Change { edits, kept, .. } = change;
                merged.kept.extend(kept);
                if !edits.is_empty() {
                    merged.text = applied(&merged.text, edits);
                    is_meant(file, &merged.text, slug, &meant)?;
                    merged.extended.push(slug.clone());
                }
            }
            None => {
                let end = if merged.text.trim().is_empty() { "" } else { "\n" };
                let line = if merged.text.is_empty() || merged.text.ends_with('\n') { "" } else { "\n" };
                merged.text = format!("{}{line}{end}{}:\n{}", merged.text, plain(slug), block(entry, 2));
                is_meant(file, &merged.text, slug, &Value::Object(entry.clone()))?;
                merged.added.push(slug.clone());
            }
        }
    }
    Ok(merged)
}

/// Reads the change back.
fn is_meant(file: &str, text: &str, slug: &str, meant: &Value) -> Result<(), Refused> {
    let tree = yaml::node(file, text, "VN0001").ok();
    let reads = tree.as_ref().and_then(|tree| tree.get(slug)).map(|(_, node)| node.to_json());
    if reads.as_ref() == Some(meant) { Ok(()) } else { Err(Refused::Entry(slug.to_owned())) }
}

fn applied(source: &str, mut edits: Vec<(usize, String)>) -> String {
    // of several at one place the outer was noted first, and stands last
    edits.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let mut text = source.to_owned();
    for (at, new) in edits {
        text.insert_str(at, &new);
    }
    text
}

struct Change<'a> {
    source: &'a str,
    slug: &'a str,
    edits: Vec<(usize, String)>,
    kept: Vec<Kept>,
}

impl Change<'_> {
    /// Adds to a map what it lacks; gives what it says then.
    fn map(&mut self, key: &Key, node: &Node, wanted: &Map<String, Value>, path: &str) -> Value {
        let entries = node.entries().unwrap_or_default();
        let new: Map<String, Value> = wanted
            .iter()
            .filter(|(name, _)| node.get(name).is_none())
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !new.is_empty() {
            self.add_keys(key, node, &new);
        }
        let mut meant: Map<String, Value> =
            entries.iter().map(|(key, node)| (key.text.clone(), node.to_json())).collect();
        for (key, node) in entries {
            let Some(value) = wanted.get(&key.text) else { continue };
            let path = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
            let says = match (&node.shape, value) {
                (Shape::Map(_), Value::Object(inner)) => self.map(key, node, inner, &path),
                (Shape::List(items), Value::Array(more)) => self.list(node, items, more),
                _ => {
                    self.keep(&path, node.to_json(), value);
                    node.to_json()
                }
            };
            meant.insert(key.text.clone(), says);
        }
        meant.extend(new);
        Value::Object(meant)
    }

    fn keep(&mut self, field: &str, here: Value, there: &Value) {
        // a date that YAML reads as text and a number that a spreadsheet writes as text say the same
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if text(&here) != text(there) {
            let (vendor, field) = (self.slug.to_owned(), field.to_owned());
            self.kept.push(Kept { vendor, field, here, there: there.clone() });
        }
    }

    fn add_keys(&mut self, key: &Key, node: &Node, new: &Map<String, Value>) {
        if self.is_flow(node) {
            let comma = if node.entries().is_none_or(<[_]>::is_empty) { " " } else { ", " };
            return self.edits.push((self.inside(node), format!("{comma}{}", pairs(new))));
        }
        let indent = node
            .entries()
            .and_then(|entries| entries.first())
            .map_or_else(|| self.column(key.span.start) + 2, |(first, _)| self.column(first.span.start));
        let at = self.line_end(self.end(node).max(key.span.end));
        self.edits.push((at, format!("\n{}", block(new, indent).trim_end_matches('\n'))));
    }

    /// Adds to a list what it lacks. Contacts are the same by their mail, access by integration and app.
    fn list(&mut self, node: &Node, items: &[Node], wanted: &[Value]) -> Value {
        let mut all: Vec<Value> = items.iter().map(Node::to_json).collect();
        let new: Vec<&Value> =
            wanted.iter().filter(|one| !all.iter().any(|known| same(known, one))).collect();
        if !new.is_empty() {
            if self.is_flow(node) {
                let comma = if items.is_empty() { "" } else { ", " };
                let texts: Vec<String> = new.iter().map(|value| flow(value)).collect();
                self.edits.push((self.inside(node), format!("{comma}{}", texts.join(", "))));
            } else if let Some(first) = items.first() {
                let line = self.source[..first.span.start].rfind('\n').map_or(0, |at| at + 1);
                let dash = self.source[line..first.span.start].find('-').unwrap_or_default();
                let at = self.line_end(items.last().map_or(node.span.end, |last| self.end(last)));
                let lines = new.iter().map(|value| format!("\n{}- {}", " ".repeat(dash), flow(value)));
                self.edits.push((at, lines.collect()));
            }
        }
        all.extend(new.into_iter().cloned());
        Value::Array(all)
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.source.get(node.span.start..).is_some_and(|text| text.starts_with(['[', '{']))
    }

    /// Where the last thing inside a value ends; right behind the bracket where there is none.
    fn inside(&self, node: &Node) -> usize {
        let ends: Vec<usize> = match &node.shape {
            Shape::Map(entries) => {
                entries.iter().map(|(key, node)| self.end(node).max(key.span.end)).collect()
            }
            Shape::List(items) => items.iter().map(|item| self.end(item)).collect(),
            _ => Vec::new(),
        };
        ends.into_iter().max().unwrap_or(node.span.start + 1)
    }

    /// The last byte of a value with everything in it, brackets too.
    fn end(&self, node: &Node) -> usize {
        let close = match node.shape {
            Shape::Map(_) => '}',
            Shape::List(_) => ']',
            _ => return node.span.end,
        };
        let inside = self.inside(node);
        if !self.is_flow(node) {
            return inside;
        }
        self.source.get(inside..).and_then(|rest| rest.find(close)).map_or(inside, |at| inside + at + 1)
    }

    fn column(&self, at: usize) -> usize {
        at - self.source[..at].rfind('\n').map_or(0, |line| line + 1)
    }

    fn line_end(&self, at: usize) -> usize {
        self.source[at..].find('\n').map_or(self.source.len(), |length| at + length)
    }
}

fn same(known: &Value, one: &Value) -> bool {
    match (known, one) {
        (Value::Object(known), Value::Object(one)) => {
            let by =
                if known.contains_key("integration") { ["integration", "app"] } else { ["mail", "mail"] };
            by.iter().all(|key| known.get(*key) == one.get(*key))
        }
        (Value::String(known), Value::String(one)) => known.eq_ignore_ascii_case(one),
        _ => known == one,
    }
}

/// In which order people look for them.
const ORDER: &[&str] = &[
    "name",
    "legal_entity",
    "apps",
    "status",
    "tier",
    "owner",
    "deputy",
    "authority",
    "kill_switch",
    "purpose",
    "dependants",
    "data",
    "volume",
    "residency",
    "retention",
    "role",
    "sub_processors",
    "contacts",
    "integration",
    "mail",
    "phone",
    "url",
    "app",
    "auth",
    "scopes",
    "grants",
    "user",
    "egress",
    "within",
    "checked",
    "breach",
    "notify_within",
    "clause",
    "they_notify_within",
    "their_clause",
    "type",
    "from",
    "to",
    "dpa",
    "access",
    "secrets_given",
    "secrets_taken",
    "attestations",
    "review_due",
    "tags",
    "notes",
];

fn ordered(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut pairs: Vec<_> = map.iter().collect();
    pairs.sort_by_key(|(key, _)| ORDER.iter().position(|known| known == key).unwrap_or(ORDER.len()));
    pairs
}

/// Lines of `key: value` at this depth.
fn block(map: &Map<String, Value>, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let line = |(key, value): (&String, &Value)| match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            let items = items.iter().map(|item| format!("{pad}  - {}\n", flow(item)));
            format!("{pad}{key}:\n{}", items.collect::<String>())
        }
        _ => format!("{pad}{key}: {}\n", flow(value)),
    };
    ordered(map).into_iter().map(line).collect()
}

fn pairs(map: &Map<String, Value>) -> String {
    let pairs: Vec<String> =
        ordered(map).into_iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
    pairs.join(", ")
}

/// A value in one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => plain(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            format!("{{ {} }}", pairs(map))
        }
        other => other.to_string(),
    }
}

/// A text bare where it can only be read as that text, else quoted.
fn plain(text: &str) -> String {
    let bare = text
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | '@' | '+'))
        && text.chars().next().is_some_and(char::is_alphabetic)
        && !text.ends_with(' ')
        && !matches!(text.to_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off");
    let day = text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
    if bare || day { text.to_owned() } else { serde_json::to_string(text).unwrap_or_default() }
}
