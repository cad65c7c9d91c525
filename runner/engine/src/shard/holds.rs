//! Holds: what a run claims of what it cut, the child runs that give it back, and what became of that.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use serde_json::{Value, json};
use stanch_model::{
    Address, Hash, RunId, Target,
    catalog::ActionIndex,
    run::{
        Hold, HoldView, WaitView,
        body::kind,
        hold::{Back, Claim, GIVEN_BACK, NOT_GIVEN_BACK},
    },
    target::Effect,
};

use super::Shard;
use crate::{
    act::Spec,
    env::{Env, rfc3339},
    host::{back, child_id},
    intake::{Birth, Origin, Ruled},
    live::Live,
    terms::{EngineError, StartRun},
};

type Shared = Rc<RefCell<Live>>;

impl Env {
    /// The run claims what it has just cut; what is to expire gets a child run in the same append.
    pub(crate) fn take_hold(&self, live: &mut Live, spec: &Spec, by: &str, undo: Option<Value>, now: i64) {
        // What was so before us is not ours to take back.
        let undo = undo.filter(|_| by != "other");
        self.hold_of(live, spec, |claim| Claim { by: by.to_owned(), undo, ..claim }, now);
    }

    /// The run claims for a while what a person was asked, in these words, to cut by hand.
    pub(crate) fn hold_by_hand_for_a_while(&self, live: &mut Live, spec: &Spec, asked: &str, now: i64) {
        if spec.expires.is_some() {
            self.hold_of(live, spec, |claim| by_hand(claim, asked), now);
        }
    }

    fn hold_of(&self, live: &mut Live, spec: &Spec, whose: impl FnOnce(Claim) -> Claim, now: i64) {
        let Some(target) = spec.target.as_ref().filter(|_| spec.info.effect == Effect::Reversible) else {
            return;
        };
        let claim = whose(claim_on(live, &spec.address, crate::host::bare(target), spec.property()));
        let back = spec.expires.and_then(|lasts| {
            let what = format!("{}: {} ({})", spec.info.title, target.name(), target.key());
            self.give_back_at(live, &claim, &what, after(now, lasts))
        });
        live.record(kind::HOLD, Hold { back, ..hold_for(&claim) }, now);
        live.claim(claim);
    }

    /// Starts the child run that gives a claim back at this time.
    pub(super) fn give_back_at(
        &self,
        live: &mut Live,
        claim: &Claim,
        what: &str,
        at_ms: i64,
    ) -> Option<Back> {
        match self.birth_of_give_back(live, claim, what, at_ms) {
            Ok(birth) => {
                let back = Back { at_ms, run: birth.run.clone() };
                live.start_with_next_append(birth);
                Some(back)
            }
            Err(error) => {
                tracing::error!(run = %live.id, %error, what, "nothing will give this back");
                None
            }
        }
    }

    fn birth_of_give_back(
        &self,
        live: &Live,
        claim: &Claim,
        what: &str,
        at_ms: i64,
    ) -> Result<Birth, EngineError> {
        let playbook = self.playbook(back::SLUG).ok_or_else(|| self.no_playbook(back::SLUG))?;
        let mut pins = self.pins_of(&playbook);
        pins.actions.extend(self.pinned_undo(claim));
        let claims = Claim::stream(&claim.target, &claim.property).to_string();
        let input = [("what", json!(what)), ("until", json!(rfc3339(at_ms))), ("claims", json!(claims))];
        let start = StartRun {
            playbook: back::SLUG.to_owned(),
            input: input.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            alert: None,
            incident: live.created.incident.clone(),
            started_by: live.created.started_by.clone(),
            channel: String::new(),
        };
        let of_claim = |hold: &&HoldView| {
            hold.address == claim.address
                && hold.property == claim.property
                && hold.target == claim.target.key()
        };
        // What could not be given back once is tried by another run.
        let tries: u32 = live.view.holds.iter().filter(of_claim).map(|hold| hold.tries).sum();
        let child = match tries {
            0 => child_id(&live.id, &claim.address),
            more => child_id(&live.id, &Address::from_stored(format!("{}~{more}", claim.address))),
        };
        let origin = Origin::GiveBack(child, &live.created, claim.address.clone());
        self.birth_of(
            &playbook,
            start,
            Ruled { mode: live.created.mode, plan: None, answers: BTreeMap::new() },
            origin,
            pins,
        )
    }

