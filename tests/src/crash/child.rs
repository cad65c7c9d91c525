//! One life: journal, vault, engine over the twins; the alert; the people; a line of JSON when the run has ended.

use std::{process::ExitCode, sync::Arc, time::Duration};

use serde_json::json;
use stanch_engine::{Engine, EngineOptions, Patience};
use stanch_integrations::{Catalog, Integrations, Transport, TwinTransport};
use stanch_journal::{Journal, KeySource, LocalJournal, Options};
use stanch_model::{
    RunId, StreamId,
    config::Current,
    run::{Mode, RunState, RunView},
    secret::SecretBox,
};
use stanch_playbooks::Library;
use stanch_response::{DeadlineTable, Register};
use stanch_server::ResponseDesk;
use tokio::sync::Notify;

use super::{
    Orders, Report,
    clock::{Ahead, CALL, SETTLE},
    killer::Killer,
    operator::Operator,
    world,
};

/// A life that takes longer has lost its way.
const TOO_LONG: Duration = Duration::from_secs(120);

/// Small, so that a run fills several.
const SEGMENT: u32 = 64 * 1024;

/// Lives.
///
/// # Panics
/// When the orders make no sense: the parent wrote them.
pub fn live(orders: &Orders) -> ExitCode {
    if orders.chatty {
        let everything = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
        everything.with_writer(std::io::stderr).init();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(Box::pin(until_the_end(orders)))
}

async fn until_the_end(orders: &Orders) -> ExitCode {
    let mut options = Options::new(KeySource::File(orders.key.clone()));
    (options.segment_bytes, options.reserve_bytes) = (SEGMENT, 0);
    let local = LocalJournal::open(&orders.data, options).expect("the journal opens");
    let vault = local.vault();
    let journal = Arc::new(Killer::new(Arc::new(local), orders.kill));
    let stirred = Arc::new(Notify::new());
    let stir = Arc::clone(&stirred);
    journal.on_durable(Arc::new(move |_| stir.notify_one()));
    let engine = engine(orders, Arc::clone(&journal) as _, vault);
    let run = match find_run(&engine, orders).await {
        Some(run) => run,
        None => {
            eprintln!("there is no run, and the alert was acknowledged: it is lost");
            return ExitCode::from(3);
        }
    };
    let mut operator = Operator::new(orders.twins, orders.said.clone());
    let deadline = tokio::time::Instant::now() + TOO_LONG;
    let mut view = RunView::default();
    loop {
        look(&engine, &run, &mut view);
        if view.ended.is_some() {
            report(&engine, &view, &journal);
            return ExitCode::SUCCESS;
        }
        if tokio::time::Instant::now() > deadline {
            eprintln!("{}", stuck(&engine, &view));
            return ExitCode::from(4);
        }
        match view.state {
            RunState::Suspect => {
                println!("{}", json!({ "suspect": run }));
                let _ = engine.pause(&run, false, "ben").await;
            }
            RunState::Diverged | RunState::Limited => {
                eprintln!("it stands as {}: {}", view.state.as_str(), view.why);
                return ExitCode::from(5);
            }
            _ => operator.answer(&engine, &run, &view).await,
        }
        let _ = tokio::time::timeout(Duration::from_millis(20), stirred.notified()).await;
    }
}

/// Brings the view up to what is durable now.
fn look(engine: &Engine, run: &RunId, view: &mut RunView) {
    let fresh = engine.journal().read(&StreamId::run(run), view.version + 1, 100_000);
    fresh.expect("the run can be read").iter().for_each(|entry| view.apply(entry));
}

/// The run: by handing in the alert, or the one that is there.
async fn find_run(engine: &Engine, orders: &Orders) -> Option<RunId> {
    if orders.alert {
        let accepted = engine.alert(world::alert()).await.expect("the alert is taken");
        let run = accepted.verdicts.first().map(|verdict| verdict.run.clone());
        println!(
            "{}",
            json!({ "acknowledged": accepted.alert, "run": run, "duplicate": accepted.duplicate })
        );
        return run;
    }
    engine.runs(false, 10).expect("the runs").first().map(|row| row.id.clone())
}

/// Where a run stands that does not end, for the failing test's message.
fn stuck(engine: &Engine, view: &RunView) -> String {
    let open: Vec<String> =
        view.open_waits().map(|wait| format!("{} {} {:?}", wait.id, wait.name, wait.decisions)).collect();
    let steps = view.steps.values().filter(|step| !step.done);
    let steps: Vec<String> = steps
        .map(|step| {
            format!("{} {} {} x{} {:?}", step.address, step.op, step.name, step.attempts, step.deferred)
        })
        .collect();
    let targets: Vec<String> =
        view.targets.iter().map(|(key, target)| format!("{key} {}: {}", target.state, target.why)).collect();
    let stream = StreamId::run(view.id.as_ref().expect("an id"));
    let row = engine.journal().stream(&stream).ok().flatten().and_then(|info| info.row);
    let entries = engine.journal().read(&stream, view.version.saturating_sub(12), 100).unwrap_or_default();
    let entries = entries.iter().map(|entry| {
        let body: String = entry.body.as_deref().unwrap_or_default().chars().take(240).collect();
        format!("  {} {} {body}", entry.header.version, entry.header.kind)
    });
    let entries: Vec<String> = entries.collect();
    let inbox = engine.journal().inbox(&stream).unwrap_or_default();
    format!(
        "it never ended: {} {} {row:?}\nwaits {open:#?}\nsteps {steps:#?}\ntargets {targets:#?}\ninbox {inbox:?}\n{}",
        view.state.as_str(),
        view.why,
        entries.join("\n")
    )
}

fn report(engine: &Engine, view: &RunView, journal: &Killer) {
    let targets = view.targets.iter().map(|(key, view)| (key.clone(), view.state.to_string()));
    let decisions = view.waits.iter().flat_map(|wait| {
        wait.decisions.iter().map(|decision| (wait.id.clone(), decision.say.clone())).collect::<Vec<_>>()
    });
    let entries = engine.journal().read(&StreamId::run(view.id.as_ref().expect("an id")), 1, 100_000);
    let signals = entries.iter().flatten().filter(|entry| entry.header.kind == "signal").count();
    let report = Report {
        run: view.id.clone().expect("an id").to_string(),
        ended: view.ended.map(|word| word.to_string()).unwrap_or_default(),
        containment: view.containment.map(|word| word.to_string()).unwrap_or_default(),
        targets: targets.collect(),
        decisions: decisions.collect(),
        runs: engine.runs(false, 100).map_or(0, |runs| runs.len()),
        signals,
        revived: view.revived,
        entries: journal.durable(),
        appends: journal.appends(),
    };
    println!("{}", json!({ "report": report }));
}

fn engine(orders: &Orders, journal: Arc<dyn Journal>, vault: Arc<dyn SecretBox>) -> Engine {
    let config = Current::from(world::config(orders.marker));
    let transport = TwinTransport::new(orders.twins, Some(orders.mail)).expect("loopback");
    let catalog = Arc::new(Catalog::embedded());
    let integrations = Integrations::new(catalog, &config.integrations, Transport::Twin(transport), vault)
        .expect("integrations");
    let desk = ResponseDesk {
        register: Register::load("vendors.yaml", world::REGISTER).expect("a register"),
        deadlines: DeadlineTable::built_in().expect("deadlines"),
        config: config.clone(),
    };
    let patience = Patience {
        call: CALL,
        settle: SETTLE,
        // Without intents a run that leaves memory does not know when its effects began, and proves nothing.
        park: if cfg!(feature = "without-intents") { Duration::from_secs(60) } else { Duration::ZERO },
        ..Patience::default()
    };
    Engine::start(EngineOptions {
        journal,
        integrations,
        library: Arc::new(Library::embedded()),
        config,
        desk: Arc::new(desk),
        clock: Arc::new(Ahead::by(orders.ahead_ms)),
        mode: Mode::Drill,
        paused: false,
        shards: 1,
        patience,
        in_process: None,
    })
    .expect("an engine")
}
