//! Lengths of time as laws and contracts write them: `72h`, `30 days`, `4 business days`, `1 month`.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, ToSpan, Unit, Zoned,
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};

/// A length of time with the calendar that it is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// By the clock.
    Minutes(u32),
    /// By the clock.
    Hours(u32),
    /// The same time of day in the rule's zone.
    Days(u32),
    /// Monday to Friday without the rule's holidays; the day of the anchor does not count.
    BusinessDays(u32),
    /// The same day of the month in the rule's zone.
    Months(u32),
}

/// Why a text is not a length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a length of time: write `72h`, `30 days`, `4 business days` or `1 month`")]
pub struct NotASpan(String);

/// Longer ones are mistakes.
const MOST: u32 = 10_000;

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let refused = || NotASpan(text.to_owned());
        let text_trimmed = text.trim();
        let digits = text_trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(text_trimmed.len());
        let (number, unit) = text_trimmed.split_at(digits);
        let number: u32 = number.parse().map_err(|_| refused())?;
        if !(1..=MOST).contains(&number) {
            return Err(refused());
        }
        match unit.trim() {
            "m" | "min" | "minutes" => Ok(Self::Minutes(number)),
            "h" | "hour" | "hours" => Ok(Self::Hours(number)),
            "d" | "day" | "days" => Ok(Self::Days(number)),
            "business day" | "business days" => Ok(Self::BusinessDays(number)),
            "month" | "months" => Ok(Self::Months(number)),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes(n) => write!(f, "{n}m"),
            Self::Hours(n) => write!(f, "{n}h"),
            Self::Days(n) => write!(f, "{n} days"),
            Self::BusinessDays(n) => write!(f, "{n} business days"),
            Self::Months(n) => write!(f, "{n} months"),
        }
    }
}

/// The days on which nothing is counted and the hour at which a counted day ends.
#[derive(Clone, Debug)]
pub(super) struct Calendar<'a> {
    pub(super) zone: TimeZone,
    pub(super) holidays: &'a [Date],
    pub(super) until: Option<Time>,
}

impl Span {
    /// How long it is by the clock, where it does not depend on a calendar; a day is 24 hours then.
    pub fn milliseconds(self) -> Option<i64> {
        let minutes = match self {
            Self::Minutes(n) => i64::from(n),
            Self::Hours(n) => i64::from(n) * 60,
            Self::Days(n) => i64::from(n) * 24 * 60,
            Self::BusinessDays(_) | Self::Months(_) => return None,
        };
        Some(minutes * 60_000)
    }

    /// The moment at which a clock of this length ends that starts at `anchor`.
    pub(super) fn after(self, anchor: Timestamp, calendar: &Calendar<'_>) -> Result<Timestamp, jiff::Error> {
        let local = anchor.to_zoned(calendar.zone.clone());
        match self {
            Self::Minutes(n) => anchor.checked_add(i64::from(n).minutes()),
            Self::Hours(n) => anchor.checked_add(i64::from(n).hours()),
            Self::Days(n) => Ok(local.checked_add(i64::from(n).days())?.timestamp()),
            Self::Months(n) => Ok(local.checked_add(i64::from(n).months())?.timestamp()),
            Self::BusinessDays(n) => business(&local, n, calendar),
        }
    }
}

fn business(anchor: &Zoned, count: u32, calendar: &Calendar<'_>) -> Result<Timestamp, jiff::Error> {
    let mut day = anchor.date();
    let mut left = count;
    while left > 0 {
        day = day.tomorrow()?;
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        if !weekend && !calendar.holidays.contains(&day) {
            left -= 1;
        }
    }
    match calendar.until {
        Some(time) => Ok(day.to_datetime(time).to_zoned(calendar.zone.clone())?.timestamp()),
        // to the end of the day: the last second still counts
        None => Ok(day.tomorrow()?.to_zoned(calendar.zone.clone())?.round(Unit::Second)?.timestamp()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_as_people_write_them() {
        let read = |text: &str| text.parse::<Span>();
        assert_eq!(read("72h"), Ok(Span::Hours(72)));
        assert_eq!(read("4 business days"), Ok(Span::BusinessDays(4)));
        assert_eq!(read(" 1 month "), Ok(Span::Months(1)));
        assert_eq!(read("30d"), Ok(Span::Days(30)));
        for bad in ["", "h", "0h", "soon", "72", "99999999999h", "-3h", "3 weeks"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_day_keeps_its_time_over_a_change_of_clocks() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let calendar = Calendar { zone, holidays: &[], until: None };
        let anchor: Timestamp = "2026-10-24T10:00:00Z".parse().unwrap(); // 12:00 in Berlin, clocks change that night
        assert_eq!(Span::Days(1).after(anchor, &calendar).unwrap().to_string(), "2026-10-25T11:00:00Z");
        assert_eq!(Span::Hours(24).after(anchor, &calendar).unwrap().to_string(), "2026-10-25T10:00:00Z");
    }
}
