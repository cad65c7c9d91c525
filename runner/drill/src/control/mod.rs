//! The seats' own address: who plays sits down by a code, sees what the seat may see, and orders what it may order.
//!
//! On loopback alone. What a seat may not see never leaves this process.

mod api;
mod codes;
mod debrief;
mod edits;
mod kept;
mod orders;
#[cfg(test)]
mod tests;
mod view;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use parking_lot::{Mutex, RwLock};
use schemars::JsonSchema;
use serde::Serialize;
use stanch_integrations::{ScenarioClock, twin::TwinHost};
use stanch_model::api::{Debrief, DrillDone, DrillOrder, DrillTicket, DrillView, Problem, SeatKind};
use tokio::sync::Notify;

pub(crate) use api::Door;
pub(crate) use codes::{Code, Codes};
pub(crate) use kept::KeptSeats;

use crate::{record, scenario::Known, score::Score, stagehand::Stage};

/// What the seats' address takes and gives.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is asked for")]
struct Shapes {
    /// `GET /v1/drill`
    view: DrillView,
    /// What `POST /v1/drill/orders` takes.
    order: DrillOrder,
    /// What it gives.
    done: DrillDone,
    /// What `POST /v1/drill/ticket` gives.
    ticket: DrillTicket,
    /// What a no looks like.
    problem: Problem,
}

/// The JSON Schema of everything that the seats' address takes and gives.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Shapes).to_value()
}

/// A seat whose eyes were not here for so long has left.
const EYES: Duration = Duration::from_secs(5);

/// A seat and how to sit down there, for whoever hands it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Which.
    pub seat: SeatKind,
    /// In whose name one plays there.
    pub name: String,
    /// `CODE@HOST:PORT`.
    pub code: String,
}

/// What the seats and the play share.
pub(crate) struct Floor {
    pub(crate) stage: Arc<Stage>,
    pub(crate) twins: Arc<TwinHost>,
    pub(crate) clock: Arc<ScenarioClock>,
    /// What its faults may name.
    known: Known,
    codes: Codes,
    tokens: BTreeMap<String, String>,
    data: String,
    /// Where the server is; empty before its first life.
    server: RwLock<String>,
    /// The rate that a clock which stands goes on with.
    rate: Mutex<f64>,
    /// Somebody changed something: the play looks at once.
    changed: Notify,
    stopped: AtomicBool,
    seen: Mutex<BTreeMap<SeatKind, Instant>>,
    over: RwLock<Option<Over>>,
}

/// How it ended.
struct Over {
    /// Why.
    why: String,
    /// The score at the end; overrides may come after it.
    score: Score,
    debrief: Box<Debrief>,
}

/// What a floor is made of.
pub(crate) struct Parts {
    pub(crate) stage: Arc<Stage>,
    pub(crate) twins: Arc<TwinHost>,
    pub(crate) clock: Arc<ScenarioClock>,
    pub(crate) known: Known,
    pub(crate) codes: Codes,
    pub(crate) tokens: BTreeMap<String, String>,
    pub(crate) data: String,
    pub(crate) rate: f64,
}

impl Floor {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { stage, twins, clock, known, codes, tokens, data, rate } = parts;
        Self {
            stage,
            twins,
            clock,
            known,
            codes,
            tokens,
            data,
            server: RwLock::default(),
            rate: Mutex::new(rate),
            changed: Notify::new(),
            stopped: AtomicBool::new(false),
            seen: Mutex::default(),
            over: RwLock::default(),
        }
    }

    /// The server is here now.
    pub(crate) fn serving(&self, url: &str) {
        url.clone_into(&mut self.server.write());
    }

    /// All codes, for a later life.
    pub(crate) fn kept_codes(&self) -> Vec<kept::KeptCode> {
        self.codes.kept()
    }

    /// What is handed out.
    pub(crate) fn offers(&self) -> Vec<Offer> {
        self.codes.offers()
    }

    /// What whoever started it sits down with.
    pub(crate) fn host(&self) -> Option<Offer> {
        self.codes.host()
    }

    /// True once somebody said the stop word.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Waits so long, or until somebody changes something.
    pub(crate) async fn pause(&self, long: Duration) {
        let _either = tokio::time::timeout(long, self.changed.notified()).await;
    }

    /// It is over: everybody sees how it came out.
    pub(crate) fn over(&self, score: Score, why: &str) {
        let debrief = Box::new(self.came_out(&score, why));
        *self.over.write() = Some(Over { why: why.to_owned(), score, debrief });
    }

    /// Whether everybody sees how it came out.
    fn is_over(&self) -> bool {
        self.over.read().is_some()
    }

    /// How it came out, once it is over.
    fn debrief(&self) -> Option<Box<Debrief>> {
        self.over.read().as_ref().map(|over| over.debrief.clone())
    }

    /// The score at the end, with what the facilitator said of it since.
    pub(crate) fn last_score(&self) -> Option<Score> {
        self.over.read().as_ref().map(|over| over.score.clone())
    }

    /// Somebody overrode a grade: what is over is counted anew.
    fn count_anew(&self) {
        let grades = record::grades(&self.stage.record.lines());
        let (why, score) = match &*self.over.read() {
            Some(over) => (over.why.clone(), over.score.clone()),
            None => return,
        };
        self.over(self.stage.with_grades(score, &grades), &why);
    }

    /// True while somebody who sat down still looks.
    pub(crate) fn is_watched(&self) -> bool {
        self.seen.lock().values().any(|seen| seen.elapsed() < EYES)
    }

    fn wake(&self) {
        self.changed.notify_one();
    }

    fn at_s(&self) -> i64 {
        self.stage.seconds(self.clock.now_ms())
    }
}
