//! What turns ids into names for people.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::template::Shape;

/// A platform's list may name people by their ids alone. This read tells who they are: it is made behind such a list, with
/// the ids of a page, and what it does not tell stays an id. It never fails the list.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelSpec {
    /// The read; it yields targets of this kind with labels.
    pub(crate) action: String,
    /// Its arguments: `{ids}` is a list of ids, `{ids.0}` the only one.
    pub(crate) with: BTreeMap<String, Shape>,
    /// How many ids one request takes.
    pub(crate) at_once: usize,
}
