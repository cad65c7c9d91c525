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

/// How far a notice may be passed on: the Traffic Light Protocol, version 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tlp {
    /// For the eyes of whom it is written to, and nobody else.
    Red,
    /// For their organisation alone.
    AmberStrict,
    /// For their organisation and its clients, as far as they need it.
    Amber,
    /// For their community.
    Green,
    /// For everybody.
    Clear,
}

/// The mark that a notice carries is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`TLP:{0}` is no mark: write TLP:RED, TLP:AMBER+STRICT, TLP:AMBER, TLP:GREEN or TLP:CLEAR")]
pub struct NoTlp(String);

impl Tlp {
    /// The mark of a text: the first `TLP:` at the beginning of a line. None where there is none.
    ///
    /// # Errors
    /// When the word behind it is no mark: nobody would know how far it may go.
    pub fn of(text: &str) -> Result<Option<Self>, NoTlp> {
        let Some(rest) = text.lines().find_map(|line| line.trim_start().strip_prefix("TLP:")) else {
            return Ok(None);
        };
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '+')).unwrap_or(rest.len());
        match &rest[..end] {
            "RED" => Ok(Some(Self::Red)),
            "AMBER+STRICT" => Ok(Some(Self::AmberStrict)),
            "AMBER" => Ok(Some(Self::Amber)),
            "GREEN" => Ok(Some(Self::Green)),
            "CLEAR" => Ok(Some(Self::Clear)),
            other => Err(NoTlp(other.to_owned())),
        }
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

/// How the secrets that people and programs paste begin, and how many characters of the kind follow at least.
const SHAPES: &[(&str, usize, &str)] = &[
    ("-----BEGIN OPENSSH PRIVATE KEY", 0, "a private key"),
    ("-----BEGIN PRIVATE KEY", 0, "a private key"),
    ("-----BEGIN RSA PRIVATE KEY", 0, "a private key"),
    ("-----BEGIN EC PRIVATE KEY", 0, "a private key"),
    ("-----BEGIN ENCRYPTED PRIVATE KEY", 0, "a private key"),
    ("-----BEGIN PGP PRIVATE KEY", 0, "a private key"),
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("ghp_", 30, "a GitHub token"),
    ("gho_", 30, "a GitHub token"),
    ("ghu_", 30, "a GitHub token"),
    ("ghs_", 30, "a GitHub token"),
    ("ghr_", 30, "a GitHub token"),
    ("github_pat_", 30, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
    ("xoxa-", 20, "a Slack token"),
    ("xoxr-", 20, "a Slack token"),
    ("xoxs-", 20, "a Slack token"),
    ("xapp-", 20, "a Slack token"),
    ("sk_live_", 16, "a Stripe key"),
    ("rk_live_", 16, "a Stripe key"),
    ("AIza", 30, "a Google API key"),
    ("ya29.", 20, "a Google access token"),
    ("SG.", 40, "a SendGrid key"),
    ("eyJ", 60, "a JSON web token"),
    ("Bearer ", 20, "a bearer token"),
    ("Basic ", 20, "a name and password"),
];

/// What this text seems to give away, if anything: a credential by its shape. It cannot know every shape; a secret that
/// came as a handle is refused by [`holds_secret`] whatever it looks like.
pub fn looks_secret(text: &str) -> Option<&'static str> {
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | '=');
    let fits = |at: usize, start: &str, least: usize| {
        let before = text[..at].chars().next_back();
        let rest = &text[at + start.len()..];
        let token = &rest[..rest.find(|c: char| !of_token(c)).unwrap_or(rest.len())];
        // prose has words as long as some tokens, but none with a digit in them
        let like_one = least == 0 || token.chars().any(|c| c.is_ascii_digit());
        !before.is_some_and(of_token) && token.len() >= least && like_one
    };
    SHAPES.iter().find_map(|(start, least, what)| {
        text.match_indices(start).any(|(at, _)| fits(at, start, *least)).then_some(*what)
    })
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
    fn what_looks_like_a_credential_is_found_in_the_middle_of_words_and_prose_is_not() {
        let github = format!("the key is (ghp_{}), take it", "a1B2".repeat(9));
        let token = format!("eyJ{}.{}", "hbGciOiJIUzI1NiJ9".repeat(2), "x9".repeat(20));
        for (text, what) in [
            (github.as_str(), "a GitHub token"),
            ("key: AKIAIOSFODNN7EXAMPLE", "an AWS access key"),
            ("-----BEGIN RSA PRIVATE KEY-----", "a private key"),
            (token.as_str(), "a JSON web token"),
            ("Authorization: Bearer 0123456789abcdef0123456789", "a bearer token"),
        ] {
            assert_eq!(looks_secret(text), Some(what), "{text}");
        }
        for text in [
            "Bearer of bad news",
            "Basic responsibilities-and-more-of-it",
            "AKIA",
            "https://github.com/x",
            "",
        ] {
            assert_eq!(looks_secret(text), None, "{text}");
        }
    }

    #[test]
    fn the_mark_says_how_far_a_notice_may_go_and_a_wrong_one_is_refused() {
        assert_eq!(Tlp::of("x\nTLP:AMBER+STRICT\ny"), Ok(Some(Tlp::AmberStrict)));
        assert_eq!(Tlp::of("TLP:RED, for you"), Ok(Some(Tlp::Red)));
        assert_eq!(Tlp::of("we speak of TLP:RED here"), Ok(None));
        assert!(Tlp::of("TLP:WHITE").unwrap_err().to_string().contains("TLP:CLEAR"));
    }

    #[test]
    fn a_secret_is_found_wherever_it_hides() {
        assert!(holds_secret(&json!([1, [{ "a": { "$secret": "h" } }]])));
        let target = json!({ "$target": { "integration": "i", "kind": "k", "id": "1", "attrs": { "t": { "$secret": "h" } } } });
        assert!(!holds_secret(&json!({ "apps": [target], "n": 1 })));
    }
}
