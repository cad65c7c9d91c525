//! How the server is, for people and for machines.

use std::collections::BTreeMap;

use axum::{
    Extension, Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use stanch_journal::Cursor;
use stanch_model::{
    api::{Me, Status},
    run::RunState,
};

use crate::{
    app::{App, Shared, mode_word},
    auth::Caller,
    metrics,
    problem::Refused,
    recent, siem,
};

/// Unfinished runs that are counted.
const RUNS: usize = 100_000;

/// Those among them that are looked into.
const LOOKED_AT: usize = 10_000;

/// `GET /v1/me`
pub(super) async fn me(Extension(caller): Extension<Caller>) -> Json<Me> {
    let Caller { name, role, through, until, .. } = caller;
    Json(Me { name, role, through: through.to_string(), until })
}

/// `GET /v1/status`
pub(super) async fn status(State(app): State<Shared>) -> Result<Json<Status>, Refused> {
    let rows = app.engine.runs(true, RUNS)?;
    let mut cards = 0;
    for row in rows.iter().filter(|row| row.state != RunState::Running).take(LOOKED_AT) {
        cards += app.summaries.line(&app.engine, row)?.cards.len() as u64;
    }
    Ok(Json(Status {
        version: format!("stanch {}", env!("CARGO_PKG_VERSION")),
        mode: mode_word(app.mode).to_owned(),
        paused: app.engine.paused_scopes(),
        runs: tally(&app)?,
        cards,
        incidents: recent::open_incidents(&*app.journal)?,
        cursor: Cursor::after(app.journal.durable()).to_string(),
        now: app.now().to_string(),
        changed: app.files.changed().iter().map(|path| path.display().to_string()).collect(),
        heartbeat: app.pulses.lock().clone(),
        returned: app.told.came_back(app.now()),
    }))
}

fn tally(app: &App) -> Result<BTreeMap<String, u64>, Refused> {
    let mut tally = BTreeMap::new();
    for row in app.engine.runs(true, RUNS)? {
        *tally.entry(row.state.as_str().to_owned()).or_insert(0) += 1;
    }
    Ok(tally)
}

/// For every sort of thing that a person is needed for: how many there are, and for how many seconds the oldest has waited.
fn oldest(app: &App) -> Result<BTreeMap<&'static str, (u64, f64)>, Refused> {
    let now = app.now();
    let age =
        |since: &str| since.parse::<jiff::Timestamp>().map_or(0.0, |at| now.duration_since(at).as_secs_f64());
    let mut oldest: BTreeMap<&'static str, (u64, f64)> = BTreeMap::new();
    let mut add = |what, since: &str| {
        let (count, longest) = oldest.entry(what).or_default();
        *count += 1;
        *longest = longest.max(age(since));
    };
    for row in
        app.engine.runs(true, RUNS)?.iter().filter(|row| row.state != RunState::Running).take(LOOKED_AT)
    {
        let line = app.summaries.line(&app.engine, row)?;
        line.cards.iter().for_each(|card| add(card.wait.kind.as_str(), &card.wait.since));
        let stands = line.summary.waits.iter().filter(|waiting| waiting.person && waiting.wait.is_none());
        stands.for_each(|waiting| add(row.state.as_str(), &waiting.since));
    }
    Ok(oldest)
}

/// `GET /healthz`
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`
pub(super) async fn ready(State(app): State<Shared>) -> Response {
    let why = if app.is_stopping() {
        "stopping"
    } else if app.journal.stats().full {
        "the disk of the journal is full"
    } else {
        return "ready\n".into_response();
    };
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response()
}

/// How old the last backup is, where one was taken: `stanch journal backup` leaves a note in the folder.
fn backup_age(app: &App) -> String {
    #[derive(serde::Deserialize)]
    struct Backup {
        time: jiff::Timestamp,
    }
    let note = app.data.as_ref().and_then(|data| std::fs::read(data.join("last-backup")).ok());
    let Some(backup) = note.and_then(|note| serde_json::from_slice::<Backup>(&note).ok()) else {
        return String::new();
    };
    let age = jiff::Timestamp::now().duration_since(backup.time).as_secs_f64();
    format!(
        "# HELP stanch_backup_age_seconds Age of the last backup that was taken with stanch.\n# TYPE stanch_backup_age_seconds gauge\nstanch_backup_age_seconds {age:.0}\n"
    )
}

/// `GET /metrics`
pub(super) async fn figures(State(app): State<Shared>) -> Result<Response, Refused> {
    let runs: Vec<(String, u64)> = tally(&app)?.into_iter().collect();
    let mut text = app.metrics.render(&app.journal.stats(), &runs);
    text.push_str(&metrics::waiting(&oldest(&app)?));
    text.push_str(&backup_age(&app));
    text.push_str(&siem::render(&app.copies, app.journal.durable()));
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}
