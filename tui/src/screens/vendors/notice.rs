//! A notice to a vendor: whom it went to, who is next, what came of it.

use ratatui::text::{Line, Span};
use stanch_model::{
    api::{NoticeRung, NoticeView},
    shortened::short,
};

use crate::{
    app::App,
    screens::fact,
    widgets::{self, cut, pad},
    words::{self, time},
    world::millis,
};

/// What the API says of a contact that was not written to.
const NOT_YET: &str = "not_yet";

/// `MCHKKA37:N1`
fn name(notice: &NoticeView) -> String {
    let (run, nth) = notice.id.rsplit_once(':').unwrap_or((&notice.id, ""));
    format!("{}:{nth}", short(run))
}

/// The first rung that was not written to.
fn next(notice: &NoticeView) -> Option<&NoticeRung> {
    notice.rungs.iter().find(|rung| rung.state == NOT_YET)
}

/// How it stands, in a few words, and whether that must not be missed.
pub(super) fn stands(notice: &NoticeView, app: &App) -> (String, bool) {
    match (&notice.acknowledged, notice.state.as_str()) {
        (Some(note), _) => (format!("answered, said {}", note.by), false),
        (None, "silent") => ("SILENT: nobody is left".to_owned(), true),
        (None, _) => match (&notice.next, next(notice)) {
            (Some(due), Some(rung)) => {
                let left = millis(due) - app.server_ms();
                let left = if left > 0 { format!("in {}", time::length(left)) } else { "now".to_owned() };
                (format!("{} is next {left}", rung.name), false)
            }
            _ => ("waits for an answer".to_owned(), false),
        },
    }
}

pub(super) fn row(notice: &NoticeView, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let (stands, bad) = stands(notice, app);
    let room = width.saturating_sub(2 + 19 + 32);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::raw(pad(&notice.name, 18, look)),
        Span::styled(format!(" {} ", pad(&notice.subject, room, look)), look.faint()),
        widgets::word(cut(&stands, 30, look), bad, look),
    ])
}

/// Everything about it.
pub(super) fn page(notice: &NoticeView, app: &App, width: usize) -> Vec<Line<'static>> {
    let (look, zone) = (app.look(), app.zone());
    let (stands, bad) = stands(notice, app);
    let title = cut(&notice.subject, width.saturating_sub(stands.chars().count() + 2), look);
    let gap = width.saturating_sub(title.chars().count() + stands.chars().count());
    let mut lines = vec![Line::from(vec![
        Span::styled(title, look.strong()),
        Span::raw(" ".repeat(gap)),
        widgets::word(stands, bad, look),
    ])];
    let of = notice.incident.as_ref().map_or_else(String::new, |id| format!(", incident {}", short(id)));
    let first = zone.day(millis(&notice.at));
    lines.extend(fact(
        "notice",
        &format!("{}, to {}, first written {first}{of}", name(notice), notice.name),
        width,
        look,
    ));
    let to_come = notice.rungs.iter().position(|rung| rung.state == NOT_YET);
    for (nth, rung) in notice.rungs.iter().enumerate() {
        let is_next = to_come == Some(nth);
        let due = notice.next.as_ref().filter(|_| is_next && notice.acknowledged.is_none());
        let label = if nth == 0 { "ladder" } else { "" };
        lines.extend(fact(label, &format!("{}. {}", nth + 1, of_rung(rung, due, app)), width, look));
    }
    if let Some(note) = &notice.acknowledged {
        let at = zone.day(millis(&note.at));
        lines.extend(fact("answered", &format!("{at}, said {}: {}", note.by, note.text), width, look));
    }
    lines
}

/// `Security, security@drift.example: sent 03-13 02:53`
fn of_rung(rung: &NoticeRung, due: Option<&String>, app: &App) -> String {
    let zone = app.zone();
    let who = format!("{}, {}", rung.name, rung.mail);
    let at = rung.at.as_ref().map_or_else(String::new, |at| format!(" {}", zone.day(millis(at))));
    let why = if rung.why.is_empty() { String::new() } else { format!(" ({})", rung.why) };
    let word = match (rung.state.as_str(), due) {
        (NOT_YET, Some(due)) => {
            let left = millis(due) - app.server_ms();
            let left = if left > 0 { format!(", in {}", time::length(left)) } else { String::new() };
            format!("is written to at {}{left}", zone.near(millis(due), app.server_ms()))
        }
        (NOT_YET, None) => "not written to".to_owned(),
        ("bounced", _) => "CAME BACK".to_owned(),
        ("refused", _) => "REFUSED".to_owned(),
        ("in_doubt", _) => "may have been sent".to_owned(),
        (state, _) => words::sentence(&state.replace('_', " ")).to_lowercase(),
    };
    format!("{who}: {word}{at}{why}")
}
