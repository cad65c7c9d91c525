//! What is configured around a playbook, as far as `check` looks at it.

use std::collections::BTreeSet;

use stanch_model::config::Config;

/// What is configured around a playbook. `None` means not known: then nothing is said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckContext {
    /// Groups of people.
    pub groups: Option<BTreeSet<String>>,
    /// Who can be paged: the keys of `tell`.
    pub tell: Option<BTreeSet<String>>,
    /// Vendors in the register.
    pub vendors: Option<BTreeSet<String>>,
    /// Kinds of deadlines.
    pub deadlines: Option<BTreeSet<String>>,
    /// Slugs of all playbooks, for `run_playbook`.
    pub playbooks: Option<BTreeSet<String>>,
}

/// The channels that lead to somebody.
fn heard(config: &Config) -> BTreeSet<String> {
    let channels = config.tell.iter().filter(|(_, ways)| !ways.is_empty());
    channels.map(|(channel, _)| channel.clone()).collect()
}

impl CheckContext {
    /// Groups and channels from a configuration. Vendors, deadlines and playbooks stay unknown.
    pub fn of(config: &Config) -> Self {
        Self {
            groups: Some(config.people.groups.keys().cloned().collect()),
            tell: Some(heard(config)),
            ..Self::default()
        }
    }
}
