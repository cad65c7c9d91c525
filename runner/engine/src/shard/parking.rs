//! Parking: a run that nothing can move for a while leaves memory and becomes a row on disk.

use std::{cell::RefCell, rc::Rc};

use stanch_model::{
    Address, RunId, Target,
    run::{
        RunState, WaitKind,
        body::{self, kind},
    },
};

use super::Shard;
use crate::{
    act::Phase,
    coverage::{lapsed, latest_policy, pre_approved},
    current::{Current, during},
    env::{Env, rfc3339},
    fiber::{Ran, Wake},
    host::{ASSUMED, card},
    live::{Leave, Live, row},
    two_person,
};

/// Targets that a card names before it counts.
const NAMED: usize = 3;

type Shared = Rc<RefCell<Live>>;

impl Shard {
    /// The script waits. Raises the card that is due, arms the next alarm, or lets the run go.
    pub(super) fn consider_parking(&mut self, run: &RunId) {
        let Some(slot) = self.slots.get(run) else { return };
        if slot.fiber.is_none() || slot.queued {
            return;
        }
        let live = Rc::clone(&slot.live);
        if live.borrow().look_for_signals {
            live.borrow_mut().look_for_signals = false;
            self.match_signals(&live);
            self.flush(&live);
            if live.borrow().stirred {
                return self.queue(&live);
            }
        }
        if is_busy(&live.borrow()) {
            return;
        }
        let raised = [self.raise_guards(&live), self.raise_card(&live)];
        if raised.contains(&true) {
            return self.flush_and_look(run, &live);
        }
        let now = self.env.now_ms();
        let due = next_due(&live.borrow());
        let patience = i64::try_from(self.env.patience.park.as_millis()).unwrap_or(i64::MAX);
        match due {
            Some(due) if due.saturating_sub(now) <= patience => self.alarm(run, due),
            _ => self.park(run, &live, due),
        }
    }

    fn flush_and_look(&mut self, run: &RunId, live: &Shared) {
        self.flush(live);
        if !live.borrow().stirred {
            self.consider_parking(run);
        } else {
            self.queue(live);
        }
    }

    /// One card for all effects that no approval covers, once none of the run's branches can go further.
    fn raise_card(&mut self, live: &Shared) -> bool {
        let uncovered = uncovered(&live.borrow());
        if uncovered.is_empty() {
            return false;
        }
        let now = self.env.now_ms();
        let targets: Vec<_> = {
            let live = live.borrow();
            let acts = uncovered.iter().filter_map(|address| live.acts.get(address));
            acts.filter_map(|act| act.spec.target.as_ref().map(crate::host::bare)).collect()
        };
        let here = Current { live: Rc::clone(live), env: std::sync::Arc::clone(&self.env) };
        let policy = latest_policy(&live.borrow());
        let Some((name, policy)) = policy else {
            for address in uncovered {
                let Some(spec) = super::marks::spec(live, &address) else { continue };
                self.skip(
                    live,
                    &spec,
                    "it cannot be undone, and the manifest names nobody who may allow it",
                    now,
                );
            }
            return true;
        };
        let ruled = {
            let live = live.borrow();
            let mut acts = uncovered.iter().filter_map(|address| live.acts.get(address));
            acts.any(|act| two_person::rules(&self.env, act.spec.info.effect))
        };
        let policy = if ruled { two_person::policy(policy) } else { policy };
        let text = uncovered_text(&self.env, &live.borrow(), &name, &targets);
        let free = pre_approved(&here, &policy, &targets).then_some("pre_approved");
        let free = free.or(live.borrow().is_plan().then_some(ASSUMED));
        let place = uncovered.first().cloned().unwrap_or_default();
        let wait = card(&here, WaitKind::Approval, &name, &text, &policy, targets);
        let id = wait.wait.clone();
        here.open_wait(body::WaitOpened { address: place, card: true, ..wait });
        super::marks::hold(live, &uncovered, &id);
        let wait = live.borrow().view.waits.iter().find(|wait| wait.id == id).cloned();
        if let (Some(wait), Some(by)) = (wait, free) {
            self.close(live, &wait, "approve", by, "", serde_json::Value::Null);
        }
        true
    }

