//! The clocks of incidents: which run, and what people say of them.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use http::StatusCode;
use stanch_engine::EngineError;
use stanch_model::{
    RunId,
    api::{DeadlineView, Page, Recorded, SettleBody},
    incident::{DeadlineSettled, kind},
};
use stanch_response::incident::Incident;

use super::{body::Maybe, incidents};
use crate::{
    app::{App, Shared},
    auth::Caller,
    problem::Refused,
    recent::{self, Paging},
};

/// `GET /v1/deadlines`
pub(super) async fn list(State(app): State<Shared>) -> Result<Json<Page<DeadlineView>>, Refused> {
    let mut items = Vec::new();
    for id in recent::streams(&*app.journal, "incident/", &Paging::default())?.ids {
        if let Some(incident) = incidents::read(&app, &id)?.filter(|incident| incident.closed.is_none()) {
            items.extend(clocks(&app, &incident)?);
        }
    }
    items.sort_by(|a, b| a.due.cmp(&b.due));
    Ok(Json(Page { items, next: None }))
}

/// `POST /v1/incidents/{id}/deadlines/{deadline}/sent`
pub(super) async fn sent(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((incident, deadline)): Path<(String, String)>,
    Maybe(body): Maybe<SettleBody>,
) -> Result<Json<Recorded>, Refused> {
    settle(&app, &caller, &incident, &deadline, false, &body.reason).await
}

/// `POST /v1/incidents/{id}/deadlines/{deadline}/waive`
pub(super) async fn waive(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path((incident, deadline)): Path<(String, String)>,
    Maybe(body): Maybe<SettleBody>,
) -> Result<Json<Recorded>, Refused> {
    if body.reason.trim().is_empty() {
        let why = "nobody waives a deadline without saying why";
        return Err(
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "no_reason", why).help("give it a `reason`")
        );
    }
    settle(&app, &caller, &incident, &deadline, true, &body.reason).await
}

/// Journals what a person says of a clock. A second word replaces the first: people correct themselves.
async fn settle(
    app: &App,
    caller: &Caller,
    incident: &str,
    deadline: &str,
    waived: bool,
    reason: &str,
) -> Result<Json<Recorded>, Refused> {
    let incident = incidents::find(app, incident)?;
    let clocks = clocks(app, &incident)?;
    if !clocks.iter().any(|clock| clock.id == deadline) {
        let known: Vec<&str> = clocks.iter().map(|clock| clock.id.as_str()).collect();
        let message = format!("no clock `{deadline}` runs for incident {}", incident.id);
        let help = if known.is_empty() { "none does".to_owned() } else { known.join(", ") };
        return Err(Refused::not_found(message).help(format!("its clocks: {help}")));
    }
    let reason = incidents::text(reason)?;
    let said = DeadlineSettled { deadline: deadline.to_owned(), waived, by: caller.name.clone(), reason };
    if incident.settled(deadline).is_some_and(|(before, _)| *before == said) {
        return Ok(incidents::known(app, caller));
    }
    incidents::append(app, caller, &incident.id, kind::DEADLINE_SETTLED, &said).await
}

/// The clocks of an incident, earliest due first: those too that its runs' own playbooks started. The same one counts once.
pub(super) fn clocks(app: &App, incident: &Incident) -> Result<Vec<DeadlineView>, Refused> {
    let mut views: Vec<DeadlineView> = Vec::new();
    let mut runs: Vec<RunId> = incident.runs.iter().rev().cloned().map(RunId).collect();
    while let Some(id) = runs.pop() {
        let run = match app.engine.view(&id) {
            // a step that is about to start it
            Err(EngineError::NoRun(_)) => continue,
            run => run?,
        };
        for started in &run.deadlines {
            let view = incident.deadline(started, app.now());
            if !views.iter().any(|known| known.id == view.id) {
                views.push(view);
            }
        }
        runs.extend(app.engine.children(&run));
    }
    views.sort_by(|a, b| a.due.cmp(&b.due));
    Ok(views)
}
