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
}

impl Line {
    /// A line of this moment.
    pub fn new(at: Duration, mark: Mark, text: impl Into<String>) -> Self {
        Self { at: Some(at), mark, text: clean(&text.into()), aside: String::new() }
    }

    /// A line that belongs to no moment.
    pub fn timeless(mark: Mark, text: impl Into<String>) -> Self {
        Self { at: None, mark, text: clean(&text.into()), aside: String::new() }
    }

    /// Adds less important words.
    #[must_use]
    pub fn aside(mut self, text: impl Into<String>) -> Self {
        self.aside = clean(&text.into());
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

    /// As spans for a terminal.
    pub(crate) fn spans(&self, look: Look) -> Text<'static> {
        let style = self.mark.style(look);
        let mut spans = vec![Span::styled(self.moment(), look.faint())];
        if look.glyphs {
            spans.push(Span::styled(format!("{} ", self.mark.glyph()), style));
        }
        if self.mark != Mark::Part {
            spans.push(Span::styled(format!("{:<7}", self.mark.word()), style));
        } else if !look.glyphs {
            spans.push(Span::styled("== ", style));
        }
        let strong = matches!(self.mark, Mark::Part | Mark::Kill | Mark::Bad);
        spans.push(Span::styled(self.text.clone(), if strong { style } else { Style::new() }));
        if !self.aside.is_empty() {
            spans.push(Span::styled(format!("  {}", self.aside), look.faint()));
        }
        Text::from(spans)
    }

    fn moment(&self) -> String {
        match self.at {
            Some(at) => format!("{} ", clock(at)),
            None => String::new(),
        }
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
        let shown: String = line.spans(Look::PLAIN).spans.iter().map(|span| span.content.clone()).collect();
        assert!(!shown.contains(['\u{1b}', '\n']));
    }
}
