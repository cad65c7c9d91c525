//! A large journal: opening it with parked runs, replaying cold history, the memory that parked runs need.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use stanch_engine::{Answer, Engine};
use stanch_journal::{Cursor, Filter, Journal, LocalJournal};
use stanch_model::StreamId;

use super::{
    figure::{Figure, Promise},
    ground::{self, Ground, Plan},
};
use crate::out::Out;

const PARKED: u32 = 10_000;
const MANY: u32 = 100_000;
/// Entries of the whole journal, most of them steps of runs that ended.
const ENTRIES: u32 = 1_000_000;
/// Steps of each run that ended.
const LONG: u32 = 1_000;
/// Runs that are replayed in one pass.
const REPLAYED: usize = 40;
/// Passes, each over runs that were not read before: on a machine that is shared one is soon disturbed. The first also
/// opens the segments and reads their tables.
const PASSES: usize = 5;
/// More threads than this, and some of them would be the runs' own.
const THREADS: u64 = 64;

pub(super) async fn measure(
    ground: &Ground,
    runs: Option<u32>,
    entries: Option<u32>,
    out: Out,
) -> anyhow::Result<()> {
    let whole = runs.is_none() && entries.is_none();
    let parked = runs.unwrap_or(PARKED);
    fill(ground, parked, entries.unwrap_or(ENTRIES)).await?;
    replay(ground, out).await?;
    for index in [Index::There, Index::Deleted] {
        open(ground, parked, index, whole, out).await?;
    }
    ground.forget("recovery");
    memory(ground, runs.map_or(MANY, |runs| runs.saturating_mul(10)), whole, out).await
}

fn plan() -> anyhow::Result<Plan> {
    let long = format!("for n in 0..{LONG} {{ own.step(#{{ n: n }}); }}");
    let parks = "own.step(#{ n: 1 }); ask(\"go\", \"Go on?\", [\"yes\"]); own.step(#{ n: 2 });";
    Ok(Plan::of(vec![ground::playbook("long", &long, "")?, ground::playbook("parks", parks, "")?]))
}

/// Parked runs, then long ones until the journal is large enough.
async fn fill(ground: &Ground, parked: u32, entries: u32) -> anyhow::Result<()> {
    ground.forget("recovery");
    let journal = ground.journal("recovery")?;
    let (engine, _) = ground::counted(&journal, plan()?)?;
    park(&engine, parked).await?;
    while journal.stats().entries < u64::from(entries) {
        start(&engine, "long", 64).await?;
        ground::until_ended(&engine).await?;
    }
    engine.drain().await;
    drop(engine);
    ground::closed(journal).await;
    Ok(())
}

async fn start(engine: &Engine, playbook: &'static str, runs: u32) -> anyhow::Result<()> {
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..runs {
        let engine = engine.clone();
        starting.spawn(async move { ground::start(&engine, playbook).await });
    }
    while let Some(started) = starting.join_next().await {
        started??;
    }
    Ok(())
}

async fn park(engine: &Engine, parked: u32) -> anyhow::Result<()> {
    const AT_ONCE: u32 = 500;
    for before in (0..parked).step_by(AT_ONCE as usize) {
        start(engine, "parks", AT_ONCE.min(parked - before)).await?;
    }
    ground::until_ended(engine).await
}

