//! One run in full: its entries in order, what they fold to, and the same at any earlier entry.

use std::{collections::HashMap, sync::Arc};

use stanch_model::{api::EntryView, run::RunView};

use super::tree::Tree;

/// A run and its history.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    /// Oldest first, without a gap.
    pub entries: Vec<Arc<EntryView>>,
    /// When each was written, Unix ms.
    pub times: Vec<i64>,
    /// What they fold to.
    pub view: RunView,
    /// The order of its steps.
    pub tree: Tree,
    /// False while entries are still to come.
    pub is_whole: bool,
    /// Entries by the step that they tell of: a step is looked at again and again.
    of: HashMap<String, Vec<usize>>,
    /// The newest version that was seen, taken or not.
    seen: u64,
}

impl Followed {
    /// Takes the next entry. One that came before is nothing new; one that leaves a gap is left to be asked for.
    pub fn take(&mut self, entry: &Arc<EntryView>) {
        self.seen = self.seen.max(entry.version);
        if entry.version <= self.view.version {
            return;
        }
        if entry.version != self.view.version + 1 {
            self.is_whole = false;
            return;
        }
        self.view.apply(&entry.to_entry());
        self.tree.apply(entry);
        self.times.push(millis(&entry.time));
        if let Some(address) = entry.body["address"].as_str() {
            self.of.entry(address.to_owned()).or_default().push(self.entries.len());
        }
        self.entries.push(entry.clone());
    }

    /// A page of its history came; `more` follows.
    pub fn page(&mut self, entries: Vec<EntryView>, more: bool) {
        entries.into_iter().for_each(|entry| self.take(&Arc::new(entry)));
        self.is_whole = !more && self.view.version >= self.seen;
    }

    /// The run as it was after so many entries.
    pub fn at(&self, count: usize) -> Followed {
        let mut then = Followed { is_whole: true, ..Followed::default() };
        self.entries.iter().take(count).for_each(|entry| then.take(entry));
        then
    }

    /// The entries of one step, oldest first.
    pub fn entries_of<'a>(&'a self, address: &str) -> impl Iterator<Item = &'a Arc<EntryView>> {
        self.of.get(address).into_iter().flatten().filter_map(|index| self.entries.get(*index))
    }
}

/// Unix ms of an RFC 3339 instant; 0 of what is none.
pub fn millis(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_millisecond)
}
