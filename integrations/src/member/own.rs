//! Who we are on a platform: what a cut must not hit, unless it is forced.

use std::{collections::BTreeMap, time::Duration};

use parking_lot::Mutex;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Member;
use crate::{
    scope::Vars,
    template::{Shape, as_text},
};

/// By kind of target the ids that mean ourselves.
pub(crate) type Own = BTreeMap<String, Vec<String>>;

/// An answer to "who am I" is good for so long: a credential may change hands.
const GOOD: Duration = Duration::from_secs(600);

/// What a platform last said we are.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Option<(Own, Instant)>>);

impl Known {
    pub(crate) fn get(&self) -> Option<Own> {
        self.0.lock().as_ref().filter(|(_, until)| Instant::now() < *until).map(|(own, _)| own.clone())
    }

    pub(crate) fn set(&self, own: Own) {
        *self.0.lock() = Some((own, Instant::now() + GOOD));
    }
}

impl Member {
    /// The read of `self`, if a kind of target needs it and this configuration has it: who signs in as an app is no user.
    pub(crate) fn own_read(&self, kind: &str) -> Option<&str> {
        let own = self.platform.spec.own.as_ref()?;
        let asked = own.is.get(kind).is_some_and(of_read);
        own.action.as_deref().filter(|read| asked && self.infos.contains_key(*read))
    }

    /// Who we are, out of what the read of `self` gave; `None` where none was made. A read that found nobody (its `none`)
    /// says that we are none of the kinds that it tells.
    ///
    /// # Errors
    /// When it gave no id for one of the kinds: to go on would be to guess.
    pub(crate) fn own_of(&self, out: Option<&Value>) -> Result<Own, String> {
        let mut own = Own::new();
        let inputs = Map::new();
        let vars = Vars { out, ..Vars::new(&inputs, &self.settings) };
        let nobody = out.is_none_or(|out| out.as_array().is_some_and(Vec::is_empty));
        for (kind, shape) in self.platform.spec.own.iter().flat_map(|spec| &spec.is) {
            if nobody && of_read(shape) {
                continue;
            }
            let ids = match shape.value(&vars).map_err(|error| error.to_string())? {
                Some(Value::Array(ids)) => ids,
                Some(id) => vec![id],
                // A setting that may be left out, and was.
                None if shape.variables().iter().all(|variable| variable.starts_with("settings.")) => {
                    continue;
                }
                None => Vec::new(),
            };
            let ids: Result<Vec<_>, _> = ids.iter().map(|id| as_text(kind, id)).collect();
            match ids {
                Ok(ids) if !ids.is_empty() => own.insert(kind.clone(), ids),
                _ => {
                    return Err(format!("`{}` does not say which {kind} stanch itself is there", self.name));
                }
            };
        }
        Ok(own)
    }
}

/// It comes out of the read.
fn of_read(shape: &Shape) -> bool {
    shape.variables().iter().any(|variable| *variable == "out" || variable.starts_with("out."))
}
