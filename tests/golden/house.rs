//! A company around a data folder: one small platform, its people, the engine, and a clock that only tests move.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use stanch_engine::{Answer, Engine, EngineOptions, Patience, Resolve, StartRun};
use stanch_integrations::{
    Catalog, Integrations, ScenarioClock, Transport, TwinTransport,
    twin::{TwinHost, TwinOptions},
};
use stanch_journal::{IndexPlace, Journal, KeySource, LocalJournal, Options};
use stanch_model::{
    RunId,
    config::Config,
    run::{Mode, RunState, RunView, WaitKind, WaitView},
};
use stanch_playbooks::Library;
use stanch_response::{DeadlineTable, Register};
use stanch_server::ResponseDesk;

/// Where the files of this suite lie.
pub(crate) fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The vault's key of every journal here.
pub(crate) const KEY: [u8; 32] = [7; 32];

/// More turns than any story takes.
const TURNS: usize = 300;

/// How a company is opened.
#[derive(Clone)]
pub(crate) struct Opening {
    /// What the clock shows; it stands.
    pub(crate) at: Timestamp,
    /// Of the runs that are started.
    pub(crate) mode: Mode,
    /// The platform's address, which a run pins.
    pub(crate) shop: &'static str,
}

impl Opening {
    /// As most stories begin.
    pub(crate) fn at(at: Timestamp) -> Self {
        Self { at, mode: Mode::Drill, shop: "https://shop.example" }
    }
}

/// The company while it works.
pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<ScenarioClock>,
    pub(crate) twins: TwinHost,
    pub(crate) config: Arc<Config>,
    pub(crate) journal: Arc<LocalJournal>,
}

fn read(name: &str) -> String {
    std::fs::read_to_string(here().join(name)).unwrap_or_else(|why| panic!("{name}: {why}"))
}

/// Lines of what is wrong with a file, as a panic.
fn wrong<T>(found: &[stanch_model::Diagnostic]) -> T {
    panic!("{}", found.iter().map(stanch_model::Diagnostic::one_line).collect::<Vec<_>>().join("\n"))
}

/// The playbooks of the stories.
pub(crate) fn library() -> Library {
    Library::default().with_folders([here().join("playbooks")]).unwrap_or_else(|found| wrong(&found))
}

/// The vendors of the stories.
pub(crate) fn register() -> Register {
    Register::load("vendors.yaml", &read("vendors.yaml")).unwrap_or_else(|found| wrong(&found))
}

/// How the journal of a story is opened.
pub(crate) fn options(clock: &Arc<ScenarioClock>) -> Options {
    let clock = Arc::clone(clock);
    Options {
        segment_bytes: 1 << 20,
        reserve_bytes: 0,
        checkpoint_every: Some(Duration::from_millis(200)),
        index: IndexPlace::Memory,
        time: Arc::new(move || Duration::from_millis(clock.now_ms().unsigned_abs())),
        ..Options::new(KeySource::Bytes(KEY))
    }
}

impl House {
    /// The company over this data folder, its runs on their way.
    pub(crate) async fn open(folder: &Path, opening: Opening) -> Self {
        let clock = Arc::new(ScenarioClock::standing_at(opening.at));
        let mut config: Config = stanch_model::yaml::read("stanch.yaml", &read("stanch.yaml"), "CF0001")
            .unwrap_or_else(|found| wrong(&[*found]));
        for shop in config.integrations.values_mut() {
            shop.url = Some(opening.shop.to_owned());
        }
        let config = Arc::new(config);
        let twins = TwinHost::start(TwinOptions {
            integrations: [("shop".to_owned(), "shop".to_owned())].into(),
            clock: Arc::clone(&clock) as _,
            scripts: [("shop".to_owned(), read("catalog/shop/twin.rhai"))].into(),
            ..TwinOptions::default()
        });
        let twins = twins.await.unwrap();
        let journal = Arc::new(LocalJournal::open(folder, options(&clock)).unwrap());
        let catalog = Catalog::default().with_folder(&here().join("catalog"));
        let transport = TwinTransport::new(twins.addr(), None).unwrap().on_clock(Arc::clone(&clock));
        let integrations = Integrations::new(
            Arc::new(catalog.unwrap_or_else(|found| wrong(&found))),
            &config.integrations,
            Transport::Twin(transport),
            journal.vault(),
        );
        let engine = Engine::start(EngineOptions {
            journal: Arc::clone(&journal) as Arc<dyn Journal>,
            integrations: integrations.unwrap_or_else(|found| wrong(&found)),
            library: Arc::new(library()),
            config: Arc::clone(&config).into(),
            desk: Arc::new(ResponseDesk {
                register: register(),
                deadlines: DeadlineTable::built_in().unwrap(),
                config: Arc::clone(&config).into(),
            }),
            clock: Arc::new(Arc::clone(&clock)),
            mode: opening.mode,
            paused: false,
            shards: 1,
            patience: Patience {
                park: Duration::from_secs(86_400),
                call: Duration::from_secs(10),
                ..Patience::default()
            },
            in_process: None,
        });
        let engine = engine.unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
        Self { engine, clock, twins, config, journal }
    }

