//! Calls on their way: every turn of one is here.
//!
//! ```text
//! New ─ guards ─ approval ─ capture ─ admission ─ intent ─ (durable) ─ request ─┬─ outcome
//!  ▲                          ▲                                     ├─ limited, not sent: deferred, then admission again
//!  └─ Recovered ──────────────┴───── repeat / probe says no ────────┴─ in doubt: repeat | probe | ask
//! ```

use std::{cell::RefCell, rc::Rc, sync::Arc, time::Duration};

use stanch_integrations::{Admission, Call, Outcome as Answer};
use stanch_model::{
    Address, TargetState,
    catalog::ActionIndex as _,
    run::{
        RunState,
        lean::{CallText, IntentText},
    },
    target::Effect,
};

use super::{
    Message, Shard,
    marks::{act_is_first, key, open_card, record_state, set, spec, with_act},
    outcomes::performed,
};
use crate::{
    act::{Act, Event, Phase, Spec},
    coverage::covering,
    host::back,
    live::{Leave, Live},
    two_person,
};

type Shared = Rc<RefCell<Live>>;

/// A call that may not go out now comes back to the gate after this long.
const HELD_MS: i64 = 1_000;

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
        if spec.info.effect != Effect::Read && !self.is_as_planned(live, &spec) {
            return;
        }
        if spec.info.manual {
            let is_plan = live.borrow().is_plan();
            return if is_plan { self.planned(live, &spec) } else { self.ask_by_hand(live, &spec) };
        }
        if spec.is_cut() {
            if !self.is_let_pass(live, &spec) {
                return;
            }
            let asks =
                spec.info.effect == Effect::Permanent || two_person::rules(&self.env, spec.info.effect);
            if asks && !self.is_covered(live, &spec) {
                return;
            }
            if self.is_held(live, &spec) {
                return;
            }
            return self.capture(live, address, &spec);
        }
        let gives_back = spec.info.effect == Effect::Restore && two_person::rules(&self.env, Effect::Restore);
        // What stanch gives back by itself was allowed when it was cut, or when it was undone.
        let is_own = live.borrow().created.playbook == back::SLUG;
        if gives_back && !is_own && !self.is_covered(live, &spec) {
            return;
        }
        self.admit(live, address, &spec);
    }

    /// Whether a granted approval covers the call. If none does, it waits for a card, or ends with the card's no.
    pub(super) fn is_covered(&mut self, live: &Shared, spec: &Arc<Spec>) -> bool {
        let Some(target) = &spec.target else { return true };
        let approval = covering(&self.env, &mut live.borrow_mut(), target, spec.info.effect);
        if let Some(approval) = approval {
            with_act(live, &spec.address, |act| act.approval = Some(approval));
            return true;
        }
        if live.borrow().denied.contains_key(&target.key()) {
            self.skip(live, spec, "a person, or silence, said no", self.env.now_ms());
        } else {
            let asked = open_card(&live.borrow(), target);
            set(live, &spec.address, asked.map_or(Phase::Uncovered, Phase::Held));
        }
        false
    }

    /// Nothing goes out while its scope, its run or the whole program stands; it comes back to the gate by itself.
    pub(super) fn is_held(&self, live: &Shared, spec: &Spec) -> bool {
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

    pub(super) fn capture(&mut self, live: &Shared, address: &Address, spec: &Arc<Spec>) {
        let env = &self.env;
        let read =
            env.integrations.capture(&spec.integration, &spec.info.name, spec.target.as_ref(), spec.input());
        let Some(read) = read else {
            self.resolve_undo(live, spec, None);
            return self.admit(live, address, spec);
        };
        set(live, address, Phase::Capturing);
        // What is read may be of something else: a key's state stands in the list of its owner's keys.
        let about = env.integrations.action(&read.integration, &read.action);
        let about = about.and_then(|info| info.target_kind.as_deref());
        let call = Call {
            target: spec.target.clone().filter(|target| about.is_none_or(|kind| kind == target.kind)),
            integration: read.integration,
            action: read.action,
            input: read.input,
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
        if spec.info.effect != Effect::Read && live.borrow().is_plan() {
            return self.planned(live, spec);
        }
        if self.is_held(live, spec) {
            return;
        }
        if self.is_in_process(spec) {
            return self.intend(live, address, spec, None);
        }
        if let Some(permit) = self.env.integrations.admit_now(&spec.integration, &spec.info.name) {
            return self.intend(live, address, spec, Some(permit));
        }
        set(live, address, Phase::Admitting);
        let (integration, action) = (spec.integration.to_string(), spec.info.name.clone());
        self.spawn(live, address, |integrations| async move {
            match integrations.admit(&integration, &action, Duration::from_secs(3600)).await {
                Admission::Ready(permit) => Event::Admitted(permit),
                Admission::NotBefore(due) => Event::NotBefore(due),
            }
        });
    }

    pub(super) fn is_in_process(&self, spec: &Spec) -> bool {
        self.env.in_process.as_ref().is_some_and(|own| *own.name() == *spec.integration)
    }

    pub(super) fn intend(
        &mut self,
        live: &Shared,
        address: &Address,
        spec: &Arc<Spec>,
        permit: Option<stanch_integrations::Permit>,
    ) {
        let now = self.env.now_ms();
        #[cfg(feature = "without-intents")]
        let shared = Rc::clone(live);
        let mut guard = live.borrow_mut();
        let live = &mut *guard;
        // Out of the run while its intent is written from it.
        let Some(mut act) = live.acts.remove(address) else { return };
        act.attempt = live.steps.get(address).map_or(0, |step| step.attempt) + 1;
        act.dead_ms = now + i64::try_from(self.env.patience.call.as_millis()).unwrap_or(i64::MAX / 2);
        act.phase = Phase::Intended(u64::MAX, permit);
        let (granted, key) = (granted(live, &act), key(&live.id, address));
        let intent = intent(spec, &act, granted, &key);
        #[cfg(feature = "without-intents")]
        if spec.info.effect != Effect::Read {
            live.late.insert(address.clone(), intent.to_json());
            act.phase = Phase::Intended(0, None);
            live.acts.insert(address.clone(), act);
            self.intended.push_front((0, shared, address.clone()));
            return;
        }
        live.record_intent(&intent);
        live.acts.insert(address.clone(), act);
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
        let key = if self.is_in_process(&spec) { String::new() } else { key(&guard.id, address) };
        drop(guard);
        if let Some(own) = self.env.in_process.as_ref().filter(|own| *own.name() == *spec.integration) {
            let value = own.perform(&spec.info.name, &spec.text);
            return performed(&mut live.borrow_mut(), address, attempt, &value);
        }
        let call = Call {
            integration: spec.integration.to_string(),
            action: spec.info.name.clone(),
            input: spec.input().clone(),
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
    pub(super) fn spawn<W, F>(&self, live: &Shared, address: &Address, work: W)
    where
        W: FnOnce(stanch_integrations::Integrations) -> F,
        F: Future<Output = Event> + Send + 'static,
    {
        let (run, attempt) = {
            let live = live.borrow();
            (live.id.clone(), live.acts.get(address).map_or(0, |act| act.attempt))
        };
        let (own, address) = (self.own.clone(), address.clone());
        let coming = work(self.env.way(live.borrow().created.mode).clone());
        self.env.runtime.spawn(self.env.clock.work().during(async move {
            let event = coming.await;
            own.send(Message::Act(run, address, attempt, event));
        }));
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

    pub(super) fn alarm_for(&mut self, live: &Shared, address: &Address) {
        let due = live.borrow().acts.get(address).and_then(|act| act.phase.due_ms());
        if let Some(due) = due {
            let run = live.borrow().id.clone();
            self.alarm(&run, due);
        }
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
            } else if spec.info.effect != Effect::Read
                && live.borrow().acts.get(&address).is_some_and(|act| act.attempt == 0)
            {
                self.begin(live, &address);
            } else {
                self.admit(live, &address, &spec);
            }
        }
    }
}

/// The entry of this run that granted the approval which covers a call.
pub(super) fn granted(live: &Live, act: &Act) -> Option<u64> {
    let id = act.approval.as_ref()?;
    let wait = live.view.waits.iter().find(|wait| wait.id == *id)?;
    Some(wait.closed.as_ref()?.version)
}

/// What goes down before an attempt at a call.
pub(super) fn intent<'a>(spec: &'a Spec, act: &'a Act, granted: Option<u64>, key: &'a str) -> IntentText<'a> {
    let call = CallText {
        integration: &spec.integration,
        action: &spec.info.name,
        effect: spec.info.effect,
        verb: spec.verb.as_deref(),
        input: &spec.text,
        target: spec.target.as_ref(),
        key,
        in_doubt: spec.info.in_doubt,
        before: act.before.as_ref(),
        undo: act.undo.as_ref(),
        approval: act.approval.as_deref(),
        granted,
        guards: act.guards.as_deref().unwrap_or_default(),
        deadline_ms: act.dead_ms,
    };
    IntentText {
        address: spec.address.as_str(),
        op: "call",
        name: &spec.name,
        args: spec.args,
        at: spec.at,
        attempt: act.attempt,
        keys: None,
        call: Some(call),
    }
}
