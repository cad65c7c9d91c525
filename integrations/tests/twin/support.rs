//! Twins on a free port and a client that speaks to one of them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use stanch_integrations::twin::{
    INTEGRATION_HEADER, ManualClock, TwinHost, TwinOptions, World, WorldApp, token,
};

/// A running host on a clock that stands still.
pub(crate) struct Twins {
    pub(crate) host: TwinHost,
    pub(crate) clock: Arc<ManualClock>,
    http: reqwest::Client,
}

/// A client of one integration.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    name: String,
    scheme: &'static str,
    token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
    pub(crate) text: String,
}

/// Forty people and one app with these grants.
pub(crate) fn world(app: &str, grants: &[(&str, u32)]) -> World {
    let grants = grants.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    let app = WorldApp { id: app.to_owned(), vendor: app.to_owned(), grants, ..WorldApp::default() };
    World { people: 40, apps: vec![app], ..World::default() }
}

/// A clock that stands at the time of the chat-widget scenario.
pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-03-13T02:40:00Z".parse().expect("a time")))
}

impl Twins {
    pub(crate) async fn start(integrations: &[(&str, &str)], world: World) -> Self {
        Self::with(integrations, TwinOptions { world, ..TwinOptions::default() }).await
    }

    pub(crate) async fn with(integrations: &[(&str, &str)], options: TwinOptions) -> Self {
        let clock = clock();
        let integrations =
            integrations.iter().map(|(name, slug)| ((*name).to_owned(), (*slug).to_owned())).collect();
        let options = TwinOptions { integrations, clock: clock.clone(), ..options };
        let host = TwinHost::start(options).await.expect("twins start");
        // a second provider is refused, which is fine: the first one stays
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("client");
        Self { host, clock, http }
    }

    /// A client with the right token.
    pub(crate) fn client(&self, name: &str) -> Client {
        Client {
            http: self.http.clone(),
            base: format!("http://{}", self.host.addr()),
            name: name.to_owned(),
            scheme: "Bearer",
            token: Some(token(name)),
        }
    }

    /// The control API.
    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).expect("method");
        let request = self.http.request(method, format!("http://{}/_twin/{path}", self.host.addr()));
        let request = if body.is_null() { request } else { request.json(&body) };
        Answer::of(request.send().await.expect("an answer")).await
    }

    /// How often an operation changed something.
    pub(crate) fn writes(&self, action: &str) -> u64 {
        self.host.summary().writes.get(action).copied().unwrap_or_default()
    }
}

impl Client {
    pub(crate) fn scheme(mut self, scheme: &'static str) -> Self {
        self.scheme = scheme;
        self
    }

    pub(crate) fn token(mut self, token: Option<&str>) -> Self {
        self.token = token.map(str::to_owned);
        self
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).expect("method");
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let request = self.http.request(method, url).header(INTEGRATION_HEADER, &self.name);
        match &self.token {
            Some(token) => request.header("authorization", format!("{} {token}", self.scheme)),
            None => request,
        }
    }

    pub(crate) async fn send(&self, method: &str, path: &str) -> Answer {
        Answer::of(self.request(method, path).send().await.expect("an answer")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path).await
    }

    pub(crate) async fn json(&self, method: &str, path: &str, body: Value) -> Answer {
        Answer::of(self.request(method, path).json(&body).send().await.expect("an answer")).await
    }

    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        Answer::of(self.request("POST", path).form(fields).send().await.expect("an answer")).await
    }

    /// All rows of a list with Link headers.
    pub(crate) async fn pages(&self, path: &str) -> Vec<Value> {
        let (mut rows, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let page = self.get(&path).await;
            assert_eq!(page.status, 200, "{page:?}");
            rows.extend(page.body.as_array().expect("a list").iter().cloned());
            next = page.next();
        }
        rows
    }
}

impl Answer {
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in response.headers() {
            let value = value.to_str().unwrap_or_default();
            headers
                .entry(name.to_string())
                .and_modify(|all| *all = format!("{all}, {value}"))
                .or_insert(value.to_owned());
        }
        let text = response.text().await.unwrap_or_default();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, body, text }
    }

    /// The address of the next page.
    pub(crate) fn next(&self) -> Option<String> {
        let link = self.headers.get("link")?.split(", ").find(|link| link.ends_with(r#"rel="next""#))?;
        Some(link.split(['<', '>']).nth(1)?.to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}
