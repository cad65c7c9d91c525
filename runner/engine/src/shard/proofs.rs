//! Proofs: cuts that were accepted are read back behind the script, until the platform shows them or its grace is over.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use stanch_integrations::Seen;
use stanch_model::{TargetState, run::TargetView};

use super::{
    Message, Shard,
    after::{is_given_back, is_residual},
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

/// What is known of a target while it is looked at.
struct Standing {
    state: Option<TargetState>,
    accepted_ms: i64,
    within_ms: i64,
    tries: u32,
    /// A person vouched for what lives on after the cut: until then it was known to.
    vouched: bool,
    /// It was read back once, and was given back since.
    given_back: bool,
    /// This run never saw it present.
    never_seen: bool,
    now_ms: i64,
}

/// What a look makes of a target.
enum Judged {
    /// It is so, until then, for this reason.
    Is(TargetState, Option<i64>, String),
    /// What was known stands.
    Stays,
    /// Too early to tell.
    AgainSoon,
    /// The platform asks to wait until then, Unix ms.
    Again(i64),
}

impl Standing {
    fn judge(&self, seen: Seen) -> Judged {
        let is = |state, why: &str| Judged::Is(state, None, why.to_owned());
        let attested = self.state == Some(TargetState::Attested);
        let age = self.now_ms.saturating_sub(self.accepted_ms);
        match seen {
            // What a person says is not made worse by a look that proves nothing.
            Seen::Holds | Seen::Residual { .. } if self.never_seen && attested => Judged::Stays,
            Seen::Holds | Seen::Residual { .. } if self.never_seen => is(
                TargetState::Failed,
                "it is absent, but this run never saw it present: absence proves nothing",
            ),
            Seen::Holds => is(TargetState::Verified, "read back"),
            Seen::Residual { lasts } => {
                self.residual(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX / 2))
            }
            Seen::HoldsNot { .. } if self.given_back => Judged::Stays,
            Seen::HoldsNot { .. } if age <= self.within_ms => Judged::AgainSoon,
            Seen::HoldsNot { .. } if attested => {
                is(TargetState::Failed, "a person said that it is done, and it is still there")
            }
            Seen::HoldsNot { .. } => is(TargetState::Failed, "the platform said yes, and it is still there"),
            Seen::CannotTell { again_ms: Some(again), .. } => Judged::Again(again),
            Seen::CannotTell { why, .. } if self.is_blind(age) => match attested {
                true => Judged::Stays,
                false => is(TargetState::Failed, &format!("could not be read back: {why}")),
            },
            Seen::CannotTell { .. } => Judged::AgainSoon,
        }
    }

    fn residual(&self, lasts_ms: i64) -> Judged {
        let until = self.accepted_ms.saturating_add(lasts_ms);
        if until <= self.now_ms {
            let why = "read back after the last issued access ended".to_owned();
            return Judged::Is(TargetState::Verified, None, why);
        }
        // Who said that the cut itself was made is borne out by this look; it says nothing of what lives on.
        if self.vouched {
            return Judged::Stays;
        }
        Judged::Is(TargetState::Residual, Some(until), "cut, but access issued before lives on".to_owned())
    }

    /// Looks have told nothing for long enough. What is read back long after it was cut gets some looks all the same.
    fn is_blind(&self, age_ms: i64) -> bool {
        let late = matches!(self.state, Some(TargetState::Residual | TargetState::Attested));
        age_ms.saturating_sub(self.within_ms) > BLIND_MS && (!late || self.tries > LAST_LOOKS)
    }
}

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
        self.env.runtime.spawn(self.env.clock.work().during(async move {
            let marker = marks::key(&run, &spec.address);
            let seen = spec.look(&integrations, since, &marker).await;
            own.send(Message::Proof(run, key, Box::new(seen)));
        }));
    }

    /// A look came back.
    pub(super) fn proven(&mut self, live: &Rc<RefCell<Live>>, key: &str, seen: Seen) {
        let now = self.env.now_ms();
        let Some((spec, standing)) = self.standing(live, key, now) else { return };
        match standing.judge(seen) {
            Judged::Is(state, until, why) => {
                {
                    let mut live = live.borrow_mut();
                    live.proofs.remove(key);
                    record_state(&mut live, &spec, state, until, &why, now);
                    live.touch(&spec.address);
                }
                self.all_proven(live);
            }
            Judged::Stays => {
                {
                    let mut live = live.borrow_mut();
                    live.proofs.remove(key);
                    let over =
                        live.view.targets.get(key).filter(|view| view.until_ms.is_some_and(|at| at <= now));
                    if let Some((state, why)) = over.map(|view| (view.state, view.why.clone())) {
                        // Its time is over and nothing more was learned: it is not looked at again.
                        record_state(&mut live, &spec, state, None, &why, now);
                    }
                }
                self.all_proven(live);
            }
            Judged::AgainSoon => {
                let pause = PAUSES_MS[(standing.tries as usize).min(PAUSES_MS.len()) - 1];
                self.look_at(live, key, now + pause);
            }
            Judged::Again(at_ms) => self.look_at(live, key, at_ms),
        }
    }

    /// An ended run says anew what is contained when the last look is back.
    fn all_proven(&self, live: &Rc<RefCell<Live>>) {
        if live.borrow().proofs.is_empty() {
            self.contained_anew(live);
        }
    }

    fn standing(&self, live: &Rc<RefCell<Live>>, key: &str, now: i64) -> Option<(Arc<Spec>, Standing)> {
        let never_seen = {
            let spec = Arc::clone(&live.borrow().proofs.get(key)?.spec);
            self.was_never_seen(live, &spec)
        };
        let live = live.borrow();
        let proof = live.proofs.get(key)?;
        let within = proof.spec.info.verify.as_ref().map_or(0, |verify| verify.within.as_millis());
        let view = live.view.targets.get(key);
        let state = view.map(|view| view.state);
        let standing = Standing {
            state,
            vouched: state == Some(TargetState::Attested) && view.is_some_and(|view| view.until_ms.is_some()),
            accepted_ms: proof.accepted_ms,
            within_ms: i64::try_from(within).unwrap_or(i64::MAX / 2),
            tries: proof.tries,
            given_back: view.is_some_and(|view| is_residual(view) && is_given_back(&live, view, now)),
            never_seen,
            now_ms: now,
        };
        Some((Arc::clone(&proof.spec), standing))
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

    /// After a restart: what was accepted and not read back, and residuals whose time is over.
    pub(super) fn prove_left_over(&mut self, live: &Rc<RefCell<Live>>) {
        let now = self.env.now_ms();
        let specs: Vec<Arc<Spec>> = {
            let live = live.borrow();
            let open = live.view.targets.values();
            let over = |view: &TargetView| is_residual(view) && is_given_back(&live, view, now);
            let open = open.filter(|view| is_open(view, now) && !over(view));
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
pub(super) fn proves_by_absence(until: &str) -> bool {
    until.contains("404") || until.contains("!out.has(target.id)")
}

fn is_open(view: &TargetView, now: i64) -> bool {
    match view.state {
        TargetState::Accepted => true,
        // A person's word that no look has borne out yet.
        TargetState::Attested if view.until_ms.is_none() => view.accepted_ms.is_some(),
        TargetState::Residual | TargetState::Attested => view.until_ms.is_some_and(|until| until <= now),
        _ => false,
    }
}

fn key(spec: &Spec) -> String {
    let target = spec.target.as_ref().map(stanch_model::Target::key).unwrap_or_default();
    format!("{target} {}", spec.property())
}