    fn pinned_undo(&self, claim: &Claim) -> Option<(String, Hash)> {
        let undo = claim.undo.as_ref()?;
        let (integration, action) = (undo["integration"].as_str()?, undo["action"].as_str()?);
        let info = self.integrations.action(integration, action)?;
        Some((format!("{integration}.{action}"), info.hash))
    }
}

impl Shard {
    /// The child run that gives a claim back has ended.
    pub(super) fn given_back(&mut self, live: &Shared, child: &RunId, body: &Value) {
        let now = self.env.now_ms();
        let hold = {
            let live = live.borrow();
            let of_child = |hold: &&HoldView| hold.back.as_ref().is_some_and(|back| back.run == *child);
            live.view.holds.iter().find(|hold| of_child(hold) && hold.given_back.is_none()).cloned()
        };
        let Some(hold) = hold else { return self.undo_ended(live, child, body) };
        let value = &body["value"];
        let (taken, why) = match value["ended"].as_str() {
            Some("finished") => (false, value["value"].as_str().unwrap_or(GIVEN_BACK).to_owned()),
            Some("cancelled") => (true, format!("run {child} was cancelled: it stays cut")),
            _ => (false, format!("{NOT_GIVEN_BACK}{}", body["error"].as_str().unwrap_or("?"))),
        };
        let entry = Hold {
            target: hold.target,
            label: hold.label,
            property: hold.property,
            taken,
            address: hold.address,
            back: None,
            why,
            who: String::new(),
            channel: String::new(),
            reason: String::new(),
        };
        live.borrow_mut().record(kind::HOLD, entry, now);
        self.undone(live);
    }

    /// What a person has cut by hand, and can take back, is claimed from now on.
    pub(super) fn hold_by_hand(&self, live: &Shared, wait: &WaitView, now: i64) {
        let mut live = live.borrow_mut();
        let held = live.view.holds.iter().any(|hold| hold.address == wait.address);
        let asked = live.steps.get(&wait.address).and_then(|step| step.name.split_once('.'));
        let info = asked.and_then(|(integration, action)| self.env.integrations.action(integration, action));
        if held || info.is_none_or(|info| !info.manual || info.effect != Effect::Reversible) {
            return;
        }
        for target in &wait.targets {
            let claim = claim_on(&live, &wait.address, target.clone(), wait.name.clone());
            live.record(kind::HOLD, hold_for(&claim), now);
            live.claim(by_hand(claim, &wait.text));
        }
    }

    /// What a person could not cut need not be given back.
    pub(super) fn keep(&self, live: &Shared, cut: &Address, who: &str) {
        let live = live.borrow();
        let of_cut = live.view.holds.iter().filter(|hold| hold.address == *cut && hold.given_back.is_none());
        for back in of_cut.filter_map(|hold| hold.back.as_ref()) {
            let body = json!({ "who": who, "reason": "it was not cut" });
            self.env.post(&back.run, "cancel", "cancel", &body);
        }
    }

    /// The child runs that have not given back yet.
    pub(super) fn giving_back(live: &Live) -> Vec<RunId> {
        let standing = live.view.holds.iter().filter(|hold| hold.given_back.is_none());
        standing.filter_map(|hold| Some(hold.back.as_ref()?.run.clone())).collect()
    }
}

pub(super) fn claim_on(live: &Live, cut: &Address, target: Target, property: String) -> Claim {
    Claim {
        run: live.id.clone(),
        address: cut.clone(),
        target,
        property,
        taken: true,
        by: String::new(),
        undo: None,
        asked: String::new(),
    }
}

fn by_hand(claim: Claim, asked: &str) -> Claim {
    Claim { by: back::BY_HAND.to_owned(), asked: asked.to_owned(), ..claim }
}

pub(super) fn hold_for(claim: &Claim) -> Hold {
    Hold {
        target: claim.target.key(),
        label: claim.target.name().to_owned(),
        property: claim.property.clone(),
        taken: true,
        address: claim.address.clone(),
        back: None,
        why: String::new(),
        who: String::new(),
        channel: String::new(),
        reason: String::new(),
    }
}

fn after(now: i64, lasts: Duration) -> i64 {
    now.saturating_add(i64::try_from(lasts.as_millis()).unwrap_or(i64::MAX / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engines_own_playbook_is_whole() {
        let own = back::playbook().unwrap();
        assert_eq!(own.slug, back::SLUG);
        assert!(own.manifest.uses.is_empty(), "it calls nothing by name");
        assert_ne!(
            child_id(&RunId("A".to_owned()), &Address::from_stored("1")),
            child_id(&RunId("A".to_owned()), &Address::from_stored("2"))
        );
    }
}
