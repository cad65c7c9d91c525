//! The library against the catalogue that ships: what `stanch check` says of every playbook when every platform is
//! connected under its own name.

use std::collections::BTreeSet;

use stanch_integrations::Catalog;
use stanch_model::catalog::{ActionIndex, ActionInfo};
use stanch_playbooks::{CheckContext, Library, check};

/// Every platform of the catalogue, `google-workspace` as `google_workspace`.
struct Everything(Catalog);

impl ActionIndex for Everything {
    fn integrations(&self) -> Vec<(String, String)> {
        self.0.platforms().map(|p| (p.slug().replace('-', "_"), p.slug().to_owned())).collect()
    }

    fn actions(&self, platform: &str) -> Vec<&ActionInfo> {
        self.0.platform(platform).map(|p| p.actions().collect()).unwrap_or_default()
    }

    fn action(&self, integration: &str, action: &str) -> Option<&ActionInfo> {
        self.0.platforms().find(|p| p.slug().replace('-', "_") == integration)?.action(action)
    }

    fn verb(&self, verb: &str) -> Vec<(String, &ActionInfo)> {
        let all =
            self.0.platforms().flat_map(|p| p.actions().map(|action| (p.slug().replace('-', "_"), action)));
        all.filter(|(_, action)| action.verb.as_deref() == Some(verb)).collect()
    }

    fn counts(&self, integration: &str, kind: &str) -> bool {
        self.0.platforms().any(|p| p.slug().replace('-', "_") == integration && p.counts(kind))
    }

    fn verbs(&self) -> Vec<String> {
        let verbs = self.0.platforms().flat_map(|p| p.actions().filter_map(|action| action.verb.clone()));
        verbs.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

#[test]
fn every_playbook_of_the_library_passes_check() {
    let lines = |found: Vec<stanch_model::Diagnostic>| found.iter().map(|p| p.one_line()).collect::<Vec<_>>();
    let index = Everything(Catalog::embedded().map_err(lines).unwrap());
    let library = Library::embedded();
    let context = CheckContext {
        playbooks: Some(library.all().map(|playbook| playbook.slug.clone()).collect()),
        ..CheckContext::default()
    };
    for playbook in library.all() {
        let found = lines(check(playbook, &index, &context));
        assert!(found.is_empty(), "{}:\n{}", playbook.slug, found.join("\n"));
    }
}
