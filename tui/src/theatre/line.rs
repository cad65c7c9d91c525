//! One line of a performance: when, what kind of thing, what.

use std::time::Duration;

use ratatui::{
    style::{Color, Modifier, Style},
    text::{Line as Text, Span},
};

use crate::look::Look;

/// What kind of thing a line tells. Every kind has a word of its own: nothing is told by colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A new part begins.
    Part,
    /// Something happened as it should.
    Done,
    /// It was read back and found so.
    Proven,
    /// A person acts.
    Person,
    /// A message went out.
    Told,
    /// A fact, for the reader.
    Fact,
    /// The server dies.
    Kill,
    /// It comes back.
    Back,
    /// Something is not as it should be.
    Bad,
}

impl Mark {
    fn word(self) -> &'static str {
        match self {
            Self::Part => "",
            Self::Done => "done",
            Self::Proven => "proven",
            Self::Person => "person",
            Self::Told => "told",
            Self::Fact => "",
            Self::Kill => "KILL",
            Self::Back => "back",
            Self::Bad => "FAILED",
        }
    }

    fn glyph(self) -> &'static str {
        match self {
            Self::Part => "▌",
            Self::Done | Self::Back => "✓",
            Self::Proven => "✔",
            Self::Person => "☺",
            Self::Told => "✉",
            Self::Fact => "·",
            Self::Kill | Self::Bad => "✗",
        }
    }

    fn style(self, look: Look) -> Style {
        match self {
            Self::Part => look.paint(Color::Cyan).add_modifier(Modifier::BOLD),
            Self::Done | Self::Back => look.paint(Color::Green),
            Self::Proven => look.paint(Color::Green).add_modifier(Modifier::BOLD),
            Self::Person => look.paint(Color::Yellow),
            Self::Told => look.paint(Color::Blue),
            Self::Fact => look.faint(),
            Self::Kill | Self::Bad => look.paint(Color::Red).add_modifier(Modifier::BOLD),
        }
    }
}

/// One line of a performance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Since the start; none for lines that belong to no moment.
    pub at: Option<Duration>,
    /// What kind of thing.
    pub mark: Mark,
    /// What.
    pub text: String,
    /// Less important words after it.
    pub aside: String,
    /// Characters of the text that stand in columns: what does not fit goes on under the last one.
    pub columns: usize,
}

impl Line {
    /// A line of this moment.
    pub fn new(at: Duration, mark: Mark, text: impl Into<String>) -> Self {
        Self { at: Some(at), ..Self::timeless(mark, text) }
    }

    /// A line that belongs to no moment.
    pub fn timeless(mark: Mark, text: impl Into<String>) -> Self {
        Self { at: None, mark, text: clean(&text.into()), aside: String::new(), columns: 0 }
    }

    /// Adds less important words.
    #[must_use]
    pub fn aside(mut self, text: impl Into<String>) -> Self {
        self.aside = clean(&text.into());
        self
    }

    /// Puts so many characters before the text, as columns.
    #[must_use]
    pub fn behind(mut self, columns: &str) -> Self {
        self.text.insert_str(0, &clean(columns));
        self.columns = columns.chars().count();
        self
    }

    /// As text: the time, the word, the rest.
    pub fn plain(&self, look: Look) -> String {
        let text = match (self.mark, look.glyphs) {
            (Mark::Part, _) => format!("{}== {}", self.moment(), self.text),
            _ => format!("{}{:<7}{}", self.moment(), self.mark.word(), self.text),
        };
        let aside = if self.aside.is_empty() { String::new() } else { format!("  ({})", self.aside) };
        format!("{text}{aside}").trim_end().to_owned()
    }

    /// As rows of a terminal that is so wide. What does not fit goes on under its column.
    pub(crate) fn rows(&self, look: Look, width: usize) -> Vec<Text<'static>> {
        let style = self.mark.style(look);
        let mut head = vec![Span::styled(self.moment(), look.faint())];
        if look.glyphs {
            head.push(Span::styled(format!("{} ", self.mark.glyph()), style));
        }
        if self.mark != Mark::Part {
            head.push(Span::styled(format!("{:<7}", self.mark.word()), style));
        } else if !look.glyphs {
            head.push(Span::styled("== ", style));
        }
        let strong = matches!(self.mark, Mark::Part | Mark::Kill | Mark::Bad);
        let text = if strong { style } else { Style::new() };
        let used: usize = head.iter().map(Span::width).sum();
        let room = |indent: usize| width.saturating_sub(indent) >= LEAST_ROOM;
        let indents = [used + self.columns, used];
        let indent = indents.into_iter().find(|indent| room(*indent)).unwrap_or(0);
        let mut rows = Rows { rows: Vec::new(), row: head, used, indent, width };
        pieces(&self.text).for_each(|piece| rows.put(piece, text));
        if !self.aside.is_empty() {
            rows.put("  ", text);
            pieces(&self.aside).for_each(|piece| rows.put(piece, look.faint()));
        }
        rows.done()
    }

    fn moment(&self) -> String {
        match self.at {
            Some(at) => format!("{} ", clock(at)),
            None => String::new(),
        }
    }
}

