//! When tokens were last shown: kept in memory, to the minute, and written now and then. It must never make a request wait for
//! the disk.

use std::collections::HashMap;

use jiff::Timestamp;
use parking_lot::Mutex;

/// Last uses that are newer than what is on disk.
#[derive(Debug, Default)]
pub(super) struct Used(Mutex<HashMap<String, Timestamp>>);

impl Used {
    /// This token was shown now.
    pub(super) fn note(&self, id: &str, now: Timestamp) {
        let minute = Timestamp::from_second(now.as_second() / 60 * 60).unwrap_or(now);
        let mut all = self.0.lock();
        match all.get_mut(id) {
            Some(at) => *at = minute,
            None => drop(all.insert(id.to_owned(), minute)),
        }
    }

    /// When this one was last shown, if that is not on disk yet.
    pub(super) fn of(&self, id: &str) -> Option<String> {
        self.0.lock().get(id).map(Timestamp::to_string)
    }

    /// All of them, to be written; they are forgotten here.
    pub(super) fn take(&self) -> HashMap<String, Timestamp> {
        std::mem::take(&mut *self.0.lock())
    }
}
