//! What a playbook needs of each integration: the actions that its `uses` can become, and the scopes that these take.

use std::collections::{BTreeMap, BTreeSet};

use stanch_model::catalog::{ActionIndex, ActionInfo};

use crate::Manifest;

/// By integration: each scope, and the actions that need it.
pub type Scopes = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// What a name under `uses` can become here, by integration.
pub fn becomes<'a>(index: &'a dyn ActionIndex, name: &str) -> Vec<(String, &'a ActionInfo)> {
    let verbs: &[&str] = match name {
        "notify" => &["mail.send", "chat.post"],
        "page" => &["chat.post", "page.send", "mail.send"],
        verb => &[verb],
    };
    let mut found: Vec<_> = verbs.iter().flat_map(|verb| index.verb(verb)).collect();
    if let Some((integration, action)) = name.split_once('.') {
        found.extend(index.action(integration, action).map(|info| (integration.to_owned(), info)));
    }
    found
}

/// What a verb can become, as far as `uses` lists it or the actions behind it.
pub fn of_verb<'a>(
    manifest: &Manifest,
    index: &'a dyn ActionIndex,
    verb: &str,
) -> Vec<(String, &'a ActionInfo)> {
    let whole = manifest.listed(verb).is_some();
    let listed = |(integration, info): &(String, &ActionInfo)| {
        let by = |owner: &str| manifest.listed(&format!("{owner}.{}", info.name)).is_some();
        whole || by(integration) || by(&info.platform)
    };
    index.verb(verb).into_iter().filter(listed).collect()
}

/// All that a manifest can become, with the reads that prove and the ways back: by integration and action.
pub fn actions<'a>(
    index: &'a dyn ActionIndex,
    manifest: &Manifest,
) -> BTreeMap<(String, String), &'a ActionInfo> {
    let mut found = BTreeMap::new();
    for name in manifest.uses.values().flatten() {
        for (integration, action) in becomes(index, name) {
            let verify = action.verify.as_ref().map(|verify| verify.action.as_str());
            let others = [verify, action.undo.as_deref()].into_iter().flatten();
            let others = others.filter_map(|name| index.action(&integration, name));
            for info in std::iter::once(action).chain(others) {
                found.insert((integration.clone(), info.name.clone()), info);
            }
        }
    }
    found
}

/// The scopes that a manifest needs.
pub fn scopes(index: &dyn ActionIndex, manifest: &Manifest) -> Scopes {
    let mut scopes = Scopes::new();
    for ((integration, action), info) in actions(index, manifest) {
        for scope in &info.scopes {
            let of = scopes.entry(integration.clone()).or_default();
            of.entry(scope.clone()).or_default().insert(action.clone());
        }
    }
    scopes
}
