//! A scenario's clock as data: what the supervisor of a drill tells its server, and keeps in its journal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How scenario time follows from the wall clock since a moment at which both are known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockAt {
    /// Counts the changes, from 1.
    pub change: u64,
    /// The moment on the wall, Unix ms.
    pub wall_ms: i64,
    /// The same moment in the scenario, Unix ms.
    pub scenario_ms: i64,
    /// Scenario seconds for one second on the wall; 0 while the clock stands.
    pub rate: f64,
}

impl ClockAt {
    /// The fastest that a clock runs. Beyond that it jumps.
    pub const FASTEST: f64 = 600.0;

    /// What the scenario's clock shows when the wall's shows this. Never before the anchor.
    pub fn shows(&self, wall_ms: i64) -> i64 {
        if self.rate == 0.0 {
            return self.scenario_ms;
        }
        let passed = wall_ms.saturating_sub(self.wall_ms).max(0) as f64 * self.rate;
        self.scenario_ms.saturating_add(passed as i64)
    }

    /// How long on the wall until the scenario's clock shows `due_ms`, ms; `None` while it stands.
    pub fn until(&self, wall_ms: i64, due_ms: i64) -> Option<u64> {
        let away = due_ms.saturating_sub(self.shows(wall_ms)).max(0);
        match self.rate > 0.0 {
            true => Some((away as f64 / self.rate).ceil() as u64),
            false if away == 0 => Some(0),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_runs_at_its_rate_stands_still_and_never_goes_back() {
        let fast = ClockAt { change: 1, wall_ms: 1_000, scenario_ms: 50_000, rate: 60.0 };
        assert_eq!((fast.shows(1_000), fast.shows(2_000), fast.shows(0)), (50_000, 110_000, 50_000));
        assert_eq!(fast.until(1_000, 110_000), Some(1_000));
        let still = ClockAt { rate: 0.0, ..fast };
        assert_eq!(
            (still.shows(9_000_000), still.until(0, 50_001), still.until(0, 50_000)),
            (50_000, None, Some(0))
        );
    }
}
