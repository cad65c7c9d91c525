//! Waits: what people, the clock, signals and child runs say to them. Every wait ends by exactly one entry.

use std::{cell::RefCell, collections::BTreeSet, rc::Rc, sync::Arc};

use serde_json::{Value, json};
use stanch_journal::Post;
use stanch_model::{
    Target, TargetState,
    run::{
        RunState, TargetView, WaitKind, WaitView,
        body::{self, Decision, Escalated, TargetEntry, WaitClosed, kind},
        wait::BREAK_GLASS,
    },
};

use super::{Shard, marks};
use crate::{
    act::Phase,
    host::settle,
    live::{Live, row},
};

type Shared = Rc<RefCell<Live>>;

impl Shard {
    /// Folds everything that was posted to the run.
    pub(super) fn hear_posts(&mut self, live: &Shared) {
        let stream = live.borrow().stream.clone();
        let posts = match self.env.journal.inbox(&stream) {
            Ok(posts) => posts,
            Err(error) => return tracing::error!(%stream, %error, "the inbox cannot be read"),
        };
        for post in posts {
            self.hear_post(live, &post);
            live.borrow_mut().fold_post(post.key.clone());
        }
        self.flush(live);
    }

    fn hear_post(&mut self, live: &Shared, post: &Post) {
        let now = self.env.now_ms();
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        match post.kind.as_str() {
            "decision" => match serde_json::from_str::<Decision>(&post.body) {
                Ok(decision) => self.decide(live, decision),
                Err(error) => self.note(live, &format!("an answer could not be read: {error}")),
            },
            "signal" => match serde_json::from_str::<body::Signal>(&post.body) {
                Ok(signal) => {
                    let mut live = live.borrow_mut();
                    live.record(kind::SIGNAL, signal, now);
                }
                Err(error) => self.note(live, &format!("a signal could not be read: {error}")),
            },
            "remind" => self.remind(live, &post.body),
            "ask" => self.ask_someone(live, &post.body),
            "cancel" => self.cancel(live, &parse(&post.body)),
            "pause" => self.set_paused(live, true, &parse(&post.body)),
            "resume" => self.set_paused(live, false, &parse(&post.body)),
            "repin" => self.repin(live, &parse(&post.body)),
            "child.ended" => self.child_ended(live, &parse(&post.body)),
            "undo" => self.undo(live, &parse(&post.body)),
            "extend" => self.extend(live, &post.body),
            "postpone" => self.postpone(live, &parse(&post.body)),
            "child.settled" => self.child_settled(live, &parse(&post.body)),
            "settle" => match serde_json::from_str(&post.body) {
                Ok(settle) => self.settle_ended(live, &settle),
                Err(error) => self.note(live, &format!("a settlement could not be read: {error}")),
            },
            other => self.note(live, &format!("a post of the unknown kind {other} was left aside")),
        }
        if !live.borrow().has_out() {
            // Every post leaves a trace in the stream that folds it.
            self.note(live, &format!("{} came too late", post.kind));
        }
        self.match_signals(live);
    }

    fn note(&self, live: &Shared, text: &str) {
        let now = self.env.now_ms();
        let mut live = live.borrow_mut();
        let view = live.view.state;
        let entry = body::StateEntry::of(view, text);
        live.record(kind::STATE, entry, now);
    }

    fn decide(&mut self, live: &Shared, decision: Decision) {
        let now = self.env.now_ms();
        let id = decision.wait.clone();
        let open = live.borrow().view.open_waits().any(|wait| wait.id == id);
        // Nothing is sent or ended any more by a run that is over.
        let void = live.borrow().view.ended.is_some() && ["retry", "abort"].contains(&decision.say.as_str());
        live.borrow_mut().record(kind::DECISION, decision, now);
        if open && !void {
            let wait = live.borrow().view.waits.iter().find(|wait| wait.id == id).cloned();
            if let Some((wait, said)) = wait.and_then(|wait| verdict(&wait).map(|said| (wait, said))) {
                let value = json!({ "reason": said.reason, "at_ms": now });
                self.close(live, &wait, &said.say, said.by, &said.who, value);
                self.after_card(live, &wait);
            }
        }
    }

    /// Ends a wait and does what hangs on it.
    pub(super) fn close(
        &mut self,
        live: &Shared,
        wait: &WaitView,
        say: &str,
        by: &str,
        who: &str,
        value: Value,
    ) {
        let now = self.env.now_ms();
        {
            let mut live = live.borrow_mut();
            let closed = WaitClosed {
                wait: wait.id.clone(),
                say: say.to_owned(),
                by: by.to_owned(),
                who: who.to_owned(),
                value,
                at_ms: now,
            };
            live.record(kind::CLOSED, closed, now);
            live.touch(&wait.address);
        }
        match wait.kind {
            WaitKind::Manual => self.attest(live, wait, say, who),
            WaitKind::InDoubt => self.settle_doubt(live, wait, say),
            WaitKind::Approval if wait.card => self.release_cards(live, wait, say),
            WaitKind::Guard => self.release_guard(live, wait, say),
            _ => {}
        }
    }

