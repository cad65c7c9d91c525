//! The clocks that run, and the vendors whom they are owed to.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::{api::DeadlineView, shortened::short};

use crate::{
    app::App,
    widgets::{self, cut, pad},
    words::{self, time},
    world::millis,
};

/// A clock's id among all: unique within its incident only.
pub(crate) fn id(deadline: &DeadlineView) -> String {
    format!("{} {}", deadline.incident, deadline.id)
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let clocks = &app.world().deadlines;
    let open = clocks.iter().filter(|clock| matches!(clock.state.as_str(), "open" | "late")).count();
    let heading = widgets::heading("DEADLINES", &format!("{open} open of {}", clocks.len()), width, look);
    widgets::lines(&[heading], area, buf);
    let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if clocks.is_empty() {
        return widgets::lines(&[Line::styled("No clock runs.", look.faint())], rest, buf);
    }
    let ids: Vec<String> = clocks.iter().map(id).collect();
    let chosen = app.index(&ids);
    let foot = rest.height.saturating_sub(6).min(5);
    let list = Rect { height: rest.height - foot, ..rest };
    widgets::list(clocks.len(), chosen, list, look, buf, |index| row(&clocks[index], index == chosen, app, width));
    let below = Rect { y: list.bottom(), height: foot, ..rest };
    widgets::lines(&detail(&clocks[chosen], app, width), below, buf);
}

fn row(clock: &DeadlineView, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let left = millis(&clock.due) - app.server_ms();
    let (left, word) = match (clock.state.as_str(), left) {
        ("open", 1..) => (time::length(left), "not sent"),
        ("open" | "late", _) => (format!("-{}", time::length(left)), "LATE"),
        ("sent", _) => (String::new(), "sent"),
        ("sent_late", _) => (String::new(), "sent late"),
        (_, _) => (String::new(), "waived"),
    };
    let room = width.saturating_sub(2 + 14 + 12 + 14);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::raw(pad(&clock.title, room, look)),
        Span::styled(format!("{:>13} ", app.zone().day(millis(&clock.due))), look.faint()),
        Span::raw(format!("{left:>11}  ")),
        widgets::word(format!("{word:<10}"), word == "LATE", look),
    ])
}

fn detail(clock: &DeadlineView, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let zone = app.zone();
    let since = zone.day(millis(&clock.anchor));
    let of = format!("{}, since {since}, incident {}", clock.rule, short(&clock.incident));
    let mut lines = vec![Line::default(), Line::styled(cut(&of, width, look), look.faint())];
    if let Some(note) = &clock.settled {
        let text = format!("{} {} at {}: {}", words::sentence(&clock.state.replace('_', " ")), note.by, zone.day(millis(&note.at)), note.text);
        lines.extend(widgets::wrap(&text, width).into_iter().map(Line::raw));
    }
    lines
}
