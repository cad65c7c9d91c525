//! The fold from the entries of a run in mode `plan`, and of the runs below it, to the plan.

use std::collections::BTreeMap;

use super::{
    body::{self, kind},
    plan::{ActLine, LeftOut, Mark, Plan, Planned, PlannedAct, PlannedWait, Start},
    view::RunView,
    wait::{WaitKind, WaitView},
};
use crate::{
    entry::Entry,
    ids::RunId,
    target::{Effect, TargetState},
};

/// A plan as far as these entries tell it.
#[derive(Clone, Debug, Default)]
pub struct Planning {
    view: RunView,
    plan: Plan,
    /// The phase that is open.
    phase: String,
    /// The phases of the waits so far.
    phases: BTreeMap<String, String>,
    /// What nobody can know and all later acts follow from.
    follows: Vec<String>,
    /// Runs below it, with the number of acts and waits before them.
    children: Vec<(RunId, usize, usize)>,
}

impl Planning {
    /// Folds one more entry of the run's stream.
    pub fn apply(&mut self, entry: &Entry) {
        if self.fold(entry).is_err() {
            self.plan.unread.push(format!("entry {} is not readable by this build", entry.header.version));
        }
        self.view.apply(entry);
    }

    fn fold(&mut self, entry: &Entry) -> Result<(), serde_json::Error> {
        match entry.header.kind.as_str() {
            kind::CREATED => self.plan.answers = entry.decode::<body::Created>()?.answers,
            kind::LOCAL => self.local(&entry.decode()?),
            kind::INTENT => self.intent(entry.decode()?),
            kind::OUTCOME => self.outcome(&entry.decode()?),
            kind::WAIT => self.wait(&entry.decode()?),
            kind::MARK => self.mark(entry.decode()?),
            kind::CLOCK => self.plan.deadlines.push(entry.decode()?),
            kind::PLANNED => self.plan.hash = Some(entry.decode::<Planned>()?.hash),
            _ => {}
        }
        Ok(())
    }

    fn local(&mut self, body: &body::Local) {
        if body.op == "phase" {
            self.phase = body.value.as_str().unwrap_or_default().to_owned();
        }
    }

    fn intent(&mut self, body: body::Intent) {
        let Some(call) = body.call else {
            if body.op == "run_playbook" {
                self.plan.starts.insert(Start { playbook: body.name, input: body.args });
            }
            return;
        };
        if call.effect == Effect::Read {
            *self.plan.reads.entry(body.name).or_insert(0) += 1;
            return;
        }
        let line =
            ActLine::new(&call.integration, &call.action, call.effect, call.target.as_ref(), &call.input);
        let to = if call.target.is_none() { line.target } else { String::new() };
        self.plan.acts.push(PlannedAct {
            playbook: String::new(),
            address: body.address,
            at: body.at,
            phase: self.phase.clone(),
            integration: call.integration,
            action: call.action,
            title: String::new(),
            effect: call.effect,
            target: call.target,
            to,
            undo: call.undo,
            approval: call.approval,
            by_hand: false,
            already: false,
            proven: false,
            residual_ms: None,
            follows: self.follows.clone(),
        });
    }

    fn outcome(&mut self, body: &body::Outcome) {
        let act = self.plan.acts.iter_mut().rev().find(|act| act.address == body.address);
        if let Some(act) = act {
            act.already = body.by == "other";
        }
    }

    fn wait(&mut self, body: &body::WaitOpened) {
        self.phases.insert(body.wait.clone(), self.phase.clone());
        if body.wait_kind == WaitKind::Child {
            let so_far = (self.plan.acts.len(), self.phases.len());
            self.children.push((RunId(body.text.clone()), so_far.0, so_far.1));
        }
    }

    fn mark(&mut self, mark: Mark) {
        if mark.forks() && !self.follows.contains(&mark.name) {
            self.follows.push(mark.name.clone());
        }
        self.plan.marks.push(mark);
    }

    /// The runs below it, in order.
    pub fn children(&self) -> impl Iterator<Item = &RunId> {
        self.children.iter().map(|(run, ..)| run)
    }

