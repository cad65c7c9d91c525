//! What a run's guards have read: journaled with its time, true for a while, shared with the other runs of this process.

use std::collections::{HashMap, HashSet};

use stanch_model::{
    Address,
    run::{Found, GuardRead, Reading, WaitKind},
};

use crate::{env::Env, live::Live};

/// What this run's guards have read, and what waits for more.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The last reading, with the version of its entry.
    read: HashMap<Reading, (u64, GuardRead)>,
    /// What is being read now.
    pub(crate) asked: HashSet<Reading>,
    /// The calls that wait for it, in their order.
    pub(crate) waiting: Vec<Address>,
    /// It has kept evidence.
    pub(crate) evidence: bool,
    /// The guards' cards by the targets that they list, and how many cards that was made from.
    pub(super) listed: HashMap<String, Vec<String>>,
    pub(super) cards: usize,
}

impl Known {
    /// Folds a `guard.read` entry.
    pub(crate) fn fold(&mut self, read: GuardRead, version: u64) {
        self.asked.remove(&read.of);
        self.read.insert(read.of.clone(), (version, read));
    }

    /// What is known of it, if that is not too old, with the version of the entry that says so.
    pub(super) fn of(&self, env: &Env, live: &Live, reading: &Reading) -> Option<(u64, &Found)> {
        let (version, read) = self.read.get(reading)?;
        let again = matches!(read.found, Found::Unread(_)) && looked_again(live) > *version;
        (is_fresh(env, read) && !again).then_some((*version, &read.found))
    }
}

/// Version of the last answer by which a person asked for another look.
fn looked_again(live: &Live) -> u64 {
    let guards = live.view.waits.iter().filter(|wait| wait.kind == WaitKind::Guard);
    let closed = guards.filter_map(|wait| wait.closed.as_ref()).filter(|closed| closed.say == "look_again");
    closed.map(|closed| closed.version).max().unwrap_or(0)
}

/// A population or a group changes: what was read long ago is read anew.
fn is_fresh(env: &Env, read: &GuardRead) -> bool {
    let lasts = i64::try_from(env.patience.guard.as_millis()).unwrap_or(i64::MAX);
    let age = env.now_ms().saturating_sub(read.at_ms);
    (0..=lasts).contains(&age)
}

impl Env {
    /// What another run has read of it a moment ago.
    pub(crate) fn read_before(&self, reading: &Reading) -> Option<GuardRead> {
        self.read.lock().get(reading).filter(|read| is_fresh(self, read)).cloned()
    }

    /// Keeps a reading for other runs. What could not be read is not kept: the next run looks for itself.
    pub(crate) fn keep_read(&self, read: &GuardRead) {
        let mut kept = self.read.lock();
        if matches!(read.found, Found::Unread(_)) {
            kept.remove(&read.of);
        } else {
            kept.insert(read.of.clone(), read.clone());
        }
    }
}
