//! The alerts, newest first, and what became of each.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::{Severity, api::AlertSummary, shortened::short};

use crate::{
    app::{App, Screen},
    widgets::{self, cut, pad},
    words,
    world::millis,
};

/// Those that are listed.
pub(super) fn shown(app: &App) -> impl Iterator<Item = &AlertSummary> {
    let wanted = app.places.get(&Screen::Alerts).map_or("", |at| at.search.as_str()).to_lowercase();
    app.world().alerts.iter().filter(move |one| {
        let alert = &one.alert;
        let words = format!("{} {} {} {} {}", one.id, alert.source, alert.kind, alert.title, alert.severity);
        words.to_lowercase().contains(&wanted)
    })
}

/// The alert that is open, in full.
pub(super) fn text(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    page(app, app.at().opened.as_deref()?, width)
}

/// An alert in full.
pub(super) fn page(app: &App, id: &str, width: usize) -> Option<Vec<Line<'static>>> {
    let alert = shown(app).find(|alert| alert.id == id)?;
    Some(detail(alert, app, width))
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let alerts: Vec<&AlertSummary> = shown(app).collect();
    let search = &app.at().search;
    let title = if search.is_empty() { "ALERTS".to_owned() } else { format!("ALERTS with {search}") };
    let heading = widgets::heading(&title, &words::count(alerts.len(), "alert"), width, look);
    widgets::lines(&[heading], area, buf);
    let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    if alerts.is_empty() {
        let text = match search.as_str() {
            "" => "No alert has come: a source sends one, or `stanch alert SOURCE FILE`.",
            _ => super::NOTHING_SO,
        };
        return widgets::lines(&[Line::styled(text, look.faint())], list, buf);
    }
    let ids: Vec<String> = alerts.iter().map(|alert| alert.id.clone()).collect();
    let chosen = app.index(&ids);
    widgets::list(alerts.len(), chosen, list, look, buf, |index| {
        row(alerts[index], index == chosen, app, width)
    });
}

fn row(one: &AlertSummary, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let (look, alert) = (app.look(), &one.alert);
    let became = match one.runs.as_slice() {
        [] => "no run".to_owned(),
        [run] => format!("run {}", short(run)),
        runs => words::count(runs.len(), "run"),
    };
    let at = app.zone().day(millis(&one.received));
    let room = width.saturating_sub(2 + 13 + 9 + 14 + 14);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::styled(format!("{at}  "), look.faint()),
        Span::styled(format!("{:<9}", alert.severity.as_str()), severity(alert.severity, look)),
        Span::raw(pad(&alert.title, room, look)),
        Span::styled(format!(" {}", pad(&alert.source, 13, look)), look.faint()),
        Span::styled(format!("{became:>13}"), look.faint()),
    ])
}

/// Bold from high on: the words say the rest.
pub(super) fn severity(severity: Severity, look: crate::look::Look) -> ratatui::style::Style {
    if severity >= Severity::High { look.strong() } else { ratatui::style::Style::new() }
}

fn detail(one: &AlertSummary, app: &App, width: usize) -> Vec<Line<'static>> {
    let (look, alert) = (app.look(), &one.alert);
    let zone = app.zone();
    let mut lines = vec![
        widgets::heading(
            &cut(&alert.title, width.saturating_sub(12), look),
            alert.severity.as_str(),
            width,
            look,
        ),
        Line::default(),
    ];
    let by = alert
        .by
        .as_ref()
        .map_or_else(|| "proven by its source".to_owned(), |by| format!("handed in by {by}"));
    let runs: Vec<String> = one.runs.iter().map(|run| short(run).to_owned()).collect();
    let facts = [
        ("kind", Some(alert.kind.clone())),
        ("source", Some(format!("{}, {by}", alert.source))),
        ("happened", Some(zone.day(millis(&alert.time)))),
        ("received", Some(zone.day(millis(&one.received)))),
        ("app", alert.app.clone()),
        ("user", alert.user.clone()),
        ("from", alert.ip.clone()),
        ("runs", (!runs.is_empty()).then(|| words::list(&runs, "and", 5))),
        ("incident", one.incident.as_deref().map(|id| short(id).to_owned())),
        ("id", Some(alert.id.clone())),
    ];
    for (label, text) in facts.into_iter().filter_map(|(label, text)| Some((label, text?))) {
        lines.push(Line::from(vec![
            Span::styled(format!("{label:<10}"), look.faint()),
            Span::raw(cut(&text, width.saturating_sub(10), look)),
        ]));
    }
    lines.push(Line::default());
    let raw = serde_json::to_string_pretty(&alert.raw).unwrap_or_default();
    lines.extend(raw.lines().take(400).map(|row| Line::styled(cut(row, width, look), look.faint())));
    lines
}
