//! Runs: list, start, plan, show, entries.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use serde::Deserialize;
use stanch_engine::StartRun;
use stanch_model::{
    Alert, StreamId,
    alert::AlertBody,
    api::{Delivery, EntryView, Page, PlanBody, RunSummary, StartBody, Started},
    run::{Plan, RunView},
};

use super::{
    body::{Asked, Body},
    closing, handed, incidents,
};
use crate::{
    app::{App, Shared},
    auth::Caller,
    problem::Refused,
    recent::Paging,
    views,
};

/// Which runs.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    limit: Option<usize>,
    #[serde(default)]
    open: bool,
}

/// `GET /v1/runs`
pub(super) async fn list(
    State(app): State<Shared>,
    Asked(which): Asked<Which>,
) -> Result<Json<Page<RunSummary>>, Refused> {
    let rows = app.engine.runs(which.open, which.limit.unwrap_or(100).clamp(1, 1000))?;
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        items.push(app.summaries.line(&app.engine, row)?.summary.clone());
    }
    Ok(Json(Page { items, next: None }))
}

/// `POST /v1/runs`
pub(super) async fn start(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<StartBody>,
) -> Result<Json<Started>, Refused> {
    if app.is_stopping() {
        return Err(Refused::stopping());
    }
    let incident = body.incident.map(|text| incidents::full_id(&app, &text)).transpose()?;
    let alert = alert(&app, &caller, body.alert, body.delivery).await?;
    let _turn = closing::turn(&app, incident.as_deref()).await?;
    let start = StartRun {
        playbook: body.playbook,
        input: body.input.into_iter().collect(),
        alert,
        incident,
        channel: caller.channel().to_owned(),
        started_by: caller.name,
    };
    let (run, incident) = match &body.plan {
        None => app.engine.run(start).await?,
        Some(plan) => app.engine.execute(start, plan).await?,
    };
    Ok(Json(Started { run: run.0, incident: Some(incident) }))
}

/// The alert that a person starts something from.
async fn alert(
    app: &App,
    caller: &Caller,
    alert: Option<AlertBody>,
    delivery: Option<Delivery>,
) -> Result<Option<Alert>, Refused> {
    match (alert, delivery) {
        (None, None) => Ok(None),
        (Some(alert), None) => Ok(Some(alert.by(&caller.name, &app.now().to_string()))),
        (None, Some(delivery)) => handed::the_one(app, caller, &delivery).await.map(Some),
        (Some(_), Some(_)) => Err(Refused::bad("give `alert` or `delivery`, not both")),
    }
}

/// `POST /v1/plans`
pub(super) async fn plan(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<PlanBody>,
) -> Result<Json<Started>, Refused> {
    if app.is_stopping() {
        return Err(Refused::stopping());
    }
    let alert = alert(&app, &caller, body.alert, body.delivery).await?;
    let (playbook, input) = (body.playbook, body.input.into_iter().collect());
    let channel = caller.channel().to_owned();
    let start = StartRun { playbook, input, alert, incident: None, started_by: caller.name, channel };
    let run = app.engine.plan_for(start, body.again.as_deref(), &body.answers).await?;
    Ok(Json(Started { run: run.0, incident: None }))
}

/// `GET /v1/plans/{id}`
pub(super) async fn planned(
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Plan>, Refused> {
    let run = app.engine.plan_run(&id).or_else(|_| app.engine.find(&id))?;
    Ok(Json(app.engine.planned(&run)?))
}

/// `GET /v1/runs/{id}`
pub(super) async fn show(
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<RunView>, Refused> {
    let run = app.engine.find(&id)?;
    Ok(Json(app.engine.view(&run)?))
}

/// `GET /v1/runs/{id}/entries`
pub(super) async fn entries(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<EntryView>>, Refused> {
    let run = app.engine.find(&id)?;
    let after: u64 = match &paging.after {
        None => 0,
        Some(text) => text.parse().map_err(|_| Refused::bad("`after` is not a version"))?,
    };
    let limit = paging.limit();
    let found = app.journal.read(&StreamId::run(&run), after.saturating_add(1), limit)?;
    let next = found.last().filter(|_| found.len() == limit).map(|entry| entry.header.version.to_string());
    Ok(Json(Page { items: found.iter().map(views::entry).collect(), next }))
}
