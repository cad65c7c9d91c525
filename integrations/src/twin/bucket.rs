//! A token bucket on the twins' monotonic clock.

use std::time::Duration;

use super::Rate;

/// Requests that may still come, and the rate at which more may.
#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    left: f64,
    seen: Duration,
}

/// What the bucket says of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Turn {
    /// Whether it may go on.
    pub(crate) granted: bool,
    /// Requests at once, at most.
    pub(crate) limit: u64,
    /// Requests left now.
    pub(crate) remaining: u64,
    /// Until a refused request may come again; until the bucket is full for a granted one.
    pub(crate) wait: Duration,
}

/// What a platform tells as its limit when a fault, not a configured rate, refuses.
const LIMIT_OF_A_FAULT: u64 = 60;

impl Turn {
    /// Refused for so long, whatever was left.
    pub(crate) fn refused(wait: Duration) -> Self {
        Self { granted: false, limit: LIMIT_OF_A_FAULT, remaining: 0, wait }
    }
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(rate: Rate, now: Duration) -> Self {
        let rate = Rate { per_second: rate.per_second.max(f64::MIN_POSITIVE), burst: rate.burst.max(1.0) };
        Self { rate, left: rate.burst, seen: now }
    }

    /// Takes one request out, if one is left.
    pub(crate) fn take(&mut self, now: Duration) -> Turn {
        let passed = now.saturating_sub(self.seen).as_secs_f64();
        self.seen = self.seen.max(now);
        self.left = passed.mul_add(self.rate.per_second, self.left).min(self.rate.burst);
        let granted = self.left >= 1.0;
        if granted {
            self.left -= 1.0;
        }
        let missing = if granted { self.rate.burst - self.left } else { 1.0 - self.left };
        Turn {
            granted,
            limit: self.rate.burst as u64,
            remaining: self.left as u64,
            wait: Duration::try_from_secs_f64(missing / self.rate.per_second).unwrap_or(Duration::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn burst_then_the_rate_exactly() {
        let mut bucket = Bucket::new(Rate { per_second: 500.0, burst: 10.0 }, Duration::ZERO);
        let granted = |bucket: &mut Bucket, millis: u64| bucket.take(Duration::from_millis(millis)).granted;
        assert_eq!((0..100).filter(|_| granted(&mut bucket, 0)).count(), 10);
        let over_two_seconds = (0..20_000).filter(|n| granted(&mut bucket, n / 10)).count();
        assert!((999..=1000).contains(&over_two_seconds), "{over_two_seconds}");
    }

    #[test]
    fn a_refusal_says_when_to_come_again() {
        let mut bucket = Bucket::new(Rate { per_second: 0.5, burst: 1.0 }, Duration::ZERO);
        assert!(bucket.take(Duration::ZERO).granted);
        let turn = bucket.take(Duration::from_secs(1));
        assert_eq!((turn.granted, turn.wait), (false, Duration::from_secs(1)));
        assert!(bucket.take(Duration::from_secs(2)).granted);
    }
}
