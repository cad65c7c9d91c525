//! Moments of a report, and how they are written.

use jiff::Timestamp;

/// Where a report's time begins, Unix ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Zero(pub(super) i64);

impl Zero {
    /// Seconds since then.
    pub(super) fn s(self, ms: i64) -> i64 {
        (ms - self.0).div_euclid(1000)
    }

    /// The same of an RFC 3339 instant.
    pub(super) fn at(self, time: &str) -> Option<i64> {
        Some(self.s(ms(time)?))
    }
}

/// Unix ms of an RFC 3339 instant.
pub(super) fn ms(time: &str) -> Option<i64> {
    Some(time.parse::<Timestamp>().ok()?.as_millisecond())
}

/// RFC 3339 of Unix ms, to the second.
pub(super) fn rfc3339(ms: i64) -> String {
    let moment = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2026-03-13 02:40:00Z` of an RFC 3339 instant; what is none stays as it is.
pub(super) fn written(time: &str) -> String {
    time.parse::<Timestamp>()
        .map_or_else(|_| time.to_owned(), |moment| moment.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// `T+2:40`, `T+1:02:40`, `T+3d 01:02:40`; a minus before the start.
pub fn after(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    match (days, hours) {
        (0, 0) => format!("T{sign}{minutes}:{seconds:02}"),
        (0, _) => format!("T{sign}{hours}:{minutes:02}:{seconds:02}"),
        _ => format!("T{sign}{days}d {hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// The two largest units: `12d`, `3d 4h`, `4m 10s`, `12s`.
pub fn length(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let two = |large: u64, unit: &str, small: u64, rest: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit} {small}{rest}"),
    };
    match seconds {
        86_400.. => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
        3600.. => two(seconds / 3600, "h", seconds % 3600 / 60, "m"),
        60.. => two(seconds / 60, "m", seconds % 60, "s"),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_lengths_are_short() {
        let shown: Vec<String> = [0, 160, 3_760, 262_960, -5].into_iter().map(after).collect();
        assert_eq!(shown, ["T+0:00", "T+2:40", "T+1:02:40", "T+3d 01:02:40", "T-0:05"]);
        let shown: Vec<String> = [12, 250, 7_200, 12 * 86_400].into_iter().map(length).collect();
        assert_eq!(shown, ["12s", "4m 10s", "2h", "12d"]);
    }
}
