//! How one integration has been since the start: figures for people, by which nothing is decided.

use std::{collections::VecDeque, time::Duration};

use parking_lot::Mutex;
use stanch_model::api::IntegrationHealth;

use crate::Outcome;

/// Calls whose duration is remembered: as many as a small chart has columns.
const REMEMBERED: usize = 40;

/// Counts what came back.
#[derive(Debug, Default)]
pub(crate) struct Health {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    calls: u64,
    failed: u64,
    latency_ms: VecDeque<u64>,
    trouble: Option<(i64, String)>,
}

impl Health {
    /// A call came back after so long, at this Unix time in milliseconds.
    pub(crate) fn came_back(&self, after: Duration, outcome: &Outcome, at_ms: i64) {
        let trouble = match outcome {
            Outcome::Done { .. } => None,
            // a platform that says what it was asked is well, whatever it says
            Outcome::Refused { status: Some(status), .. } if *status != 401 && *status < 500 => None,
            Outcome::Refused { message, .. } => Some(message.clone()),
            Outcome::NotSent { why } | Outcome::Limited { why, .. } | Outcome::InDoubt { why } => {
                Some(why.clone())
            }
        };
        let mut seen = self.seen.lock();
        seen.calls += 1;
        if seen.latency_ms.len() >= REMEMBERED {
            seen.latency_ms.pop_front();
        }
        seen.latency_ms.push_back(u64::try_from(after.as_millis()).unwrap_or(u64::MAX));
        if let Some(why) = trouble {
            seen.failed += 1;
            seen.trouble = Some((at_ms, why));
        }
    }

    /// The figures so far.
    pub(crate) fn so_far(&self) -> IntegrationHealth {
        let seen = self.seen.lock();
        IntegrationHealth {
            calls: seen.calls,
            failed: seen.failed,
            latency_ms: seen.latency_ms.iter().copied().collect(),
            trouble: seen.trouble.clone(),
            ..IntegrationHealth::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_no_is_an_answer_and_silence_is_trouble() {
        let health = Health::default();
        let refused =
            |status| Outcome::Refused { kind: ErrorKind::Unknown, status, message: "no".to_owned() };
        let silent = Outcome::InDoubt { why: "no answer in time".to_owned() };
        for (at, outcome) in [refused(Some(404)), refused(Some(401)), silent].iter().enumerate() {
            health.came_back(Duration::from_millis(7), outcome, at as i64);
        }
        let so_far = health.so_far();
        assert_eq!((so_far.calls, so_far.failed, so_far.latency_ms), (3, 2, vec![7, 7, 7]));
        assert_eq!(so_far.trouble, Some((2, "no answer in time".to_owned())));
    }
}
