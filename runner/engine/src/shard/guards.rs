//! Guards at work: what they must know is read, what they stop waits for a card, what a person says to it is done.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use stanch_model::{
    Address,
    run::{GuardRead, Reading, WaitKind, WaitView, body::kind},
};

use super::{
    Message, Shard,
    marks::{self, set},
};
use crate::{
    act::{Phase, Spec},
    guard::{self, Lifts, Objection, Verdict, read::Told},
    live::Live,
};

type Shared = Rc<RefCell<Live>>;

impl Shard {
    /// Whether the guards let a call pass. If they do not, it waits: for a read, for a card, for a moment; or it is left
    /// out.
    pub(super) fn is_let_pass(&mut self, live: &Shared, spec: &Arc<Spec>) -> bool {
        // Between the look at a limit and the count no other thread lets anything pass.
        let env = Arc::clone(&self.env);
        let _one_at_a_time = env.letting_pass.lock();
        let verdict = guard::ask(&self.env, &mut live.borrow_mut(), spec);
        match verdict {
            Verdict::Pass(entries) => {
                self.count(live, spec, entries);
                return true;
            }
            Verdict::Reads(readings) => self.guard_reads(live, spec, &readings),
            Verdict::Later(at_ms) => set(live, &spec.address, Phase::Deferred(at_ms)),
            Verdict::Barred(objection) => set(live, &spec.address, Phase::Barred(objection)),
            Verdict::Held(card) => set(live, &spec.address, Phase::Held(card)),
            Verdict::Refused => self.skip(live, spec, "the guard holds", self.env.now_ms()),
        }
        false
    }

    fn count(&self, live: &Shared, spec: &Spec, entries: Vec<u64>) {
        let first = {
            let mut live = live.borrow_mut();
            live.acts.get_mut(&spec.address).map(|act| act.guards.replace(entries).is_none())
        };
        if let (Some(true), Some(target)) = (first, &spec.target) {
            guard::count(&self.env, &mut live.borrow_mut(), target, &spec.address);
        }
    }

    /// Has everything read that is not being read already. What another run read a moment ago is taken as it is.
    fn guard_reads(&mut self, live: &Shared, spec: &Arc<Spec>, readings: &[Reading]) {
        if self.is_held(live, spec) {
            return;
        }
        set(live, &spec.address, Phase::Guarding);
        live.borrow_mut().known.waiting.push(spec.address.clone());
        for reading in readings {
            if !live.borrow_mut().known.asked.insert(reading.clone()) {
                continue;
            }
            let run = live.borrow().id.clone();
            let integrations = self.env.way(live.borrow().created.mode).clone();
            let (own, reading) = (self.own.clone(), reading.clone());
            if let Some(read) = self.env.read_before(&reading) {
                own.send(Message::Told(run, reading, Told::Before(read)));
                continue;
            }
            self.env.runtime.spawn(self.env.clock.work().during(async move {
                let told = guard::read::read(&integrations, &reading).await;
                own.send(Message::Told(run, reading, told));
            }));
        }
    }

    /// A guard's read came back: it is journaled, and every call that waited for it comes before the guards again.
    pub(super) fn told(&mut self, live: &Shared, reading: Reading, told: Told) {
        let now = self.env.now_ms();
        let read = match told {
            Told::Found(found) => {
                let read = GuardRead { of: reading, at_ms: now, found };
                self.env.keep_read(&read);
                read
            }
            Told::Before(read) => read,
            Told::Again(until_ms) => return self.put_off(live, &reading, until_ms),
        };
        live.borrow_mut().record(kind::GUARD, &read, now);
        let waiting = std::mem::take(&mut live.borrow_mut().known.waiting);
        for address in waiting {
            self.begin(live, &address);
            self.alarm_for(live, &address);
        }
    }

    fn put_off(&mut self, live: &Shared, reading: &Reading, until_ms: i64) {
        let waiting = {
            let mut live = live.borrow_mut();
            live.known.asked.remove(reading);
            std::mem::take(&mut live.known.waiting)
        };
        for address in waiting {
            set(live, &address, Phase::Deferred(until_ms));
            self.alarm_for(live, &address);
        }
    }

    /// One card for all calls that a limit stops, one for each protected target; once none of the run's branches can go
    /// further.
    pub(super) fn raise_guards(&mut self, live: &Shared) -> bool {
        let barred = barred(&live.borrow());
        for (objection, addresses) in &barred {
            let Some(first) = addresses.first().and_then(|address| marks::spec(live, address)) else {
                continue;
            };
            let specs = addresses.iter().filter_map(|address| marks::spec(live, address));
            let targets = specs.map(|spec| guard::subject(&spec)).collect();
            let id = live.borrow().next_wait(WaitKind::Guard);
            let card = guard::card(id.clone(), objection, &first.info.title, targets, first.address.clone());
            live.borrow_mut().record(kind::WAIT, card, self.env.now_ms());
            marks::hold(live, addresses, &id);
            self.close_in_plan(live, &id, "go_on");
        }
        live.borrow_mut().off_plan = false;
        !barred.is_empty()
    }

    /// A person answered a guard's card.
    pub(super) fn release_guard(&mut self, live: &Shared, wait: &WaitView, say: &str) {
        let now = self.env.now_ms();
        for address in marks::held_by(live, &wait.id) {
            let Some(spec) = marks::spec(live, &address) else { continue };
            // What is in the plan only waited for the answer.
            let is_meant = !guard::is_of_plan(wait) || wait.targets.contains(&guard::subject(&spec));
            match say {
                "skip" if is_meant => self.skip(live, &spec, "the guard holds", now),
                _ => {
                    self.begin(live, &address);
                    self.alarm_for(live, &address);
                }
            }
        }
    }
}

/// The calls that guards stop and no card asks about, by card to be raised, in the order of their places.
fn barred(live: &Live) -> Vec<(Objection, Vec<Address>)> {
    let mut calls: Vec<(&Address, &Objection)> = Vec::new();
    for (address, act) in &live.acts {
        if let Phase::Barred(objection) = &act.phase {
            calls.push((address, objection));
        }
    }
    calls.sort_by_key(|(address, _)| *address);
    let mut cards: Vec<(Objection, Vec<Address>)> = Vec::new();
    for (address, objection) in calls {
        let shared = cards
            .iter_mut()
            .find(|(other, _)| other.guard == objection.guard && objection.lifts != Lifts::Target);
        match shared {
            Some((_, addresses)) => addresses.push(address.clone()),
            None => cards.push((objection.clone(), vec![address.clone()])),
        }
    }
    cards
}
