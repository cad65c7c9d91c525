//! The screens: each draws its body from the application and changes nothing.

mod alerts;
mod asked;
mod debrief;
pub(crate) mod facilitator;
mod inbox;
mod incidents;
mod integrations;
pub(crate) mod journal;
mod now;
mod playbooks;
pub(crate) mod run;
mod runs;
mod spine;
pub(crate) mod vendors;

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use crate::{
    app::{App, Screen},
    widgets,
};

/// Draws the screen's body.
pub(crate) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if let Some(lines) = text(app, usize::from(area.width.saturating_sub(2))) {
        let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        return page(&lines, app, area, buf);
    }
    match app.screen {
        Screen::Now => now::draw(app, area, buf),
        Screen::Runs => match app.opened_run() {
            Some(run) => run::draw(run, app, area, buf),
            None => runs::draw(app, area, buf),
        },
        Screen::Approvals => asked::draw(app, area, buf),
        Screen::Alerts => alerts::draw(app, area, buf),
        Screen::Incidents => incidents::draw(app, area, buf),
        Screen::Vendors => vendors::draw(app, area, buf),
        Screen::Journal => journal::draw(app, area, buf),
        Screen::Playbooks => playbooks::draw(app, area, buf),
        Screen::Integrations => integrations::draw(app, area, buf),
        Screen::Facilitator => facilitator::draw(app, area, buf),
        Screen::Inbox | Screen::Debrief => {}
    }
}

/// What is scrolled through, where the screen shows a text and no list.
fn text(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    match app.screen {
        Screen::Alerts => alerts::text(app, width),
        Screen::Incidents => incidents::text(app, width),
        Screen::Playbooks => playbooks::text(app, width),
        Screen::Inbox => inbox::text(app, width),
        Screen::Debrief => debrief::text(app, width),
        _ => None,
    }
}

/// A text from the line to which one scrolled; the inbox from its foot. What is hidden is counted in the last row.
fn page(lines: &[Line<'_>], app: &App, area: Rect, buf: &mut Buffer) {
    let height = usize::from(area.height);
    if lines.len() <= height {
        return widgets::lines(lines, area, buf);
    }
    let Some(room) = height.checked_sub(1) else { return };
    let last = lines.len() - room;
    let scroll = app.at().scroll.min(last);
    let from = if app.screen == Screen::Inbox { last - scroll } else { scroll };
    widgets::lines(&lines[from..], Rect { height: area.height - 1, ..area }, buf);
    let text = match (from, last - from) {
        (0, below) => format!("and {below} more below: Down"),
        (above, 0) => format!("and {above} more above: Up"),
        (above, below) => format!("and {above} more above, {below} below: Up, Down"),
    };
    let foot = Rect { y: area.bottom() - 1, height: 1, ..area };
    widgets::lines(&[Line::styled(text, app.look().faint())], foot, buf);
}

/// How far a text can be scrolled; nothing where there is a list.
pub(crate) fn farthest(app: &App) -> Option<usize> {
    let (width, height) = app.size;
    let lines = text(app, usize::from(width.saturating_sub(2)))?;
    // the frame's five rows, and the one that counts
    let room = usize::from(height.saturating_sub(5));
    Some(if lines.len() <= room { 0 } else { lines.len() - room.saturating_sub(1) })
}

/// The ids of a screen's list, in its order.
pub(crate) fn ids(app: &App) -> Vec<String> {
    let world = app.world();
    match app.screen {
        Screen::Runs => runs::shown(app).map(|run| run.id.clone()).collect(),
        Screen::Approvals => world.cards().map(|card| card.id.clone()).collect(),
        Screen::Alerts => alerts::shown(app).map(|alert| alert.id.clone()).collect(),
        Screen::Incidents => world.incidents.iter().map(|incident| incident.id.clone()).collect(),
        Screen::Vendors => vendors::ids(app),
        Screen::Playbooks => world.playbooks.iter().map(|playbook| playbook.slug.clone()).collect(),
        Screen::Integrations => world.integrations.iter().map(|one| one.name.clone()).collect(),
        Screen::Facilitator => facilitator::ids(app),
        Screen::Now | Screen::Journal | Screen::Inbox | Screen::Debrief => Vec::new(),
    }
}
