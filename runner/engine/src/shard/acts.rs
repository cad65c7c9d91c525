//! Calls on their way: every turn of one is here.
//!
//! ```text
//! New ─ held? ─ capture ─ admission ─ intent ─ (durable) ─ request ─┬─ outcome
//!  ▲                          ▲                                     ├─ limited, not sent: deferred, then admission again
//!  └─ Recovered ──────────────┴───── repeat / probe says no ────────┴─ in doubt: repeat | probe | ask
//! ```

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use serde_json::Value;
use stanch_integrations::{Admission, By, Call, ErrorKind, Outcome as Answer, Seen};
use stanch_model::{
    Address, Hash, TargetState,
    run::{
        RunState, StepError, WaitKind,
        body::{self, CallIntent, Intent, TargetEntry, kind},
    },
    target::{Effect, InDoubt},
};

use super::{Message, Shard};
use crate::{
    act::{Event, Phase, Spec},
    coverage::covering,
    env::Env,
    guard,
    host::cut_value,
    live::{Leave, Live},
};

type Shared = Rc<RefCell<Live>>;

/// First pause between attempts that did not leave this machine, or that failed a read; it doubles.
const FIRST_PAUSE_MS: i64 = 100;
/// And ends here.
const LONGEST_PAUSE_MS: i64 = 10_000;
/// A read is given up after so many attempts without an answer.
const READ_ATTEMPTS: u32 = 5;
/// A call that may not go out now comes back to the gate after this long.
const HELD_MS: i64 = 1_000;
/// Looks that tell nothing are repeated for so many times the platform's settling time after a request died.
const BLIND_SETTLES: i64 = 5;

impl Shard {
    /// Begins with the calls that the script has just asked for.
    pub(super) fn take_up(&mut self, live: &Shared) {
        if live.borrow().leaving.as_ref().is_some_and(|why| *why != Leave::Branch) {
            // What has no intent yet never happened.
            return;
        }
        let fresh = std::mem::take(&mut live.borrow_mut().fresh);
        for address in fresh {
            let recovered = {
                let mut live = live.borrow_mut();
                let now = self.env.now_ms();
                let Some(act) = live.acts.get_mut(&address) else { continue };
                act.first_ms = now;
                matches!(act.phase, Phase::Recovered)
            };
            if recovered {
                self.recover(live, &address);
            } else {
                self.begin(live, &address);
            }
            self.alarm_for(live, &address);
        }
        self.start_children(live);
    }

    /// Guards, approvals, then the capture of what is about to change.
    pub(super) fn begin(&mut self, live: &Shared, address: &Address) {
        let Some(spec) = spec(live, address) else { return };
        if spec.is_cut() {
            let verdict = guard::ask(&self.env, &mut live.borrow_mut(), &spec);
            match verdict {
                guard::Verdict::Held(wait) => return set(live, address, Phase::Held(Some(wait))),
                guard::Verdict::Refused => {
                    return self.skip(live, &spec, "the guard holds", self.env.now_ms());
                }
                guard::Verdict::Pass => {}
            }
            if spec.info.effect == Effect::Permanent && !self.is_covered(live, &spec) {
                return;
            }
            if self.is_held(live, &spec) {
                return;
            }
            return self.capture(live, address, &spec);
        }
        self.admit(live, address, &spec);
    }

    /// Whether a granted approval covers the call. If none does, it waits for a card, or ends with the card's no.
    fn is_covered(&mut self, live: &Shared, spec: &Arc<Spec>) -> bool {
        let Some(target) = &spec.target else { return true };
        let approval = covering(&mut live.borrow_mut(), target);
        if let Some(approval) = approval {
            with_act(live, &spec.address, |act| act.approval = Some(approval));
            return true;
        }
        if live.borrow().denied.contains_key(&target.key()) {
            self.skip(live, spec, "a person, or silence, said no", self.env.now_ms());
        } else {
            let asked = open_card(&live.borrow(), target);
            set(live, &spec.address, Phase::Held(asked));
        }
        false
    }

