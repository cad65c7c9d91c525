//! One playbook while it is checked: what the rules look at, and the ways to point at a place.

use std::{collections::BTreeSet, ops::Range};

use stanch_model::{Diagnostic, diagnostic::did_you_mean, yaml::Node};

use super::CheckContext;
use crate::{
    Playbook,
    playbook::{MANIFEST, SCRIPT},
    survey::{Survey, World},
    syntax::token,
};

pub(super) struct Case<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) context: &'a CheckContext,
    pub(super) world: &'a World<'a>,
    pub(super) survey: Survey<'a>,
    /// Functions that the script defines.
    pub(super) functions: Vec<&'a str>,
    /// The manifest with its places.
    pub(super) tree: Option<Node>,
    pub(super) yaml: &'a str,
    pub(super) problems: Vec<Diagnostic>,
}

impl Case<'_> {
    /// A mistake at the token that starts at this byte of the script.
    pub(super) fn script(&mut self, code: &str, at: usize, message: String, help: &str) {
        let span = token(&self.playbook.script, at);
        self.push(Diagnostic::error(code, message).at(SCRIPT, &self.playbook.script, span, ""), help);
    }

    /// Something doubtful at the token that starts at this byte of the script.
    pub(super) fn doubt(&mut self, code: &str, at: usize, message: String, help: &str) {
        let span = token(&self.playbook.script, at);
        self.push(Diagnostic::warning(code, message).at(SCRIPT, &self.playbook.script, span, ""), help);
    }

    /// A mistake at these bytes of the manifest.
    pub(super) fn manifest(&mut self, code: &str, span: Range<usize>, message: String, help: &str) {
        self.push(Diagnostic::error(code, message).at(MANIFEST, self.yaml, span, ""), help);
    }

    /// Something doubtful at these bytes of the manifest.
    pub(super) fn manifest_doubt(&mut self, code: &str, span: Range<usize>, message: String, help: &str) {
        self.push(Diagnostic::warning(code, message).at(MANIFEST, self.yaml, span, ""), help);
    }

    fn push(&mut self, problem: Diagnostic, help: &str) {
        self.problems.push(if help.is_empty() { problem } else { problem.help(help) });
    }

    /// Where the value at this path of the manifest stands.
    pub(super) fn value_span(&self, path: &[&str]) -> Range<usize> {
        self.tree.as_ref().and_then(|tree| tree.at(path)).map_or(0..0, |node| node.span.clone())
    }

    /// Where the key at the end of this path of the manifest stands.
    pub(super) fn key_span(&self, path: &[&str]) -> Range<usize> {
        let Some((last, above)) = path.split_last() else { return 0..0 };
        let found = self.tree.as_ref().and_then(|tree| tree.at(above)).and_then(|node| node.get(last));
        found.map_or(0..0, |(key, _)| key.span.clone())
    }

    /// Where a text stands among the texts at this path of the manifest: one text or a list of them.
    pub(super) fn text_span(&self, path: &[&str], text: &str) -> Range<usize> {
        let Some(node) = self.tree.as_ref().and_then(|tree| tree.at(path)) else { return 0..0 };
        match &node.shape {
            stanch_model::yaml::Shape::List(items) => items
                .iter()
                .find(|item| item.text() == Some(text))
                .map_or(node.span.clone(), |item| item.span.clone()),
            _ => node.span.clone(),
        }
    }
}

/// "did you mean `x`?", or the fallback.
pub(super) fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, fallback: &str) -> String {
    match did_you_mean(word, known) {
        Some(near) if near != word => format!("did you mean `{near}`?"),
        _ => fallback.to_owned(),
    }
}

/// A list of names for a sentence, cut when it is long.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let shown = names.iter().take(8).copied().collect::<Vec<_>>().join(", ");
    if names.len() > 8 { format!("{shown}, …") } else { shown }
}

/// What the statements that could not be read may have declared: nothing is said about these names.
pub(super) fn lost_names(original: &str, read: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (line, kept) in original.lines().zip(read.lines()) {
        if line != kept {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
            names.extend(words.into_iter().filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    names
}
