//! A server over a journal, four playbooks, five alert sources, one platform that nobody reaches, a token for each role.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Method};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use stanch_client::{Client, Location};
use stanch_engine::{Engine, EngineOptions, Patience, WallClock};
use stanch_integrations::{Catalog, Integrations, Transport, TwinTransport, twin::TwinHost};
use stanch_journal::Journal;
use stanch_model::{
    api::{AnswerBody, DecideBody, NewToken, Role, Say},
    config::{Config, Current},
    run::{Mode, RunView},
    secret::{SecretBox, SecretError},
};
use stanch_playbooks::{Library, Playbook};
use stanch_response::{DeadlineTable, Register, credential::Secret};
use stanch_server::{Files, ResponseDesk, Running, Server, ServerOptions, Tokens};

use crate::{ground::Ground, schema::Description};

pub(crate) const SECRET: &str = "the-secret-of-all-sources";
pub(crate) const WHSEC: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub(crate) const CONFIG: &str = r#"
people:
  groups: { lead: [approver, admin], board: [dora] }
alerts:
  plain:  { format: hmac, secret: env:NONE }
  hook:   { format: okta-event-hook, secret: env:NONE }
  github: { format: github, secret: env:NONE }
  vendor: { format: standard-webhooks, secret: env:NONE }
  splunk: { format: splunk, secret: env:NONE }
integrations:
  salesforce: { platform: salesforce, url: "https://acme.my.salesforce.com" }
server: { rate: 1000, public: "https://stanch.acme.example" }
"#;

const VENDORS: &str = "
drift:
  name: Drift
  contacts: [{ mail: security@drift.example }]
  breach: { notify_within: 24h }
  purpose: chat on the website
  owner: Sales
";

struct NoSecrets;

impl SecretBox for NoSecrets {
    fn seal(&self, _: &str) -> Result<String, SecretError> {
        Ok("handle".to_owned())
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        Err(SecretError::Unknown(handle.to_owned()))
    }
}