    /// Nothing goes out while its scope, its run or the whole program stands; it comes back to the gate by itself.
    fn is_held(&self, live: &Shared, spec: &Spec) -> bool {
        let stands = {
            let live = live.borrow();
            live.leaving.is_some()
                || live.view.state == RunState::Paused
                || self.env.is_draining()
                || self.env.held_by(&live.created.playbook, Some(&spec.integration)).is_some()
        };
        if stands {
            set(live, &spec.address, Phase::Deferred(self.env.now_ms() + HELD_MS));
        }
        stands
    }

    fn capture(&mut self, live: &Shared, address: &Address, spec: &Arc<Spec>) {
        let env = &self.env;
        let read =
            env.integrations.capture(&spec.integration, &spec.info.name, spec.target.as_ref(), &spec.input);
        let Some(read) = read else { return self.admit(live, address, spec) };
        set(live, address, Phase::Capturing);
        let call = Call {
            integration: read.integration,
            action: read.action,
            input: read.input,
            target: spec.target.clone(),
            key: String::new(),
            attempt: 1,
            deadline: env.patience.call,
            permit: None,
        };
        self.spawn(live, address, |integrations| async move {
            match integrations.call(call).await {
                Answer::Done { value, .. } => Event::Captured(Ok(value)),
                other => Event::Captured(Err(Box::new(other))),
            }
        });
    }

    pub(super) fn admit(&mut self, live: &Shared, address: &Address, spec: &Arc<Spec>) {
        if self.is_held(live, spec) {
            return;
        }
        if self.is_in_process(spec) {
            return self.intend(live, address, spec, None);
        }
        set(live, address, Phase::Admitting);
        let (integration, action) = (spec.integration.clone(), spec.info.name.clone());
        self.spawn(live, address, |integrations| async move {
            match integrations.admit(&integration, &action, Duration::from_secs(3600)).await {
                Admission::Ready(permit) => Event::Admitted(permit),
                Admission::NotBefore(due) => Event::NotBefore(due),
            }
        });
    }

    fn is_in_process(&self, spec: &Spec) -> bool {
        self.env.in_process.as_ref().is_some_and(|own| own.name() == spec.integration)
    }

    fn intend(
        &mut self,
        live: &Shared,
        address: &Address,
        spec: &Arc<Spec>,
        permit: Option<stanch_integrations::Permit>,
    ) {
        let now = self.env.now_ms();
        let mut guard = live.borrow_mut();
        let live = &mut *guard;
        let Some(act) = live.acts.get_mut(address) else { return };
        act.attempt =
            live.steps.get(address).and_then(|step| step.intent.as_ref()).map_or(0, |intent| intent.attempt)
                + 1;
        act.dead_ms = now + i64::try_from(self.env.patience.call.as_millis()).unwrap_or(i64::MAX / 2);
        act.phase = Phase::Intended(u64::MAX, permit);
        let call = CallIntent {
            integration: spec.integration.clone(),
            action: spec.info.name.clone(),
            effect: spec.info.effect,
            verb: spec.verb.clone(),
            input: spec.input.clone(),
            target: spec.target.clone(),
            key: key(&live.id, address),
            in_doubt: spec.info.in_doubt,
            before: act.before.clone(),
            undo: act.undo.clone(),
            approval: act.approval.clone(),
            deadline_ms: act.dead_ms,
        };
        let intent = Intent {
            address: address.clone(),
            op: "call".to_owned(),
            name: spec.name.clone(),
            args: spec.args,
            at: spec.at,
            attempt: act.attempt,
            keys: None,
            call: Some(call),
        };
        #[cfg(feature = "without-intents")]
        if spec.info.effect != Effect::Read {
            act.phase = Phase::Intended(0, None);
            live.late.insert(address.clone(), (intent, now));
            self.intended.push_front((0, live.id.clone(), address.clone()));
            return;
        }
        live.record_intent(intent, now);
        live.intended(address);
        if spec.is_cut() && act_is_first(live, address) {
            record_state(live, spec, TargetState::Requested, None, "", now);
        }
    }

