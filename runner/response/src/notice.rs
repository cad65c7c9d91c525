//! Messages to people outside a run: a template with a subject, filled with values, and nothing else.
//!
//! A template has no logic. A value that holds a secret is refused, control characters are taken out, and in a drill every
//! message says EXERCISE where it cannot be overlooked. A value is never read as a template.

use serde::Deserialize;
use serde_json::Value;
use stanch_model::{run::Mode, value, yaml};

/// The notices that come with the program, by name.
const BUILT_IN: &[(&str, &str)] = &[("integration-cut", include_str!("../notices/integration-cut.md"))];

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

/// A template: Markdown with a front matter that holds the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    subject: String,
    body: String,
}

/// Why there is no message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// No front matter, or none with a subject.
    #[error("the template does not begin with `---`, `subject: …`, `---`{0}")]
    NoSubject(String),
    /// `{{` without `}}`.
    #[error("a `{{{{` is not closed: {0}")]
    Unclosed(String),
    /// The values have no such member.
    #[error("nothing is known as `{0}`")]
    Missing(String),
    /// Maps have no words.
    #[error("`{0}` is a map: name one of its members")]
    NotText(String),
    /// It would have left the house.
    #[error("`{0}` holds a secret, which no message may")]
    Secret(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    subject: String,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When it has no subject or an unclosed placeholder.
    pub fn parse(source: &str) -> Result<Self, NoticeError> {
        let source = source.replace("\r\n", "\n");
        let rest = source.strip_prefix("---\n").ok_or_else(|| NoticeError::NoSubject(String::new()))?;
        let (front, body) =
            rest.split_once("\n---\n").ok_or_else(|| NoticeError::NoSubject(String::new()))?;
        let front: Front = yaml::read("", &quoted(front), "NT0001")
            .map_err(|diagnostic| NoticeError::NoSubject(format!(": {}", diagnostic.message)))?;
        Self::new(&front.subject, body)
    }

    /// A template whose parts are known already.
    ///
    /// # Errors
    /// When a placeholder is not closed.
    pub fn new(subject: &str, body: &str) -> Result<Self, NoticeError> {
        pieces(subject)?;
        pieces(body)?;
        Ok(Self { subject: subject.to_owned(), body: body.to_owned() })
    }

    /// A template that comes with the program.
    pub fn built_in(name: &str) -> Option<Result<Self, NoticeError>> {
        BUILT_IN.iter().find(|(known, _)| *known == name).map(|(_, source)| Self::parse(source))
    }

    /// The names that a message of this template needs, in order of first use.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for text in [&self.subject, &self.body] {
            for piece in pieces(text).unwrap_or_default() {
                if let Piece::Name(name) = piece
                    && !names.iter().any(|known| known == name)
                {
                    names.push(name.to_owned());
                }
            }
        }
        names
    }

    /// Fills the template.
    ///
    /// # Errors
    /// A value is missing, has no words, or holds a secret.
    pub fn render(&self, values: &Value, mode: Mode) -> Result<Notice, NoticeError> {
        let subject = fill(&self.subject, values)?;
        let body = fill(&self.body, values)?;
        Ok(Notice { subject, text: body }.marked(mode))
    }
}

impl Notice {
    /// A message that is not made from a template. Takes control characters out and marks exercises.
    pub fn plain(subject: &str, text: &str, mode: Mode) -> Self {
        Self { subject: clean(subject), text: clean(text) }.marked(mode)
    }

    fn marked(self, mode: Mode) -> Self {
        let subject: Vec<&str> = self.subject.split_whitespace().collect();
        let subject = cut(subject.join(" "), MAX_SUBJECT, "…");
        let text = cut(self.text, MAX_TEXT, "\n[cut here: the rest is in the journal]");
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
}

/// `subject: We cut {{x}} off` is what authors write; YAML would take a leading `{{` for a map.
fn quoted(front: &str) -> String {
    match front.strip_prefix("subject:") {
        Some(subject) if !subject.contains('\n') && !subject.trim().starts_with(['"', '\'']) => {
            format!("subject: {}", Value::String(subject.trim().to_owned()))
        }
        _ => front.to_owned(),
    }
}

enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, NoticeError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        pieces.push(Piece::Text(before));
        let unclosed = || NoticeError::Unclosed(after.chars().take(30).collect());
        let (name, after_name) = after.split_once("}}").ok_or_else(unclosed)?;
        if name.contains('\n') || name.contains("{{") {
            return Err(unclosed());
        }
        pieces.push(Piece::Name(name.trim()));
        rest = after_name;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

fn fill(text: &str, values: &Value) -> Result<String, NoticeError> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Name(name) => {
                let value = name
                    .split('.')
                    .try_fold(values, |value, part| value.get(part))
                    .ok_or_else(|| NoticeError::Missing(name.to_owned()))?;
                if holds_secret(value) {
                    return Err(NoticeError::Secret(name.to_owned()));
                }
                out.push_str(&clean(&words(name, value)?));
            }
        }
    }
    Ok(out)
}

