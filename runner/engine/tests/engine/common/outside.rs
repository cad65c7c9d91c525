//! A world with platforms: twins of Okta, Salesforce, Slack, mail and a webhook around one script.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use parking_lot::Mutex;
use serde_json::{Value, json};
use stanch_engine::{Answer, AnswerError, Engine, EngineOptions, Patience, Receipt, StartRun};
use stanch_integrations::{
    Integrations, Transport, TwinTransport,
    twin::{Fault, TwinHost, TwinOptions, World},
};
use stanch_journal::{Journal, MemoryJournal};
use stanch_model::{
    Hash, RunId, StreamId,
    config::{Config, IntegrationConfig},
    run::{Mode, RunState, RunView},
    secret::{SecretBox, SecretError},
};

use super::{Setup, TestClock, TestDesk, catalog, library};

/// Secrets in a map; a handle tells nothing.
#[derive(Default)]
pub struct Secrets(pub Mutex<BTreeMap<String, String>>);

impl SecretBox for Secrets {
    fn seal(&self, value: &str) -> Result<String, SecretError> {
        let handle = Hash::of(format!("handle of {value}").as_bytes()).to_string();
        self.0.lock().insert(handle.clone(), value.to_owned());
        Ok(handle)
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        self.0.lock().get(handle).cloned().ok_or_else(|| SecretError::Unknown(handle.to_owned()))
    }
}

pub struct Outside {
    pub twins: TwinHost,
    pub engine: Engine,
    pub journal: Arc<MemoryJournal>,
    pub setup: Setup,
    pub secrets: Arc<Secrets>,
    pub clock: Arc<TestClock>,
}

/// What scripts of these tests may do.
pub const USES: &str = "uses:
  read: [find_app, find_user, app.grants, okta.list_users]
  reversible: [app.quarantine, user.suspend]
  permanent: [grant.revoke, user.end_sessions, slack.uninstall_app]
  tell: [notify, page, slack.post_message]
approvals:
  cut: { ask: lead, within: 15m, unanswered: [deny], pre_approved: input.free }
input:
  free: { type: bool, default: true }
";

impl Outside {
    /// A world in which Drift has so many grants.
    pub async fn new(script: &str, okta: u32, salesforce: u32) -> Self {
        Self::of(script, (4, 2), okta, salesforce).await
    }

    /// The same with so many people, of whom so many hold the grants.
    pub async fn of(script: &str, people: (u32, u32), okta: u32, salesforce: u32) -> Self {
        let grants: serde_json::Map<String, Value> = [("okta", okta), ("salesforce", salesforce)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (name.to_owned(), json!(count)))
            .collect();
        let apps = json!([{ "id": "drift", "vendor": "drift", "grants": grants, "held_by": people.1 }]);
        let world: World = serde_json::from_value(json!({ "people": people.0, "apps": apps })).unwrap();
        Self::over(script, &["okta", "salesforce", "slack", "smtp", "webhook"], world, config()).await
    }

    /// A world in which Drift is an app of a GitHub organization: to suspend it is a person's work there.
    pub async fn on_github(script: &str) -> Self {
        let world = serde_json::from_value(
            json!({ "people": 4, "apps": [{ "id": "drift", "vendor": "drift", "grants": { "github": 1 } }] }),
        )
        .unwrap();
        let github = json!({ "github": { "platform": "github", "settings": { "org": "acme" } } });
        Self::over(script, &["github"], world, serde_json::from_value(github).unwrap()).await
    }

    async fn over(
        script: &str,
        integrations: &[&str],
        world: World,
        config: BTreeMap<String, IntegrationConfig>,
    ) -> Self {
        let integrations = integrations.iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
        let twins =
            TwinHost::start(TwinOptions { integrations, world, ..TwinOptions::default() }).await.unwrap();
        let mut setup = Setup::new(script).manifest(USES).group("lead", &["ben", "caro"]);
        setup.config.integrations = config;
        setup.patience = Patience {
            call: Duration::from_secs(5),
            cut: Duration::from_secs(15),
            settle: Duration::from_millis(100),
            park: Duration::ZERO,
            ..Patience::default()
        };
        let (journal, secrets) = (Arc::new(MemoryJournal::new()), Arc::new(Secrets::default()));
        let clock = Arc::new(TestClock::default());
        let engine = life(&twins, &setup, &journal, &secrets, &clock);
        Self { twins, engine, journal, setup, secrets, clock }
    }

    pub fn fault(&self, fault: Value) -> &Self {
        let fault: Fault = serde_json::from_value(fault).unwrap();
        self.twins.add_fault(fault);
        self
    }

    /// More of the manifest, and other rules of the house, from the next life on.
    pub fn guarded(mut self, more: &str, config: &str) -> Self {
        self.setup.more.push_str(more);
        let Config { protect, caps, evidence, .. } =
            stanch_model::yaml::read("stanch.yaml", config, "CF0001").unwrap();
        let own = &mut self.setup.config;
        (own.protect, own.caps, own.evidence) = (protect, caps, evidence);
        self.crash();
        self
    }

    /// What a kill leaves; the platforms go on.
    pub fn crash(&mut self) {
        self.go_on(self.journal.crash());
    }

    /// Another life over this journal.
    pub fn go_on(&mut self, journal: MemoryJournal) {
        self.journal = Arc::new(journal);
        self.engine = life(&self.twins, &self.setup, &self.journal, &self.secrets, &self.clock);
    }

    /// From the next life on, no sent mail can be looked for.
    pub fn without_archive(&mut self) {
        if let Some(mail) = self.setup.config.integrations.get_mut("smtp") {
            mail.settings.insert("archive".to_owned(), "https://archive.example/gone".to_owned());
        }
        self.crash();
    }

