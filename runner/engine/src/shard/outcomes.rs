//! What the platform said, and what it makes of a call: done, refused, put off, skipped.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use serde_json::Value;
use stanch_integrations::{By, ErrorKind, Outcome as Answer};
use stanch_model::{
    Address, TargetState,
    run::{StepError, body, lean::OutcomeText},
    target::Effect,
};

use super::{
    Shard,
    marks::{by_word, ensure_intent, pause, plain, record_state, set, with_act, word},
};
use crate::{
    act::{Phase, Spec},
    host::cut_value,
    live::Live,
};

type Shared = Rc<RefCell<Live>>;

/// A read is given up after so many attempts without an answer.
const READ_ATTEMPTS: u32 = 5;
/// A call that may not go out now comes back to the gate after this long.
const HELD_MS: i64 = 1_000;

/// An effect of this process itself is done; `value` is JSON.
pub(super) fn performed(live: &mut Live, address: &Address, attempt: u32, value: &str) {
    live.acts.remove(address);
    live.record_outcome(&OutcomeText {
        address: address.as_str(),
        attempt,
        value,
        error: None,
        by: by_word(By::Us),
        incomplete: "",
    });
    live.touch(address);
}

impl Shard {
    pub(super) fn captured(&mut self, live: &Shared, address: &Address, spec: &Arc<Spec>, before: Value) {
        self.resolve_undo(live, spec, Some(before));
        self.admit(live, address, spec);
    }

    /// What will take the call back, with all that its arguments need filled in.
    pub(super) fn resolve_undo(&self, live: &Shared, spec: &Spec, before: Option<Value>) {
        let (integration, action, target) = (&spec.integration, &spec.info.name, spec.target.as_ref());
        let seen = before.as_ref().unwrap_or(&Value::Null);
        let undo = self.env.integrations.undo_of(integration, action, target, spec.input(), seen);
        with_act(live, &spec.address, |act| {
            act.undo = undo.and_then(|undo| serde_json::to_value(undo).ok());
            act.before = before;
        });
    }

    /// What is there now could not be read. An effect that could then not be taken back is not begun.
    pub(super) fn not_captured(&mut self, live: &Shared, spec: &Arc<Spec>, answer: Answer) {
        let now = self.env.now_ms();
        let again = match &answer {
            // A platform that asks for patience gets it, here as for the cut itself.
            Answer::Limited { until_ms, .. } => {
                return set(live, &spec.address, Phase::Deferred(*until_ms));
            }
            Answer::NotSent { .. } | Answer::InDoubt { .. } => Some(now + HELD_MS),
            Answer::Refused { kind: ErrorKind::Unavailable, .. } => Some(now + HELD_MS),
            _ => None,
        };
        match again {
            Some(again) if !self.is_out_of_time(live, spec) => {
                set(live, &spec.address, Phase::Deferred(again))
            }
            _ if spec.info.undo.is_none() => self.admit(live, &spec.address, spec),
            _ => {
                let why = plain(&answer);
                let why = format!("what it is now could not be read, so it could not be taken back: {why}");
                self.refused(live, spec, StepError::new("unreachable", why));
            }
        }
    }

    /// True when this call has been tried for as long as one may be.
    pub(super) fn is_out_of_time(&self, live: &Shared, spec: &Spec) -> bool {
        let patience = i64::try_from(self.env.patience.cut.as_millis()).unwrap_or(i64::MAX);
        let now = self.env.now_ms();
        live.borrow().acts.get(&spec.address).is_some_and(|act| now.saturating_sub(act.first_ms) > patience)
    }

    pub(super) fn answered(&mut self, live: &Shared, spec: &Arc<Spec>, answer: Answer) {
        match answer {
            Answer::Done { value, by, more, .. } => self.done(live, spec, value, by, more.incomplete),
            Answer::Refused { kind: ErrorKind::Unavailable, message, .. }
                if spec.info.effect == Effect::Read =>
            {
                self.again_or(live, spec, StepError::new("unreachable", message));
            }
            // "Cannot suspend a user that is suspended": it is as it should be, and a look will say so.
            Answer::Refused { kind: ErrorKind::State | ErrorKind::Invalid, .. }
                if self.was_so(live, spec) =>
            {
                self.done(live, spec, Value::Null, By::Other, None);
            }
            Answer::Refused { kind, status, message } => {
                let mut error = StepError::new(word(kind), message);
                error.status = status;
                self.refused(live, spec, error);
            }
            Answer::NotSent { why } => self.again_or(live, spec, StepError::new("unreachable", why)),
            Answer::Limited { until_ms, why } => self.defer(live, &spec.address, until_ms, &why),
            Answer::InDoubt { why } if spec.info.effect == Effect::Read => {
                self.again_or(live, spec, StepError::new("unreachable", why));
            }
            Answer::InDoubt { why } => self.doubt(live, spec, &why),
        }
    }

    /// What was captured before a cut shows that nothing was left to cut.
    fn was_so(&self, live: &Shared, spec: &Spec) -> bool {
        let live = live.borrow();
        let before = live.acts.get(&spec.address).and_then(|act| act.before.as_ref());
        spec.is_cut() && before.is_some_and(|before| self.was_so_before(spec, before))
    }

