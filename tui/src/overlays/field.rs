//! A field of a sheet: what is written in it is read by its type, and what is wrong with it stands at it.

use jiff::Timestamp;
use serde_json::{Value, json};
use stanch_model::{api::PlaybookInput, duration};

use super::written::Written;
use crate::event::Key;

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text of at least so many letters, once it is any.
    Text(usize),
    /// Exactly this word: who writes it has read what it is about.
    Word(String),
    /// A whole number.
    Integer,
    /// true or false.
    Bool,
    /// An instant, or `now`.
    Time,
    /// Texts, parted by commas.
    List,
    /// A length of time.
    Length,
    /// The name under which a secret is kept.
    Secret,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub(crate) name: String,
    /// What it takes, in words.
    pub(crate) help: String,
    /// What is wrong with what is written.
    pub(crate) wrong: Option<String>,
    kind: Kind,
    is_needed: bool,
    /// What it is unless somebody says otherwise.
    usual: String,
    written: Written,
}

impl Field {
    /// An empty one that must be written.
    pub(crate) fn needed(name: &str, kind: Kind, help: &str) -> Self {
        Self {
            name: name.to_owned(),
            help: help.to_owned(),
            wrong: None,
            kind,
            is_needed: true,
            usual: String::new(),
            written: Written::default(),
        }
    }

    /// An empty one that may stay so.
    pub(crate) fn free(name: &str, kind: Kind, help: &str) -> Self {
        Self { is_needed: false, ..Self::needed(name, kind, help) }
    }

    /// With this in it from the start.
    pub(crate) fn with(self, text: &str) -> Self {
        Self { written: Written::new(text), ..self }
    }

