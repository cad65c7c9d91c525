//! Who sleeps by a scenario's clock, and until when.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use stanch_model::clock::ClockAt;
use tokio::sync::watch;

use super::work;

/// When, and which of those who sleep until then.
type Key = (i64, u64);

#[derive(Debug, Default)]
pub(super) struct Sleepers {
    /// True for those at work: they wake in order.
    by_due: Mutex<BTreeMap<Key, bool>>,
    nth: AtomicU64,
}

impl Sleepers {
    /// One more. `bell` is rung when it leaves.
    pub(super) fn join<'a>(&'a self, due_ms: i64, bell: &'a watch::Sender<ClockAt>) -> Sleeper<'a> {
        let key = (due_ms, self.nth.fetch_add(1, Ordering::Relaxed));
        let at_work = work::is_here();
        self.by_due.lock().insert(key, at_work);
        Sleeper { among: self, key, at_work, bell }
    }

    pub(super) fn next_ms(&self) -> Option<i64> {
        self.by_due.lock().keys().next().map(|(due, _)| *due)
    }
}

pub(super) struct Sleeper<'a> {
    among: &'a Sleepers,
    key: Key,
    at_work: bool,
    bell: &'a watch::Sender<ClockAt>,
}

impl Sleeper<'_> {
    /// Nobody at work sleeps who is to wake before.
    pub(super) fn is_first(&self) -> bool {
        !self.at_work || !self.among.by_due.lock().range(..self.key).any(|(_, at_work)| *at_work)
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.among.by_due.lock().remove(&self.key);
        if self.at_work {
            // Nothing changed but who is first.
            self.bell.send_modify(|_| {});
        }
    }
}
