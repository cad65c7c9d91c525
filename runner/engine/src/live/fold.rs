//! The fold: how an entry, read back or just made, becomes part of the run in memory.

use serde::Serialize;
use stanch_journal::JournalError;
use stanch_model::{
    Entry, NewEntry, Target, TargetState,
    entry::Header,
    ids::Hash,
    run::{
        RunState, WaitKind,
        body::{self, Intent, kind},
    },
};

use super::{Live, Step, is_for_people};

impl Live {
    /// Folds an entry read from the journal.
    pub(crate) fn replay(&mut self, entry: &Entry) -> Result<(), JournalError> {
        let corrupt = |error: serde_json::Error| {
            JournalError::Invalid(format!("{} {}: {error}", self.stream, entry.header.version))
        };
        let (kind, version) = (entry.header.kind.as_str(), entry.header.version);
        match kind {
            kind::LOCAL => self.fold_local(entry.decode().map_err(corrupt)?, version),
            kind::INTENT => self.fold_intent(entry.decode().map_err(corrupt)?, version),
            kind::DEFERRED => self.fold_deferred(entry.decode().map_err(corrupt)?),
            kind::OUTCOME => self.fold_outcome(entry.decode().map_err(corrupt)?, version),
            kind::BRANCH => self.fold_branch(entry.decode().map_err(corrupt)?),
            kind::GUARD => self.known.fold(entry.decode().map_err(corrupt)?, version),
            kind::SIGNAL => self.signals.push(entry.decode().map_err(corrupt)?),
            kind::HOLD => self.fold_hold(&entry.decode().map_err(corrupt)?),
            kind::REPINNED => self.created.pins = entry.decode::<body::Repinned>().map_err(corrupt)?.pins,
            _ => {}
        }
        if is_for_people(kind) {
            self.fold_allowance(entry);
            self.fold_late_cut(entry);
            self.view.apply(entry);
            self.fold_denial(entry);
        }
        self.count(kind, entry.body.as_deref().unwrap_or_default());
        self.version = version;
        Ok(())
    }

    /// Folds a new entry and queues it.
    pub(crate) fn record<B: Serialize>(&mut self, kind: &'static str, body: B, now_ms: i64) {
        let entry = NewEntry::new(kind, &body);
        self.version += 1;
        if is_for_people(kind) {
            let stored = self.as_entry(kind, &entry.body, now_ms);
            self.fold_allowance(&stored);
            self.fold_late_cut(&stored);
            self.view.apply(&stored);
            self.fold_denial(&stored);
        }
        if !matches!(kind, kind::HOLD | kind::SIGNAL | kind::REPINNED) {
            self.count(kind, &entry.body);
        }
        if kind == kind::HOLD || kind == kind::SIGNAL || kind == kind::REPINNED {
            // Rare kinds fold by way of their bytes; the frequent ones have typed ways below.
            let stored = self.as_entry(kind, &entry.body, now_ms);
            let version = self.version;
            let folded = self.replay(&stored);
            debug_assert!(folded.is_ok(), "our own entry does not read back");
            self.version = version;
        }
        self.out.push(entry);
    }

    pub(crate) fn record_local(&mut self, body: body::Local, now_ms: i64) {
        self.record(kind::LOCAL, &body, now_ms);
        self.fold_local(body, self.version);
    }

    pub(crate) fn record_intent(&mut self, body: Intent, now_ms: i64) {
        self.record(kind::INTENT, &body, now_ms);
        self.fold_intent(body, self.version);
    }

    pub(crate) fn record_deferred(&mut self, body: body::Deferred, now_ms: i64) {
        self.record(kind::DEFERRED, &body, now_ms);
        self.fold_deferred(body);
    }

    pub(crate) fn record_outcome(&mut self, body: body::Outcome, now_ms: i64) {
        #[cfg(feature = "without-intents")]
        if let Some((late, at_ms)) = self.late.remove(&body.address) {
            self.record_intent(late, at_ms);
        }
        self.record(kind::OUTCOME, &body, now_ms);
        self.fold_outcome(body, self.version);
    }

    pub(crate) fn record_guard(&mut self, read: stanch_model::run::GuardRead, now_ms: i64) {
        self.record(kind::GUARD, &read, now_ms);
        self.known.fold(read, self.version);
    }

