//! The intake: reading a delivery within its bounds, having it judged, having it made durable, and only then saying yes.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, future::join_all};
use http::{
    HeaderMap, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use stanch_engine::Accepted as Taken;
use stanch_integrations::source::{Accepted, AnswerBody, RawRequest, Refusal, Reply, Source, Trust};
use stanch_model::{
    Alert,
    api::{AcceptedAlert, AlertReceipt, AlertSummary, Page},
};

use super::{body::Asked, handed};
use crate::{
    app::{App, INTAKE_KIB, Shared},
    auth::Caller,
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
) -> Response {
    deliver(&app, &source, None, request, None).await
}

/// `POST /v1/alerts/{source}/{secret}`: for senders that can set no header. The address is never logged.
pub(super) async fn send_with_secret(
    State(app): State<Shared>,
    Path((source, secret)): Path<(String, String)>,
    request: Request,
) -> Response {
    deliver(&app, &source, Some(&secret), request, None).await
}

/// `POST /v1/alerts/{source}/by-hand`
pub(super) async fn by_hand(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(source): Path<String>,
    request: Request,
) -> Response {
    deliver(&app, &source, None, request, Some(&caller)).await
}

async fn deliver(
    app: &App,
    name: &str,
    secret: Option<&str>,
    request: Request,
    by: Option<&Caller>,
) -> Response {
    let takes = |source: &&Source| secret.is_none() || source.secret_in_path();
    let known = handed::source(app, name, by).and_then(|source| {
        Some(source).filter(takes).ok_or_else(|| {
            Refused::not_found(format!("there is no alert source `{name}`"))
                .help("sources stand under `alerts:` in stanch.yaml")
        })
    });
    let source = match known {
        Ok(source) => source,
        Err(refused) => {
            count(&app.metrics.refused);
            return refused.into_response();
        }
    };
    let trust = if by.is_some() { Trust::Person } else { Trust::Source };
    match judge(app, source, secret, request, by).await {
        Ok(said) => said.answer(source, trust),
        Err(no) => {
            count(&app.metrics.refused);
            no.answer(source, trust)
        }
    }
}

/// What became of a delivery.
enum Said {
    Receipt(AlertReceipt),
    Reply(Reply),
}

/// Why it was not taken.
enum No {
    /// The delivery is not what it should be.
    Refusal(Refusal),
    /// We could not take it.
    Refused(Refused),
}

impl From<Refused> for No {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl Said {
    /// As the sender expects to hear it.
    fn answer(self, source: &Source, trust: Trust) -> Response {
        match self {
            Self::Reply(Reply { media, body }) => ([(CONTENT_TYPE, media)], body).into_response(),
            Self::Receipt(receipt) => match source.yes() {
                (status, AnswerBody::Empty) if trust == Trust::Source => {
                    StatusCode::from_u16(status).unwrap_or(StatusCode::OK).into_response()
                }
                (status, _) if trust == Trust::Source => {
                    (StatusCode::from_u16(status).unwrap_or(StatusCode::OK), Json(receipt)).into_response()
                }
                _ => Json(receipt).into_response(),
            },
        }
    }
}

impl No {
    fn answer(self, source: &Source, trust: Trust) -> Response {
        match self {
            Self::Refusal(refusal) => match source.no(&refusal).filter(|_| trust == Trust::Source) {
                Some(document) => (StatusCode::BAD_REQUEST, Json(document)).into_response(),
                None => Refused::from(refusal).into_response(),
            },
            Self::Refused(refused) => refused.into_response(),
        }
    }
}

async fn judge(
    app: &App,
    source: &Source,
    secret: Option<&str>,
    request: Request,
    by: Option<&Caller>,
) -> Result<Said, No> {
    if app.is_stopping() {
        return Err(Refused::stopping().into());
    }
    let (head, body) = request.into_parts();
    let bytes = read(app, &head.headers, body, app.config.server.max_alert_bytes).await?;
    let raw = RawRequest {
        method: &head.method,
        headers: &head.headers,
        query: head.uri.query(),
        secret,
        body: &bytes,
    };
    let trust = if by.is_some() { Trust::Person } else { Trust::Source };
    let accepted = source.accept(raw, trust, app.now(), app.engine.integrations()).await;
    match accepted.map_err(No::Refusal)? {
        Accepted::Challenge(reply) => Ok(Said::Reply(reply)),
        Accepted::Ignored(why) => {
            Ok(Said::Receipt(AlertReceipt { ignored: Some(why), ..AlertReceipt::default() }))
        }
        Accepted::Alerts(alerts) => Ok(Said::Receipt(take(app, source, handed::named(alerts, by)).await?)),
    }
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
