//! The fold: how an entry, read back or just made, becomes part of the run in memory.

use serde::Serialize;
use stanch_journal::JournalError;
use stanch_model::{
    Address, Effect, Entry, EntryRef, NewEntry, Target, TargetState,
    ids::Hash,
    run::{
        RunState, StepError, WaitKind,
        body::{self, kind},
        lean::{BranchHead, BranchText, IntentHead, IntentText, OutcomeHead, OutcomeText},
    },
};

use super::{Done, Live, Step, is_for_people, step::Reach};
use crate::border::Json;

/// What an intent says of its step, read or about to be written.
struct Seen<'a> {
    op: &'a str,
    name: &'a str,
    args: Hash,
    at: (u32, u32),
    call: Option<Reach>,
}

impl Live {
    /// Folds an entry read from the journal.
    pub(crate) fn replay(&mut self, entry: EntryRef<'_>) -> Result<(), JournalError> {
        let stream = self.stream.clone();
        let corrupt =
            |error: serde_json::Error| JournalError::Invalid(format!("{stream} {}: {error}", entry.version));
        let (kind, version) = (entry.kind, entry.version);
        match kind {
            kind::INTENT => {
                let head = IntentHead::read(entry.body.unwrap_or("null")).map_err(corrupt)?;
                self.fold_intent(entry.body, head, version);
            }
            kind::OUTCOME => {
                let head = OutcomeHead::read(entry.body.unwrap_or("null")).map_err(corrupt)?;
                self.fold_outcome(head, version);
            }
            kind::LOCAL => self.fold_local(entry.decode().map_err(corrupt)?, version),
            kind::DEFERRED => self.fold_deferred(entry.decode().map_err(corrupt)?),
            kind::BRANCH => self.fold_branch(entry.decode().map_err(corrupt)?),
            kind::GUARD => self.known.fold(entry.decode().map_err(corrupt)?, version),
            kind::SIGNAL => self.signals.push(entry.decode().map_err(corrupt)?),
            kind::REPINNED => self.created.pins = entry.decode::<body::Repinned>().map_err(corrupt)?.pins,
            _ => {}
        }
        if is_for_people(kind) {
            let entry = entry.to_entry(&self.stream);
            self.fold_allowance(&entry);
            self.fold_late_cut(&entry);
            self.view.apply(&entry);
            self.fold_denial(&entry);
        }
        self.count(kind, entry.body.unwrap_or_default());
        self.version = version;
        Ok(())
    }

    /// Folds a new entry by way of its bytes, as every later life does, and queues it.
    pub(crate) fn record<B: Serialize>(&mut self, kind: &'static str, body: B, now_ms: i64) {
        let entry = NewEntry::new(kind, &body);
        let time = if is_for_people(kind) { crate::env::rfc3339(now_ms) } else { String::new() };
        let version = self.version + 1;
        let stored = EntryRef { version, time: &time, kind, body: Some(&entry.body), position: 0 };
        let folded = self.replay(stored);
        debug_assert!(folded.is_ok(), "our own entry does not read back");
        self.version = version;
        self.out.push(entry);
    }

    /// Queues an entry whose body is written.
    fn queue(&mut self, kind: &'static str, body: String) {
        self.version += 1;
        self.out.push(NewEntry { kind: kind.into(), body });
    }

    pub(crate) fn record_intent(&mut self, intent: &IntentText<'_>) {
        let body = intent.to_json();
        self.version += 1;
        let call = intent.call.as_ref().map(|call| {
            let (effect, has_target) = (call.effect, call.target.is_some());
            let mut reach = Reach { effect, has_target, begun_ms: call.deadline_ms, body: None };
            if reach.is_looked_at_later() {
                reach.body = Some(body.as_str().into());
            }
            reach
        });
        let seen = Seen { op: intent.op, name: intent.name, args: intent.args, at: intent.at, call };
        self.take_intent(intent.address, intent.attempt, seen, self.version);
        self.out.push(NewEntry { kind: kind::INTENT.into(), body });
    }

