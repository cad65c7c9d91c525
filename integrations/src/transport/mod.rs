//! How bytes leave this machine: to allow-listed hosts, or to simulated platforms on loopback and to nothing else.
//!
//! The only modules that open connections are here and in `mail`, and `mail` connects where a [`MailRoute`] says. What leaves
//! through `outlet` goes to no platform.

mod live;
mod mail_route;
mod outlet;
mod twin;

pub use live::LiveTransport;
pub(crate) use live::Tls;
pub(crate) use mail_route::MailRoute;
pub use outlet::{Carrier, LineOutlet, OutletError, WebOutlet};
pub use twin::{TwinTransport, TwinTransportError};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use url::Url;

use crate::{request::HttpRequest, time::Tempo};

/// Largest answer that is read, per page.
pub(crate) const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// The one way out of an [`Integrations`](crate::Integrations).
#[derive(Clone, Debug)]
pub enum Transport {
    /// To the real platforms.
    Live(LiveTransport),
    /// To the simulated ones.
    Twin(TwinTransport),
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why there is no answer. The words never hold header values, queries or bodies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    /// Not in the allow-list: nothing was sent.
    #[error("{0} is not a host of this integration")]
    Host(String),
    /// No connection: nothing was sent.
    #[error("no connection to {0}: {1}")]
    NoConnection(String, String),
    /// The request (or part of it) went out.
    #[error("the connection to {0} broke: {1}")]
    Broken(String, String),
    /// The answer does not end within what we read.
    #[error("the answer of {0} is larger than {LARGEST_BODY} bytes")]
    TooLarge(String),
}

/// The hosts that one integration may talk to: scheme, host and port, or every name below one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hosts {
    exact: Vec<(String, String, u16)>,
    below: Vec<String>,
}

impl Hosts {
    pub(crate) fn allow(&mut self, url: &Url) {
        let entry = origin(url);
        if !self.exact.contains(&entry) {
            self.exact.push(entry);
        }
    }

    /// `*.logic.azure.com`, or one whole name.
    pub(crate) fn allow_below(&mut self, pattern: &str) {
        self.below.push(pattern.to_owned());
    }

    pub(crate) fn allows(&self, url: &Url) -> bool {
        self.exact.contains(&origin(url)) || self.below.iter().any(|pattern| is_below(url, pattern))
    }
}

/// Whether a URL's host is the pattern's, or below it where the pattern begins with `*.`.
pub(crate) fn is_below(url: &Url, pattern: &str) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    match pattern.strip_prefix("*.") {
        Some(above) => host.strip_suffix(above).is_some_and(|name| name.len() > 1 && name.ends_with('.')),
        None => host == pattern,
    }
}

/// For whom a request goes out, and how.
#[derive(Clone, Copy)]
pub(crate) struct Route<'a> {
    pub(crate) integration: &'a str,
    pub(crate) hosts: &'a Hosts,
    pub(crate) tls: Option<&'a Tls>,
}

fn origin(url: &Url) -> (String, String, u16) {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_owned();
    (url.scheme().to_owned(), host, url.port_or_known_default().unwrap_or(0))
}

impl Transport {
    /// Sends one request and reads its answer to the end. The caller bounds the time.
    pub(crate) async fn send(
        &self,
        route: Route<'_>,
        request: &HttpRequest,
    ) -> Result<HttpResponse, SendError> {
        if !route.hosts.allows(&request.url) {
            return Err(SendError::Host(request.url.host_str().unwrap_or_default().to_owned()));
        }
        match self {
            Self::Live(live) => live.send(request, route.tls).await,
            Self::Twin(twin) => twin.send(route.integration, request).await,
        }
    }

    /// True when nothing real can be reached.
    pub fn is_twin(&self) -> bool {
        matches!(self, Self::Twin(_))
    }

    /// Whose time it is that the platforms live by.
    pub(crate) fn tempo(&self) -> &Tempo {
        match self {
            Self::Twin(twin) => twin.tempo(),
            Self::Live(_) => &Tempo::Wall,
        }
    }
}

/// A body of bounded size, as it grows.
struct Bounded {
    host: String,
    bytes: BytesMut,
}

impl Bounded {
    fn new(host: &str) -> Self {
        Self { host: host.to_owned(), bytes: BytesMut::new() }
    }

    fn push(&mut self, chunk: &[u8]) -> Result<(), SendError> {
        if self.bytes.len() + chunk.len() > LARGEST_BODY {
            return Err(SendError::TooLarge(self.host.clone()));
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    fn done(self) -> Bytes {
        self.bytes.freeze()
    }
}

/// The chain of causes of an error, without the outermost text (which may hold a URL).
fn cause(error: &dyn std::error::Error) -> String {
    let mut words = Vec::new();
    let mut at = error.source();
    while let Some(inner) = at {
        words.push(inner.to_string());
        at = inner.source();
    }
    if words.is_empty() { "no further words".to_owned() } else { words.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_names_below_it_and_for_nothing_else() {
        let fits = |url: &str, pattern: &str| is_below(&url.parse().unwrap(), pattern);
        assert!(fits("https://a.b.logic.azure.com/x", "*.logic.azure.com"));
        assert!(fits("https://hooks.example/x", "hooks.example"));
        for (url, pattern) in [
            ("https://logic.azure.com/", "*.logic.azure.com"),
            ("https://evillogic.azure.com/", "*.logic.azure.com"),
            ("https://logic.azure.com.evil.example/", "*.logic.azure.com"),
            ("https://a.hooks.example/", "hooks.example"),
        ] {
            assert!(!fits(url, pattern), "{url}");
        }
    }
}
