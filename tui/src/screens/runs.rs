//! ```text
//!  RUNS                                                            3 open of 12
//!    8I9O0P1A  Cut a compromised app off          waiting   31/54 ━━━━━━───  2m
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};
use stanch_model::{api::RunSummary, run::Waiting, shortened::short};

use crate::{
    app::App,
    widgets::{self, cut, pad},
    words::{entry, time},
    world::{is_over, millis},
};

/// The runs that are listed, newest first.
pub(super) fn shown(app: &App) -> impl Iterator<Item = &RunSummary> {
    let wanted = app.places.get(&crate::app::Screen::Runs).map_or("", |at| at.search.as_str()).to_lowercase();
    app.world().runs.iter().filter(move |run| {
        let words = format!("{} {} {} {} {}", run.id, run.playbook, run.title, run.state, run.started_by);
        words.to_lowercase().contains(&wanted)
    })
}

pub(super) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let look = app.look();
    let area = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let width = usize::from(area.width);
    let runs: Vec<&RunSummary> = shown(app).collect();
    let open = runs.iter().filter(|run| !is_over(run)).count();
    let search = &app.at().search;
    let title = if search.is_empty() { "RUNS".to_owned() } else { format!("RUNS with {search}") };
    let heading = widgets::heading(&title, &format!("{open} open of {}", runs.len()), width, look);
    widgets::lines(&[heading], area, buf);
    let ids: Vec<String> = runs.iter().map(|run| run.id.clone()).collect();
    let chosen = app.index(&ids);
    let foot = if area.height > 12 { 5 } else { 0 };
    let list = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + foot), ..area };
    if runs.is_empty() {
        let text = match search.as_str() {
            "" => "No run: an alert starts one, or s on a playbook (8).",
            _ => super::NOTHING_SO,
        };
        return widgets::lines(&[Line::styled(text, look.faint())], list, buf);
    }
    widgets::list(runs.len(), chosen, list, look, buf, |index| row(runs[index], index == chosen, app, width));
    if foot > 0 {
        let rest = Rect { y: list.bottom() + 1, height: foot - 1, ..area };
        widgets::lines(&detail(runs[chosen], app, width), rest, buf);
    }
}

fn row(run: &RunSummary, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let all: u64 = run.targets.values().sum();
    let proven = run.targets.get("verified").copied().unwrap_or(0);
    let bar = if all == 0 {
        String::new()
    } else {
        let gauge = look.gauge(usize::try_from(proven).unwrap_or(0), usize::try_from(all).unwrap_or(0), 8);
        format!("{gauge} {proven}/{all}")
    };
    let state = match run.containment.as_deref().filter(|_| is_over(run)) {
        Some(word) => entry::containment(word),
        None => format!("{:<9}{bar}", run.state),
    };
    let bad = matches!(run.state.as_str(), "failed" | "diverged" | "suspect");
    let ago = time::about(app.server_ms() - millis(&run.since));
    let room = width.saturating_sub(11 + 27 + 5);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::styled(format!("{} ", short(&run.id)), look.faint()),
        Span::raw(pad(&run.title, room.saturating_sub(1), look)),
        Span::raw(" "),
        widgets::word(pad(&state, 27, look), bad, look),
        Span::styled(format!("{ago:>4}"), look.faint()),
    ])
}

fn detail(run: &RunSummary, app: &App, width: usize) -> Vec<Line<'static>> {
    let look = app.look();
    let zone = app.zone();
    let started = zone.day(millis(&run.started));
    let mut lines = vec![Line::styled(
        cut(&format!("{}, started by {} at {started}", run.playbook, run.started_by), width, look),
        look.faint(),
    )];
    for waiting in run.waits.iter().take(3) {
        let wait = waiting.wait.as_deref().map_or_else(String::new, |wait| format!("{wait} "));
        let what = format!("{wait}{}", waiting.what);
        lines.push(Line::raw(cut(&waits(waiting, &what, app), width, look)));
    }
    lines
}

/// What a run waits for, since when, and until when where time alone ends it.
pub(super) fn waits(waiting: &Waiting, what: &str, app: &App) -> String {
    let since = time::about(app.server_ms() - millis(&waiting.since));
    let until = waiting.until_ms.filter(|_| !waiting.person);
    let until = until.map(|until| format!(", until {}", app.zone().near(until, app.server_ms())));
    format!("waits {since}: {what}{}", until.unwrap_or_default())
}
