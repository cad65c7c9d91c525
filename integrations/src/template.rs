//! Text with `{variables}`: parsed when a file is read, filled in when a request is built.
//!
//! A template never decides how its values are escaped for the place it stands in (path, query, JSON): that is the
//! request builder's. Filters are for languages *inside* a value, such as SOQL in a query parameter.

mod shape;

pub(crate) use shape::Shape;

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A parsed text. `{{` and `}}` stand for the braces themselves.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Template {
    source: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Variable { path: String, filter: Option<Filter> },
}

/// Another way to write a value: escapes for a language inside it, mostly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Inside a single-quoted SOQL string. A list becomes several of them: `IN ('{ids|soql}')` is `IN ('a', 'b')`.
    Soql,
    /// Inside a double-quoted string (SCIM, Okta and JQL filters); a list as several.
    Quoted,
    /// Inside a single-quoted OData string; a list as several.
    Odata,
    /// Inside a single-quoted SQL string; a list as several.
    Sql,
    /// Inside a double-quoted SQL identifier.
    Identifier,
    /// A list as `a,b,c`; items must not contain a comma.
    Comma,
    /// The part of a mail address after the `@`.
    Domain,
    /// A point in time as Unix seconds.
    Epoch,
    /// In upper case.
    Upper,
    /// In lower case.
    Lower,
    /// Any value as JSON text.
    Json,
}

impl Filter {
    const ALL: [(&str, Self); 11] = [
        ("soql", Self::Soql),
        ("quoted", Self::Quoted),
        ("odata", Self::Odata),
        ("sql", Self::Sql),
        ("identifier", Self::Identifier),
        ("comma", Self::Comma),
        ("domain", Self::Domain),
        ("epoch", Self::Epoch),
        ("upper", Self::Upper),
        ("lower", Self::Lower),
        ("json", Self::Json),
    ];

    /// It keeps a value from ending a string that this quote began.
    pub(crate) fn escapes(self, quote: char) -> bool {
        match quote {
            '\'' => matches!(self, Self::Soql | Self::Odata | Self::Sql),
            '"' => matches!(self, Self::Quoted | Self::Identifier),
            _ => true,
        }
    }
}

/// Gives the values of variables.
pub(crate) trait Lookup {
    /// The value at `input.user.id`-like paths; `None` when it was not given.
    fn lookup(&self, path: &str) -> Option<Value>;
}

/// Why a template could not be filled in. Never holds a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FillError {
    #[error("`{{{0}}}` was not given")]
    Missing(String),
    #[error("`{0}` is a {1}, where text is needed")]
    NotText(String, &'static str),
    #[error("`{0}` may not hold a comma in any of its items")]
    Comma(String),
    #[error("`{0}` is a secret and must not stand here")]
    Secret(String),
    #[error("`{0}` holds {1}, which may not stand in a path")]
    Path(String, &'static str),
    #[error("`{0}` holds a line break or another control character, which may not stand in a header")]
    Header(String),
    #[error("secret of `{0}`: {1}")]
    Vault(String, String),
}

impl Template {
    /// The text as written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Its parts in order.
    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The variables in it.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable { path, .. } => Some(path.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The variable, when the text is nothing but one without a filter.
    pub(crate) fn single(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Variable { path, filter: None }] => Some(path),
            _ => None,
        }
    }

    /// Fills it in; `place` turns each variable's value into the text that goes there.
    pub(crate) fn fill(
        &self,
        from: &dyn Lookup,
        mut place: impl FnMut(&str, &Value) -> Result<String, FillError>,
    ) -> Result<String, FillError> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Variable { path, filter } => {
                    let value = from
                        .lookup(path)
                        .filter(|value| !value.is_null())
                        .ok_or_else(|| FillError::Missing(path.clone()))?;
                    let value = match filter {
                        Some(filter) => Value::String(filter.apply(path, &value)?),
                        None => value,
                    };
                    text.push_str(&place(path, &value)?);
                }
            }
        }
        Ok(text)
    }

    /// Fills it in as plain text; secrets are refused.
    pub(crate) fn text(&self, from: &dyn Lookup) -> Result<String, FillError> {
        self.fill(from, as_text)
    }

    /// The variables' values, if `text` can have come out of this template. Only for templates without filters.
    pub(crate) fn read_back(&self, text: &str) -> Option<BTreeMap<String, String>> {
        let mut found = BTreeMap::new();
        let mut rest = text;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Text(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Part::Variable { path, .. } => {
                    let end = match parts.peek() {
                        Some(Part::Text(next)) => rest.find(next.as_str())?,
                        Some(Part::Variable { .. }) => return None,
                        None => rest.len(),
                    };
                    let (value, after) = rest.split_at(end);
                    if value.is_empty() {
                        return None;
                    }
                    found.insert(path.clone(), value.to_owned());
                    rest = after;
                }
            }
        }
        rest.is_empty().then_some(found)
    }
}

