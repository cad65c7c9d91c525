//! The one way a YAML file is read: spans, budgets against bombs, duplicate keys and unknown fields refused.
//!
//! [`read`] gives a typed value and stops at the first mistake; [`node`] gives the file as a tree with places, for readers
//! that report every mistake at once. Both words mistakes alike.

use serde::de::DeserializeOwned;
use serde_yaml::{Budget, Options};

use crate::diagnostic::{Diagnostic, did_you_mean};

mod node;

pub use node::{Key, Node, Shape};
/// A value that remembers where it stood.
pub use serde_yaml::Spanned;

/// No file that people write is larger.
const LARGEST: usize = 1024 * 1024;

/// Reads a file that people write. `code` is the diagnostic code for "this is not the file I expected".
///
/// # Errors
/// One diagnostic that names the place: the parser stops at the first mistake. Checks of values come after and report all.
pub fn read<T: DeserializeOwned>(file: &str, source: &str, code: &str) -> Result<T, Box<Diagnostic>> {
    if source.len() > LARGEST {
        let message = format!("the file has {} bytes; {LARGEST} is the most", source.len());
        return Err(Box::new(Diagnostic::error(code, message).at(file, source, 0..0, "")));
    }
    serde_yaml::from_str_with_options(source, options()).map_err(|error| {
        let text = error.without_snippet().to_string();
        let (message, help) = words(text.lines().next().unwrap_or("not readable").trim());
        let diagnostic = Diagnostic { help, ..Diagnostic::error(code, message) };
        Box::new(match error.location() {
            Some(at) => {
                let start = offset_of(source, at.line() as usize, at.column() as usize);
                diagnostic.at(file, source, start..token_end(source, start), "here")
            }
            None => diagnostic.at(file, source, 0..0, "in this file"),
        })
    })
}

/// Reads a file as a tree with places.
///
/// # Errors
/// Like [`read`], but only for what is no YAML at all, repeats a key, or is beyond the budgets.
pub fn node(file: &str, source: &str, code: &str) -> Result<Node, Box<Diagnostic>> {
    let root: Spanned<node::Plain> = read(file, source, code)?;
    Ok(Node::of(root, source))
}

/// Far above any honest file, far below what hurts: 100,000 nodes are read in some 50 ms.
fn options() -> Options {
    let mut budget = Budget::default();
    budget.max_events = 300_000;
    budget.max_nodes = 100_000;
    budget.max_aliases = 1_000;
    budget.max_anchors = 1_000;
    budget.max_recorded_anchor_events = 100_000;
    budget.max_depth = 32;
    budget.max_total_scalar_bytes = 4 * LARGEST;
    let mut options = Options::default();
    options.budget = Some(budget);
    // YAML 1.2: `yes`, `no`, `on` and `off` are words, wherever the file is read.
    options.strict_booleans = true;
    options
}

/// The parser's words in ours, with the way out where one is known. Its ` at line …` goes: the place is shown.
fn words(raw: &str) -> (String, Option<String>) {
    let text = raw.rfind(" at line ").map_or(raw, |at| &raw[..at]);
    if let Some((unknown, known)) = unknown_word(text) {
        let near = did_you_mean(&unknown, known.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}", known.join(", ")),
        };
        let what = if text.starts_with("unknown field") { "field" } else { "value" };
        return (format!("unknown {what} `{unknown}`"), Some(help));
    }
    if let Some(key) = text.strip_prefix("duplicate mapping key: ") {
        let key = key.split(", set ").next().unwrap_or(key);
        return (format!("`{key}` is given twice"), Some("keep one of them".to_owned()));
    }
    let known = WORDS.iter().find(|(theirs, ..)| text.contains(theirs));
    match known {
        Some((_, ours, help)) => ((*ours).to_owned(), Some((*help).to_owned())),
        None => (text.to_owned(), None),
    }
}

/// Part of the parser's message; our message; the way out.
const WORDS: &[(&str, &str, &str)] = &[
    ("tabs disallowed", "a tab stands where YAML wants spaces", "indent with spaces"),
    (
        "comment intercepting",
        "the next line begins with a tab or spaces, as if the text before this comment went on there",
        "line it up with the other keys of its block; no tabs",
    ),
    (
        "unclosed quote",
        "a quote is opened and never closed",
        "close it, or quote the whole value in the other kind",
    ),
    (
        "mapping values are not allowed",
        "a second `:` in one line",
        "quote the value if the `:` belongs to it; else start a new line",
    ),
    ("illegal placement of ':'", "a `:` where a list is still open", "close the list with `]` first"),
    (
        "did not find expected key",
        "this line is indented neither like its neighbours nor below them",
        "line it up with the other keys of its block",
    ),
    (
        "multiple YAML documents",
        "a second document begins",
        "keep one document in the file; remove the `---`",
    ),
    ("expected sequence start", "a list was expected", "write `[a, b]`, or one `- item` a line"),
    ("expected mapping start", "a map was expected", "write `{ key: value }`, or one `key: value` a line"),
    ("invalid floating point", "a number was expected", "write digits, without quotes"),
    ("invalid integer", "a whole number was expected", "write digits, without quotes"),
    ("invalid boolean", "true or false was expected", "write `true` or `false`"),
    (
        "unknown anchor",
        "this alias points nowhere",
        "define it above with `&name`, or quote the text if `*` belongs to it",
    ),
    ("recursion limit", "nested too deeply", "no file of ours is deeper than 32 levels"),
    ("budget", "larger than any such file may become", "aliases and anchors multiply: write the values out"),
    ("alias", "an alias grows beyond what is allowed", "write the values out"),
];

/// From "unknown field `x`, expected one of a, b" or the same about a variant: x and the known words.
fn unknown_word(text: &str) -> Option<(String, Vec<String>)> {
    let rest = text.strip_prefix("unknown field ").or_else(|| text.strip_prefix("unknown variant "))?;
    let (unknown, known) = rest.split_once(", expected ")?;
    let known = known.strip_prefix("one of ").unwrap_or(known);
    let known = known.split([',', ' ']).map(|word| word.trim_matches('`').to_owned());
    Some((unknown.trim_matches('`').to_owned(), known.filter(|w| !w.is_empty() && w != "or").collect()))
}

/// The byte at which this line and column (both from 1, columns in characters) stand.
pub fn offset_of(source: &str, line: usize, column: usize) -> usize {
    let start: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &source[start.min(source.len())..];
    start + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at)
}

/// The end of the word that starts at `start`.
pub fn token_end(source: &str, start: usize) -> usize {
    let rest = &source[start.min(source.len())..];
    let length = rest
        .find(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '}' | ']' | ')' | '('))
        .unwrap_or(rest.len());
    let least = rest.chars().next().map_or(0, char::len_utf8);
    start.min(source.len()) + length.max(least)
}

#[cfg(test)]
mod tests;