    fn attest(&mut self, live: &Shared, wait: &WaitView, say: &str, who: &str) {
        let now = self.env.now_ms();
        let (state, why) = match say {
            "done" => (TargetState::Attested, format!("{who} says so")),
            _ => (TargetState::Failed, format!("{who} says that it was not done")),
        };
        match say {
            "done" => self.hold_by_hand(live, wait, now),
            _ => self.keep(live, &wait.address, who),
        }
        let known = attested(&live.borrow(), wait, say);
        for view in &known {
            let entry = TargetEntry {
                target: view.target.clone(),
                verb: view.verb.clone(),
                state,
                until_ms: None,
                // What can be read back has its grace from the moment of the word.
                accepted_ms: (say == "done").then_some(now),
                address: wait.address.clone(),
                why: why.clone(),
            };
            live.borrow_mut().record(kind::TARGET, entry, now);
        }
        if say == "done" {
            let read: Vec<_> = {
                let live = live.borrow();
                known.iter().filter_map(|view| settle::spec_of(&live, &self.env.integrations, view)).collect()
            };
            read.into_iter().for_each(|spec| self.prove(live, &Arc::new(spec)));
        }
    }

    fn settle_doubt(&mut self, live: &Shared, wait: &WaitView, say: &str) {
        let waiting =
            live.borrow().acts.get(&wait.address).is_some_and(|act| matches!(act.phase, Phase::Asking));
        if waiting && let Some(spec) = marks::spec(live, &wait.address) {
            self.resolved(live, &spec, say, false);
        }
    }

    fn release_cards(&mut self, live: &Shared, wait: &WaitView, say: &str) {
        let now = self.env.now_ms();
        for address in marks::held_by(live, &wait.id) {
            let Some(spec) = marks::spec(live, &address) else { continue };
            match say {
                "approve" => self.begin(live, &address),
                _ => self.skip(live, &spec, "a person, or silence, said no", now),
            }
        }
    }

    /// Waits whose time is up. Every decision accepted before is folded first.
    pub(super) fn waits_due(&mut self, live: &Shared, now: i64) {
        let due = |live: &Shared| -> Vec<WaitView> {
            let live = live.borrow();
            live.view.open_waits().filter(|wait| wait.due_ms.is_some_and(|due| due <= now)).cloned().collect()
        };
        if due(live).is_empty() {
            return;
        }
        self.hear_posts(live);
        for wait in due(live) {
            self.expire(live, &wait, now);
        }
    }

    fn expire(&mut self, live: &Shared, wait: &WaitView, now: i64) {
        match wait.kind {
            WaitKind::Timer => self.close(live, wait, "due", "clock", "", Value::Null),
            WaitKind::Signal => self.close(live, wait, "", "expired", "", Value::Null),
            WaitKind::Question => {
                let say = wait.ladder.first().cloned().unwrap_or_default();
                self.close(live, wait, &say, "expired", "", Value::Null);
            }
            WaitKind::Approval if wait.ladder.len() > 1 => {
                let (next, rest) = wait.ladder.split_at(1);
                // Who was asked before and comes late is still heard.
                let new = next.iter().filter(|name| !wait.ask.contains(name));
                let escalated = Escalated {
                    wait: wait.id.clone(),
                    ask: wait.ask.iter().chain(new).cloned().collect(),
                    ladder: rest.to_vec(),
                    due_ms: Some(now.saturating_add(wait.within_ms.max(1))),
                    by: String::new(),
                    channel: String::new(),
                };
                live.borrow_mut().record(kind::ESCALATED, escalated, now);
            }
            WaitKind::Approval => {
                let say = wait.ladder.first().map_or("deny", String::as_str).to_owned();
                self.close(live, wait, &say, "expired", "", Value::Null);
            }
            _ => {}
        }
    }

    /// Gives signals to the waits that want them, in order, each once.
    pub(super) fn match_signals(&mut self, live: &Shared) {
        loop {
            let matched = {
                let live = live.borrow();
                let taken: BTreeSet<usize> = taken_signals(&live);
                let waits: Vec<&WaitView> =
                    live.view.open_waits().filter(|wait| wait.kind == WaitKind::Signal).collect();
                waits.into_iter().find_map(|wait| {
                    let mut signals = live.signals.iter().enumerate();
                    let (n, signal) =
                        signals.find(|(n, signal)| !taken.contains(n) && wants(wait, signal))?;
                    Some((wait.clone(), json!({ "signal": n, "data": signal.data })))
                })
            };
            let Some((wait, value)) = matched else { return };
            self.close(live, &wait, "signal", "signal", "", value);
        }
    }