/// Words with the spaces that follow them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(' ')
}

/// Less than this is no column: what does not fit goes on at the left edge.
const LEAST_ROOM: usize = 24;

/// Rows that fill up word by word.
struct Rows {
    rows: Vec<Text<'static>>,
    row: Vec<Span<'static>>,
    /// Columns of the row that are taken.
    used: usize,
    /// Where rows after the first begin.
    indent: usize,
    width: usize,
}

impl Rows {
    /// A word that is longer than a row is cut where the row ends.
    fn put(&mut self, piece: &str, style: Style) {
        let word = Span::raw(piece.trim_end()).width();
        let fits_a_row = self.indent + word <= self.width;
        if self.used + word > self.width && self.used > self.indent && fits_a_row {
            self.wrap();
        }
        if self.used + word > self.width {
            let fits = piece.char_indices().nth(self.width.saturating_sub(self.used).max(1));
            if let Some((at, _)) = fits {
                self.push(&piece[..at], style);
                self.wrap();
                return self.put(&piece[at..], style);
            }
        }
        if self.used > self.indent || self.rows.is_empty() || word > 0 {
            self.push(piece, style);
        }
    }

    fn push(&mut self, piece: &str, style: Style) {
        let span = Span::styled(piece.to_owned(), style);
        self.used += span.width();
        self.row.push(span);
    }

    fn wrap(&mut self) {
        let next = vec![Span::raw(" ".repeat(self.indent))];
        self.rows.push(Text::from(std::mem::replace(&mut self.row, next)));
        self.used = self.indent;
    }

    fn done(mut self) -> Vec<Text<'static>> {
        self.rows.push(Text::from(self.row));
        self.rows
    }
}

/// `01:23.4`.
pub(crate) fn clock(passed: Duration) -> String {
    let tenths = passed.as_millis() / 100;
    format!("{:02}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

/// Texts come from vendors too: nothing in them may steer the terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_reads_the_same_without_colours_and_glyphs() {
        let line = Line::new(Duration::from_millis(83_450), Mark::Proven, "grant 12 is dead").aside("okta");
        assert_eq!(line.plain(Look::PLAIN), "01:23.4 proven grant 12 is dead  (okta)");
        let part = Line::new(Duration::ZERO, Mark::Part, "scope");
        assert_eq!(part.plain(Look::PLAIN), "00:00.0 == scope");
        assert_eq!(Line::timeless(Mark::Fact, "  next").plain(Look::PLAIN), "         next");
    }

    #[test]
    fn a_vendors_text_cannot_steer_the_terminal() {
        let line = Line::new(Duration::ZERO, Mark::Done, "a\u{1b}[2Jb\nc");
        assert!(!line.plain(Look::PLAIN).contains(['\u{1b}', '\n']));
        assert!(!shown(&line, 80).concat().contains(['\u{1b}', '\n']));
    }

    fn shown(line: &Line, width: usize) -> Vec<String> {
        let rows = line.rows(Look::PLAIN, width).into_iter();
        let rows = rows.map(|row| row.spans.iter().map(|span| span.content.clone()).collect::<String>());
        rows.map(|row| row.trim_end().to_owned()).collect()
    }

    #[test]
    fn what_does_not_fit_goes_on_under_its_column() {
        let grant =
            Line::new(Duration::ZERO, Mark::Done, "grant 0oaEgu4ASnKkfxHtiLyV for 00u5yZfDMqrspaL6cgP7");
        let grant = grant.behind("okta       grant.revoke       ").aside("accepted");
        assert_eq!(
            shown(&grant, 80),
            [
                "00:00.0 done   okta       grant.revoke       grant 0oaEgu4ASnKkfxHtiLyV for",
                "                                             00u5yZfDMqrspaL6cgP7  accepted",
            ]
        );
        assert_eq!(shown(&grant, 200).len(), 1);
        assert_eq!(
            shown(&grant, 44),
            [
                "00:00.0 done   okta       grant.revoke",
                "               grant 0oaEgu4ASnKkfxHtiLyV",
                "               for 00u5yZfDMqrspaL6cgP7",
                "               accepted",
            ],
            "too narrow for the third column"
        );
        let long = Line::timeless(Mark::Fact, "x".repeat(30));
        assert_eq!(shown(&long, 20), [format!("       {}", "x".repeat(13)), "x".repeat(17)]);
        for width in 1..60 {
            let rows = shown(&grant, width);
            let all = rows.iter().all(|row| row.chars().count() <= width.max(17));
            assert!(all, "at {width}: {rows:#?}");
        }
    }
}
