//! A mistake in a file, as data: rendered by the binary, printed as JSON for editors, drawn by the TUI.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Worth knowing; nothing is refused.
    Warning,
    /// The file is refused.
    Error,
}

/// What a diagnostic's code means, and the way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodePage {
    /// `CF0002`.
    pub code: &'static str,
    /// One line.
    pub title: &'static str,
    /// A few sentences.
    pub text: &'static str,
}

impl CodePage {
    /// For tables of them.
    pub const fn new(code: &'static str, title: &'static str, text: &'static str) -> Self {
        Self { code, title, text }
    }

    /// In Markdown.
    pub fn markdown(&self) -> String {
        format!("# {}: {}\n\n{}\n", self.code, self.title, self.text)
    }
}

/// A place in a file: bytes for tools, line and column (from 1, in characters) for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// As given by the user, or relative to the playbook folder.
    pub file: String,
    /// First byte.
    pub offset: usize,
    /// Length in bytes.
    pub length: usize,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What stands beside the mark.
    pub text: String,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Diagnostic {
    /// `PB0012`, `IN0003`, `CF0001`: has a page.
    pub code: String,
    /// How bad.
    pub level: Level,
    /// Lower case, one line, no full stop.
    pub message: String,
    /// Where; the first is the main one.
    pub labels: Vec<Label>,
    /// The way out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            level: Level::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
        }
    }

    /// A warning without a place.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, message) }
    }

    /// Adds a place: a byte range of `source`.
    #[must_use]
    pub fn at(
        mut self,
        file: &str,
        source: &str,
        range: std::ops::Range<usize>,
        text: impl Into<String>,
    ) -> Self {
        let start = floor_char(source, range.start.min(source.len()));
        let before = &source[..start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        let length = range.end.saturating_sub(start);
        self.labels.push(Label {
            file: file.to_owned(),
            offset: start,
            length,
            line,
            column,
            text: text.into(),
        });
        self
    }

    /// Adds the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// `file:line:column: message`, the shape that editors and grep understand.
    pub fn one_line(&self) -> String {
        match self.labels.first() {
            Some(l) => format!("{}:{}:{}: {} [{}]", l.file, l.line, l.column, self.message, self.code),
            None => format!("{} [{}]", self.message, self.code),
        }
    }
}

/// A diagnostic as plain text for a terminal without colour: message, place, the line of each label with a caret under
/// it, help. `source` is the text of the file that the labels name; labels in other files show their place only.
///
/// ```text
/// error[PB0012] unknown verb `grant.revok`
///   main.rhai:14:20
///    |
/// 14 | each(grants, |g| g.revok());
///    |                    ^^^^^ no platform has it
///   help: did you mean `grant.revoke`?
/// ```
pub fn render_plain(diagnostic: &Diagnostic, source: &str) -> String {
    let level = match diagnostic.level {
        Level::Error => "error",
        Level::Warning => "warning",
    };
    let mut out = format!("{level}[{}] {}\n", diagnostic.code, diagnostic.message);
    let main = diagnostic.labels.first().map(|label| label.file.clone());
    for label in &diagnostic.labels {
        out.push_str(&format!("  {}:{}:{}\n", label.file, label.line, label.column));
        if Some(&label.file) == main.as_ref() {
            excerpt(&mut out, label, source);
        } else if !label.text.is_empty() {
            out.push_str(&format!("   = {}\n", label.text));
        }
    }
    if let Some(help) = &diagnostic.help {
        out.push_str(&format!("  help: {help}\n"));
    }
    out
}

/// The label's line and a caret under what it marks. Control characters become spaces so that the caret stays in place.
fn excerpt(out: &mut String, label: &Label, source: &str) {
    let Some(line) = source.lines().nth(label.line.saturating_sub(1)) else { return };
    let shown: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let number = label.line.to_string();
    let gutter = " ".repeat(number.len());
    let before = label.column.saturating_sub(1);
    let end = (label.offset + label.length).min(source.len());
    let marked = source.get(label.offset..end).unwrap_or_default();
    let width = marked.lines().next().unwrap_or_default().chars().count();
    let width = width.clamp(1, shown.chars().count().saturating_sub(before).max(1));
    let caret = format!("{}{} {}", " ".repeat(before), "^".repeat(width), label.text);
    out.push_str(&format!("  {gutter} |\n  {number} | {shown}\n  {gutter} | {}\n", caret.trim_end()));
}

fn floor_char(text: &str, mut at: usize) -> usize {
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The known word that was probably meant, if one is near: alike at the start, and at most two in five letters away.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |candidate: &str| {
        let length = word.chars().count().max(candidate.chars().count());
        strsim::osa_distance(word, candidate) * 5 <= length * 2
    };
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(score, candidate)| *score > 0.8 && near(candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_words_are_suggested() {
        let known = ["okta.revoke_grant", "grant.revoke", "deny", "gdpr-33"];
        assert_eq!(did_you_mean("grnat.revoke", known), Some("grant.revoke"));
        assert_eq!(did_you_mean("gdpr33", known), Some("gdpr-33"));
        assert_eq!(did_you_mean("okta.lock", known), None);
        assert_eq!(did_you_mean("x", known), None);
    }

    #[test]
    fn a_caret_stands_under_the_word_beside_non_ascii_and_tabs() {
        let source = "é\tü wrong\n";
        let found = Diagnostic::error("XX0001", "m").at("f", source, 6..11, "this").help("h");
        let drawn = render_plain(&found, source);
        assert_eq!(
            drawn,
            "error[XX0001] m\n  f:1:5\n    |\n  1 | é ü wrong\n    |     ^^^^^ this\n  help: h\n"
        );
    }

    #[test]
    fn a_place_beyond_the_text_is_drawn_without_a_panic() {
        let found = Diagnostic::warning("XX0001", "m").at("f", "ab", 9..20, "");
        assert!(render_plain(&found, "").starts_with("warning[XX0001] m"));
    }
}