    /// The intent is durable: the request goes out.
    pub(super) fn send(&mut self, live: &Shared, address: &Address) {
        let Some(spec) = spec(live, address) else { return };
        let mut guard = live.borrow_mut();
        let Some(act) = guard.acts.get_mut(address) else { return };
        let Phase::Intended(_, permit) = std::mem::replace(&mut act.phase, Phase::Flying) else { return };
        let attempt = act.attempt;
        let key = key(&guard.id, address);
        drop(guard);
        if let Some(own) = self.env.in_process.as_ref().filter(|own| own.name() == spec.integration) {
            let value = own.perform(&spec.info.name, &spec.input);
            let more = stanch_integrations::More::default();
            let answer = Answer::Done { value, by: By::Us, status: 200, more };
            return self.advance(live, address, attempt, Event::Answered(Box::new(answer)));
        }
        let call = Call {
            integration: spec.integration.clone(),
            action: spec.info.name.clone(),
            input: spec.input.clone(),
            target: spec.target.clone(),
            key,
            attempt,
            deadline: self.env.patience.call,
            permit,
        };
        self.spawn(live, address, |integrations| async move {
            Event::Answered(Box::new(integrations.call(call).await))
        });
    }

    /// Runs `work` beside the scripts and brings its event back.
    fn spawn<W, F>(&self, live: &Shared, address: &Address, work: W)
    where
        W: FnOnce(stanch_integrations::Integrations) -> F,
        F: Future<Output = Event> + Send + 'static,
    {
        let (run, attempt) = {
            let live = live.borrow();
            (live.id.clone(), live.acts.get(address).map_or(0, |act| act.attempt))
        };
        let (own, address) = (self.own.clone(), address.clone());
        let coming = work(self.env.integrations.clone());
        self.env.runtime.spawn(async move {
            let event = coming.await;
            own.send(Message::Act(run, address, attempt, event));
        });
    }

    /// A call came on by one event.
    pub(super) fn advance(&mut self, live: &Shared, address: &Address, attempt: u32, event: Event) {
        let Some(spec) = spec(live, address) else { return };
        let current = live.borrow().acts.get(address).map(|act| act.attempt);
        if current != Some(attempt) {
            return;
        }
        match event {
            Event::Captured(Ok(before)) => self.captured(live, address, &spec, before),
            Event::Captured(Err(answer)) => self.not_captured(live, &spec, *answer),
            Event::Admitted(_) if self.is_held(live, &spec) => {}
            Event::Admitted(permit) => self.intend(live, address, &spec, Some(permit)),
            Event::NotBefore(due) => set(live, address, Phase::Deferred(due)),
            Event::Answered(answer) => self.answered(live, &spec, *answer),
            Event::Probed(seen) => self.probed(live, &spec, *seen),
        }
        self.alarm_for(live, address);
    }

    fn alarm_for(&mut self, live: &Shared, address: &Address) {
        let due = live.borrow().acts.get(address).and_then(|act| act.phase.due_ms());
        if let Some(due) = due {
            let run = live.borrow().id.clone();
            self.alarm(&run, due);
        }
    }

    fn captured(&mut self, live: &Shared, address: &Address, spec: &Arc<Spec>, before: Value) {
        let env = &self.env;
        let (integration, action, target) = (&spec.integration, &spec.info.name, spec.target.as_ref());
        let undo = env.integrations.undo_of(integration, action, target, &spec.input, &before);
        let undo = undo.and_then(|undo| serde_json::to_value(undo).ok());
        with_act(live, address, |act| {
            act.before = Some(before);
            act.undo = undo;
        });
        self.admit(live, address, spec);
    }

