//! Messages as they leave the house: cleaned, bounded, and marked when they are an exercise.
//!
//! What a message says comes from a playbook's template or from a line of a script; this is the last thing that happens
//! to it before it is sent.

pub use stanch_model::text::clean;
use stanch_model::{run::Mode, value};

/// Longer texts are cut, with a note that says so.
const MAX_TEXT: usize = 64 * 1024;

/// Longer subjects are cut: mail servers fold them badly.
const MAX_SUBJECT: usize = 200;

/// A message that may be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

impl Notice {
    /// Takes out what could forge a header, hide text or drive a terminal, cuts what is too long, and in a drill says
    /// EXERCISE where it cannot be overlooked.
    pub fn new(subject: &str, text: &str, mode: Mode) -> Self {
        let subject = clean(subject);
        let words: Vec<&str> = subject.split_whitespace().collect();
        let subject = cut(words.join(" "), MAX_SUBJECT, "…");
        let text = cut(clean(text), MAX_TEXT, "\n[cut here: the rest is in the journal]");
        match mode {
            Mode::Live | Mode::Plan => Self { subject, text },
            Mode::Drill => Self {
                subject: format!("EXERCISE: {subject}"),
                text: format!(
                    "EXERCISE. This is a drill: nothing of it happened.\n\n{}\n\nEXERCISE. This is a drill.",
                    text.trim_end()
                ),
            },
        }
    }

    /// A line of chat: short, so it is marked once.
    pub fn line(text: &str, mode: Mode) -> Self {
        let text = cut(clean(text), MAX_TEXT, "\n[cut here: the rest is in the journal]");
        let text = match mode {
            Mode::Live | Mode::Plan => text,
            Mode::Drill => format!("EXERCISE: {text}"),
        };
        Self { subject: String::new(), text }
    }
}

/// True if a secret's handle stands anywhere in this value where a message could write it out. A target's attributes are
/// never written out, so a handle among them does not count.
pub fn holds_secret(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Array(items) => items.iter().any(holds_secret),
        _ if value::as_target(value).is_some() => false,
        serde_json::Value::Object(map) => {
            map.contains_key(value::SECRET_KEY) || map.values().any(holds_secret)
        }
        _ => false,
    }
}

fn cut(mut text: String, most: usize, note: &str) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push_str(note);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_can_forge_a_header_or_drive_a_terminal() {
        let notice = Notice::new("About x\r\nBcc: all@acme.example", "x\r\ny\u{202e}\u{1b}[2J", Mode::Live);
        assert_eq!(notice.subject, "About x Bcc: all@acme.example");
        assert_eq!(notice.text, "x\ny[2J");
    }

    #[test]
    fn a_drill_says_so_in_the_subject_at_the_top_and_at_the_end() {
        let notice = Notice::new("x", "body\n", Mode::Drill);
        assert!(notice.subject.starts_with("EXERCISE: "));
        assert!(notice.text.starts_with("EXERCISE") && notice.text.ends_with("EXERCISE. This is a drill."));
        assert_eq!(Notice::line("x", Mode::Drill).text, "EXERCISE: x");
        assert_eq!(
            Notice::new("x", "y", Mode::Live),
            Notice { subject: "x".to_owned(), text: "y".to_owned() }
        );
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_says_so() {
        let notice = Notice::new(&"é".repeat(300), &"é".repeat(100_000), Mode::Live);
        assert!(notice.subject.ends_with('…') && notice.subject.len() <= MAX_SUBJECT + 3);
        assert!(notice.text.ends_with("in the journal]") && notice.text.len() < MAX_TEXT + 100);
    }

    #[test]
    fn a_secret_is_found_wherever_it_hides() {
        assert!(holds_secret(&json!([1, [{ "a": { "$secret": "h" } }]])));
        let target = json!({ "$target": { "integration": "i", "kind": "k", "id": "1", "attrs": { "t": { "$secret": "h" } } } });
        assert!(!holds_secret(&json!({ "apps": [target], "n": 1 })));
    }
}
