//! What is configured around a playbook, as far as `check` looks at it.

use std::collections::{BTreeMap, BTreeSet};

use stanch_model::config::Config;

/// What is configured around a playbook. `None` means not known: then nothing is said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckContext {
    /// Groups of people.
    pub groups: Option<BTreeSet<String>>,
    /// Who can be paged: the keys of `tell`, and who of `people` has a way.
    pub tell: Option<BTreeSet<String>>,
    /// Vendors in the register.
    pub vendors: Option<BTreeSet<String>>,
    /// Kinds of deadlines.
    pub deadlines: Option<BTreeSet<String>>,
    /// Slugs of all playbooks, for `run_playbook`.
    pub playbooks: Option<BTreeSet<String>>,
    /// What alerts may say that they are.
    pub alerts: Option<AlertKinds>,
}

/// The kinds of alerts that may come. A `*` in a kind stands for what a sender decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AlertKinds {
    /// What the configured sources give. Empty where none is configured: then alerts come by hand, of any kind.
    pub sent: BTreeSet<String>,
    /// Every kind that is known, with the formats that give it: of the catalogue's sources, and of other playbooks.
    pub known: BTreeMap<String, BTreeSet<String>>,
}

impl AlertKinds {
    /// True where a sender may name any kind.
    pub(super) fn is_open(&self) -> bool {
        self.sent.is_empty() || self.sent.contains("*")
    }

    /// True for a kind that a configured source gives.
    pub(super) fn is_sent(&self, kind: &str) -> bool {
        self.sent.iter().any(|pattern| fits(pattern, kind))
    }

    /// The formats that give this kind, generic ones left out.
    pub(super) fn senders(&self, kind: &str) -> BTreeSet<&str> {
        let known = self.known.iter().filter(|(pattern, _)| *pattern != "*" && fits(pattern, kind));
        known.flat_map(|(_, formats)| formats.iter().map(String::as_str)).collect()
    }
}

/// `okta.*` fits `okta.user.session`.
fn fits(pattern: &str, kind: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == kind,
        Some((before, after)) => {
            kind.len() > before.len() + after.len() && kind.starts_with(before) && kind.ends_with(after)
        }
    }
}

/// The channels that lead to somebody, and the people and groups that have ways of their own.
fn heard(config: &Config) -> BTreeSet<String> {
    let people = &config.people;
    let has_way = |person: &String| people.known.get(person).is_some_and(|known| !known.tell.is_empty());
    let channels = config.tell.iter().filter(|(_, ways)| !ways.is_empty()).map(|(channel, _)| channel);
    let groups = people.groups.iter().filter(|(_, members)| members.iter().any(has_way));
    let groups = groups.map(|(group, _)| group);
    channels.chain(groups).chain(people.known.keys().filter(|person| has_way(person))).cloned().collect()
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