    fn cancel(&mut self, live: &Shared, body: &Value) {
        let now = self.env.now_ms();
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let children: Vec<String> = {
            let mut live = live.borrow_mut();
            if live.view.cancelled || live.view.ended.is_some() {
                return;
            }
            let (who, channel, reason) = (text("who"), text("channel"), text("reason"));
            live.record(kind::CANCEL, body::Cancelled { who, channel, reason }, now);
            let waited_for = live.view.open_waits().filter(|wait| wait.kind == WaitKind::Child);
            let giving_back = Self::giving_back(&live).into_iter().map(|run| run.0);
            waited_for.map(|wait| wait.text.clone()).chain(giving_back).collect()
        };
        for child in children {
            self.env.post(&stanch_model::RunId(child), "cancel", "cancel", body);
        }
        let mut live = live.borrow_mut();
        let place = stanch_model::Address::root();
        live.touch(&place);
        let waits: Vec<_> = live.view.open_waits().map(|wait| wait.address.clone()).collect();
        waits.iter().for_each(|address| live.touch(address));
    }

    fn set_paused(&mut self, live: &Shared, paused: bool, body: &Value) {
        let now = self.env.now_ms();
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let (who, channel) = (text("who"), text("channel"));
        let mut live = live.borrow_mut();
        if live.view.ended.is_some() || (!paused && !is_resumable(live.view.state)) {
            return;
        }
        let (state, why) = match paused {
            true => (RunState::Paused, format!("paused by {who}")),
            false => (RunState::Running, String::new()),
        };
        live.record(kind::STATE, body::StateEntry { state, why, due_ms: None, who, channel }, now);
        live.set_row(row(state, None, None));
        let place = stanch_model::Address::root();
        live.touch(&place);
    }

    fn child_ended(&mut self, live: &Shared, body: &Value) {
        let child = body["run"].as_str().unwrap_or_default();
        let wait = live
            .borrow()
            .view
            .open_waits()
            .find(|wait| wait.kind == WaitKind::Child && wait.text == child)
            .cloned();
        let Some(wait) = wait else {
            return self.given_back(live, &stanch_model::RunId(child.to_owned()), body);
        };
        let now = self.env.now_ms();
        let states: Vec<TargetEntry> = serde_json::from_value(body["states"].clone()).unwrap_or_default();
        for state in states {
            let entry = TargetEntry { address: wait.address.clone(), ..state };
            let mut live = live.borrow_mut();
            if entry.state != TargetState::Skipped {
                crate::guard::count_of_child(&mut live, &entry.target, &entry.address);
            }
            live.record(kind::TARGET, entry, now);
        }
        self.close(live, &wait, "ended", "child", "", body["value"].clone());
        self.contained_anew(live);
    }
}

/// Running and waiting runs have nothing to resume; a diverged one needs `repin`.
fn is_resumable(state: RunState) -> bool {
    matches!(state, RunState::Paused | RunState::Limited | RunState::Suspect)
}

/// What a wait came to by what people said.
struct Said {
    say: String,
    by: &'static str,
    /// The people, joined.
    who: String,
    reason: String,
}

/// What enough people have said by now; or one alone, where that stands for enough.
fn verdict(wait: &WaitView) -> Option<Said> {
    let last = wait.decisions.last()?;
    let said = |by, who| Said { say: last.say.clone(), by, who, reason: last.reason.clone() };
    if last.break_glass {
        return Some(said(BREAK_GLASS, last.who.clone()));
    }
    if wait.kind != WaitKind::Approval || last.say != "approve" {
        return Some(said("person", last.who.clone()));
    }
    let yes = wait.said("approve");
    let mut people = yes.clone();
    people.sort_unstable();
    (yes.len() >= wait.of as usize).then(|| said("person", people.join(", ")))
}

fn taken_signals(live: &Live) -> BTreeSet<usize> {
    let closed = live
        .view
        .waits
        .iter()
        .filter(|wait| wait.kind == WaitKind::Signal)
        .filter_map(|wait| wait.closed.as_ref());
    closed.filter_map(|closed| usize::try_from(closed.value["signal"].as_u64()?).ok()).collect()
}

fn wants(wait: &WaitView, signal: &body::Signal) -> bool {
    if wait.name != signal.name {
        return false;
    }
    let from: Value =
        wait.options.first().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    match &from {
        Value::Null => true,
        Value::String(text) => signal.data["from"] == json!(text),
        Value::Object(map) => {
            ["id", "name"].iter().any(|key| map.get(*key).is_some_and(|value| signal.data["from"] == *value))
        }
        _ => false,
    }
}

/// The targets that a word about a manual step is about, as they stood before it.
fn attested(live: &Live, wait: &WaitView, say: &str) -> Vec<TargetView> {
    let known = live.view.targets.values().filter(|view| wait.targets.contains(&view.target));
    let known = known.filter(|view| match say {
        "done" => !matches!(view.state, TargetState::Verified | TargetState::Residual),
        // Somebody who could not do it by hand does not make a cut worse; what only he could do has failed.
        _ => view.state == TargetState::Requested,
    });
    let known: Vec<_> = known.cloned().collect();
    if !known.is_empty() || say != "done" {
        return known;
    }
    let new = |target: &Target| TargetView {
        target: target.clone(),
        verb: wait.name.clone(),
        state: TargetState::Requested,
        until_ms: None,
        accepted_ms: None,
        address: wait.address.clone(),
        why: String::new(),
        since: String::new(),
        released: None,
    };
    wait.targets.iter().map(new).collect()
}
