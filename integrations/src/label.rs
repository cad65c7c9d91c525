//! What one call has learned of the people and things that its lists name by their ids alone.
//!
//! Labels are for people, and for guards that know a person by login. They never decide whether a list is whole.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use serde_json::Value;
use stanch_model::Target;
use tokio::time::Instant;

/// A label, and what else the platform's read tells of who bears it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Labelled {
    pub(crate) label: String,
    pub(crate) attrs: BTreeMap<String, Value>,
}

/// What is known by kind and id.
#[derive(Debug)]
pub(crate) struct Known {
    /// `None` where the platform was asked and did not tell.
    told: BTreeMap<(String, String), Option<Labelled>>,
    /// Kinds that are not asked about any more: the read was refused, or took too long.
    given_up: BTreeSet<String>,
}

impl Known {
    const fn nothing() -> Self {
        Self { told: BTreeMap::new(), given_up: BTreeSet::new() }
    }

    /// Who this is.
    pub(crate) fn of(&self, kind: &str, id: &str) -> Option<&Labelled> {
        self.told.get(&(kind.to_owned(), id.to_owned()))?.as_ref()
    }
}

/// The labels of one call: asked for once, shared by all its requests.
#[derive(Debug)]
pub(crate) struct Labels {
    /// Until when the platform may be asked; `None` where nobody reads the labels.
    until: Option<Instant>,
    known: Mutex<Known>,
}

/// For reads that no person sees: proofs, rows to act on.
pub(crate) static UNLABELLED: Labels = Labels::none();

impl Labels {
    /// None are asked for.
    pub(crate) const fn none() -> Self {
        Self { until: None, known: Mutex::new(Known::nothing()) }
    }

    /// For a call whose value is shown.
    pub(crate) fn asked_until(until: Instant) -> Self {
        Self { until: Some(until), known: Mutex::new(Known::nothing()) }
    }

    pub(crate) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Looks at what is known.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.lock())
    }

    /// Those of these ids that the platform has not been asked about, each once.
    pub(crate) fn unknown(&self, kind: &str, ids: Vec<String>) -> Vec<String> {
        let known = self.known.lock();
        if known.given_up.contains(kind) {
            return Vec::new();
        }
        let ids: BTreeSet<String> =
            ids.into_iter().filter(|id| !known.told.contains_key(&(kind.to_owned(), id.clone()))).collect();
        ids.into_iter().collect()
    }

    /// Keeps what the platform told of these ids.
    pub(crate) fn keep(&self, kind: &str, ids: &[String], told: Vec<Target>) {
        if self.until.is_none() {
            return;
        }
        let mut known = self.known.lock();
        for id in ids {
            known.told.insert((kind.to_owned(), id.clone()), None);
        }
        for Target { kind, id, label, attrs, .. } in told.into_iter().filter(|one| !one.label.is_empty()) {
            known.told.insert((kind, id), Some(Labelled { label, attrs }));
        }
    }

    /// Nobody is asked about this kind any more.
    pub(crate) fn give_up(&self, kind: &str) {
        self.known.lock().given_up.insert(kind.to_owned());
    }
}
