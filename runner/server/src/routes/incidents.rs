//! Incidents, and what people write on them.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use http::StatusCode;
use serde::Serialize;
use stanch_journal::{StreamAppend, With};
use stanch_model::{
    NewEntry, StreamId,
    api::{IncidentSummary, IncidentView, NoteBody, Page, Recorded},
    incident::{Noted, kind},
    shortened,
};
use stanch_response::{incident::Incident, notice::clean};

use super::{
    body::{Asked, Body},
    deadlines::clocks,
};
use crate::{
    app::{App, Shared},
    auth::Caller,
    problem::Refused,
    recent::{self, Paging},
};

/// Entries of an incident that are read: they are written by hand or once per alert.
const ENTRIES: usize = 10_000;

/// Longer notes are files, and belong elsewhere.
const LONGEST: usize = 10_000;

/// `GET /v1/incidents`
pub(super) async fn list(
    State(app): State<Shared>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<IncidentSummary>>, Refused> {
    let found = recent::streams(&*app.journal, "incident/", &paging)?;
    let mut items = Vec::with_capacity(found.ids.len());
    for id in &found.ids {
        items.extend(read(&app, id)?.map(|incident| incident.summary(app.mode)));
    }
    Ok(Json(Page { items, next: found.next }))
}

/// `GET /v1/incidents/{id}`
pub(super) async fn show(
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<IncidentView>, Refused> {
    let found = find(&app, &id)?;
    Ok(Json(IncidentView {
        summary: found.summary(app.mode),
        lead: found.lead.clone(),
        alerts: found.alerts.clone(),
        deadlines: clocks(&app, &found)?,
        notes: found.notes.clone(),
        closed: found.closed.clone(),
        reopened: found.reopened.clone(),
    }))
}

/// `POST /v1/incidents/{id}/notes`
pub(super) async fn note(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<NoteBody>,
) -> Result<Json<Recorded>, Refused> {
    let incident = find(&app, &id)?;
    let text = text(&body.text)?;
    if text.is_empty() {
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "empty", "the note says nothing"));
    }
    let noted = Noted { by: caller.name.clone(), text };
    // a sender that heard no answer sends again: the same words at once after themselves are the same note
    if incident.notes.last().is_some_and(|last| last.by == noted.by && last.text == noted.text) {
        return Ok(known(&app, &caller));
    }
    append(&app, &caller, &incident.id, kind::NOTED, &noted).await
}

/// What a person writes, without what would steer a terminal.
pub(super) fn text(written: &str) -> Result<String, Refused> {
    let text = clean(written.trim());
    if text.chars().count() > LONGEST {
        let message = format!("the text is longer than {LONGEST} characters");
        return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
            .help("write what matters, and where the rest lies"));
    }
    Ok(text)
}

/// The incident of this id; its beginning or its last letters will do.
pub(super) fn find(app: &App, id: &str) -> Result<Incident, Refused> {
    let id = full_id(app, id)?;
    read(app, &id)?.ok_or_else(|| Refused::not_found(format!("there is no incident {id}")))
}

/// The whole id of an incident that is written in part.
pub(super) fn full_id(app: &App, text: &str) -> Result<String, Refused> {
    let whole = text.trim().to_ascii_uppercase();
    if app.journal.stream(&StreamId::incident(&whole))?.is_some() {
        return Ok(whole);
    }
    let newest = recent::streams(&*app.journal, "incident/", &Paging::most())?.ids;
    Ok(shortened::the_one("incident", text, newest.into_iter().rev())?)
}

/// The incident of this whole id.
pub(super) fn read(app: &App, id: &str) -> Result<Option<Incident>, Refused> {
    let entries = app.journal.read(&StreamId::incident(id), 1, ENTRIES)?;
    Ok(Incident::of(&entries))
}

/// Writes an entry of an incident; durable when it returns.
pub(super) async fn append(
    app: &App,
    caller: &Caller,
    incident: &str,
    kind: &'static str,
    body: &impl Serialize,
) -> Result<Json<Recorded>, Refused> {
    append_all(app, caller, incident, vec![NewEntry::new(kind, body)]).await
}

/// Writes entries of an incident together; durable when it returns.
pub(super) async fn append_all(
    app: &App,
    caller: &Caller,
    incident: &str,
    entries: Vec<NewEntry>,
) -> Result<Json<Recorded>, Refused> {
    let append = StreamAppend::new(StreamId::incident(incident), app.journal.epoch(), entries);
    let ticket = app.journal.append(vec![append], With::default())?;
    app.journal.durable_at(ticket.position).await?;
    Ok(Json(Recorded { new: true, by: caller.name.clone(), position: ticket.position }))
}

/// The answer to what the same person had said before.
pub(super) fn known(app: &App, caller: &Caller) -> Json<Recorded> {
    Json(Recorded { new: false, by: caller.name.clone(), position: app.journal.durable() })
}
