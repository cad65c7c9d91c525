//! What there is to work with: playbooks, integrations, vendors.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State},
};
use stanch_model::{
    Hash, StreamId,
    api::{IntegrationSummary, Page, PlaybookSource, PlaybookSummary},
    catalog::ActionIndex,
    diagnostic::did_you_mean,
    run::body::{Created, Repinned, kind},
};
use stanch_playbooks::{CheckContext, check};

use crate::{app::Shared, drilled, problem::Refused};

/// `GET /v1/playbooks`
pub(super) async fn playbooks(State(app): State<Shared>) -> Json<Page<PlaybookSummary>> {
    let ledger = drilled::ledger(app.data.as_deref());
    let index = app.engine.integrations();
    let hash = |platform: &str, action: &str| {
        index.actions(platform).into_iter().find(|info| info.name == action).map(|info| info.hash)
    };
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
            input: playbook.manifest.inputs(),
            drilled: ledger.drilled(&playbook.slug, &playbook.hash.to_string(), &hash),
            standing: Some(app.engine.standing(playbook)),
        })
        .collect();
    Json(Page { items, next: None })
}

/// `GET /v1/playbooks/{id}`
pub(super) async fn playbook(
    State(app): State<Shared>,
    Path(slug): Path<String>,
) -> Result<Json<PlaybookSource>, Refused> {
    let library = app.engine.library();
    let Some(playbook) = library.get(&slug) else {
        let known: Vec<&str> = library.all().map(|playbook| playbook.slug.as_str()).collect();
        let refused = Refused::not_found(format!("there is no playbook {slug}"));
        return Err(match did_you_mean(&slug, known) {
            Some(meant) => refused.help(format!("did you mean {meant}?")),
            None => refused.help("GET /v1/playbooks lists them"),
        });
    };
    let context = CheckContext {
        vendors: Some(app.register.vendors().keys().cloned().collect()),
        playbooks: Some(library.all().map(|playbook| playbook.slug.clone()).collect()),
        ..CheckContext::of(&app.config)
    };
    Ok(Json(PlaybookSource {
        slug,
        version: playbook.hash.to_string(),
        files: playbook.sources.clone(),
        mistakes: check(&playbook, app.engine.integrations(), &context),
    }))
}

/// `GET /v1/runs/{id}/playbook`
pub(super) async fn of_run(
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<PlaybookSource>, Refused> {
    let run = app.engine.find(&id)?;
    let nowhere = || Refused::not_found(format!("the sources of run {run} are not known any more"));
    let mut slug = String::new();
    let mut pinned: Option<Hash> = None;
    app.journal.visit(&StreamId::run(&run), 1, &mut |entry| {
        match entry.kind {
            kind::CREATED => {
                if let Ok(created) = entry.decode::<Created>() {
                    (slug, pinned) = (created.playbook, created.pins.playbook);
                }
            }
            kind::REPINNED => {
                if let Ok(repinned) = entry.decode::<Repinned>() {
                    pinned = repinned.pins.playbook;
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    let hash = pinned.ok_or_else(nowhere)?;
    let kept = app.journal.read(&StreamId::from_stored(format!("playbook/{hash}")), 1, 1)?;
    let files = kept.first().and_then(|entry| entry.decode::<BTreeMap<String, String>>().ok());
    let files = files.ok_or_else(nowhere)?;
    Ok(Json(PlaybookSource { slug, version: hash.to_string(), files, mistakes: Vec::new() }))
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
            health: index.health(&name).unwrap_or_default(),
            name,
            platform,
        })
        .collect();
    Json(Page { items, next: None })
}
