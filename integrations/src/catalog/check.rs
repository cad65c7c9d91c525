//! What a file says must hold together: every variable given, every action that is named there, every cut provable.

mod action;
mod around;
mod auth;
mod calls;
mod labels;
mod platform;
mod until;
mod witness;

use std::{cell::OnceCell, ops::Range};

use stanch_model::{
    Diagnostic,
    diagnostic::did_you_mean,
    yaml::{self, Node},
};

use crate::spec::PlatformSpec;

/// Everything that is wrong with a file that could be read.
pub(super) fn check(slug: &str, file: &str, source: &str, spec: &PlatformSpec) -> Vec<Diagnostic> {
    let mut report = Report::new(file, source);
    platform::check(slug, spec, &mut report);
    witness::check(spec, &mut report);
    labels::check(spec, &mut report);
    for (name, action) in &spec.actions {
        action::check(spec, name, action, &mut report);
        calls::check(spec, name, action, &mut report);
        around::check(spec, name, action, &mut report);
        auth::of_action(spec, name, action, &mut report);
    }
    report.found
}

/// The mistakes of one file so far.
pub(crate) struct Report<'a> {
    file: &'a str,
    source: &'a str,
    /// Where everything stands: read only when something is wrong, for that takes as long as reading the file.
    root: OnceCell<Option<Node>>,
    found: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    /// Of a file that could be read.
    pub(crate) fn new(file: &'a str, source: &'a str) -> Self {
        Self { file, source, root: OnceCell::new(), found: Vec::new() }
    }

    /// The value at a path.
    pub(crate) fn node(&self, path: &[&str]) -> Option<&Node> {
        self.root()?.at(path)
    }

    /// The file's tree. What could be read once can be read again.
    fn root(&self) -> Option<&Node> {
        self.root.get_or_init(|| yaml::node(self.file, self.source, "IN0001").ok()).as_ref()
    }

    pub(crate) fn into_found(self) -> Vec<Diagnostic> {
        self.found
    }

    /// At a value (or the nearest place above it).
    pub(crate) fn at_value(&mut self, path: &[&str], code: &str, message: String, help: Option<String>) {
        let range = match self.node(path) {
            Some(node) if node.entries().is_none() => node.span.clone(),
            _ => self.key(path),
        };
        self.push(range, code, message, help);
    }

    /// At a key.
    pub(crate) fn at_key(&mut self, path: &[&str], code: &str, message: String, help: Option<String>) {
        let range = self.key(path);
        self.push(range, code, message, help);
    }

    /// The key at the end of a path, or the nearest one above it.
    fn key(&self, path: &[&str]) -> Range<usize> {
        let Some((last, above)) = path.split_last() else { return Range::default() };
        match self.root().and_then(|root| root.at(above)).and_then(|node| node.get(last)) {
            Some((key, _)) => key.span.clone(),
            None => self.key(above),
        }
    }

    fn push(&mut self, range: Range<usize>, code: &str, message: String, help: Option<String>) {
        let mistake = Diagnostic::error(code, message).at(self.file, self.source, range, "here");
        self.found.push(match help {
            Some(help) => mistake.help(help),
            None => mistake,
        });
    }
}

/// "did you mean `x`?", or the list of what there is.
pub(crate) fn suggest<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    match did_you_mean(word, known.clone()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None => {
            let known: Vec<_> = known.take(12).collect();
            (!known.is_empty()).then(|| format!("there are: {}", known.join(", ")))
        }
    }
}
