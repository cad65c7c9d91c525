//! What there is to work with: playbooks and integrations.

use axum::{Json, extract::State};
use stanch_model::{
    api::{IntegrationSummary, Page, PlaybookSummary},
    catalog::ActionIndex,
};

use crate::app::Shared;

/// `GET /v1/playbooks`
pub(super) async fn playbooks(State(app): State<Shared>) -> Json<Page<PlaybookSummary>> {
    let items = app
        .engine
        .library()
        .all()
        .map(|playbook| PlaybookSummary {
            slug: playbook.slug.clone(),
            title: playbook.manifest.title.clone(),
            owner: playbook.manifest.owner.clone(),
            reviewed: playbook.manifest.reviewed.clone(),
            version: playbook.hash.to_string(),
            starts_when: playbook.manifest.start.iter().map(|trigger| trigger.when.clone()).collect(),
        })
        .collect();
    Json(Page { items, next: None })
}

/// `GET /v1/integrations`
pub(super) async fn integrations(State(app): State<Shared>) -> Json<Page<IntegrationSummary>> {
    let paused = app.engine.paused_scopes();
    let index = app.engine.integrations();
    let items = index
        .integrations()
        .into_iter()
        .map(|(name, platform)| IntegrationSummary {
            actions: index.actions(&platform).len(),
            paused: paused
                .iter()
                .any(|scope| scope == "all" || scope.strip_prefix("integration:") == Some(&name)),
            name,
            platform,
        })
        .collect();
    Json(Page { items, next: None })
}
