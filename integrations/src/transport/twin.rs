//! Plain HTTP and SMTP to the twins' loopback listeners.
//!
//! The connector ignores the URL's host and knows one address, which is loopback by construction: no URL, redirect,
//! proxy variable or credential can lead it elsewhere.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::Service;

use super::{Bounded, HttpResponse, SendError, cause};
use crate::{
    request::HttpRequest,
    time::{ScenarioClock, Tempo},
};

/// Names the integration that a request is for: the twins of all platforms share one listener.
const INTEGRATION: &str = "x-stanch-integration";

/// An address on loopback. There is no other way to make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Loopback(SocketAddr);

impl Loopback {
    fn new(address: SocketAddr) -> Result<Self, TwinTransportError> {
        if address.ip().is_loopback() { Ok(Self(address)) } else { Err(TwinTransportError(address)) }
    }

    pub(super) fn address(self) -> SocketAddr {
        self.0
    }
}

/// An address that no simulated platform may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a loopback address: simulated platforms live on loopback only")]
pub struct TwinTransportError(SocketAddr);

/// Plain HTTP and SMTP to two loopback listeners. Nothing in it can hold another address.
#[derive(Clone, Debug)]
pub struct TwinTransport {
    http: Loopback,
    mail: Option<Loopback>,
    client: Box<Client<Connector, Full<Bytes>>>,
    tempo: Tempo,
}

impl TwinTransport {
    /// A transport to the twins' HTTP listener, and to their SMTP listener if mail is simulated too.
    ///
    /// # Errors
    /// When an address is not on loopback.
    pub fn new(http: SocketAddr, mail: Option<SocketAddr>) -> Result<Self, TwinTransportError> {
        let http = Loopback::new(http)?;
        let mail = mail.map(Loopback::new).transpose()?;
        let mut inner = HttpConnector::new();
        inner.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .retry_canceled_requests(false)
            .build(Connector { to: http, inner });
        Ok(Self { http, mail, client: Box::new(client), tempo: Tempo::Wall })
    }

    /// The twins live by this clock, and so do all pauses and paces that are agreed with them.
    #[must_use]
    pub fn on_clock(mut self, clock: Arc<ScenarioClock>) -> Self {
        self.tempo = Tempo::Scenario(clock);
        self
    }

    pub(super) fn tempo(&self) -> &Tempo {
        &self.tempo
    }

    /// Where it connects to.
    pub fn addresses(&self) -> (SocketAddr, Option<SocketAddr>) {
        (self.http.address(), self.mail.map(Loopback::address))
    }

    pub(super) fn mail(&self) -> Option<Loopback> {
        self.mail
    }

    /// True for a URL at the twins' own address: they put it into links to the next page.
    pub(crate) fn is_at(&self, url: &url::Url) -> bool {
        url.host_str() == Some(self.http.0.ip().to_string().as_str())
            && url.port() == Some(self.http.0.port())
    }

    pub(super) async fn send(
        &self,
        integration: &str,
        request: &HttpRequest,
    ) -> Result<HttpResponse, SendError> {
        let no_connection =
            |words: String| SendError::NoConnection("the simulated platform".to_owned(), words);
        let mut path = request.url.path().to_owned();
        if let Some(query) = request.url.query() {
            path = format!("{path}?{query}");
        }
        let mut built = http::Request::builder()
            .method(request.method.as_str())
            .uri(format!("http://{}{path}", self.http.0))
            .header(INTEGRATION, integration)
            .body(Full::new(request.body.clone()))
            .map_err(|error| no_connection(error.to_string()))?;
        built.headers_mut().extend(request.headers.clone());
        let answer = self.client.request(built).await.map_err(|error| {
            let words = cause(&error);
            if error.is_connect() {
                no_connection(words)
            } else {
                SendError::Broken("the simulated platform".to_owned(), words)
            }
        })?;
        let (parts, mut incoming) = answer.into_parts();
        let mut body = Bounded::new("the simulated platform");
        while let Some(frame) = incoming.frame().await {
            let frame = frame
                .map_err(|error| SendError::Broken("the simulated platform".to_owned(), cause(&error)))?;
            if let Ok(chunk) = frame.into_data() {
                body.push(&chunk)?;
            }
        }
        Ok(HttpResponse { status: parts.status, headers: parts.headers, body: body.done() })
    }
}

/// Connects to its one address, whatever it is asked for.
#[derive(Clone)]
struct Connector {
    to: Loopback,
    inner: HttpConnector,
}

impl Service<http::Uri> for Connector {
    type Response = <HttpConnector as Service<http::Uri>>::Response;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<http::Uri>::poll_ready(&mut self.inner, context).map_err(Into::into)
    }

    fn call(&mut self, _asked: http::Uri) -> Self::Future {
        let uri = format!("http://{}/", self.to.0).parse::<http::Uri>();
        let mut inner = self.inner.clone();
        Box::pin(async move { inner.call(uri?).await.map_err(Into::into) })
    }
}