pub(crate) struct World {
    pub(crate) journal: Arc<dyn Journal>,
    _engine: Engine,
    pub(crate) running: Option<Running>,
    pub(crate) ground: Ground,
    mode: Mode,
    pub(crate) base: String,
    tokens: BTreeMap<Role, String>,
    pub(crate) description: Description,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{:?}", self.body))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(CONFIG).await
    }

    pub(crate) async fn with(config: &str) -> Self {
        Self::over(Ground::new(crate::GROUND), config, Mode::Drill).await
    }

    /// A server whose runs are real, although no platform can be reached.
    pub(crate) async fn live(config: &str) -> Self {
        Self::over(Ground::new(crate::GROUND), config, Mode::Live).await
    }

    /// A server that finds the journal as a kill -9 left it, and the same data folder.
    pub(crate) async fn crash(self) -> Self {
        self.crash_into(CONFIG).await
    }

    /// The same under another configuration.
    pub(crate) async fn crash_into(self, config: &str) -> Self {
        let (left, mode) = (self.ground.crashed(), self.mode);
        let (_, given) = self.description.given();
        drop(self);
        let world = Self::over(left, config, mode).await;
        world.description.gave(given);
        world
    }

    pub(crate) fn folder(&self) -> &Path {
        self.ground.folder()
    }

    /// A server whose platforms are simulated.
    pub(crate) async fn on(config: &str, twins: &TwinHost) -> Self {
        let transport = TwinTransport::new(twins.addr(), Some(twins.mail_addr())).unwrap();
        Self::reaching(Ground::new(crate::GROUND), config, Mode::Drill, transport).await
    }

    /// The same, whose runs are real.
    pub(crate) async fn live_on(config: &str, twins: &TwinHost) -> Self {
        let transport = TwinTransport::new(twins.addr(), Some(twins.mail_addr())).unwrap();
        Self::reaching(Ground::new(crate::GROUND), config, Mode::Live, transport).await
    }

    async fn over(ground: Ground, config: &str, mode: Mode) -> Self {
        let nowhere = TwinTransport::new("127.0.0.1:9".parse().unwrap(), None).unwrap();
        Self::reaching(ground, config, mode, nowhere).await
    }

    async fn reaching(ground: Ground, config: &str, mode: Mode, transport: TwinTransport) -> Self {
        let (journal, folder) = (ground.journal(), ground.folder());
        let config: Current =
            stanch_model::yaml::read::<Config>("stanch.yaml", config, "CF0001").unwrap().into();
        let engine = engine(journal.clone(), config.clone(), mode, transport);
        let same = (*config).clone();
        let tokens = Arc::new(Tokens::open(folder).unwrap());
        let make = |role: Role| {
            let new = NewToken { name: role.to_string(), role, days: None };
            (role, tokens.make(&new).unwrap().token)
        };
        let made = Role::ALL.iter().copied().map(make).collect();
        let secret = |name: &str| match name {
            "vendor" => (name.to_owned(), Secret::new(WHSEC)),
            _ => (name.to_owned(), Secret::new(SECRET)),
        };
        let running = Server::start(ServerOptions {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            data: Some(folder.to_owned()),
            engine: engine.clone(),
            journal: journal.clone(),
            secrets: ["plain", "hook", "github", "vendor", "splunk"].map(secret).into(),
            config,
            register: Register::load("vendors.yaml", VENDORS).unwrap(),
            tokens,
            clock: Arc::new(WallClock),
            mode,
            files: Files::default().read_by(Arc::new(move || Ok(same.clone()))),
        })
        .await
        .unwrap();
        let base = format!("http://{}", running.addr.unwrap());
        let description = Description::new(Value::Null);
        let world = Self {
            journal,
            _engine: engine,
            running: Some(running),
            ground,
            mode,
            base,
            tokens: made,
            description,
        };
        let document = world.unchecked(Method::GET, "/openapi.json", &[], "").await.json();
        Self { description: Description::new(document), ..world }
    }

    pub(crate) fn token(&self, role: Role) -> &str {
        &self.tokens[&role]
    }

    pub(crate) fn client(&self, role: Role) -> Client {
        let token = Some(self.token(role).to_owned());
        Client::connect(Location::Url { url: self.base.clone(), token }).unwrap()
    }

    pub(crate) fn by_socket(&self) -> Client {
        Client::connect(Location::Socket(self.folder().join("api.sock"))).unwrap()
    }

    /// A request as any program may write it. Its answer is what the server's own description says.
    pub(crate) async fn raw(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let reply = self.unchecked(method.clone(), path, headers, body).await;
        self.description.check(&method, path, &reply);
        reply
    }

    /// What a stream sends, raw, until something of this kind comes.
    pub(crate) async fn streamed(&self, path: &str, kind: &str) -> Vec<(String, Value)> {
        let bearer = format!("Bearer {}", self.token(Role::Viewer));
        let request =
            hyper::Request::builder().uri(path).header("host", "test").header("authorization", bearer);
        let mut sender = self.connect().await;
        let response = sender.send_request(request.body(Full::new(Bytes::new())).unwrap()).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &http::HeaderValue::from_static("text/event-stream"))
        );
        let (mut body, mut text, mut events) = (response.into_body(), String::new(), Vec::new());
        loop {
            let frame = body.frame().await.expect("the stream ended").unwrap();
            text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
            while let Some((block, rest)) = text.split_once("\n\n").map(|(a, b)| (a.to_owned(), b.to_owned()))
            {
                text = rest;
                let field =
                    |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
                if let Ok(data) = serde_json::from_str::<Value>(field("data: ")) {
                    assert_eq!(field("event: "), "entry", "{block}");
                    let last = data["kind"] == kind;
                    events.push((field("id: ").to_owned(), data));
                    if last {
                        return events;
                    }
                }
            }
        }
    }

    async fn connect(&self) -> hyper::client::conn::http1::SendRequest<Full<Bytes>> {
        let stream = tokio::net::TcpStream::connect(self.base.trim_start_matches("http://")).await.unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    pub(crate) async fn unchecked(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut sender = self.connect().await;
        let mut request = hyper::Request::builder().method(method).uri(path).header("host", "test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: head.status.as_u16(), headers: head.headers, body }
    }

    pub(crate) async fn as_role(&self, role: Role, method: Method, path: &str, body: &Value) -> Reply {
        let bearer = format!("Bearer {}", self.token(role));
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.raw(method, path, &headers, body.to_string()).await
    }

    /// A signed alert at the generic source.
    pub(crate) async fn alert(&self, body: &Value) -> Reply {
        let body = body.to_string();
        let signature = format!("sha256={}", sign(body.as_bytes()));
        self.raw(Method::POST, "/v1/alerts/plain", &[("x-signature-256", &signature)], body).await
    }

    pub(crate) async fn until(&self, run: &str, what: impl Fn(&RunView) -> bool) -> RunView {
        let client = self.client(Role::Viewer);
        for _ in 0..24_000 {
            let view = client.run(run).await.unwrap();
            if what(&view) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it never came to that: {:#?}", client.run(run).await);
    }

    /// Answers everything that a run of `asker` asks.
    pub(crate) async fn finish(&self, run: &str) {
        let approver = self.client(Role::Approver);
        let yes = DecideBody { say: Say::Approve, reason: None };
        approver.decide(&format!("{run}:A1"), &yes).await.unwrap();
        self.until(run, |view| view.waits.len() == 2).await;
        let left = AnswerBody { answer: "left".to_owned(), note: None };
        approver.answer(&format!("{run}:Q1"), &left).await.unwrap();
        self.until(run, |view| view.ended.is_some()).await;
    }

    /// A run of `asker`, once its approval waits.
    pub(crate) async fn asking(&self, who: Role) -> String {
        let app =
            json!({ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": "Drift" } });
        let body = json!({ "playbook": "asker", "input": { "what": [app] } });
        let started = self.as_role(who, Method::POST, "/v1/runs", &body).await;
        assert_eq!(started.status, 200, "{:?}", started.body);
        let run = started.json()["run"].as_str().unwrap().to_owned();
        self.until(&run, |view| view.open_waits().count() == 1).await;
        run
    }
}

pub(crate) fn sign(body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    ring::hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn engine(journal: Arc<dyn Journal>, config: Current, mode: Mode, transport: TwinTransport) -> Engine {
    let catalog = Arc::new(Catalog::embedded());
    let integrations =
        Integrations::new(catalog, &config.integrations, Transport::Twin(transport), Arc::new(NoSecrets))
            .unwrap();
    Engine::start(EngineOptions {
        journal,
        integrations,
        library: Arc::new(library()),
        desk: Arc::new(ResponseDesk {
            register: Register::load("vendors.yaml", VENDORS).unwrap(),
            deadlines: DeadlineTable::built_in().unwrap(),
            config: config.clone(),
        }),
        config,
        clock: Arc::new(WallClock),
        mode,
        paused: false,
        shards: 1,
        patience: Patience { park: Duration::ZERO, ..Patience::default() },
        in_process: None,
    })
    .unwrap()
}

/// `asker` asks for a yes, then a question; `clocked` starts for every vendor breach, starts a clock, and waits; `severe`
/// needs no yes when its alert is critical; `cutter` lets a person block apps in Salesforce.
fn library() -> Library {
    let mut library = Library::embedded();
    library.insert(playbook(
        "asker",
        "input:\n  what: { type: list }\napprovals:\n  go: { ask: lead, within: 1h, unanswered: [board, deny] }\n",
        "approve(\"go\", \"Shall we go?\", input.what);\nlet a = ask(\"way\", \"Which way?\", [\"left\", \"right\"]);\nnote(a);\n",
    ));
    library.insert(playbook(
        "clocked",
        "input:\n  app: { from: alert.app, type: app }\nstart:\n  - when: alert.kind == \"test.breach\"\n    one_run_per: app\n",
        "deadline(\"contract\", vendor_of(input.app), #{ aware: now() });\nask(\"end\", \"Done?\", [\"done\"]);\n",
    ));
    library.insert(playbook(
        "severe",
        "input:\n  what: { from: alert.raw.what, type: list }\nstart:\n  - when: alert.kind == \"test.severe\"\napprovals:\n  go: { ask: lead, within: 1h, unanswered: [deny], pre_approved: alert.severity == CRITICAL }\n",
        "approve(\"go\", \"Shall we go?\", input.what);\n",
    ));
    library.insert(playbook(
        "cutter",
        "input:\n  what: { type: list }\nuses:\n  reversible: [app.quarantine]\n",
        "for app in input.what { app.quarantine(#{ expires_in: \"4h\" }); }\nsettle();\n",
    ));
    library.insert(writer());
    library
}

/// Writes to a vendor, as far as mail goes here.
fn writer() -> Playbook {
    let sources = [
        (
            "playbook.yaml",
            "playbook: writer\ntitle: The writer\nowner: tests\nreviewed: 2026-11-01\nuses:\n  tell: [notify]\n",
        ),
        (
            "main.rhai",
            "attempt(|| notify(vendor_of(\"drift\"), \"cut\"));\nask(\"end\", \"Done?\", [\"done\"]);\n",
        ),
        ("README.md", "A test."),
        ("templates/cut.md", "---\nsubject: Cut off\n---\nYou are.\n"),
    ];
    let sources = sources.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Playbook::from_sources("writer", sources.into()).unwrap_or_else(|found| panic!("{found:#?}"))
}

/// One of them.
pub(crate) fn playbook_named(slug: &str) -> Playbook {
    (*library().get(slug).unwrap()).clone()
}

fn playbook(slug: &str, more: &str, script: &str) -> Playbook {
    let uses = if more.contains("uses:") { "" } else { "uses: {}\n" };
    let manifest =
        format!("playbook: {slug}\ntitle: The {slug}\nowner: tests\nreviewed: 2026-11-01\n{uses}{more}");
    let sources = BTreeMap::from([
        ("playbook.yaml".to_owned(), manifest),
        ("main.rhai".to_owned(), script.to_owned()),
        ("README.md".to_owned(), "A test.".to_owned()),
    ]);
    Playbook::from_sources(slug, sources).unwrap_or_else(|mistakes| {
        panic!("{}", mistakes.iter().map(stanch_model::Diagnostic::one_line).collect::<Vec<_>>().join("\n"))
    })
}
