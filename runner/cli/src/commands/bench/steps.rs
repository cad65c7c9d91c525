//! Durable steps: a Rhai loop over an effect that does nothing, each started only after its own intent's sync.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use serde_json::json;
use stanch_engine::{Engine, InProcess};
use stanch_journal::{
    Journal,
    measure::{DeviceSync, SyncProbe},
};
use stanch_model::{
    RunId, StreamId,
    run::{body::kind, lean::IntentHead},
};

use super::{
    figure::{Figure, Promise},
    ground::{self, Ground, Plan, median},
};
use crate::out::Out;

/// Runs at one time that are measured unless told otherwise, and what is promised of them: ten and twenty times, or eight
/// and twenty times, what Restate 1.7.12 does with the same steps on this disk.
///
/// Its time for a step was measured on two cores, in the same minutes as ours, while the disk's sync took 70, 125 and
/// 151 µs: 159, 270 and 275 µs with 64 invocations at once, 117, 161 and 182 µs with 256. That is a part that no disk
/// shortens and a part that grows with the sync.
const CROWDS: [Crowd; 2] = [
    Crowd { runs: 64, peer: Peer { own_us: 42.0, syncs: 1.67 }, at_least: 10.0, aim: 20.0 },
    Crowd { runs: 256, peer: Peer { own_us: 61.0, syncs: 0.8 }, at_least: 8.0, aim: 20.0 },
];
const STEPS: u32 = 100;
/// Rounds; the first one warms up.
const ROUNDS: usize = 4;
/// Runs whose steps are timed one by one.
const TIMED: usize = 16;

struct Crowd {
    runs: u32,
    peer: Peer,
    at_least: f64,
    aim: f64,
}

impl Crowd {
    /// So many times the peer's rate on a disk like this one.
    fn promise(&self, device: DeviceSync) -> Promise {
        let peer = self.peer.steps_per_s(device);
        Promise::more(self.at_least * peer, self.aim * peer)
    }
}

/// What a step takes another engine.
struct Peer {
    /// Microseconds whatever the disk does.
    own_us: f64,
    /// As many syncs of the disk.
    syncs: f64,
}

impl Peer {
    fn steps_per_s(&self, device: DeviceSync) -> f64 {
        1e6 / self.syncs.mul_add(device.p50_us as f64, self.own_us)
    }
}

pub(super) async fn measure(
    ground: &Ground,
    runs: Option<u32>,
    steps: Option<u32>,
    device: DeviceSync,
    out: Out,
) -> anyhow::Result<()> {
    let steps = steps.unwrap_or(STEPS);
    let crowds: Vec<u32> =
        runs.map_or_else(|| CROWDS.iter().map(|crowd| crowd.runs).collect(), |runs| vec![runs]);
    if runs.is_none() {
        alone(ground, out).await?;
    }
    for runs in crowds {
        let timed = crowd(ground, runs, steps).await?;
        let known = CROWDS.iter().find(|crowd| crowd.runs == runs);
        Figure {
            name: "steps",
            what: format!("{runs} runs at once x {steps} durable steps"),
            value: timed.rate,
            unit: "steps/s",
            promise: known.map(|known| known.promise(device)),
            note: format!("a step of one run takes {:.0} µs, p50", timed.step_us),
            more: json!({
                "runs": runs, "steps": steps, "steps_per_s": timed.rate.round(),
                "step_p50_us": timed.step_us.round(),
                "fdatasync_p50_us": device.p50_us, "fdatasync_p99_us": device.p99_us,
            }),
        }
        .show(out);
    }
    Ok(())
}

fn script(steps: u32) -> String {
    format!("for n in 0..{steps} {{ own.step(#{{ n: n, text: \"{}\" }}); }}", "x".repeat(100))
}

struct Timed {
    /// Steps a second of all runs, the median of the rounds.
    rate: f64,
    /// From one intent of a run to its next, by the times of their entries: the median.
    step_us: f64,
}

/// Steps a second of many runs at one time, and how long a step takes each of them.
async fn crowd(ground: &Ground, runs: u32, steps: u32) -> anyhow::Result<Timed> {
    let name = format!("steps-{runs}");
    ground.forget(&name);
    let journal = ground.journal(&name)?;
    let plan = Plan::of(vec![ground::playbook("bench", &script(steps), "")?]);
    let (engine, count) = ground::counted(&journal, plan)?;
    let (mut rates, mut last) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let before = count.so_far();
        let wanted = before + u64::from(runs) * u64::from(steps);
        let started = Instant::now();
        last = start_all(&engine, runs).await?;
        while count.so_far() < wanted {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let took = started.elapsed().as_secs_f64();
        // The last outcomes become durable while nobody watches the clock; the next round begins after them.
        ground::until_ended(&engine).await?;
        if round > 0 {
            rates.push((wanted - before) as f64 / took);
        }
    }
    engine.drain().await;
    let step_us = median(step_times(&*journal, &last)?);
    drop(engine);
    ground::closed(journal).await;
    ground.forget(&name);
    Ok(Timed { rate: median(rates), step_us })
}

