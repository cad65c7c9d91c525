//! Certain changes of a manifest's `uses`: an entry comes, goes, or moves under another effect.
//!
//! Changes are made to the text, so that comments and layout stay. A comment goes only with the line of a list item that
//! goes. Every change is read back: one that does not say exactly what was meant is none.

use std::ops::Range;

use serde_json::{Map, Value};
use stanch_model::{
    Effect, Fix,
    yaml::{self, Key, Node, Shape},
};

use crate::playbook::MANIFEST;

/// Lists `name` under `effect`.
pub(super) fn add(source: &str, effect: Effect, name: &str) -> Option<Fix> {
    let after = added(source, effect, name)?;
    Some(Fix::between(format!("add `{name}` under `{effect}:`"), MANIFEST, source, &after))
}

/// Takes the last `name` under `effect` out.
pub(super) fn remove(source: &str, effect: Effect, name: &str) -> Option<Fix> {
    let after = removed(source, effect, name)?;
    Some(Fix::between(format!("remove `{name}` from `{effect}:`"), MANIFEST, source, &after))
}

/// Moves `name` from one effect to another.
pub(super) fn shift(source: &str, from: Effect, to: Effect, name: &str) -> Option<Fix> {
    let after = added(&removed(source, from, name)?, to, name)?;
    let title = format!("move `{name}` from `{from}:` to `{to}:`");
    Some(Fix::between(title, MANIFEST, source, &after))
}

fn added(source: &str, effect: Effect, name: &str) -> Option<String> {
    changed(source, |manifest| manifest.add(effect, name), |names| names.push(name.to_owned()), effect)
}

fn removed(source: &str, effect: Effect, name: &str) -> Option<String> {
    let forget = |names: &mut Vec<String>| {
        if let Some(at) = names.iter().rposition(|known| known == name) {
            names.remove(at);
        }
    };
    changed(source, |manifest| manifest.remove(effect, name), forget, effect)
}

/// The text with these changes, if it then reads as meant.
fn changed(
    source: &str,
    change: impl FnOnce(&Manifest<'_>) -> Option<Vec<(Range<usize>, String)>>,
    meant: impl FnOnce(&mut Vec<String>),
    effect: Effect,
) -> Option<String> {
    let tree = yaml::node(MANIFEST, source, "PB0001").ok()?;
    let (key, uses) = tree.get("uses")?;
    let mut edits = change(&Manifest { source, key, uses })?;
    edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = source.to_owned();
    for (range, new) in edits {
        text.replace_range(range, &new);
    }
    let (mut before, rest) = split(&tree)?;
    let after = split(&yaml::node(MANIFEST, &text, "PB0001").ok()?)?;
    meant(before.entry(effect.as_str().to_owned()).or_default());
    before.retain(|_, names| !names.is_empty());
    (after == (before, rest)).then_some(text)
}

type Names = std::collections::BTreeMap<String, Vec<String>>;

/// What `uses` lists, and the rest of the manifest.
fn split(tree: &Node) -> Option<(Names, Map<String, Value>)> {
    let Value::Object(mut rest) = tree.to_json() else { return None };
    let mut names = Names::new();
    if let Value::Object(uses) = rest.remove("uses")? {
        for (effect, listed) in uses {
            let listed: Vec<String> = match listed {
                Value::Null => Vec::new(),
                Value::String(one) => vec![one],
                other => serde_json::from_value(other).ok()?,
            };
            if !listed.is_empty() {
                names.insert(effect, listed);
            }
        }
    }
    Some((names, rest))
}

struct Manifest<'a> {
    source: &'a str,
    key: &'a Key,
    uses: &'a Node,
}

type Edits = Vec<(Range<usize>, String)>;

