//! The order in which a breach is stopped by hand, whatever the order of a script: what must come first comes first.

use stanch_model::{Effect, catalog::ActionInfo};

/// A stage. The order of the variants is the order of the night.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// See what there is, and keep what is seen.
    Find,
    /// Nothing new gets in.
    Block,
    /// What was let in is taken back.
    Revoke,
    /// Who is in goes out.
    EndSessions,
    /// Accounts are held, and all else that changes something.
    Fence,
    /// What was held is given back.
    GiveBack,
}

impl Stage {
    /// The stages in which a platform is changed, in order.
    pub(super) const CUTS: [Self; 5] =
        [Self::Block, Self::Revoke, Self::EndSessions, Self::Fence, Self::GiveBack];

    /// Where an action belongs; none for what only tells.
    pub(super) fn of(info: &ActionInfo) -> Option<Self> {
        let verb = info.verb.as_deref().unwrap_or_default();
        let kind = info.target_kind.as_deref().unwrap_or_default();
        Some(match info.effect {
            Effect::Tell => return None,
            Effect::Read => Self::Find,
            Effect::Restore => Self::GiveBack,
            _ if verb.ends_with(".end_sessions") || kind == "session" => Self::EndSessions,
            _ if verb.ends_with(".quarantine") || (kind == "app" && info.effect == Effect::Reversible) => {
                Self::Block
            }
            _ if kind == "user" || kind == "member" => Self::Fence,
            _ if info.effect == Effect::Permanent || verb.ends_with(".disable") => Self::Revoke,
            _ => Self::Fence,
        })
    }

    /// For people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Find => "Find it, and keep what you find",
            Self::Block => "Block: nothing new gets in",
            Self::Revoke => "Revoke what was let in",
            Self::EndSessions => "End the sessions",
            Self::Fence => "Fence, and what else there is to change",
            Self::GiveBack => "Give back",
        }
    }
}
