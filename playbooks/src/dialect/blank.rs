//! Reading on after a syntax error: the statement around it gives way to spaces, so that all else keeps its place.

use std::ops::Range;

use rhai::Engine;

use crate::syntax::Text;

/// Puts spaces over the innermost statement around `at`, by its indentation, if what is left reads on beyond it.
pub(super) fn inner(engine: &Engine, text: &mut String, at: usize) -> bool {
    let Some(range) = inner_statement(text, at) else { return false };
    let end = range.end;
    let mut less = text.clone();
    blank(&mut less, range);
    let beyond = match engine.compile(&less) {
        Ok(_) => true,
        Err(error) => Text::new(&less).offset(error.position()) >= end && !less[end..].trim().is_empty(),
    };
    if beyond {
        *text = less;
    }
    beyond
}

/// The lines from where the statement around `at` begins, after a line that ends one or opens a block, to the next line
/// that is indented no deeper. None for one at the margin.
fn inner_statement(text: &str, at: usize) -> Option<Range<usize>> {
    let mut lines: Vec<(usize, &str)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let start = lines.last().map_or(0, |(start, line)| start + line.len());
        lines.push((start, line));
    }
    let ends = |line: &str| {
        let code = line.split("//").next().unwrap_or_default().trim_end();
        code.is_empty() || code.ends_with([';', '{', '}'])
    };
    let found = lines.iter().rposition(|(start, _)| *start <= at)?;
    let first = (0..=found).rev().find(|n| *n == 0 || ends(lines[n - 1].1))?;
    let depth = |line: &str| line.len() - line.trim_start().len();
    let own = depth(lines[first].1);
    if own == 0 {
        return None;
    }
    let closes = |line: &str| line.trim_start().starts_with(['}', ')', ']']);
    let over =
        |line: &str| !line.trim().is_empty() && (depth(line) < own || depth(line) == own && !closes(line));
    let next = lines[first + 1..].iter().find(|(_, line)| over(line));
    Some(lines[first].0..next.map_or(text.len(), |(start, _)| *start))
}

/// Puts spaces over these bytes: every other byte stays where it is, and lines stay lines.
fn blank(text: &mut String, range: Range<usize>) {
    let space = |c: char| if c == '\n' { "\n".to_owned() } else { " ".repeat(c.len_utf8()) };
    let spaces: String = text[range.clone()].chars().map(space).collect();
    text.replace_range(range, &spaces);
}

/// Puts spaces over the statement around `at`: from the last line that begins at the margin up to the next one that does.
/// Layout, because after a missing bracket nothing else tells where a statement ends.
pub(super) fn whole(text: &mut String, at: usize) -> bool {
    let begins = |line: &str| {
        line.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '#' | '[' | '"' | '`'))
    };
    let starts: Vec<usize> = text
        .split_inclusive('\n')
        .scan(0, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        })
        .filter(|(_, line)| begins(line))
        .map(|(start, _)| start)
        .collect();
    let start = starts.iter().rev().find(|start| **start <= at).copied().unwrap_or(0);
    let end = starts.iter().find(|start| **start > at).copied().unwrap_or(text.len());
    if text[start..end].trim().is_empty() {
        return false;
    }
    blank(text, start..end);
    true
}
