//! Taking back what a run cut: what it would come to, and letting a cut last longer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::target::words;

words! {
    /// What becomes of one cut when its run is undone.
    UndoHow {
        /// The platform is changed back.
        GivesBack = "gives_back",
        /// A person changes it back by hand.
        ByHand = "by_hand",
        /// A person is asked first: it may have been so before, or never have been cut.
        Asks = "asks",
        /// It stays cut: another run holds it too.
        Stays = "stays",
        /// It was so before: nothing is changed.
        WasSo = "was_so",
        /// Nothing is known that takes it back.
        NoWay = "no_way",
    }
}

/// What would be taken back of a run, before anything is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndoPlan {
    /// The run.
    pub run: String,
    /// One for each cut that it still holds, or that may have happened.
    pub items: Vec<UndoItem>,
    /// Whose yes it needs first, if anybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<UndoNeeds>,
    /// Why it cannot be undone now, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// What becomes of one cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndoItem {
    /// The target's key.
    pub target: String,
    /// Its name for people.
    pub label: String,
    /// The verb by which it was cut.
    pub property: String,
    /// What becomes of it.
    pub how: UndoHow,
    /// By which action, `okta.activate_app`; empty where none is called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// More, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Whose yes is needed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndoNeeds {
    /// The policy in the manifest.
    pub approval: String,
    /// The groups and people who are asked first.
    pub ask: Vec<String>,
    /// How many different people.
    pub of: u32,
    /// Why.
    pub why: String,
}

/// What a run cut is being taken back; durable when it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Undoing {
    /// False when it was being taken back already.
    pub new: bool,
    /// By whom, as recorded.
    pub by: String,
    /// Its place in the whole journal.
    pub position: u64,
    /// The run that takes it back: it ends when every hold is released, and names what is left.
    pub run: String,
}

/// Lets cuts that end by themselves last longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendBody {
    /// The target's key or name, or `all`.
    pub target: String,
    /// How much longer: `2h`.
    pub by: String,
    /// For the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