    /// What is there now could not be read. An effect that could then not be taken back is not begun.
    fn not_captured(&mut self, live: &Shared, spec: &Arc<Spec>, answer: Answer) {
        let now = self.env.now_ms();
        let again = match &answer {
            Answer::Limited { until_ms } => Some(*until_ms),
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
    fn is_out_of_time(&self, live: &Shared, spec: &Spec) -> bool {
        let patience = i64::try_from(self.env.patience.cut.as_millis()).unwrap_or(i64::MAX);
        let now = self.env.now_ms();
        live.borrow().acts.get(&spec.address).is_some_and(|act| now.saturating_sub(act.first_ms) > patience)
    }

    fn answered(&mut self, live: &Shared, spec: &Arc<Spec>, answer: Answer) {
        match answer {
            Answer::Done { value, by, more, .. } => self.done(live, spec, value, by, more.incomplete),
            Answer::Refused { kind: ErrorKind::Unavailable, message, .. }
                if spec.info.effect == Effect::Read =>
            {
                self.again_or(live, spec, StepError::new("unreachable", message));
            }
            Answer::Refused { kind, status, message } => {
                let mut error = StepError::new(word(kind), message);
                error.status = status;
                self.refused(live, spec, error);
            }
            Answer::NotSent { why } => self.again_or(live, spec, StepError::new("unreachable", why)),
            Answer::Limited { until_ms } => {
                self.defer(live, &spec.address, until_ms, "the platform asks to wait")
            }
            Answer::InDoubt { why } if spec.info.effect == Effect::Read => {
                self.again_or(live, spec, StepError::new("unreachable", why));
            }
            Answer::InDoubt { why } => self.doubt(live, spec, &why),
        }
    }

    /// Nothing happened outside: again after a pause, as long as there is patience.
    fn again_or(&mut self, live: &Shared, spec: &Arc<Spec>, error: StepError) {
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

    fn defer(&mut self, live: &Shared, address: &Address, until_ms: i64, why: &str) {
        let now = self.env.now_ms();
        let mut live = live.borrow_mut();
        let Some(act) = live.acts.get_mut(address) else { return };
        act.phase = Phase::Deferred(until_ms);
        let attempt = act.attempt;
        let body = body::Deferred { address: address.clone(), attempt, until_ms, why: why.to_owned() };
        live.record_deferred(body, now);
    }

    /// The platform said yes.
    fn done(&mut self, live: &Shared, spec: &Arc<Spec>, value: Value, by: By, incomplete: Option<String>) {
        let now = self.env.now_ms();
        let mut guard = live.borrow_mut();
        let act = guard.acts.remove(&spec.address);
        let attempt = act.as_ref().map_or(1, |act| act.attempt);
        let by = match act.and_then(|act| act.before) {
            Some(before) if by == By::Us && self.was_so_before(spec, &before) => By::Other,
            _ => by,
        };
        let value = match &spec.target {
            Some(target) if spec.is_cut() => cut_value(target, TargetState::Accepted),
            _ => value,
        };
        let outcome = body::Outcome {
            address: spec.address.clone(),
            attempt,
            value,
            error: None,
            by: by_word(by).to_owned(),
            incomplete: incomplete.is_some(),
        };
        guard.record_outcome(outcome, now);
        guard.touch(&spec.address);
        if spec.is_cut() {
            let why = match by {
                By::Us => "accepted",
                By::Other => "was so already",
                By::Unknown => "accepted; by whom is not known",
            };
            record_state(&mut guard, spec, TargetState::Accepted, None, why, now);
            if by == By::Us {
                take_hold(&mut guard, spec, now);
            }
        }
        drop(guard);
        if spec.is_cut() {
            self.prove(live, spec);
        }
    }

    fn was_so_before(&self, spec: &Spec, before: &Value) -> bool {
        let (integration, action, target) = (&spec.integration, &spec.info.name, spec.target.as_ref());
        self.env.integrations.held_before(integration, action, target, &spec.input, before) == Some(true)
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

    /// An earlier life made an attempt.
    fn recover(&mut self, live: &Shared, address: &Address) {
        let Some(spec) = spec(live, address) else { return };
        let now = self.env.now_ms();
        let (deferred, intent) = {
            let live = live.borrow();
            let Some(step) = live.steps.get(address) else { return };
            (step.deferred.clone(), step.intent.clone())
        };
        let call = intent.as_ref().and_then(|intent| intent.call.clone());
        with_act(live, address, |act| {
            act.attempt = intent.as_ref().map_or(0, |intent| intent.attempt);
            if let Some(call) = &call {
                act.before.clone_from(&call.before);
                act.undo.clone_from(&call.undo);
                act.approval.clone_from(&call.approval);
                act.dead_ms = call.deadline_ms;
            }
        });
        if let Some((until, _)) = deferred {
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

    /// Repeated for as long as one may, and still nobody knows: a cut stays in doubt and the script goes on.
    fn give_up(&mut self, live: &Shared, spec: &Arc<Spec>, why: &str) {
        match &spec.target {
            Some(target) if spec.is_cut() => {
                let value = cut_value(target, TargetState::InDoubt);
                self.conclude(live, spec, value, None);
            }
            _ => self.refused(live, spec, StepError::new("unreachable", why)),
        }
    }

    fn probe(&mut self, live: &Shared, spec: &Arc<Spec>) {
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

    fn probed(&mut self, live: &Shared, spec: &Arc<Spec>, seen: Seen) {
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
    fn ask_doubt(&mut self, live: &Shared, spec: &Arc<Spec>, why: &str) {
        let now = self.env.now_ms();
        let mut guard = live.borrow_mut();
        let id = guard.next_wait(WaitKind::InDoubt);
        let wait = body::WaitOpened {
            wait: id,
            wait_kind: WaitKind::InDoubt,
            address: spec.address.clone(),
            name: spec.name.clone(),
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

    /// A person said no to this target.
    pub(super) fn skip(&mut self, live: &Shared, spec: &Arc<Spec>, why: &str, now: i64) {
        let value = match &spec.target {
            Some(target) if spec.is_cut() => {
                record_state(&mut live.borrow_mut(), spec, TargetState::Skipped, None, why, now);
                cut_value(target, TargetState::Skipped)
            }
            _ => Value::Null,
        };
        self.conclude(live, spec, value, None);
    }

    /// The step ends without the platform's yes.
    fn conclude(&self, live: &Shared, spec: &Arc<Spec>, value: Value, error: Option<StepError>) {
        let now = self.env.now_ms();
        let mut live = live.borrow_mut();
        let attempt = live.acts.remove(&spec.address).map_or(1, |act| act.attempt.max(1));
        ensure_intent(&mut live, spec, now);
        let address = spec.address.clone();
        let outcome = body::Outcome { address, attempt, value, error, by: String::new(), incomplete: false };
        live.record_outcome(outcome, now);
        live.touch(&spec.address);
    }

    /// Whatever waits for this moment goes on.
    pub(super) fn calls_due(&mut self, live: &Shared, now: i64) {
        let due: Vec<(Address, bool)> = {
            let live = live.borrow();
            let due = live.acts.iter().filter(|(_, act)| act.phase.due_ms().is_some_and(|due| due <= now));
            due.map(|(address, act)| (address.clone(), matches!(act.phase, Phase::ProbeAt(_)))).collect()
        };
        for (address, probe) in due {
            let Some(spec) = spec(live, &address) else { continue };
            if probe {
                self.probe(live, &spec);
            } else if spec.is_cut() && live.borrow().acts.get(&address).is_some_and(|act| act.attempt == 0) {
                self.begin(live, &address);
            } else {
                self.admit(live, &address, &spec);
            }
        }
    }
}

/// How long to wait after this attempt.
fn pause(attempt: u32) -> i64 {
    FIRST_PAUSE_MS.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE_MS)
}

/// The card, of an earlier life or another branch, that asks for this target already.
fn open_card(live: &Live, target: &stanch_model::Target) -> Option<String> {
    let mut cards = live.view.open_waits().filter(|wait| wait.card && wait.kind == WaitKind::Approval);
    cards.find(|wait| wait.targets.contains(target)).map(|wait| wait.id.clone())
}

/// True when an attempt was made after the last answer of a person.
fn made_since(live: &Shared, spec: &Spec) -> bool {
    let live = live.borrow();
    let answered = live
        .view
        .waits
        .iter()
        .filter(|wait| wait.address == spec.address)
        .filter_map(|wait| wait.closed.as_ref());
    let answered = answered.map(|closed| closed.version).max().unwrap_or(0);
    live.steps.get(&spec.address).is_some_and(|step| step.intended > answered)
}

fn act_is_first(live: &Live, address: &Address) -> bool {
    live.acts.get(address).is_some_and(|act| act.attempt == 1)
}

/// A step that ends before its first attempt still needs an intent, so that a replay finds it.
fn ensure_intent(live: &mut Live, spec: &Spec, now: i64) {
    if live.steps.contains_key(&spec.address) {
        return;
    }
    let intent = Intent {
        address: spec.address.clone(),
        op: "call".to_owned(),
        name: spec.name.clone(),
        args: spec.args,
        at: spec.at,
        attempt: 1,
        keys: None,
        call: None,
    };
    live.record_intent(intent, now);
}

pub(super) fn record_state(
    live: &mut Live,
    spec: &Spec,
    state: TargetState,
    until_ms: Option<i64>,
    why: &str,
    now: i64,
) {
    let Some(target) = &spec.target else { return };
    let key = format!("{} {}", target.key(), spec.property());
    let accepted_ms = match state {
        TargetState::Accepted => Some(now),
        TargetState::Residual | TargetState::Verified => {
            live.view.targets.get(&key).and_then(|view| view.accepted_ms)
        }
        _ => None,
    };
    let entry = TargetEntry {
        target: crate::host::bare(target),
        verb: spec.property(),
        state,
        until_ms,
        accepted_ms,
        address: spec.address.clone(),
        why: why.to_owned(),
    };
    live.record(kind::TARGET, entry, now);
}

fn take_hold(live: &mut Live, spec: &Spec, now: i64) {
    let Some(target) = &spec.target else { return };
    if spec.info.effect == Effect::Reversible {
        let hold = body::Hold {
            target: target.key(),
            property: spec.property(),
            taken: true,
            address: spec.address.clone(),
        };
        live.record(kind::HOLD, hold, now);
    }
}

pub(super) fn spec(live: &Shared, address: &Address) -> Option<Arc<Spec>> {
    live.borrow().acts.get(address).map(|act| Arc::clone(&act.spec))
}

fn with_act(live: &Shared, address: &Address, change: impl FnOnce(&mut crate::act::Act)) {
    if let Some(act) = live.borrow_mut().acts.get_mut(address) {
        change(act);
    }
}

fn set(live: &Shared, address: &Address, phase: Phase) {
    with_act(live, address, |act| act.phase = phase);
}

/// When this call was first intended, Unix ms on the run's clock.
pub(super) fn first_intent(live: &Live, address: &Address, env: &Env) -> i64 {
    let call = i64::try_from(env.patience.call.as_millis()).unwrap_or(0);
    live.steps.get(address).and_then(|step| step.begun_ms).map_or(0, |dead| dead.saturating_sub(call))
}

/// H(run, address, generation). A person's retry keeps the generation, which is always the first.
pub(super) fn key(run: &stanch_model::RunId, address: &Address) -> String {
    Hash::of(format!("{run} {address} 1").as_bytes()).to_string()[..32].to_owned()
}

fn by_word(by: By) -> &'static str {
    match by {
        By::Us => "us",
        By::Other => "other",
        By::Unknown => "unknown",
    }
}

/// The integration's kinds of no, in the words of scripts: those that `ERROR_KINDS` of the dialect explains.
fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unavailable => "unreachable",
        ErrorKind::Redirect | ErrorKind::Host => "garbled",
        ErrorKind::Unknown | ErrorKind::Manual | ErrorKind::Secret => "invalid",
        other => other.as_str(),
    }
}

fn plain(answer: &Answer) -> String {
    match answer {
        Answer::Refused { message, .. } => message.clone(),
        Answer::NotSent { why } | Answer::InDoubt { why } => why.clone(),
        Answer::Limited { .. } => "the platform asks to wait".to_owned(),
        Answer::Done { .. } => String::new(),
    }
}