impl Filter {
    fn apply(self, path: &str, value: &Value) -> Result<String, FillError> {
        match self {
            Self::Soql => several(path, value, "', '", |text| escape(text, &['\\', '\''])),
            Self::Quoted => several(path, value, "\", \"", quoted),
            Self::Odata => several(path, value, "', '", |text| text.replace('\'', "''")),
            Self::Sql => several(path, value, "', '", |text| escape(text, &['\\']).replace('\'', "''")),
            Self::Identifier => as_text(path, value).map(|text| text.replace('"', "\"\"")),
            Self::Upper => as_text(path, value).map(|text| text.to_uppercase()),
            Self::Lower => as_text(path, value).map(|text| text.to_lowercase()),
            Self::Json => plain_json(path, value),
            Self::Domain => {
                as_text(path, value).map(|text| text.rsplit('@').next().unwrap_or_default().to_owned())
            }
            Self::Epoch => {
                let text = as_text(path, value)?;
                let at: jiff::Timestamp =
                    text.parse().map_err(|_| FillError::NotText(path.to_owned(), "text that is no time"))?;
                Ok(at.as_second().to_string())
            }
            Self::Comma => {
                let Value::Array(items) = value else { return as_text(path, value) };
                let items: Vec<_> = items.iter().map(|item| as_text(path, item)).collect::<Result<_, _>>()?;
                if items.iter().any(|item| item.contains(',')) {
                    return Err(FillError::Comma(path.to_owned()));
                }
                Ok(items.join(","))
            }
        }
    }
}

/// One text, or the texts of a list with what stands between two of them.
fn several(
    path: &str,
    value: &Value,
    between: &str,
    escaped: impl Fn(&str) -> String,
) -> Result<String, FillError> {
    let Value::Array(items) = value else { return as_text(path, value).map(|text| escaped(&text)) };
    let items: Vec<_> =
        items.iter().map(|item| Ok(escaped(&as_text(path, item)?))).collect::<Result<_, FillError>>()?;
    Ok(items.join(between))
}

/// A text that may stand inside double quotes.
pub(crate) fn quoted(text: &str) -> String {
    escape(text, &['\\', '"'])
}

/// A value as JSON text: targets by their id, secrets refused wherever they stand.
fn plain_json(path: &str, value: &Value) -> Result<String, FillError> {
    fn plain(path: &str, value: &Value) -> Result<Value, FillError> {
        if stanch_model::value::as_secret(value).is_some() {
            return Err(FillError::Secret(path.to_owned()));
        }
        if let Some(target) = stanch_model::value::as_target(value) {
            return Ok(Value::String(target.id));
        }
        match value {
            Value::Array(items) => items.iter().map(|item| plain(path, item)).collect(),
            Value::Object(map) => {
                map.iter().map(|(key, value)| Ok((key.clone(), plain(path, value)?))).collect()
            }
            plain => Ok(plain.clone()),
        }
    }
    plain(path, value).map(|value| value.to_string())
}

fn escape(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            _ => {
                if special.contains(&c) {
                    escaped.push('\\');
                }
                escaped.push(c);
            }
        }
    }
    escaped
}

/// A value as text: scalars, and targets by their id.
pub(crate) fn as_text(path: &str, value: &Value) -> Result<String, FillError> {
    if stanch_model::value::as_secret(value).is_some() {
        return Err(FillError::Secret(path.to_owned()));
    }
    if let Some(target) = stanch_model::value::as_target(value) {
        return Ok(target.id);
    }
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(yes) => Ok(yes.to_string()),
        Value::Null => Err(FillError::Missing(path.to_owned())),
        Value::Array(_) => Err(FillError::NotText(path.to_owned(), "list")),
        Value::Object(_) => Err(FillError::NotText(path.to_owned(), "map")),
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(source: String) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut rest = source.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            text.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if let Some(after) = after.strip_prefix(brace) {
                text.push_str(brace);
                rest = after;
                continue;
            }
            let end = after.find('}').filter(|_| brace == "{").ok_or_else(|| {
                format!("unpaired `{brace}` in `{source}`: write `{brace}{brace}` for the brace itself")
            })?;
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(variable(&after[..end], &source)?);
            rest = &after[end + 1..];
        }
        text.push_str(rest);
        if !text.is_empty() {
            parts.push(Part::Text(text));
        }
        Ok(Self { source, parts })
    }
}

fn variable(inner: &str, source: &str) -> Result<Part, String> {
    let (path, filter) = match inner.split_once('|') {
        Some((path, filter)) => (path, Some(filter)),
        None => (inner, None),
    };
    let name = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '@' | '$'))
    };
    if !path.split('.').all(name) {
        return Err(format!("`{{{inner}}}` in `{source}` is no variable"));
    }
    let filter = filter
        .map(|word| {
            Filter::ALL.iter().find(|(known, _)| *known == word).map(|(_, filter)| *filter).ok_or_else(|| {
                let known: Vec<_> = Filter::ALL.iter().map(|(known, _)| *known).collect();
                format!("no filter `{word}` in `{source}`: there are {}", known.join(", "))
            })
        })
        .transpose()?;
    Ok(Part::Variable { path: path.to_owned(), filter })
}

impl JsonSchema for Template {
    fn schema_name() -> Cow<'static, str> {
        "Template".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "Text with {variables}; {{ and }} are the braces themselves." })
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.source
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.source)
    }
}

#[cfg(test)]
mod tests;
