//! A world for one script: an engine over the memory journal, one in-process effect, a desk that knows nobody.
#![allow(dead_code, clippy::missing_panics_doc, unreachable_pub, missing_docs)]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use stanch_engine::{
    Answer, Desk, DeskError, Engine, EngineOptions, InProcess, Message, Patience, StartRun, Template,
    WallClock,
};
use stanch_integrations::{Catalog, Integrations, Transport, TwinTransport};
use stanch_journal::MemoryJournal;
use stanch_model::{
    RunId,
    config::Config,
    run::{Mode, RunState, RunView, body::DeadlineStarted},
    secret::{SecretBox, SecretError},
};
use stanch_playbooks::{Library, Playbook};

pub struct Own(pub Arc<AtomicU64>);

impl InProcess for Own {
    fn name(&self) -> &'static str {
        "own"
    }

    fn perform(&self, _: &str, input: &Value) -> Value {
        self.0.fetch_add(1, Ordering::SeqCst);
        input.clone()
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

pub struct EmptyDesk;

impl Desk for EmptyDesk {
    fn vendor_of(&self, _: &Value) -> Value {
        serde_json::json!({ "known": false })
    }

    fn aliases(&self, _: &str) -> Vec<String> {
        Vec::new()
    }

    fn deadline(&self, _: &str, _: &Value, _: &str) -> Result<Option<DeadlineStarted>, String> {
        Ok(None)
    }

    fn notice(&self, _: &Value, _: &Template<'_>, _: &Value, _: Mode) -> Result<Vec<Message>, DeskError> {
        Err(DeskError::NoContact("nobody".to_owned()))
    }

    fn page(&self, _: &str, _: &str, _: Mode) -> Result<Vec<Message>, DeskError> {
        Err(DeskError::NoContact("nobody".to_owned()))
    }
}

pub struct World {
    pub journal: Arc<MemoryJournal>,
    pub engine: Engine,
    pub library: Arc<Library>,
    pub count: Arc<AtomicU64>,
}

impl World {
    pub fn new(script: &str) -> Self {
        Self::with_manifest(script, "")
    }

    pub fn with_manifest(script: &str, more: &str) -> Self {
        let library = Arc::new(library(script, more));
        let journal = Arc::new(MemoryJournal::new());
        let count = Arc::new(AtomicU64::new(0));
        let engine = start(Arc::clone(&journal), Arc::clone(&library), Arc::clone(&count));
        Self { journal, engine, library, count }
    }

    /// What a kill -9 leaves: everything durable, nothing else.
    pub fn crash(&mut self) {
        self.journal = Arc::new(self.journal.crash());
        self.engine = start(Arc::clone(&self.journal), Arc::clone(&self.library), Arc::clone(&self.count));
    }

    /// The next life finds another script under the same slug.
    pub fn change_script(&mut self, script: &str) {
        self.library = Arc::new(library(script, ""));
    }

    pub async fn start(&self, input: Value) -> RunId {
        let start = StartRun {
            playbook: "test".to_owned(),
            input: input.as_object().cloned().unwrap_or_default().into_iter().collect(),
            alert: None,
            incident: None,
            started_by: "ana".to_owned(),
        };
        self.engine.run(start).await.unwrap().0
    }

    pub async fn answer(&self, run: &RunId, wait: &str, say: &str) {
        let answer = Answer {
            wait: wait.to_owned(),
            say: say.to_owned(),
            who: "ben".to_owned(),
            channel: "test".to_owned(),
            reason: String::new(),
        };
        self.engine.answer(run, answer).await.unwrap();
    }

    pub fn effects(&self) -> u64 {
        self.count.load(Ordering::SeqCst)
    }

    pub async fn until(&self, run: &RunId, what: impl Fn(&RunView) -> bool) -> RunView {
        for _ in 0..2_000 {
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
        self.until(run, |view| view.state == RunState::Waiting && view.waits.iter().any(|w| w.id == wait))
            .await
    }

    pub async fn state(&self, run: &RunId, state: RunState) -> RunView {
        self.until(run, |view| view.state == state).await
    }
}

pub fn library(script: &str, more: &str) -> Library {
    let manifest = format!(
        "playbook: test\ntitle: A test\nowner: tests\nreviewed: 2026-11-01\nuses:\n  read: [find_app, find_user]\n  tell: [own.step, notify, page]\n{more}"
    );
    let sources = BTreeMap::from([
        ("playbook.yaml".to_owned(), manifest),
        ("main.rhai".to_owned(), script.to_owned()),
        ("README.md".to_owned(), "A test.".to_owned()),
    ]);
    let mut library = Library::embedded();
    library.insert(Playbook::from_sources("test", sources).unwrap_or_else(|mistakes| {
        panic!("{}", mistakes.iter().map(stanch_model::Diagnostic::one_line).collect::<Vec<_>>().join("\n"))
    }));
    library
}

fn start(journal: Arc<MemoryJournal>, library: Arc<Library>, count: Arc<AtomicU64>) -> Engine {
    let catalog = Arc::new(Catalog::embedded().unwrap());
    let nowhere = TwinTransport::new("127.0.0.1:9".parse().unwrap(), None).unwrap();
    let integrations =
        Integrations::new(catalog, &BTreeMap::new(), Transport::Twin(nowhere), Arc::new(NoSecrets)).unwrap();
    Engine::start(EngineOptions {
        journal,
        integrations,
        library,
        config: Arc::new(Config::default()),
        desk: Arc::new(EmptyDesk),
        clock: Arc::new(WallClock),
        mode: Mode::Drill,
        paused: false,
        shards: 1,
        patience: Patience { park: Duration::ZERO, ..Patience::default() },
        in_process: Some(Arc::new(Own(count))),
    })
    .unwrap()
}
