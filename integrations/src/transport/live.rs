//! HTTPS to real platforms. Redirects are never followed; the caller has checked the host.

mod expiry;
mod tls;

use std::{sync::Once, time::Duration};

pub(crate) use self::tls::Tls;
use super::{Bounded, HttpResponse, SendError, cause};
use crate::request::HttpRequest;

/// HTTPS to the hosts that the configuration names, mail to the servers it names.
#[derive(Clone, Debug)]
pub struct LiveTransport {
    client: reqwest::Client,
}

/// rustls takes one process-wide choice of cryptography.
static CRYPTO: Once = Once::new();

impl LiveTransport {
    /// A transport with the system's root certificates.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, std::io::Error> {
        CRYPTO.call_once(|| {
            // Fails only when somebody chose before us, which is as good.
            drop(rustls::crypto::ring::default_provider().install_default());
        });
        let client = builder().build().map_err(|error| std::io::Error::other(cause(&error)))?;
        Ok(Self { client })
    }

    pub(crate) async fn send(
        &self,
        request: &HttpRequest,
        tls: Option<&Tls>,
    ) -> Result<HttpResponse, SendError> {
        let host = request.url.host_str().unwrap_or_default();
        let client = match tls {
            Some(tls) => tls.client(host).await?,
            None => self.client.clone(),
        };
        let method = reqwest::Method::from_bytes(request.method.as_str().as_bytes())
            .map_err(|error| SendError::NoConnection(host.to_owned(), error.to_string()))?;
        let sent = client
            .request(method, request.url.clone())
            .headers(request.headers.clone())
            .body(request.body.clone())
            .send()
            .await;
        let mut answer = sent.map_err(|error| {
            let words = cause(&error);
            if error.is_connect() || error.is_builder() {
                SendError::NoConnection(host.to_owned(), words)
            } else {
                SendError::Broken(host.to_owned(), words)
            }
        })?;
        let (status, headers) = (answer.status(), std::mem::take(answer.headers_mut()));
        let mut body = Bounded::new(host);
        loop {
            match answer.chunk().await {
                Ok(Some(chunk)) => body.push(&chunk)?,
                Ok(None) => return Ok(HttpResponse { status, headers, body: body.done() }),
                Err(error) => return Err(SendError::Broken(host.to_owned(), cause(&error))),
            }
        }
    }
}

/// What all connections have in common.
pub(super) fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(10))
        .pool_idle_timeout(Duration::from_secs(30))
        .user_agent(concat!("stanch/", env!("CARGO_PKG_VERSION")))
}
