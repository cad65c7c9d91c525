//! `stanch integrations list`.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{out::Out, setup::Setup, table::Table};

/// One line a platform, those that only send alerts too.
pub(super) fn run(setup: &Setup, own_twins: &BTreeMap<String, String>, out: Out) {
    let mut table =
        Table::new(&["platform", "actions", "sources", "evidence", "twin", "configured as", "title"]);
    let twins = stanch_integrations::twin::catalog::platforms();
    let (mut count, mut all) = (0, 0);
    for (slug, title) in setup.catalog.everything() {
        let configured = setup.config.integrations.iter().filter(|(_, config)| config.platform == slug);
        let names: Vec<&str> = configured.map(|(name, _)| name.as_str()).collect();
        let platform = setup.catalog.platform(slug);
        let actions = platform.map_or(0, |platform| platform.actions().count());
        let evidence = platform.map_or_else(|| "-".to_owned(), stanch_integrations::Platform::rests_on);
        let sources = setup.catalog.sources_of(slug).count();
        let twin = own_twins.contains_key(slug) || twins.iter().any(|known| known == slug);
        table.row([
            slug,
            &actions.to_string(),
            &sources.to_string(),
            &evidence,
            if twin { "yes" } else { "no" },
            &if names.is_empty() { "-".to_owned() } else { names.join(", ") },
            title,
        ]);
        let figures = platform.map(stanch_integrations::Platform::figures);
        out.line(&json!({
            "platform": slug, "title": title, "actions": actions, "sources": sources, "evidence": evidence,
            "twin": twin, "configured_as": names, "figures": figures,
        }));
        count += 1;
        all += sources;
    }
    out.text(&table.render(None));
    out.line(&json!({ "platforms": count, "sources": all }));
}
