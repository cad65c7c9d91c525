//! The screens: each draws its body from the application and changes nothing.

mod alerts;
mod asked;
mod debrief;
pub(crate) mod facilitator;
mod inbox;
mod incidents;
mod integrations;
pub(crate) mod journal;
mod next;
mod now;
mod playbooks;
pub(crate) mod run;
mod runs;
mod spine;
pub(crate) mod vendors;

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use crate::{
    app::{App, Screen},
    look::Look,
    widgets,
};

/// From this width on the page of what is chosen stands beside its list.
const BESIDE: u16 = 140;

/// The width of the column of labels.
const LABEL: usize = 10;

/// What stands in a list that was narrowed to nothing.
const NOTHING_SO: &str = "Nothing holds these words; / and Enter shows everything again.";

/// True where the page of what is chosen stands beside its list.
pub(crate) fn is_beside(app: &App) -> bool {
    let has_pages = matches!(
        app.screen,
        Screen::Approvals | Screen::Vendors | Screen::Incidents | Screen::Alerts | Screen::Playbooks
    );
    has_pages && app.size.0 >= BESIDE && app.at().opened.is_none()
}

/// The page of what is chosen, for beside its list.
fn chosen_page(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    let chosen = app.chosen()?;
    match app.screen {
        Screen::Approvals => asked::page(app, &chosen, width),
        Screen::Alerts => alerts::page(app, &chosen, width),
        Screen::Incidents => incidents::page(app, &chosen, width),
        Screen::Vendors => vendors::page(app, &chosen, width),
        Screen::Playbooks => playbooks::page(app, &chosen, width),
        _ => None,
    }
}

/// What stands where something is not known yet. A recording holds what its screens had read by then, and asks nobody.
fn unread(app: &App, what: &str, width: usize) -> Vec<Line<'static>> {
    if app.options.recording.is_none() {
        return vec![Line::styled(format!("reading {what} ..."), app.look().faint())];
    }
    let text =
        format!("The screen that was recorded had not read {what} by now, so it is not in this recording.");
    widgets::wrap(&text, width).into_iter().map(|row| Line::styled(row, app.look().faint())).collect()
}

/// A fact with its label, in as many rows as it needs.
pub(crate) fn fact(label: &str, text: &str, width: usize, look: Look) -> Vec<Line<'static>> {
    labelled(label, text, LABEL, width, look)
}

/// The same with a column of labels of this width.
fn labelled(label: &str, text: &str, column: usize, width: usize, look: Look) -> Vec<Line<'static>> {
    let room = width.saturating_sub(column);
    // what fits keeps its columns
    let fits = !text.contains(char::is_control) && text.chars().count() <= room;
    let rows = if fits { vec![text.to_owned()] } else { widgets::wrap(text, room) };
    let rows = rows.into_iter().enumerate();
    let line = |(nth, row): (usize, String)| {
        let label = if nth == 0 { label } else { "" };
        Line::from(vec![Span::styled(format!("{label:<column$}"), look.faint()), Span::raw(row)])
    };
    rows.map(line).collect()
}

/// Draws the screen's body.
pub(crate) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if is_beside(app) {
        let (list, side) = widgets::halves(area, 3);
        let width = usize::from(side.width.saturating_sub(1));
        let lines = chosen_page(app, width).unwrap_or_default();
        let up = app.look().glyph("│", "|");
        (area.y..area.bottom()).for_each(|y| buf.set_string(side.x - 2, y, up, app.look().faint()));
        page(&lines, app, 0, Rect { width: side.width.saturating_sub(1), ..side }, buf);
        return of_screen(app, list, buf);
    }
    if let Some(lines) = text(app, usize::from(area.width.saturating_sub(2))) {
        let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        return page(&lines, app, app.at().scroll, area, buf);
    }
    of_screen(app, area, buf);
}

fn of_screen(app: &App, area: Rect, buf: &mut Buffer) {
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
        Screen::Vendors => vendors::text(app, width),
        Screen::Playbooks => playbooks::text(app, width),
        Screen::Inbox => inbox::text(app, width),
        Screen::Debrief => debrief::text(app, width),
        _ => None,
    }
}

/// A text from the line to which one scrolled; the inbox from its foot. What is hidden is counted in the last row.
fn page(lines: &[Line<'_>], app: &App, scroll: usize, area: Rect, buf: &mut Buffer) {
    let height = usize::from(area.height);
    if lines.len() <= height {
        return widgets::lines(lines, area, buf);
    }
    let Some(room) = height.checked_sub(1) else { return };
    let last = lines.len() - room;
    let scroll = scroll.min(last);
    let from = if app.screen == Screen::Inbox { last - scroll } else { scroll };
    widgets::lines(&lines[from..], Rect { height: area.height - 1, ..area }, buf);
    let text = match (from, last - from) {
        (0, below) if is_beside(app) => format!("and {below} more below: Enter"),
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
