//! Proofs: cuts that were accepted are read back behind the script, until the platform shows them or its grace is over.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use stanch_integrations::Seen;
use stanch_model::{TargetState, run::TargetView};

use super::{
    Message, Shard,
    marks::{self, record_state},
};
use crate::{
    act::{Proof, Spec},
    host::settle::spec_of,
    live::Live,
};

/// Pauses between looks, milliseconds; the last one repeats.
const PAUSES_MS: [i64; 6] = [50, 150, 400, 1_000, 2_000, 5_000];

/// A look that tells nothing is repeated for so long beyond the grace time.
const BLIND_MS: i64 = 30_000;

/// What is read back long after it was accepted gets so many looks that tell nothing.
const LAST_LOOKS: u32 = 8;

impl Shard {
    /// Begins to read a cut back. An action without a read stays `accepted`: nothing can prove it.
    pub(super) fn prove(&mut self, live: &Rc<RefCell<Live>>, spec: &Arc<Spec>) {
        if spec.info.verify.is_none() {
            return;
        }
        let key = key(spec);
        let now = self.env.now_ms();
        let mut guard = live.borrow_mut();
        let accepted = guard.view.targets.get(&key).and_then(|view| view.accepted_ms);
        let accepted_ms = accepted.unwrap_or(now);
        guard
            .proofs
            .insert(key.clone(), Proof { spec: Arc::clone(spec), accepted_ms, tries: 0, again_ms: None });
        drop(guard);
        self.look(live, &key);
    }

    fn look(&self, live: &Rc<RefCell<Live>>, key: &str) {
        let (run, spec, since) = {
            let mut live = live.borrow_mut();
            let run = live.id.clone();
            let Some(proof) = live.proofs.get_mut(key) else { return };
            proof.again_ms = None;
            proof.tries += 1;
            let spec = Arc::clone(&proof.spec);
            let since = marks::first_intent(&live, &spec.address, &self.env);
            (run, spec, since)
        };
        let (own, integrations, key) = (self.own.clone(), self.env.integrations.clone(), key.to_owned());
        self.env.runtime.spawn(async move {
            let marker = marks::key(&run, &spec.address);
            let seen = spec.look(&integrations, since, &marker).await;
            own.send(Message::Proof(run, key, Box::new(seen)));
        });
    }

    /// A look came back.
    pub(super) fn proven(&mut self, live: &Rc<RefCell<Live>>, key: &str, seen: Seen) {
        let now = self.env.now_ms();
        let (spec, accepted, tries, residual) = {
            let live = live.borrow();
            let Some(proof) = live.proofs.get(key) else { return };
            let residual = live.view.targets.get(key).map(|view| view.state) == Some(TargetState::Residual);
            (Arc::clone(&proof.spec), proof.accepted_ms, proof.tries, residual)
        };
        let within = spec
            .info
            .verify
            .as_ref()
            .map_or(0, |verify| i64::try_from(verify.within.as_millis()).unwrap_or(i64::MAX / 2));
        let over = now.saturating_sub(accepted) > within;
        let blind = now.saturating_sub(accepted.saturating_add(within)) > BLIND_MS;
        let ended = match seen {
            Seen::Holds if self.was_never_seen(live, &spec) => Some((
                TargetState::Failed,
                None,
                "it is absent, but this run never saw it present: absence proves nothing".to_owned(),
            )),
            Seen::Holds => Some((TargetState::Verified, None, "read back".to_owned())),
            Seen::Residual { lasts } => {
                let until = accepted.saturating_add(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX / 2));
                match until <= now {
                    true => Some((
                        TargetState::Verified,
                        None,
                        "read back after the last issued access ended".to_owned(),
                    )),
                    false => Some((
                        TargetState::Residual,
                        Some(until),
                        "cut, but access issued before lives on".to_owned(),
                    )),
                }
            }
            Seen::HoldsNot { .. } if over => {
                Some((TargetState::Failed, None, "the platform said yes, and it is still there".to_owned()))
            }
            Seen::CannotTell { why, again_ms: None } if blind && (!residual || tries > LAST_LOOKS) => {
                Some((TargetState::Failed, None, format!("could not be read back: {why}")))
            }
            Seen::HoldsNot { .. } | Seen::CannotTell { again_ms: None, .. } => None,
            Seen::CannotTell { again_ms: Some(again), .. } => {
                self.look_at(live, key, again);
                return;
            }
        };
        match ended {
            Some((state, until, why)) => {
                let mut live = live.borrow_mut();
                live.proofs.remove(key);
                record_state(&mut live, &spec, state, until, &why, now);
                let address = spec.address.clone();
                live.touch(&address);
            }
            None => {
                let pause = PAUSES_MS[(tries as usize).min(PAUSES_MS.len()) - 1];
                self.look_at(live, key, now + pause);
            }
        }
    }

    fn look_at(&mut self, live: &Rc<RefCell<Live>>, key: &str, due: i64) {
        let run = {
            let mut live = live.borrow_mut();
            if let Some(proof) = live.proofs.get_mut(key) {
                proof.again_ms = Some(due);
            }
            live.id.clone()
        };
        self.alarm(&run, due);
    }

    /// Absence verifies only what this run saw present with the same credential.
    fn was_never_seen(&self, live: &Rc<RefCell<Live>>, spec: &Spec) -> bool {
        let by_absence = spec.info.verify.as_ref().is_some_and(|verify| proves_by_absence(&verify.until));
        by_absence && spec.target.as_ref().is_some_and(|target| !live.borrow().seen.contains(&target.key()))
    }

    /// Looks that are due, and targets that an earlier life left accepted.
    pub(super) fn proofs_due(&mut self, live: &Rc<RefCell<Live>>, now: i64) {
        let due: Vec<String> = {
            let live = live.borrow();
            let due =
                live.proofs.iter().filter(|(_, proof)| proof.again_ms.is_some_and(|again| again <= now));
            due.map(|(key, _)| key.clone()).collect()
        };
        due.iter().for_each(|key| self.look(live, key));
    }

    /// After a restart: what was accepted and not read back, what a person attested, and residuals whose time is over.
    pub(super) fn prove_left_over(&mut self, live: &Rc<RefCell<Live>>) {
        let now = self.env.now_ms();
        let specs: Vec<Arc<Spec>> = {
            let live = live.borrow();
            let open = live.view.targets.values().filter(|view| is_open(view, now));
            open.filter_map(|view| spec_of(&live, &self.env.integrations, view)).map(Arc::new).collect()
        };
        for spec in specs {
            if !live.borrow().proofs.contains_key(&key(&spec)) {
                self.prove(live, &spec);
            }
        }
    }
}

/// A predicate that is satisfied by the target's own absence: a 404 for it, or a list that lacks it.
fn proves_by_absence(until: &str) -> bool {
    until.contains("404") || until.contains("!out.has(target.id)")
}

fn is_open(view: &TargetView, now: i64) -> bool {
    match view.state {
        TargetState::Accepted => true,
        TargetState::Residual => view.until_ms.is_some_and(|until| until <= now),
        _ => false,
    }
}

fn key(spec: &Spec) -> String {
    let target = spec.target.as_ref().map(stanch_model::Target::key).unwrap_or_default();
    format!("{target} {}", spec.property())
}
