//! What is cut already: the targets that limits count, each once, by run and by step.

use std::collections::HashMap;

use stanch_model::{Address, Target, TargetState};

use crate::{host::bare, live::Live};

/// The kind of target that is a person.
pub(super) const PERSON: &str = "user";

/// Distinct targets, however many verbs cut them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// How many calls are under way or done on a target.
    calls: HashMap<Target, u32>,
    /// How many targets by integration and kind.
    kinds: HashMap<(String, String), u64>,
}

impl Tally {
    pub(super) fn add(&mut self, target: &Target) {
        self.add_calls(target, 1);
    }

    pub(super) fn add_all(&mut self, other: &Self) {
        other.calls.iter().for_each(|(target, calls)| self.add_calls(target, *calls));
    }

    fn add_calls(&mut self, target: &Target, more: u32) {
        match self.calls.get_mut(target) {
            Some(calls) => *calls += more,
            None => {
                self.calls.insert(bare(target), more);
                *self.kinds.entry((target.integration.clone(), target.kind.clone())).or_insert(0) += 1;
            }
        }
    }

    pub(super) fn remove(&mut self, target: &Target) {
        let Some(calls) = self.calls.get_mut(target) else { return };
        *calls -= 1;
        if *calls == 0 {
            self.calls.remove(target);
            if let Some(count) = self.kinds.get_mut(&(target.integration.clone(), target.kind.clone())) {
                *count -= 1;
            }
        }
    }

    pub(super) fn has(&self, target: &Target) -> bool {
        self.calls.contains_key(target)
    }

    pub(super) fn targets(&self) -> u64 {
        self.calls.len() as u64
    }

    pub(super) fn people(&self) -> u64 {
        self.kinds.iter().filter(|((_, kind), _)| kind == PERSON).map(|(_, count)| count).sum()
    }

    pub(super) fn of(&self, integration: &str, kind: &str) -> u64 {
        self.kinds.get(&(integration.to_owned(), kind.to_owned())).copied().unwrap_or(0)
    }
}

/// A run's targets, with those whose requests have not gone out yet.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(super) run: Tally,
    /// By the step on the main line; for limits of a step.
    pub(super) steps: HashMap<String, Tally>,
}

impl Counted {
    pub(crate) fn add(&mut self, target: &Target, address: &Address) {
        self.run.add(target);
        self.steps.entry(main_step(address).to_owned()).or_default().add(target);
    }

    /// A person, or a guard, took a call back before it went out.
    pub(crate) fn remove(&mut self, target: &Target, address: &Address) {
        self.run.remove(target);
        if let Some(step) = self.steps.get_mut(main_step(address)) {
            step.remove(target);
        }
    }
}

/// The step on the main line in which this place lies.
pub(super) fn main_step(address: &Address) -> &str {
    address.as_str().split('.').next().unwrap_or_default()
}

/// What the run has counted; made from its history when a guard asks for the first time in this life.
pub(super) fn of(live: &mut Live) -> &mut Counted {
    if live.guarded.is_none() {
        let mut counted = Counted::default();
        let cut = live.view.targets.values().filter(|view| view.state != TargetState::Skipped);
        cut.for_each(|view| counted.add(&view.target, &view.address));
        live.guarded = Some(counted);
    }
    live.guarded.get_or_insert_default()
}
