//! What the platforms' actions do to apps and grants, by the verbs of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use stanch_integrations::Catalog;

/// Actions with the integration before them: `okta.revoke_app_token`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorts {
    /// Those that take a grant or credential away.
    pub cuts: BTreeSet<String>,
    /// Those that block an app.
    pub blocks: BTreeSet<String>,
    /// Those that let a blocked app in again.
    pub releases: BTreeSet<String>,
}

impl Sorts {
    /// Of these integrations, name to platform.
    pub fn of(catalog: &Catalog, integrations: &BTreeMap<String, String>) -> Self {
        let takes_away = |verb: &str| verb.ends_with(".revoke") || verb.ends_with(".disable");
        let mut sorts = Self::default();
        for (name, platform) in integrations {
            let actions = catalog.platform(platform).into_iter().flat_map(|platform| platform.actions());
            for action in actions {
                let full = format!("{name}.{}", action.name);
                match action.verb.as_deref() {
                    Some("app.quarantine") => _ = sorts.blocks.insert(full),
                    Some("app.release") => _ = sorts.releases.insert(full),
                    Some(verb) if takes_away(verb) => _ = sorts.cuts.insert(full),
                    _ => {}
                }
            }
        }
        sorts
    }
}
