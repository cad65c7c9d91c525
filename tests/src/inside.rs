//! A whole world inside the test's own process: twins, journal in memory, engine. No server, no child process.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Value, json};
use stanch_engine::{Answer, Engine, EngineOptions, Patience, StartRun, WallClock};
use stanch_integrations::{
    Catalog, Integrations, Transport, TwinTransport,
    twin::{TwinHost, TwinOptions, World},
};
use stanch_journal::{Journal as _, MemoryJournal};
use stanch_model::{
    RunId,
    config::{Config, Current, IntegrationConfig},
    run::{Mode, RunView},
    secret::{SecretBox, SecretError},
};
use stanch_playbooks::Library;
use stanch_response::{DeadlineTable, Register};
use stanch_server::ResponseDesk;

/// Secrets in a map: handles are hashes.
#[derive(Default)]
pub struct Secrets(parking_lot::Mutex<BTreeMap<String, String>>);

impl SecretBox for Secrets {
    fn seal(&self, value: &str) -> Result<String, SecretError> {
        let handle = stanch_model::Hash::of(value.as_bytes()).to_string();
        self.0.lock().insert(handle.clone(), value.to_owned());
        Ok(handle)
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        self.0.lock().get(handle).cloned().ok_or_else(|| SecretError::Unknown(handle.to_owned()))
    }
}

/// The world.
pub struct Inside {
    /// The twins.
    pub twins: TwinHost,
    /// The engine.
    pub engine: Engine,
    /// The journal.
    pub journal: Arc<MemoryJournal>,
    secrets: Arc<Secrets>,
    config: Current,
    library: Arc<Library>,
}

/// Longer than anything in such a world takes between two entries.
const PATIENCE: Duration = Duration::from_secs(60);

/// The platforms that every such world has.
const PLATFORMS: [&str; 9] =
    ["okta", "salesforce", "github", "slack", "smtp", "webhook", "teams", "pagerduty", "aws-iam"];

/// A platform's name in scripts.
fn name(slug: &str) -> String {
    slug.replace('-', "_")
}

impl Inside {
    /// A world with these apps and people.
    pub async fn new(world: Value) -> Self {
        let world: World = serde_json::from_value(world).expect("a world");
        let integrations = PLATFORMS.iter().map(|slug| (name(slug), (*slug).to_owned())).collect();
        let twins = TwinHost::start(TwinOptions { integrations, world, ..TwinOptions::default() })
            .await
            .expect("twins");
        let config = Current::from(config());
        let journal = Arc::new(MemoryJournal::new());
        let secrets = Arc::new(Secrets::default());
        let library = Arc::new(Library::embedded());
        let engine = start(&twins, &journal, &secrets, &config, &library);
        Self { twins, engine, journal, secrets, config, library }
    }

    /// Everything durable, nothing else: what a kill leaves.
    pub fn crash(&mut self) {
        self.journal = Arc::new(self.journal.crash());
        self.engine = start(&self.twins, &self.journal, &self.secrets, &self.config, &self.library);
    }

    /// Another setting of an integration, from the next life on, which begins now.
    pub fn set(&mut self, integration: &str, setting: &str, value: &str) {
        let mut config = (*self.config).clone();
        if let Some(integration) = config.integrations.get_mut(integration) {
            integration.settings.insert(setting.to_owned(), value.to_owned());
        }
        self.config.adopt(config);
        self.crash();
    }

    /// Starts a playbook by hand, as ana.
    pub async fn start(&self, playbook: &str, input: Value) -> RunId {
        let start = StartRun {
            playbook: playbook.to_owned(),
            input: input.as_object().cloned().unwrap_or_default().into_iter().collect(),
            alert: None,
            incident: None,
            started_by: "ana".to_owned(),
            channel: String::new(),
        };
        self.engine.run(start).await.expect("a run").0
    }

    /// Answers every open wait of the run until it ends: `answer` says what to each kind and name.
    pub async fn play(&self, run: &RunId, answer: impl Fn(&str, &str) -> Option<&'static str>) -> RunView {
        self.play_until(run, answer, |view| view.ended.is_some()).await
    }

