//! `stanch integrations show`: a platform's page.

use serde_json::json;

use crate::{exit::Exit, out::Out, setup::Setup};

/// Prints it.
///
/// # Errors
/// When there is no such platform.
pub(super) fn run(setup: &Setup, name: &str, out: Out) -> anyhow::Result<Exit> {
    let slug = setup.config.integrations.get(name).map_or(name, |config| config.platform.as_str());
    let names: Vec<_> = setup.config.integrations.keys().map(String::as_str).collect();
    let platform = super::platform(&setup.catalog, slug, &names)?;
    out.text(platform.page().trim_end());
    let sources: Vec<_> = setup.catalog.sources_of(slug).map(|source| source.format.as_str()).collect();
    if !sources.is_empty() {
        out.text(&format!("\nAlerts come as {}.", sources.join(", ")));
    }
    for action in platform.actions() {
        out.line(action);
    }
    out.line(&json!({ "platform": slug, "actions": platform.actions().count(), "sources": sources.len() }));
    Ok(Exit::Yes)
}
