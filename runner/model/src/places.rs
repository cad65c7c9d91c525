//! Where each key and value of a YAML file stands, so that a check of values can point at the place.
//!
//! The typed structs stay free of spans: a file is read twice, once into its type and once into this.

use std::{collections::HashMap, ops::Range};

use crate::yaml::{Node, Shape, node};

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
        if let Ok(root) = node("", source, "") {
            places.walk(&root, "");
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

    fn walk(&mut self, node: &Node, path: &str) {
        match &node.shape {
            Shape::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.walk(item, &format!("{path}\u{1f}{at}"));
                }
            }
            Shape::Map(entries) => {
                for (key, value) in entries {
                    let path = format!("{path}\u{1f}{}", key.text);
                    self.keys.insert(path.clone(), key.span.clone());
                    self.walk(value, &path);
                }
            }
            _ => drop(self.values.insert(path.to_owned(), node.span.clone())),
        }
    }
}

fn join(path: &[&str]) -> String {
    path.iter().fold(String::new(), |all, part| all + "\u{1f}" + part)
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
