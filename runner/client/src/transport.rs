//! Requests over TCP or over the Unix socket, as one thing.

use std::{path::PathBuf, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, stream::BoxStream};
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use stanch_model::api::{CHANNEL, Problem, ProblemBody};
use url::Url;

use crate::ClientError;

/// Where a server is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// On the network.
    Url {
        /// `http://127.0.0.1:7300`, or `https://…` behind a proxy.
        url: String,
        /// What to show; some addresses answer without.
        token: Option<String>,
    },
    /// On this machine: `api.sock` in its data folder.
    Socket(PathBuf),
}

/// PEM for a server of one's own authority.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trust {
    /// Authorities besides the system's.
    pub authority: Option<Vec<u8>>,
    /// Our certificate and its key in one text, where the server asks for one.
    pub identity: Option<Vec<u8>>,
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Url { url, .. } => f.write_str(url),
            Self::Socket(path) => write!(f, "{}", path.display()),
        }
    }
}

const CONNECT: Duration = Duration::from_secs(5);

/// Longer than the server lets a request take.
const WHOLE: Duration = Duration::from_secs(40);

/// A page of a list is smaller.
const MOST: usize = 256 * 1024 * 1024;

pub(crate) struct Transport {
    location: Location,
    base: Url,
    http: Option<reqwest::Client>,
    /// What the client says that it is.
    channel: Option<HeaderValue>,
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.location.fmt(f)
    }
}

/// What is asked.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is answered, its body still to come.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: BoxStream<'static, Result<Bytes, String>>,
}

impl Transport {
    pub(crate) fn new(location: Location, trust: &Trust) -> Result<Self, ClientError> {
        let text = match &location {
            Location::Url { url, .. } => url.as_str(),
            Location::Socket(_) => "http://localhost",
        };
        let base =
            Url::parse(text).map_err(|why| ClientError::Location(format!("`{text}` is not a URL: {why}")))?;
        if !matches!(base.scheme(), "http" | "https") || base.cannot_be_a_base() {
            return Err(ClientError::Location(format!("`{text}` is not an http or https URL")));
        }
        let http = match &location {
            Location::Url { .. } => Some(http(&base, trust)?),
            Location::Socket(_) => None,
        };
        Ok(Self { location, base, http, channel: None })
    }

    /// The same, saying what it is with every request.
    pub(crate) fn saying(self, channel: &'static str) -> Self {
        Self { channel: Some(HeaderValue::from_static(channel)), ..self }
    }

    /// For messages.
    pub(crate) fn at(&self) -> String {
        format!("{:?}", self.location)
    }

    /// A request to a path of segments, each escaped.
    pub(crate) fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> Request {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut headers = HeaderMap::new();
        if let Some(channel) = &self.channel {
            headers.insert(CHANNEL, channel.clone());
        }
        Request { method, url, headers, body: Bytes::new() }
    }

    /// Sends, and waits for the head of the answer. An answer that is not 2xx becomes a refusal.
    pub(crate) async fn send(&self, request: Request) -> Result<Reply, ClientError> {
        let unreachable = |why: String| ClientError::Unreachable { at: self.at(), why };
        let reply = match (&self.http, &self.location) {
            (Some(http), Location::Url { token, .. }) => over_net(http, token.as_deref(), request).await,
            (_, Location::Socket(path)) => over_socket(path, request).await,
            (None, Location::Url { .. }) => Err("no connection".to_owned()),
        };
        let reply = reply.map_err(unreachable)?;
        if (200..300).contains(&reply.status) {
            return Ok(reply);
        }
        let status = reply.status;
        let bytes = self.collect(reply).await?;
        let problem = match serde_json::from_slice::<Problem>(&bytes) {
            Ok(problem) => problem.error,
            Err(_) => unknown(status, &bytes),
        };
        Err(ClientError::Refused { status, problem: Box::new(problem) })
    }

