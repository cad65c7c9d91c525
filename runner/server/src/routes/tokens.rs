//! Tokens. Who made and revoked them is journaled; what they are is not.

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use http::StatusCode;
use stanch_model::api::{MadeToken, NewToken, Page, TokenInfo};

use super::body::Body;
use crate::{
    app::{App, Shared},
    auth::{Caller, TokenError},
    problem::Refused,
};

/// `GET /v1/tokens`
pub(super) async fn list(State(app): State<Shared>) -> Json<Page<TokenInfo>> {
    Json(Page { items: app.tokens.list(), next: None })
}

/// `POST /v1/tokens`
pub(super) async fn make(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewToken>,
) -> Result<Json<MadeToken>, Refused> {
    let made = app.tokens.make(&new).map_err(refused)?;
    journal(&app, "token.made", &made.info, &caller).await?;
    Ok(Json(made))
}

/// `DELETE /v1/tokens/{id}`
pub(super) async fn revoke(
    State(app): State<Shared>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Json<TokenInfo>, Refused> {
    let info = app.tokens.revoke(&id).map_err(refused)?;
    journal(&app, "token.revoked", &info, &caller).await?;
    Ok(Json(info))
}

async fn journal(app: &App, kind: &'static str, token: &TokenInfo, caller: &Caller) -> Result<(), Refused> {
    let body = serde_json::json!({ "token": token, "by": caller.name });
    Ok(app.people.append(kind, &body).await?)
}

fn refused(error: TokenError) -> Refused {
    let message = error.to_string();
    match error {
        TokenError::Name => Refused::bad(message),
        TokenError::Unknown(_) => Refused::not_found(message),
        TokenError::Io { .. } | TokenError::Broken { .. } | TokenError::Make(_) => {
            tracing::error!(%message, "tokens");
            Refused::new(StatusCode::INTERNAL_SERVER_ERROR, "tokens", message)
        }
    }
}
