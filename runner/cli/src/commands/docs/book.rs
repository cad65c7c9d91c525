//! What the page is made of: one playbook, read against what is configured.

use std::collections::BTreeMap;

use stanch_integrations::{ByHand, Integrations, Platform};
use stanch_model::{
    Effect,
    catalog::{ActionIndex, ActionInfo},
    config::Config,
};
use stanch_playbooks::{
    Course, Playbook,
    course::{Called, Step},
    needs,
};

use crate::setup::Setup;

/// One playbook and all around it.
pub(super) struct Book<'a> {
    pub(super) playbook: &'a Playbook,
    pub(super) course: Course<'a>,
    pub(super) setup: &'a Setup,
    index: &'a Integrations,
}

/// A name under `uses` with what it becomes.
pub(super) struct Use<'a> {
    pub(super) name: &'a str,
    pub(super) effect: Effect,
    pub(super) actions: Vec<(String, &'a ActionInfo)>,
}

impl<'a> Book<'a> {
    pub(super) fn new(playbook: &'a Playbook, index: &'a Integrations, setup: &'a Setup) -> Self {
        Self { playbook, course: Course::of(playbook, index), setup, index }
    }

    pub(super) fn config(&self) -> &Config {
        &self.setup.config
    }

    /// True without a `stanch.yaml` that names integrations: the whole catalogue stands for them.
    pub(super) fn is_unconfigured(&self) -> bool {
        self.config().integrations.is_empty()
    }

    pub(super) fn platform(&self, info: &ActionInfo) -> Option<&'a Platform> {
        self.setup.catalog.platform(&info.platform)
    }

    /// For people: `Okta`, or `Okta (okta_emea)` where the name says more.
    pub(super) fn title(&self, integration: &str, info: &ActionInfo) -> String {
        let title = self.platform(info).map_or(info.platform.as_str(), Platform::title);
        let same = integration.replace('_', "-") == info.platform;
        if same { title.to_owned() } else { format!("{title} ({integration})") }
    }

    pub(super) fn action(&self, integration: &str, name: &str) -> Option<&'a ActionInfo> {
        self.index.action(integration, name)
    }

    pub(super) fn by_hand(&self, integration: &str, info: &ActionInfo) -> ByHand {
        let config = self.config().integrations.get(integration);
        let platform = self.platform(info);
        platform.and_then(|platform| platform.by_hand(&info.name, integration, config)).unwrap_or_default()
    }

    /// Why an action cannot be proven by a read, if the catalogue says so.
    pub(super) fn unproven(&self, info: &ActionInfo) -> Option<&'a str> {
        self.platform(info).and_then(|platform| platform.unproven(&info.name))
    }

    /// All that `uses` lists, by effect.
    pub(super) fn uses(&self) -> Vec<Use<'a>> {
        let all = self
            .playbook
            .manifest
            .uses
            .iter()
            .flat_map(|(effect, names)| names.iter().map(|name| (*effect, name)));
        all.map(|(effect, name)| Use { name, effect, actions: needs::becomes(self.index, name) }).collect()
    }

    /// Every action that changes a platform, once, in the order of the script.
    pub(super) fn cuts(&self) -> Vec<(String, &'a ActionInfo)> {
        let mut cuts: Vec<(String, &ActionInfo)> = Vec::new();
        for step in self.steps() {
            for (integration, info) in &step.actions {
                let is_cut = matches!(info.effect, Effect::Reversible | Effect::Permanent | Effect::Restore);
                if is_cut && !cuts.iter().any(|(on, known)| on == integration && known.name == info.name) {
                    cuts.push((integration.clone(), info));
                }
            }
        }
        cuts
    }

    pub(super) fn steps(&self) -> Vec<&Step<'a>> {
        self.course.steps()
    }

    /// The steps that call this.
    pub(super) fn calls(&self, name: &str) -> Vec<&Step<'a>> {
        self.steps().into_iter().filter(|step| step.called.is(name)).collect()
    }

    pub(super) fn scopes(&self) -> needs::Scopes {
        needs::scopes(self.index, &self.playbook.manifest)
    }

    /// The calls of the script that need an action, itself or as its proof or its way back: `grant.revoke`.
    pub(super) fn needed_by(&self, integration: &str, action: &str) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for one in self.uses() {
            let needs = one.actions.iter().filter(|(on, _)| on == integration).any(|(_, info)| {
                let proof = info.verify.as_ref().map(|verify| verify.action.as_str());
                info.name == action || proof == Some(action) || info.undo.as_deref() == Some(action)
            });
            if needs {
                names.push(one.name.to_owned());
            }
        }
        names
    }

    /// Groups with their people, where they are configured.
    pub(super) fn people(&self, groups: &[String]) -> String {
        let one = |group: &String| match self.config().people.groups.get(group) {
            Some(people) if !people.is_empty() => format!("{group} ({})", people.join(", ")),
            _ => group.clone(),
        };
        groups.iter().map(one).collect::<Vec<_>>().join(" or ")
    }

    /// The integrations that take part.
    pub(super) fn reach(&self) -> BTreeMap<String, &'a ActionInfo> {
        let all = self.uses().into_iter().flat_map(|one| one.actions);
        all.collect::<BTreeMap<_, _>>()
    }
}

/// True for a call of a verb or an action.
pub(super) fn is_action(step: &Step<'_>) -> bool {
    !matches!(step.called, Called::Host(_))
}
