//! A world for one script: an engine over the memory journal, one in-process effect, a desk that knows one vendor.
#![allow(dead_code, clippy::missing_panics_doc, clippy::unwrap_used, unreachable_pub, missing_docs)]

mod desk;
mod outside;
mod play;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;
use serde_json::Value;
use stanch_engine::{
    Answer, AnswerError, Clock, Engine, EngineOptions, InProcess, Patience, Receipt, StartRun,
};
use stanch_integrations::{Catalog, Integrations, Transport, TwinTransport};
use stanch_journal::{Journal, MemoryJournal};
use stanch_model::{
    Entry, RunId, StreamId,
    config::Config,
    run::{Mode, RunState, RunView},
    secret::{SecretBox, SecretError},
};
use stanch_playbooks::{Library, Playbook};

pub use desk::TestDesk;
pub use outside::{Outside, USES};
pub use play::{Facts, finish};

/// What lives are born into: settings that a test may change between two of them.
pub struct Setup {
    pub script: String,
    /// More of the manifest.
    pub more: String,
    /// Further playbooks: slug, more of the manifest, script.
    pub others: Vec<(String, String, String)>,
    pub config: Config,
    pub patience: Patience,
    pub paused: bool,
    /// Every effect is checked for its durable intent, which reads the journal.
    pub checked: bool,
}

impl Setup {
    pub fn unchecked(mut self) -> Self {
        self.checked = false;
        self
    }

    pub fn new(script: &str) -> Self {
        Self {
            script: script.to_owned(),
            more: String::new(),
            others: Vec::new(),
            config: Config::default(),
            patience: Patience { park: Duration::ZERO, settle: Duration::ZERO, ..Patience::default() },
            paused: false,
            checked: true,
        }
    }

    pub fn manifest(mut self, more: &str) -> Self {
        self.more = more.to_owned();
        self
    }

    pub fn other(mut self, slug: &str, more: &str, script: &str) -> Self {
        self.others.push((slug.to_owned(), more.to_owned(), script.to_owned()));
        self
    }

    pub fn group(mut self, name: &str, people: &[&str]) -> Self {
        let people = people.iter().map(|person| (*person).to_owned()).collect();
        self.config.people.groups.insert(name.to_owned(), people);
        self
    }

    pub fn world(self) -> World {
        World::of(self)
    }
}

/// The wall clock, moved by hand.
#[derive(Default)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn forward(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl TestClock {
    /// Another one that shows the same.
    pub fn twin(&self) -> Self {
        Self(AtomicI64::new(self.0.load(Ordering::SeqCst)))
    }
}

impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
        i64::try_from(wall).unwrap() + self.0.load(Ordering::SeqCst)
    }

    fn until(&self, due_ms: i64) -> Duration {
        Duration::from_millis(u64::try_from(due_ms - self.now_ms()).unwrap_or(0).min(5))
    }
}

/// The effects of this process, by life. An effect whose intent is not durable is a defect wherever it happens.
pub struct Own {
    life: u64,
    current: Arc<AtomicU64>,
    done: Arc<Mutex<Vec<(u64, Value)>>>,
    journal: Arc<MemoryJournal>,
    checked: bool,
}

impl InProcess for Own {
    fn name(&self) -> &'static str {
        "own"
    }

    fn perform(&self, _: &str, input: &str) -> String {
        let named = format!("\"input\":{input}");
        let durable = !self.checked
            || self.journal.streams_of_runs().iter().any(|stream| {
                let entries = self.journal.read(stream, 1, usize::MAX).unwrap();
                entries.iter().any(|entry| {
                    entry.header.kind == "step.intent" && entry.body.as_deref().unwrap().contains(&named)
                })
            });
        assert!(durable, "an effect without a durable intent: {input}");
        if self.current.load(Ordering::SeqCst) == self.life {
            self.done.lock().push((self.life, serde_json::from_str(input).unwrap()));
        }
        input.to_owned()
    }
}

/// The streams of runs in a journal.
pub trait Streams {
    fn streams_of_runs(&self) -> Vec<StreamId>;
}

impl Streams for MemoryJournal {
    fn streams_of_runs(&self) -> Vec<StreamId> {
        let filter = stanch_journal::Filter { prefix: "run/".to_owned(), ..Default::default() };
        let page = self.query(&filter, stanch_journal::Cursor::START).unwrap();
        page.streams.into_iter().map(|(stream, _)| stream).collect()
    }
}

pub struct NoSecrets;

impl SecretBox for NoSecrets {
    fn seal(&self, _: &str) -> Result<String, SecretError> {
        Ok("handle".to_owned())
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        Err(SecretError::Unknown(handle.to_owned()))
    }
}

pub struct World {
    pub setup: Setup,
    pub journal: Arc<MemoryJournal>,
    pub engine: Engine,
    pub clock: Arc<TestClock>,
    pub current: Arc<AtomicU64>,
    pub done: Arc<Mutex<Vec<(u64, Value)>>>,
}

impl World {
    pub fn new(script: &str) -> Self {
        Self::of(Setup::new(script))
    }

    pub fn with_manifest(script: &str, more: &str) -> Self {
        Self::of(Setup::new(script).manifest(more))
    }

    pub fn of(setup: Setup) -> Self {
        Self::over(setup, MemoryJournal::new(), TestClock::default())
    }

    /// A life over what an earlier one left.
    pub fn over(setup: Setup, journal: MemoryJournal, clock: TestClock) -> Self {
        let (current, done) = (Arc::new(AtomicU64::new(1)), Arc::default());
        let (journal, clock) = (Arc::new(journal), Arc::new(clock));
        let engine = life(&setup, &journal, &clock, &current, &done);
        Self { setup, journal, engine, clock, current, done }
    }

