//! One playbook while it is checked: what the rules look at, and the ways to point at a place.

use std::{collections::BTreeSet, ops::Range};

use stanch_model::{Diagnostic, Fix, diagnostic::did_you_mean, yaml::Node};

use super::CheckContext;
use crate::{
    Playbook,
    clash::Clash,
    playbook::{MANIFEST, SCRIPT},
    survey::{Lost, Survey, World},
    syntax::token,
};

pub(super) struct Case<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) context: &'a CheckContext,
    pub(super) world: &'a World<'a>,
    pub(super) survey: Survey<'a>,
    /// Methods whose closure looks at what they are called on.
    pub(super) clashes: Vec<Clash>,
    /// Functions that the script defines.
    pub(super) functions: Vec<&'a str>,
    /// The manifest with its places.
    pub(super) tree: Option<Node>,
    pub(super) yaml: &'a str,
    /// Parts of the manifest that could not be read.
    pub(super) broken: BTreeSet<String>,
    pub(super) problems: Vec<Diagnostic>,
    /// What was said already: a function that is called a thousand times has its mistakes once.
    pub(super) said: BTreeSet<(String, usize)>,
}

impl Case<'_> {
    /// A mistake at the token that starts at this byte of the script.
    pub(super) fn script(&mut self, code: &str, at: usize, message: String, help: &str) {
        self.in_script(Diagnostic::error(code, message), at, help, None);
    }

    /// Something doubtful at the token that starts at this byte of the script.
    pub(super) fn doubt(&mut self, code: &str, at: usize, message: String, help: &str) {
        self.in_script(Diagnostic::warning(code, message), at, help, None);
    }

    /// A mistake or a doubt in the script, with a fix if one is certain.
    pub(super) fn in_script(&mut self, problem: Diagnostic, at: usize, help: &str, fix: Option<Fix>) {
        if self.said.insert((problem.message.clone(), at)) {
            let span = token(&self.playbook.script, at);
            self.push(problem.at(SCRIPT, &self.playbook.script, span, ""), help, fix);
        }
    }

    /// A mistake at these bytes of the manifest.
    pub(super) fn manifest(&mut self, code: &str, span: Range<usize>, message: String, help: &str) {
        self.in_manifest(Diagnostic::error(code, message), span, help, None);
    }

    /// Something doubtful at these bytes of the manifest.
    pub(super) fn manifest_doubt(&mut self, code: &str, span: Range<usize>, message: String, help: &str) {
        self.in_manifest(Diagnostic::warning(code, message), span, help, None);
    }

    /// A mistake or a doubt in the manifest, with a fix if one is certain.
    pub(super) fn in_manifest(
        &mut self,
        problem: Diagnostic,
        span: Range<usize>,
        help: &str,
        fix: Option<Fix>,
    ) {
        self.push(problem.at(MANIFEST, self.yaml, span, ""), help, fix);
    }

    fn push(&mut self, problem: Diagnostic, help: &str, fix: Option<Fix>) {
        let problem = if help.is_empty() { problem } else { problem.help(help) };
        self.problems.push(Diagnostic { fix, ..problem });
    }

    /// What of the script could not be read.
    pub(super) fn lost(&self) -> &Lost {
        &self.world.lost
    }

    /// True if this part of the manifest could be read: only then it can contradict the script.
    pub(super) fn has(&self, part: &str) -> bool {
        !self.broken.contains(part)
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

    /// Where a text stands among the texts at this path of the manifest, the last time if it stands there more than once:
    /// one text or a list of them.
    pub(super) fn text_span(&self, path: &[&str], text: &str) -> Range<usize> {
        let Some(node) = self.tree.as_ref().and_then(|tree| tree.at(path)) else { return 0..0 };
        match &node.shape {
            stanch_model::yaml::Shape::List(items) => items
                .iter()
                .rfind(|item| item.text() == Some(text))
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

/// What the statements that could not be read may have declared, called or used.
pub(super) fn lost(original: &str, read: &str) -> Lost {
    if read.is_empty() && !original.is_empty() {
        return Lost { all: true, ..Lost::default() };
    }
    let mut lost = Lost::default();
    for (line, kept) in original.lines().zip(read.lines()) {
        if line != kept {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            lost.words.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        }
    }
    lost
}

/// The parts of a manifest in which something is wrong; every part of one that is no YAML at all.
pub(super) fn broken(tree: Option<&Node>, problems: &[Diagnostic]) -> BTreeSet<String> {
    let Some(entries) = tree.and_then(Node::entries) else {
        return crate::manifest::PARTS.iter().map(|part| (*part).to_owned()).collect();
    };
    let labels = problems.iter().flat_map(|problem| &problem.labels).filter(|label| label.file == MANIFEST);
    let part = |offset: usize| {
        let keys = entries.iter().map(|(key, _)| key);
        keys.filter(|key| key.span.start <= offset)
            .max_by_key(|key| key.span.start)
            .map(|key| key.text.clone())
    };
    let absent =
        ["playbook", "uses"].into_iter().filter(|part| !entries.iter().any(|(key, _)| key.text == *part));
    let absent = absent.map(str::to_owned);
    labels.filter_map(|label| part(label.offset)).chain(absent).collect()
}