/// Steps a second of one core: long runs read from sealed segments, their chains verified, their scripts run over them.
async fn replay(ground: &Ground, out: Out) -> anyhow::Result<()> {
    let journal = ground.journal("recovery")?;
    let filter = Filter {
        prefix: "run/".to_owned(),
        states: vec!["ended".to_owned()],
        limit: REPLAYED * PASSES,
        ..Filter::default()
    };
    let streams: Vec<StreamId> =
        journal.query(&filter, Cursor::START)?.streams.into_iter().map(|(stream, _)| stream).collect();
    let runs: Vec<_> = streams.iter().filter_map(StreamId::as_run).collect();
    let (engine, _) = ground::counted(&journal, plan()?)?;
    let (mut steps, mut rates) = (0, Vec::new());
    for pass in runs.chunks(REPLAYED) {
        // On this one thread: nothing else of the engine is at work.
        let started = Instant::now();
        let replayed = engine.replay(pass)?;
        rates.push((replayed as f64 / started.elapsed().as_secs_f64()).round());
        steps += replayed;
    }
    let mut sorted = rates.clone();
    sorted.sort_by(f64::total_cmp);
    let rate = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    engine.drain().await;
    drop(engine);
    ground::closed(journal).await;
    let each: Vec<String> = rates.iter().map(|rate| format!("{rate:.0}")).collect();
    Figure {
        name: "replay",
        what: "replay from cold segments, one core".to_owned(),
        value: rate,
        unit: "steps/s",
        promise: Some(Promise::more(100_000.0, 300_000.0)),
        note: format!(
            "median of {} passes ({}); {steps} steps of {} runs, chains verified, arguments compared",
            rates.len(),
            each.join(", "),
            runs.len()
        ),
        more: json!({ "steps_per_s": rate, "steps": steps, "runs": runs.len(), "passes": rates }),
    }
    .show(out);
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Index {
    There,
    Deleted,
}

/// From nothing to the first step that a parked run makes after an answer.
async fn open(ground: &Ground, parked: u32, index: Index, whole: bool, out: Out) -> anyhow::Result<()> {
    let (words, promise) = match index {
        Index::There => ("", Promise::less(2.0, 0.5)),
        Index::Deleted => (", index deleted", Promise::less(20.0, 5.0)),
    };
    if index == Index::Deleted {
        std::fs::remove_dir_all(ground.folder().join("recovery").join("index"))?;
    }
    let started = Instant::now();
    let journal = ground.journal("recovery")?;
    let opened = started.elapsed().as_secs_f64();
    let entries = journal.durable();
    let (engine, count) = ground::counted(&journal, plan()?)?;
    let filter = Filter {
        prefix: "run/".to_owned(),
        states: vec!["waiting".to_owned()],
        limit: 1,
        ..Filter::default()
    };
    let waiting = journal.query(&filter, Cursor::START)?.streams.into_iter().next();
    let run = waiting.and_then(|(stream, _)| stream.as_run());
    let run = run.ok_or_else(|| crate::said::Said::new("no run is parked"))?;
    let answer = Answer {
        wait: "Q1".to_owned(),
        say: "yes".to_owned(),
        who: "ben".to_owned(),
        channel: "bench".to_owned(),
        reason: String::new(),
    };
    engine.answer(&run, answer).await?;
    while count.so_far() == 0 {
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    let progress = started.elapsed().as_secs_f64();
    Figure {
        name: "open",
        what: format!("open {parked} parked runs to first progress{words}"),
        value: progress,
        unit: "s",
        promise: whole.then_some(promise),
        note: format!("{entries} entries, the journal alone {opened:.2} s"),
        more: json!({
            "parked": parked, "entries": entries, "index_deleted": index == Index::Deleted,
            "open_s": opened, "first_progress_s": progress,
        }),
    }
    .show(out);
    engine.drain().await;
    drop(engine);
    ground::closed(journal).await;
    Ok(())
}

/// Peak memory of the process that parked the runs, and of one that opens the folder afterwards.
async fn memory(ground: &Ground, parked: u32, whole: bool, out: Out) -> anyhow::Result<()> {
    ground.forget("parked");
    let program = std::env::current_exe()?;
    let folder = ground.folder().join("parked");
    for (life, what) in [("parked", parked), ("opened again", 0)] {
        let output = tokio::process::Command::new(&program)
            .args(["--json", "bench", "parked", "--data"])
            .arg(&folder)
            .env("STANCH_BENCH_PARK", what.to_string())
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line: Needed = match text.lines().last().map(serde_json::from_str) {
            Some(Ok(line)) if output.status.success() => line,
            _ => anyhow::bail!("the child failed: {}", String::from_utf8_lossy(&output.stderr)),
        };
        anyhow::ensure!(line.waiting == u64::from(parked), "only {} runs are parked", line.waiting);
        anyhow::ensure!(line.threads <= THREADS, "{} threads: they grow with the runs", line.threads);
        Figure {
            name: "memory",
            what: format!("most memory with {parked} runs {life}"),
            value: line.vm_hwm_mb,
            unit: "MB",
            promise: whole.then(|| Promise::less(300.0, 100.0)),
            note: format!("{} threads", line.threads),
            more: json!({ "parked": parked, "life": life, "vm_hwm_mb": line.vm_hwm_mb, "threads": line.threads }),
        }
        .show(out);
    }
    ground.forget("parked");
    Ok(())
}

/// What the child of [`memory`] says.
#[derive(serde::Deserialize, serde::Serialize)]
struct Needed {
    vm_hwm_mb: f64,
    threads: u64,
    waiting: u64,
}

/// The child of [`memory`]: parks what it is told to, or only opens, and says what it needed.
pub(super) async fn parked_again(folder: &Path, out: Out) -> anyhow::Result<()> {
    let park_so_many =
        std::env::var("STANCH_BENCH_PARK").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    std::fs::create_dir_all(folder)?;
    let key = folder.parent().unwrap_or(folder).to_owned();
    let journal = Arc::new(LocalJournal::open(folder, ground::options(&key))?);
    let (engine, _) = ground::counted(&journal, plan()?)?;
    if park_so_many > 0 {
        park(&engine, park_so_many).await?;
    } else {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let number = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_whitespace().nth(1))
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0)
    };
    let (vm_hwm_mb, threads) = ((number("VmHWM:") as f64 / 102.4).round() / 10.0, number("Threads:"));
    let filter =
        Filter { prefix: "run/".to_owned(), states: vec!["waiting".to_owned()], ..Filter::default() };
    let waiting = journal.query(&filter, Cursor::START)?.streams.len() as u64;
    out.line(&serde_json::to_value(Needed { vm_hwm_mb, threads, waiting })?);
    Ok(())
}
