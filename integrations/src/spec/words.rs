//! Small values that are written as one word: `30s`, `600/min`.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// A length of time, `500ms`, `30s`, `5m`, `24h`, `90d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Span(pub(crate) Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no length of time: write 500ms, 30s, 5m, 24h or 90d");
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let count: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let unit_ms: u64 = match &text[digits..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        count.checked_mul(unit_ms).map(|ms| Self(Duration::from_millis(ms))).ok_or_else(wrong)
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0.as_millis();
        match ms {
            _ if ms % 1_000 != 0 => write!(f, "{ms}ms"),
            _ if ms % 60_000 != 0 => write!(f, "{}s", ms / 1_000),
            _ if ms % 3_600_000 != 0 => write!(f, "{}m", ms / 60_000),
            _ => write!(f, "{}h", ms / 3_600_000),
        }
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
    fn lengths_of_time_read_and_write() {
        for (text, ms) in [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("24h", 86_400_000)] {
            let span = Span::try_from(text.to_owned()).unwrap();
            assert_eq!(span.0, Duration::from_millis(ms));
            assert_eq!(span.to_string(), text);
        }
        for wrong in ["", "5", "s", "5 s", "-5s", "1.5h", "99999999999999999999d", "9999999999999999d"] {
            assert!(Span::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

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
