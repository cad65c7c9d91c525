//! The intake: reading a delivery within its bounds, having it judged, having it made durable, and only then saying yes.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, Request, State},
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, future::join_all};
use http::{HeaderMap, StatusCode, header::CONTENT_LENGTH};
use serde_json::Value;
use stanch_engine::Accepted as Taken;
use stanch_model::{
    Alert,
    api::{AcceptedAlert, AlertReceipt, AlertSummary, Page},
};

use super::body::Asked;
use crate::{
    app::{App, INTAKE_KIB, Shared},
    auth::Caller,
    intake::{Accepted, RawRequest, Source, Trust},
    metrics::count,
    problem::Refused,
    recent,
};

/// A delivery must have come whole within this time.
const BODY: Duration = Duration::from_secs(10);

/// Read and thrown away of a delivery that is too large, so that its sender hears why instead of a reset.
const THROWN_AWAY: usize = 32 * 1024 * 1024;

/// `POST` and `GET /v1/alerts/{source}`
pub(super) async fn send(
    State(app): State<Shared>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Json<Value>, Refused> {
    deliver(&app, &source, request, Trust::Source).await
}

/// `POST /v1/alerts/{source}/by-hand`
pub(super) async fn by_hand(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(source): Path<String>,
    request: Request,
) -> Result<Json<Value>, Refused> {
    tracing::info!(by = caller.name, source, "an alert is handed in");
    deliver(&app, &source, request, Trust::Person).await
}

async fn deliver(app: &App, name: &str, request: Request, trust: Trust) -> Result<Json<Value>, Refused> {
    let answer = judge(app, name, request, trust).await;
    if answer.is_err() {
        count(&app.metrics.refused);
    }
    answer
}

async fn judge(app: &App, name: &str, request: Request, trust: Trust) -> Result<Json<Value>, Refused> {
    let source = app.sources.get(name).ok_or_else(|| {
        Refused::not_found(format!("there is no alert source `{name}`"))
            .help("sources stand under `alerts:` in stanch.yaml")
    })?;
    if app.is_stopping() {
        return Err(Refused::stopping());
    }
    let (head, body) = request.into_parts();
    let most = app.config.server.max_alert_bytes;
    let bytes = read(app, &head.headers, body, most).await?;
    let raw = RawRequest { method: &head.method, headers: &head.headers, body: &bytes };
    match source.accept(raw, trust, app.now())? {
        Accepted::Challenge(document) => Ok(Json(document)),
        Accepted::Ignored(why) => Ok(receipt(AlertReceipt { ignored: Some(why), ..AlertReceipt::default() })),
        Accepted::Alerts(alerts) => take(app, source, alerts).await.map(receipt),
    }
}

fn receipt(receipt: AlertReceipt) -> Json<Value> {
    Json(serde_json::to_value(receipt).unwrap_or_default())
}

/// Hands proven alerts to the engine, all at once so that they share a sync.
async fn take(app: &App, source: &Source, alerts: Vec<Alert>) -> Result<AlertReceipt, Refused> {
    let n = u32::try_from(alerts.len()).unwrap_or(u32::MAX);
    app.senders.take(&source.name, n, Instant::now()).map_err(Refused::too_fast)?;
    let taken = join_all(alerts.into_iter().map(|alert| app.engine.alert(alert))).await;
    let taken: Vec<AcceptedAlert> =
        taken.into_iter().map(|one| one.map(accepted)).collect::<Result<_, _>>()?;
    let repeated = taken.iter().filter(|alert| alert.duplicate).count();
    app.metrics.alerts.fetch_add(taken.len() as u64, Relaxed);
    app.metrics.duplicates.fetch_add(repeated as u64, Relaxed);
    Ok(AlertReceipt { duplicate: repeated == taken.len(), alerts: taken, ignored: None })
}

fn accepted(taken: Taken) -> AcceptedAlert {
    AcceptedAlert {
        id: taken.alert,
        duplicate: taken.duplicate,
        runs: taken.verdicts.into_iter().map(|verdict| verdict.run.0).collect(),
        incident: taken.incident,
    }
}

/// The whole body, within its bounds in size, time and memory.
async fn read(app: &App, headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Refused> {
    let declared: Option<usize> =
        headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length| length > most) {
        throw_away(body).await;
        return Err(too_large(most));
    }
    let kib = u32::try_from(declared.unwrap_or(most) / 1024 + 1).unwrap_or(u32::MAX);
    let busy = || {
        Refused::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many deliveries at once").retry_after(1)
    };
    let turn = tokio::time::timeout(BODY, app.intake.acquire_many(kib.min(INTAKE_KIB))).await;
    let _room = turn.map_err(|_| busy())?.map_err(|_| busy())?;
    match tokio::time::timeout(BODY, collect(body, declared.unwrap_or(0), most)).await {
        Ok(read) => read,
        Err(_) => Err(Refused::new(StatusCode::REQUEST_TIMEOUT, "slow", "the body did not come in time")),
    }
}

fn too_large(most: usize) -> Refused {
    Refused::too_large(most).help("`server.max_alert_bytes` in stanch.yaml sets the bound")
}

async fn collect(body: Body, declared: usize, most: usize) -> Result<Bytes, Refused> {
    let broken = |_| Refused::bad("the body broke off");
    let mut chunks = body.into_data_stream();
    let Some(first) = chunks.next().await.transpose().map_err(broken)? else { return Ok(Bytes::new()) };
    if first.len() == declared {
        return Ok(first);
    }
    let mut whole = BytesMut::with_capacity(declared.max(first.len()));
    let mut next = Some(first);
    while let Some(chunk) = next {
        if whole.len() + chunk.len() > most {
            throw_away(Body::from_stream(chunks)).await;
            return Err(too_large(most));
        }
        whole.extend_from_slice(&chunk);
        next = chunks.next().await.transpose().map_err(broken)?;
    }
    Ok(whole.freeze())
}

async fn throw_away(body: Body) {
    let mut chunks = body.into_data_stream();
    let reading = async {
        let mut left = THROWN_AWAY;
        while let (Some(Ok(chunk)), true) = (chunks.next().await, left > 0) {
            left = left.saturating_sub(chunk.len());
        }
    };
    let _ = tokio::time::timeout(BODY, reading).await;
}

/// `GET /v1/alerts`
pub(super) async fn list(
    State(app): State<Shared>,
    Asked(paging): Asked<recent::Paging>,
) -> Result<Json<Page<AlertSummary>>, Refused> {
    let found = recent::streams(&*app.journal, "alert/", &paging)?;
    let mut items = Vec::with_capacity(found.ids.len());
    for id in &found.ids {
        items.extend(recent::alert(&*app.journal, id)?);
    }
    Ok(Json(Page { items, next: found.next }))
}
