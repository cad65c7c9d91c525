//! The entries of one stream of the journal, whole: what reports are made of.

use axum::{Json, extract::State};
use serde::Deserialize;
use stanch_model::{
    StreamId,
    api::{EntryView, Page},
};

use super::{body::Asked, events};
use crate::{app::Shared, problem::Refused, views};

/// Entries of a page unless asked for fewer, and at most.
const MOST: usize = 1000;

/// Which entries.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    stream: String,
    limit: Option<usize>,
    after: Option<u64>,
    last: Option<u64>,
}

/// `GET /v1/entries`
pub(super) async fn list(
    State(app): State<Shared>,
    Asked(which): Asked<Which>,
) -> Result<Json<Page<EntryView>>, Refused> {
    let Which { stream, limit, after, last } = which;
    let id = StreamId::from_stored(stream.clone());
    let nothing = || {
        let help = "a stream is run/ID, incident/ID, alert/ID or system; ids are written in full here";
        Refused::not_found(format!("there is no stream {stream}")).help(help)
    };
    if !events::is_shown(&stream) {
        return Err(nothing());
    }
    let known = app.journal.stream(&id)?.ok_or_else(nothing)?;
    let limit = limit.unwrap_or(MOST).clamp(1, MOST);
    let after = after.or(last.map(|last| known.version.saturating_sub(last))).unwrap_or(0);
    let found = app.journal.read(&id, after.saturating_add(1), limit)?;
    let next = found.last().map(|entry| entry.header.version).filter(|version| *version < known.version);
    Ok(Json(Page {
        items: found.iter().map(views::entry).collect(),
        next: next.map(|next| next.to_string()),
    }))
}
