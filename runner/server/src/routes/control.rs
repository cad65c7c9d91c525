//! Holding back, letting go, ending, pinning anew.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use stanch_engine::Receipt;
use stanch_model::{
    api::{ExtendBody, ReasonBody, Recorded, ScopeBody, UndoPlan, Undoing},
    duration,
};

use super::{
    body::{Body, Maybe},
    cards::recorded,
    closing,
};
use crate::{app::Shared, auth::Caller, problem::Refused};

type Answer = Result<Json<Recorded>, Refused>;

/// `POST /v1/runs/{id}/pause`
pub(super) async fn pause_run(app: State<Shared>, caller: Extension<Caller>, id: Path<String>) -> Answer {
    hold_run(app, caller, id, true).await
}

/// `POST /v1/runs/{id}/resume`
pub(super) async fn resume_run(app: State<Shared>, caller: Extension<Caller>, id: Path<String>) -> Answer {
    hold_run(app, caller, id, false).await
}

async fn hold_run(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    paused: bool,
) -> Answer {
    let run = app.engine.find(&id)?;
    Ok(recorded(&caller, app.engine.pause(&run, paused, caller.by()).await?))
}

/// `POST /v1/runs/{id}/cancel`
pub(super) async fn cancel(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Maybe(body): Maybe<ReasonBody>,
) -> Answer {
    let run = app.engine.find(&id)?;
    let reason = body.reason.unwrap_or_default();
    Ok(recorded(&caller, app.engine.cancel(&run, caller.by(), &reason).await?))
}

/// `GET /v1/runs/{id}/undo`
pub(super) async fn undo_plan(
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<UndoPlan>, Refused> {
    let run = app.engine.find(&id)?;
    Ok(Json(app.engine.undo_plan(&run)?))
}

/// `POST /v1/runs/{id}/undo`
pub(super) async fn undo(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Maybe(body): Maybe<ReasonBody>,
) -> Result<Json<Undoing>, Refused> {
    let run = app.engine.find(&id)?;
    let reason = body.reason.unwrap_or_default();
    let _turn = closing::turn(&app, app.engine.view(&run)?.incident.as_deref()).await?;
    let undone = app.engine.undo(&run, caller.by(), &reason).await?;
    let Receipt { position, new } = undone.receipt;
    Ok(Json(Undoing { new, by: caller.name, position, run: undone.run.to_string() }))
}

/// `POST /v1/runs/{id}/extend`
pub(super) async fn extend(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Body(body): Body<ExtendBody>,
) -> Answer {
    let run = app.engine.find(&id)?;
    let by = duration::parse(&body.by).map_err(|why| Refused::bad(why.to_string()))?;
    if by.is_zero() {
        return Err(Refused::bad("a cut that lasts no longer is not extended").help("write 30m, 2h or 1d"));
    }
    let said = (caller.by(), body.reason.as_deref().unwrap_or_default());
    let receipt = app.engine.extend(&run, body.target.trim(), by, said).await?;
    Ok(recorded(&caller, receipt))
}

/// `POST /v1/runs/{id}/repin`
pub(super) async fn repin(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let run = app.engine.find(&id)?;
    Ok(recorded(&caller, app.engine.repin(&run, caller.by()).await?))
}

/// `POST /v1/pause`
pub(super) async fn pause(app: State<Shared>, caller: Extension<Caller>, body: Body<ScopeBody>) -> Answer {
    hold_scope(app, caller, body, true).await
}

/// `POST /v1/resume`
pub(super) async fn resume(app: State<Shared>, caller: Extension<Caller>, body: Body<ScopeBody>) -> Answer {
    hold_scope(app, caller, body, false).await
}

async fn hold_scope(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(body): Body<ScopeBody>,
    paused: bool,
) -> Answer {
    Ok(recorded(&caller, app.engine.pause_scope(&body.scope, paused, caller.by()).await?))
}