    /// The plan. `below` are the plans of [`Planning::children`], as far as they are known.
    pub fn plan(self, mut below: BTreeMap<RunId, Plan>) -> Plan {
        let Self { view, mut plan, phases, children, .. } = self;
        plan.of_view(&view);
        let own = plan.playbook.clone();
        plan.acts.iter_mut().for_each(|act| act.playbook.clone_from(&own));
        plan.left_out = left_out(&view);
        plan.unread.extend(unread(&view));
        plan.untold = untold(&view);
        let waits: Vec<&WaitView> = view.waits.iter().collect();
        plan.waits = waits
            .iter()
            .filter(|wait| wait.kind.needs_person())
            .map(|wait| waiting(&own, wait, &phases))
            .collect();
        // From the last one up, so that the places of those before stay what they were.
        for (run, at, nth) in children.into_iter().rev() {
            let Some(child) = below.remove(&run) else { continue };
            let before = waits.iter().take(nth).filter(|wait| wait.kind.needs_person()).count();
            plan.take_in(child, at, before);
        }
        plan
    }
}

fn waiting(playbook: &str, wait: &WaitView, phases: &BTreeMap<String, String>) -> PlannedWait {
    let phase = phases.get(&wait.id).cloned().unwrap_or_default();
    PlannedWait { playbook: playbook.to_owned(), phase, asked: Vec::new(), wait: wait.clone() }
}

/// What a guard, an approval that nobody may give, or a read that failed keeps it from.
fn left_out(view: &RunView) -> Vec<LeftOut> {
    let out =
        view.targets.values().filter(|view| matches!(view.state, TargetState::Skipped | TargetState::Failed));
    let out = out.map(|view| LeftOut {
        target: view.target.clone(),
        verb: view.verb.clone(),
        why: view.why.clone(),
    });
    out.collect()
}

/// Notices and pages that nobody is known to hear.
fn untold(view: &RunView) -> Vec<String> {
    let notices = view.steps.values().filter(|step| step.op == "notify").filter_map(|step| {
        let error = step.error.as_ref().filter(|error| error.kind == "no_contact")?;
        Some(format!("line {} notify: {}", step.at.0, error.message))
    });
    let pages = view.untold.iter().map(|one| format!("page {}: {}", one.to, one.why));
    let mut untold: Vec<String> = Vec::new();
    for one in notices.chain(pages) {
        if !untold.contains(&one) {
            untold.push(one);
        }
    }
    untold
}

/// Reads that gave nothing or not everything.
fn unread(view: &RunView) -> Vec<String> {
    let reads = view.steps.values().filter(|step| step.effect == Some(Effect::Read));
    let mut unread: Vec<String> = reads
        .filter_map(|step| match &step.error {
            Some(error) => Some(format!("{}: {error}", step.name)),
            None if step.incomplete.is_empty() => None,
            None => Some(format!("{}: {}", step.name, step.incomplete)),
        })
        .collect();
    unread.sort();
    unread.dedup();
    unread
}

