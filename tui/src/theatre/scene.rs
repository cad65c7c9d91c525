//! The picture below the lines: where things stand now.
//!
//! ```text
//!  DRILL  simulated, nothing leaves this machine        contain          00:07.3
//!  Okta        ████████▓▓▓▓░░░░░░░░░░░░░░░░░░░░  11 of 12 cut, 8 read back
//!  Salesforce  ████▓▓▓░░░░░░░░░░░░░░░░░░░░░░░░░   9 of 28 cut, 5 read back
//!  Cutting: one revocation after the other, each read back
//! ```

use std::time::Duration;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
    text::{Line as Text, Span},
    widgets::Widget,
};

use super::line::clock;
use crate::look::Look;

/// Rows of the picture beside its bars: badge, what happens now, an empty one above.
const FRAME: u16 = 3;

/// Most bars that are shown.
pub(crate) const MOST_BARS: u16 = 5;

/// How wide a bar may become.
const WIDEST: usize = 40;

/// Where things stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// The mode, in capitals: `DRILL`.
    pub badge: String,
    /// What the mode means.
    pub means: String,
    /// The part of the script that is being played.
    pub phase: String,
    /// What happens now, or what is waited for.
    pub now: String,
    /// Progress, one a platform.
    pub bars: Vec<Bar>,
    /// Since the start.
    pub passed: Duration,
}

/// How far one platform is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bar {
    /// The platform.
    pub name: String,
    /// How many there are.
    pub total: usize,
    /// How many the platform has accepted.
    pub cut: usize,
    /// How many of them were read back.
    pub read_back: usize,
}

impl Scene {
    /// Rows that it needs at most.
    pub(crate) fn most_rows() -> u16 {
        FRAME + MOST_BARS
    }

    pub(crate) fn draw(&self, area: Rect, buffer: &mut Buffer, look: Look) {
        let mut rows = area.rows();
        rows.next();
        let mut put = |text: Text<'_>| {
            if let Some(row) = rows.next() {
                text.render(row, buffer);
            }
        };
        put(self.head(area.width.into(), look));
        let widest = self.bars.iter().map(|bar| bar.name.chars().count()).max().unwrap_or(0);
        for bar in self.bars.iter().take(MOST_BARS.into()) {
            put(bar.line(widest, area.width.into(), look));
        }
        put(Text::from(Span::styled(format!(" {}", self.now), look.paint(Color::Yellow))));
    }

    /// Badge and meaning on the left, phase in the middle, clock on the right.
    fn head(&self, width: usize, look: Look) -> Text<'static> {
        let badge = format!(" {} ", self.badge);
        let (means, clock) = (format!("  {}", self.means), clock(self.passed));
        let used = badge.chars().count() + means.chars().count() + clock.len() + 2;
        let phase = format!("{:^room$}", self.phase, room = width.saturating_sub(used));
        let bold = Style::new().add_modifier(Modifier::BOLD);
        Text::from(vec![
            Span::styled(badge, look.band(Color::Yellow)),
            Span::styled(means, look.faint()),
            Span::styled(phase, bold),
            Span::styled(clock, bold),
        ])
    }
}

impl Bar {
    /// The parts that are read back, cut and open of a bar; numbers beside it.
    fn line(&self, name: usize, width: usize, look: Look) -> Text<'static> {
        let numbers = format!("  {:>3} of {} cut, {} read back", self.cut, self.total, self.read_back);
        let room = width.saturating_sub(name + numbers.chars().count() + 3).clamp(4, WIDEST);
        let part = |count: usize| (count * room).checked_div(self.total).unwrap_or(0).min(room);
        let read_back = part(self.read_back);
        let cut = part(self.cut).max(read_back) - read_back;
        let open = room - read_back - cut;
        let (full, half, none) = if look.glyphs { ("█", "▓", "░") } else { ("#", "+", ".") };
        Text::from(vec![
            Span::raw(format!(" {:<name$}  ", self.name)),
            Span::styled(full.repeat(read_back), look.paint(Color::Green)),
            Span::styled(half.repeat(cut), look.paint(Color::Yellow)),
            Span::styled(none.repeat(open), look.faint()),
            Span::raw(numbers),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u16, look: Look) -> String {
        let bar = |name: &str, total, cut, read_back| Bar { name: name.to_owned(), total, cut, read_back };
        let scene = Scene {
            badge: "DRILL".to_owned(),
            means: "simulated, nothing leaves this machine".to_owned(),
            phase: "contain".to_owned(),
            now: "cutting, each cut read back".to_owned(),
            bars: vec![bar("Okta", 12, 11, 8), bar("Salesforce", 28, 9, 5), bar("Empty", 0, 0, 0)],
            passed: Duration::from_millis(7_340),
        };
        let area = Rect::new(0, 0, width, Scene::most_rows());
        let mut buffer = Buffer::empty(area);
        scene.draw(area, &mut buffer, look);
        let rows = buffer.content().chunks(width.into());
        let rows = rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>());
        rows.map(|row| format!("|{}\n", row.trim_end())).collect()
    }

    #[test]
    fn the_picture_at_80_columns() {
        let look = Look { colour: false, glyphs: true, moves: true };
        insta::assert_snapshot!("glyphs", picture(80, look));
        insta::assert_snapshot!("ascii", picture(80, Look::PLAIN));
    }

    #[test]
    fn a_narrow_terminal_gets_what_fits() {
        insta::assert_snapshot!("narrow", picture(30, Look::PLAIN));
    }
}
