//! Plans at work: an effect of a run that only looks ends here, journaled as what would be done; what it would change is
//! taken for changed in the reads after it. And the other way round: an effect of a run that executes a plan passes here.

use std::{cell::RefCell, collections::HashSet, rc::Rc, sync::Arc};

use serde_json::{Value, json};
use stanch_model::{
    Effect, RunId, StreamId, Target, TargetState, duration,
    run::{
        Surety,
        body::{WaitClosed, kind},
        lean::OutcomeText,
        plan::Planned,
    },
    value,
};

use super::{
    Shard, acts,
    marks::{record_state, set},
    proofs::proves_by_absence,
};
use crate::{
    act::{Phase, Spec},
    current::Current,
    env::Env,
    guard::{self, Verdict},
    host::{ASSUMED, cut_value},
    live::Live,
};

type Shared = Rc<RefCell<Live>>;

impl Shard {
    /// Whether the plan that the run is held to, if it is held to one, lets an effect pass.
    pub(super) fn is_as_planned(&mut self, live: &Shared, spec: &Arc<Spec>) -> bool {
        let verdict = guard::ask_plan(&self.env, &mut live.borrow_mut(), spec);
        match verdict {
            Verdict::Pass(_) => return true,
            Verdict::Reads(_) => {}
            Verdict::Later(at_ms) => set(live, &spec.address, Phase::Deferred(at_ms)),
            Verdict::Barred(objection) => set(live, &spec.address, Phase::Barred(objection)),
            Verdict::Held(card) => set(live, &spec.address, Phase::Held(card)),
            Verdict::Refused => self.skip(live, spec, "it is not in the plan", self.env.now_ms()),
        }
        false
    }

    /// Something that a person does: it was stopped once, and may go on.
    pub(super) fn ask_by_hand(&self, live: &Shared, spec: &Arc<Spec>) {
        let here = Current { live: Rc::clone(live), env: Arc::clone(&self.env) };
        let _ = here.by_hand(spec);
        let mut live = live.borrow_mut();
        live.acts.remove(&spec.address);
        live.touch(&spec.address);
    }

    /// The effect of a plan: what would be done, by what yes and with what way back. Nothing leaves.
    pub(super) fn planned(&mut self, live: &Shared, spec: &Arc<Spec>) {
        let now = self.env.now_ms();
        if spec.info.manual {
            self.planned_by_hand(live, spec, now);
        }
        let mut guard = live.borrow_mut();
        let live = &mut *guard;
        let Some(mut act) = live.acts.remove(&spec.address) else { return };
        (act.attempt, act.dead_ms) = (1, now);
        let (granted, key) = (acts::granted(live, &act), super::marks::key(&live.id, &spec.address));
        live.record_intent(&acts::intent(spec, &act, granted, &key));
        let was_so = act.before.as_ref().is_some_and(|before| self.was_so_before(spec, before));
        let value = match &spec.target {
            Some(target) if spec.is_cut() => {
                record_state(live, spec, TargetState::Requested, None, "planned: nothing is sent", now);
                cut_value(target, TargetState::Accepted)
            }
            _ => json!({}),
        };
        let place = (&spec.address, spec.at);
        if let Some(lasts) = spec.expires {
            let lasts = duration::format(lasts);
            let why = format!("it comes back by itself after {lasts}, unless another run holds it then");
            live.mark(place, ("call", &*spec.name), Surety::Assumed, why, now);
        }
        if !spec.is_cut() && spec.info.effect != Effect::Tell {
            let why = "what it gives back: the script goes on with an empty map";
            live.mark(place, ("call", &*spec.name), Surety::NotKnown, why, now);
        }
        live.record_outcome(&OutcomeText {
            address: spec.address.as_str(),
            attempt: 1,
            value: &value.to_string(),
            error: None,
            by: if was_so { "other" } else { "plan" },
            incomplete: "",
        });
        live.touch(&spec.address);
    }

    /// A person would be asked, and is taken to have done it.
    fn planned_by_hand(&self, live: &Shared, spec: &Arc<Spec>, now: i64) {
        let here = Current { live: Rc::clone(live), env: Arc::clone(&self.env) };
        let wait = here.card_by_hand(spec);
        let id = wait.wait.clone();
        here.open_wait(wait);
        let (say, by, who) = ("done".to_owned(), ASSUMED.to_owned(), String::new());
        let closed = WaitClosed { wait: id, say, by, who, value: Value::Null, at_ms: now };
        live.borrow_mut().record(kind::CLOSED, closed, now);
    }

    /// In a plan nobody is asked: the card stands there to be read, and is taken as answered so.
    pub(super) fn close_in_plan(&mut self, live: &Shared, card: &str, say: &str) {
        let wait = {
            let live = live.borrow();
            live.view.waits.iter().find(|wait| wait.id == card).filter(|_| live.is_plan()).cloned()
        };
        if let Some(wait) = wait {
            self.close(live, &wait, say, ASSUMED, "", Value::Null);
        }
    }

