#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]
//! What the tests of this crate share: a vault in memory, sample arguments, a server that answers as told.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod examples;

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Map, Value, json};
use stanch_integrations::{Call, Catalog, Integrations, Outcome, Transport, TwinTransport};
use stanch_model::{
    catalog::{ActionInfo, InputInfo, InputKind},
    config::IntegrationConfig,
    secret::{SecretBox, SecretError},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A vault in memory. Handles are hashes, so equal secrets have equal handles.
#[derive(Default)]
pub(crate) struct Vault(Mutex<HashMap<String, String>>);

impl SecretBox for Vault {
    fn seal(&self, value: &str) -> Result<String, SecretError> {
        let handle = format!("s-{}", &stanch_model::Hash::of(value.as_bytes()).to_string()[..16]);
        self.0.lock().unwrap().insert(handle.clone(), value.to_owned());
        Ok(handle)
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        self.0.lock().unwrap().get(handle).cloned().ok_or_else(|| SecretError::Unknown(handle.to_owned()))
    }
}

/// One integration of a configuration: name, platform, address, settings.
pub(crate) type Entry<'a> = (&'a str, &'a str, Option<&'a str>, &'a [(&'a str, &'a str)]);

/// A configuration with these integrations.
pub(crate) fn config(entries: &[Entry<'_>]) -> BTreeMap<String, IntegrationConfig> {
    entries
        .iter()
        .map(|(name, platform, url, settings)| {
            let settings =
                settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            let config = IntegrationConfig {
                platform: (*platform).to_owned(),
                url: url.map(str::to_owned),
                settings,
                ..IntegrationConfig::default()
            };
            ((*name).to_owned(), config)
        })
        .collect()
}

/// Every shipped platform under its own name, on a twin transport to this address.
pub(crate) fn everything(address: SocketAddr, mail: Option<SocketAddr>) -> Integrations {
    build(address, mail, Arc::new(Vault::default()))
}

/// The same with a vault of the test's own.
pub(crate) fn with_vault(address: SocketAddr, vault: Arc<Vault>) -> Integrations {
    build(address, None, vault)
}

fn build(address: SocketAddr, mail: Option<SocketAddr>, vault: Arc<Vault>) -> Integrations {
    let catalog = Arc::new(Catalog::embedded());
    let configured = examples::everything(&catalog);
    let transport = Transport::Twin(TwinTransport::new(address, mail).unwrap());
    Integrations::new(catalog, &configured, transport, vault).unwrap()
}

/// The name that every platform of the catalogue is configured under, and the platform.
pub(crate) fn platforms() -> BTreeMap<String, String> {
    let catalog = Catalog::embedded();
    let slugs = catalog.platforms().map(|platform| platform.slug().to_owned());
    slugs.map(|slug| (examples::name_of(&slug), slug)).collect()
}

/// An address at which nobody listens.
pub(crate) fn nowhere() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 9))
}

/// Arguments for an action, of the right types.
pub(crate) fn sample(action: &ActionInfo) -> Value {
    let inputs = action.inputs.iter().map(|(name, input)| (name.clone(), one(name, input)));
    Value::Object(inputs.collect::<Map<_, _>>())
}

fn one(name: &str, input: &InputInfo) -> Value {
    if let Some(first) = input.one_of.first() {
        return json!(first);
    }
    match (input.kind, name) {
        (InputKind::String, "since" | "until") => json!("2026-03-13T02:40:00Z"),
        (InputKind::String, _) => json!("abc123"),
        (InputKind::Integer, _) => json!(7),
        (InputKind::Boolean, _) => json!(true),
        (InputKind::List, _) => json!(["one", "two"]),
        (InputKind::Map, _) => json!({ "a": 1 }),
        (InputKind::Secret, _) => json!({ "$secret": "handle" }),
        (InputKind::Any, _) => json!("soc@acme.example"),
    }
}

/// A call with nothing special about it.
pub(crate) fn call(integration: &str, action: &str, input: Value) -> Call {
    Call {
        integration: integration.to_owned(),
        action: action.to_owned(),
        input,
        target: None,
        key: "k-0001".to_owned(),
        attempt: 1,
        deadline: Duration::from_secs(5),
        permit: None,
    }
}

/// The kind of a refusal.
pub(crate) fn kind(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Refused { kind, .. } => kind.to_string(),
        Outcome::Done { by, .. } => format!("done by {by:?}"),
        Outcome::NotSent { .. } => "not sent".to_owned(),
        Outcome::Limited { .. } => "limited".to_owned(),
        Outcome::InDoubt { .. } => "in doubt".to_owned(),
    }
}

/// A request as the server saw it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

/// One way to answer, always.
pub(crate) type Always = Box<dyn Fn() -> Answer + Send + Sync>;

/// What the server does with a request.
pub(crate) enum Answer {
    /// Status, further headers, body.
    Say(u16, Vec<(&'static str, String)>, String),
    /// These bytes, then the connection is closed.
    Raw(Vec<u8>),
    /// A body that never ends.
    Endless,
    /// Nothing at all.
    Silence,
}

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self::Say(status, vec![("content-type", "application/json".to_owned())], body.to_string())
    }
}

/// A server on loopback that answers as `decide` says.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub(crate) async fn start(decide: impl Fn(usize, &Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (decide, log) = (Arc::new(decide), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&decide), Arc::clone(&log)));
            }
        });
        Self { address, seen }
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn serve(
    mut stream: TcpStream,
    decide: Arc<impl Fn(usize, &Seen) -> Answer>,
    log: Arc<Mutex<Vec<Seen>>>,
) {
    let Some(request) = read(&mut stream).await else { return };
    let number = {
        let mut log = log.lock().unwrap();
        log.push(request.clone());
        log.len()
    };
    let answer = decide(number, &request);
    drop(decide);
    match answer {
        Answer::Say(status, headers, body) => {
            let mut head =
                format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            drop(stream.write_all(format!("{head}\r\n{body}").as_bytes()).await);
        }
        Answer::Raw(bytes) => drop(stream.write_all(&bytes).await),
        Answer::Endless => {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[").await);
            while stream.write_all(&[b' '; 65_536]).await.is_ok() {}
        }
        Answer::Silence => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
    }
    drop(stream.shutdown().await);
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        let mut first = lines.next()?.split(' ');
        let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers: HashMap<_, _> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return Some(Seen { method, path, headers, body: body.to_owned() });
        }
    }
}
