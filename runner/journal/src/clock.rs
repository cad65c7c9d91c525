//! The clock as text, for the `time` of headers. Nothing is decided by it.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Tells the time that headers carry, since 1970: a drill's, where the wall's is not meant.
pub type TellTime = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The wall's.
pub(crate) fn wall() -> TellTime {
    Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// A time since 1970, RFC 3339 in UTC with microseconds: 27 bytes.
pub(crate) fn shown(since: Duration) -> [u8; 27] {
    format(since.as_secs(), since.subsec_micros())
}

/// Civil date from days since 1970 (Howard Hinnant's `civil_from_days`), years 1970 to 9999.
fn format(seconds: u64, micros: u32) -> [u8; 27] {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let mut out = *b"0000-00-00T00:00:00.000000Z";
    put(&mut out[0..4], year);
    put(&mut out[5..7], month);
    put(&mut out[8..10], day);
    put(&mut out[11..13], second / 3_600);
    put(&mut out[14..16], second / 60 % 60);
    put(&mut out[17..19], second % 60);
    put(&mut out[20..26], u64::from(micros));
    out
}

fn put(slot: &mut [u8], mut value: u64) {
    for digit in slot.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::format;

    #[test]
    fn dates_are_right() {
        let text = |seconds| String::from_utf8(format(seconds, 42).to_vec()).unwrap();
        assert_eq!(text(0), "1970-01-01T00:00:00.000042Z");
        assert_eq!(text(951_782_399), "2000-02-28T23:59:59.000042Z");
        assert_eq!(text(951_782_400), "2000-02-29T00:00:00.000042Z");
        assert_eq!(text(4_107_542_400), "2100-03-01T00:00:00.000042Z");
        assert_eq!(text(1_795_361_410), "2026-11-22T15:30:10.000042Z");
    }
}
