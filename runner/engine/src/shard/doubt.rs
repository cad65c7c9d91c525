//! Calls of which nobody knows whether they happened: repeated, looked at, or asked about, by the policy of the action.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use serde_json::Value;
use stanch_integrations::{By, Seen};
use stanch_model::{
    Address, TargetState,
    run::{
        StepError, WaitKind,
        body::{self, kind},
    },
    target::{Effect, InDoubt},
};

use super::{
    Shard,
    marks::{first_intent, key, made_since, pause, record_state, set, spec, with_act},
};
use crate::{
    act::{Event, Phase, Spec},
    host::cut_value,
    live::{Leave, Live},
};

type Shared = Rc<RefCell<Live>>;

/// Looks that tell nothing are repeated for so many times the platform's settling time after a request died.
const BLIND_SETTLES: i64 = 5;

impl Shard {
    /// An earlier life made an attempt.
    pub(super) fn recover(&mut self, live: &Shared, address: &Address) {
        let Some(spec) = spec(live, address) else { return };
        let now = self.env.now_ms();
        let (deferred, intent) = {
            let live = live.borrow();
            let Some(step) = live.steps.get(address) else { return };
            (step.deferred.clone(), (step.attempt, step.call()))
        };
        let (attempt, call) = intent;
        with_act(live, address, |act| {
            act.attempt = attempt;
            if let Some(call) = &call {
                act.before.clone_from(&call.before);
                act.undo.clone_from(&call.undo);
                act.approval.clone_from(&call.approval);
                act.guards = Some(call.guards.clone());
                act.dead_ms = call.deadline_ms;
            }
        });
        if let Some((until, _)) = deferred.as_deref().cloned() {
            return set(live, address, Phase::Deferred(until));
        }
        if spec.info.effect == Effect::Read {
            return self.admit(live, address, &spec);
        }
        let asked = live
            .borrow()
            .view
            .waits
            .iter()
            .rev()
            .find(|wait| wait.address == *address && wait.kind == WaitKind::InDoubt)
            .cloned();
        match asked {
            Some(wait) if wait.closed.is_none() => return set(live, address, Phase::Asking),
            Some(wait) => {
                let say = wait.closed.map(|closed| closed.say).unwrap_or_default();
                return self.resolved(live, &spec, &say, true);
            }
            None => {}
        }
        let stale = i64::try_from(self.env.patience.stale.as_millis()).unwrap_or(i64::MAX);
        let dead = call.map_or(now, |call| call.deadline_ms);
        if now.saturating_sub(dead) > stale {
            return self.ask_doubt(live, &spec, "the last attempt is too old to be settled without a person");
        }
        self.doubt(live, &spec, "stanch was stopped while this was under way");
    }

    /// Nobody knows whether it happened: the action's policy decides.
    pub(super) fn doubt(&mut self, live: &Shared, spec: &Arc<Spec>, why: &str) {
        let now = self.env.now_ms();
        if spec.is_cut() {
            record_state(&mut live.borrow_mut(), spec, TargetState::InDoubt, None, why, now);
        }
        if live.borrow().leaving.is_some() {
            // The run stands or ends: the next life, or a person, settles it.
            return set(live, &spec.address, Phase::Asking);
        }
        match spec.info.in_doubt {
            InDoubt::Repeat if self.is_forgotten(live, spec, now) => {
                let why = format!("{why}, and by now the platform would not know the same request again");
                self.ask_doubt(live, spec, &why);
            }
            InDoubt::Repeat if self.is_out_of_time(live, spec) => self.give_up(live, spec, why),
            InDoubt::Repeat => {
                let attempt = live.borrow().acts.get(&spec.address).map_or(0, |act| act.attempt);
                match attempt {
                    0 | 1 => self.admit(live, &spec.address, spec),
                    _ => self.defer(live, &spec.address, now + pause(attempt), why),
                }
            }
            InDoubt::Probe => self.probe(live, spec),
            InDoubt::Ask => self.ask_doubt(live, spec, why),
        }
    }

    /// The platform's memory for the key is over: a repeated request would be another one.
    fn is_forgotten(&self, live: &Shared, spec: &Spec, now: i64) -> bool {
        let first = first_intent(&live.borrow(), &spec.address, &self.env);
        let memory = spec.info.memory.and_then(|memory| i64::try_from(memory.as_millis()).ok());
        memory.is_some_and(|memory| now.saturating_sub(first) > memory)
    }

