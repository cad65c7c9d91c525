//! Fetching what a proof wants: an issuer's keys, a certificate, an address to visit. Injected, so that tests need no
//! network and a drill reaches nothing live.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::HeaderMap;
use url::Url;

use crate::{
    Integrations, Transport,
    request::HttpRequest,
    spec::Method,
    transport::{Hosts, Route},
};

/// An issuer that does not answer in this time is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// Sets of keys and certificates are a few KiB.
const LARGEST: usize = 256 * 1024;

/// Gets a document by https. Follows no redirect, sends no credential.
pub trait Fetcher: Send + Sync {
    /// The whole body of a 2xx answer.
    ///
    /// # Errors
    /// Why there is none, for people.
    fn get<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<Bytes, String>>;
}

/// By the one way out that the integrations have: with simulated platforms that is loopback and nothing else.
impl Fetcher for Integrations {
    fn get<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<Bytes, String>> {
        Box::pin(fetch(self.transport(), url))
    }
}

async fn fetch(transport: &Transport, url: &Url) -> Result<Bytes, String> {
    let mut hosts = Hosts::default();
    hosts.allow(url);
    let request =
        HttpRequest { method: Method::Get, url: url.clone(), headers: HeaderMap::new(), body: Bytes::new() };
    let route = Route { integration: "alert-sources", hosts: &hosts, tls: None };
    let sent = tokio::time::timeout(PATIENCE, transport.send(route, &request)).await;
    let answer = sent.map_err(|_| "no answer in time".to_owned())?.map_err(|error| error.to_string())?;
    if !answer.status.is_success() {
        return Err(format!("it answered {}", answer.status.as_u16()));
    }
    if answer.body.len() > LARGEST {
        return Err("the answer is too large".to_owned());
    }
    Ok(answer.body)
}