/// Microseconds between the intents of these runs, one run after the other.
fn step_times(journal: &dyn Journal, runs: &[RunId]) -> anyhow::Result<Vec<f64>> {
    let mut times = Vec::new();
    for run in runs.iter().take(TIMED) {
        let mut before: Option<jiff::Timestamp> = None;
        journal.visit(&StreamId::run(run), 1, &mut |entry| {
            let is_step = entry.kind == kind::INTENT
                && entry.decode::<IntentHead<'_>>().is_ok_and(|intent| intent.op == "call");
            if is_step && let Ok(at) = entry.time.parse::<jiff::Timestamp>() {
                times.extend(before.map(|before| at.duration_since(before).as_secs_f64() * 1e6));
                before = Some(at);
            }
            Ok(())
        })?;
    }
    Ok(times)
}

async fn start_all(engine: &Engine, runs: u32) -> anyhow::Result<Vec<RunId>> {
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..runs {
        let engine = engine.clone();
        starting.spawn(async move { ground::start(&engine, "bench").await });
    }
    let mut started = Vec::new();
    while let Some(run) = starting.join_next().await {
        started.push(run??);
    }
    Ok(started)
}

/// An effect that makes this disk's own sync of the same bytes and times both: a step, a sync, a step, a sync, ….
struct Alternating {
    state: Mutex<Pairs>,
}

struct Pairs {
    probe: SyncProbe,
    /// The end of the last sync.
    since: Option<Instant>,
    /// Seconds of a step, and of the sync after it.
    pairs: Vec<(f64, f64)>,
}

impl InProcess for Alternating {
    fn name(&self) -> &'static str {
        "own"
    }

    fn perform(&self, _: &str, input: &str) -> String {
        let mut state = self.state.lock();
        let step = state.since.map(|since| since.elapsed().as_secs_f64());
        // A disk that refuses gives no pair; too few of them are noticed.
        let sync = state.probe.once().ok();
        state.pairs.extend(step.zip(sync).map(|(step, sync)| (step, sync.as_secs_f64())));
        state.since = Some(Instant::now());
        input.to_owned()
    }
}

/// One run at a time: its steps and this disk's syncs of the same bytes in the same file mode, alternating.
async fn alone(ground: &Ground, out: Out) -> anyhow::Result<()> {
    const STEPS: u32 = 2_000;
    const WARM_UP: usize = 200;
    let bytes = bytes_of_a_step(ground).await?;
    ground.forget("alone");
    let journal = ground.journal("alone")?;
    let pairs = Pairs { probe: SyncProbe::open(ground.folder(), bytes)?, since: None, pairs: Vec::new() };
    let own = Arc::new(Alternating { state: Mutex::new(pairs) });
    let plan = Plan::of(vec![ground::playbook("bench", &script(STEPS), "")?]);
    let engine = ground::engine(&journal, plan, own.clone())?;
    ground::start(&engine, "bench").await?;
    ground::until_ended(&engine).await?;
    engine.drain().await;
    drop(engine);
    ground::closed(journal).await;
    ground.forget("alone");
    let pairs = std::mem::take(&mut own.state.lock().pairs);
    let pairs = pairs.get(WARM_UP..).unwrap_or_default();
    anyhow::ensure!(pairs.len() + WARM_UP + 1 == STEPS as usize, "only {} steps were timed", pairs.len());
    let ratio = median(pairs.iter().map(|(step, sync)| step / sync).collect());
    let step = median(pairs.iter().map(|(step, _)| step * 1e6).collect());
    let sync = median(pairs.iter().map(|(_, sync)| sync * 1e6).collect());
    Figure {
        name: "alone",
        what: format!("one run: a step / this disk's sync of its {bytes} bytes"),
        value: ratio,
        unit: "x",
        promise: Some(Promise::less(1.5, 1.1)),
        note: format!("{step:.0} µs / {sync:.0} µs, {} pairs, median", pairs.len()),
        more: json!({
            "ratio_to_sync": (ratio * 1_000.0).round() / 1_000.0, "bytes": bytes, "pairs": pairs.len(),
            "step_p50_us": step.round(), "sync_p50_us": sync.round(),
        }),
    }
    .show(out);
    Ok(())
}

/// What one step of a run that is alone writes in its batch.
async fn bytes_of_a_step(ground: &Ground) -> anyhow::Result<usize> {
    const STEPS: u32 = 300;
    ground.forget("bytes");
    let journal = ground.journal("bytes")?;
    let plan = Plan::of(vec![ground::playbook("bench", &script(STEPS), "")?]);
    let (engine, _) = ground::counted(&journal, plan)?;
    ground::start(&engine, "bench").await?;
    ground::until_ended(&engine).await?;
    let before = journal.stats();
    ground::start(&engine, "bench").await?;
    ground::until_ended(&engine).await?;
    let after = journal.stats();
    engine.drain().await;
    drop(engine);
    ground::closed(journal).await;
    ground.forget("bytes");
    Ok(usize::try_from((after.bytes - before.bytes) / u64::from(STEPS)).unwrap_or(1_400))
}
