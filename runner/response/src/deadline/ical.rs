//! Clocks as a calendar that other programs subscribe to: RFC 5545.
//!
//! Nothing in it is a secret and nothing links back with one: whoever may read the calendar asks for it with a token of
//! their own.

use jiff::{Timestamp, tz::TimeZone};
use stanch_model::api::DeadlineView;

/// Lines are folded before they have more octets.
const WIDEST: usize = 75;

/// The calendar of these clocks at this moment. What was sent or waived stays in it, marked, so that it vanishes from
/// nobody's calendar without a word.
pub fn calendar(clocks: &[DeadlineView], now: Timestamp) -> String {
    let mut out = String::new();
    for text in [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//stanch//deadlines//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:stanch: deadlines",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
    ] {
        line(&mut out, text);
    }
    for clock in clocks {
        if let (Ok(due), Ok(anchor)) = (clock.due.parse(), clock.anchor.parse()) {
            event(&mut out, clock, anchor, due, now);
        }
    }
    line(&mut out, "END:VCALENDAR");
    out
}

fn event(out: &mut String, clock: &DeadlineView, anchor: Timestamp, due: Timestamp, now: Timestamp) {
    let state = clock.state.replace('_', " ");
    let mut about =
        format!("{state}\nincident {}, clock {}\ncounted from {}", clock.incident, clock.id, clock.anchor);
    if let Some(said) = &clock.settled {
        about.push_str(&format!("\nby {} at {}: {}", said.by, said.at, said.text));
    }
    let mark = match clock.state.as_str() {
        "open" => String::new(),
        other => format!("{}: ", other.replace('_', " ")),
    };
    line(out, "BEGIN:VEVENT");
    line(out, &format!("UID:{}", escaped(&format!("{}/{}@stanch", clock.incident, clock.id))));
    line(out, &format!("DTSTAMP:{}", stamp(now)));
    line(out, &format!("DTSTART:{}", stamp(due)));
    line(out, "DURATION:PT0S");
    line(out, &format!("SUMMARY:{}", escaped(&format!("{mark}{}", clock.title))));
    line(out, &format!("DESCRIPTION:{}", escaped(&about)));
    line(out, if clock.settled.is_some() { "STATUS:CANCELLED" } else { "STATUS:CONFIRMED" });
    line(out, "TRANSP:TRANSPARENT");
    if clock.settled.is_none() {
        let length = due.as_second().saturating_sub(anchor.as_second()).max(0);
        for left in [length / 2, length / 10] {
            alarm(out, &clock.title, left / 60);
        }
    }
    line(out, "END:VEVENT");
}

fn alarm(out: &mut String, title: &str, minutes_before: i64) {
    line(out, "BEGIN:VALARM");
    line(out, "ACTION:DISPLAY");
    line(out, &format!("DESCRIPTION:{}", escaped(title)));
    line(out, &format!("TRIGGER:-PT{minutes_before}M"));
    line(out, "END:VALARM");
}

/// `20261109T200000Z`
fn stamp(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A text as a property's value: what would end or split it is escaped, what steers a terminal is left out.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in stanch_model::text::clean(text).chars() {
        match c {
            '\\' | ';' | ',' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// One line, folded between characters, ended by CR and LF.
fn line(out: &mut String, text: &str) {
    let mut used = 0;
    for c in text.chars() {
        if used + c.len_utf8() > WIDEST {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used += c.len_utf8();
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use stanch_model::api::Note;

    use super::*;

    fn clock(state: &str, settled: Option<Note>) -> DeadlineView {
        DeadlineView {
            id: "contract:Drift".to_owned(),
            incident: "01J".to_owned(),
            rule: "contract".to_owned(),
            title: "Contract clause, Drift; ünd möre, as long as the line that has to be folded somewhere ü"
                .to_owned(),
            anchor: "2026-11-06T20:00:00Z".to_owned(),
            due: "2026-11-07T20:00:00Z".to_owned(),
            state: state.to_owned(),
            settled,
            owed_to_us: false,
            written: None,
        }
    }

    #[test]
    fn every_line_is_folded_ended_and_escaped_as_the_standard_says() {
        let said =
            Note { at: "2026-11-07T00:00:00Z".into(), by: "ana".into(), text: "x\r\nEND:VEVENT".into() };
        let text = calendar(
            &[clock("open", None), clock("sent", Some(said))],
            "2026-11-07T00:00:00Z".parse().unwrap(),
        );
        assert!(
            text.split_inclusive("\r\n").all(|line| line.ends_with("\r\n") && line.len() <= WIDEST + 2),
            "{text}"
        );
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
        let unfolded = text.replace("\r\n ", "");
        insta::assert_snapshot!(unfolded.replace('\r', ""));
        assert_eq!(unfolded.matches("BEGIN:VEVENT").count(), 2);
        assert_eq!(unfolded.lines().filter(|line| *line == "END:VEVENT").count(), 2, "words ended an event");
    }

    #[test]
    fn no_clock_is_an_empty_calendar() {
        let text = calendar(&[], Timestamp::UNIX_EPOCH);
        assert!(
            text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && text.ends_with("END:VCALENDAR\r\n")
        );
    }
}
