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
}
