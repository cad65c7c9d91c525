//! Moments to the second, and lengths in their two largest units.

use jiff::{Timestamp, tz::TimeZone};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// From so many seconds on nobody counts minutes any more.
const LONG: i64 = 100 * MINUTE;

/// Which clock people read.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
    name: &'static str,
}

impl Zone {
    /// UTC, marked `Z`.
    pub fn utc() -> Self {
        Self { zone: TimeZone::UTC, name: "Z" }
    }

    /// Where this machine stands, marked `local`.
    pub fn local(zone: TimeZone) -> Self {
        Self { zone, name: " local" }
    }

    /// `02:54:11`.
    pub fn clock(&self, ms: i64) -> String {
        self.written(ms, "%H:%M:%S")
    }

    /// `02:54`.
    pub fn minute(&self, ms: i64) -> String {
        self.written(ms, "%H:%M")
    }

    /// `03-13 02:54`.
    pub fn day(&self, ms: i64) -> String {
        self.written(ms, "%m-%d %H:%M")
    }

    /// `02:54:11Z`, `03:54:11 local`.
    pub fn marked(&self, ms: i64) -> String {
        format!("{}{}", self.clock(ms), self.name)
    }

    /// `2026-03-13 02:54Z`, `2026-03-13 03:54 local`.
    pub fn whole(&self, ms: i64) -> String {
        format!("{}{}", self.written(ms, "%Y-%m-%d %H:%M"), self.name)
    }

    /// `03:40`, with the day where it is another one than that of `now`.
    pub fn near(&self, ms: i64, now_ms: i64) -> String {
        let same = self.written(ms, "%F") == self.written(now_ms, "%F");
        if same { self.minute(ms) } else { self.day(ms) }
    }

    fn written(&self, ms: i64, how: &str) -> String {
        let at = Timestamp::from_millisecond(ms).unwrap_or_default();
        at.to_zoned(self.zone.clone()).strftime(how).to_string()
    }
}

/// `3d 4h`, `23h 45m`, `4m 10s`, `12s`.
pub fn length(ms: i64) -> String {
    let seconds = (ms.abs() + 500) / 1000;
    let two = |large: i64, unit: &str, small: i64, rest: &str| match small {
        0 => format!("{large}{unit}"),
        _ => format!("{large}{unit} {small:02}{rest}"),
    };
    match seconds {
        DAY.. => two(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
        HOUR.. => two(seconds / HOUR, "h", seconds % HOUR / MINUTE, "m"),
        MINUTE.. => two(seconds / MINUTE, "m", seconds % MINUTE, "s"),
        _ => format!("{seconds}s"),
    }
}

/// `T+14:20`: minutes and seconds since a drill began; `T+3h 07m`, `T+2d 04h` of one that lasts long.
pub fn since_start(seconds: i64) -> String {
    match seconds {
        LONG.. => format!("T+{}", length(seconds * 1000)),
        _ => format!("T+{}:{:02}", seconds / 60, (seconds % 60).abs()),
    }
}

/// The largest unit only: `3d`, `23h`, `4m`, `12s`.
pub fn about(ms: i64) -> String {
    let seconds = ms.abs() / 1000;
    match seconds {
        DAY.. => format!("{}d", seconds / DAY),
        HOUR.. => format!("{}h", seconds / HOUR),
        MINUTE.. => format!("{}m", seconds / MINUTE),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_have_two_units_and_moments_their_day_only_when_it_is_another() {
        let lengths = [12_000, 250_000, 85_500_000, 273_600_000, 3_600_000];
        assert_eq!(lengths.map(length), ["12s", "4m 10s", "23h 45m", "3d 04h", "1h"]);
        assert_eq!([12_999, 250_000, 85_500_000].map(about), ["12s", "4m", "23h"]);
        let zone = Zone::utc();
        assert_eq!(zone.near(3_600_000, 0), "01:00");
        assert_eq!(zone.near(90_000_000, 0), "01-02 01:00");
        assert_eq!(zone.marked(1_000), "00:00:01Z");
        assert_eq!([860, 11_220, 187_200].map(since_start), ["T+14:20", "T+3h 07m", "T+2d 04h"]);
    }
}
