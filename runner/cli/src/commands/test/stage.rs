//! What happens to a case from outside: faults that begin when something is so, kills, grants that come to light.
//!
//! Looked at within every request of a simulated platform, and whenever the engine rests.

use std::sync::{Arc, Weak};

use parking_lot::{Mutex, RwLock};
use stanch_drill::{
    case::{Case, CaseFault},
    facts::Facts,
    words::{Condition, Judge, Known},
};
use stanch_integrations::twin::{Answer, Change, Fault, RequestRecord, TwinHost};

use super::life::Reaper;

/// See the module.
pub(super) struct Stage {
    pub(super) facts: Arc<RwLock<Facts>>,
    reaper: Arc<Reaper>,
    judge: Judge,
    waiting: Mutex<Vec<(Condition, Deed)>>,
    deaths: Mutex<Vec<Death>>,
}

/// What a condition brings about.
enum Deed {
    Fault(Fault),
    Kill,
    Reveal(usize),
}

/// A kill in the middle of a call.
struct Death {
    action: String,
    call: u64,
    seen: u64,
}

impl Stage {
    pub(super) fn set(
        case: &Case,
        facts: Arc<RwLock<Facts>>,
        reaper: Arc<Reaper>,
        twins: &TwinHost,
    ) -> Arc<Self> {
        let mut waiting = Vec::new();
        let mut deaths = Vec::new();
        // `check` has refused what does not compile
        let compiled = |text: &String| Condition::compile(text, &Known::new()).ok();
        for fault in &case.fault {
            let once = fault.once.as_ref().and_then(compiled);
            match (once, of_twins(fault)) {
                (Some(once), Some(fault)) => waiting.push((once, Deed::Fault(fault))),
                (Some(once), None) => waiting.push((once, Deed::Kill)),
                (None, Some(fault)) => drop(twins.add_fault(fault)),
                (None, None) => deaths.extend(fault.action.clone().map(|action| Death {
                    action,
                    call: fault.call.unwrap_or(1),
                    seen: 0,
                })),
            }
        }
        for (nth, hidden) in case.world.hidden.iter().enumerate() {
            if let Some(once) = hidden.once.as_ref().and_then(compiled) {
                waiting.push((once, Deed::Reveal(nth)));
            }
        }
        let judge = Judge::of(&facts);
        Arc::new(Self { facts, reaper, judge, waiting: Mutex::new(waiting), deaths: Mutex::new(deaths) })
    }

    /// From now on every request is seen before it is answered.
    pub(super) fn watch(self: &Arc<Self>, twins: &Arc<TwinHost>) {
        let (stage, weak): (Weak<Self>, Weak<TwinHost>) = (Arc::downgrade(self), Arc::downgrade(twins));
        twins.on_request(Arc::new(move |request, _| {
            let (Some(stage), Some(twins)) = (stage.upgrade(), weak.upgrade()) else { return };
            stage.facts.write().saw(request);
            stage.die(request);
            stage.look(&twins);
        }));
    }

    fn die(&self, request: &RequestRecord) {
        let action = format!("{}.{}", request.integration, request.action);
        let mut deaths = self.deaths.lock();
        for death in deaths.iter_mut().filter(|death| death.action == action) {
            death.seen += 1;
        }
        let before = deaths.len();
        deaths.retain(|death| death.seen < death.call);
        if deaths.len() < before {
            self.reaper.kill();
        }
    }

    /// Does what has become due.
    pub(super) fn look(&self, twins: &TwinHost) {
        self.facts.write().kills = self.reaper.kills();
        let mut waiting = self.waiting.lock();
        let all = std::mem::take(&mut *waiting);
        for (once, deed) in all {
            if !self.judge.holds(&once, false) {
                waiting.push((once, deed));
                continue;
            }
            match deed {
                Deed::Fault(fault) => drop(twins.add_fault(fault)),
                Deed::Kill => self.reaper.kill(),
                Deed::Reveal(nth) => twins.change_soon(Change::Reveal(nth)),
            }
        }
    }
}

/// As the twins take it. What never answers says so at once: nothing is learned by waiting for it on the wall's clock.
fn of_twins(fault: &CaseFault) -> Option<Fault> {
    let mut fault = fault.for_twins()?;
    let soon = match fault.answer {
        Answer::TimeoutBeforeEffect | Answer::TimeoutAfterEffect => Some(std::time::Duration::ZERO),
        Answer::Slow => Some(std::time::Duration::from_millis(100)),
        _ => None,
    };
    fault.delay = fault.delay.or(soon);
    Some(fault)
}
