//! `stanch integrations show`: a platform's page.

use serde_json::json;

use crate::{exit::Exit, out::Out, setup::Setup};

/// Prints it: what it can do, and what it tells us by itself.
///
/// # Errors
/// When there is no such platform.
pub(super) fn run(setup: &Setup, name: &str, out: Out) -> anyhow::Result<Exit> {
    let slug = setup.config.integrations.get(name).map_or(name, |config| config.platform.as_str());
    let sources: Vec<_> = setup.catalog.sources_of(slug).collect();
    let actions = match (setup.catalog.platform(slug), setup.catalog.page_of_sender(slug)) {
        (None, Some(page)) => {
            out.text(page.trim_end());
            0
        }
        _ => {
            let senders = setup.catalog.everything();
            let known = setup.config.integrations.keys().map(String::as_str).chain(senders.keys().copied());
            let platform = super::platform(&setup.catalog, slug, &known.collect::<Vec<_>>())?;
            out.text(platform.page().trim_end());
            if let Some(page) = setup.catalog.page_of_sources(slug, "###") {
                out.text(&format!("\n## Alerts\n\n{}", page.trim_end()));
            }
            platform.actions().for_each(|action| out.line(action));
            platform.actions().count()
        }
    };
    sources.iter().for_each(|source| out.line(source));
    out.line(&json!({ "platform": slug, "actions": actions, "sources": sources.len() }));
    Ok(Exit::Yes)
}
