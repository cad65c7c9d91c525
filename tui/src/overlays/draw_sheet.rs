//! ```text
//! +- Start oauth-app-compromise ------------------------------------- LIVE -+
//! |  It runs LIVE on acme-prod: actions are real.                           |
//! |  Cut a compromised app off and prove it                                 |
//! |                                                                         |
//! |  > app      drift_                                                      |
//! |    since    now                                                         |
//! |             yesterday is no instant; write 2026-03-13T02:40:00Z         |
//! |                                                                         |
//! |  app, needed: a name, a client id or a vendor                           |
//! +-------------------------------------------------------------------------+
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{Field, Progress, Sheet};
use crate::{app::App, look::Look, widgets, words};

/// Rows of one text that are in sight.
const ROWS: usize = 4;

pub(super) fn draw(sheet: &Sheet, app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let width = usize::from(if area.width < 84 { area.width } else { area.width.min(92) }).saturating_sub(6);
    let foot = foot(sheet, look, width);
    let (fields, here) = fields(sheet, look, width);
    let mut facts: Vec<Line<'static>> = Vec::new();
    if !sheet.loud.is_empty() {
        facts.extend(
            widgets::wrap(&sheet.loud, width).into_iter().map(|row| Line::styled(row, look.strong())),
        );
    }
    let rest = sheet.facts.iter().flat_map(|fact| widgets::wrap(fact, width));
    facts.extend(rest.map(Line::raw));
    let room = usize::from(area.height).saturating_sub(2 + foot.len());
    // the fields come first: what is written must be seen
    let of_facts = room.saturating_sub(fields.len() + 2).max(room.min(3)).min(facts.len());
    let mut body = fitting(facts, sheet.scroll, of_facts, look);
    if !fields.is_empty() {
        body.extend((body.len() + fields.len() < room).then(Line::default));
        let range = widgets::window(fields.len(), here, room.saturating_sub(body.len()));
        body.extend(fields.into_iter().skip(range.start).take(range.len()));
    }
    body.extend((body.len() < room).then(Line::default));
    body.extend(foot);
    let height = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let inside = widgets::frame(&sheet.title, &sheet.aside, height, area, app, buf);
    widgets::lines(&body, Rect { x: inside.x + 2, width: inside.width.saturating_sub(3), ..inside }, buf);
}

/// As many facts as there is room for; what is hidden is counted.
fn fitting(facts: Vec<Line<'static>>, scroll: usize, most: usize, look: Look) -> Vec<Line<'static>> {
    if facts.len() <= most {
        return facts;
    }
    let Some(room) = most.checked_sub(1) else { return Vec::new() };
    let from = scroll.min(facts.len() - room);
    let below = facts.len() - room - from;
    let text = match (from, below) {
        (0, below) => format!("and {} below: PgDn", words::count(below, "more line")),
        (above, 0) => format!("and {} above: PgUp", words::count(above, "line")),
        (above, below) => format!("and {above} above, {below} below: PgUp, PgDn"),
    };
    let mut shown: Vec<Line<'static>> = facts.into_iter().skip(from).take(room).collect();
    shown.push(Line::styled(text, look.faint()));
    shown
}

/// The fields, and the row of the one that is written in.
fn fields(sheet: &Sheet, look: Look, width: usize) -> (Vec<Line<'static>>, usize) {
    let label = sheet.fields.iter().map(|field| field.name.chars().count()).max().unwrap_or(0).min(20) + 4;
    let room = width.saturating_sub(label);
    let is_writing = sheet.progress == Progress::Writing;
    let (mut lines, mut here) = (Vec::new(), 0);
    for (nth, field) in sheet.fields.iter().enumerate() {
        let is_here = nth == sheet.focus && is_writing;
        if is_here {
            here = lines.len();
        }
        let most = if is_here { ROWS } else { 1 };
        for (row, text) in field.rows(room, is_here, most).into_iter().enumerate() {
            let mark = if is_here { "> " } else { "  " };
            let name = if row == 0 { format!("{mark}{}", field.name) } else { String::new() };
            let name = widgets::pad(&name, label, look);
            let (name, text) = match is_here {
                true => (Span::styled(name, look.strong()), Span::styled(text, look.strong())),
                false => (Span::styled(name, look.faint()), Span::raw(text)),
            };
            lines.push(Line::from(vec![name, text]));
        }
        let wrong = field.wrong.iter().flat_map(|wrong| widgets::wrap(wrong, room));
        lines.extend(wrong.map(|row| Line::styled(format!("{}{row}", " ".repeat(label)), look.bad())));
    }
    (lines, here)
}

fn foot(sheet: &Sheet, look: Look, width: usize) -> Vec<Line<'static>> {
    let rows = |text: &str, style| -> Vec<Line<'static>> {
        widgets::wrap(text, width).into_iter().map(|row| Line::styled(row, style)).collect()
    };
    match &sheet.progress {
        Progress::Reading => vec![Line::styled("reading what it would come to ...", look.strong())],
        Progress::Shut(why) => rows(why, look.bad()),
        Progress::Sending(_) => vec![Line::styled("sending", look.strong())],
        Progress::Sure(_) => vec![
            Line::styled(format!("y  {}", sheet.yes), look.strong()),
            Line::styled("any other key goes back to the fields", look.faint()),
        ],
        Progress::Writing => {
            let mut lines = Vec::new();
            if let Some((why, help)) = &sheet.wrong {
                lines.extend(rows(&format!("not done: {why}"), look.bad()));
                lines.extend(help.iter().flat_map(|help| rows(help, ratatui::style::Style::new())));
            }
            lines.extend(
                sheet.fields.get(sheet.focus).into_iter().flat_map(|field| rows(&about(field), look.faint())),
            );
            lines
        }
    }
}

/// `app, needed: a name, a client id or a vendor`
fn about(field: &Field) -> String {
    let needed = if field.is_needed() { ", needed" } else { "" };
    format!("{}{needed}: {}", field.name, field.help)
}
