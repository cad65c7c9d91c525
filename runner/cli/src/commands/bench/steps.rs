//! Durable steps: a Rhai loop over an effect that does nothing, each started only after its own intent's sync.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use stanch_engine::Engine;
use stanch_journal::{
    Journal,
    measure::{DeviceSync, SyncProbe},
};

use super::ground::{self, Ground, Plan, median};
use crate::out::Out;

/// Runs at one time that are measured unless told otherwise.
const CROWDS: [u32; 2] = [64, 256];
const STEPS: u32 = 100;
/// Rounds; the first one warms up.
const ROUNDS: usize = 4;

pub(super) async fn measure(
    ground: &Ground,
    runs: Option<u32>,
    steps: Option<u32>,
    device: DeviceSync,
    out: Out,
) -> anyhow::Result<()> {
    let steps = steps.unwrap_or(STEPS);
    let crowds: Vec<u32> = runs.map_or_else(|| CROWDS.to_vec(), |runs| vec![runs]);
    if runs.is_none() {
        alone(ground, out).await?;
    }
    for runs in crowds {
        let (rate, p50) = crowd(ground, runs, steps).await?;
        out.text(&format!("{runs:>3} runs at once x {steps} steps            {rate:.0} durable steps/s, {p50:.0} µs a step of one run (p50 of the rounds)"));
        out.line(&json!({
            "figure": "steps", "runs": runs, "steps": steps, "steps_per_s": rate.round(), "step_p50_us": p50.round(),
            "fdatasync_p50_us": device.p50_us, "fdatasync_p99_us": device.p99_us,
        }));
    }
    Ok(())
}

fn script(steps: u32) -> String {
    format!("for n in 0..{steps} {{ own.step(#{{ n: n, text: \"{}\" }}); }}", "x".repeat(100))
}

/// Steps a second of many runs at one time, and how long a step takes each of them.
async fn crowd(ground: &Ground, runs: u32, steps: u32) -> anyhow::Result<(f64, f64)> {
    let name = format!("steps-{runs}");
    ground.forget(&name);
    let journal = ground.journal(&name)?;
    let plan = Plan::of(vec![ground::playbook("bench", &script(steps), "")?]);
    let (engine, count) = ground::engine(&journal, plan)?;
    let mut rates = Vec::new();
    for round in 0..ROUNDS {
        let before = count.so_far();
        let wanted = before + u64::from(runs) * u64::from(steps);
        let started = Instant::now();
        start_all(&engine, runs).await?;
        while count.so_far() < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let took = started.elapsed().as_secs_f64();
        // The last outcomes become durable while nobody watches the clock; the next round begins after them.
        ground::until(&engine, Duration::from_millis(20), |engine| Ok(engine.runs(true, 1)?.is_empty()))
            .await?;
        if round > 0 {
            rates.push((wanted - before) as f64 / took);
        }
    }
    engine.drain().await;
    let rate = median(rates);
    Ok((rate, 1e6 * f64::from(runs) / rate))
}

async fn start_all(engine: &Engine, runs: u32) -> anyhow::Result<()> {
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..runs {
        let engine = engine.clone();
        starting.spawn(async move { ground::start(&engine, "bench").await });
    }
    while let Some(started) = starting.join_next().await {
        started??;
    }
    Ok(())
}

/// One run at a time: its steps and this disk's syncs of the same bytes in the same file mode, alternating.
async fn alone(ground: &Ground, out: Out) -> anyhow::Result<()> {
    const PAIRS: usize = 30;
    const STEPS: u32 = 40;
    ground.forget("alone");
    let journal = ground.journal("alone")?;
    let plan = Plan::of(vec![ground::playbook("bench", &script(STEPS), "")?]);
    let (engine, count) = ground::engine(&journal, plan)?;
    start_all(&engine, 1).await?;
    ground::until(&engine, Duration::from_millis(5), |engine| Ok(engine.runs(true, 1)?.is_empty())).await?;
    let stats = journal.stats();
    let bytes = usize::try_from(stats.bytes / stats.batches.max(1)).unwrap_or(700);
    let mut probe = SyncProbe::open(ground.folder(), bytes)?;
    let (mut ratios, mut each) = (Vec::new(), Vec::new());
    for _ in 0..PAIRS {
        let wanted = count.so_far() + u64::from(STEPS);
        ground::start(&engine, "bench").await?;
        let started = (Instant::now(), count.so_far());
        while count.so_far() < wanted {
            std::thread::sleep(Duration::from_micros(200));
        }
        let done = (wanted - started.1).max(1) as f64;
        let step = started.0.elapsed().as_secs_f64() / done;
        ground::until(&engine, Duration::from_millis(5), |engine| Ok(engine.runs(true, 1)?.is_empty()))
            .await?;
        let mut sync = Duration::ZERO;
        for _ in 0..STEPS {
            sync += probe.once()?;
        }
        let sync = sync.as_secs_f64() / f64::from(STEPS);
        ratios.push(step / sync);
        each.push(step * 1e6);
    }
    let (ratio, step) = (median(ratios), median(each));
    out.text(&format!("one run at a time                     {step:.0} µs a step, {ratio:.2} x this disk's sync of the same {bytes} bytes"));
    out.line(&json!({ "figure": "alone", "step_p50_us": step.round(), "ratio_to_sync": (ratio * 100.0).round() / 100.0, "bytes": bytes }));
    drop(Arc::clone(&journal));
    engine.drain().await;
    Ok(())
}
