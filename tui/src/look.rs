//! What the terminal can show: colours, glyphs beyond ASCII, a picture that moves. Decided once, from the environment.

use std::io::IsTerminal;

use ratatui::style::{Color, Modifier, Style};

/// What the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// False under `NO_COLOR`: bold and words carry everything.
    pub colour: bool,
    /// Box and block characters; plain ASCII otherwise.
    pub glyphs: bool,
    /// A terminal that a picture can live in; lines only otherwise.
    pub moves: bool,
}

impl Look {
    /// Lines of ASCII without colour: what a file or a pipe gets.
    pub const PLAIN: Look = Look { colour: false, glyphs: false, moves: false };

    /// Everything: sixteen colours and glyphs.
    pub const FULL: Look = Look { colour: true, glyphs: true, moves: true };

    /// What standard output can show.
    pub fn of_stdout() -> Self {
        let var = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let term = var("TERM");
        let moves = std::io::stdout().is_terminal() && !matches!(term.as_deref(), None | Some("dumb"));
        if !moves {
            return Self::PLAIN;
        }
        let locale = var("LC_ALL").or_else(|| var("LC_CTYPE")).or_else(|| var("LANG")).unwrap_or_default();
        let utf8 = locale.to_ascii_lowercase().replace('-', "").contains("utf8");
        let glyphs = utf8 && term.as_deref() != Some("linux") && var("STANCH_ASCII").is_none();
        Self { colour: var("NO_COLOR").is_none(), glyphs, moves }
    }

    /// This colour, or none where there are none.
    pub fn paint(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    /// What must not be missed: a coloured band, or reversed letters where there are no colours.
    pub fn band(self, colour: Color) -> Style {
        match self.colour {
            true => Style::new().bg(colour).fg(Color::Black).add_modifier(Modifier::BOLD),
            false => Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED),
        }
    }

    /// What may be overlooked.
    pub fn faint(self) -> Style {
        if self.colour { Style::new().fg(Color::DarkGray) } else { Style::new() }
    }

    /// What something is called.
    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// What went wrong. Besides the mode, the only strong colour.
    pub fn bad(self) -> Style {
        self.paint(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What the keys act on.
    pub fn chosen(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// One of two forms, by what the terminal can draw.
    pub fn glyph(self, drawn: &'static str, plain: &'static str) -> &'static str {
        if self.glyphs { drawn } else { plain }
    }

    /// A bar that is so full, without its ends: `━━━───`.
    pub fn gauge(self, done: usize, of: usize, width: usize) -> String {
        let full = (done * width).checked_div(of).unwrap_or(0).min(width);
        let (on, off) = (self.glyph("━", "#"), self.glyph("─", "-"));
        on.repeat(full) + &off.repeat(width - full)
    }

    /// Numbers as heights, the greatest full; nothing is a space.
    pub fn spark(self, numbers: &[usize]) -> String {
        const DRAWN: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
        const PLAIN: [char; 8] = ['.', '.', ':', ':', '|', '|', '#', '#'];
        let most = numbers.iter().copied().max().unwrap_or(0).max(1);
        let set = if self.glyphs { DRAWN } else { PLAIN };
        let one = |number: &usize| match number {
            0 => ' ',
            number => set[(number * 7).div_ceil(most).min(7)],
        };
        numbers.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charts_have_an_ascii_twin_of_the_same_width() {
        assert_eq!(
            (Look::FULL.gauge(1, 2, 4), Look::PLAIN.gauge(1, 2, 4)),
            ("━━──".to_owned(), "##--".to_owned())
        );
        assert_eq!(
            (Look::PLAIN.gauge(7, 0, 3), Look::PLAIN.gauge(9, 3, 3)),
            ("---".to_owned(), "###".to_owned())
        );
        assert_eq!(
            (Look::FULL.spark(&[0, 1, 8]), Look::PLAIN.spark(&[0, 1, 8])),
            (" ▂█".to_owned(), " .#".to_owned())
        );
    }
}