    /// What a read of a plan shows once the cuts before it are made: the lists lack what is cut away; all else is the real
    /// answer, marked where it is about something that would have changed.
    pub(super) fn as_if_cut(&self, live: &Shared, spec: &Spec, value: Value) -> Value {
        let mut guard = live.borrow_mut();
        let live = &mut *guard;
        if live.view.targets.is_empty() {
            return value;
        }
        let gone = gone(&self.env, live);
        let (value, without) = match value {
            Value::Array(mut items) => {
                let before = items.len();
                let is_gone = |item: &Value| value::as_target(item).is_some_and(|t| gone.contains(&t.key()));
                items.retain(|item| !is_gone(item));
                let without = before - items.len();
                (Value::Array(items), without)
            }
            other => (other, 0),
        };
        // What `settle` reads again it marks itself.
        if !spec.address.as_str().contains(".settle[") {
            mark_read(live, spec, &value, without, self.env.now_ms());
        }
        value
    }

    /// A plan is whole: its hash is journaled, and what a run can be held to is kept under it.
    pub(super) fn conclude_plan(&mut self, run: &RunId, live: &Shared) -> Result<(), String> {
        self.flush(live);
        if self.slot(live).is_none() {
            return Err("its entries were not taken".to_owned());
        }
        self.env.make_durable(&StreamId::run(run))?;
        let plan = self.env.gather(run, 0).map_err(|error| error.to_string())?;
        let (hash, kept) = self.env.keep_plan(&live.borrow().created, &plan);
        if let Some(kept) = kept {
            let kept = self.env.journal.append(vec![kept], stanch_journal::With::default());
            kept.map_err(|error| error.to_string())?;
            self.uncommitted = true;
        }
        live.borrow_mut().record(kind::PLANNED, Planned { hash }, self.env.now_ms());
        Ok(())
    }
}

/// What the plan that a run was held to cuts, and the run never came to.
pub(super) fn not_met(env: &Env, live: &Live) -> Vec<String> {
    let Some(kept) = live.created.plan.and_then(|hash| env.kept_plan(&hash).ok()) else { return Vec::new() };
    if live.created.parent.is_some() {
        return Vec::new();
    }
    let met: HashSet<String> = live.view.targets.values().map(|view| view.target.key()).collect();
    let cuts = kept.acts.iter().filter(|act| matches!(act.effect, Effect::Reversible | Effect::Permanent));
    let missed = cuts.filter(|act| !act.target.is_empty() && !met.contains(&act.target));
    missed.map(|act| format!("planned and not met: {act}")).collect()
}

/// The targets that are cut away: those whose proof is that they are not there any more.
fn gone(env: &Env, live: &mut Live) -> Arc<HashSet<String>> {
    let count = live.view.targets.len();
    if let Some((_, gone)) = live.gone.as_ref().filter(|(known, _)| *known == count) {
        return Arc::clone(gone);
    }
    let is_gone = |target: &Target, verb: &str| {
        let own = verb.strip_prefix(&format!("{}.", target.integration));
        let info = env.info(&target.integration, own.unwrap_or(verb));
        info.is_some_and(|info| info.verify.as_ref().is_some_and(|verify| proves_by_absence(&verify.until)))
    };
    let planned = live.view.targets.values().filter(|view| view.state == TargetState::Requested);
    let gone = planned.filter(|view| is_gone(&view.target, &view.verb)).map(|view| view.target.key());
    let gone = Arc::new(gone.collect::<HashSet<String>>());
    live.gone = Some((count, Arc::clone(&gone)));
    gone
}

fn mark_read(live: &mut Live, spec: &Spec, value: &Value, without: usize, now: i64) {
    let shown = value.as_array().into_iter().flatten().filter_map(value::as_target);
    let stale = spec.target.iter().cloned().chain(shown).filter(|target| is_cut(live, target)).count();
    let again = spec.info.yields.is_some()
        && live.steps.iter().any(|(address, step)| {
            *address != spec.address
                && *step.name == *spec.name
                && step.args == spec.args
                && step.result.is_some()
        });
    let mut why = Vec::new();
    if without > 0 {
        why.push(format!("answered without {without} that are cut by then"));
    }
    if stale > 0 {
        why.push("what it shows of targets that are cut by then is from before".to_owned());
    }
    if again {
        why.push("what turns up between now and then".to_owned());
    }
    if !why.is_empty() {
        let surety = if again { Surety::NotKnown } else { Surety::Assumed };
        live.mark((&spec.address, spec.at), ("call", &*spec.name), surety, why.join("; "), now);
    }
}

/// Whether the plan cuts this target by any verb.
fn is_cut(live: &Live, target: &Target) -> bool {
    let prefix = format!("{} ", target.key());
    live.view.targets.range(prefix.clone()..).next().is_some_and(|(key, _)| key.starts_with(&prefix))
}
