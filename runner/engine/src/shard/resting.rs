//! A shard that has nothing to do says so to whoever asked.

use std::cmp::Reverse;

use super::{NONE, Shard};

/// A shard that has nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Resting {
    /// Messages heard so far, the question itself left out.
    pub(crate) heard: u64,
    /// When its first alarm goes off, Unix ms.
    pub(crate) due_ms: Option<i64>,
}

impl Shard {
    /// The last append, until it is durable.
    pub(super) fn awaited(&self) -> u64 {
        if self.appended > self.env.journal.durable() { self.appended } else { NONE }
    }

    /// Nothing is ready, nothing waits for the disk: whoever asked hears so.
    pub(super) fn answer_resting(&mut self) {
        let due_ms = self.timers.peek().map(|Reverse((due, _))| *due);
        for asking in self.asking.drain(..) {
            let _gone = asking.send(Resting { heard: self.heard, due_ms });
        }
    }
}
