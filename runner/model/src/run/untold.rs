//! Pages that reached nobody: recorded by the run, which goes on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::body::{BranchDone, Local};
use crate::ids::Address;

/// A page, or one way of it, that reached nobody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Untold {
    /// The channel, or the way: `team`, `slack:#incidents`.
    pub to: String,
    /// Why nobody heard it.
    pub why: String,
    /// When, RFC 3339.
    #[serde(default)]
    pub at: String,
}

impl Untold {
    /// What `page` leaves when the configuration names nobody for its channel.
    pub(super) fn of_local(body: &Local, at: &str) -> Option<Self> {
        let untold = body.value.get("untold").filter(|_| body.op == "page")?;
        let text = |key: &str| untold[key].as_str().unwrap_or_default().to_owned();
        Some(Self { to: text("to"), why: text("why"), at: at.to_owned() })
    }

    /// A way of a page that a platform refused or that could not be reached.
    pub fn of_branch(body: &BranchDone, at: &str) -> Option<Self> {
        let error = body.error.as_ref()?;
        let (_, key) = body.address.as_str().strip_suffix(']')?.rsplit_once(".page[")?;
        Some(Self { to: unescaped(key), why: error.message.clone(), at: at.to_owned() })
    }
}

/// The way that a step of a `page` or `notify` sends through: `25.page[slack:#incidents].1`.
pub fn way_of(address: &Address) -> Option<String> {
    let text = address.as_str();
    let (_, rest) = text.rsplit_once(".page[").or_else(|| text.rsplit_once(".notify["))?;
    Some(unescaped(rest.split_once(']')?.0))
}

/// The key of a branch is the way, escaped as keys are.
fn unescaped(key: &str) -> String {
    key.replace("%2E", ".").replace("%5B", "[").replace("%5D", "]").replace("%25", "%")
}
