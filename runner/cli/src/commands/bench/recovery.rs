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

use super::ground::{self, Ground, Plan};
use crate::out::Out;

const PARKED: u32 = 10_000;
const MANY: u32 = 100_000;
/// Entries of the whole journal, most of them steps of runs that ended.
const ENTRIES: u32 = 1_000_000;
/// Steps of each run that ended.
const LONG: u32 = 1_000;

pub(super) async fn measure(
    ground: &Ground,
    runs: Option<u32>,
    entries: Option<u32>,
    out: Out,
) -> anyhow::Result<()> {
    let parked = runs.unwrap_or(PARKED);
    fill(ground, parked, entries.unwrap_or(ENTRIES)).await?;
    replay(ground, out)?;
    for index in ["with its index", "index deleted"] {
        if index == "index deleted" {
            let _gone = std::fs::remove_dir_all(ground.folder().join("recovery").join("index"));
        }
        open(ground, parked, index, out).await?;
    }
    ground.forget("recovery");
    memory(ground, runs.map_or(MANY, |runs| runs.saturating_mul(10)), out).await
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
    let (engine, _) = ground::engine(&journal, plan()?)?;
    park(&engine, parked).await?;
    while journal.stats().entries < u64::from(entries) {
        let mut starting = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let engine = engine.clone();
            starting.spawn(async move { ground::start(&engine, "long").await });
        }
        while let Some(started) = starting.join_next().await {
            started??;
        }
        ground::until(&engine, Duration::from_millis(50), |_| running(&journal)).await?;
    }
    engine.drain().await;
    drop(engine);
    closed(journal).await;
    Ok(())
}

fn running(journal: &Arc<LocalJournal>) -> anyhow::Result<bool> {
    let filter = Filter {
        prefix: "run/".to_owned(),
        states: vec!["running".to_owned()],
        limit: 1,
        ..Filter::default()
    };
    Ok(journal.query(&filter, Cursor::START)?.streams.is_empty())
}

async fn park(engine: &Engine, parked: u32) -> anyhow::Result<()> {
    let mut left = parked;
    while left > 0 {
        let now = left.min(500);
        let mut starting = tokio::task::JoinSet::new();
        for _ in 0..now {
            let engine = engine.clone();
            starting.spawn(async move { ground::start(&engine, "parks").await });
        }
        while let Some(started) = starting.join_next().await {
            started??;
        }
        left -= now;
    }
    let journal = Arc::clone(engine.journal());
    let filter = Filter {
        prefix: "run/".to_owned(),
        states: vec!["running".to_owned()],
        limit: 1,
        ..Filter::default()
    };
    ground::until(engine, Duration::from_millis(50), |_| {
        Ok(journal.query(&filter, Cursor::START)?.streams.is_empty())
    })
    .await
}

/// Waits until the engine's threads let go of the journal, so that the folder can be opened again.
async fn closed(journal: Arc<LocalJournal>) {
    for _ in 0..500 {
        if Arc::strong_count(&journal) == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Steps a second of one core: a long run read from sealed segments, its chain verified, its script run over it.
fn replay(ground: &Ground, out: Out) -> anyhow::Result<()> {
    let journal = ground.journal("recovery")?;
    let filter = Filter {
        prefix: "run/".to_owned(),
        states: vec!["ended".to_owned()],
        limit: 40,
        ..Filter::default()
    };
    let streams: Vec<StreamId> =
        journal.query(&filter, Cursor::START)?.streams.into_iter().map(|(stream, _)| stream).collect();
    let runs: Vec<_> = streams.iter().filter_map(StreamId::as_run).collect();
    let (engine, _) = ground::engine(&journal, Plan { shards: 1, ..plan()? })?;
    let started = Instant::now();
    let steps = engine.replay(&runs)?;
    let rate = steps as f64 / started.elapsed().as_secs_f64();
    out.text(&format!("replay from cold segments             {rate:.0} steps/s on one core ({steps} steps, chain verified, arguments compared)"));
    out.line(&json!({ "figure": "replay", "steps_per_s": rate.round(), "steps": steps }));
    Ok(())
}

/// From nothing to the first step that a parked run makes after an answer.
async fn open(ground: &Ground, parked: u32, index: &str, out: Out) -> anyhow::Result<()> {
    let started = Instant::now();
    let journal = ground.journal("recovery")?;
    let opened = started.elapsed();
    let (engine, count) = ground::engine(&journal, plan()?)?;
    let filter = Filter {
        prefix: "run/".to_owned(),
        states: vec!["waiting".to_owned()],
        limit: 1,
        ..Filter::default()
    };
    let first = journal
        .query(&filter, Cursor::START)?
        .streams
        .into_iter()
        .next()
        .and_then(|(stream, _)| stream.as_run());
    if let Some(run) = first {
        let answer = Answer {
            wait: "Q1".to_owned(),
            say: "yes".to_owned(),
            who: "ben".to_owned(),
            channel: "bench".to_owned(),
            reason: String::new(),
        };
        engine.answer(&run, answer).await?;
        while count.so_far() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let progress = started.elapsed();
    out.text(&format!(
        "open, {parked} parked runs, {index:<15} {:.2} s, first progress after {:.2} s",
        opened.as_secs_f64(),
        progress.as_secs_f64()
    ));
    out.line(&json!({ "figure": "open", "parked": parked, "index": index, "open_s": opened.as_secs_f64(), "first_progress_s": progress.as_secs_f64() }));
    engine.drain().await;
    drop(engine);
    closed(journal).await;
    Ok(())
}

/// Peak memory of the process that parked the runs, and of one that opens the folder afterwards.
async fn memory(ground: &Ground, parked: u32, out: Out) -> anyhow::Result<()> {
    ground.forget("parked");
    let program = std::env::current_exe()?;
    let folder = ground.folder().join("parked");
    for (life, what) in [("parking them", parked), ("after a restart", 0)] {
        let output = tokio::process::Command::new(&program)
            .args(["--json", "bench", "parked", "--data"])
            .arg(&folder)
            .env("STANCH_BENCH_PARK", what.to_string())
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let line: serde_json::Value =
            text.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let (megabytes, threads) = (line["vm_hwm_mb"].clone(), line["threads"].clone());
        out.text(&format!(
            "memory with {parked} parked runs, {life:<15} {megabytes} MB at most, {threads} threads"
        ));
        out.line(&json!({ "figure": "memory", "parked": parked, "life": life, "vm_hwm_mb": megabytes, "threads": threads }));
    }
    ground.forget("parked");
    Ok(())
}

/// The child of [`memory`]: parks what it is told to, or only opens, and says what it needed.
pub(super) fn parked_again(folder: &Path, out: Out) -> anyhow::Result<()> {
    let park_so_many =
        std::env::var("STANCH_BENCH_PARK").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    std::fs::create_dir_all(folder)?;
    let key = folder.parent().unwrap_or(folder).to_owned();
    let journal = Arc::new(LocalJournal::open(folder, ground::options(&key))?);
    let (engine, _) = ground::engine(&journal, plan()?)?;
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| {
        runtime.block_on(async {
            if park_so_many > 0 {
                park(&engine, park_so_many).await?;
            } else {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            anyhow::Ok(())
        })
    })?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let number = |key: &str| {
        let line = status.lines().find(|line| line.starts_with(key));
        line.and_then(|line| line.split_whitespace().nth(1))
            .and_then(|text| text.parse::<u64>().ok())
            .unwrap_or(0)
    };
    out.line(&json!({ "vm_hwm_mb": number("VmHWM:") / 1024, "threads": number("Threads:") }));
    Ok(())
}
