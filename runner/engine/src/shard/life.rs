//! How a run comes into memory and how it ends.

use std::{cell::RefCell, rc::Rc};

use rhai::Dynamic;
use serde_json::{Value, json};
use stanch_model::{
    Entry, RunId,
    run::{
        RunState, StepError, WaitKind,
        body::{self, Created, RunEnded, TargetEntry, WaitClosed, kind},
    },
    target::{Ended, TargetState},
};

use super::{Finish, Shard, Slot};
use crate::{
    act::Act,
    border,
    current::Current,
    host::settle,
    live::{Leave, Live, row},
    pins,
};

type Shared = Rc<RefCell<Live>>;

impl Shard {
    /// A run was woken: by a post, by its time, or because it is there at all.
    pub(super) fn wake(&mut self, run: &RunId) {
        if self.slots.contains_key(run) {
            return self.with(run, |shard, live| {
                shard.hear_posts(live);
                let now = shard.env.now_ms();
                shard.waits_due(live, now);
            });
        }
        if self.comes_in(run) {
            self.come_in(run);
        }
    }

    /// A run is read from disk and goes on.
    pub(super) fn come_in(&mut self, run: &RunId) {
        if self.broken.contains(run) || self.env.is_draining() {
            return;
        }
        match self.load(run) {
            Ok(Some(mut live)) => {
                live.resumed_ms = Some(self.env.now_ms());
                self.gather_family(&mut live);
                self.take(live);
            }
            Ok(None) => {}
            Err(why) => {
                tracing::error!(%run, %why, "this run cannot be read");
                self.broken.insert(run.clone());
            }
        }
    }

    /// A run that was created a moment ago: its first entry is at hand.
    pub(super) fn created(&mut self, entry: &Entry) {
        let Ok(created) = entry.decode::<Created>() else { return };
        let is_here = self.slots.contains_key(&created.run);
        if is_here || self.env.is_draining() || !self.comes_in(&created.run) {
            return;
        }
        match self.playbook(&created) {
            Ok(playbook) => {
                let mut live = Live::new(created, playbook);
                if live.replay(entry.as_ref()).is_ok() {
                    self.take(live);
                }
            }
            Err(why) => tracing::error!(run = %created.run, %why, "the playbook of a new run cannot be read"),
        }
    }

    /// Takes a run into memory and lets its script run, unless it stands.
    pub(super) fn take(&mut self, live: Live) {
        let run = live.id.clone();
        let live = Rc::new(RefCell::new(live));
        self.slots
            .insert(run.clone(), Slot { live: Rc::clone(&live), fiber: None, queued: false, finish: None });
        let now = self.env.now_ms();
        if live.borrow().view.state == RunState::Waiting {
            // In one append with whatever wakes it: a run that is said to wait is woken by that alone.
            let mut live = live.borrow_mut();
            live.record(kind::STATE, body::StateEntry::of(RunState::Running, ""), now);
            live.set_row(row(RunState::Running, None, None));
        }
        self.hear_posts(&live);
        self.waits_due(&live, now);
        let (state, ended) = {
            let live = live.borrow();
            (live.view.state, live.view.ended.is_some())
        };
        if ended {
            return self.read_back_residuals(&run, &live);
        }
        let stands =
            matches!(state, RunState::Paused | RunState::Diverged | RunState::Limited | RunState::Suspect);
        if stands && live.borrow().view.cancelled {
            return self.end(&run, &live, Ended::Cancelled, None, Value::Null);
        }
        if stands {
            self.flush(&live);
            self.slots.remove(&run);
            return;
        }
        let changed = pins::changed(&self.env, &live.borrow());
        if let Some(why) = changed {
            return self.stand(&run, &live, RunState::Diverged, &why);
        }
        self.prove_left_over(&live);
        match self.fiber(&live) {
            Ok(fiber) => {
                if let Some(slot) = self.slots.get_mut(&run) {
                    slot.fiber = Some(fiber);
                }
                self.flush(&live);
                self.queue(&live);
            }
            Err(why) => {
                tracing::error!(%run, %why, "this run cannot be evaluated");
                self.broken.insert(run.clone());
                self.slots.remove(&run);
            }
        }
    }

