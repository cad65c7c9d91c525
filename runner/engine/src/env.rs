//! What every part of the engine may reach: the journal, the platforms, the playbooks, the clock.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use parking_lot::{Mutex, RwLock};
use stanch_integrations::{Integrations, ScenarioClock, Work};
use stanch_journal::{BoxFuture, Journal};
use stanch_model::{
    Hash, RunId,
    catalog::ActionIndex,
    config::Current,
    run::{GuardRead, Mode, Reading, body::Pins, plan::KeptPlan},
};
use stanch_playbooks::{Library, Playbook, coverage::Coverage};

use crate::{
    desk::Desk,
    guard::{Families, Hour},
    live::{Info, Known},
    promotion::Standings,
    shard::Inbox,
};

/// The run's clock: waits, grace, token life and deadlines run on it. A drill brings its own.
pub trait Clock: Send + Sync {
    /// Unix time in milliseconds.
    fn now_ms(&self) -> i64;
    /// How long to sleep on the wall until the clock may show `due_ms`. Waking early is harmless.
    fn until(&self, due_ms: i64) -> Duration;
    /// Held by whatever is under way; a clock that jumps waits for it. Those who make requests make them during it.
    fn work(&self) -> Work {
        Work::uncounted()
    }
    /// Resolves when the clock shows `due_ms`.
    fn reach(&self, due_ms: i64) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while self.now_ms() < due_ms {
                tokio::time::sleep(self.until(due_ms).max(Duration::from_millis(1))).await;
            }
        })
    }
}

/// While it stands, sleepers look again so often; whoever moves it wakes them too.
const STANDING: Duration = Duration::from_millis(200);

impl Clock for Arc<ScenarioClock> {
    fn now_ms(&self) -> i64 {
        ScenarioClock::now_ms(self)
    }

    fn until(&self, due_ms: i64) -> Duration {
        ScenarioClock::until(self, due_ms).unwrap_or(STANDING)
    }

    fn work(&self) -> Work {
        Work::counted(self)
    }

    fn reach(&self, due_ms: i64) -> BoxFuture<'_, ()> {
        Box::pin(ScenarioClock::reach(self, due_ms))
    }
}

/// The wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct WallClock;

impl Clock for WallClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    fn until(&self, due_ms: i64) -> Duration {
        Duration::from_millis(u64::try_from(due_ms.saturating_sub(self.now_ms())).unwrap_or(0))
    }
}

/// Somebody beside the engine who goes by its clock: when they act next, of the time that it is now, Unix ms. A time that is
/// not ahead means that they are at work; nothing, that only something new makes them act.
pub type Beside = Arc<dyn Fn(i64) -> Option<i64> + Send + Sync>;

/// Effects that happen inside this process, for `stanch bench` and tests: an integration that no configuration can name.
pub trait InProcess: Send + Sync {
    /// Its name in scripts.
    fn name(&self) -> &'static str;
    /// Performs the effect; what goes in and what comes out is JSON. Called on the script's own thread, after the
    /// intent's sync.
    fn perform(&self, action: &str, input: &str) -> String;
}

/// How long things may take, on the wall clock, how much a run may write, how many are in memory.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// One attempt of one call, paging included.
    pub call: Duration,
    /// From the first attempt of a cut to giving it up.
    pub cut: Duration,
    /// How long a platform may need after a request died until a look at it tells the truth.
    pub settle: Duration,
    /// An effect or approval older than this asks again when a run is taken up anew.
    pub stale: Duration,
    /// What a guard has read of the world is taken for true so long.
    pub guard: Duration,
    /// A run that nothing can move for this long leaves memory.
    pub park: Duration,
    /// Runs that one thread of scripts holds in memory at a time; the others stand in line.
    pub held: usize,
    /// A run warns at this many entries; those in branches of fan-outs are counted for each branch alone.
    pub warn: u64,
    /// It parks as limited at this many.
    pub entries: u64,
    /// Operations of the interpreter between two steps.
    pub operations: u64,
}

/// Each run has a stack of its own, of which a script touches some 60 KiB; and a process may map 65,530 pieces of memory,
/// two for each stack.
const HELD: usize = 512;