    /// The same, until this is so.
    pub async fn play_until(
        &self,
        run: &RunId,
        answer: impl Fn(&str, &str) -> Option<&'static str>,
        until: impl Fn(&RunView) -> bool,
    ) -> RunView {
        loop {
            let seen = self.journal.durable();
            let view = self.engine.view(run).expect("a view");
            if until(&view) {
                return view;
            }
            for wait in view.open_waits().filter(|wait| wait.kind.needs_person()) {
                let kind = serde_json::to_value(wait.kind).unwrap_or_default();
                if let Some(say) = answer(kind.as_str().unwrap_or_default(), &wait.name) {
                    let answer = Answer {
                        wait: wait.id.clone(),
                        say: say.to_owned(),
                        who: "ben".to_owned(),
                        channel: "test".to_owned(),
                        reason: String::new(),
                    };
                    let _ = self.engine.answer(run, answer).await;
                }
            }
            let more = tokio::time::timeout(PATIENCE, self.journal.durable_at(seen + 1)).await;
            assert!(more.is_ok(), "nothing happens any more: {view:#?}");
        }
    }
}

/// Every way to reach the team.
const TEAM: [&str; 4] = ["slack:#incidents", "teams:Incidents", "pagerduty:secops", "webhook:webhook"];

fn config() -> Config {
    let integration = |platform: &str| {
        let mut value = json!({ "platform": platform });
        match platform {
            "okta" => value["url"] = json!("https://acme.okta.com"),
            "salesforce" => value["url"] = json!("https://acme.my.salesforce.com"),
            "github" => value["settings"] = json!({ "org": "acme" }),
            "smtp" => {
                value["url"] = json!("smtp://mail.acme.example:587");
                value["settings"] = json!({ "sender": "stanch@acme.example" });
            }
            "webhook" => value["url"] = json!("https://hooks.acme.example/stanch"),
            _ => {}
        }
        serde_json::from_value::<IntegrationConfig>(value).expect("an integration")
    };
    Config {
        people: serde_json::from_value(
            json!({ "groups": { "incident-lead": ["ben", "caro"], "security-manager": ["dora"] } }),
        )
        .expect("people"),
        integrations: PLATFORMS.iter().map(|slug| (name(slug), integration(slug))).collect(),
        tell: BTreeMap::from([("team".to_owned(), TEAM.map(str::to_owned).to_vec())]),
        ..Config::default()
    }
}

fn start(
    twins: &TwinHost,
    journal: &Arc<MemoryJournal>,
    secrets: &Arc<Secrets>,
    config: &Current,
    library: &Arc<Library>,
) -> Engine {
    let transport = TwinTransport::new(twins.addr(), Some(twins.mail_addr())).expect("loopback");
    let catalog = Arc::new(Catalog::embedded());
    let secrets: Arc<dyn SecretBox> = Arc::clone(secrets) as _;
    let integrations = Integrations::new(catalog, &config.integrations, Transport::Twin(transport), secrets)
        .expect("integrations");
    let register = "drift:\n  name: Drift\n  apps: [drift]\n  contacts:\n    - { name: Security, mail: security@drift.example }\n  breach: { notify_within: 24h }\n";
    let desk = ResponseDesk {
        register: Register::load("vendors.yaml", register).unwrap_or_else(|mistakes| panic!("{mistakes:?}")),
        deadlines: DeadlineTable::built_in().expect("deadlines"),
        config: config.clone(),
    };
    Engine::start(EngineOptions {
        journal: Arc::clone(journal) as _,
        integrations,
        library: Arc::clone(library),
        config: config.clone(),
        desk: Arc::new(desk),
        clock: Arc::new(WallClock),
        mode: Mode::Drill,
        paused: false,
        shards: 1,
        patience: Patience { call: Duration::from_secs(5), park: Duration::ZERO, ..Patience::default() },
        in_process: None,
    })
    .expect("an engine")
}
