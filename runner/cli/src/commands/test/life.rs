//! Lives of the engine: each on threads of its own, so that a kill takes everything that it had under way.
//!
//! A kill leaves what `kill -9` leaves: the entries that were durable, and whatever the platforms had begun to do. It happens
//! on the thread that has just made an entry durable, before anybody hears of it, or in the middle of a platform's answer.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU32, Ordering},
};

use anyhow::Context;
use parking_lot::Mutex;
use stanch_engine::Engine;
use stanch_journal::{Journal, MemoryJournal};
use tokio::{runtime::Runtime, sync::watch};

/// What the hand that kills can reach.
pub(super) struct Reaper {
    alive: Mutex<Option<Alive>>,
    /// What the last kill left.
    left: Mutex<Option<MemoryJournal>>,
    dead: watch::Sender<bool>,
    kills: AtomicU32,
}

struct Alive {
    runtime: Runtime,
    journal: Arc<MemoryJournal>,
}

/// One life.
pub(super) struct Life {
    pub(super) engine: Engine,
    pub(super) journal: Arc<MemoryJournal>,
}

impl Reaper {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            alive: Mutex::default(),
            left: Mutex::default(),
            dead: watch::Sender::new(false),
            kills: AtomicU32::new(0),
        })
    }

    /// How often it killed.
    pub(super) fn kills(&self) -> u32 {
        self.kills.load(Ordering::SeqCst)
    }

    /// Whether this life is over.
    pub(super) fn is_dead(&self) -> bool {
        *self.dead.borrow()
    }

    /// Resolves when this life is over.
    pub(super) async fn killed(&self) {
        let mut dead = self.dead.subscribe();
        // it cannot close: we hold the sender
        let _dead = dead.wait_for(|dead| *dead).await;
    }

    /// Ends this life now; with what was durable, or with no more than the group that this entry came in.
    pub(super) fn kill(&self) {
        let alive = self.alive.lock().take();
        self.bury(alive, None);
    }

    /// The same at an entry of this life's own journal: what is left of an earlier life still makes entries durable, and
    /// these end nobody.
    fn kill_at(&self, own: &Weak<MemoryJournal>, entry: u64) {
        let is_own = |alive: &mut Alive| std::ptr::eq(Arc::as_ptr(&alive.journal), own.as_ptr());
        let alive = self.alive.lock().take_if(is_own);
        self.bury(alive, Some(entry));
    }

    fn bury(&self, alive: Option<Alive>, at_entry: Option<u64>) {
        let Some(Alive { runtime, journal }) = alive else { return };
        // First of all: nothing that hears of the entry may act on it.
        runtime.shutdown_background();
        let cut = at_entry.and_then(|entry| journal.cuts().into_iter().find(|cut| *cut as u64 >= entry));
        let left = cut.map_or_else(|| journal.crash(), |cut| journal.crash_at(cut));
        *self.left.lock() = Some(left);
        self.kills.fetch_add(1, Ordering::SeqCst);
        self.dead.send_replace(true);
    }

    /// What the kill left.
    pub(super) fn left(&self) -> Option<MemoryJournal> {
        self.left.lock().take()
    }

    /// Begins a life on this journal. It ends at the first of these entries that is not behind it yet.
    pub(super) fn begin(
        self: &Arc<Self>,
        journal: MemoryJournal,
        deaths: &[u64],
        engine: impl FnOnce(Arc<MemoryJournal>) -> anyhow::Result<Engine>,
    ) -> anyhow::Result<Life> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.context("no threads")?;
        let journal = Arc::new(journal);
        if let Some(entry) = deaths.iter().copied().filter(|entry| *entry > journal.durable()).min() {
            let (reaper, own) = (Arc::downgrade(self), Arc::downgrade(&journal));
            journal.on_durable(Arc::new(move |durable| {
                if let Some(reaper) = reaper.upgrade().filter(|_| durable >= entry) {
                    reaper.kill_at(&own, entry);
                }
            }));
        }
        let inside = runtime.handle().clone();
        *self.alive.lock() = Some(Alive { runtime, journal: journal.clone() });
        self.dead.send_replace(false);
        let entered = inside.enter();
        let engine = engine(journal.clone())?;
        drop(entered);
        Ok(Life { engine, journal })
    }

    /// Ends the last life.
    pub(super) fn end(&self) {
        if let Some(Alive { runtime, .. }) = self.alive.lock().take() {
            runtime.shutdown_background();
        }
    }
}
