//! Notices: a subject and a text with `{placeholders}`, filled from the data that a script hands to `notify`.
//!
//! A placeholder is a path (`{left.failed}`); `{x.count}` is the length of a list. Lists become lines when the placeholder
//! has a line to itself, else they are joined by commas. A secret is never filled in.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_model::value::{as_secret, as_target};

/// What every notice may use besides its data: whom it is for, as the script named them (`{to.name}` of a vendor).
pub const RESERVED: &[&str] = &["to"];

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The subject line, from the front matter.
    pub subject: String,
    /// The text after the front matter, markdown.
    pub body: String,
}

/// A notice that is ready to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// One line.
    pub subject: String,
    /// Markdown.
    pub body: String,
}

/// Why a notice cannot be filled. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FillError {
    /// The data has no such value.
    #[error("the notice needs `{{{0}}}`, which the data lacks")]
    Missing(String),
    /// The value must not leave the house.
    #[error("`{{{0}}}` is a secret: no notice may hold one")]
    Secret(String),
}

/// What is wrong with a template's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It does not begin with front matter that has a subject.
    #[error("the notice has no subject")]
    NoSubject,
    /// A `{` without its `}` or with something other than a path inside.
    #[error("`{text}` is no placeholder")]
    BadPlaceholder {
        /// What stands there.
        text: String,
        /// Its bytes in the file.
        span: Range<usize>,
    },
}

impl Template {
    /// Reads a file: front matter (`subject: …` between two lines of dashes), then the text. `{{` stands for `{`.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn parse(text: &str) -> Result<Self, Vec<TemplateError>> {
        let rest = text.strip_prefix("---\n").unwrap_or_default();
        let (front, body) = rest.split_once("\n---\n").unwrap_or(("", text));
        let subject = front.lines().find_map(|line| line.strip_prefix("subject:")).map(unquote);
        let mut problems: Vec<TemplateError> = pieces(text)
            .filter_map(|piece| match piece {
                Piece::Bad(span) => {
                    Some(TemplateError::BadPlaceholder { text: text[span.clone()].to_owned(), span })
                }
                _ => None,
            })
            .collect();
        match subject.filter(|subject| !subject.is_empty()) {
            Some(subject) if problems.is_empty() => Ok(Self { subject, body: body.trim_start().to_owned() }),
            Some(_) => Err(problems),
            None => {
                problems.insert(0, TemplateError::NoSubject);
                Err(problems)
            }
        }
    }

    /// The paths that it needs, each once, the reserved ones left out.
    pub fn placeholders(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for text in [&self.subject, &self.body] {
            found.extend(pieces(text).filter_map(|piece| match piece {
                Piece::Path(path, _) => Some(path),
                _ => None,
            }));
        }
        found.retain(|path| !RESERVED.contains(&path.split('.').next().unwrap_or_default()));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Fills in `data`, a map that holds the reserved values too.
    ///
    /// # Errors
    /// When a value is missing or secret.
    pub fn fill(&self, data: &Value) -> Result<Filled, FillError> {
        let subject = fill(&self.subject, data)?;
        Ok(Filled {
            subject: subject.split_whitespace().collect::<Vec<_>>().join(" "),
            body: fill(&self.body, data)?,
        })
    }
}

fn unquote(text: &str) -> String {
    let text = text.trim();
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(text).to_owned()
}

enum Piece<'a> {
    Text(&'a str),
    Path(&'a str, Range<usize>),
    Bad(Range<usize>),
}

/// A template cut at its placeholders.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        if rest.starts_with("{{") {
            at += 2;
            return Some(Piece::Text("{"));
        }
        let Some(open) = rest.strip_prefix('{') else {
            at += rest.find('{').unwrap_or(rest.len());
            return Some(Piece::Text(&text[start..at]));
        };
        let path = &open
            [..open.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).unwrap_or(open.len())];
        at += 1 + path.len();
        if path.is_empty() || !text[at..].starts_with('}') {
            return Some(Piece::Bad(start..at));
        }
        at += 1;
        Some(Piece::Path(path, start..at))
    })
}

