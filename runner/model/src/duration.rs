//! Lengths of time as people write them: `500ms`, `30s`, `15m`, `2h`, `1h30m`, `12d`, `2w`.

use std::time::Duration;

const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Why a text is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no length of time: write 30s, 15m, 2h, 1h30m or 12d")]
pub struct NotADuration(pub String);

/// Reads `1h30m`. Units from weeks down to milliseconds, each at most once, largest first; a bare number has no unit
/// and is refused.
///
/// # Errors
/// When the text is anything else, or longer than u64 milliseconds.
pub fn parse(text: &str) -> Result<Duration, NotADuration> {
    read(text.trim()).map(Duration::from_millis).ok_or_else(|| NotADuration(text.to_owned()))
}

fn read(mut rest: &str) -> Option<u64> {
    let mut total: u64 = 0;
    let mut next_unit = 0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let length = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let unit = UNITS.iter().position(|(name, _)| *name == &rest[..length])?;
        if unit < next_unit {
            return None;
        }
        next_unit = unit + 1;
        total = total.checked_add(number.checked_mul(UNITS[unit].1)?)?;
        rest = &rest[length..];
    }
    Some(total)
}

/// Writes `1h30m`: what [`parse`] reads, in the fewest words. Parts below a millisecond are dropped.
pub fn format(duration: Duration) -> String {
    let mut left = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if left == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (name, length) in UNITS.into_iter().skip(1) {
        let count = left / length;
        if count > 0 {
            text.push_str(&format!("{count}{name}"));
            left -= count * length;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        assert_eq!(parse("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(parse("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(parse("12d"), Ok(Duration::from_secs(12 * 86_400)));
        assert_eq!(parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse("1m1ms"), Ok(Duration::from_millis(60_001)));
    }

    #[test]
    fn refuses_everything_else() {
        for text in ["", "15", "m", "1.5h", "30m1h", "1h1h", "-5m", "5 m", "99999999999999999999s", "5years"]
        {
            assert!(parse(text).is_err(), "{text} was read");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        for text in ["30s", "15m", "1h30m", "12d", "1d1h1m1s1ms", "0s"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
    }
}
