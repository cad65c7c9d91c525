//! The HTTP listener: finds the platform that a request is for, or the control API, and does what came out of it.
//!
//! It speaks hyper directly because a fault must be able to end a connection without an answer.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming as Body, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, task::JoinSet};

use super::{
    INTEGRATION_HEADER,
    conn::Conn,
    control,
    script::Reply,
    shared::Shared,
    traffic::Visit,
    wire::{Incoming, Outgoing, to_http},
};

/// More than any platform takes from us.
const BODY_MAX: usize = 4 * 1024 * 1024;

/// Ends a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the fault asks for no answer")]
struct NoAnswer;

/// Serves connections until the task is aborted; its connections end with it.
pub(crate) async fn serve(listener: TcpListener, shared: Arc<Shared>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                // a refused option only costs time
                let _unsupported = stream.set_nodelay(true);
                connections.spawn(connection(stream, shared.traffic.visit(), shared.clone()));
            }
            // out of file descriptors: wait for some to come back
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn connection(stream: tokio::net::TcpStream, _visit: Visit, shared: Arc<Shared>) {
    let reset = Arc::new(AtomicBool::new(false));
    let io = TokioIo::new(Conn::new(stream, reset.clone()));
    let service = service_fn(move |request| answer(request, shared.clone(), reset.clone()));
    // an error here is a client that went away, or a fault
    let _ended = http1::Builder::new().serve_connection(io, service).await;
}

async fn answer(
    request: Request<Body>,
    shared: Arc<Shared>,
    reset: Arc<AtomicBool>,
) -> Result<Response<Full<Bytes>>, NoAnswer> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_MAX).collect().await else {
        return Ok(to_http(Reply::empty(413)));
    };
    let incoming = incoming(&parts, body.to_bytes());
    if incoming.path == "/_twin" || incoming.path.starts_with("/_twin/") {
        return Ok(to_http(control::answer(&incoming, &shared)));
    }
    match platform(incoming, &shared) {
        Outgoing::Answer(reply) => Ok(to_http(reply)),
        Outgoing::Late(wait, reply) => {
            shared.traffic.hold(wait).await;
            Ok(to_http(reply))
        }
        Outgoing::Silence(wait) => {
            shared.traffic.hold(wait).await;
            Err(NoAnswer)
        }
        Outgoing::Reset => {
            reset.store(true, Ordering::Relaxed);
            Err(NoAnswer)
        }
    }
}

/// Whoever reads a time in an answer compares it with the platform's own clock, which is this header.
fn dated(mut outgoing: Outgoing, now: jiff::Timestamp) -> Outgoing {
    if let Outgoing::Answer(reply) | Outgoing::Late(_, reply) = &mut outgoing {
        let date = httpdate::fmt_http_date(now.into());
        reply.headers.push(("date".to_owned(), date));
    }
    outgoing
}

fn incoming(parts: &http::request::Parts, body: Bytes) -> Incoming {
    let headers: BTreeMap<String, String> = parts
        .headers
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let query = parts.uri.query().unwrap_or_default();
    Incoming {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        base: format!("http://{}", headers.get("host").map_or("127.0.0.1", String::as_str)),
        headers,
        body,
    }
}

/// The platform that is named by the header, or by the first part of the path.
fn platform(mut incoming: Incoming, shared: &Shared) -> Outgoing {
    let name = match incoming.header(INTEGRATION_HEADER) {
        Some(name) => name.to_owned(),
        None => {
            let path = incoming.path.trim_start_matches('/').to_owned();
            let (name, rest) = path.split_once('/').unwrap_or((&path, ""));
            incoming.base = format!("{}/{name}", incoming.base);
            incoming.path = format!("/{rest}");
            name.to_owned()
        }
    };
    shared.settle();
    match shared.platforms.get(&name) {
        Some(platform) => {
            let answer = platform.lock().serve(&incoming, shared);
            dated(answer, shared.clock.now())
        }
        None => Outgoing::Answer(control::nowhere(&name, shared)),
    }
}
