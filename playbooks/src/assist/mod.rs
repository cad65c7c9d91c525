//! What an editor shows of a script that is being written: what may come next, what a word means, where it is defined, what
//! the script consists of.
//!
//! Pure: text and a cursor in, data out, in bytes of the text. It must hold for half-typed scripts, so it reads tokens first
//! and trees where there are some. It finds no mistakes, [`crate::check()`] does, and it knows no editor's protocol.

mod complete;
mod define;
mod describe;
mod pages;
mod probe;
mod scope;
mod spot;
mod symbols;
mod tokens;

use std::{collections::BTreeMap, ops::Range};

use stanch_model::{catalog::ActionIndex, yaml};

use crate::{
    CheckContext, Library,
    playbook::{MANIFEST, TEMPLATES},
};

pub use complete::complete;
pub use define::{Definition, define};
pub use describe::describe;
pub use pages::{action as action_page, name_page, verb as verb_page};
pub use symbols::{Symbol, SymbolKind, symbols};

/// What stands around a script.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    /// The configured integrations.
    pub index: &'a dyn ActionIndex,
    /// What else is configured.
    pub context: &'a CheckContext,
    /// The playbooks that can be run from it.
    pub library: &'a Library,
    /// The files of its folder by path, as they stand in the editor: they may be half-typed too.
    pub sources: &'a BTreeMap<String, String>,
}

/// Something that may stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The word itself.
    pub label: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// One line beside it: a signature, a type.
    pub detail: String,
    /// Markdown; empty where the detail says all.
    pub docs: String,
    /// The bytes that it replaces.
    pub replace: Range<usize>,
    /// What is written after it.
    pub then: Then,
    /// Lower ones come first.
    pub rank: u8,
}

/// What a suggestion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuggestionKind {
    /// A host call.
    Call,
    /// A verb of a target.
    Verb,
    /// An action of an integration.
    Action,
    /// A configured integration.
    Integration,
    /// A name of the script, `input` and `alert`.
    Variable,
    /// A function of the script, or of Rhai.
    Function,
    /// A field of a value.
    Field,
    /// An argument or option, as key of a map.
    Argument,
    /// A text that is known elsewhere: an approval, a notice, a playbook.
    Value,
    /// A constant.
    Constant,
    /// A word of the language.
    Keyword,
}

/// What is written after a suggestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    Nothing,
    /// `()`, and the cursor goes behind it.
    Call,
    /// `(…)`, and the cursor goes in between.
    Arguments,
    /// `(#{ … })`, and the cursor goes inside.
    Map,
    /// `: `
    Colon,
}

/// What is known of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Markdown.
    pub text: String,
    /// The word's bytes.
    pub span: Range<usize>,
}

impl Around<'_> {
    /// The names under a part of the manifest (`approvals`, `questions`, `input`), in its order.
    pub(crate) fn under(&self, part: &str) -> Vec<String> {
        let text = self.sources.get(MANIFEST).map(String::as_str).unwrap_or_default();
        match yaml::node(MANIFEST, text, "PB0001") {
            Ok(tree) => {
                let entries = tree.at(&[part]).and_then(yaml::Node::entries).unwrap_or_default();
                entries.iter().map(|(key, _)| key.text.clone()).collect()
            }
            Err(_) => keys_below(text, part),
        }
    }

    /// What the manifest says of a name under a part of it, as JSON on one line.
    pub(crate) fn entry(&self, part: &str, name: &str) -> Option<String> {
        let text = self.sources.get(MANIFEST)?;
        let tree = yaml::node(MANIFEST, text, "PB0001").ok()?;
        Some(tree.at(&[part, name])?.to_json().to_string())
    }

    /// The notices.
    pub(crate) fn templates(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sources.iter().filter_map(|(path, text)| {
            Some((path.strip_prefix(TEMPLATES)?.strip_suffix(".md")?, text.as_str()))
        })
    }
}

/// The keys one level below a key at the margin, of a file that is no YAML at the moment.
fn keys_below(text: &str, part: &str) -> Vec<String> {
    let below = text
        .lines()
        .skip_while(|line| line.strip_prefix(part).is_none_or(|rest| !rest.starts_with(':')))
        .skip(1);
    let below = below.take_while(|line| line.is_empty() || line.starts_with([' ', '#']));
    let mut keys: Vec<(usize, String)> = Vec::new();
    for line in below {
        let indent = line.len() - line.trim_start().len();
        if let Some((key, _)) = line.trim_start().split_once(':')
            && !key.is_empty()
            && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
        {
            keys.push((indent, key.to_owned()));
        }
    }
    let least = keys.iter().map(|(indent, _)| *indent).min().unwrap_or_default();
    keys.into_iter().filter(|(indent, _)| *indent == least).map(|(_, key)| key).collect()
}

#[cfg(test)]
mod tests;