    /// Queues and folds an intent that was written before.
    #[cfg(feature = "without-intents")]
    fn record_late(&mut self, body: String) {
        if let Ok(head) = serde_json::from_str::<IntentHead<'_>>(&body) {
            self.fold_intent(Some(&body), head, self.version + 1);
        }
        self.queue(kind::INTENT, body);
    }

    pub(crate) fn record_outcome(&mut self, outcome: &OutcomeText<'_>) {
        #[cfg(feature = "without-intents")]
        if let Some(late) = self.late.remove(outcome.address) {
            self.record_late(late);
        }
        self.queue(kind::OUTCOME, outcome.to_json());
        let done = match outcome.error {
            Some(error) => Err(error.clone()),
            None => Ok(Json::new(outcome.value)),
        };
        self.take_outcome(outcome.address, done, outcome.incomplete, self.version);
    }

    /// A branch has ended.
    pub(crate) fn record_branch(&mut self, branch: Address, done: Done) {
        let (value, error) = match &done {
            Ok(value) => (value.as_str(), None),
            Err(error) => ("null", Some(error)),
        };
        let body = BranchText { address: branch.as_str(), value, error }.to_json();
        self.queue(kind::BRANCH, body);
        self.take_branch(branch, done);
    }

    /// Counts an entry, unless its own fold does.
    fn count(&mut self, kind: &str, body: &str) {
        if !matches!(kind, kind::LOCAL | kind::INTENT | kind::DEFERRED | kind::OUTCOME | kind::BRANCH) {
            self.lines.add_other(kind, body, &self.view);
        }
    }

    /// A limited run that a person lets go on may grow by as much again; one that nobody promoted may begin.
    fn fold_allowance(&mut self, entry: &Entry) {
        let resumed = entry.header.kind == kind::STATE
            && self.view.state == RunState::Limited
            && entry.decode::<body::StateEntry>().is_ok_and(|said| said.state == RunState::Running);
        if !resumed {
            return;
        }
        if self.created.unpromoted && !self.let_go {
            self.let_go = true;
        } else {
            self.lines.allowances += 1;
        }
    }

    /// What had failed, was left out or waited for somebody's hands is cut by a person after the end.
    fn fold_late_cut(&mut self, entry: &Entry) {
        if self.view.ended.is_none() || entry.header.kind != kind::TARGET {
            return;
        }
        let Ok(body) = entry.decode::<body::TargetEntry>() else { return };
        let key = format!("{} {}", body.target.key(), body.verb);
        let before = self.view.targets.get(&key).map(|view| view.state);
        let open = [TargetState::Failed, TargetState::Skipped, TargetState::Requested];
        self.cut_late |=
            body.state == TargetState::Attested && before.is_some_and(|state| open.contains(&state));
    }

    fn fold_local(&mut self, body: body::Local, version: u64) {
        self.lines.add(body.address.as_str());
        self.known.evidence |= body.op == "evidence";
        let step = Step {
            op: self.words.get(&body.op),
            name: self.words.get(""),
            args: body.args,
            at: body.at,
            attempt: 1,
            reach: None,
            deferred: None,
            result: Some(Ok(Json::of(&body.value))),
            incomplete: "".into(),
            version,
            intended: version,
        };
        self.steps.insert(body.address, step);
    }

    fn fold_intent(&mut self, body: Option<&str>, head: IntentHead<'_>, version: u64) {
        let call = head.call.map(|call| Reach {
            effect: call.effect,
            has_target: call.target.is_some(),
            begun_ms: call.deadline_ms,
            body: body.map(Into::into),
        });
        let seen = Seen { op: &head.op, name: &head.name, args: head.args, at: head.at, call };
        self.take_intent(&head.address, head.attempt, seen, version);
    }

    fn take_intent(&mut self, address: &str, attempt: u32, seen: Seen<'_>, version: u64) {
        self.lines.add(address);
        if let Some(step) = self.steps.get_mut(address) {
            let begun = step.reach.as_ref().map(|reach| reach.begun_ms);
            step.deferred = None;
            step.attempt = attempt;
            step.intended = version;
            if let Some(mut call) = seen.call {
                call.begun_ms = begun.unwrap_or(call.begun_ms);
                step.reach = Some(call);
            }
            return;
        }
        let step = Step {
            op: self.words.get(seen.op),
            name: self.words.get(seen.name),
            args: seen.args,
            at: seen.at,
            attempt,
            reach: seen.call,
            deferred: None,
            result: None,
            incomplete: "".into(),
            version,
            intended: version,
        };
        self.steps.insert(Address::from_stored(address), step);
    }

    fn fold_deferred(&mut self, body: body::Deferred) {
        self.lines.add(body.address.as_str());
        if let Some(step) = self.steps.get_mut(&body.address) {
            step.deferred = Some(Box::new((body.until_ms, body.why)));
        }
    }

    fn fold_outcome(&mut self, head: OutcomeHead<'_>, version: u64) {
        self.take_outcome(&head.address, done(head.value, head.error), &head.incomplete, version);
    }

    fn take_outcome(&mut self, address: &str, done: Done, incomplete: &str, version: u64) {
        self.lines.add(address);
        let Some(step) = self.steps.get_mut(address) else { return };
        if let Some(reach) = &mut step.reach {
            if reach.effect == Effect::Read
                && let Ok(value) = &done
            {
                self.seen.extend(value.bare_targets().iter().map(Target::key));
            }
            if !reach.is_looked_at_later() {
                reach.body = None;
            }
        }
        step.deferred = None;
        step.incomplete = incomplete.into();
        step.version = version;
        step.result = Some(done);
    }

    fn fold_branch(&mut self, head: BranchHead<'_>) {
        self.take_branch(Address::from_stored(head.address), done(head.value, head.error));
    }

    fn take_branch(&mut self, branch: Address, done: Done) {
        self.lines.close(&branch);
        self.branches.insert(branch, done);
    }

    /// A card that got a no keeps saying no to the calls that it was raised for, also in a later life: until each of them
    /// has been skipped.
    fn fold_denial(&mut self, entry: &Entry) {
        match entry.header.kind.as_str() {
            kind::CLOSED => {
                let Ok(closed) = entry.decode::<body::WaitClosed>() else { return };
                let card = self.view.waits.iter().rev().find(|wait| wait.id == closed.wait && wait.card);
                let Some(card) = card.filter(|card| card.kind == WaitKind::Approval) else { return };
                if closed.say != "approve" {
                    for target in &card.targets {
                        *self.denied.entry(target.key()).or_insert(0) += 1;
                    }
                }
            }
            kind::TARGET if !self.denied.is_empty() => {
                let Ok(body) = entry.decode::<body::TargetEntry>() else { return };
                let key = body.target.key();
                if body.state == TargetState::Skipped
                    && let Some(left) = self.denied.get_mut(&key)
                {
                    *left -= 1;
                    if *left == 0 {
                        self.denied.remove(&key);
                    }
                }
            }
            _ => {}
        }
    }
}

/// What a step or a branch came to, as its entry tells it.
fn done(value: Option<&str>, error: Option<StepError>) -> Done {
    match error {
        Some(error) => Err(error),
        None => Ok(value.map_or_else(Json::default, Json::new)),
    }
}
