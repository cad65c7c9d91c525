//! Positions of Rhai (lines and characters from 1) as bytes, and words at bytes.

use std::ops::Range;

use rhai::Position;
use stanch_model::yaml::token_end;

/// The text of a script with its lines.
pub(crate) struct Text<'a> {
    source: &'a str,
    lines: Vec<usize>,
}

impl<'a> Text<'a> {
    pub(crate) fn new(source: &'a str) -> Self {
        let starts = source.match_indices('\n').map(|(at, _)| at + 1);
        Self { source, lines: std::iter::once(0).chain(starts).collect() }
    }

    /// The byte of a position; the end of the text for none.
    pub(crate) fn offset(&self, position: Position) -> usize {
        let Some(start) = position.line().and_then(|line| self.lines.get(line.saturating_sub(1))) else {
            return self.source.len();
        };
        let rest = &self.source[*start..];
        let skip = position.position().unwrap_or(1).saturating_sub(1);
        start + rest.char_indices().nth(skip).map_or(rest.len(), |(at, _)| at)
    }

    /// Where the name of this function stands after `fn`; the beginning for one that is not found.
    pub(crate) fn function(&self, name: &str) -> usize {
        let mut places = self.source.match_indices("fn ").map(|(at, _)| at + 3);
        let named = |at: &usize| {
            let rest = self.source[*at..].trim_start();
            rest.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('('))
        };
        places.find(named).map_or(0, |at| {
            let rest = &self.source[at..];
            at + rest.len() - rest.trim_start().len()
        })
    }

    /// True if what stands here is written as a whole number.
    pub(crate) fn is_whole_number(&self, at: usize) -> bool {
        let rest = self.source.get(at..).unwrap_or_default();
        let word = &rest
            [..rest.find(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | '.')).unwrap_or(rest.len())];
        !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || c == '_')
    }

    /// The line (from 1) and column (from 1, in characters) of a byte.
    pub(crate) fn line_column(&self, at: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= at);
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        (line, self.source.get(start..at).map_or(1, |text| text.chars().count() + 1))
    }
}

/// The name, quoted text or sign that starts at this byte.
pub(crate) fn token(source: &str, at: usize) -> Range<usize> {
    let rest = source.get(at..).unwrap_or_default();
    let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let quoted = |quote: char| {
        let inner = rest.get(1..)?;
        let line = &inner[..inner.find('\n').unwrap_or(inner.len())];
        Some(line.find(quote)? + 2)
    };
    let length = match rest.chars().next() {
        Some(quote @ ('"' | '`' | '\'')) => quoted(quote).unwrap_or(1),
        _ if name > 0 => name,
        _ => return at..token_end(source, at),
    };
    at..at + length
}
