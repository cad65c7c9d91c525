//! A run that is undone, or whose cuts last longer: what is posted to it, and to the child runs that give back.

use std::{cell::RefCell, rc::Rc};

use serde::Deserialize;
use serde_json::{Value, json};
use stanch_model::{
    Address, Ended, RunId,
    run::{
        Hold, HoldView, WaitKind,
        body::{self, kind},
        hold::{Back, Claim},
    },
};

use super::{
    Shard,
    holds::{claim_on, hold_for},
};
use crate::{
    host::{back, child_id, undo},
    live::Live,
    undo::doubtful,
};

type Shared = Rc<RefCell<Live>>;

/// What is posted to a run whose cuts are to last longer.
#[derive(Deserialize)]
struct Extend {
    holds: Vec<OfHold>,
    by_ms: i64,
    who: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
struct OfHold {
    target: String,
    property: String,
    address: Address,
}

impl Shard {
    /// Another run takes back what this one cut: what waits to expire does so now, and the rest is given back by child runs
    /// of its own. What may have happened is claimed first, as something of which nobody knows whose it is.
    pub(super) fn undo(&mut self, live: &Shared, body: &Value) {
        let now = self.env.now_ms();
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        if body["by"].is_string() {
            let (who, channel, reason) = (text("who"), text("channel"), text("reason"));
            let undo = body::Undo { run: RunId(text("by")), who, channel, reason, ended: None };
            live.borrow_mut().record(kind::UNDO, undo, now);
        }
        self.claim_doubtful(live, now);
        let standing: Vec<HoldView> = {
            let live = live.borrow();
            HoldView::latest(&live.view.holds).into_iter().filter(|hold| hold.is_open()).cloned().collect()
        };
        for hold in standing {
            match hold.back.as_ref().filter(|_| hold.given_back.is_none()) {
                Some(back) => {
                    let signal = json!({ "name": back::SIGNAL, "data": body });
                    self.env.post(&back.run, "signal undo", "signal", &signal);
                }
                None => self.give_back_now(live, &hold, now),
            }
        }
        self.undone(live);
    }

    fn claim_doubtful(&self, live: &Shared, now: i64) {
        let mut guard = live.borrow_mut();
        let live = &mut *guard;
        let claims: Vec<Claim> = doubtful(&live.view)
            .into_iter()
            .filter_map(|known| {
                let undo = live.steps.get(&known.address).and_then(|step| step.call()?.undo)?;
                let claim = claim_on(live, &known.address, known.target.clone(), known.verb.clone());
                Some(Claim { by: "unknown".to_owned(), undo: Some(undo), ..claim })
            })
            .collect();
        for claim in claims {
            live.record(kind::HOLD, hold_for(&claim), now);
            live.claim(claim);
        }
    }

    fn give_back_now(&self, live: &Shared, hold: &HoldView, now: i64) {
        let mut live = live.borrow_mut();
        let known = live.view.targets.get(&format!("{} {}", hold.target, hold.property));
        let Some(target) = known.map(|view| view.target.clone()) else { return };
        let undo = live.steps.get(&hold.address).and_then(|step| step.call()?.undo);
        let claim = Claim { undo, ..claim_on(&live, &hold.address, target, hold.property.clone()) };
        let what = format!("{}: {} ({})", hold.property, hold.label, hold.target);
        let Some(back) = self.env.give_back_at(&mut live, &claim, &what, now) else { return };
        live.record(kind::HOLD, Hold { back: Some(back), ..hold_for(&claim) }, now);
    }

    /// Tells the runs that take it back, once nothing gives back any more.
    pub(super) fn undone(&self, live: &Shared) {
        let live = live.borrow();
        if !Self::giving_back(&live).is_empty() {
            return;
        }
        let came = undo::outcome(&live.view);
        for by in live.view.undos.iter().filter(|by| by.ended.is_none()) {
            let signal = json!({ "name": undo::UNDONE, "data": came });
            self.env.post(&by.run, "signal undone", "signal", &signal);
        }
    }

    /// A run that was to take it back has ended, whatever came of it.
    pub(super) fn undo_ended(&self, live: &Shared, child: &RunId, body: &Value) {
        let now = self.env.now_ms();
        let mut live = live.borrow_mut();
        let is_known = live.view.undos.iter().any(|by| by.run == *child);
        let next = Address::from_stored(format!("undo.{}", live.view.undos.len() + 1));
        if !is_known && *child != child_id(&live.id, &next) {
            return;
        }
        let ended: Ended = serde_json::from_value(body["value"]["ended"].clone()).unwrap_or(Ended::Failed);
        let (who, channel, reason) = (String::new(), String::new(), String::new());
        let undo = body::Undo { run: child.clone(), who, channel, reason, ended: Some(ended) };
        live.record(kind::UNDO, undo, now);
    }

    /// Cuts are to last longer: what is given back meanwhile stays given back.
    pub(super) fn extend(&self, live: &Shared, text: &str) {
        let Ok(extend) = serde_json::from_str::<Extend>(text) else { return };
        let now = self.env.now_ms();
        for of in &extend.holds {
            let mut live = live.borrow_mut();
            let same = |hold: &&HoldView| {
                hold.target == of.target && hold.property == of.property && hold.address == of.address
            };
            let hold =
                live.view.holds.iter().rev().find(same).filter(|hold| hold.given_back.is_none()).cloned();
            let Some((hold, back)) = hold.and_then(|hold| hold.back.clone().map(|back| (hold, back))) else {
                continue;
            };
            if back.at_ms <= now {
                continue;
            }
            let until_ms = back.at_ms.saturating_add(extend.by_ms);
            let order = json!({ "until_ms": until_ms, "who": extend.who, "channel": extend.channel, "reason": extend.reason });
            self.env.post(&back.run, &format!("extend {until_ms}"), "postpone", &order);
            let entry = Hold {
                target: hold.target,
                label: hold.label,
                property: hold.property,
                taken: true,
                address: hold.address,
                back: Some(Back { at_ms: until_ms, run: back.run }),
                why: String::new(),
                who: extend.who.clone(),
                channel: extend.channel.clone(),
                reason: extend.reason.clone(),
            };
            live.record(kind::HOLD, entry, now);
        }
    }

    /// A child run gives back later.
    pub(super) fn postpone(&self, live: &Shared, body: &Value) {
        let now = self.env.now_ms();
        let mut live = live.borrow_mut();
        let wait =
            live.view.open_waits().find(|wait| wait.kind == WaitKind::Signal && wait.name == back::SIGNAL);
        let (Some(wait), Some(due_ms)) = (wait.map(|wait| wait.id.clone()), body["until_ms"].as_i64()) else {
            return;
        };
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        let (who, channel, reason) = (text("who"), text("channel"), text("reason"));
        live.record(kind::POSTPONED, body::Postponed { wait, due_ms, who, channel, reason }, now);
    }
}
