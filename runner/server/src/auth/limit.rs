//! How many requests one caller may make: a bucket that fills steadily.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Buckets by name. A caller is known before it has one, so nobody can fill the map.
#[derive(Debug)]
pub(crate) struct Limiter {
    per_second: f64,
    burst: f64,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl Limiter {
    pub(crate) fn new(per_second: u32, burst: u32) -> Self {
        Self { per_second: per_second.into(), burst: burst.into(), buckets: Mutex::default() }
    }

    /// Takes `n` from this bucket.
    ///
    /// # Errors
    /// After how long it will be full enough.
    pub(crate) fn take(&self, name: &str, n: u32, now: Instant) -> Result<(), Duration> {
        let n = f64::from(n).min(self.burst);
        let mut buckets = self.buckets.lock();
        if !buckets.contains_key(name) {
            buckets.insert(name.to_owned(), Bucket { left: self.burst, at: now });
        }
        let Some(bucket) = buckets.get_mut(name) else { return Ok(()) };
        let since = now.saturating_duration_since(bucket.at).as_secs_f64();
        bucket.left = (bucket.left + since * self.per_second).min(self.burst);
        bucket.at = now;
        if bucket.left >= n {
            bucket.left -= n;
            return Ok(());
        }
        Err(Duration::from_secs_f64((n - bucket.left) / self.per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_the_pace() {
        let limiter = Limiter::new(10, 5);
        let start = Instant::now();
        for _ in 0..5 {
            assert_eq!(limiter.take("a", 1, start), Ok(()));
        }
        assert_eq!(limiter.take("a", 1, start), Err(Duration::from_millis(100)));
        assert_eq!(limiter.take("b", 1, start), Ok(()));
        assert_eq!(limiter.take("a", 1, start + Duration::from_millis(100)), Ok(()));
        assert!(limiter.take("a", 1, start + Duration::from_millis(150)).is_err());
    }

    #[test]
    fn more_than_a_burst_at_once_is_a_burst() {
        assert_eq!(Limiter::new(1, 5).take("a", 100, Instant::now()), Ok(()));
    }
}
