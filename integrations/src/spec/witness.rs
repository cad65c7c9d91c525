//! What proves that a list is whole.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::expr::Expr;

/// A platform may answer a credential that lacks a permission with a shorter list instead of an error. Beside such a list
/// stands a witness: reads of the platform's own API that show what this credential may see. A list whose witness does not
/// hold proves no absence.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WitnessSpec {
    /// The reads, one after the other until it holds. One that does not exist with this configuration is left out.
    pub(crate) reads: Vec<String>,
    /// Over `out`, the rows of these reads together: true only if this credential sees everything.
    pub(crate) holds: Expr,
    /// What follows when it does not hold, for people: one clause, without a full stop.
    pub(crate) lacks: String,
}
