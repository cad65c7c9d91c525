//! What an answer means. Pure: no clock but the answer's own, no I/O.

mod judge;
mod map;
mod next;

pub(crate) use judge::{Answer, Verdict, judge};
pub(crate) use map::{rows, seal, value_of};
pub(crate) use next::{Next, next};

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

use crate::{
    limit::LONGEST_PAUSE,
    spec::{LimitSpec, ResetIs},
};

/// A platform that refuses without saying for how long.
const UNTOLD: Duration = Duration::from_secs(1);

/// How long to stay away: Retry-After in seconds or as a date, else the end of the window. Never longer than an hour.
pub(crate) fn pause(headers: &HeaderMap, limits: Option<&LimitSpec>) -> Duration {
    let told = text(headers, header::RETRY_AFTER.as_str())
        .and_then(|told| match told.parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
            Err(_) => {
                httpdate::parse_http_date(told).ok().and_then(|at| at.duration_since(now(headers)).ok())
            }
        })
        .or_else(|| window(headers, limits?));
    told.unwrap_or(UNTOLD).clamp(Duration::from_millis(50), LONGEST_PAUSE)
}

/// How many requests are left, and until when, if the platform tells.
pub(crate) fn budget(headers: &HeaderMap, limits: &LimitSpec) -> Option<(u64, Duration)> {
    let remaining = text(headers, limits.remaining.as_deref()?)?.parse().ok()?;
    Some((remaining, window(headers, limits)?.min(LONGEST_PAUSE)))
}

fn window(headers: &HeaderMap, limits: &LimitSpec) -> Option<Duration> {
    let reset: f64 = text(headers, limits.reset.as_deref()?)?.parse().ok()?;
    let reset = Duration::try_from_secs_f64(reset).ok()?;
    match limits.reset_is {
        ResetIs::Seconds => Some(reset),
        ResetIs::Epoch => (SystemTime::UNIX_EPOCH + reset).duration_since(now(headers)).ok(),
    }
}

/// The platform's own clock, so that ours may be wrong.
fn now(headers: &HeaderMap) -> SystemTime {
    text(headers, header::DATE.as_str())
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(SystemTime::now)
}

pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests;
