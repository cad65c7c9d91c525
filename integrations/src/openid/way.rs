//! Requests to a provider: by https, or on this machine; bounded in time and size, no redirects.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use stanch_model::config::TlsConfig;
use url::{Host, Url, form_urlencoded};

use super::{Claims, ProviderError};
use crate::{
    request::HttpRequest,
    spec::Method,
    transport::{LiveTransport, Tls},
};

/// A provider that does not answer in this time is away.
const PATIENCE: Duration = Duration::from_secs(10);

/// How far one may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// To any provider.
    Anywhere,
    /// Not beyond this machine: a drill.
    ThisMachine,
}

/// The way to one provider.
pub(super) struct Way {
    live: LiveTransport,
    tls: Option<Tls>,
    reach: Reach,
}

/// An answer that is a JSON object.
pub(super) struct Said {
    pub(super) status: StatusCode,
    pub(super) body: Claims,
}

impl Way {
    pub(super) fn new(ca: Option<&str>, reach: Reach) -> Result<Self, ProviderError> {
        let config = |why: String| ProviderError::Config(why);
        let live = LiveTransport::new().map_err(|why| config(why.to_string()))?;
        let tls = ca.map(|ca| Tls::new(&TlsConfig { ca: Some(ca.to_owned()), ..TlsConfig::default() }));
        Ok(Self { live, tls: tls.transpose().map_err(|why| config(why.to_string()))?, reach })
    }

    /// An address that we may go to.
    pub(super) fn address(&self, text: &str) -> Result<Url, ProviderError> {
        let odd = |why: &str| ProviderError::Odd { at: short(text), why: why.to_owned() };
        let url = Url::parse(text).map_err(|_| odd("it is no address"))?;
        let here = is_here(&url);
        if !(url.scheme() == "https" || url.scheme() == "http" && here) {
            return Err(odd("it is not reached by https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(odd("its address holds a user or password"));
        }
        if self.reach == Reach::ThisMachine && !here {
            return Err(ProviderError::Drill(url.host_str().unwrap_or_default().to_owned()));
        }
        Ok(url)
    }

    /// Whatever lies there.
    pub(super) async fn bytes(&self, url: &Url) -> Result<Bytes, ProviderError> {
        let (status, body) = self.send(Method::Get, url, HeaderMap::new(), Bytes::new()).await?;
        if status != StatusCode::OK {
            return Err(odd(url, format!("it answers {}", status.as_u16())));
        }
        Ok(body)
    }

    /// What it says there, shown this access token.
    pub(super) async fn get(&self, url: &Url, bearer: Option<&str>) -> Result<Said, ProviderError> {
        let mut headers = HeaderMap::new();
        if let Some(bearer) = bearer {
            headers.insert(header::AUTHORIZATION, secret(url, format!("Bearer {bearer}"))?);
        }
        let (status, body) = self.send(Method::Get, url, headers, Bytes::new()).await?;
        object(url, status, &body)
    }

    /// What it says to a form. `basic` is who we are, where that goes into a header.
    pub(super) async fn post(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        basic: Option<(&str, &str)>,
    ) -> Result<Said, ProviderError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        if let Some((id, password)) = basic {
            // both are encoded as in a form before they are joined (RFC 6749, 2.3.1)
            let part = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let pair = STANDARD.encode(format!("{}:{}", part(id), part(password)));
            headers.insert(header::AUTHORIZATION, secret(url, format!("Basic {pair}"))?);
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let (status, body) = self.send(Method::Post, url, headers, body.into()).await?;
        object(url, status, &body)
    }

    async fn send(
        &self,
        method: Method,
        url: &Url,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), ProviderError> {
        self.address(url.as_str())?;
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let request = HttpRequest { method, url: url.clone(), headers, body };
        let sent = tokio::time::timeout(PATIENCE, self.live.send(&request, self.tls.as_ref())).await;
        let host = url.host_str().unwrap_or_default();
        let late = |_| ProviderError::Unreachable(format!("{host} gives no answer in time"));
        let answer = sent.map_err(late)?.map_err(|why| ProviderError::Unreachable(why.to_string()))?;
        Ok((answer.status, answer.body))
    }
}

fn secret(url: &Url, text: String) -> Result<HeaderValue, ProviderError> {
    let mut value =
        HeaderValue::try_from(text).map_err(|_| odd(url, "what it gave fits into no header".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn object(url: &Url, status: StatusCode, body: &[u8]) -> Result<Said, ProviderError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(body)) => Ok(Said { status, body }),
        _ if body.trim_ascii_start().starts_with(b"<") => {
            Err(odd(url, format!("it answers {} with a page of HTML", status.as_u16())))
        }
        _ => Err(odd(url, format!("it answers {} with no JSON object", status.as_u16()))),
    }
}

pub(super) fn odd(url: &Url, why: String) -> ProviderError {
    ProviderError::Odd { at: short(url.as_str()), why }
}

/// An address without its query, as far as it can be read at a glance.
fn short(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// True for an address of this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
