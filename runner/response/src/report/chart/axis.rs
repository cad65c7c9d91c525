//! The axis of time that charts share.

use std::fmt::Write;

use super::super::clock::after;

/// Width of every chart, in its own units.
pub(super) const WIDTH: u32 = 960;
/// Where time begins: names stand left of it.
pub(super) const LEFT: u32 = 80;
/// Room at the right for what stands at the end.
const RIGHT: u32 = 14;

/// Distances between ticks, in seconds.
const STEPS: [i64; 16] = [
    10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000,
    31_536_000,
];

/// So many ticks at most.
const TICKS: i64 = 9;

pub(super) struct Axis {
    end_s: i64,
}

impl Axis {
    /// From 0 to here, seconds.
    pub(super) fn new(end_s: i64) -> Self {
        Self { end_s: end_s.max(10) }
    }

    /// The end of it.
    pub(super) fn end(&self) -> i64 {
        self.end_s
    }

    /// The place of a moment.
    pub(super) fn x(&self, s: i64) -> f64 {
        let share = s.clamp(0, self.end_s) as f64 / self.end_s as f64;
        f64::from(LEFT) + share * f64::from(WIDTH - LEFT - RIGHT)
    }

    /// Ticks with their times, from `top` to `bottom`.
    pub(super) fn draw(&self, top: u32, bottom: u32) -> String {
        let step = STEPS.into_iter().find(|step| self.end_s / step <= TICKS).unwrap_or(self.end_s);
        let mut text = String::new();
        for tick in (0..=self.end_s).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
            let x = self.x(tick);
            let anchor = if tick > 0 && x > f64::from(WIDTH) - 60.0 { "end" } else { "start" };
            let _ = writeln!(
                text,
                "<line class=\"axis\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{}\"/>\n\
                 <text class=\"name\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text>",
                bottom + 4,
                bottom + 18,
                after(tick)
            );
        }
        text
    }
}
