//! The picture on a real terminal: an inline viewport at the bottom, above which lines scroll into history.
//!
//! Raw mode and the alternate screen are never entered, so an interrupt works as always and nothing but the cursor has to
//! be given back.

use std::io::{self, Stdout};

use crossterm::{cursor, execute};
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    widgets::{Paragraph, Widget},
};

use super::{line::Line, scene::Scene};
use crate::look::Look;

/// See the module.
pub(super) struct Live {
    terminal: Terminal<CrosstermBackend<Stdout>>,
}

impl Live {
    pub(super) fn open() -> io::Result<Self> {
        let options = TerminalOptions { viewport: Viewport::Inline(Scene::most_rows()) };
        let mut terminal = Terminal::with_options(CrosstermBackend::new(io::stdout()), options)?;
        terminal.hide_cursor()?;
        Ok(Self { terminal })
    }

    /// A terminal that is gone ends the picture, never the performance: errors are dropped here and below.
    pub(super) fn settle(&mut self, line: &Line, look: Look) {
        let width = self.terminal.size().map_or(80, |size| size.width);
        let rows = line.rows(look, usize::from(width));
        let height = u16::try_from(rows.len()).unwrap_or(1);
        let settled = Paragraph::new(rows);
        let _gone = self.terminal.insert_before(height, |buffer| settled.render(buffer.area, buffer));
    }

    pub(super) fn draw(&mut self, scene: &Scene, look: Look) {
        let _gone = self.terminal.draw(|frame| scene.draw(frame.area(), frame.buffer_mut(), look));
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        // What comes after begins where the picture stood.
        let top = self.terminal.get_frame().area().as_position();
        let _gone = self.terminal.clear();
        let _gone = self.terminal.set_cursor_position(top);
        let _gone = self.terminal.show_cursor();
        let _gone = execute!(io::stdout(), cursor::Show);
    }
}