impl Plan {
    /// Puts the plan of a run below it where that run would be started. What it leaves out its parent has heard already.
    fn take_in(&mut self, child: Plan, at_act: usize, at_wait: usize) {
        let phase = |own: &str| {
            if own.is_empty() { child.playbook.clone() } else { format!("{} / {own}", child.playbook) }
        };
        let acts = child.acts.into_iter().map(|act| PlannedAct { phase: phase(&act.phase), ..act });
        let acts: Vec<PlannedAct> = acts.collect();
        let waits: Vec<PlannedWait> =
            child.waits.into_iter().map(|wait| PlannedWait { phase: phase(&wait.phase), ..wait }).collect();
        self.acts.splice(at_act.min(self.acts.len())..at_act.min(self.acts.len()), acts);
        self.waits.splice(at_wait.min(self.waits.len())..at_wait.min(self.waits.len()), waits);
        self.deadlines.extend(child.deadlines);
        self.starts.extend(child.starts);
        self.marks.extend(child.marks);
        self.untold.extend(child.untold);
        self.unread.extend(child.unread);
        for (read, count) in child.reads {
            *self.reads.entry(read).or_insert(0) += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;
    use crate::{
        entry::{Header, NewEntry},
        ids::{Address, Hash, StreamId},
        run::{
            body::Pins,
            plan::{self, Surety},
        },
    };

    fn entry(version: u64, kind: &'static str, body: &serde_json::Value) -> Entry {
        let new = NewEntry::new(kind, body);
        let header = Header {
            stream: StreamId::from_stored("run/01"),
            version,
            epoch: 1,
            time: "2026-11-26T02:41:00.000Z".to_owned(),
            kind: kind.to_owned(),
            body_hash: Hash::ZERO,
            prev: Hash::ZERO,
        };
        Entry { header, hash: Hash::ZERO, body: Some(new.body.as_str().into()), position: version }
    }

    fn cut(version: u64, id: &str) -> Entry {
        let call = json!({
            "integration": "okta", "action": "revoke", "effect": "permanent", "input": {}, "key": "k",
            "target": { "integration": "okta", "kind": "grant", "id": id }, "in_doubt": "probe", "deadline_ms": 1,
        });
        let body = json!({
            "address": version.to_string(), "op": "call", "name": "okta.revoke", "args": Hash::ZERO, "at": [1, 1],
            "attempt": 1, "call": call,
        });
        entry(version, kind::INTENT, &body)
    }

    fn mark(version: u64, op: &str, surety: Surety) -> Entry {
        let body = json!({ "address": "9", "at": [2, 1], "op": op, "name": "genuine", "surety": surety, "why": "x" });
        entry(version, kind::MARK, &body)
    }

    #[test]
    fn what_comes_after_an_answer_that_nobody_can_know_follows_from_it() {
        let mut planning = Planning::default();
        for entry in [
            cut(1, "a"),
            mark(2, "call", Surety::NotKnown),
            cut(3, "b"),
            mark(4, "ask", Surety::NotKnown),
            cut(5, "c"),
        ] {
            planning.apply(&entry);
        }
        let plan = planning.plan(BTreeMap::new());
        let follows: Vec<&[String]> = plan.acts.iter().map(|act| act.follows.as_slice()).collect();
        assert_eq!(follows, [&[][..], &[], &["genuine".to_owned()]]);
        assert_eq!(plan.marks.len(), 2);
    }

    #[test]
    fn the_hash_is_of_what_is_done_to_what_and_not_of_the_order() {
        let plan = |ids: &[&str]| {
            let mut planning = Planning::default();
            ids.iter().zip(1..).for_each(|(id, version)| planning.apply(&cut(version, id)));
            planning.plan(BTreeMap::new()).lines()
        };
        let pins = Pins { host_api: 3, ..Pins::default() };
        let (none, alone) = (BTreeMap::new(), BTreeSet::new());
        let hash = |ids: &[&str], pins: &Pins| plan::hash(&plan(ids), pins, &none, &alone);
        let one = hash(&["a", "b"], &pins);
        assert_eq!(one, hash(&["b", "a", "b"], &pins));
        assert_ne!(one, hash(&["a"], &pins));
        assert_ne!(one, hash(&["a", "b"], &Pins { host_api: 4, ..Pins::default() }));
        let answers = BTreeMap::from([("genuine".to_owned(), "theirs".to_owned())]);
        let answered = plan::hash(&plan(&["a", "b"]), &pins, &answers, &alone);
        assert_ne!(
            one, answered,
            "what is done after an answer is another plan, also where it does the same"
        );
        let starts = [Hash::of(b"x"), Hash::of(b"y")].map(|input| {
            let start = plan::Start { playbook: "child".to_owned(), input };
            plan::hash(&plan(&["a", "b"]), &pins, &none, &BTreeSet::from([start]))
        });
        assert!(starts[0] != starts[1] && !starts.contains(&one), "with another input it is another plan");
    }

    #[test]
    fn a_run_below_stands_where_it_would_be_started() {
        let mut child = Planning::default();
        child.apply(&cut(1, "child"));
        let mut own = Planning::default();
        own.apply(&cut(1, "before"));
        let body = json!({ "wait": "C1", "wait_kind": "child", "address": "2", "name": "p", "text": "02" });
        own.apply(&entry(2, kind::WAIT, &body));
        own.apply(&cut(3, "after"));
        let below = own.children().map(|run| (run.clone(), child.clone().plan(BTreeMap::new()))).collect();
        let plan = own.plan(below);
        let ids: Vec<&str> =
            plan.acts.iter().filter_map(|act| Some(act.target.as_ref()?.id.as_str())).collect();
        assert_eq!(ids, ["before", "child", "after"]);
        let address = Address::from_stored("1");
        assert_eq!(plan.acts[0].address, address);
    }
}
