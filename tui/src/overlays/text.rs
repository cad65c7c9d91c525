//! A text to be read: an entry as JSON, a list.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{Wish, scrolled};
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
    pub(super) fn key(&mut self, key: &Key, rows: usize) -> Wish {
        match key.name() {
            "ctrl-c" => Wish::Do(Command::Quit),
            name => scrolled(&mut self.scroll, name, self.lines.len(), rows),
        }
    }

    pub(super) fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let lines: Vec<Line<'_>> = self.lines.iter().map(|line| Line::raw(format!(" {line}"))).collect();
        widgets::scrolled(&self.title, "Esc close", &lines, self.scroll, area, app, buf);
    }
}
