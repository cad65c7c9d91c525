//! Incidents, with the clocks that their runs started.

use axum::{
    Json,
    extract::{Path, State},
};
use stanch_model::{
    RunId, StreamId,
    api::{DeadlineView, IncidentSummary, IncidentView, Note, Page},
    run::body::DeadlineStarted,
};
use stanch_response::{
    deadline::{Deadline, Settled},
    incident::Incident,
};

use super::body::Asked;
use crate::{
    app::{App, Shared},
    problem::Refused,
    recent::{self, Paging},
};

/// Entries of an incident that are read: they are written by hand or once per alert.
const ENTRIES: usize = 10_000;

/// `GET /v1/incidents`
pub(super) async fn list(
    State(app): State<Shared>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<IncidentSummary>>, Refused> {
    let found = recent::streams(&*app.journal, "incident/", &paging)?;
    let mut items = Vec::with_capacity(found.ids.len());
    for id in &found.ids {
        items.extend(incident(&app, id)?.map(|incident| incident.summary(app.mode)));
    }
    Ok(Json(Page { items, next: found.next }))
}

/// `GET /v1/incidents/{id}`
pub(super) async fn show(
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<IncidentView>, Refused> {
    let id = full(&app, &id)?;
    let found =
        incident(&app, &id)?.ok_or_else(|| Refused::not_found(format!("there is no incident {id}")))?;
    Ok(Json(IncidentView {
        summary: found.summary(app.mode),
        lead: found.lead.clone(),
        alerts: found.alerts.clone(),
        deadlines: clocks(&app, &found)?,
        notes: found.notes.clone(),
    }))
}

/// `GET /v1/deadlines`
pub(super) async fn deadlines(State(app): State<Shared>) -> Result<Json<Page<DeadlineView>>, Refused> {
    let mut items = Vec::new();
    for id in recent::streams(&*app.journal, "incident/", &Paging::default())?.ids {
        if let Some(incident) = incident(&app, &id)?.filter(|incident| incident.closed.is_none()) {
            items.extend(clocks(&app, &incident)?);
        }
    }
    items.sort_by(|a, b| a.due.cmp(&b.due));
    Ok(Json(Page { items, next: None }))
}

/// The id that a prefix or the last letters name, if they name one of the newest.
fn full(app: &App, text: &str) -> Result<String, Refused> {
    let wanted = text.to_ascii_uppercase();
    if app.journal.stream(&StreamId::incident(&wanted))?.is_some() {
        return Ok(wanted);
    }
    let newest = recent::streams(&*app.journal, "incident/", &Paging::default())?.ids;
    let mut fitting = newest.into_iter().filter(|id| id.starts_with(&wanted) || id.ends_with(&wanted));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) if wanted.len() >= 4 => Ok(one),
        (Some(_), Some(_)) => Err(Refused::bad(format!("more than one incident is meant by {text}"))),
        _ => Err(Refused::not_found(format!("there is no incident {text}"))),
    }
}

fn incident(app: &App, id: &str) -> Result<Option<Incident>, Refused> {
    let entries = app.journal.read(&StreamId::incident(id), 1, ENTRIES)?;
    Ok(Incident::of(&entries))
}

/// The clocks of an incident, earliest due first. Two runs that started the same one count once.
fn clocks(app: &App, incident: &Incident) -> Result<Vec<DeadlineView>, Refused> {
    let mut views: Vec<DeadlineView> = Vec::new();
    for run in &incident.runs {
        for started in app.engine.view(&RunId(run.clone()))?.deadlines {
            let view = clock(app, incident, &started);
            if !views.iter().any(|known| known.id == view.id) {
                views.push(view);
            }
        }
    }
    views.sort_by(|a, b| a.due.cmp(&b.due));
    Ok(views)
}

fn clock(app: &App, incident: &Incident, started: &DeadlineStarted) -> DeadlineView {
    let id = match started.to.as_str() {
        "" => started.deadline.clone(),
        to => format!("{}:{to}", started.deadline),
    };
    let settled = incident.settled.iter().rev().find(|(deadline, ..)| *deadline == id);
    let state = stands(started, settled.map(|(_, body, at)| (body.waived, at.as_str())), app.now());
    DeadlineView {
        incident: incident.id.clone(),
        rule: started.deadline.clone(),
        title: started.title.clone(),
        anchor: started.anchor.clone(),
        due: started.due.clone(),
        state,
        settled: settled.map(|(_, body, at)| Note {
            at: at.clone(),
            by: body.by.clone(),
            text: body.reason.clone(),
        }),
        id,
    }
}

fn stands(started: &DeadlineStarted, settled: Option<(bool, &str)>, now: jiff::Timestamp) -> String {
    let (Ok(anchor), Ok(due)) = (started.anchor.parse(), started.due.parse()) else {
        return "unknown".to_owned();
    };
    let settled = settled.map(|(waived, at)| Settled {
        waived,
        at: at.parse().unwrap_or(now),
        by: String::new(),
        reason: String::new(),
    });
    let clock = Deadline {
        id: String::new(),
        title: String::new(),
        to: String::new(),
        from: String::new(),
        anchor,
        due,
        settled,
    };
    clock.state(now).as_str().to_owned()
}
