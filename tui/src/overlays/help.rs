//! The help page: all keys that apply now, with the command that does the same without screens.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use crate::{app::App, command, widgets};

/// The width of the column of keys, and of that of what they do.
const COLUMNS: (usize, usize) = (12, 46);

pub(super) fn draw(scroll: usize, app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let wide = area.width >= 76;
    let width = usize::from(area.width.min(92)).saturating_sub(2);
    let rows: Vec<&command::Row> = command::now(app).filter(|row| !row.help.is_empty()).collect();
    let line = |row: &&command::Row| {
        let keys: Vec<String> = row.keys.iter().map(|key| command::shown(key)).collect();
        let mut spans = vec![Span::styled(format!(" {:<1$}", keys.join(" "), COLUMNS.0), look.strong())];
        // what is long on the right takes its room from the left
        let room = COLUMNS.1.min(width.saturating_sub(COLUMNS.0 + row.cli.len() + 3));
        spans.push(Span::raw(if wide { format!("{:<room$}", row.help) } else { row.help.to_owned() }));
        if wide && !row.cli.is_empty() {
            spans.push(Span::styled(format!("  {}", row.cli), look.faint()));
        }
        Line::from(spans)
    };
    let lines: Vec<Line<'_>> = rows.iter().map(line).collect();
    let aside = if wide { "as a command: stanch ..." } else { "" };
    widgets::scrolled("Keys here", aside, &lines, scroll, area, app, buf);
}
