//! Small values that are written as one word: `30s`, `600/min`.

use std::{borrow::Cow, fmt, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use stanch_model::duration;

/// A length of time, `500ms`, `30s`, `5m`, `24h`, `90d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Span(pub(crate) Duration);

impl TryFrom<String> for Span {
    type Error = duration::NotADuration;

    fn try_from(text: String) -> Result<Self, duration::NotADuration> {
        duration::parse(&text).map(Self)
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        duration::format(span.0)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$" })
    }
}

/// How long access lives on that was issued before: a length of time, or `{settings.NAME}` where each tenant decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum Residual {
    For(Span),
    Setting(String),
}

impl Residual {
    /// The setting that decides, if one does.
    pub(crate) fn setting(&self) -> Option<&str> {
        match self {
            Self::For(_) => None,
            Self::Setting(name) => Some(name),
        }
    }

    /// How long, with what a setting says; `None` where it says no length of time.
    pub(crate) fn lasts<'a>(&self, setting: impl FnOnce(&str) -> Option<&'a str>) -> Option<Duration> {
        match self {
            Self::For(span) => Some(span.0),
            Self::Setting(name) => duration::parse(setting(name)?).ok(),
        }
    }
}

impl TryFrom<String> for Residual {
    type Error = duration::NotADuration;

    fn try_from(text: String) -> Result<Self, duration::NotADuration> {
        let name = text.strip_prefix("{settings.").and_then(|rest| rest.strip_suffix('}'));
        match name {
            Some(name) => Ok(Self::Setting(name.to_owned())),
            None => Span::try_from(text).map(Self::For),
        }
    }
}

impl From<Residual> for String {
    fn from(residual: Residual) -> Self {
        match residual {
            Residual::For(span) => span.into(),
            Residual::Setting(name) => format!("{{settings.{name}}}"),
        }
    }
}

impl JsonSchema for Residual {
    fn schema_name() -> Cow<'static, str> {
        "Residual".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = "^([0-9]+(ms|s|m|h|d)|\\{settings\\.[a-z0-9_]+\\})$";
        json_schema!({ "type": "string", "pattern": pattern })
    }
}

impl JsonSchema for Rate {
    fn schema_name() -> Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[1-9][0-9]*/(s|min|h)$" })
    }
}

/// A pace: `20/s`, `600/min`, `60/h`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Rate {
    count: u32,
    per: Per,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Per {
    Second,
    Minute,
    Hour,
}

impl Rate {
    /// How many may go at once after a pause: half of what the platform allows in the time it names, because whoever asked
    /// before us used some of it.
    pub(crate) fn burst(self) -> u32 {
        (self.count / 2).max(1)
    }

    /// Requests per second.
    pub(crate) fn per_second(self) -> f64 {
        f64::from(self.count)
            / match self.per {
                Per::Second => 1.0,
                Per::Minute => 60.0,
                Per::Hour => 3600.0,
            }
    }
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no pace: write 20/s, 600/min or 60/h");
        let (count, per) = text.split_once('/').ok_or_else(wrong)?;
        let count = count.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)?;
        let per = match per {
            "s" => Per::Second,
            "min" => Per::Minute,
            "h" => Per::Hour,
            _ => return Err(wrong()),
        };
        Ok(Self { count, per })
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> Self {
        rate.to_string()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = match self.per {
            Per::Second => "s",
            Per::Minute => "min",
            Per::Hour => "h",
        };
        write!(f, "{}/{per}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paces_read_and_write() {
        let rate = Rate::try_from("600/min".to_owned()).unwrap();
        assert!((rate.per_second() - 10.0).abs() < f64::EPSILON);
        assert_eq!(rate.to_string(), "600/min");
        for wrong in ["600", "0/s", "5/day", "-1/s", "/s"] {
            assert!(Rate::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
