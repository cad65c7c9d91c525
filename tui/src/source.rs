//! Playbooks as they are written: lines with numbers, a mark at the place where one is, words by their kind.
//!
//! Colour only helps here: without it comments are as they are and keys and keywords are bold.

use ratatui::{
    style::{Color, Style},
    text::{Line, Span},
};

use crate::{look::Look, widgets};

/// Words of the language.
const KEYWORDS: [&str; 17] = [
    "let", "const", "if", "else", "for", "in", "while", "loop", "break", "continue", "return", "fn", "try",
    "catch", "throw", "true", "false",
];

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// A script.
    Rhai,
    /// A manifest.
    Yaml,
    /// A notice.
    Plain,
}

impl Language {
    /// By the file's name.
    pub(crate) fn of(path: &str) -> Self {
        match path.rsplit('.').next() {
            Some("rhai") => Self::Rhai,
            Some("yaml" | "yml") => Self::Yaml,
            _ => Self::Plain,
        }
    }
}

/// The lines of a text; `here` (from 1) is marked.
pub(crate) fn lines(
    text: &str,
    language: Language,
    here: Option<usize>,
    width: usize,
    look: Look,
) -> Vec<Line<'static>> {
    let line = |(index, row): (usize, &str)| {
        let number = index + 1;
        let is_here = here == Some(number);
        let mark = if is_here { look.glyph("▶", ">") } else { " " };
        let head =
            Span::styled(format!("{mark}{number:>4} "), if is_here { look.strong() } else { look.faint() });
        let row = widgets::cut(&row.replace('\t', "    "), width.saturating_sub(6), look);
        let mut spans = vec![head];
        spans.extend(words(&row, language, look));
        let line = Line::from(spans);
        if is_here { line.style(look.strong()) } else { line }
    };
    text.lines().enumerate().map(line).collect()
}

/// The lines around one place that fit.
pub(crate) fn around(
    text: &str,
    language: Language,
    here: usize,
    (width, height): (usize, usize),
    look: Look,
) -> Vec<Line<'static>> {
    let all = lines(text, language, Some(here), width, look);
    let range = widgets::window(all.len(), here.saturating_sub(1), height);
    all.into_iter().skip(range.start).take(range.len()).collect()
}

fn words(row: &str, language: Language, look: Look) -> Vec<Span<'static>> {
    match language {
        Language::Plain => vec![Span::raw(row.to_owned())],
        Language::Yaml => yaml(row, look),
        Language::Rhai => rhai(row, look),
    }
}

fn yaml(row: &str, look: Look) -> Vec<Span<'static>> {
    let (code, comment) = match row.find(" #").or_else(|| row.starts_with('#').then_some(0)) {
        Some(at) => row.split_at(at),
        None => (row, ""),
    };
    let key = code.find(':').filter(|at| !code[..*at].contains(['"', '{', '[', '\'']));
    let (key, value) = key.map_or(("", code), |at| code.split_at(at));
    vec![
        Span::styled(key.to_owned(), look.paint(Color::Cyan)),
        Span::raw(value.to_owned()),
        Span::styled(comment.to_owned(), look.faint()),
    ]
}

fn rhai(row: &str, look: Look) -> Vec<Span<'static>> {
    let mut spans = Vec::new();
    let mut rest = row;
    while let Some(first) = rest.chars().next() {
        let (long, style) = token(rest, first, look);
        let (piece, left) = rest.split_at(long);
        spans.push(Span::styled(piece.to_owned(), style));
        rest = left;
    }
    spans
}

/// How long the next piece is, and how it looks.
fn token(rest: &str, first: char, look: Look) -> (usize, Style) {
    let plain = Style::new();
    if rest.starts_with("//") {
        return (rest.len(), look.faint());
    }
    if matches!(first, '"' | '`') {
        let end = rest[1..].find(first).map_or(rest.len(), |at| at + 2);
        return (end, look.paint(Color::Green));
    }
    if first.is_alphabetic() || first == '_' {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let style = match &rest[..end] {
            word if KEYWORDS.contains(&word) => look.strong(),
            _ if rest[end..].starts_with('(') => look.paint(Color::Cyan),
            _ => plain,
        };
        return (end, style);
    }
    (first.len_utf8(), plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_line_is_lost_whatever_stands_in_it() {
        for row in [
            "let apps = find_app(input.app);   // every platform",
            "page(\"team\", `${x} is \"cut\"`); \"open",
            "für é in ñ { 日本(`x }",
            "a: \"b: c\" # d",
            "#",
            "",
        ] {
            for language in [Language::Rhai, Language::Yaml, Language::Plain] {
                let joined: String =
                    words(row, language, Look::FULL).iter().map(|span| span.content.as_ref()).collect();
                assert_eq!(joined, row);
            }
        }
    }

    #[test]
    fn the_place_where_one_is_is_marked_and_in_sight() {
        let text = (1..=50).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
        let shown = around(&text, Language::Plain, 40, (20, 5), Look::PLAIN);
        let shown: Vec<String> = shown.iter().map(ToString::to_string).collect();
        assert_eq!(shown[2], ">  40 line 40");
        assert_eq!(shown.len(), 5);
    }
}
