//! What an answer means. Pure: no clock but the answer's own, no I/O.

mod judge;
mod map;
mod next;
mod xml;

pub(crate) use judge::{Answer, Verdict, judge};
pub(crate) use map::{Items, bare_ids, columns, inner_names, is_bare, items, rows, seal, value_of};
pub(crate) use next::{Next, Page, first_parts, next};

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header};

use crate::{
    limit::LONGEST_PAUSE,
    spec::{LimitSpec, ResetIs},
};

/// What a platform said about when to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pause {
    /// How long to stay away, never longer than an hour; `None` where it did not say.
    pub(crate) wait: Option<Duration>,
    /// For people.
    pub(crate) why: String,
}

/// How long to stay away: Retry-After in seconds or as a date, else the end of the window. Never longer than an hour:
/// what a platform (or whoever stands before it) says in one answer must not end a containment.
pub(crate) fn pause(headers: &HeaderMap, limits: Option<&LimitSpec>) -> Pause {
    let told = text(headers, header::RETRY_AFTER.as_str())
        .and_then(|told| match told.parse::<f64>() {
            Ok(seconds) => {
                Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)).filter(|_| seconds >= 0.0)
            }
            Err(_) => httpdate::parse_http_date(told)
                .ok()
                .map(|at| at.duration_since(now(headers)).unwrap_or_default()),
        })
        .or_else(|| window(headers, limits?));
    let Some(told) = told else {
        return Pause {
            wait: None,
            why: "the platform asks to wait, and does not say for how long".to_owned(),
        };
    };
    let why = match told > LONGEST_PAUSE {
        true => format!(
            "the platform asks to wait for {}, which is beyond reason: asked again in {}",
            spoken(told),
            spoken(LONGEST_PAUSE)
        ),
        false => format!("the platform asks to wait for {}", spoken(told)),
    };
    Pause { wait: Some(told.clamp(Duration::from_millis(50), LONGEST_PAUSE)), why }
}

/// A length of time for people: the largest unit that is whole enough.
fn spoken(time: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "days"), (3_600, "hours"), (60, "minutes"), (1, "seconds")];
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    let (unit, word) = UNITS.into_iter().find(|(unit, _)| seconds >= 2 * unit).unwrap_or((1, "seconds"));
    match (seconds / unit, word) {
        (1, word) => format!("1 {}", word.trim_end_matches('s')),
        (count, word) => format!("{count} {word}"),
    }
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
