//! The event stream: entries of the journal as they become durable, resumable by cursor, gap-free, at least once.
//!
//! Nothing is buffered for a follower: each reads the journal at its own pace, so a slow one costs nobody anything.

use std::{convert::Infallible, time::Duration};

use axum::{
    extract::{Path, State},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::{Stream, stream};
use http::{HeaderMap, HeaderValue, StatusCode, header::CACHE_CONTROL};
use serde::Deserialize;
use stanch_journal::{Cursor, Follower};
use stanch_model::{Entry, api};
use tokio::sync::{OwnedSemaphorePermit, watch};

use super::body::Asked;
use crate::{
    app::{App, Shared},
    problem::Refused,
    views,
};

/// A sign of life for proxies, and for followers to see that the line holds.
const BEAT: Duration = Duration::from_secs(10);

/// Streams that a follower may see. Inboxes repeat what their streams say once it is taken up; sources are not news.
const SHOWN: &[&str] =
    &["run/", "incident/", "alert/", "system", "people", "tell", "pause/", "config", "notices"];

/// From where, and what.
#[derive(Debug, Default, Deserialize)]
pub(super) struct From {
    cursor: Option<String>,
    stream: Option<String>,
    last: Option<u64>,
}

/// So far back a follower may begin without a cursor.
const FAR: u64 = 5_000;

/// `GET /v1/events`
pub(super) async fn all(
    State(app): State<Shared>,
    Asked(from): Asked<From>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let prefix = from.stream.clone().unwrap_or_default();
    let back = from.last.unwrap_or(0).min(FAR);
    follow(&app, &prefix, &from, &headers, Cursor::after(app.journal.durable().saturating_sub(back)))
}

/// `GET /v1/runs/{id}/events`
pub(super) async fn run(
    State(app): State<Shared>,
    Path(id): Path<String>,
    Asked(from): Asked<From>,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let run = app.engine.find(&id)?;
    // a run is followed from its first entry: there is no other place from which it can be understood
    follow(&app, &format!("run/{run}"), &from, &headers, Cursor::START)
}

fn follow(
    app: &App,
    prefix: &str,
    from: &From,
    headers: &HeaderMap,
    usual: Cursor,
) -> Result<Response, Refused> {
    let busy = |_| Refused::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "too many followers").retry_after(5);
    let turn = app.followers.clone().try_acquire_owned().map_err(busy)?;
    let cursor = start(app, from, headers)?.unwrap_or(usual);
    let following = Following {
        // the place itself comes first: a line that breaks before the first entry resumes there
        place: Some(cursor),
        follower: app.journal.follow(prefix, cursor),
        stopping: app.stopping.clone(),
        _turn: turn,
    };
    let events = Sse::new(events(following)).keep_alive(KeepAlive::new().interval(BEAT).text("beat"));
    let mut response = events.into_response();
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Where a follower left off, by its own word.
fn start(app: &App, from: &From, headers: &HeaderMap) -> Result<Option<Cursor>, Refused> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let Some(text) = last.or(from.cursor.as_deref()) else { return Ok(None) };
    let cursor: Cursor = text.parse().map_err(|_| Refused::bad(format!("`{text}` is not a cursor")))?;
    if cursor.position() > app.journal.durable() {
        let message = "the cursor lies beyond the end of this journal";
        return Err(Refused::new(StatusCode::CONFLICT, "other_journal", message)
            .help("it was made by another journal: read the state anew, and follow from there"));
    }
    Ok(Some(cursor))
}

struct Following {
    place: Option<Cursor>,
    follower: Follower,
    stopping: watch::Receiver<bool>,
    _turn: OwnedSemaphorePermit,
}

fn events(following: Following) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(following, |mut following| async move {
        if let Some(place) = following.place.take() {
            return Some((Ok(Event::default().id(place.to_string())), following));
        }
        loop {
            let next = tokio::select! {
                biased;
                _ = following.stopping.wait_for(|stop| *stop) => return None,
                next = following.follower.next_async() => next,
            };
            match next {
                Ok(entry) if is_shown(entry.header.stream.as_str()) => {
                    let event = event(&entry, following.follower.cursor());
                    return Some((Ok(event), following));
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "a follower is let go");
                    return None;
                }
            }
        }
    })
}

/// Whether people may read this stream.
pub(super) fn is_shown(stream: &str) -> bool {
    SHOWN.iter().any(|prefix| stream.starts_with(prefix))
}

fn event(entry: &Entry, cursor: Cursor) -> Event {
    let cursor = cursor.to_string();
    let data = api::Event { cursor: cursor.clone(), entry: views::entry(entry) };
    let text = serde_json::to_string(&data).unwrap_or_default();
    Event::default().id(cursor).event("entry").data(text)
}