    pub async fn start(&self, input: Value) -> RunId {
        let start = StartRun {
            playbook: "test".to_owned(),
            input: input.as_object().cloned().unwrap_or_default().into_iter().collect(),
            alert: None,
            incident: None,
            started_by: "ana".to_owned(),
            channel: String::new(),
        };
        self.engine.run(start).await.unwrap().0
    }

    pub async fn answer(&self, run: &RunId, wait: &str, say: &str) {
        self.answered(run, wait, say).await.unwrap();
    }

    async fn answered(&self, run: &RunId, wait: &str, say: &str) -> Result<Receipt, AnswerError> {
        let answer = Answer {
            wait: wait.to_owned(),
            say: say.to_owned(),
            who: "ben".to_owned(),
            channel: "test".to_owned(),
            reason: String::new(),
        };
        self.engine.answer(run, answer).await
    }

    pub async fn until(&self, run: &RunId, what: impl Fn(&RunView) -> bool) -> RunView {
        for _ in 0..24_000 {
            let view = self.engine.view(run).unwrap();
            if what(&view) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it never came to that: {:#?}", self.engine.view(run).unwrap());
    }

    /// Until something holds of the platforms or the run.
    pub async fn when(&self, what: impl Fn(&Self) -> bool) {
        for _ in 0..24_000 {
            if what(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it never came to that: {:#?}", self.twins.requests());
    }

    /// A new life of a parked run at a later time; until it has asked the platforms something, or the run is over.
    pub async fn asks_later(&mut self, run: &RunId, later: Duration) {
        self.until(run, |view| matches!(view.state, RunState::Waiting | RunState::Ended)).await;
        let before = self.twins.requests().len();
        self.crash();
        self.clock.forward(later);
        self.when(|outside| {
            let over = outside.engine.view(run).is_ok_and(|view| view.ended.is_some());
            over || outside.twins.requests().len() > before
        })
        .await;
    }

    pub async fn waiting(&self, run: &RunId, wait: &str) -> RunView {
        self.until(run, |view| view.state == RunState::Waiting && view.open_waits().any(|w| w.id == wait))
            .await
    }

    /// The end; whatever must be done by hand is said to be done.
    pub async fn ended(&self, run: &RunId) -> RunView {
        loop {
            let view = self
                .until(run, |view| {
                    view.ended.is_some() || view.open_waits().any(|wait| wait.id.starts_with('M'))
                })
                .await;
            if view.ended.is_some() {
                return view;
            }
            for wait in view.open_waits().filter(|wait| wait.id.starts_with('M')) {
                // The view may not know yet what was said before.
                match self.answered(run, &wait.id, "done").await {
                    Ok(_) | Err(AnswerError::Closed { .. }) => {}
                    Err(why) => panic!("{}: {why}", wait.id),
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// How often this action changed a platform's state.
    pub fn done(&self, action: &str) -> usize {
        self.twins.effects().iter().filter(|effect| effect.action == action && effect.transition).count()
    }

    /// How often it was asked for.
    pub fn asked(&self, action: &str) -> usize {
        self.twins.requests().iter().filter(|request| request.action == action).count()
    }

    /// Everything that the journal holds, as text.
    pub fn journal_text(&self) -> String {
        let mut follower = String::new();
        for prefix in ["run/", "incident/", "playbook/", "inbox/"] {
            let filter = stanch_journal::Filter { prefix: prefix.to_owned(), ..Default::default() };
            for (stream, _) in self.journal.query(&filter, stanch_journal::Cursor::START).unwrap().streams {
                for entry in self.journal.read(&stream, 1, usize::MAX).unwrap() {
                    follower.push_str(entry.body.as_deref().unwrap_or_default());
                    follower.push('\n');
                }
            }
        }
        follower
    }

    pub fn kinds(&self, run: &RunId, kind: &str) -> Vec<Value> {
        let entries = self.journal.read(&StreamId::run(run), 1, usize::MAX).unwrap();
        entries.iter().filter(|e| e.header.kind == kind).map(|e| e.decode().unwrap()).collect()
    }
}

fn config() -> BTreeMap<String, IntegrationConfig> {
    let value = json!({
        "okta": { "platform": "okta", "url": "https://acme.okta.com" },
        "salesforce": { "platform": "salesforce", "url": "https://acme.my.salesforce.com" },
        "slack": { "platform": "slack" },
        "smtp": { "platform": "smtp", "url": "smtp://mail.acme.example:587",
            "settings": { "sender": "stanch@acme.example" } },
    });
    serde_json::from_value(value).unwrap()
}

fn life(
    twins: &TwinHost,
    setup: &Setup,
    journal: &Arc<MemoryJournal>,
    secrets: &Arc<Secrets>,
    clock: &Arc<TestClock>,
) -> Engine {
    let transport = TwinTransport::new(twins.addr(), Some(twins.mail_addr())).unwrap();
    let secrets: Arc<dyn SecretBox> = Arc::clone(secrets) as _;
    let integrations =
        Integrations::new(catalog(), &setup.config.integrations, Transport::Twin(transport), secrets)
            .unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    Engine::start(EngineOptions {
        journal: Arc::clone(journal) as Arc<dyn Journal>,
        integrations,
        library: Arc::new(library(setup)),
        config: setup.config.clone().into(),
        desk: Arc::new(TestDesk),
        clock: Arc::clone(clock) as _,
        mode: Mode::Drill,
        paused: setup.paused,
        shards: 1,
        patience: setup.patience,
        in_process: None,
    })
    .unwrap()
}
