//! What happens to a case from outside: faults that begin when something is so, kills, grants that come to light.
//!
//! Looked at within every request of a simulated platform, and whenever the engine rests.

use std::{
    collections::BTreeMap,
    sync::{Arc, Weak},
};

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
    /// The numbers of faults that were switched on, by their place in the case.
    on: Mutex<BTreeMap<usize, u64>>,
}

/// What a condition brings about.
enum Deed {
    /// The case's fault of this number.
    Fault(usize, Fault),
    Kill(usize),
    Reveal(usize),
}

/// A kill in the middle of a call.
struct Death {
    /// Its number among the case's faults.
    nth: usize,
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
        let mut on = BTreeMap::new();
        // `check` has refused what does not compile
        let compiled = |text: &String| Condition::compile(text, &Known::new()).ok();
        for (nth, fault) in case.fault.iter().enumerate() {
            let once = fault.once.as_ref().and_then(compiled);
            match (once, of_twins(fault)) {
                (Some(once), Some(fault)) => waiting.push((once, Deed::Fault(nth, fault))),
                (Some(once), None) => waiting.push((once, Deed::Kill(nth))),
                (None, Some(fault)) => drop(on.insert(nth, twins.add_fault(fault))),
                (None, None) => deaths.extend(fault.action.clone().map(|action| Death {
                    nth,
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
        let (waiting, deaths, on) = (Mutex::new(waiting), Mutex::new(deaths), Mutex::new(on));
        Arc::new(Self { facts, reaper, judge, waiting, deaths, on })
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
                Deed::Fault(nth, fault) => drop(self.on.lock().insert(nth, twins.add_fault(fault))),
                Deed::Kill(_) => self.reaper.kill(),
                Deed::Reveal(nth) => twins.change_soon(Change::Reveal(nth)),
            }
        }
    }
}

impl Stage {
    /// The faults that never happened, by their place in the case, each with why. A case with one does not show what it says.
    pub(super) fn idle(&self, case: &Case, twins: &TwinHost, entries: u64) -> Vec<Idle> {
        let faults = twins.faults();
        let (waiting, deaths, on) = (self.waiting.lock(), self.deaths.lock(), self.on.lock());
        let never = waiting.iter().filter_map(|(_, deed)| match deed {
            Deed::Fault(nth, _) | Deed::Kill(nth) => Some((*nth, "its `once` was never so".to_owned())),
            Deed::Reveal(_) => None,
        });
        let there = answered(twins);
        let alive =
            deaths.iter().map(|death| (death.nth, short_of(&death.action, death.seen, death.call, &there)));
        let met = on.iter().filter_map(|(nth, id)| {
            let active = faults.iter().find(|active| active.id == *id && active.fired == 0)?;
            let whom = active.fault.action.clone().or_else(|| active.fault.integration.clone());
            let whom = whom.unwrap_or_else(|| "any platform".to_owned());
            Some((*nth, short_of(&whom, active.seen, active.fault.call.unwrap_or(1), &there)))
        });
        let early = case.fault.iter().enumerate().filter_map(|(nth, fault)| {
            let entry = fault.entry.filter(|entry| fault.kill_runner && *entry > entries)?;
            Some((nth, format!("the journal has {entries} entries, and it waits for entry {entry}")))
        });
        let mut idle: Vec<Idle> =
            never.chain(alive).chain(met).chain(early).map(|(nth, why)| Idle { nth, why }).collect();
        idle.sort_by_key(|idle| idle.nth);
        idle
    }
}

/// A fault that never happened.
#[derive(Clone, Debug, serde::Serialize)]
pub(super) struct Idle {
    /// Its number among the case's faults, from 0.
    pub(super) nth: usize,
    /// Why it did not.
    pub(super) why: String,
}

/// What the simulated platforms answered, by platform; with the name under which a call fails, where that is another one.
type Answered = BTreeMap<String, BTreeMap<String, Option<String>>>;

fn answered(twins: &TwinHost) -> Answered {
    let mut there = Answered::default();
    for request in twins.requests().into_iter().filter(|request| !request.action.is_empty()) {
        there.entry(request.integration).or_default().insert(request.action, request.meets);
    }
    there
}

/// Calls that could have failed, and too few came. Where enough came, another fault answered all of them.
fn short_of(whom: &str, seen: u64, first: u64, there: &Answered) -> String {
    let (platform, action) = whom.split_once('.').unwrap_or((whom, ""));
    let known = there.get(platform);
    match seen {
        0 if action.is_empty() || known.is_some_and(|known| known.contains_key(action)) => {
            match known.and_then(|known| known.get(action)?.as_ref()) {
                Some(meets) => format!("here {whom} has the address of {platform}.{meets}: let that fail"),
                None => format!("no call of {whom} could meet it"),
            }
        }
        0 => match known {
            None => format!("{platform} was asked nothing"),
            Some(known) => {
                let known: Vec<&str> = known.keys().map(String::as_str).collect();
                format!("nobody called {whom}; {platform} was asked for {}", known.join(", "))
            }
        },
        _ if seen < first => format!("{whom} was called {seen} times, and it waits for call {first}"),
        _ => format!("another fault met every call of {whom} first"),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_call_that_shares_its_address_the_other_is_named() {
        let meets = |name: &str, meets: Option<&str>| (name.to_owned(), meets.map(str::to_owned));
        let of_zendesk = [meets("list_user_tokens", Some("list_app_tokens")), meets("get_user", None)]
            .into_iter()
            .collect();
        let there = Answered::from([("zendesk".to_owned(), of_zendesk)]);
        let why = |whom: &str| short_of(whom, 0, 1, &there);
        assert_eq!(
            why("zendesk.list_user_tokens"),
            "here zendesk.list_user_tokens has the address of zendesk.list_app_tokens: let that fail"
        );
        assert_eq!(why("zendesk.get_user"), "no call of zendesk.get_user could meet it");
        assert_eq!(why("okta.get_user"), "okta was asked nothing");
    }
}
