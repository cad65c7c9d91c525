//! Takes secret values out of words that people, logs or journals may see.

use std::fmt;

/// The secrets that took part in one exchange.
#[derive(Clone, Default)]
pub(crate) struct Scrub {
    values: Vec<String>,
}

/// Shorter values would blank out ordinary words.
const SHORTEST: usize = 4;
/// Longest message that is kept of a platform's own words.
const LONGEST: usize = 300;

impl Scrub {
    /// Remembers one more.
    pub(crate) fn add(&mut self, value: &str) {
        if value.len() < SHORTEST || self.values.iter().any(|known| known == value) {
            return;
        }
        self.values.push(value.to_owned());
        let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        let json = serde_json::Value::from(value).to_string();
        for form in [encoded, json.trim_matches('"').to_owned()] {
            if form != value {
                self.values.push(form);
            }
        }
    }

    /// The words without any of them: one line, of bounded length.
    pub(crate) fn clean(&self, words: &str) -> String {
        let mut clean = words.to_owned();
        for value in &self.values {
            clean = clean.replace(value, "[secret]");
        }
        let line: String = clean.split_whitespace().collect::<Vec<_>>().join(" ");
        match line.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", &line[..at]),
            None => line,
        }
    }
}

impl fmt::Debug for Scrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrub({} values)", self.values.len())
    }
}
