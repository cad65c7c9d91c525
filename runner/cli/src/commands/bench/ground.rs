//! Where a bench stands: a folder of its own, a real journal in it, an engine, playbooks made for measuring.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use stanch_engine::{Engine, EngineOptions, InProcess, Patience, StartRun, WallClock};
use stanch_integrations::{Catalog, Integrations, Transport, TwinTransport};
use stanch_journal::{Cursor, Filter, KeySource, LocalJournal, Options};
use stanch_model::{
    RunId,
    config::{Current, IntegrationConfig},
    run::Mode,
};
use stanch_playbooks::{Library, Playbook};
use stanch_response::{DeadlineTable, Register};
use stanch_server::ResponseDesk;

use crate::said::Said;

/// A folder to measure in.
pub(super) struct Ground {
    folder: PathBuf,
    ours: bool,
}

impl Ground {
    pub(super) fn new(given: Option<PathBuf>) -> anyhow::Result<Self> {
        let ours = given.is_none();
        let folder = given.unwrap_or_else(|| {
            let base = std::env::current_dir().unwrap_or_else(|_| std::env::temp_dir());
            base.join(format!(".stanch-bench-{}", std::process::id()))
        });
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder, ours })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A journal in a folder of this name, kept from earlier figures of the same name only if that is what is measured.
    pub(super) fn journal(&self, name: &str) -> anyhow::Result<Arc<LocalJournal>> {
        Ok(Arc::new(LocalJournal::open(self.folder.join(name), options(&self.folder))?))
    }

    pub(super) fn forget(&self, name: &str) {
        let _gone = std::fs::remove_dir_all(self.folder.join(name));
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if self.ours {
            let _gone = std::fs::remove_dir_all(&self.folder);
        }
    }
}

pub(super) fn options(folder: &Path) -> Options {
    Options::new(KeySource::File(folder.join("vault.key")))
}

/// An effect that does nothing but count: what is measured is the engine around it.
#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn so_far(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl InProcess for Count {
    fn name(&self) -> &'static str {
        "own"
    }

    fn perform(&self, _: &str, input: &str) -> String {
        self.0.fetch_add(1, Ordering::Relaxed);
        input.to_owned()
    }
}

/// A playbook made of this script; `more` is appended to its manifest.
pub(super) fn playbook(slug: &str, script: &str, more: &str) -> anyhow::Result<Playbook> {
    let manifest = format!(
        "playbook: {slug}\ntitle: Made for measuring\nowner: bench\nreviewed: 2026-11-01\nuses:\n  read: [find_app, app.grants]\n  permanent: [grant.revoke]\n  tell: [own.step]\n{more}"
    );
    let sources = BTreeMap::from([
        ("playbook.yaml".to_owned(), manifest),
        ("main.rhai".to_owned(), script.to_owned()),
        ("README.md".to_owned(), "Made for measuring.".to_owned()),
    ]);
    Playbook::from_sources(slug, sources).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(stanch_model::Diagnostic::one_line).collect();
        Said::new(lines.join("\n")).into()
    })
}

/// What differs from one bench to the next.
pub(super) struct Plan {
    pub(super) playbooks: Vec<Playbook>,
    pub(super) integrations: BTreeMap<String, IntegrationConfig>,
    pub(super) twins: Option<std::net::SocketAddr>,
    pub(super) patience: Patience,
}

impl Plan {
    pub(super) fn of(playbooks: Vec<Playbook>) -> Self {
        let patience = Patience { park: Duration::ZERO, ..Patience::default() };
        Self { playbooks, integrations: BTreeMap::new(), twins: None, patience }
    }
}

/// An engine over a journal whose own effects are counted.
pub(super) fn counted(journal: &Arc<LocalJournal>, plan: Plan) -> anyhow::Result<(Engine, Arc<Count>)> {
    let count = Arc::new(Count::default());
    Ok((engine(journal, plan, count.clone())?, count))
}

/// An engine over a journal.
pub(super) fn engine(
    journal: &Arc<LocalJournal>,
    plan: Plan,
    own: Arc<dyn InProcess>,
) -> anyhow::Result<Engine> {
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let transport = Transport::Twin(TwinTransport::new(plan.twins.unwrap_or(nowhere), None)?);
    let refused = |mistakes: Vec<stanch_model::Diagnostic>| {
        let lines: Vec<String> = mistakes.iter().map(stanch_model::Diagnostic::one_line).collect();
        anyhow::Error::from(Said::new(lines.join("\n")))
    };
    let catalog = Arc::new(Catalog::embedded());
    let integrations =
        Integrations::new(catalog, &plan.integrations, transport, journal.vault()).map_err(refused)?;
    let mut library = Library::embedded();
    plan.playbooks.into_iter().for_each(|playbook| library.insert(playbook));
    let config = Current::default();
    let desk = ResponseDesk {
        register: Register::default(),
        deadlines: DeadlineTable::built_in().map_err(refused)?,
        config: config.clone(),
    };
    Ok(Engine::start(EngineOptions {
        journal: journal.clone(),
        integrations,
        library: Arc::new(library),
        config,
        desk: Arc::new(desk),
        clock: Arc::new(WallClock),
        mode: Mode::Drill,
        paused: false,
        // As `serve` does.
        shards: std::thread::available_parallelism().map_or(1, usize::from),
        patience: plan.patience,
        in_process: Some(own),
    })?)
}

/// Starts a run of this playbook by hand.
pub(super) async fn start(engine: &Engine, playbook: &str) -> anyhow::Result<RunId> {
    let start = StartRun {
        playbook: playbook.to_owned(),
        input: BTreeMap::new(),
        alert: None,
        incident: None,
        started_by: "bench".to_owned(),
        channel: String::new(),
    };
    Ok(engine.run(start).await?.0)
}

/// Waits until no run is under way, looking rarely enough not to be measured itself.
pub(super) async fn until_ended(engine: &Engine) -> anyhow::Result<()> {
    until_none(engine, "running", Duration::from_millis(20)).await
}

/// Waits until no run has this state in its row.
pub(super) async fn until_none(engine: &Engine, state: &str, look: Duration) -> anyhow::Result<()> {
    let filter =
        Filter { prefix: "run/".to_owned(), states: vec![state.to_owned()], limit: 1, ..Filter::default() };
    while !engine.journal().query(&filter, Cursor::START)?.streams.is_empty() {
        tokio::time::sleep(look).await;
    }
    Ok(())
}

/// Waits until the engine's threads let go of the journal, and closes it, so that the folder can be opened again.
pub(super) async fn closed(journal: Arc<LocalJournal>) {
    for _ in 0..1_000 {
        if Arc::strong_count(&journal) == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The middle one.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