    /// Repeated for as long as one may, and still nobody knows: a cut stays in doubt and the script goes on.
    pub(super) fn give_up(&mut self, live: &Shared, spec: &Arc<Spec>, why: &str) {
        match &spec.target {
            Some(target) if spec.is_cut() => {
                let value = cut_value(target, TargetState::InDoubt);
                self.conclude(live, spec, value, None);
            }
            _ => self.refused(live, spec, StepError::new("unreachable", why)),
        }
    }

    pub(super) fn probe(&mut self, live: &Shared, spec: &Arc<Spec>) {
        set(live, &spec.address, Phase::Probing);
        let (key, since) = {
            let live = live.borrow();
            (key(&live.id, &spec.address), first_intent(&live, &spec.address, &self.env))
        };
        let own = Arc::clone(spec);
        self.spawn(live, &spec.address, |integrations| async move {
            Event::Probed(Box::new(own.look(&integrations, since, &key).await))
        });
    }

    pub(super) fn probed(&mut self, live: &Shared, spec: &Arc<Spec>, seen: Seen) {
        let now = self.env.now_ms();
        let dead = live.borrow().acts.get(&spec.address).map_or(now, |act| act.dead_ms);
        let settle = i64::try_from(self.env.patience.settle.as_millis()).unwrap_or(0);
        // A look that told nothing may have met a bad moment, unless there is no read at all.
        let blind = if spec.info.verify.is_some() { dead + BLIND_SETTLES * settle } else { i64::MIN };
        let soon = |last: i64| Phase::ProbeAt((now + settle / 4).max(now + 50).min(last.max(now + 50)));
        if live.borrow().leaving.is_some() {
            return set(live, &spec.address, Phase::Asking);
        }
        let seen = match seen {
            // A message is looked for in a list. Where there is no list (404), it may be anywhere.
            Seen::HoldsNot { out: Value::Null } if !spec.is_cut() => {
                Seen::CannotTell { why: "there is nothing to look for it in".to_owned(), again_ms: None }
            }
            seen => seen,
        };
        match seen {
            Seen::Holds | Seen::Residual { .. } => self.done(live, spec, Value::Null, By::Unknown, None),
            Seen::HoldsNot { .. } if now < dead + settle => set(live, &spec.address, soon(dead + settle)),
            Seen::HoldsNot { .. } if self.is_out_of_time(live, spec) => {
                self.refused(
                    live,
                    spec,
                    StepError::new("unreachable", "no attempt at it took effect in time"),
                );
            }
            Seen::HoldsNot { .. } => self.admit(live, &spec.address, spec),
            Seen::CannotTell { again_ms: Some(again), .. } => set(live, &spec.address, Phase::ProbeAt(again)),
            Seen::CannotTell { .. } if now < blind => set(live, &spec.address, soon(blind)),
            Seen::CannotTell { why, .. } => self.ask_doubt(live, spec, &why),
        }
    }

    /// A person looks.
    pub(super) fn ask_doubt(&mut self, live: &Shared, spec: &Arc<Spec>, why: &str) {
        let now = self.env.now_ms();
        let mut guard = live.borrow_mut();
        let id = guard.next_wait(WaitKind::InDoubt);
        let wait = body::WaitOpened {
            wait: id,
            wait_kind: WaitKind::InDoubt,
            address: spec.address.clone(),
            name: spec.name.to_string(),
            text: format!("{} may have happened: {why}. Look, then say what is true.", spec.info.title),
            options: ["done", "retry", "skip", "abort"].map(str::to_owned).to_vec(),
            targets: spec.target.iter().map(crate::host::bare).collect(),
            ask: Vec::new(),
            ladder: Vec::new(),
            of: 1,
            within_ms: 0,
            due_ms: None,
            card: true,
        };
        guard.record(kind::WAIT, wait, now);
        if let Some(act) = guard.acts.get_mut(&spec.address) {
            act.phase = Phase::Asking;
        }
    }

    /// A person looked. `recovered` tells that the call's doubt comes from an earlier life.
    pub(super) fn resolved(&mut self, live: &Shared, spec: &Arc<Spec>, say: &str, recovered: bool) {
        let now = self.env.now_ms();
        match say {
            "done" => self.done(live, spec, Value::Null, By::Unknown, None),
            "retry" if recovered && made_since(live, spec) => {
                self.doubt(live, spec, "the attempt after that answer")
            }
            "retry" => self.admit(live, &spec.address, spec),
            "abort" => {
                let mut live = live.borrow_mut();
                let error = StepError::new("failed", format!("{} was given up by a person", spec.name));
                live.leaving = Some(Leave::Fatal(error));
                live.touch(&spec.address);
            }
            _ => {
                self.skip(live, spec, "a person skipped it", now);
            }
        }
    }
}
