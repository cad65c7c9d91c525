//! The incidents, and one in full: its runs, its clocks, what people wrote.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::{
    api::{IncidentSummary, Note},
    shortened::short,
};

use super::{alerts::severity, vendors::clock};
use crate::{
    app::App,
    widgets::{self, cut, pad},
    words::{self, entry, time},
    world::{is_over, millis},
};

/// The incident that is open, in full.
pub(super) fn text(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    page(app, app.at().opened.as_deref()?, width)
}

/// An incident in full.
pub(super) fn page(app: &App, id: &str, width: usize) -> Option<Vec<Line<'static>>> {
    let incident = app.world().incidents.iter().find(|incident| incident.id == id)?;
    Some(detail(incident, app, width))
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let incidents = &app.world().incidents;
    let open = app.open_incidents().count();
    let heading = widgets::heading("INCIDENTS", &format!("{open} open of {}", incidents.len()), width, look);
    widgets::lines(&[heading], area, buf);
    let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if incidents.is_empty() {
        return widgets::lines(
            &[Line::styled(
                "Nothing has happened yet: an alert opens one, or a playbook started by hand.",
                look.faint(),
            )],
            list,
            buf,
        );
    }
    let ids: Vec<String> = incidents.iter().map(|incident| incident.id.clone()).collect();
    let chosen = app.index(&ids);
    widgets::list(ids.len(), chosen, list, look, buf, |index| {
        row(&incidents[index], index == chosen, app, width)
    });
}

fn row(incident: &IncidentSummary, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let run = app.world().foremost_run(incident);
    let stands = match (&incident.closed, run) {
        (Some(_), _) => "closed".to_owned(),
        (None, None) => "no run".to_owned(),
        (None, Some(run)) if is_over(run) => {
            run.containment.as_deref().map_or_else(|| run.state.clone(), entry::containment)
        }
        (None, Some(run)) => run.state.clone(),
    };
    let ago = time::about(app.server_ms() - millis(&incident.opened));
    let room = width.saturating_sub(2 + 9 + 9 + 25 + 5);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::styled(format!("{} ", short(&incident.id)), look.faint()),
        Span::styled(format!("{:<9}", incident.severity.as_str()), severity(incident.severity, look)),
        Span::raw(pad(&incident.title, room, look)),
        Span::raw(format!(" {}", pad(&stands, 24, look))),
        Span::styled(format!("{ago:>4}"), look.faint()),
    ])
}

fn detail(incident: &IncidentSummary, app: &App, width: usize) -> Vec<Line<'static>> {
    let (look, world, zone) = (app.look(), app.world(), app.zone());
    let title = cut(&incident.title, width.saturating_sub(12), look);
    let mut lines = vec![widgets::heading(&title, incident.severity.as_str(), width, look)];
    let opened = zone.day(millis(&incident.opened));
    let closed = incident.closed.as_ref().map_or_else(|| "open".to_owned(), |_| "closed".to_owned());
    let view = world.incident.get(&incident.id);
    let lead = view.and_then(|view| view.lead.as_ref());
    let lead = lead.map_or_else(|| "nobody leads it".to_owned(), |lead| format!("{lead} leads it"));
    let facts = format!("{}, opened {opened}, {closed}, {lead}", short(&incident.id));
    lines.push(Line::styled(cut(&facts, width, look), look.faint()));
    let said = |word: &str, said: &Note| {
        format!("{word} {} by {}: {}", zone.day(millis(&said.at)), said.by, said.text)
    };
    let closed = view.and_then(|view| view.closed.as_ref()).map(|note| said("Closed", note));
    let again = view.and_then(|view| view.reopened.as_ref()).map(|note| said("Opened again", note));
    for text in closed.into_iter().chain(again) {
        lines.extend(widgets::wrap(&text, width).into_iter().map(Line::raw));
    }
    lines.extend([Line::default(), Line::styled("RUNS", look.strong())]);
    for run in incident.runs.iter().rev().filter_map(|run| world.summary(run)) {
        let word = run.containment.as_deref().map_or_else(|| run.state.clone(), entry::containment);
        let text = format!("  {}  {}  {word}", short(&run.id), run.title);
        lines.push(Line::raw(cut(&text, width, look)));
    }
    let Some(view) = view else {
        lines.extend(super::unread(app, "the rest", width));
        return lines;
    };
    if !view.alerts.is_empty() {
        lines.push(Line::raw(format!("  from {}", words::count(view.alerts.len(), "alert"))));
    }
    if !view.deadlines.is_empty() {
        lines.extend([Line::default(), Line::styled("DEADLINES", look.strong())]);
    }
    let mut clocks: Vec<_> = view.deadlines.iter().collect();
    clocks.sort_by_key(|one| (!clock::is_open(one), millis(&one.due)));
    for one in clocks {
        let (left, word) = clock::stands(one, app.server_ms());
        lines.push(Line::from(vec![
            Span::raw(format!("  {} ", pad(&one.title, 34.min(width / 2), look))),
            Span::styled(format!("{:>12} ", zone.day(millis(&one.due))), look.faint()),
            Span::raw(format!("{left:>9}  ")),
            widgets::word(word, word == "LATE", look),
        ]));
    }
    lines.extend([Line::default(), Line::styled("NOTES", look.strong())]);
    for note in view.notes.iter().rev() {
        let head = format!("  {}  {}: ", zone.day(millis(&note.at)), note.by);
        let rows = widgets::wrap(&note.text, width.saturating_sub(4));
        lines.push(Line::styled(cut(&head, width, look), look.faint()));
        lines.extend(rows.into_iter().map(|row| Line::raw(format!("    {row}"))));
    }
    if view.notes.is_empty() {
        lines.push(Line::styled("  none: n writes one", look.faint()));
    }
    lines
}