    /// The script is out: it ended, or it left for a reason. What is on the wire is heard first: an answer that came in
    /// time is no doubt.
    pub(super) fn finished(&mut self, run: &RunId, live: &Shared, finish: Finish) {
        self.take_up(live);
        let is_out = live.borrow().acts.values().any(Act::is_out);
        if is_out && let Some(slot) = self.slots.get_mut(run) {
            slot.finish = Some(finish);
            return self.flush(live);
        }
        let leaving = live.borrow().leaving.clone();
        match leaving {
            None => match finish {
                Ok(value) => {
                    let value = border::to_value(&value).unwrap_or_default();
                    self.end(run, live, Ended::Finished, None, value);
                }
                Err(error) => self.end(run, live, Ended::Failed, Some(error), Value::Null),
            },
            Some(Leave::Fatal(error)) => self.end(run, live, Ended::Failed, Some(error), Value::Null),
            Some(Leave::Cancelled) => self.end(run, live, Ended::Cancelled, None, Value::Null),
            Some(Leave::Diverged(why)) => self.stand(run, live, RunState::Diverged, &why),
            Some(Leave::Limited(why)) => self.stand(run, live, RunState::Limited, &why),
            Some(Leave::Paused(why)) => self.stand_paused(run, live, &why),
            Some(Leave::Park | Leave::Branch) if self.env.is_draining() => self.park_for_next_life(run, live),
            Some(Leave::Park | Leave::Branch) => {
                self.flush(live);
                self.slots.remove(run);
            }
        }
    }

    /// Parks a run that a person, or the scope that it lies in, paused; unless that is over by now.
    pub(super) fn stand_paused(&mut self, run: &RunId, live: &Shared, why: &str) {
        let paused = |shard: &Self| {
            let live = live.borrow();
            live.view.state == RunState::Paused || shard.env.held_by(&live.created.playbook, None).is_some()
        };
        if paused(self) {
            self.stand(run, live, RunState::Paused, why);
        } else {
            self.flush(live);
            self.slots.remove(run);
            return self.own.send(super::Message::Wake(run.clone()));
        }
        if !why.starts_with("paused by") && self.env.held_by(&live.borrow().created.playbook, None).is_none()
        {
            // The scope went on while this was written: whoever resumed it did not see the run.
            let key = format!("resume {}", ulid::Ulid::generate());
            self.env.post(run, &key, "resume", &json!({ "who": "" }));
        }
    }

    /// The program stops in good order: the next one takes the run up as if its time had come.
    pub(super) fn park_for_next_life(&mut self, run: &RunId, live: &Shared) {
        let now = self.env.now_ms();
        {
            let mut live = live.borrow_mut();
            let why = "stanch was stopped".to_owned();
            let state =
                body::StateEntry { due_ms: Some(now), ..body::StateEntry::of(RunState::Waiting, why) };
            live.record(kind::STATE, state, now);
            live.set_row(row(RunState::Waiting, None, Some(now)));
        }
        self.flush(live);
        self.unwind(run);
    }

    /// Parks a run that a person must look at.
    pub(super) fn stand(&mut self, run: &RunId, live: &Shared, state: RunState, why: &str) {
        let now = self.env.now_ms();
        {
            let mut live = live.borrow_mut();
            let entry = body::StateEntry::of(state, why);
            live.record(kind::STATE, entry, now);
            live.set_row(row(state, None, None));
        }
        self.flush(live);
        self.slots.remove(run);
    }

    pub(super) fn end(
        &mut self,
        run: &RunId,
        live: &Shared,
        ended: Ended,
        error: Option<StepError>,
        value: Value,
    ) {
        let now = self.env.now_ms();
        let is_whole_plan = live.borrow().is_plan() && live.borrow().created.parent.is_none();
        if is_whole_plan
            && ended != Ended::Cancelled
            && let Err(error) = self.conclude_plan(run, live)
        {
            tracing::error!(%run, %error, "this plan has no hash");
        }
        let parent = {
            let mut live = live.borrow_mut();
            leave_in_doubt(&mut live, now);
            close_waits(&mut live, now);
            let (containment, mut because) = settle::containment(&live);
            because.extend(super::plans::not_met(&self.env, &live));
            let over = RunEnded { ended, containment, error, because, value: value.clone() };
            live.record(kind::ENDED, over, now);
            live.value = value;
            let residual = self.next_residual(&live);
            live.set_row(row(RunState::Ended, None, residual));
            self.env.families.close(&live.id);
            live.created.parent.clone()
        };
        if parent.is_some() {
            // Before the end is durable: a child that ends says so until its parent has heard it.
            self.tell_parent(live);
        }
        self.flush(live);
        self.slots.remove(run);
    }

    /// Something of this run is due.
    pub(super) fn on_time(&mut self, live: &Shared) {
        let now = self.env.now_ms();
        self.calls_due(live, now);
        self.proofs_due(live, now);
        self.waits_due(live, now);
    }