    /// Unwinds the script and drops the run; its row says what it waits for and until when.
    fn park(&mut self, run: &RunId, live: &Shared, due: Option<i64>) {
        let now = self.env.now_ms();
        let why = describe(&self.env, &live.borrow());
        {
            let mut live = live.borrow_mut();
            live.leaving = Some(Leave::Park);
            let waits: Vec<&str> = live.view.open_waits().map(|wait| wait.id.as_str()).collect();
            let waits = waits.join(" ");
            let state = body::StateEntry { due_ms: due, ..body::StateEntry::of(RunState::Waiting, why) };
            live.record(kind::STATE, state, now);
            live.set_row(row(RunState::Waiting, (!waits.is_empty()).then_some(waits), due));
        }
        self.flush(live);
        self.unwind(run);
    }

    /// Takes the run out of memory. What it did not journal never happened.
    pub(super) fn unwind(&mut self, run: &RunId) {
        let Some(mut slot) = self.slots.remove(run) else { return };
        let Some(fiber) = slot.fiber.take() else { return };
        slot.live.borrow_mut().leaving.get_or_insert(Leave::Park);
        let current = Current { live: Rc::clone(&slot.live), env: std::sync::Arc::clone(&self.env) };
        let mut ran = during(current.clone(), || fiber.resume(Wake::Unwind));
        // A script that swallows the error meets it again at its next call or operation.
        while let Ran::Paused(_, fiber) = ran {
            ran = during(current.clone(), || fiber.resume(Wake::Unwind));
        }
    }
}

/// What a card says of targets that no approval covers, or none any more.
fn uncovered_text(env: &Env, live: &Live, name: &str, targets: &[Target]) -> String {
    let named = named(targets);
    match targets.iter().find_map(|target| lapsed(env, live, target)) {
        Some((wait, given_ms)) => format!(
            "{name}: {named}; the yes to {} is of {}, too long before the run went on again",
            wait.id,
            rfc3339(given_ms)
        ),
        None => format!("{name}: {named}, which no approval covers yet"),
    }
}

/// Whom a card is about, by the names that people know; of many the first ones.
fn named(targets: &[Target]) -> String {
    let names: Vec<_> = targets.iter().take(NAMED).map(Target::name).collect();
    let names = names.join(", ");
    match targets.len().saturating_sub(NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

/// The calls that no approval covers and no card asks for. Those that a card of an earlier life asks for wait for it.
fn uncovered(live: &Live) -> Vec<Address> {
    let held = live.acts.iter().filter(|(_, act)| matches!(act.phase, Phase::Uncovered));
    let mut held: Vec<Address> = held.map(|(address, _)| address.clone()).collect();
    held.sort();
    held
}

/// Nothing to consider: calls are on their way, and no signal came that somebody may wait for.
pub(super) fn is_at_work(live: &Live) -> bool {
    !live.look_for_signals && is_busy(live)
}

fn is_busy(live: &Live) -> bool {
    live.acts.values().any(|act| act.phase.is_busy())
        || live.proofs.values().any(|proof| proof.again_ms.is_none())
}

pub(super) fn next_due(live: &Live) -> Option<i64> {
    let acts = live.acts.values().filter_map(|act| act.phase.due_ms());
    let proofs = live.proofs.values().filter_map(|proof| proof.again_ms);
    let waits = live.view.open_waits().filter_map(|wait| wait.due_ms);
    acts.chain(proofs).chain(waits).min()
}

/// What the run waits for, in words: its cards, else what is put off, else what is being read back.
fn describe(env: &Env, live: &Live) -> String {
    let waits: Vec<String> =
        live.view.open_waits().map(|wait| format!("{} {}", wait.id, wait.name)).collect();
    if !waits.is_empty() {
        return waits.join(", ");
    }
    let mut put_off: Vec<(&Address, String)> = Vec::new();
    for (address, act) in &live.acts {
        if act.phase.due_ms().is_some() {
            let scope = env.held_by(&live.created.playbook, Some(&act.spec.integration));
            let step = live.steps.get(address).and_then(|step| step.deferred.as_ref());
            let why = match (scope, step) {
                (Some(scope), _) => format!("{scope} is paused"),
                (None, Some(deferred)) => deferred.1.clone(),
                (None, None) => "it may not go out yet".to_owned(),
            };
            put_off.push((address, format!("{}: {why}", act.spec.name)));
        }
    }
    put_off.sort();
    match (put_off.first(), live.proofs.len()) {
        (Some((_, first)), _) if put_off.len() == 1 => first.clone(),
        (Some((_, first)), _) => format!("{first} (and {} more calls)", put_off.len() - 1),
        (None, 0) => String::new(),
        (None, proofs) => format!("{proofs} cuts to be read back"),
    }
}
