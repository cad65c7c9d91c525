//! Reading fields out of what senders write: bounded, cleaned, forgiving about spelling, strict about nothing.

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::Value;
use stanch_model::{Hash, Severity, text::clean};

/// Longer names and ids are cut.
const MAX_TEXT: usize = 512;

/// Longer titles are cut.
const MAX_TITLE: usize = 200;

/// A value as text: cleaned and bounded; numbers and booleans as they print; empty is none.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => bounded(text, MAX_TEXT),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A title of one line.
pub(super) fn title(text: &str) -> String {
    let line: Vec<&str> = text.split_whitespace().collect();
    bounded(&line.join(" "), MAX_TITLE).unwrap_or_default()
}

fn bounded(text: &str, most: usize) -> Option<String> {
    let text = text.trim();
    let dirty = text.len() > most || text.contains(|c: char| c.is_control() || !c.is_ascii());
    let text = if dirty { clean(text).chars().take(most).collect() } else { text.to_owned() };
    (!text.is_empty()).then_some(text)
}

/// A severity as people and OCSF write it.
pub(super) fn severity(value: &Value) -> Option<Severity> {
    let number = match value {
        Value::Number(number) => number.as_i64()?,
        Value::String(word) => match word.to_ascii_lowercase().as_str() {
            "info" | "informational" | "debug" => 1,
            "low" | "notice" => 2,
            "medium" | "moderate" | "warn" | "warning" => 3,
            "high" | "error" => 4,
            "critical" | "fatal" | "emergency" => 5,
            digits => digits.parse().ok()?,
        },
        _ => return None,
    };
    match number {
        1 => Some(Severity::Info),
        2 => Some(Severity::Low),
        3 => Some(Severity::Medium),
        4 => Some(Severity::High),
        5 | 6 => Some(Severity::Critical),
        _ => None,
    }
}

/// A moment: RFC 3339, the same without a zone (taken as UTC), Unix seconds or milliseconds.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text
            .parse()
            .ok()
            .or_else(|| Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp()))
            .or_else(|| number(text.parse().ok()?)),
        Value::Number(value) => number(value.as_f64()?),
        _ => None,
    }
}

/// Seconds until the year 5138, milliseconds from 1973 on.
fn number(value: f64) -> Option<Timestamp> {
    if !value.is_finite() || value.abs() >= 1e15 {
        return None;
    }
    let millis = if value.abs() < 1e11 { value * 1000.0 } else { value };
    #[expect(clippy::cast_possible_truncation, reason = "bounded above; below a millisecond nothing matters")]
    Timestamp::from_millisecond(millis as i64).ok()
}

/// The name of bytes that have none.
pub(super) fn hash_id(body: &[u8]) -> String {
    Hash::of(body).to_string()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moments_are_read_in_every_usual_form() {
        for form in [
            json!("2022-03-22T14:21:53.225Z"),
            json!("2022-03-22T15:21:53.225+01:00"),
            json!("2022-03-22 14:21:53.225"),
            json!(1_647_958_913.225),
            json!(1_647_958_913_225_i64),
            json!("1647958913225"),
        ] {
            let read = time(&form).unwrap_or_else(|| panic!("{form}"));
            assert_eq!(read.as_millisecond(), 1_647_958_913_225, "{form}");
        }
        for form in [json!("yesterday"), json!(null), json!(1e300), json!({})] {
            assert_eq!(time(&form), None, "{form}");
        }
    }

    #[test]
    fn texts_are_cleaned_and_bounded() {
        assert_eq!(text(&json!(" x\u{1b}[2Jy ")).as_deref(), Some("x[2Jy"));
        assert_eq!(text(&json!("é".repeat(2000))).unwrap().chars().count(), MAX_TEXT);
        assert_eq!(text(&json!("")), None);
        assert_eq!(text(&json!(7)).as_deref(), Some("7"));
        assert_eq!(text(&json!({})), None);
    }

    #[test]
    fn severities_are_read_as_words_and_as_ocsf_numbers() {
        assert_eq!(severity(&json!("HIGH")), Some(Severity::High));
        assert_eq!(severity(&json!("warning")), Some(Severity::Medium));
        assert_eq!(severity(&json!(6)), Some(Severity::Critical));
        assert_eq!(severity(&json!("5")), Some(Severity::Critical));
        assert_eq!(severity(&json!("loud")), None);
    }
}
