//! Bodies of JSON and questions in the address, refused in our own words.

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Query, Request, rejection::JsonRejection},
};
use http::{StatusCode, request::Parts};
use serde::de::DeserializeOwned;

use crate::problem::Refused;

/// Axum's own bound, which holds everywhere but at the intake.
pub(super) const MOST: usize = 2 * 1024 * 1024;

/// A body that must be JSON of this shape.
pub(crate) struct Body<T>(pub(crate) T);

/// What stands behind the question mark.
pub(crate) struct Asked<T>(pub(crate) T);

/// A body of JSON, and an empty one is the default.
pub(crate) struct Maybe<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(Refused::bad("the body is not declared as JSON")
                    .help("send `Content-Type: application/json`"))
            }
            Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(Refused::too_large(MOST))
            }
            Err(rejection) => Err(Refused::bad(rejection.body_text())),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Maybe<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        let bytes = bytes::Bytes::from_request(request, state).await.map_err(|_| Refused::too_large(MOST))?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| Refused::bad(format!("the body does not fit: {error}")))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Refused::bad(rejection.body_text())),
        }
    }
}
