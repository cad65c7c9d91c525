//! The palette: every command by its words, with its key beside it, so that it teaches the keys.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Wish, write};
use crate::{
    app::App,
    command::{self, Command},
    event::Key,
    widgets,
};

/// Commands of other places that are named.
const ELSEWHERE: usize = 4;

/// A palette that is open.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// What is looked for.
    pub text: String,
    /// The chosen one of those that were found.
    pub at: usize,
}

impl Palette {
    pub(super) fn key(&mut self, key: &Key, app: &App) -> Wish {
        let found = command::search(&self.text, app);
        match key.name() {
            "ctrl-c" => return Wish::Do(Command::Quit),
            "esc" => return Wish::Close,
            "enter" => return found.get(self.at).map_or(Wish::Close, |row| Wish::Do(row.command)),
            "down" | "tab" => self.at = (self.at + 1).min(found.len().saturating_sub(1)),
            "up" | "backtab" => self.at = self.at.saturating_sub(1),
            _ if write(&mut self.text, key) => self.at = 0,
            _ => {}
        }
        Wish::Nothing
    }

    pub(super) fn draw(&self, app: &App, area: Rect, buf: &mut Buffer) {
        let look = app.look();
        let found = command::search(&self.text, app);
        let mut lines = vec![Line::raw(format!(" : {}_", self.text)), Line::default()];
        let room = usize::from(area.height).saturating_sub(8).max(3);
        let from = self.at.saturating_sub(room.saturating_sub(1));
        for (index, row) in found.iter().enumerate().skip(from).take(room) {
            let key = row.keys.first().map_or_else(String::new, |key| command::shown(key));
            let style = if index == self.at { look.chosen() } else { look.strong() };
            let mark = if index == self.at { ">" } else { " " };
            lines.push(Line::from(vec![
                Span::styled(format!(" {mark} {key:<9} "), style),
                Span::raw(row.help),
            ]));
        }
        let elsewhere = command::elsewhere(&self.text, app);
        if found.is_empty() && elsewhere.is_empty() {
            lines.push(Line::styled("   nothing is called so", look.faint()));
        }
        for (row, place) in elsewhere.iter().take(ELSEWHERE.min(room.saturating_sub(found.len()))) {
            let key = row.keys.first().map_or_else(String::new, |key| command::shown(key));
            lines.push(Line::styled(format!("   {key:<9} {place}: {}", row.help), look.faint()));
        }
        widgets::dialog("What to do", "Enter do it", lines, area, app, buf);
    }
}