fn fill(text: &str, data: &Value) -> Result<String, FillError> {
    let mut out = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(part) => out.push_str(part),
            Piece::Bad(span) => out.push_str(&text[span]),
            Piece::Path(path, span) => {
                let alone = out.rsplit('\n').next() == Some("")
                    && matches!(text[span.end..].chars().next(), None | Some('\n'));
                out.push_str(&shown(&find(data, path)?, path, alone)?);
            }
        }
    }
    Ok(out)
}

fn find(data: &Value, path: &str) -> Result<Value, FillError> {
    let mut value = data;
    let parts: Vec<&str> = path.split('.').collect();
    for (at, part) in parts.iter().enumerate() {
        match value.get(part) {
            Some(inner) => value = inner,
            None if *part == "count" && at + 1 == parts.len() && value.is_array() => {
                return Ok(value.as_array().map_or(0, Vec::len).into());
            }
            None => return Err(FillError::Missing(path.to_owned())),
        }
    }
    Ok(value.clone())
}

fn shown(value: &Value, path: &str, alone: bool) -> Result<String, FillError> {
    if as_secret(value).is_some() {
        return Err(FillError::Secret(path.to_owned()));
    }
    if let Some(target) = as_target(value) {
        return Ok(format!("{} ({} on {})", target.name(), target.kind, target.integration));
    }
    Ok(match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => {
            let items = items.iter().map(|item| shown(item, path, false)).collect::<Result<Vec<_>, _>>()?;
            if alone {
                items.iter().map(|item| format!("- {item}")).collect::<Vec<_>>().join("\n")
            } else {
                items.join(", ")
            }
        }
        Value::Object(map) => {
            let items = map.iter().map(|(key, value)| Ok(format!("{key}: {}", shown(value, path, false)?)));
            items.collect::<Result<Vec<_>, FillError>>()?.join(", ")
        }
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_become_lines_where_they_stand_alone() {
        let template = Template::parse(
            "---\nsubject: \"[{incident.id}] {n.count} apps\"\n---\n\n{n}\n\nalso {n}, {none} {{x}\n",
        )
        .unwrap();
        let data = json!({ "incident": { "id": "i1" }, "none": [], "n": [
            { "$target": { "integration": "okta", "kind": "app", "id": "1", "label": "Drift" } }, "b" ] });
        let filled = template.fill(&data).unwrap();
        assert_eq!(filled.subject, "[i1] 2 apps");
        assert_eq!(filled.body, "- Drift (app on okta)\n- b\n\nalso Drift (app on okta), b, none {x}\n");
        assert_eq!(template.placeholders(), ["incident.id", "n", "n.count", "none"]);
    }

    #[test]
    fn a_missing_value_and_a_secret_are_refused() {
        let template = Template::parse("---\nsubject: x\n---\n{a.b} {key}").unwrap();
        assert_eq!(template.fill(&json!({ "key": 1 })), Err(FillError::Missing("a.b".into())));
        let data = json!({ "a": { "b": 1 }, "key": { "$secret": "h" } });
        assert_eq!(template.fill(&data), Err(FillError::Secret("key".into())));
    }

    #[test]
    fn a_subject_cannot_be_split_over_lines() {
        let template = Template::parse("---\nsubject: {t}\n---\nx").unwrap();
        let filled = template.fill(&json!({ "t": "a\r\nBcc: x@example.org" })).unwrap();
        assert_eq!(filled.subject, "a Bcc: x@example.org");
    }

    #[test]
    fn mistakes_are_all_found() {
        let problems = Template::parse("no front matter {a b} {").unwrap_err();
        assert_eq!(problems.len(), 3);
        assert_eq!(problems[0], TemplateError::NoSubject);
    }
}
