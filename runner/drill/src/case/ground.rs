//! The company that a case is played in: its platforms, its people, its vendors. All of it follows from the case and the
//! playbook, so that a case says the same on every machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use stanch_integrations::Catalog;
use stanch_playbooks::{Library, Playbook};

use super::Case;
use crate::{
    company,
    facts::{AppFacts, Facts, Sorts},
    scenario::Known,
};

/// Who starts runs by hand.
pub const STARTER: &str = "ana";

/// The people of a group that only the playbook knows.
const ANYBODY: [&str; 3] = ["ben", "caro", "dora"];

/// What a case may name and is played with.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The playbook under test.
    pub playbook: Arc<Playbook>,
    /// It and those that it may start.
    pub library: Arc<Library>,
    /// The platforms.
    pub catalog: Arc<Catalog>,
    /// Configured names to platforms, where the company has a configuration.
    pub configured: BTreeMap<String, String>,
}

impl Ground {
    /// Every name that a case may use for a platform: the configured ones, and each platform's own.
    pub fn names(&self) -> BTreeMap<String, String> {
        let own = self.catalog.slugs().map(|slug| (slug.replace('-', "_"), slug.to_owned()));
        own.chain(self.configured.clone()).collect()
    }

    /// The integrations of a case: those that the world, its faults and expectations speak of, those that the playbook
    /// names itself, and where people are told. Name to platform.
    pub fn integrations(&self, case: &Case) -> BTreeMap<String, String> {
        let world = &case.world;
        let apps = world.apps.iter().flat_map(|app| app.grants.keys());
        let hidden = world.hidden.iter().flat_map(|hidden| hidden.grants.keys());
        let faults = case.fault.iter().filter_map(|fault| fault.platform.as_ref());
        let named = apps.chain(hidden).chain(world.extra.keys()).chain(faults).chain(&case.integrations);
        let actions = case.fault.iter().filter_map(|fault| fault.action.as_ref());
        let writes = case.expect.writes.iter().flat_map(BTreeMap::keys);
        let uses = self
            .in_reach()
            .into_iter()
            .flat_map(|playbook| playbook.manifest.uses.values().flatten().cloned().collect::<Vec<String>>());
        let actions = actions.chain(writes).cloned().chain(uses);
        let of_actions = actions.filter_map(|action| Some(action.split_once('.')?.0.to_owned()));
        let all: BTreeSet<String> =
            named.cloned().chain(of_actions).chain(["slack", "smtp"].map(str::to_owned)).collect();
        self.names().into_iter().filter(|(name, _)| all.contains(name)).collect()
    }

    /// The playbook and those that it starts.
    fn in_reach(&self) -> Vec<Arc<Playbook>> {
        let script = &self.playbook.script;
        let starts = |other: &&Arc<Playbook>| script.contains(&format!("\"{}\"", other.slug));
        let others = self.library.all().filter(|other| other.slug != self.playbook.slug).filter(starts);
        others.cloned().chain([self.playbook.clone()]).collect()
    }

    /// Who is in which group.
    pub fn groups(&self) -> BTreeMap<String, Vec<String>> {
        let mut groups = company::groups();
        for playbook in self.in_reach() {
            let manifest = &playbook.manifest;
            let approvals =
                manifest.approvals.values().flat_map(|policy| policy.ask.iter().chain(policy.ladder()));
            let questions = manifest.questions.values().flat_map(|question| &question.ask);
            for group in approvals.chain(questions) {
                groups.entry(group.clone()).or_insert_with(|| ANYBODY.map(str::to_owned).to_vec());
            }
        }
        groups
    }

    /// Everybody.
    pub fn people(&self) -> BTreeSet<String> {
        self.groups().into_values().flatten().collect()
    }

    /// Who answers when these groups (or people) are asked; whoever started it where nobody is named.
    pub fn asked(&self, groups: &[String]) -> Vec<String> {
        let known = self.groups();
        let mut people: Vec<String> = Vec::new();
        for group in groups {
            for person in known.get(group).cloned().unwrap_or_else(|| vec![group.clone()]) {
                if !people.contains(&person) {
                    people.push(person);
                }
            }
        }
        if people.is_empty() { vec![STARTER.to_owned()] } else { people }
    }

    /// `stanch.yaml` of the case's company.
    pub fn configuration(&self, case: &Case) -> String {
        let mut text = String::from("people:\n  groups:\n");
        for (group, members) in self.groups() {
            text.push_str(&format!("    {group}: [{}]\n", members.join(", ")));
        }
        text.push_str("\nintegrations:\n");
        for (name, platform) in self.integrations(case) {
            let tenant = company::integration(self.catalog.platform(&platform), &platform);
            text.push_str(&format!("  {name}: {tenant}\n"));
        }
        format!("{text}\n{}", company::tell())
    }

    /// `vendors.yaml` of the case's company.
    pub fn vendors(&self, case: &Case) -> String {
        company::vendors(&case.world, &BTreeMap::new())
    }

    /// Nothing has happened yet.
    pub fn facts(&self, case: &Case) -> Facts {
        let apps = case.world.apps.iter().map(|app| AppFacts {
            id: app.id.clone(),
            vendor: app.vendor.clone(),
            given: app.grants.clone(),
        });
        let sorts = Sorts::of(&self.catalog, &self.integrations(case));
        Facts::starting(case.starts().as_millisecond(), apps.collect()).knowing(sorts)
    }

    /// What conditions and answers may name.
    pub fn known(&self, case: &Case) -> Known {
        Known::over(&case.world, self.integrations(case), &self.catalog, &self.library)
    }

    /// Actions by `integration.action`, each with its verb.
    pub(super) fn actions(&self, case: &Case) -> BTreeMap<String, Option<String>> {
        let mut actions = BTreeMap::new();
        for (name, slug) in self.integrations(case) {
            let platform = self.catalog.platform(&slug);
            for action in platform.into_iter().flat_map(|platform| platform.actions()) {
                actions.insert(format!("{name}.{}", action.name), action.verb.clone());
            }
        }
        actions
    }

    /// The actions that only speak to people: they change nothing that a case counts as changed.
    pub(super) fn tells(&self, case: &Case) -> BTreeSet<String> {
        let mut tells = BTreeSet::new();
        for (name, slug) in self.integrations(case) {
            let platform = self.catalog.platform(&slug);
            let actions = platform.into_iter().flat_map(|platform| platform.actions());
            let tell = actions.filter(|action| action.effect == stanch_model::Effect::Tell);
            tells.extend(tell.map(|action| format!("{name}.{}", action.name)));
        }
        tells
    }
}
