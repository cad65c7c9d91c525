//! The help page: all keys that apply now, with the command that does the same without screens.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use crate::{app::App, command, widgets};

pub(super) fn draw(scroll: usize, app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let wide = area.width >= 76;
    let rows: Vec<&command::Row> = command::now(app).filter(|row| !row.help.is_empty()).collect();
    let scroll = scroll.min(rows.len().saturating_sub(4));
    let line = |row: &&command::Row| {
        let keys: Vec<String> = row.keys.iter().map(|key| command::shown(key)).collect();
        let mut spans = vec![Span::styled(format!(" {:<16} ", keys.join(" ")), look.strong())];
        spans.push(Span::raw(if wide { format!("{:<46}", row.help) } else { row.help.to_owned() }));
        if wide && !row.cli.is_empty() {
            spans.push(Span::styled(format!(" {}", row.cli), look.faint()));
        }
        Line::from(spans)
    };
    let lines = rows.iter().skip(scroll).map(line).collect();
    let aside = if wide { "as a command: stanch ..." } else { "" };
    widgets::dialog("Keys here", aside, lines, area, app, buf);
}
