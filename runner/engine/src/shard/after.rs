//! After the end: residuals are read back when their time is over, people settle what stayed in doubt, and the second word
//! follows what is known. Nothing is sent any more.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use serde_json::{Value, json};
use stanch_model::{
    Containment, RunId, TargetState,
    run::{
        HoldView, RunState, TargetView, WaitKind, WaitView,
        body::{Contained, Decision, Settle, TargetEntry, kind},
        wait::DecisionView,
    },
};

use super::Shard;
use crate::{
    host::settle,
    live::{Live, row},
};

type Shared = Rc<RefCell<Live>>;

impl Shard {
    /// A child run's end and states, for its parent. Said twice it is heard once.
    pub(super) fn tell_parent(&self, live: &Shared) {
        let live = live.borrow();
        if let Some((parent, _)) = &live.created.parent {
            self.env.post(parent, &format!("child.ended {}", live.id), "child.ended", &child_result(&live));
        }
    }

    /// When the next residual that this run can read back is over.
    pub(super) fn next_residual(&self, live: &Live) -> Option<i64> {
        let own = |view: &&TargetView| settle::spec_of(live, &self.env.integrations, view).is_some();
        let now = self.env.now_ms();
        live.view
            .targets
            .values()
            .filter(|view| is_residual(view) && !is_given_back(live, view, now))
            .filter(own)
            .filter_map(|view| view.until_ms)
            .min()
    }

    /// A run that ended with residuals reads them back when their time is over.
    pub(super) fn read_back_residuals(&mut self, run: &RunId, live: &Shared) {
        self.tell_parent(live);
        self.prove_left_over(live);
        self.row_of_ended(live);
        self.flush(live);
        self.leave_ended(run, live);
    }

    /// An ended run leaves memory when nothing of it is being looked at.
    pub(super) fn leave_ended(&mut self, run: &RunId, live: &Shared) {
        if live.borrow().view.ended.is_some() && live.borrow().proofs.is_empty() {
            self.slots.remove(run);
        }
    }

    /// The row of an ended run: when to look at it again.
    pub(super) fn row_of_ended(&self, live: &Shared) {
        let mut live = live.borrow_mut();
        if live.view.ended.is_some() && live.has_out() {
            let due = self.next_residual(&live);
            live.set_row(row(RunState::Ended, None, due));
        }
    }

    /// A person settles a step or targets of a run that has ended.
    pub(super) fn settle_ended(&mut self, live: &Shared, body: &Settle) {
        if live.borrow().view.ended.is_none() {
            return;
        }
        let now = self.env.now_ms();
        let Decision { who, say, channel, reason, at_ms, break_glass, early, .. } = body.decision.clone();
        live.borrow_mut().record(kind::DECISION, body.decision.clone(), now);
        self.settle_targets(
            live,
            &body.targets,
            &DecisionView { who, say, channel, reason, at_ms, break_glass, early },
        );
        self.contained_anew(live);
        self.row_of_ended(live);
    }

    /// A card that outlived its run was answered.
    pub(super) fn after_card(&mut self, live: &Shared, card: &WaitView) {
        if live.borrow().view.ended.is_none() {
            return;
        }
        if card.kind == WaitKind::InDoubt {
            let (targets, decision) = {
                let live = live.borrow();
                let at = |view: &TargetView| view.address == card.address;
                let targets = live.view.targets.iter().filter(|(_, view)| at(view));
                let targets: Vec<String> = targets.map(|(key, _)| key.clone()).collect();
                let answered = live.view.waits.iter().find(|wait| wait.id == card.id);
                (targets, answered.and_then(|wait| wait.decisions.last().cloned()))
            };
            if let Some(said) = decision {
                self.settle_targets(live, &targets, &said);
            }
        }
        self.contained_anew(live);
        self.row_of_ended(live);
    }

