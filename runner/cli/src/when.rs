//! Moments as people read them: to the second, in UTC, and how far away they are. Data keeps its exact instants.

use jiff::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// `2026-11-27 11:03:23Z` of an RFC 3339 instant; what is none stays as it is.
pub(crate) fn at(time: &str) -> String {
    written(time, "%Y-%m-%d %H:%M:%SZ")
}

/// `11-27 11:03:23`, for columns.
pub(crate) fn brief(time: &str) -> String {
    written(time, "%m-%d %H:%M:%S")
}

/// `11:03:23`, for lines of one night.
pub(crate) fn clock(time: &str) -> String {
    written(time, "%H:%M:%S")
}

/// `11:03Z` of a moment of this night, `11-27 11:03Z` of one further away.
pub(crate) fn near(moment: Timestamp, now: Timestamp) -> String {
    let apart = moment.as_second().abs_diff(now.as_second());
    let way = if apart < 12 * HOUR { "%H:%MZ" } else { "%m-%d %H:%MZ" };
    moment.strftime(way).to_string()
}

/// `2026-11-27 11:03:23Z, in 23h 59m`, or how long ago it was.
pub(crate) fn due(time: &str, now: Timestamp) -> String {
    match time.parse::<Timestamp>() {
        Ok(moment) => format!("{}, {}", at(time), from(moment, now)),
        Err(_) => time.to_owned(),
    }
}

/// `in 23h 59m`, `4m 10s ago`, `now`.
pub(crate) fn from(moment: Timestamp, now: Timestamp) -> String {
    let seconds = moment.as_second().saturating_sub(now.as_second());
    let long = length(seconds.unsigned_abs());
    match seconds {
        0 => "now".to_owned(),
        1.. => format!("in {long}"),
        _ => format!("{long} ago"),
    }
}

/// The two largest units: `3d 4h`, `23h 59m`, `4m 10s`, `12s`.
pub(crate) fn length(seconds: u64) -> String {
    let two = |large: u64, unit: &str, small: u64, rest: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit} {small}{rest}"),
    };
    match seconds {
        DAY.. => two(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
        HOUR.. => two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "m"),
        MINUTE.. => two(seconds / MINUTE, "m", seconds % MINUTE, "s"),
        _ => format!("{seconds}s"),
    }
}

fn written(time: &str, how: &str) -> String {
    time.parse::<Timestamp>().map_or_else(|_| time.to_owned(), |moment| moment.strftime(how).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_short_and_say_how_far_away_they_are() {
        let now: Timestamp = "2026-11-26T11:03:24Z".parse().unwrap();
        let near = |time: &str| near(time.parse().unwrap(), now);
        assert_eq!(near("2026-11-26T12:03:24Z"), "12:03Z");
        assert_eq!(near("2026-11-27T11:03:23Z"), "11-27 11:03Z", "tomorrow is not in a minute");
        let due = |time: &str| due(time, now);
        assert_eq!(due("2026-11-27T11:03:23.740044577Z"), "2026-11-27 11:03:23Z, in 23h 59m");
        assert_eq!(due("2026-11-26T11:03:24.9Z"), "2026-11-26 11:03:24Z, now");
        assert_eq!(due("2026-11-26T10:59:14Z"), "2026-11-26 10:59:14Z, 4m 10s ago");
        assert_eq!(due("2026-11-29T15:03:24Z"), "2026-11-29 15:03:24Z, in 3d 4h");
        assert_eq!(due("2026-11-26T13:03:24Z"), "2026-11-26 13:03:24Z, in 2h");
        assert_eq!(due("soon"), "soon");
        assert_eq!(brief("2026-11-27T11:03:23.740044577Z"), "11-27 11:03:23");
        assert_eq!(clock("2026-11-27T12:03:23+01:00"), "11:03:23");
    }
}
