//! What every handler shares.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use stanch_engine::{Clock, Engine};
use stanch_integrations::source::Source;
use stanch_journal::Journal;
use stanch_model::{config::Current, run::Mode};
use stanch_response::{Register, credential::Secret};
use tokio::sync::{Semaphore, watch};

use crate::{
    Files, Tokens, auth::Limiter, heart::Pulses, ledger::Ledger, link::Links, login::Logins,
    metrics::Metrics, notices::Notices, siem, tell::Told, views::Summaries,
};

/// Unproven bytes that may be in memory at one time, in KiB.
pub(crate) const INTAKE_KIB: u32 = 64 * 1024;

/// Followers at one time: each costs a task and a place in the journal's file cache.
const FOLLOWERS: usize = 256;

/// What every handler shares.
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) config: Current,
    pub(crate) register: Register,
    pub(crate) notices: Arc<Notices>,
    pub(crate) told: Arc<Told>,
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) callers: Limiter,
    pub(crate) senders: Limiter,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) pulses: Pulses,
    pub(crate) copies: Vec<Arc<siem::Figures>>,
    pub(crate) people: Ledger,
    pub(crate) links: Arc<Links>,
    /// Where people log in, if they can.
    pub(crate) logins: Option<Logins>,
    /// What Slack signs the presses of buttons with.
    pub(crate) slack: Option<Secret>,
    pub(crate) description: serde_json::Value,
    pub(crate) summaries: Summaries,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mode: Mode,
    pub(crate) files: Files,
    pub(crate) reloading: tokio::sync::Mutex<()>,
    /// One at a time: who closes an incident, and who does what a closed one does not take.
    pub(crate) closing: tokio::sync::Mutex<()>,
    /// Where the ledger of drills lies.
    pub(crate) data: Option<PathBuf>,
    pub(crate) intake: Semaphore,
    pub(crate) followers: Arc<Semaphore>,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// A handler's view of it.
pub(crate) type Shared = Arc<App>;

/// What an [`App`] is made of.
pub(crate) struct Parts {
    pub(crate) engine: Engine,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) config: Current,
    pub(crate) register: Register,
    pub(crate) notices: Arc<Notices>,
    pub(crate) told: Arc<Told>,
    pub(crate) sources: BTreeMap<String, Source>,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) mode: Mode,
    pub(crate) files: Files,
    pub(crate) data: Option<PathBuf>,
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) pulses: Pulses,
    pub(crate) links: Arc<Links>,
    pub(crate) logins: Option<Logins>,
    pub(crate) slack: Option<Secret>,
    pub(crate) copies: Vec<Arc<siem::Figures>>,
    pub(crate) description: serde_json::Value,
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts {
            engine,
            journal,
            config,
            register,
            notices,
            told,
            sources,
            tokens,
            clock,
            mode,
            files,
            data,
            stopping,
            metrics,
            pulses,
            links,
            logins,
            slack,
            copies,
            description,
        } = parts;
        let limits = &config.server;
        Self {
            callers: Limiter::new(limits.rate, limits.rate.saturating_mul(10)),
            senders: Limiter::new(limits.alert_rate, limits.alert_rate),
            people: Ledger::new(journal.clone(), "people"),
            engine,
            journal,
            config,
            register,
            notices,
            told,
            sources,
            tokens,
            metrics,
            pulses,
            links,
            logins,
            slack,
            copies,
            description,
            summaries: Summaries::default(),
            clock,
            mode,
            files,
            reloading: tokio::sync::Mutex::default(),
            closing: tokio::sync::Mutex::default(),
            data,
            intake: Semaphore::new(INTAKE_KIB as usize),
            followers: Arc::new(Semaphore::new(FOLLOWERS)),
            stopping,
        }
    }

    pub(crate) fn now(&self) -> jiff::Timestamp {
        crate::clock::now(&self.clock)
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }
}

/// `live`, `plan` or `drill`.
pub(crate) fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "live",
        Mode::Plan => "plan",
        Mode::Drill => "drill",
    }
}
