//! What an administrator keeps: the configuration in force, legal holds, what is dropped.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use http::StatusCode;
use jiff::Timestamp;
use stanch_model::{
    api::{LegalHold, LegalHoldBody, Page, Recorded, Reloaded, RetainBody, Retained, Role},
    duration,
};

use super::{Route, body::Body, incidents};
use crate::{
    app::Shared,
    auth::Caller,
    problem::Refused,
    reload::{self, NotReloaded},
    retention::{self, Really},
};

/// What stands in the table of routes.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/reload", "reload", "Reads the configuration anew", reload)
            .may(Role::Admin)
            .gives::<Reloaded>(),
        Route::post(
            "/v1/retention",
            "retain",
            "Drops the bodies of what ended long ago; the chain still verifies",
            retain,
        )
        .may(Role::Admin)
        .takes::<RetainBody>()
        .gives::<Retained>(),
        Route::get("/v1/legal-holds", "listLegalHolds", "Incidents of which nothing is dropped", holds)
            .may(Role::Viewer)
            .gives::<Page<LegalHold>>(),
        Route::post(
            "/v1/incidents/{id}/legal-hold",
            "holdIncident",
            "Nothing of this incident is dropped from now on",
            hold,
        )
        .may(Role::Approver)
        .takes::<LegalHoldBody>()
        .gives::<Recorded>(),
        Route::post(
            "/v1/incidents/{id}/legal-hold/release",
            "releaseIncident",
            "Takes the legal hold off again",
            release,
        )
        .may(Role::Admin)
        .takes::<LegalHoldBody>()
        .gives::<Recorded>(),
    ]
}

/// `POST /v1/reload`
pub(super) async fn reload(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<Reloaded>, Refused> {
    reload::reload(&app, &caller.name).await.map(Json).map_err(|why| match why {
        NotReloaded::Journal(error) => error.into(),
        NotReloaded::NoFile => Refused::new(StatusCode::CONFLICT, "no_file", why.to_string()),
        NotReloaded::Mistakes(_) => {
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "mistakes", why.to_string()).help(
                "the old configuration is in force; mend the file, `stanch config check` shows the places",
            )
        }
    })
}

/// `POST /v1/retention`
pub(super) async fn retain(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<RetainBody>,
) -> Result<Json<Retained>, Refused> {
    let kept = duration::parse(&body.older_than).map_err(|why| Refused::bad(why.to_string()))?;
    let before = Timestamp::now().checked_sub(kept).map_err(|why| Refused::bad(why.to_string()))?;
    let really = if body.dry_run { Really::Look } else { Really::Drop };
    let (journal, by) = (app.journal.clone(), caller.name);
    let done = tokio::task::spawn_blocking(move || retention::retain(&journal, before, &by, really)).await;
    match done {
        Ok(done) => {
            app.summaries.forget();
            Ok(Json(done?))
        }
        Err(error) => Err(Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "retention", error.to_string())),
    }
}

/// `GET /v1/legal-holds`
pub(super) async fn holds(State(app): State<Shared>) -> Result<Json<Page<LegalHold>>, Refused> {
    let items = retention::standing(&app.journal)?.into_values().collect();
    Ok(Json(Page { items, next: None }))
}

/// `POST /v1/incidents/{id}/legal-hold`
pub(super) async fn hold(
    app: State<Shared>,
    caller: Extension<Caller>,
    id: Path<String>,
    body: Body<LegalHoldBody>,
) -> Result<Json<Recorded>, Refused> {
    say(app, caller, id, body, true).await
}

/// `POST /v1/incidents/{id}/legal-hold/release`
pub(super) async fn release(
    app: State<Shared>,
    caller: Extension<Caller>,
    id: Path<String>,
    body: Body<LegalHoldBody>,
) -> Result<Json<Recorded>, Refused> {
    say(app, caller, id, body, false).await
}

async fn say(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<LegalHoldBody>,
    held: bool,
) -> Result<Json<Recorded>, Refused> {
    let id = incidents::full_id(&app, &id)?;
    let reason = incidents::text(&body.reason)?;
    if reason.is_empty() {
        return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, "empty", "a legal hold needs a reason"));
    }
    let is_held = retention::standing(&app.journal)?.contains_key(&id);
    if is_held != held {
        retention::say(&app.journal, &id, held, &caller.name, &reason).await?;
    }
    Ok(Json(Recorded { new: is_held != held, by: caller.name, position: app.journal.durable() }))
}
