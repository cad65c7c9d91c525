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

fn floor_char(text: &str, mut at: usize) -> usize {
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The known word that was probably meant, if one is near.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