    /// What a kill -9 leaves: everything durable, nothing else.
    pub fn crash(&mut self) {
        self.go_on(self.journal.crash());
    }

    /// Another life over this journal.
    pub fn go_on(&mut self, journal: MemoryJournal) {
        self.current.fetch_add(1, Ordering::SeqCst);
        self.journal = Arc::new(journal);
        self.engine = life(&self.setup, &self.journal, &self.clock, &self.current, &self.done);
    }

    /// The next life finds another script under the same slug.
    pub fn change_script(&mut self, script: &str) {
        self.setup.script = script.to_owned();
    }

    pub async fn start(&self, input: Value) -> RunId {
        let start = StartRun {
            playbook: "test".to_owned(),
            input: input.as_object().cloned().unwrap_or_default().into_iter().collect(),
            alert: None,
            incident: None,
            started_by: "ana".to_owned(),
            channel: String::new(),
        };
        self.engine.run(start).await.unwrap().0
    }

    pub async fn answer(&self, run: &RunId, wait: &str, say: &str) {
        self.answer_as(run, wait, say, "ben").await.unwrap();
    }

    pub async fn answer_as(
        &self,
        run: &RunId,
        wait: &str,
        say: &str,
        who: &str,
    ) -> Result<Receipt, AnswerError> {
        let answer = Answer {
            wait: wait.to_owned(),
            say: say.to_owned(),
            who: who.to_owned(),
            channel: "test".to_owned(),
            reason: String::new(),
        };
        self.engine.answer(run, answer).await
    }

    /// Effects in this process in all lives.
    pub fn effects(&self) -> u64 {
        self.done.lock().len() as u64
    }

    /// The effects of the current life.
    pub fn effects_now(&self) -> Vec<Value> {
        let life = self.current.load(Ordering::SeqCst);
        self.done.lock().iter().filter(|(l, _)| *l == life).map(|(_, input)| input.clone()).collect()
    }

    pub fn entries(&self, run: &RunId) -> Vec<Entry> {
        self.journal.read(&StreamId::run(run), 1, usize::MAX).unwrap()
    }

    pub async fn until(&self, run: &RunId, what: impl Fn(&RunView) -> bool) -> RunView {
        for _ in 0..24_000 {
            let view = self.engine.view(run).unwrap();
            if what(&view) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it never came to that: {:#?}", self.engine.view(run).unwrap());
    }

    pub async fn ended(&self, run: &RunId) -> RunView {
        self.until(run, |view| view.ended.is_some()).await
    }

    pub async fn waiting(&self, run: &RunId, wait: &str) -> RunView {
        self.until(run, |view| view.state == RunState::Waiting && view.open_waits().any(|w| w.id == wait))
            .await
    }

    pub async fn state(&self, run: &RunId, state: RunState) -> RunView {
        self.until(run, |view| view.state == state).await
    }
}

pub fn library(setup: &Setup) -> Library {
    static SHIPPED: LazyLock<Library> = LazyLock::new(Library::embedded);
    let mut library = SHIPPED.clone();
    let own = ("test".to_owned(), setup.more.clone(), setup.script.clone());
    for (slug, more, script) in setup.others.iter().chain([&own]) {
        let uses = if more.contains("uses:") {
            ""
        } else {
            "uses:\n  read: [find_app, find_user]\n  tell: [own.step, notify, page]\n"
        };
        let manifest =
            format!("playbook: {slug}\ntitle: A test\nowner: tests\nreviewed: 2026-11-01\n{uses}{more}");
        let sources = BTreeMap::from([
            ("playbook.yaml".to_owned(), manifest),
            ("main.rhai".to_owned(), script.clone()),
            ("README.md".to_owned(), "A test.".to_owned()),
            ("templates/cut.md".to_owned(), "---\nsubject: It is cut\n---\nIt is cut.\n".to_owned()),
            (
                "templates/integration-cut.md".to_owned(),
                "---\nsubject: It is cut\n---\nIt is cut.\n".to_owned(),
            ),
        ]);
        library.insert(Playbook::from_sources(slug, sources).unwrap_or_else(|mistakes| {
            let lines: Vec<String> = mistakes.iter().map(stanch_model::Diagnostic::one_line).collect();
            panic!("{}", lines.join("\n"))
        }));
    }
    library
}

/// The catalogue, read once for all worlds.
pub fn catalog() -> Arc<Catalog> {
    static READ: LazyLock<Arc<Catalog>> = LazyLock::new(|| Arc::new(Catalog::embedded()));
    Arc::clone(&READ)
}

fn life(
    setup: &Setup,
    journal: &Arc<MemoryJournal>,
    clock: &Arc<TestClock>,
    current: &Arc<AtomicU64>,
    done: &Arc<Mutex<Vec<(u64, Value)>>>,
) -> Engine {
    let nowhere = TwinTransport::new("127.0.0.1:9".parse().unwrap(), None).unwrap();
    let integrations =
        Integrations::new(catalog(), &BTreeMap::new(), Transport::Twin(nowhere), Arc::new(NoSecrets))
            .unwrap();
    let own = Own {
        life: current.load(Ordering::SeqCst),
        current: Arc::clone(current),
        done: Arc::clone(done),
        journal: Arc::clone(journal),
        checked: setup.checked,
    };
    Engine::start(EngineOptions {
        journal: Arc::clone(journal) as Arc<dyn Journal>,
        integrations,
        library: Arc::new(library(setup)),
        config: setup.config.clone().into(),
        desk: Arc::new(TestDesk),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        mode: Mode::Drill,
        paused: setup.paused,
        shards: 1,
        patience: setup.patience,
        in_process: Some(Arc::new(own)),
    })
    .unwrap()
}
