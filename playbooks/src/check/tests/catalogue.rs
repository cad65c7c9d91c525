//! A catalogue in miniature: two platforms, every kind of effect.

use std::collections::{BTreeMap, BTreeSet};

use stanch_model::{
    Effect, Hash, InDoubt,
    catalog::{ActionIndex, ActionInfo, InputInfo, InputKind},
};

pub(crate) struct Catalogue {
    pub(crate) integrations: Vec<(String, String)>,
    actions: Vec<ActionInfo>,
}

impl Catalogue {
    pub(crate) fn new() -> Self {
        let actions = vec![
            action("okta", "list_apps", Effect::Read, Some("find_app"), None, Some("app")),
            action("okta", "list_users", Effect::Read, Some("find_user"), None, Some("user")),
            action("okta", "list_grants", Effect::Read, Some("app.grants"), Some("app"), Some("grant")),
            ActionInfo {
                undo: Some("activate_app".to_owned()),
                ..action(
                    "okta",
                    "deactivate_app",
                    Effect::Reversible,
                    Some("app.quarantine"),
                    Some("app"),
                    None,
                )
            },
            action("okta", "activate_app", Effect::Restore, Some("app.release"), Some("app"), None),
            action("okta", "revoke_grant", Effect::Permanent, Some("grant.revoke"), Some("grant"), None),
            action("okta", "end_sessions", Effect::Permanent, Some("user.end_sessions"), Some("user"), None),
            ActionInfo {
                inputs: BTreeMap::from([
                    input("user", InputKind::String, true, &[]),
                    input("how", InputKind::String, false, &["now", "later"]),
                ]),
                ..action("okta", "suspend_user", Effect::Reversible, Some("user.suspend"), Some("user"), None)
            },
            action("hubspot", "revoke_token", Effect::Permanent, Some("grant.revoke"), Some("grant"), None),
            action("hubspot", "cut_scopes", Effect::Reversible, Some("app.rescope"), Some("app"), None),
            action("github", "find_member", Effect::Read, Some("find_user"), None, Some("user")),
            action("github", "block_user", Effect::Permanent, Some("user.suspend"), Some("user"), None),
        ];
        Self { integrations: vec![("okta".to_owned(), "okta".to_owned())], actions }
    }

    /// With a second platform connected.
    pub(crate) fn and(mut self, platform: &str) -> Self {
        self.integrations.push((platform.to_owned(), platform.to_owned()));
        self
    }

    /// With a verb that is called like a method of maps.
    pub(crate) fn and_get(mut self) -> Self {
        self.actions.push(action("okta", "get_app", Effect::Read, Some("app.get"), Some("app"), None));
        self
    }

    /// With a verb `revoke` on a second kind of target, which can be taken back.
    pub(crate) fn with_keys(mut self) -> Self {
        let key = action("okta", "revoke_key", Effect::Reversible, Some("key.revoke"), Some("key"), None);
        self.actions.push(key);
        self
    }
}

fn input(name: &str, kind: InputKind, required: bool, one_of: &[&str]) -> (String, InputInfo) {
    let one_of = one_of.iter().map(|word| (*word).to_owned()).collect();
    (name.to_owned(), InputInfo { kind, required, help: String::new(), one_of })
}

fn action(
    platform: &str,
    name: &str,
    effect: Effect,
    verb: Option<&str>,
    on: Option<&str>,
    yields: Option<&str>,
) -> ActionInfo {
    ActionInfo {
        platform: platform.to_owned(),
        name: name.to_owned(),
        title: String::new(),
        effect,
        verb: verb.map(str::to_owned),
        target_kind: on.map(str::to_owned),
        yields: yields.map(str::to_owned),
        inputs: BTreeMap::new(),
        undo: None,
        verify: None,
        residual: None,
        memory: None,
        in_doubt: InDoubt::Probe,
        request: String::new(),
        manual: false,
        scopes: Vec::new(),
        docs: String::new(),
        hash: Hash::ZERO,
    }
}

impl ActionIndex for Catalogue {
    fn integrations(&self) -> Vec<(String, String)> {
        self.integrations.clone()
    }

    fn actions(&self, platform: &str) -> Vec<&ActionInfo> {
        self.actions.iter().filter(|action| action.platform == platform).collect()
    }

    fn action(&self, integration: &str, action: &str) -> Option<&ActionInfo> {
        let (_, platform) = self.integrations.iter().find(|(name, _)| name == integration)?;
        self.actions.iter().find(|info| info.platform == *platform && info.name == action)
    }

    fn verb(&self, verb: &str) -> Vec<(String, &ActionInfo)> {
        let configured = self.integrations.iter().flat_map(|(name, platform)| {
            self.actions
                .iter()
                .filter(move |info| info.platform == *platform)
                .map(move |info| (name.clone(), info))
        });
        configured.filter(|(_, info)| info.verb.as_deref() == Some(verb)).collect()
    }

    fn counts(&self, integration: &str, kind: &str) -> bool {
        integration == "okta" && kind == "user"
    }

    fn verbs(&self) -> Vec<String> {
        let mut verbs: Vec<String> = self.actions.iter().filter_map(|info| info.verb.clone()).collect();
        verbs.sort();
        verbs.dedup();
        verbs
    }

    fn platforms(&self) -> Vec<String> {
        let platforms: BTreeSet<&str> = self.actions.iter().map(|info| info.platform.as_str()).collect();
        platforms.into_iter().map(str::to_owned).collect()
    }

    fn by_login_alone(&self, platform: &str) -> bool {
        platform == "github"
    }
}

/// Nothing is configured, and no verb is known.
pub(crate) struct Nothing;

impl ActionIndex for Nothing {
    fn platforms(&self) -> Vec<String> {
        Vec::new()
    }

    fn integrations(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn actions(&self, _platform: &str) -> Vec<&ActionInfo> {
        Vec::new()
    }

    fn action(&self, _integration: &str, _action: &str) -> Option<&ActionInfo> {
        None
    }

    fn verb(&self, _verb: &str) -> Vec<(String, &ActionInfo)> {
        Vec::new()
    }

    fn counts(&self, _integration: &str, _kind: &str) -> bool {
        false
    }

    fn verbs(&self) -> Vec<String> {
        Vec::new()
    }
}
