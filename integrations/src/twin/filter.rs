//! Filters as SCIM and Okta write them: `eventType eq "user.session.clear" and target.id eq "00u1"` (RFC 7644, 3.4.2.2).

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::store::Row;

/// Conditions in conditions: deeper than any person writes, shallow enough for the stack.
const DEPTH_MAX: usize = 32;

/// A parsed filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// field, operator, value
    Field(String, String, Value),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What was expected.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut words = Words { words: cut(text)?, at: 0 };
        let filter = words.any(0)?;
        match words.next() {
            None => Ok(filter),
            Some(word) => Err(format!("unexpected `{word}`")),
        }
    }

    /// Whether a row is meant.
    pub(crate) fn fits(&self, row: &Row) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.fits(row)),
            Self::Any(parts) => parts.iter().any(|part| part.fits(row)),
            Self::Not(part) => !part.fits(row),
            Self::Field(field, operator, wanted) => {
                let (first, rest) = field.split_once('.').unwrap_or((field, ""));
                row.get(first)
                    .is_some_and(|value| any_at(value, rest, &|value| holds(value, operator, wanted)))
            }
        }
    }

    /// The value that every row must have in this field.
    pub(crate) fn exactly(&self, wanted: &str) -> Option<&Value> {
        match self {
            Self::All(parts) => parts.iter().find_map(|part| part.exactly(wanted)),
            Self::Field(field, operator, value) if field == wanted && operator == "eq" => Some(value),
            _ => None,
        }
    }
}

/// Follows a dotted path; a list on the way means any of its items.
fn any_at(value: &Value, path: &str, test: &dyn Fn(&Value) -> bool) -> bool {
    if let Value::Array(items) = value {
        return items.iter().any(|item| any_at(item, path, test));
    }
    if path.is_empty() {
        return test(value);
    }
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    value.get(first).is_some_and(|inner| any_at(inner, rest, test))
}

fn holds(value: &Value, operator: &str, wanted: &Value) -> bool {
    if operator == "pr" {
        return !value.is_null();
    }
    let (Some(given), Some(asked)) = (value.as_str(), wanted.as_str()) else {
        return match operator {
            "eq" => value == wanted,
            "ne" => value != wanted,
            _ => false,
        };
    };
    if let (Ok(given), Ok(asked)) = (given.parse::<Timestamp>(), asked.parse::<Timestamp>()) {
        return ordered(given.cmp(&asked), operator);
    }
    let (given, asked) = (given.to_lowercase(), asked.to_lowercase());
    match operator {
        "co" => given.contains(&asked),
        "sw" => given.starts_with(&asked),
        "ew" => given.ends_with(&asked),
        operator => ordered(given.cmp(&asked), operator),
    }
}

fn ordered(order: Ordering, operator: &str) -> bool {
    match operator {
        "eq" => order.is_eq(),
        "ne" => order.is_ne(),
        "gt" => order.is_gt(),
        "ge" => order.is_ge(),
        "lt" => order.is_lt(),
        "le" => order.is_le(),
        _ => false,
    }
}

fn cut(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            space if space.is_whitespace() => {}
            '(' | ')' => words.push(letter.to_string()),
            '"' => {
                let mut word = String::from('"');
                loop {
                    match letters.next() {
                        Some('"') => break,
                        Some('\\') => word.extend(letters.next()),
                        Some(other) => word.push(other),
                        None => return Err("a quoted text does not end".to_owned()),
                    }
                }
                words.push(word);
            }
            first => {
                let mut word = String::from(first);
                while let Some(next) =
                    letters.next_if(|next| !next.is_whitespace() && !"()\"".contains(*next))
                {
                    word.push(next);
                }
                words.push(word);
            }
        }
    }
    Ok(words)
}

struct Words {
    words: Vec<String>,
    at: usize,
}

impl Words {
    fn next(&mut self) -> Option<String> {
        let word = self.words.get(self.at).cloned();
        self.at += 1;
        word
    }

    fn take(&mut self, wanted: &str) -> bool {
        let is = self.words.get(self.at).is_some_and(|word| word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(is);
        is
    }

    fn any(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.all(depth)?];
        while self.take("or") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Filter, String> {
        let mut parts = vec![self.single(depth)?];
        while self.take("and") {
            parts.push(self.single(depth)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::All(parts) })
    }

    fn single(&mut self, depth: usize) -> Result<Filter, String> {
        if depth > DEPTH_MAX {
            return Err("too many nested conditions".to_owned());
        }
        if self.take("not") {
            return Ok(Filter::Not(Box::new(self.single(depth + 1)?)));
        }
        if self.take("(") {
            let inside = self.any(depth + 1)?;
            return if self.take(")") { Ok(inside) } else { Err("a parenthesis does not end".to_owned()) };
        }
        let field = self.next().ok_or("expecting a field")?;
        let operator = self.next().ok_or("expecting an operator")?.to_lowercase();
        if !["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"].contains(&operator.as_str()) {
            return Err(format!("unknown operator `{operator}`"));
        }
        let value = match operator.as_str() {
            "pr" => Value::Null,
            _ => {
                let word = self.next().ok_or("expecting a value")?;
                match word.strip_prefix('"') {
                    Some(text) => Value::String(text.to_owned()),
                    None => serde_json::from_str(&word).map_err(|_| format!("`{word}` is no value"))?,
                }
            }
        };
        Ok(Filter::Field(field, operator, value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_look_into_lists_and_combine() {
        let event = json!({ "eventType": "user.session.clear", "target": [{ "id": "a" }, { "id": "b" }], "n": 1, "at": "2026-03-13T02:40:00.000Z" });
        let row = event.as_object().expect("a map");
        let fits = |text: &str| Filter::parse(text).expect(text).fits(row);
        assert!(fits(r#"eventType eq "user.session.clear" and target.id eq "b""#));
        assert!(!fits(r#"eventType eq "user.session.clear" and target.id eq "c""#));
        assert!(fits(r#"(target.id eq "c" or n eq 1) and not (eventType sw "app")"#));
        assert!(fits(r#"at ge "2026-03-13T02:40:00Z""#) && !fits(r#"at lt "2026-03-13T03:40:00+01:00""#));
        assert!(fits("eventType pr and eventType co \"SESSION\"") && !fits("gone pr"));
        let filter = Filter::parse(r#"n eq 1 and target.id eq "b""#).expect("filter");
        assert_eq!(filter.exactly("target.id"), Some(&json!("b")));
        for broken in ["", "a", "a eq", "a xx 1", "(a pr", "a eq \"x", "a pr b"] {
            assert!(Filter::parse(broken).is_err(), "{broken}");
        }
    }
}
