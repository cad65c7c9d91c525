//! A text to be read: an entry as JSON, a list.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{Wish, moved};
use crate::{app::App, command::Command, event::Key, widgets};

/// A text that is being read.
#[derive(Clone, Debug)]
pub struct TextBox {
    /// What it is.
    pub title: String,
    /// Its lines.
    pub lines: Vec<String>,
    /// Lines that are scrolled away.
    pub scroll: usize,
}

impl TextBox {
    pub(super) fn key(&mut self, key: &Key) -> Wish {
        let last = self.lines.len().saturating_sub(1);
        let wish = match key.name() {
            "down" | "j" => moved(&mut self.scroll, 1),
            "up" | "k" => moved(&mut self.scroll, -1),
            "pagedown" | "space" => moved(&mut self.scroll, 15),
            "pageup" => moved(&mut self.scroll, -15),
            "ctrl-c" => Wish::Do(Command::Quit),
            _ => Wish::Close,
        };
        self.scroll = self.scroll.min(last);
        wish
    }

    pub(super) fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let lines = self.lines.iter().skip(self.scroll).map(|line| Line::raw(format!(" {line}"))).collect();
        widgets::dialog(&self.title, "arrows, Esc", lines, area, app, buf);
    }
}
