//! The table of routes: the router, the authorisation and the OpenAPI page all come from it.

use std::time::{Duration, Instant};

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use http::{Method, StatusCode};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use stanch_model::api::Role;

use crate::{
    app::Shared,
    auth::{Caller, Door, unauthorised},
    login,
    metrics::count,
    problem::Refused,
};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody: it tells nothing.
    Open,
    /// Whoever proves to be the alert source.
    Source,
    /// Whoever has a link to it: what it opens stands in it, signed.
    Link,
    /// Whoever is logged in, in a browser; everybody else is led to the login.
    Browser,
    /// A person of at least this role.
    Role(Role),
}

/// How long a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lasts {
    /// Seconds.
    Short,
    /// Until somebody hangs up.
    Stream,
}

/// Longer than any wait for the disk.
const PATIENCE: Duration = Duration::from_secs(30);

type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One route.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) access: Access,
    pub(crate) query: &'static [(&'static str, &'static str)],
    pub(crate) body: Option<SchemaOf>,
    pub(crate) answer: Option<SchemaOf>,
    pub(crate) media: &'static str,
    pub(crate) lasts: Lasts,
    handler: MethodRouter<Shared>,
}

impl Route {
    pub(crate) fn get<H, T>(
        path: &'static str,
        operation: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        Self::new((Method::GET, MethodFilter::GET), path, (operation, summary), handler)
    }

    pub(crate) fn post<H, T>(
        path: &'static str,
        operation: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        Self::new((Method::POST, MethodFilter::POST), path, (operation, summary), handler)
    }

    pub(crate) fn delete<H, T>(
        path: &'static str,
        operation: &'static str,
        summary: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        Self::new((Method::DELETE, MethodFilter::DELETE), path, (operation, summary), handler)
    }

    fn new<H, T>(
        (method, filter): (Method, MethodFilter),
        path: &'static str,
        (operation, summary): (&'static str, &'static str),
        handler: H,
    ) -> Self
    where
        H: Handler<T, Shared>,
        T: 'static,
    {
        Self {
            method,
            path,
            operation,
            summary,
            access: Access::Role(Role::Admin),
            query: &[],
            body: None,
            answer: None,
            media: "application/json",
            lasts: Lasts::Short,
            handler: on(filter, handler),
        }
    }

    /// Who may use it; only an admin unless said.
    pub(crate) fn may(self, least: Role) -> Self {
        Self { access: Access::Role(least), ..self }
    }

    pub(crate) fn open(self) -> Self {
        Self { access: Access::Open, ..self }
    }

    pub(crate) fn by_source(self) -> Self {
        Self { access: Access::Source, ..self }
    }

    pub(crate) fn by_link(self) -> Self {
        Self { access: Access::Link, ..self }
    }

    pub(crate) fn by_browser(self) -> Self {
        Self { access: Access::Browser, ..self }
    }

    pub(crate) fn query(self, query: &'static [(&'static str, &'static str)]) -> Self {
        Self { query, ..self }
    }

    pub(crate) fn takes<T: JsonSchema>(self) -> Self {
        Self { body: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    pub(crate) fn gives<T: JsonSchema>(self) -> Self {
        Self { answer: Some(SchemaGenerator::subschema_for::<T>), ..self }
    }

    pub(crate) fn media(self, media: &'static str) -> Self {
        Self { media, ..self }
    }

    pub(crate) fn streams(self) -> Self {
        Self { lasts: Lasts::Stream, ..self }.media("text/event-stream")
    }
}

/// The router of these routes.
pub(crate) fn router(routes: Vec<Route>, app: &Shared) -> Router {
    let mut router = Router::new();
    for route in routes {
        let rules = Rules { app: app.clone(), access: route.access, lasts: route.lasts };
        router = router.route(route.path, route.handler.layer(from_fn_with_state(rules, guard)));
    }
    router.fallback(nothing_here).method_not_allowed_fallback(not_like_this).with_state(app.clone())
}

#[derive(Clone)]
struct Rules {
    app: Shared,
    access: Access,
    lasts: Lasts,
}

async fn guard(State(rules): State<Rules>, mut request: Request, next: Next) -> Response {
    count(&rules.app.metrics.requests);
    // what alert sources can set is their senders' matter
    if rules.access != Access::Source
        && let Err(refused) = no_token_in(request.uri().query().unwrap_or_default())
    {
        return refused.into_response();
    }
    if let Access::Role(least) = rules.access {
        match admit(&rules.app, &request, least) {
            Ok(caller) => request.extensions_mut().insert(caller),
            Err(refused) => return refused.into_response(),
        };
    }
    match rules.lasts {
        Lasts::Stream => next.run(request).await,
        Lasts::Short => match tokio::time::timeout(PATIENCE, next.run(request)).await {
            Ok(response) => response,
            Err(_) => Refused::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", "this took too long")
                .help("it may have been done all the same: look before you ask again")
                .into_response(),
        },
    }
}

fn admit(app: &Shared, request: &Request, least: Role) -> Result<Caller, Refused> {
    let door = request.extensions().get::<Door>().unwrap_or(&Door::Net);
    let caller = Caller::of(door, request.headers(), &app.tokens)?;
    if !login::counts(app, &caller) {
        return Err(unauthorised("the login counts no more: its person is not known here any longer"));
    }
    app.callers.take(&caller.through.to_string(), 1, Instant::now()).map_err(Refused::too_fast)?;
    caller.must_be(least)?;
    Ok(caller)
}

/// A token in an address is one that logs and histories know: it is refused, so that nobody gets used to it.
fn no_token_in(query: &str) -> Result<(), Refused> {
    let is_token = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        value.contains("stanch_") || matches!(name, "access_token" | "bearer" | "token")
    };
    if !query.split('&').any(is_token) {
        return Ok(());
    }
    Err(Refused::new(StatusCode::BAD_REQUEST, "token_in_url", "there is a token in the address")
        .help("send `Authorization: Bearer <token>`; logs may hold this one by now, so end it: `stanch tokens revoke`"))
}

async fn nothing_here() -> Refused {
    Refused::not_found("there is nothing at this address").help("GET /openapi.json lists what there is")
}

async fn not_like_this() -> Refused {
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this address does not take that method")
        .help("GET /openapi.json lists what there is")
}