    pub(crate) fn record_branch(&mut self, body: body::BranchDone, now_ms: i64) {
        self.record(kind::BRANCH, &body, now_ms);
        self.fold_branch(body);
    }

    /// Counts an entry, unless its own fold does.
    fn count(&mut self, kind: &str, body: &str) {
        if !matches!(kind, kind::LOCAL | kind::INTENT | kind::DEFERRED | kind::OUTCOME | kind::BRANCH) {
            self.lines.add_other(kind, body, &self.view);
        }
    }

    /// A limited run that a person lets go on may grow by as much again.
    fn fold_allowance(&mut self, entry: &Entry) {
        let resumed = entry.header.kind == kind::STATE
            && self.view.state == RunState::Limited
            && entry.decode::<body::StateEntry>().is_ok_and(|said| said.state == RunState::Running);
        if resumed {
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

    fn as_entry(&self, kind: &str, body: &str, now_ms: i64) -> Entry {
        let header = Header {
            stream: self.stream.clone(),
            version: self.version,
            epoch: 0,
            time: crate::env::rfc3339(now_ms),
            kind: kind.to_owned(),
            body_hash: Hash::ZERO,
            prev: Hash::ZERO,
        };
        Entry { header, hash: Hash::ZERO, body: Some(body.into()), position: 0 }
    }

    fn fold_local(&mut self, body: body::Local, version: u64) {
        self.lines.add(&body.address);
        let step = Step {
            op: body.op.into(),
            name: "".into(),
            args: body.args,
            at: body.at,
            intent: None,
            begun_ms: None,
            deferred: None,
            result: Some(Ok(body.value)),
            by: "".into(),
            incomplete: "".into(),
            version,
            intended: version,
        };
        self.steps.insert(body.address, step);
    }

    fn fold_intent(&mut self, body: Intent, version: u64) {
        self.lines.add(&body.address);
        if let Some(step) = self.steps.get_mut(&body.address) {
            step.deferred = None;
            step.begun_ms = step.begun_ms.or(body.call.as_ref().map(|call| call.deadline_ms));
            step.intended = version;
            step.intent = Some(Box::new(body));
            return;
        }
        let step = Step {
            op: body.op.as_str().into(),
            name: body.name.as_str().into(),
            args: body.args,
            at: body.at,
            begun_ms: body.call.as_ref().map(|call| call.deadline_ms),
            deferred: None,
            result: None,
            by: "".into(),
            incomplete: "".into(),
            version,
            intended: version,
            intent: None,
        };
        let address = body.address.clone();
        let keep = body.call.is_some();
        let step = Step { intent: keep.then(|| Box::new(body)), ..step };
        self.steps.insert(address, step);
    }

    fn fold_deferred(&mut self, body: body::Deferred) {
        self.lines.add(&body.address);
        if let Some(step) = self.steps.get_mut(&body.address) {
            step.deferred = Some((body.until_ms, body.why));
        }
    }

    fn fold_outcome(&mut self, body: body::Outcome, version: u64) {
        self.lines.add(&body.address);
        let Some(step) = self.steps.get_mut(&body.address) else { return };
        if step
            .intent
            .as_ref()
            .and_then(|intent| intent.call.as_ref())
            .is_some_and(|call| call.effect == stanch_model::Effect::Read)
        {
            self.seen.extend(stanch_model::value::targets_in(&body.value).iter().map(Target::key));
        }
        step.deferred = None;
        step.by = body.by.into();
        step.incomplete = body.incomplete.into();
        step.version = version;
        step.result = Some(match body.error {
            Some(error) => Err(error),
            None => Ok(body.value),
        });
    }

    fn fold_branch(&mut self, body: body::BranchDone) {
        self.lines.close(&body.address);
        let result = match body.error {
            Some(error) => Err(error),
            None => Ok(body.value),
        };
        self.branches.insert(body.address, result);
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

    fn fold_hold(&mut self, body: &body::Hold) {
        let key = (body.target.clone(), body.property.clone());
        if body.taken {
            self.holds.insert(key);
        } else {
            self.holds.remove(&key);
        }
    }
}
