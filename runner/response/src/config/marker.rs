//! Diagnostics that point into one file.

use std::ops::Range;

use stanch_model::{
    Diagnostic,
    yaml::{self, Node, Shape},
};

/// A file that was readable, with the places of its keys and values.
pub(crate) struct Marker<'a> {
    file: &'a str,
    source: &'a str,
    tree: Option<Node>,
}

impl<'a> Marker<'a> {
    /// Finds the places of a file that [`yaml::read`] accepted.
    pub(crate) fn of(file: &'a str, source: &'a str) -> Self {
        Self { file, source, tree: yaml::node(file, source, "").ok() }
    }

    /// A mistake at a key.
    pub(crate) fn key(&self, code: &str, path: &[&str], message: impl Into<String>) -> Diagnostic {
        let place = self.key_of(path).unwrap_or_default();
        Diagnostic::error(code, message).at(self.file, self.source, place, "here")
    }

    /// A mistake at a value (list items by number); where there is none, at what should hold it.
    pub(crate) fn value(&self, code: &str, path: &[&str], message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.file, self.source, self.value_of(path), "here")
    }

    fn key_of(&self, path: &[&str]) -> Option<Range<usize>> {
        let (last, above) = path.split_last()?;
        Some(self.tree.as_ref()?.at(above)?.get(last)?.0.span.clone())
    }

    fn value_of(&self, path: &[&str]) -> Range<usize> {
        let node = self.tree.as_ref().and_then(|tree| tree.at(path));
        let scalar = node.filter(|node| !matches!(node.shape, Shape::Map(_) | Shape::List(_)));
        match (scalar, path) {
            (Some(node), _) => node.span.clone(),
            (None, []) => Range::default(),
            (None, [above @ .., _]) => self.key_of(path).unwrap_or_else(|| self.value_of(above)),
        }
    }
}