    /// A run that was taken up: what runs above and below it have done already is read, unless this process knows it.
    fn gather_family(&mut self, live: &mut Live) {
        live.told = live.lines.main();
        live.has_children = live.view.waits.iter().any(|wait| wait.kind == WaitKind::Child);
        if live.view.ended.is_some() || !live.is_in_family() {
            return;
        }
        if live.has_children && !self.env.families.is_open(&live.id) {
            self.env.families.open(live);
            self.join_children(&live.id.clone(), live);
        }
        if let Some((parent, _)) = live.created.parent.clone()
            && !self.env.families.is_open(&parent)
            && let Ok(Some(mut above)) = self.load(&parent)
        {
            self.gather_family(&mut above);
        }
    }

    /// What the children of this run have done, and theirs.
    fn join_children(&mut self, above: &RunId, live: &Live) {
        let of_run = |wait: &&stanch_model::run::WaitView| wait.kind == WaitKind::Child;
        let children: Vec<RunId> =
            live.view.waits.iter().filter(of_run).map(|wait| RunId(wait.text.clone())).collect();
        for child in children {
            if let Ok(Some(mut child)) = self.load(&child) {
                self.env.families.join(above, &mut child);
                self.join_children(above, &child);
            }
        }
    }

    /// Starts the child runs that the script asked for.
    pub(super) fn start_children(&mut self, live: &Shared) {
        let children = std::mem::take(&mut live.borrow_mut().children);
        if children.is_empty() {
            return;
        }
        {
            let mut live = live.borrow_mut();
            live.has_children = true;
            self.env.families.open(&mut live);
        }
        self.flush(live);
        let parent = live.borrow().created.clone();
        for (child, playbook, input, address) in children {
            if let Err(error) = self.env.start_child(&parent, child, &playbook, input, address) {
                tracing::error!(run = %parent.run, %playbook, %error, "a child run could not be started");
            }
        }
    }
}

/// Calls whose outcome this run will not hear any more.
fn leave_in_doubt(live: &mut Live, now: i64) {
    let open: Vec<TargetEntry> = live
        .view
        .targets
        .values()
        .filter(|view| view.state == TargetState::Requested)
        .filter(|view| live.steps.get(&view.address).is_some_and(|step| step.result.is_none()))
        .map(|view| TargetEntry {
            target: view.target.clone(),
            verb: view.verb.clone(),
            state: TargetState::InDoubt,
            until_ms: None,
            accepted_ms: None,
            address: view.address.clone(),
            why: "it was under way when the run ended".to_owned(),
        })
        .collect();
    open.into_iter().for_each(|entry| live.record(kind::TARGET, entry, now));
}

/// Nobody is asked any more, and no clock runs. What a person looks at or does by hand, and child runs, end by themselves.
fn close_waits(live: &mut Live, now: i64) {
    let lives_on = |kind| matches!(kind, WaitKind::InDoubt | WaitKind::Manual | WaitKind::Child);
    let open: Vec<String> =
        live.view.open_waits().filter(|wait| !lives_on(wait.kind)).map(|wait| wait.id.clone()).collect();
    for wait in open {
        let (say, by, who) = (String::new(), "ended".to_owned(), String::new());
        live.record(kind::CLOSED, WaitClosed { wait, say, by, who, value: Value::Null, at_ms: now }, now);
    }
}

/// Runs on the script's own stack, after its last line: a run settles by itself.
pub(super) fn last_words(here: &Current, result: Result<Dynamic, Box<rhai::EvalAltResult>>) -> Finish {
    // What ends a script from outside, whatever it does, knows no line of its own.
    let at = |live: &mut Live, error: &rhai::EvalAltResult| match &mut live.leaving {
        Some(Leave::Fatal(fatal)) if fatal.kind == "too_long" => {
            fatal.message = border::placed(&fatal.message, error);
        }
        _ => {}
    };
    let finish = result.map_err(|error| {
        here.live(|live| at(live, &error));
        border::caught(&error)
    });
    if here.live(|live| live.leaving.is_some()) {
        return finish;
    }
    let frame = here.live(|live| live.frames.last().cloned());
    // An earlier life began to settle here: that goes on, whatever is known of the cuts by now.
    let began = here.live(|live| {
        let next = frame.as_ref().and_then(|frame| live.left_over(frame));
        next.is_some_and(|step| &*step.op == "settle")
    });
    if !began && here.check_left_over(frame).is_err() {
        return finish;
    }
    if began || here.live(|live| settle::is_unsettled(live)) {
        let _ = settle::settle(here, (0, 0), None);
    }
    finish
}
