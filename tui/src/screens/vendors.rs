//! The clocks that run, and the vendors whom they are owed to.
//!
//! ```text
//!  DEADLINES                                                         2 open of 3
//!  > Contract: tell Drift              03-14 02:40   23h 45m  not sent
//!  VENDORS                                                            4 vendors
//!    Drift         24h (DPA 7.2)    Security, security@drift.example
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::{
    api::{DeadlineView, VendorView},
    shortened::short,
};

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

/// The ids of both lists, clocks first.
pub(super) fn ids(app: &App) -> Vec<String> {
    let world = app.world();
    let vendors = world.vendors.iter().map(|vendor| format!("vendor {}", vendor.slug));
    world.deadlines.iter().map(id).chain(vendors).collect()
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (look, world) = (app.look(), app.world());
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let chosen = app.index(&ids(app));
    let clocks = world.deadlines.len();
    let foot = area.height.saturating_sub(10).min(8);
    let body = area.height - foot;
    let room = usize::from(body).saturating_sub(3);
    let upper = u16::try_from(clocks.clamp(1, (room / 2).max(room.saturating_sub(world.vendors.len() + 1))))
        .unwrap_or(1);
    let open = world.deadlines.iter().filter(|clock| matches!(clock.state.as_str(), "open" | "late")).count();
    let heading = widgets::heading("DEADLINES", &format!("{open} open of {clocks}"), width, look);
    widgets::lines(&[heading], area, buf);
    let list = Rect { y: area.y + 1, height: upper, ..area };
    if clocks == 0 {
        widgets::lines(&[Line::styled("No clock runs.", look.faint())], list, buf);
    }
    // a list in which nothing is chosen stands at its start
    let at = if chosen < clocks { chosen } else { usize::MAX };
    widgets::list(clocks, at, list, look, buf, |index| {
        row(&world.deadlines[index], index == chosen, app, width)
    });
    let rest = Rect { y: list.bottom() + 1, height: body.saturating_sub(upper + 2), ..area };
    let heading = widgets::heading("VENDORS", &words::count(world.vendors.len(), "vendor"), width, look);
    widgets::lines(&[heading], rest, buf);
    let list = Rect { y: rest.y + 1, height: rest.height.saturating_sub(1), ..rest };
    let at = chosen.checked_sub(clocks).unwrap_or(usize::MAX);
    widgets::list(world.vendors.len(), at, list, look, buf, |index| {
        vendor(&world.vendors[index], index == at, app, width)
    });
    let below = Rect { y: area.bottom() - foot, height: foot, ..area };
    let lines = match (
        world.deadlines.get(chosen),
        chosen.checked_sub(clocks).and_then(|at| world.vendors.get(at)),
    ) {
        (Some(clock), _) => detail(clock, app, width),
        (None, Some(vendor)) => of_vendor(vendor, app, width),
        (None, None) => Vec::new(),
    };
    widgets::lines(&lines, below, buf);
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
    let room = width.saturating_sub(2 + 14 + 12 + 12);
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
        let state = words::sentence(&clock.state.replace('_', " "));
        let text = format!("{state}, said {} at {}: {}", note.by, zone.day(millis(&note.at)), note.text);
        lines.extend(widgets::wrap(&text, width).into_iter().map(Line::raw));
    }
    lines
}

fn vendor(vendor: &VendorView, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let within = vendor.notify_within.as_deref().unwrap_or("no clause");
    let first = vendor.contacts.first().map_or("nobody to call", String::as_str);
    let room = width.saturating_sub(2 + 20 + 20);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::raw(pad(&vendor.name, 19, look)),
        Span::styled(format!(" {} ", pad(within, 18, look)), look.faint()),
        Span::raw(cut(first, room, look)),
    ])
}

fn of_vendor(vendor: &VendorView, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let mut lines = vec![Line::default()];
    let mut fact = |label: &str, text: String| {
        lines.push(Line::from(vec![
            Span::styled(format!("{label:<9}"), look.faint()),
            Span::raw(cut(&text, width.saturating_sub(9), look)),
        ]));
    };
    vendor.contacts.iter().enumerate().for_each(|(at, contact)| {
        fact(if at == 0 { "call" } else { "then" }, contact.clone());
    });
    vendor.purpose.iter().for_each(|purpose| fact("for", purpose.clone()));
    if !vendor.data.is_empty() {
        fact("holds", words::list(&vendor.data, "and", 6));
    }
    fact("apps", words::list(&vendor.apps, "and", 6));
    vendor.owner.iter().for_each(|owner| fact("owner", owner.clone()));
    vendor.notes.iter().for_each(|notes| fact("notes", notes.clone()));
    lines
}