    /// Until nothing more happens before somebody speaks or the clock moves; gives when it does next.
    pub(crate) async fn rests(&self) -> Option<i64> {
        self.engine.rests(&self.clock).await
    }

    /// Starts a playbook as ana.
    pub(crate) async fn start(&self, playbook: &str, input: serde_json::Value) -> RunId {
        let run = self.engine.run(start(playbook, input)).await.unwrap().0;
        self.rests().await;
        run
    }

    /// The run as it stands.
    pub(crate) fn view(&self, run: &RunId) -> RunView {
        self.engine.view(run).unwrap()
    }

    /// Panics with the whole run unless this card is open.
    pub(crate) fn expects(&self, run: &RunId, wait: &str) {
        let view = self.view(run);
        assert!(view.open_waits().any(|open| open.id == wait), "{wait} is not open: {view:#?}");
    }

    /// Somebody answers a card.
    pub(crate) async fn says(&self, run: &RunId, wait: &str, who: &str, say: &str) {
        let answer = Answer {
            wait: wait.to_owned(),
            say: say.to_owned(),
            who: who.to_owned(),
            channel: "test".to_owned(),
            reason: "as the story goes".to_owned(),
        };
        self.expects(run, wait);
        self.engine.answer(run, answer).await.unwrap_or_else(|why| panic!("{wait}: {why}"));
        self.rests().await;
    }

    /// Time passes, with all that it brings.
    pub(crate) async fn pass(&self, seconds: i64) {
        let until = self.clock.now_ms() + seconds * 1_000;
        while let Some(due) = self.rests().await.filter(|due| *due < until) {
            self.clock.jump(due);
            self.engine.clock_changed();
        }
        self.clock.jump(until);
        self.engine.clock_changed();
        self.rests().await;
    }

    /// Every run goes to its end: whoever is asked says the first thing that can be said, and time passes where nobody is.
    pub(crate) async fn go_on(&self) {
        for _ in 0..TURNS {
            let due = self.rests().await;
            if self.everybody_speaks().await {
                continue;
            }
            let Some(due) = due else {
                // Whoever is at work has only not said yet what it waits for.
                if self.engine.runs(true, 100).unwrap().iter().any(|run| run.state == RunState::Running) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
                return;
            };
            self.clock.jump(due);
            self.engine.clock_changed();
        }
        panic!("it goes on and on: {:#?}", self.engine.runs(true, 10));
    }

    /// False where nobody has anything to say.
    async fn everybody_speaks(&self) -> bool {
        let mut spoke = false;
        for row in self.engine.runs(true, 100).unwrap() {
            let view = self.view(&row.id);
            if view.state == RunState::Diverged {
                self.engine.repin(&row.id, "ana").await.unwrap();
                self.rests().await;
                spoke = true;
            }
            assert!(!matches!(view.state, RunState::Suspect), "{}: {}", row.id, view.why);
            if matches!(view.state, RunState::Paused | RunState::Limited) {
                self.engine.pause(&row.id, false, "ana").await.unwrap();
                spoke = true;
            }
            for wait in view.open_waits() {
                spoke |= self.speaks(&row.id, wait).await;
            }
        }
        spoke
    }

    async fn speaks(&self, run: &RunId, wait: &WaitView) -> bool {
        let first = wait.options.first().map_or("yes", String::as_str);
        match wait.kind {
            WaitKind::Approval => self.says(run, &wait.id, self.asked(wait), "approve").await,
            WaitKind::Manual => self.says(run, &wait.id, "ben", "done").await,
            WaitKind::Question | WaitKind::Guard => self.says(run, &wait.id, self.asked(wait), first).await,
            WaitKind::InDoubt => {
                let done = self.engine.resolve(run, &wait.id, Resolve::Done, "ben", "test", "seen").await;
                done.unwrap_or_else(|why| panic!("{}: {why}", wait.id));
            }
            WaitKind::Signal if wait.name == "vendor.replied" => {
                let text = serde_json::json!({ "text": "we are on it" });
                self.engine.signal(run, "1", &wait.name, text).await.unwrap();
            }
            _ => return false,
        }
        self.rests().await;
        true
    }

    /// Somebody of those who are asked.
    fn asked(&self, wait: &WaitView) -> &str {
        let group = wait.ask.first().and_then(|name| self.config.people.groups.get(name));
        group.and_then(|people| people.first()).map_or("ben", String::as_str)
    }

    /// Stops cleanly: all that was decided is durable.
    pub(crate) async fn close(self) {
        let Self { engine, twins, journal, .. } = self;
        engine.drain().await;
        drop(engine);
        drop(twins);
        let mut journal = journal;
        // The engine's threads let go of it when they end.
        for _ in 0..10_000 {
            match Arc::try_unwrap(journal) {
                Ok(whole) => return drop(whole),
                Err(shared) => journal = shared,
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("the engine does not let go of its journal");
    }
}

/// A start by ana.
pub(crate) fn start(playbook: &str, input: serde_json::Value) -> StartRun {
    StartRun {
        playbook: playbook.to_owned(),
        input: input.as_object().cloned().unwrap_or_default().into_iter().collect(),
        alert: None,
        incident: None,
        started_by: "ana".to_owned(),
        channel: String::new(),
    }
}
