//! A source of the shipped catalogue, and deliveries as their senders would make them.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use parking_lot::Mutex;
use serde_json::{Value, json};
use stanch_integrations::{
    Catalog,
    source::{Accepted, BadSource, Fetcher, RawRequest, Refusal, Source, Trust},
};
use stanch_model::{Alert, config::AlertSourceConfig};
use url::Url;

pub(crate) const NOW: &str = "2026-11-22T12:00:00Z";

pub(crate) static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);

pub(crate) fn bind(format: &str, secret: Option<&str>, more: Value) -> Result<Source, BadSource> {
    let mut config = json!({ "format": format, "secret": "env:X" });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let config: AlertSourceConfig = serde_json::from_value(config).unwrap();
    CATALOG.source("test", config, secret)
}

pub(crate) fn source(format: &str, secret: &str, more: Value) -> Source {
    bind(format, Some(secret), more).unwrap()
}

/// What is at which address; and what was asked for.
#[derive(Clone, Default)]
pub(crate) struct Web {
    pub(crate) pages: Arc<Mutex<BTreeMap<String, Result<Bytes, String>>>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub(crate) fn put(&self, url: &str, page: impl Into<Bytes>) {
        self.pages.lock().insert(url.to_owned(), Ok(page.into()));
    }

    pub(crate) fn cut(&self, url: &str) {
        self.pages.lock().insert(url.to_owned(), Err("no connection".to_owned()));
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock())
    }
}

impl Fetcher for Web {
    fn get<'a>(&'a self, url: &'a Url) -> BoxFuture<'a, Result<Bytes, String>> {
        self.asked.lock().push(url.to_string());
        let page = self.pages.lock().get(url.as_str()).cloned();
        Box::pin(async move { page.unwrap_or_else(|| Err("it answered 404".to_owned())) })
    }
}

/// One delivery on its way.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Option<String>,
    pub(crate) secret: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) now: String,
    pub(crate) web: Web,
}

impl Delivery {
    pub(crate) fn of(body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: Method::POST,
            headers: HeaderMap::new(),
            query: None,
            secret: None,
            body: body.into(),
            now: NOW.to_owned(),
            web: Web::default(),
        }
    }

    pub(crate) fn get() -> Self {
        Self { method: Method::GET, ..Self::of("") }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let (name, value): (HeaderName, HeaderValue) = (name.parse().unwrap(), value.parse().unwrap());
        self.headers.append(name, value);
        self
    }

    pub(crate) fn at(self, now: &str) -> Self {
        Self { now: now.to_owned(), ..self }
    }

    pub(crate) fn query(self, query: &str) -> Self {
        Self { query: Some(query.to_owned()), ..self }
    }

    pub(crate) fn secret(self, secret: &str) -> Self {
        Self { secret: Some(secret.to_owned()), ..self }
    }

    pub(crate) fn over(self, web: &Web) -> Self {
        Self { web: web.clone(), ..self }
    }

    fn judged(&self, source: &Source, trust: Trust) -> Result<Accepted, Refusal> {
        let raw = RawRequest {
            method: &self.method,
            headers: &self.headers,
            query: self.query.as_deref(),
            secret: self.secret.as_deref(),
            body: &self.body,
        };
        let now = self.now.parse().unwrap();
        futures_util::FutureExt::now_or_never(source.accept(raw, trust, now, &self.web)).unwrap()
    }

    pub(crate) fn to(&self, source: &Source) -> Result<Accepted, Refusal> {
        self.judged(source, Trust::Source)
    }

    /// Its alerts; there must be some.
    pub(crate) fn alerts(&self, source: &Source) -> Vec<Alert> {
        alerts(self.to(source))
    }

    pub(crate) fn refused(&self, source: &Source) -> (u16, &'static str) {
        refused(self.to(source))
    }
}

/// Handed in by a person, without any proof.
pub(crate) fn by_hand(source: &Source, body: &Value) -> Result<Accepted, Refusal> {
    Delivery::of(body.to_string()).judged(source, Trust::Person)
}

pub(crate) fn alerts(accepted: Result<Accepted, Refusal>) -> Vec<Alert> {
    match accepted {
        Ok(Accepted::Alerts(alerts)) => alerts,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn refused(accepted: Result<Accepted, Refusal>) -> (u16, &'static str) {
    let refusal = accepted.unwrap_err();
    (refusal.status, refusal.code)
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sign(secret: &str, body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    hex(ring::hmac::sign(&key, body).as_ref())
}

pub(crate) fn samples(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("STANCH_SAMPLES") else {
        eprintln!("skipped: STANCH_SAMPLES names no folder");
        return None;
    };
    Some(std::fs::read_to_string(std::path::Path::new(&folder).join(name)).unwrap())
}
