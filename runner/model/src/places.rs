//! Where each key and value of a YAML file stands, so that a check of values can point at the place.
//!
//! The typed structs stay free of spans: a file is read twice, once into its type and once into this.

use std::{collections::HashMap, ops::Range};

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::yaml::{Spanned, token_end};

/// The byte ranges of a file, by path.
#[derive(Clone, Debug, Default)]
pub struct Places {
    keys: HashMap<String, Range<usize>>,
    values: HashMap<String, Range<usize>>,
}

impl Places {
    /// Finds the places of a file that [`crate::yaml::read`] accepts. Of any other file it knows none.
    pub fn of(source: &str) -> Self {
        let mut places = Self::default();
        if let Ok(node) = serde_yaml::from_str::<Spanned<Node>>(source) {
            places.walk(&node, source, "");
        }
        places
    }

    /// The key at the end of this path; the start of the file if there is none.
    pub fn key(&self, path: &[&str]) -> Range<usize> {
        self.keys.get(&join(path)).cloned().unwrap_or_default()
    }

    /// The value at the end of this path (list items by number), or the nearest place above it.
    pub fn value(&self, path: &[&str]) -> Range<usize> {
        let found = self.values.get(&join(path)).or_else(|| self.keys.get(&join(path)));
        match (found, path) {
            (Some(range), _) => range.clone(),
            (None, [above @ .., _]) => self.value_or_key(above),
            (None, []) => Range::default(),
        }
    }

    fn value_or_key(&self, path: &[&str]) -> Range<usize> {
        self.keys.get(&join(path)).cloned().unwrap_or_else(|| self.value(path))
    }

    fn walk(&mut self, node: &Spanned<Node>, source: &str, path: &str) {
        match &node.value {
            Node::Leaf => {}
            Node::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.visit(item, source, format!("{path}\u{1f}{at}"));
                }
            }
            Node::Map(entries) => {
                for (key, value) in entries {
                    let path = format!("{path}\u{1f}{}", key.value);
                    if let Some(range) = range_of(key, source) {
                        self.keys.insert(path.clone(), range);
                    }
                    self.visit(value, source, path);
                }
            }
        }
    }

    fn visit(&mut self, node: &Spanned<Node>, source: &str, path: String) {
        self.walk(node, source, &path);
        if let (Node::Leaf, Some(range)) = (&node.value, range_of(node, source)) {
            self.values.insert(path, range);
        }
    }
}

fn join(path: &[&str]) -> String {
    path.iter().fold(String::new(), |all, part| all + "\u{1f}" + part)
}

fn range_of<T>(value: &Spanned<T>, source: &str) -> Option<Range<usize>> {
    let span = value.referenced.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    let end = if length == 0 { token_end(source, start) } else { start + length };
    Some(start..end.min(source.len()))
}

enum Node {
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
    List(Vec<Spanned<Node>>),
    Leaf,
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Shape)
    }
}

struct Shape;

impl<'de> Visitor<'de> for Shape {
    type Value = Node;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any YAML")
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_values_and_list_items_are_found_in_bytes_beside_non_ascii() {
        let source = "people:\n  groups: { lead: [ben, \"caro é\"], late: [dora] }\n";
        let places = Places::of(source);
        assert_eq!(&source[places.key(&["people", "groups", "late"])], "late");
        assert_eq!(&source[places.value(&["people", "groups", "lead", "1"])], "\"caro é\"");
        assert_eq!(&source[places.value(&["people", "groups", "late", "0"])], "dora");
    }

    #[test]
    fn a_missing_value_points_at_what_should_hold_it() {
        let source = "integrations:\n  okta: { platform: okta }\n";
        let places = Places::of(source);
        assert_eq!(&source[places.value(&["integrations", "okta", "url"])], "okta");
        assert_eq!(places.value(&["nowhere"]), 0..0);
    }
}
