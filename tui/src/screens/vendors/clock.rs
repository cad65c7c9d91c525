//! A notification clock: a row, and its page.

use ratatui::text::{Line, Span};
use stanch_model::{api::DeadlineView, shortened::short};

use super::owed_to;
use crate::{
    app::App,
    screens::fact,
    widgets::{self, pad},
    words::{
        self,
        time::{self, Zone},
    },
    world::millis,
};

/// A clock's id among all: unique within its incident only.
pub(crate) fn id(clock: &DeadlineView) -> String {
    format!("{} {}", clock.incident, clock.id)
}

/// True while something is owed.
pub(crate) fn is_open(clock: &DeadlineView) -> bool {
    matches!(clock.state.as_str(), "open" | "late")
}

/// How much time is left, and how it stands: `23h 45m`, `not sent`.
pub(crate) fn stands(clock: &DeadlineView, now_ms: i64) -> (String, &'static str) {
    let left = millis(&clock.due) - now_ms;
    match (clock.state.as_str(), left) {
        // what the vendor owes us is not ours to send
        ("open", 1..) if clock.owed_to_us => (time::length(left), "no word"),
        ("sent", _) if clock.owed_to_us => (String::new(), "came"),
        ("sent_late", _) if clock.owed_to_us => (String::new(), "came late"),
        ("open", 1..) if clock.written.is_some() => (time::length(left), "written"),
        ("open", 1..) => (time::length(left), "not sent"),
        ("open" | "late", _) => (format!("-{}", time::length(left)), "LATE"),
        ("sent", _) => (String::new(), "sent"),
        ("sent_late", _) => (String::new(), "sent late"),
        ("waived", _) => (String::new(), "waived"),
        _ => (String::new(), "unknown"),
    }
}

/// Its title where there is little room: whom it is owed to first. `Drift: Contract clause` of `Contract clause, Drift`.
pub(crate) fn title(clock: &DeadlineView, room: usize) -> String {
    match clock.title.rsplit_once(", ") {
        Some((what, to)) if clock.title.chars().count() > room => {
            format!("{to}: {what}")
        }
        _ => clock.title.clone(),
    }
}

/// Who sees to it: whoever answers for the vendor that it is owed to, or leads the incident.
fn owner(clock: &DeadlineView, app: &App) -> String {
    let world = app.world();
    let vendor = world.vendors.iter().find(|vendor| owed_to(clock, vendor));
    let lead = world.incident.get(&clock.incident).and_then(|incident| incident.lead.as_ref());
    match (vendor.and_then(|vendor| Some((vendor, vendor.owner.as_ref()?))), lead) {
        (Some((vendor, owner)), _) => format!("{owner}, who answers for {}", vendor.name),
        (None, Some(lead)) => format!("{lead}, who leads the incident"),
        (None, None) => "nobody: neither the register nor the incident names one".to_owned(),
    }
}

pub(super) fn row(clock: &DeadlineView, chosen: bool, app: &App, width: usize) -> Line<'static> {
    let look = app.look();
    let (left, word) = stands(clock, app.server_ms());
    let room = width.saturating_sub(2 + 14 + 12 + 12);
    Line::from(vec![
        Span::raw(if chosen { "> " } else { "  " }),
        Span::raw(pad(&clock.title, room, look)),
        Span::styled(format!("{:>13} ", app.zone().day(millis(&clock.due))), look.faint()),
        Span::raw(format!("{left:>11}  ")),
        widgets::word(format!("{word:<10}"), word == "LATE", look),
    ])
}

/// Everything about it.
pub(super) fn page(clock: &DeadlineView, app: &App, width: usize) -> Vec<Line<'static>> {
    let (look, now) = (app.look(), app.server_ms());
    let (left, word) = stands(clock, now);
    let aside = match (left.is_empty(), word) {
        (true, word) => word.to_owned(),
        (false, "LATE") => format!("LATE by {}", left.trim_start_matches('-')),
        (false, word) => format!("{word}, {left} left"),
    };
    let mut lines =
        vec![widgets::heading(&widgets::cut(&clock.title, width / 2 + 8, look), &aside, width, look)];
    let both = |at: &str| {
        let ms = millis(at);
        let local = Zone::local(app.options.zone.clone());
        format!("{}, {}", Zone::utc().whole(ms), local.whole(ms))
    };
    lines.extend(fact("due", &both(&clock.due), width, look));
    lines.extend(fact("counted", &format!("from {}", both(&clock.anchor)), width, look));
    lines.extend(fact("rule", &clock.rule, width, look));
    lines.extend(fact("owner", &owner(clock, app), width, look));
    let incident = app.world().incidents.iter().find(|one| one.id == clock.incident);
    let title = incident.map_or("", |one| one.title.as_str());
    lines.extend(fact("incident", &format!("{} {title}", short(&clock.incident)), width, look));
    match &clock.settled {
        Some(note) => {
            let word = words::sentence(&clock.state.replace('_', " "));
            let text =
                format!("{word}, said {} at {}: {}", note.by, app.zone().day(millis(&note.at)), note.text);
            lines.extend(fact("state", &text, width, look));
        }
        None => lines.extend(fact("state", word, width, look)),
    }
    let name = format!("{}:{}", short(&clock.incident), clock.id);
    if let (Some(mail), None) = (&clock.written, &clock.settled) {
        let text = format!("{}, {}", app.zone().day(millis(&mail.at)), mail.text);
        lines.extend(fact("written", &text, width, look));
        let say = format!("is it the notice? Only a person can say: stanch deadlines sent {name}");
        lines.extend(fact("", &say, width, look));
    }
    if !clock.owed_to_us {
        lines.extend(fact("draft", &format!("stanch deadlines draft {name}"), width, look));
    }
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn clock(more: Value) -> DeadlineView {
        let mut clock = json!({
            "id": "contract:Drift", "incident": "01J", "rule": "contract", "title": "Contract clause, Drift",
            "anchor": "2026-11-26T02:40:00Z", "due": "2026-11-27T02:40:00Z", "state": "open"
        });
        clock.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(clock).unwrap()
    }

    #[test]
    fn a_clock_says_whose_word_it_waits_for() {
        let now = millis("2026-11-26T22:40:00Z");
        let word = |more: Value| stands(&clock(more), now).1;
        let mail = json!({ "at": "2026-11-26T16:53:00Z", "by": "R:N1", "text": "to security@drift.example" });
        assert_eq!(word(json!({})), "not sent");
        assert_eq!(word(json!({ "written": mail })), "written");
        assert_eq!(word(json!({ "written": mail, "state": "sent" })), "sent");
        assert_eq!(word(json!({ "written": mail, "state": "late" })), "LATE", "a mail stops no clock");
        assert_eq!(word(json!({ "owed_to_us": true })), "no word");
        assert_eq!(word(json!({ "owed_to_us": true, "state": "sent" })), "came");
    }
}
