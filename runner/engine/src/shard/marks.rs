//! What calls leave in the run: states of targets, holds, intents; and the small words around them.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use stanch_integrations::{By, ErrorKind, Outcome as Answer};
use stanch_model::{
    Address, Hash, TargetState,
    run::{
        WaitKind,
        body::{TargetEntry, kind},
        lean::IntentText,
    },
};

use crate::{
    act::{Phase, Spec},
    env::Env,
    live::Live,
};

type Shared = Rc<RefCell<Live>>;

/// First pause between attempts that did not leave this machine, or that failed a read; it doubles.
const FIRST_PAUSE_MS: i64 = 100;
/// And ends here.
const LONGEST_PAUSE_MS: i64 = 10_000;

/// How long to wait after this attempt.
pub(super) fn pause(attempt: u32) -> i64 {
    FIRST_PAUSE_MS.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE_MS)
}

/// The card, of an earlier life or another branch, that asks for this target already.
pub(super) fn open_card(live: &Live, target: &stanch_model::Target) -> Option<String> {
    let mut cards = live.view.open_waits().filter(|wait| wait.card && wait.kind == WaitKind::Approval);
    cards.find(|wait| wait.targets.contains(target)).map(|wait| wait.id.clone())
}

/// These calls wait for this card.
pub(super) fn hold(live: &Shared, addresses: &[Address], card: &str) {
    let mut live = live.borrow_mut();
    for address in addresses {
        if let Some(act) = live.acts.get_mut(address) {
            act.phase = Phase::Held(card.to_owned());
        }
    }
}

/// The calls that this card holds, in the order of their places.
pub(super) fn held_by(live: &Shared, card: &str) -> Vec<Address> {
    let live = live.borrow();
    let held = live.acts.iter().filter(|(_, act)| matches!(&act.phase, Phase::Held(id) if id == card));
    let mut held: Vec<Address> = held.map(|(address, _)| address.clone()).collect();
    held.sort();
    held
}

/// True when an attempt was made after the last answer of a person.
pub(super) fn made_since(live: &Shared, spec: &Spec) -> bool {
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

pub(super) fn act_is_first(live: &Live, address: &Address) -> bool {
    live.acts.get(address).is_some_and(|act| act.attempt == 1)
}

/// A step that ends before its first attempt still needs an intent, so that a replay finds it.
pub(super) fn ensure_intent(live: &mut Live, spec: &Spec) {
    if live.steps.contains_key(&spec.address) {
        return;
    }
    live.record_intent(&IntentText {
        address: spec.address.as_str(),
        op: "call",
        name: &spec.name,
        args: spec.args,
        at: spec.at,
        attempt: 1,
        keys: None,
        call: None,
    });
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

pub(super) fn spec(live: &Shared, address: &Address) -> Option<Arc<Spec>> {
    live.borrow().acts.get(address).map(|act| Arc::clone(&act.spec))
}

pub(super) fn with_act(live: &Shared, address: &Address, change: impl FnOnce(&mut crate::act::Act)) {
    if let Some(act) = live.borrow_mut().acts.get_mut(address) {
        change(act);
    }
}

pub(super) fn set(live: &Shared, address: &Address, phase: Phase) {
    with_act(live, address, |act| act.phase = phase);
}

/// When this call was first intended, Unix ms on the run's clock.
pub(super) fn first_intent(live: &Live, address: &Address, env: &Env) -> i64 {
    let call = i64::try_from(env.patience.call.as_millis()).unwrap_or(0);
    let begun = live.steps.get(address).and_then(|step| Some(step.reach.as_ref()?.begun_ms));
    begun.map_or(0, |dead| dead.saturating_sub(call))
}

/// H(run, address, generation). A person's retry keeps the generation, which is always the first.
pub(super) fn key(run: &stanch_model::RunId, address: &Address) -> String {
    let hash = Hash::of([run.0.as_str(), " ", address.as_str(), " 1"].concat().as_bytes());
    String::from_utf8_lossy(&hash.digits()[..32]).into_owned()
}

pub(super) fn by_word(by: By) -> &'static str {
    match by {
        By::Us => "us",
        By::Other => "other",
        By::Unknown => "unknown",
    }
}

/// The integration's kinds of no, in the words of scripts: those that `ERROR_KINDS` of the dialect explains.
pub(super) fn word(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unavailable => "unreachable",
        ErrorKind::Redirect | ErrorKind::Host => "garbled",
        ErrorKind::Unknown | ErrorKind::Manual | ErrorKind::Secret => "invalid",
        other => other.as_str(),
    }
}

pub(super) fn plain(answer: &Answer) -> String {
    match answer {
        Answer::Refused { message, .. } => message.clone(),
        Answer::NotSent { why } | Answer::InDoubt { why } => why.clone(),
        Answer::Limited { why, .. } => why.clone(),
        Answer::Done { .. } => String::new(),
    }
}