    fn settle_targets(&mut self, live: &Shared, targets: &[String], said: &DecisionView) {
        let now = self.env.now_ms();
        let reason = Some(said.reason.as_str()).filter(|reason| !reason.is_empty());
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        for key in targets {
            let view = live.borrow().view.targets.get(key).cloned();
            let Some(view) = view.filter(|view| view.state != TargetState::Verified) else { continue };
            let residual = is_residual(&view);
            let (state, why) = match said.say.as_str() {
                "done" => (TargetState::Attested, format!("{} says so{reason}", said.who)),
                _ => (TargetState::Skipped, format!("{} leaves it as it is{reason}", said.who)),
            };
            let entry = TargetEntry {
                target: view.target.clone(),
                verb: view.verb.clone(),
                state,
                // A residual counts from when it was cut, whatever a person says; else the read-back has its grace from now.
                until_ms: view.until_ms.filter(|_| state == TargetState::Attested),
                accepted_ms: if residual { view.accepted_ms } else { Some(now) },
                address: view.address.clone(),
                why,
            };
            live.borrow_mut().record(kind::TARGET, entry, now);
            let spec = settle::spec_of(&live.borrow(), &self.env.integrations, &view);
            if let Some(spec) = spec.filter(|_| state == TargetState::Attested) {
                self.prove(live, &Arc::new(spec));
            }
        }
    }

    /// The second word of an ended run follows its targets, and its parent hears of it.
    pub(super) fn contained_anew(&self, live: &Shared) {
        let now = self.env.now_ms();
        let mut live = live.borrow_mut();
        if live.view.ended.is_none() {
            return;
        }
        let (containment, because) = settle::containment(&live);
        let before = live.view.containment.unwrap_or(containment);
        if before != containment || live.view.because != because {
            live.record(kind::CONTAINED, Contained { before, containment, because }, now);
        }
        if let Some((parent, _)) = &live.created.parent {
            let key = format!("child.settled {} {}", live.id, live.version);
            self.env.post(parent, &key, "child.settled", &child_result(&live));
        }
    }

    /// Something of a child run's targets is known better by now.
    pub(super) fn child_settled(&mut self, live: &Shared, body: &Value) {
        let now = self.env.now_ms();
        let child = body["run"].as_str().unwrap_or_default();
        let heard: Vec<WaitView> = {
            let live = live.borrow();
            let of_child = |wait: &&WaitView| wait.kind == WaitKind::Child && wait.text == child;
            live.view.waits.iter().filter(of_child).cloned().collect()
        };
        let Some(wait) = heard.last() else { return };
        let states: Vec<TargetEntry> = serde_json::from_value(body["states"].clone()).unwrap_or_default();
        for state in states {
            let key = format!("{} {}", state.target.key(), state.verb);
            let mut live = live.borrow_mut();
            let known = live.view.targets.get(&key);
            // What this run, or another child, has cut itself meanwhile is not the child's to tell.
            if known.is_some_and(|known| known.address == wait.address && known.state != state.state) {
                live.record(kind::TARGET, TargetEntry { address: wait.address.clone(), ..state }, now);
            }
        }
        self.contained_anew(live);
        self.row_of_ended(live);
    }
}

/// The claim on it is over: whether it is cut is no question of this run any more.
pub(super) fn is_given_back(live: &Live, view: &TargetView, now_ms: i64) -> bool {
    let key = view.target.key();
    let of =
        |hold: &&HoldView| hold.target == key && hold.property == view.verb && hold.address == view.address;
    live.view.holds.iter().rev().find(of).is_some_and(|hold| hold.is_over(now_ms))
}

/// Access lives on until a known time, whatever a person says of it.
pub(super) fn is_residual(view: &TargetView) -> bool {
    matches!(view.state, TargetState::Residual | TargetState::Attested) && view.until_ms.is_some()
}

/// What a parent hears. A plan contains nothing; what its run would come to is taken for it, as `settle` does.
fn containment_of(live: &Live) -> Option<Containment> {
    match live.is_plan() {
        false => live.view.containment,
        true if live.view.targets.is_empty() => Some(Containment::NothingToContain),
        true => Some(Containment::Contained),
    }
}

fn child_result(live: &Live) -> Value {
    let view = &live.view;
    let states: Vec<Value> = view
        .targets
        .values()
        .map(|t| json!({ "target": t.target, "verb": t.verb, "state": t.state, "until_ms": t.until_ms, "address": t.address, "why": t.why }))
        .collect();
    let targets: Vec<Value> =
        view.targets.values().map(|t| stanch_model::value::of_target(&t.target)).collect();
    json!({
        "run": live.id,
        "states": states,
        "error": view.error.as_ref().map(|error| &error.message),
        "value": {
            "run": live.id,
            "ended": view.ended,
            "containment": containment_of(live),
            "targets": targets,
            "value": live.value,
        },
    })
}