impl Default for Patience {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(15),
            cut: Duration::from_secs(120),
            settle: Duration::from_secs(1),
            stale: Duration::from_secs(3600),
            guard: Duration::from_secs(300),
            park: Duration::from_secs(2),
            held: HELD,
            warn: 10_000,
            entries: 50_000,
            operations: stanch_playbooks::dialect::LIMITS.operations,
        }
    }
}

/// A run that alerts may join: the run, its incident, since when.
pub(crate) type OpenRun = (RunId, Option<String>, i64);

/// Shared by all shards.
pub(crate) struct Env {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) integrations: Integrations,
    /// The same for runs that only look.
    pub(crate) reading: Integrations,
    pub(crate) library: Arc<Library>,
    pub(crate) config: Current,
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) in_process: Option<Arc<dyn InProcess>>,
    /// What tests look at; nothing in a server.
    pub(crate) coverage: Option<Arc<Coverage>>,
    pub(crate) mode: Mode,
    pub(crate) patience: Patience,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) shards: RwLock<Vec<Inbox>>,
    pub(crate) paused: RwLock<BTreeSet<String>>,
    /// What people made of versions of playbooks.
    pub(crate) standings: RwLock<Standings>,
    /// Held while somebody judges one.
    pub(crate) judging: tokio::sync::Mutex<()>,
    pub(crate) draining: AtomicBool,
    /// Those beside the engine who go by its clock.
    pub(crate) beside: RwLock<Vec<Beside>>,
    /// Playbooks that only the journal still has.
    pub(crate) pinned: RwLock<HashMap<Hash, Arc<Playbook>>>,
    pub(crate) pins: RwLock<HashMap<Hash, Pins>>,
    /// Actions by `integration` and `action` or verb: shared with every call instead of copied for it.
    pub(crate) infos: RwLock<foldhash::HashMap<String, foldhash::HashMap<String, Option<Info>>>>,
    /// What guards have read a moment ago, for the other runs.
    pub(crate) read: Mutex<HashMap<Reading, GuardRead>>,
    /// What all runs have cut within an hour.
    pub(crate) hour: Hour,
    /// Held while a guard looks and counts.
    pub(crate) letting_pass: Mutex<()>,
    /// Plans that runs of this life are held to.
    pub(crate) plans: RwLock<HashMap<Hash, Arc<KeptPlan>>>,
    /// Runs with children.
    pub(crate) families: Families,
    /// True once this life knows which unfinished runs alerts may join.
    pub(crate) recalled: tokio::sync::watch::Sender<bool>,
    /// Unfinished runs that alerts may join: run, incident, since when.
    pub(crate) open: Mutex<HashMap<String, OpenRun>>,
}

impl Env {
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// What a run of this mode reaches platforms through.
    pub(crate) fn way(&self, mode: Mode) -> &Integrations {
        match mode {
            Mode::Plan => &self.reading,
            Mode::Live | Mode::Drill => &self.integrations,
        }
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The action of this name, or that this verb becomes, on a configured integration.
    pub(crate) fn info(&self, integration: &str, name: &str) -> Option<Info> {
        if let Some(known) = self.infos.read().get(integration).and_then(|infos| infos.get(name)) {
            return known.clone();
        }
        let by_verb = || {
            self.integrations.verb(name).into_iter().find(|(own, _)| own == integration).map(|(_, info)| info)
        };
        let found = self.integrations.action(integration, name).or_else(by_verb);
        let found = found.map(|info| Arc::new(Known::new(integration, info.clone())));
        let mut infos = self.infos.write();
        infos.entry(integration.to_owned()).or_default().insert(name.to_owned(), found.clone());
        found
    }

    /// The scope that holds this run (and call) back, if one does.
    pub(crate) fn held_by(&self, playbook: &str, integration: Option<&str>) -> Option<String> {
        let paused = self.paused.read();
        if paused.is_empty() {
            return None;
        }
        let mut scopes = vec!["all".to_owned(), format!("playbook:{playbook}")];
        scopes.extend(integration.map(|name| format!("integration:{name}")));
        scopes.into_iter().find(|scope| paused.contains(scope))
    }
}

/// An instant as text: RFC 3339 in UTC, milliseconds.
pub(crate) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |t| format!("{t:.3}"))
}