    /// The whole body.
    pub(crate) async fn collect(&self, reply: Reply) -> Result<Vec<u8>, ClientError> {
        let broken = |why: String| ClientError::Unreachable { at: self.at(), why };
        let reading = async {
            let mut body = reply.body;
            let mut whole = Vec::new();
            while let Some(chunk) = body.next().await {
                whole.extend_from_slice(&chunk?);
                if whole.len() > MOST {
                    return Err("the answer does not end".to_owned());
                }
            }
            Ok(whole)
        };
        let whole = tokio::time::timeout(WHOLE, reading).await;
        whole.map_err(|_| broken("the answer broke off".to_owned()))?.map_err(broken)
    }
}

/// A proxy or another program answered.
fn unknown(status: u16, bytes: &[u8]) -> ProblemBody {
    let text: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).take(200).collect();
    ProblemBody {
        code: "unknown".to_owned(),
        message: format!("HTTP {status}: {text}"),
        help: None,
        field: None,
    }
}

fn http(base: &Url, trust: &Trust) -> Result<reqwest::Client, ClientError> {
    // the first one wins; a second installation is the same provider
    let _ = rustls::crypto::ring::default_provider().install_default();
    let loopback = match base.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let mut builder =
        reqwest::Client::builder().connect_timeout(CONNECT).redirect(reqwest::redirect::Policy::none());
    if loopback {
        builder = builder.no_proxy();
    }
    let wrong = |what: &str, why: reqwest::Error| {
        ClientError::Location(format!("{what} cannot be used: {}", deepest(&why)))
    };
    if let Some(pem) = &trust.authority {
        let known = reqwest::Certificate::from_pem_bundle(pem).map_err(|why| wrong("the authority", why))?;
        builder = builder.tls_certs_merge(known);
    }
    if let Some(pem) = &trust.identity {
        builder =
            builder.identity(reqwest::Identity::from_pem(pem).map_err(|why| wrong("our certificate", why))?);
    }
    builder.build().map_err(|why| ClientError::Location(format!("no connection can be made: {why}")))
}

async fn over_net(http: &reqwest::Client, token: Option<&str>, request: Request) -> Result<Reply, String> {
    let mut builder = http.request(request.method, request.url).headers(request.headers).body(request.body);
    if let Some(token) = token {
        builder = builder.bearer_auth(token);
    }
    let head = tokio::time::timeout(WHOLE, builder.send()).await;
    let response = head.map_err(|_| "no answer in time".to_owned())?.map_err(|why| deepest(&why))?;
    let status = response.status().as_u16();
    let body = response.bytes_stream().map(|chunk| chunk.map_err(|why| deepest(&why)));
    Ok(Reply { status, body: body.boxed() })
}

/// `error sending request for url (…)` says nothing; what lies beneath does.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

async fn over_socket(path: &PathBuf, request: Request) -> Result<Reply, String> {
    let stream = tokio::time::timeout(CONNECT, tokio::net::UnixStream::connect(path)).await;
    let stream = stream.map_err(|_| "no answer in time".to_owned())?.map_err(|why| why.to_string())?;
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|why| why.to_string())?;
    tokio::spawn(connection);
    let target = &request.url[url::Position::BeforePath..];
    let mut out = hyper::Request::builder().method(request.method).uri(target);
    if let Some(headers) = out.headers_mut() {
        *headers = request.headers;
        headers.insert(http::header::HOST, http::HeaderValue::from_static("localhost"));
    }
    let out = out.body(Full::new(request.body)).map_err(|why| why.to_string())?;
    let head = tokio::time::timeout(WHOLE, sender.send_request(out)).await;
    let response = head.map_err(|_| "no answer in time".to_owned())?.map_err(|why| deepest(&why))?;
    let status = response.status().as_u16();
    let body = response.into_body().into_data_stream().map(|chunk| chunk.map_err(|why| deepest(&why)));
    Ok(Reply { status, body: body.boxed() })
}
