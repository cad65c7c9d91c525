//! The routes: a ticket, the view, orders. Every request shows its code as a bearer token.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use stanch_model::api::{DrillOrder, DrillTicket, Problem};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{Code, Floor};
use crate::{DrillError, company, record::Line};

/// An order is short.
const MOST: usize = 64 * 1024;

/// The seats' address, before anybody is let in.
pub(crate) struct Door {
    listener: TcpListener,
    pub(crate) at: SocketAddr,
}

/// The same, at work; closed when dropped.
pub(crate) struct Opened(JoinHandle<()>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Door {
    /// Takes a port on loopback: the one of an earlier life where it is free, or else any.
    pub(crate) async fn find(before: Option<SocketAddr>) -> Result<Self, DrillError> {
        let again = match before.filter(|at| at.ip().is_loopback()) {
            Some(at) => TcpListener::bind(at).await.ok(),
            None => None,
        };
        let listener = match again {
            Some(listener) => listener,
            None => TcpListener::bind(("127.0.0.1", 0)).await.map_err(DrillError::Seats)?,
        };
        let at = listener.local_addr().map_err(DrillError::Seats)?;
        Ok(Self { listener, at })
    }

    /// Lets people in.
    pub(crate) fn open(self, floor: Arc<Floor>) -> Opened {
        let routes = Router::new()
            .route("/v1/drill", get(view))
            .route("/v1/drill/ticket", post(ticket))
            .route("/v1/drill/orders", post(order))
            .layer(DefaultBodyLimit::max(MOST))
            .with_state(floor);
        Opened(tokio::spawn(async move {
            if let Err(error) = axum::serve(self.listener, routes).await {
                tracing::error!(%error, "the seats' address is gone");
            }
        }))
    }
}

/// A no, with the way out.
#[derive(Debug)]
pub(super) struct No {
    pub(super) status: StatusCode,
    pub(super) problem: Problem,
}

impl No {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, problem: Problem::new(code, message) }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self { problem: self.problem.help(help), ..self }
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        (self.status, Json(self.problem)).into_response()
    }
}

/// Who asks.
fn caller<'a>(floor: &'a Floor, headers: &HeaderMap) -> Result<&'a Code, No> {
    let shown = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let code = shown.and_then(|shown| shown.strip_prefix("Bearer ")).and_then(|code| floor.codes.opens(code));
    let code = code.ok_or_else(|| {
        No::new(StatusCode::UNAUTHORIZED, "unauthorized", "this code opens no seat of this drill")
            .help("ask whoever started the drill for one")
    })?;
    if code.is_kept {
        floor.sits_again(code.seat);
    }
    floor.seen.lock().insert(code.seat, Instant::now());
    Ok(code)
}

async fn view(State(floor): State<Arc<Floor>>, headers: HeaderMap) -> Result<Response, No> {
    let code = caller(&floor, &headers)?;
    let view = floor.view(code);
    settled(&floor).await?;
    Ok(Json(view).into_response())
}

async fn ticket(State(floor): State<Arc<Floor>>, headers: HeaderMap) -> Result<Response, No> {
    let code = caller(&floor, &headers)?;
    let server = floor.server.read().clone();
    if server.is_empty() {
        return Err(No::new(StatusCode::SERVICE_UNAVAILABLE, "starting", "the server of the drill starts"));
    }
    let name = company::player(code.seat).to_owned();
    floor.sits(code.seat, &name);
    settled(&floor).await?;
    let token = floor.tokens.get(&name).cloned().unwrap_or_default();
    Ok(Json(DrillTicket { seat: code.seat, name, server, token }).into_response())
}

async fn order(
    State(floor): State<Arc<Floor>>,
    headers: HeaderMap,
    Json(order): Json<DrillOrder>,
) -> Result<Response, No> {
    let code = caller(&floor, &headers)?;
    if !order.is_of(code.seat) {
        let seat = code.seat;
        let no = No::new(StatusCode::FORBIDDEN, "forbidden", format!("the seat {seat} may not order this"));
        return Err(
            no.help("the clock, the plot and the faults are the facilitator's; hints are the players'")
        );
    }
    if let DrillOrder::ByHand { card } = &order {
        floor.hear_of(card).await;
    }
    let done = floor.carry_out(company::player(code.seat), order)?;
    settled(&floor).await?;
    floor.wake();
    Ok(Json(done).into_response())
}

/// What is answered is durable.
async fn settled(floor: &Floor) -> Result<(), No> {
    floor.stage.record.settle().await.map_err(|error| {
        No::new(StatusCode::SERVICE_UNAVAILABLE, "not_recorded", format!("the drill's journal: {error}"))
    })
}

impl Floor {
    /// Somebody who sat there before a death of ours is back: nobody stands in for them.
    fn sits_again(&self, seat: stanch_model::api::SeatKind) {
        let sat = |line: &Line| matches!(line, Line::Sat { seat: known, .. } if *known == seat);
        if !self.stage.sat.lock().contains(&seat) && self.stage.record.lines().iter().any(sat) {
            self.sits(seat, company::player(seat));
        }
    }

    /// Somebody sits down: nobody stands in for them from now on. Whoever comes back sat there before.
    pub(crate) fn sits(&self, seat: stanch_model::api::SeatKind, name: &str) {
        let sat = |line: &Line| matches!(line, Line::Sat { seat: known, .. } if *known == seat);
        self.stage.sit(name);
        if self.stage.sat.lock().insert(seat) && !self.stage.record.lines().iter().any(sat) {
            let at_ms = self.clock.now_ms();
            self.stage.record.write(Line::Sat { seat, who: name.to_owned(), at_ms });
        }
    }
}