fn words(name: &str, value: &Value) -> Result<String, NoticeError> {
    if let Some(target) = value::as_target(value) {
        return Ok(format!("{} {} on {}", target.kind, target.name(), target.integration));
    }
    match value {
        Value::Null => Ok("nothing".to_owned()),
        Value::Bool(true) => Ok("yes".to_owned()),
        Value::Bool(false) => Ok("no".to_owned()),
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) => Ok(text.clone()),
        Value::Array(items) if items.is_empty() => Ok("nothing".to_owned()),
        Value::Array(items) => {
            let lines: Result<Vec<String>, _> =
                items.iter().map(|item| words(name, item).map(|text| format!("- {text}"))).collect();
            Ok(lines?.join("\n"))
        }
        Value::Object(map) if map.values().all(Value::is_array) => {
            let parts: Result<Vec<String>, _> = map
                .iter()
                .filter(|(_, list)| list.as_array().is_some_and(|items| !items.is_empty()))
                .map(|(key, list)| {
                    words(name, list).map(|text| format!("{}:\n{text}", key.replace('_', " ")))
                })
                .collect();
            let parts = parts?;
            Ok(if parts.is_empty() { "nothing".to_owned() } else { parts.join("\n") })
        }
        Value::Object(_) => Err(NoticeError::NotText(name.to_owned())),
    }
}

fn holds_secret(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_secret),
        // a target's attributes are never written out, so a handle among them does not leave
        _ if value::as_target(value).is_some() => false,
        Value::Object(map) => map.contains_key(value::SECRET_KEY) || map.values().any(holds_secret),
        _ => false,
    }
}

/// Takes out what could forge a header, hide text or drive a terminal; keeps line breaks and tabs.
pub fn clean(text: &str) -> String {
    let hidden = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.replace("\r\n", "\n").chars().filter(|c| !hidden(*c)).collect()
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

    fn render(source: &str, values: &Value) -> Result<Notice, NoticeError> {
        Template::parse(source)?.render(values, Mode::Live)
    }

    fn target(label: &str) -> Value {
        json!({ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": label } })
    }

    #[test]
    fn names_lists_and_targets_become_words() {
        let source =
            "---\nsubject: {{vendor.name}} is cut\n---\nSince {{since}}:\n{{apps}}\nLeft: {{left}}\n";
        let values = json!({
            "vendor": { "name": "Drift" }, "since": "2026-11-01T00:00:00Z",
            "apps": [target("Drift"), target("")], "left": { "failed": [], "residual": [target("T")], "in_doubt": [] }
        });
        let notice = render(source, &values).unwrap();
        assert_eq!(notice.subject, "Drift is cut");
        insta::assert_snapshot!(notice.text);
    }

    #[test]
    fn a_secret_is_refused_wherever_it_hides() {
        let source = "---\nsubject: x\n---\n{{a}}";
        for value in [
            json!({ "a": { "$secret": "h" } }),
            json!({ "a": [1, [{ "$secret": "h" }]] }),
            json!({ "a": { "list": [{ "$secret": "h" }] } }),
        ] {
            assert_eq!(render(source, &value), Err(NoticeError::Secret("a".to_owned())));
        }
    }

    #[test]
    fn a_value_can_neither_forge_a_header_nor_be_a_template() {
        let source = "---\nsubject: About {{app}}\n---\n{{app}}";
        let values = json!({ "app": "x\r\nBcc: all@acme.example\u{202e} {{vendor}}\u{1b}[2J" });
        let notice = render(source, &values).unwrap();
        assert_eq!(notice.subject, "About x Bcc: all@acme.example {{vendor}}[2J");
        assert_eq!(notice.text, "x\nBcc: all@acme.example {{vendor}}[2J");
    }

    #[test]
    fn a_drill_says_so_in_the_subject_at_the_top_and_at_the_end() {
        let notice =
            Template::parse("---\nsubject: x\n---\nbody\n").unwrap().render(&json!({}), Mode::Drill).unwrap();
        assert!(notice.subject.starts_with("EXERCISE: "));
        assert!(notice.text.starts_with("EXERCISE") && notice.text.ends_with("EXERCISE. This is a drill."));
        assert!(Notice::plain("x", "y", Mode::Drill).text.starts_with("EXERCISE"));
        assert!(!Notice::plain("x", "y", Mode::Live).text.contains("EXERCISE"));
    }

    #[test]
    fn what_is_missing_or_unclosed_is_named() {
        assert_eq!(
            render("---\nsubject: x\n---\n{{a.b}}", &json!({ "a": 1 })),
            Err(NoticeError::Missing("a.b".to_owned()))
        );
        assert_eq!(
            render("---\nsubject: x\n---\n{{a}}", &json!({ "a": { "b": 1 } })),
            Err(NoticeError::NotText("a".to_owned()))
        );
        assert!(matches!(render("---\nsubject: x\n---\n{{a", &json!({})), Err(NoticeError::Unclosed(_))));
        assert!(matches!(render("no front matter", &json!({})), Err(NoticeError::NoSubject(_))));
        assert!(matches!(render("---\nsubjekt: x\n---\n", &json!({})), Err(NoticeError::NoSubject(_))));
    }

    #[test]
    fn every_built_in_notice_reads() {
        for (name, _) in BUILT_IN {
            assert!(
                Template::built_in(name).unwrap().unwrap().names().contains(&"vendor.name".to_owned()),
                "{name}"
            );
        }
        assert!(Template::built_in("none").is_none());
    }
}