    /// Nothing happened outside: again after a pause, as long as there is patience.
    pub(super) fn again_or(&mut self, live: &Shared, spec: &Arc<Spec>, error: StepError) {
        let now = self.env.now_ms();
        let attempt = live.borrow().acts.get(&spec.address).map_or(0, |act| act.attempt);
        let exhausted = match spec.info.effect {
            Effect::Read => attempt >= READ_ATTEMPTS,
            _ => self.is_out_of_time(live, spec),
        };
        if exhausted {
            return self.refused(live, spec, error);
        }
        self.defer(live, &spec.address, now + pause(attempt), &error.message);
    }

    pub(super) fn defer(&mut self, live: &Shared, address: &Address, until_ms: i64, why: &str) {
        let now = self.env.now_ms();
        let mut live = live.borrow_mut();
        let Some(act) = live.acts.get_mut(address) else { return };
        act.phase = Phase::Deferred(until_ms);
        let attempt = act.attempt;
        let body = body::Deferred { address: address.clone(), attempt, until_ms, why: why.to_owned() };
        live.record(body::kind::DEFERRED, body, now);
    }

    /// The platform said yes.
    pub(super) fn done(
        &mut self,
        live: &Shared,
        spec: &Arc<Spec>,
        value: Value,
        by: By,
        incomplete: Option<String>,
    ) {
        let is_read_of_plan = spec.info.effect == Effect::Read && live.borrow().is_plan();
        let value = if is_read_of_plan { self.as_if_cut(live, spec, value) } else { value };
        let mut guard = live.borrow_mut();
        let act = guard.acts.remove(&spec.address);
        let attempt = act.as_ref().map_or(1, |act| act.attempt);
        let (before, undo) = act.map_or((None, None), |act| (act.before, act.undo));
        let by = match before {
            Some(before) if by == By::Us && self.was_so_before(spec, &before) => By::Other,
            _ => by,
        };
        let value = match &spec.target {
            Some(target) if spec.is_cut() => cut_value(target, TargetState::Accepted),
            _ => value,
        };
        guard.record_outcome(&OutcomeText {
            address: spec.address.as_str(),
            attempt,
            value: &value.to_string(),
            error: None,
            by: by_word(by),
            incomplete: incomplete.as_deref().unwrap_or_default(),
        });
        guard.touch(&spec.address);
        if spec.is_cut() {
            let now = self.env.now_ms();
            let why = match by {
                By::Us => "accepted",
                By::Other => "was so already",
                By::Unknown => "accepted; by whom is not known",
            };
            record_state(&mut guard, spec, TargetState::Accepted, None, why, now);
            self.env.take_hold(&mut guard, spec, by_word(by), undo, now);
        }
        drop(guard);
        if spec.is_cut() {
            self.prove(live, spec);
        }
    }

    pub(super) fn was_so_before(&self, spec: &Spec, before: &Value) -> bool {
        let (integration, action, target) = (&spec.integration, &spec.info.name, spec.target.as_ref());
        self.env.integrations.held_before(integration, action, target, spec.input(), before) == Some(true)
    }

    /// The platform said no, or nobody could be reached in time.
    pub(super) fn refused(&mut self, live: &Shared, spec: &Arc<Spec>, error: StepError) {
        let now = self.env.now_ms();
        match &spec.target {
            Some(target) if spec.is_cut() => {
                let value = cut_value(target, TargetState::Failed);
                record_state(&mut live.borrow_mut(), spec, TargetState::Failed, None, &error.message, now);
                self.conclude(live, spec, value, None);
            }
            target => {
                let error = StepError { target: target.clone().map(Box::new), ..error };
                self.conclude(live, spec, Value::Null, Some(error));
            }
        }
    }

    /// A person said no to this target.
    pub(super) fn skip(&mut self, live: &Shared, spec: &Arc<Spec>, why: &str, now: i64) {
        let value = match &spec.target {
            Some(target) if spec.is_cut() => {
                self.take_from_count(live, spec);
                record_state(&mut live.borrow_mut(), spec, TargetState::Skipped, None, why, now);
                cut_value(target, TargetState::Skipped)
            }
            _ => Value::Null,
        };
        self.conclude(live, spec, value, None);
    }

    /// The step ends without the platform's yes.
    pub(super) fn conclude(&self, live: &Shared, spec: &Arc<Spec>, value: Value, error: Option<StepError>) {
        let mut live = live.borrow_mut();
        let attempt = live.acts.remove(&spec.address).map_or(1, |act| act.attempt.max(1));
        ensure_intent(&mut live, spec);
        live.record_outcome(&OutcomeText {
            address: spec.address.as_str(),
            attempt,
            value: &value.to_string(),
            error: error.as_ref(),
            by: "",
            incomplete: "",
        });
        live.touch(&spec.address);
    }

    /// What never went out does not count for the limits.
    fn take_from_count(&self, live: &Shared, spec: &Spec) {
        let mut guard = live.borrow_mut();
        let live = &mut *guard;
        let Some(act) = live.acts.get_mut(&spec.address).filter(|act| act.attempt == 0) else { return };
        if let (Some(_), Some(target)) = (act.guards.take(), &spec.target) {
            crate::guard::uncount(&self.env, live, target, &spec.address);
        }
    }
}