    /// An input of a playbook, as its manifest says.
    pub(crate) fn of_input(input: &PlaybookInput) -> Self {
        let (kind, what) = match input.kind.as_str() {
            "integer" => (Kind::Integer, "a whole number"),
            "bool" => (Kind::Bool, "Space turns it"),
            "time" => (Kind::Time, "now, or an instant, 2026-03-13T02:40:00Z"),
            "list" => (Kind::List, "several, parted by commas"),
            "secret" => (Kind::Secret, "the handle under which the vault keeps it, never the secret"),
            "app" => (Kind::Text(1), "an app's name or client id, or a vendor"),
            "user" => (Kind::Text(1), "a login, a mail address or an id"),
            "vendor" => (Kind::Text(1), "a vendor of the register"),
            _ => (Kind::Text(1), "text"),
        };
        let usual = match &input.default {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) => {
                let texts =
                    items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
                texts.collect::<Vec<_>>().join(", ")
            }
            Some(other) => other.to_string(),
        };
        // how it is written is said where it is not plain
        let help = match (input.help.as_str(), &kind) {
            ("", _) => what.to_owned(),
            (help, Kind::Text(_)) => help.to_owned(),
            (help, _) => format!("{help}; {what}"),
        };
        let is_needed = input.required && input.default.is_none();
        let field = Self { is_needed, usual: usual.clone(), ..Self::needed(&input.name, kind, &help) };
        field.with(&usual)
    }

    /// True for one that must be written.
    pub(crate) fn is_needed(&self) -> bool {
        self.is_needed
    }

    pub(super) fn key(&mut self, key: &Key) {
        self.wrong = None;
        match (&self.kind, key.name()) {
            (Kind::Bool, "space" | "left" | "right") => {
                self.written = Written::new(if self.written.now() == "true" { "false" } else { "true" });
            }
            _ => self.written.key(key),
        }
    }

    /// Its rows, those around the place at which one writes.
    pub(super) fn rows(&self, width: usize, is_here: bool, most: usize) -> Vec<String> {
        self.written.rows(width, is_here, most)
    }

    /// What is written, by its type; nothing where nothing is, or where it is what it is anyway.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub(super) fn read(&self, now_ms: i64) -> Result<Option<Value>, String> {
        let text = self.written.now();
        if text.is_empty() {
            return match (self.is_needed, self.usual.is_empty()) {
                (true, _) => Err("it is needed".to_owned()),
                (false, true) => Ok(None),
                (false, false) => Err(format!("it is empty; usually it is {}", self.usual)),
            };
        }
        if text == self.usual {
            return Ok(None);
        }
        self.typed(&text, now_ms).map(Some)
    }

    fn typed(&self, text: &str, now_ms: i64) -> Result<Value, String> {
        match &self.kind {
            Kind::Text(least) if text.chars().count() < *least => {
                Err(format!("at least {least} letters: it is read by others"))
            }
            Kind::Text(_) => Ok(json!(text)),
            Kind::Word(word) if text.eq_ignore_ascii_case(word) => Ok(json!(word)),
            Kind::Word(word) => Err(format!("write {word}")),
            Kind::Integer => {
                text.parse::<i64>().map(Value::from).map_err(|_| format!("{text} is no whole number"))
            }
            Kind::Bool => {
                text.parse::<bool>().map(Value::from).map_err(|_| format!("{text} is neither true nor false"))
            }
            Kind::Time if text == "now" => {
                Ok(json!(Timestamp::from_millisecond(now_ms).unwrap_or_default().to_string()))
            }
            Kind::Time => match text.parse::<Timestamp>() {
                Ok(_) => Ok(json!(text)),
                Err(_) => Err(format!("{text} is no instant; write 2026-03-13T02:40:00Z")),
            },
            Kind::List => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Ok(items.collect::<Vec<_>>().into())
            }
            Kind::Length => match duration::parse(text) {
                Ok(_) => Ok(json!(text)),
                Err(_) => Err(format!("{text} is no length of time; write 30m or 2h")),
            },
            Kind::Secret => Ok(json!({ "$secret": text })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(kind: &str, default: Option<Value>) -> Field {
        let (name, kind) = ("x".to_owned(), kind.to_owned());
        Field::of_input(&PlaybookInput { name, kind, help: String::new(), required: true, default })
    }

    #[test]
    fn what_is_written_is_read_by_its_type_and_a_usual_value_is_left_to_the_server() {
        let read = |kind: &str, text: &str| input(kind, None).with(text).read(1_000);
        assert_eq!(read("integer", " 42 "), Ok(Some(json!(42))));
        assert_eq!(read("integer", "4.2"), Err("4.2 is no whole number".to_owned()));
        assert_eq!(read("bool", "true"), Ok(Some(json!(true))));
        assert_eq!(read("list", "a, b,,c"), Ok(Some(json!(["a", "b", "c"]))));
        assert_eq!(read("time", "now"), Ok(Some(json!("1970-01-01T00:00:01Z"))));
        assert!(read("time", "yesterday").unwrap_err().contains("no instant"));
        assert_eq!(read("app", "drift"), Ok(Some(json!("drift"))));
        assert_eq!(read("app", "  "), Err("it is needed".to_owned()));
        assert_eq!(input("time", Some(json!("now"))).read(0), Ok(None));
        assert_eq!(input("list", Some(json!([]))).read(0), Ok(None));
        assert!(
            input("string", Some(json!("24h"))).with("").read(0).unwrap_err().contains("usually it is 24h")
        );
    }

    #[test]
    fn a_word_is_the_word_and_a_reason_has_its_length() {
        let word = Field::needed("type", Kind::Word("drift".to_owned()), "");
        assert_eq!(word.clone().with("DRIFT").read(0), Ok(Some(json!("drift"))));
        assert_eq!(word.with("drif").read(0), Err("write drift".to_owned()));
        let why = Field::needed("why", Kind::Text(10), "");
        assert!(why.clone().with("hm").read(0).unwrap_err().contains("at least 10"));
        assert!(why.with("nobody answers").read(0).is_ok());
        assert_eq!(Field::free("to", Kind::Text(1), "").read(0), Ok(None));
    }
}
