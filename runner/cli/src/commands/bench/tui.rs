//! The screens: how long a picture takes while a large run goes on, how soon a key is answered, what idling costs.

use std::time::Duration;

use serde_json::{Value, json};
use stanch_tui::bench::{self, Load};

use super::figure::{Figure, Promise};
use crate::out::Out;

/// Steps of the run, lines a second, pictures of each screen.
const USUAL: Load = Load { steps: 10_000, lines: 1_000, frames: 400 };

/// A smaller run is looked at less often, but so often at least.
const FEWEST: u64 = 10;

/// Measures and prints.
///
/// # Errors
/// When the picture cannot be written.
pub(super) fn measure(steps: Option<u32>, out: Out) -> anyhow::Result<()> {
    let steps = steps.map_or(USUAL.steps, u64::from);
    let load =
        Load { steps, frames: (USUAL.frames * steps / USUAL.steps).clamp(FEWEST, USUAL.frames), ..USUAL };
    let figures = bench::measure(load)?;
    let usual = load.steps == USUAL.steps;
    let of = format!("200x60, a run of {} steps, {} lines a second", load.steps, load.lines);
    let show = |name, what: &str, value, unit, promise: Promise, note: String, more: Value| {
        Figure { name, what: what.to_owned(), value, unit, promise: usual.then_some(promise), note, more }
            .show(out);
    };
    show(
        "tui_render",
        "a picture of the screens, p99",
        millis(figures.render_p99),
        "ms",
        Promise::less(8.0, 4.0),
        format!("p50 {:.2} ms; {of}", millis(figures.render_p50)),
        json!({
            "steps": load.steps, "lines_per_s": load.lines, "p50_ms": millis(figures.render_p50),
            "frames": figures.frames, "followed": figures.followed, "unknown": figures.unknown,
        }),
    );
    show(
        "tui_key",
        "from a key to its picture, p99",
        millis(figures.key_p99),
        "ms",
        Promise::less(30.0, 8.0),
        format!("{:.2} ms to take what came between two pictures", millis(figures.take_p99)),
        json!({ "take_p99_ms": millis(figures.take_p99) }),
    );
    show(
        "tui_idle",
        "the screens while nothing happens",
        figures.idle.as_secs_f64() * 100.0,
        "% of core",
        Promise::less(1.0, 0.5),
        "one tick and one picture a second".to_owned(),
        json!({}),
    );
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