impl Manifest<'_> {
    fn add(&self, effect: Effect, name: &str) -> Option<Edits> {
        let entries = match &self.uses.shape {
            Shape::Null => {
                return Some(vec![self.line_below(self.key.span.end, &format!("  {effect}: [{name}]"))]);
            }
            Shape::Map(entries) => entries,
            _ => return None,
        };
        let Some((key, node)) = self.uses.get(effect.as_str()) else {
            return Some(vec![self.new_effect(entries, effect, name)]);
        };
        Some(vec![match &node.shape {
            Shape::Null => self.insert(self.colon(key)?, format!(" [{name}]")),
            Shape::Text(_) => {
                let one = self.source.get(node.span.clone())?;
                (node.span.clone(), format!("[{one}, {name}]"))
            }
            Shape::List(items) => match items.last() {
                None => self.insert(node.span.start + 1, name.to_owned()),
                Some(last) if self.is_flow(node) => self.insert(last.span.end, format!(", {name}")),
                Some(last) => {
                    let indent = self.indent(last.span.start);
                    self.line_below(last.span.end, &format!("{indent}- {name}"))
                }
            },
            _ => return None,
        }])
    }

    /// An effect that is not there yet, in the order in which effects are always listed, aligned with its neighbours.
    fn new_effect(&self, entries: &[(Key, Node)], effect: Effect, name: &str) -> (Range<usize>, String) {
        if self.is_flow(self.uses) {
            return match entries.last() {
                Some((key, node)) => self.insert(self.end(key, node), format!(", {effect}: [{name}]")),
                None => self.insert(self.uses.span.start + 1, format!(" {effect}: [{name}] ")),
            };
        }
        let place = |word: &str| Effect::ALL.iter().position(|known| known.as_str() == word);
        let before = entries.iter().rfind(|(key, _)| place(&key.text) < place(effect.as_str()));
        let first = entries.first();
        let indent = first.map_or("  ", |(key, _)| self.indent(key.span.start));
        let column = first.filter(|(key, node)| self.line_end(key.span.start) > node.span.start);
        let column =
            column.map_or(0, |(key, node)| node.span.start.saturating_sub(self.line_start(key.span.start)));
        let head = format!("{indent}{effect}:");
        let pad = " ".repeat(column.saturating_sub(head.len()).max(1));
        let after = before.map_or(self.key.span.end, |(key, node)| self.end(key, node));
        self.line_below(after, &format!("{head}{pad}[{name}]"))
    }

    fn remove(&self, effect: Effect, name: &str) -> Option<Edits> {
        let (key, node) = self.uses.get(effect.as_str())?;
        let items = match &node.shape {
            Shape::Text(text) if text == name => return Some(self.emptied(key, node)),
            Shape::List(items) => items,
            _ => return None,
        };
        let at = items.iter().rposition(|item| item.text() == Some(name))?;
        let span = &items[at].span;
        if items.len() == 1 {
            return Some(self.emptied(key, node));
        }
        if !self.is_flow(node) {
            return Some(vec![(self.line_start(span.start)..self.line_end(span.end), String::new())]);
        }
        let comments = |range: &Range<usize>| self.source[range.clone()].contains('#');
        let gone = match items.get(at + 1) {
            Some(next) if !comments(&(span.end..next.span.start)) => span.start..next.span.start,
            Some(next) => span.start..self.source[span.end..next.span.start].find(',')? + span.end + 1,
            None if !comments(&(items[at - 1].span.end..span.start)) => items[at - 1].span.end..span.end,
            None => span.clone(),
        };
        Some(vec![(gone, String::new())])
    }

    /// An effect that lists nothing any more: its lines go, unless a comment stands there or nothing else is left.
    fn emptied(&self, key: &Key, node: &Node) -> Edits {
        let lines = self.line_start(key.span.start)..self.line_end(self.end(key, node));
        let alone = self.uses.entries().is_none_or(|entries| entries.len() == 1);
        if !alone && !self.is_flow(self.uses) && !self.source[lines.clone()].contains('#') {
            return vec![(lines, String::new())];
        }
        let flow = self.is_flow(node) || matches!(node.shape, Shape::Text(_));
        match (self.colon(key), &node.shape) {
            (Some(colon), Shape::List(items)) if !flow => {
                let item = |item: &Node| {
                    (self.line_start(item.span.start)..self.line_end(item.span.end), String::new())
                };
                std::iter::once(self.insert(colon, " []".to_owned())).chain(items.iter().map(item)).collect()
            }
            _ => vec![(node.span.start..self.end(key, node), "[]".to_owned())],
        }
    }

    fn insert(&self, at: usize, text: String) -> (Range<usize>, String) {
        (at..at, text)
    }

    /// A new line below the one that holds this byte.
    fn line_below(&self, at: usize, line: &str) -> (Range<usize>, String) {
        let end = self.line_end(at);
        let content = self.source[..end].trim_end_matches(['\n', '\r']).len().max(at.min(end));
        let newline = if self.source.contains("\r\n") { "\r\n" } else { "\n" };
        self.insert(content, format!("{newline}{line}"))
    }

    /// Right behind the colon of a key.
    fn colon(&self, key: &Key) -> Option<usize> {
        Some(key.span.end + self.source[key.span.end..].find(':')? + 1)
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.source[node.span.start..].starts_with(['[', '{'])
    }

    /// Where an entry of `uses` ends.
    fn end(&self, key: &Key, node: &Node) -> usize {
        match &node.shape {
            Shape::List(items) if self.is_flow(node) => {
                let inside = items.last().map_or(node.span.start + 1, |last| last.span.end);
                self.closing(inside)
            }
            Shape::List(items) => items.last().map_or(node.span.end, |last| last.span.end),
            Shape::Null => self.colon(key).unwrap_or(key.span.end),
            _ => node.span.end,
        }
    }

    /// Behind the `]` that comes next, comments passed over.
    fn closing(&self, from: usize) -> usize {
        let mut comment = false;
        for (at, c) in self.source[from..].char_indices() {
            match c {
                '#' => comment = true,
                '\n' => comment = false,
                ']' if !comment => return from + at + 1,
                _ => {}
            }
        }
        self.source.len()
    }

    fn line_start(&self, at: usize) -> usize {
        self.source[..at].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// Behind the newline.
    fn line_end(&self, at: usize) -> usize {
        self.source[at..].find('\n').map_or(self.source.len(), |newline| at + newline + 1)
    }

    fn indent(&self, at: usize) -> &str {
        let line = &self.source[self.line_start(at)..at];
        &line[..line.len() - line.trim_start_matches(' ').len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "\
title: Cut                          # é
uses:                               # all it may do
  # what it looks at
  read:       [find_app, app.grants]   # both lists
  permanent:  grant.revoke
  tell:
    - notify                        # by mail
    - page
limits: { targets: 5 }              # reached: waits
";

    fn after(fix: Option<Fix>, source: &str) -> String {
        fix.unwrap().apply(source).unwrap()
    }

    #[test]
    fn an_entry_comes_where_its_neighbours_stand() {
        let all = [
            (Effect::Read, "find_user"),
            (Effect::Reversible, "app.quarantine"),
            (Effect::Permanent, "user.end_sessions"),
            (Effect::Tell, "okta.tell"),
        ];
        let text = all
            .iter()
            .fold(MANIFEST.to_owned(), |text, (effect, name)| after(add(&text, *effect, name), &text));
        insta::assert_snapshot!(text, @r"
        title: Cut                          # é
        uses:                               # all it may do
          # what it looks at
          read:       [find_app, app.grants, find_user]   # both lists
          reversible: [app.quarantine]
          permanent:  [grant.revoke, user.end_sessions]
          tell:
            - notify                        # by mail
            - page
            - okta.tell
        limits: { targets: 5 }              # reached: waits
        ");
    }

    #[test]
    fn an_entry_goes_and_comments_stay() {
        let all = [
            (Effect::Read, "find_app"),
            (Effect::Read, "app.grants"),
            (Effect::Permanent, "grant.revoke"),
            (Effect::Tell, "page"),
        ];
        let text = all
            .iter()
            .fold(MANIFEST.to_owned(), |text, (effect, name)| after(remove(&text, *effect, name), &text));
        insta::assert_snapshot!(text, @r"
        title: Cut                          # é
        uses:                               # all it may do
          # what it looks at
          read:       []   # both lists
          tell:
            - notify                        # by mail
        limits: { targets: 5 }              # reached: waits
        ");
        let empty = after(remove(&text, Effect::Tell, "notify"), &text);
        assert!(empty.contains("  tell: []\n"), "{empty}");
    }

    #[test]
    fn every_form_of_uses_is_kept() {
        let cases = [
            ("uses: {}\n", "uses: { read: [x] }\n"),
            ("uses:\n", "uses:\n  read: [x]\n"),
            ("uses:   # none\nlimits: {}\n", "uses:   # none\n  read: [x]\nlimits: {}\n"),
            ("uses: { tell: page }\n", "uses: { tell: page, read: [x] }\n"),
            ("uses: { read: [a], tell: [b] }\n", "uses: { read: [a, x], tell: [b] }\n"),
            ("uses: { read: [] }", "uses: { read: [x] }"),
            ("uses:\n  read:\n  tell: [b]\n", "uses:\n  read: [x]\n  tell: [b]\n"),
            (
                "uses:\n  read: [\"a\",  # one\n    b,  # two\n  ]\n",
                "uses:\n  read: [\"a\",  # one\n    b, x,  # two\n  ]\n",
            ),
            ("uses:\r\n  read: [a]\r\n  tell: [b]\r\n", "uses:\r\n  read: [a, x]\r\n  tell: [b]\r\n"),
            ("uses:\r\n  tell: [b]\r\n", "uses:\r\n  read: [x]\r\n  tell: [b]\r\n"),
            ("uses:\n  read:\n  - a\n", "uses:\n  read:\n  - a\n  - x\n"),
            ("uses:\n    tell:   [b]", "uses:\n    read:   [x]\n    tell:   [b]"),
        ];
        for (before, wanted) in cases {
            let with = add(before, Effect::Read, "x");
            assert_eq!(with.map(|fix| fix.apply(before).unwrap()).as_deref(), Some(wanted), "{before:?}");
            let back = after(remove(wanted, Effect::Read, "x"), wanted);
            let (read, again) = (yaml::node("f", before, "X"), yaml::node("f", &back, "X"));
            assert_eq!(split(&read.unwrap()), split(&again.unwrap()), "{back:?}");
        }
    }

    #[test]
    fn what_cannot_be_changed_for_certain_is_left() {
        for source in
            ["title: x\n", "uses: [a]\n", "uses:\n  read: { a: b }\n", "a: &a [b]\nuses: { read: *a }\n"]
        {
            assert_eq!(add(source, Effect::Read, "x"), None, "{source:?}");
        }
        assert_eq!(remove(MANIFEST, Effect::Read, "x"), None);
    }

    #[test]
    fn an_entry_moves() {
        let source = "uses:\n  reversible: [app.quarantine, grant.revoke]   # cuts\n";
        let moved = after(shift(source, Effect::Reversible, Effect::Permanent, "grant.revoke"), source);
        assert_eq!(moved, "uses:\n  reversible: [app.quarantine]   # cuts\n  permanent:  [grant.revoke]\n");
    }
}
