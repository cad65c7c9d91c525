//! Logs that the server asks: no gap and nothing twice, whatever stops it and for however long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::SeqCst},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stanch_engine::{Clock, Engine, EngineOptions, Patience};
use stanch_integrations::{
    Catalog, Integrations, Transport, TwinTransport,
    twin::{Answer, Change, Fault, TwinHost, TwinOptions},
};
use stanch_journal::{Cursor, Filter, Journal, MemoryJournal};
use stanch_model::{
    Alert, StreamId,
    config::{Config, Current},
    run::Mode,
    yaml,
};
use stanch_playbooks::Library;
use stanch_response::{DeadlineTable, Register};
use stanch_server::{Files, ResponseDesk, Running, Server, ServerOptions, Tokens};
use stanch_tests::inside::Secrets;

/// A log that is asked, and what one of its rows looks like.
struct Log {
    platform: &'static str,
    config: &'static str,
    action: &'static str,
    table: &'static str,
    row: fn(&str) -> Value,
}

const OKTA: Log = Log {
    platform: "okta",
    config: r#"
integrations: { asked: { platform: okta, url: "https://acme.okta.com" } }
alerts: { log: { format: okta-system-log, integration: asked } }
"#,
    action: "fetch_log",
    table: "log_events",
    row: |at| {
        json!({
            "published": at, "eventType": "user.account.privilege.grant", "severity": "INFO", "version": "0",
            "displayMessage": "Grant user privilege", "outcome": { "result": "SUCCESS" }, "target": [],
            "actor": { "id": "00u1", "type": "User", "displayName": "Mallory", "alternateId": "mallory@acme.example" },
            "client": { "ipAddress": "203.0.113.9" },
            "debugContext": { "debugData": { "privilegeGranted": "Super administrator" } },
        })
    },
};

const GITHUB: Log = Log {
    platform: "github",
    config: r#"
integrations: { asked: { platform: github, settings: { org: acme } } }
alerts: { log: { format: github-audit-log, integration: asked } }
"#,
    action: "fetch_audit_log",
    table: "audit",
    row: |at| {
        let ms = at.parse::<Timestamp>().unwrap().as_millisecond();
        json!({
            "twin_at": at, "@timestamp": ms, "created_at": ms, "action": "public_key.create", "actor": "mallory",
            "user": "mallory-2", "org": "acme", "permission": "admin", "operation_type": "create",
        })
    },
};

const GRAPH: Log = Log {
    platform: "entra",
    config: r#"
integrations: { asked: { platform: entra, settings: { tenant: 6f1c1d2e-0000-4000-8000-000000000001, client_id: twin } } }
alerts: { log: { format: microsoft-graph-alerts, integration: asked } }
"#,
    action: "fetch_alerts",
    table: "alerts",
    row: |at| {
        json!({
            "createdDateTime": at, "lastUpdateDateTime": at, "title": "Unusual consent", "status": "new",
            "severity": "high", "serviceSource": "microsoftAppGovernance", "incidentId": "7", "evidence": [],
        })
    },
};

const SLACK: Log = Log {
    platform: "slack",
    config: r#"
integrations: { asked: { platform: slack, settings: { enterprise: E0TWIN } } }
alerts: { log: { format: slack-audit-log, integration: asked } }
"#,
    action: "fetch_audit_log",
    table: "log_audit",
    row: |at| {
        json!({
            "date_create": at.parse::<Timestamp>().unwrap().as_second(), "action": "app_scopes_expanded",
            "actor": { "type": "user", "user": { "id": "U0", "email": "mallory@acme.example" } },
            "entity": { "type": "app", "app": { "id": "A0", "name": "Notes" } },
        })
    },
};

/// A clock that stands until it is set.
struct Hands(AtomicI64);

impl Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.now_ms()).unwrap()
    }
}

impl Clock for Hands {
    fn now_ms(&self) -> i64 {
        self.0.load(SeqCst)
    }

    fn until(&self, due_ms: i64) -> Duration {
        Duration::from_millis(if due_ms > self.now_ms() { 2 } else { 0 })
    }
}

struct World {
    log: Log,
    twins: TwinHost,
    clock: Arc<Hands>,
    journal: Arc<MemoryJournal>,
    home: tempfile::TempDir,
    life: Option<(Engine, Running)>,
    rows: u32,
}

impl World {
    async fn new(log: Log) -> Self {
        let integrations = BTreeMap::from([("asked".to_owned(), log.platform.to_owned())]);
        let twins = TwinHost::start(TwinOptions { integrations, ..TwinOptions::default() }).await.unwrap();
        let start: Timestamp = "2026-03-13T02:40:00Z".parse().unwrap();
        let mut world = Self {
            log,
            twins,
            clock: Arc::new(Hands(AtomicI64::new(start.as_millisecond()))),
            journal: Arc::new(MemoryJournal::new()),
            home: tempfile::tempdir().unwrap(),
            life: None,
            rows: 0,
        };
        world.up().await;
        world
    }

    /// A server that finds the journal as it was left.
    async fn up(&mut self) {
        let config: Current = yaml::read::<Config>("stanch.yaml", self.log.config, "CF0001").unwrap().into();
        let transport = Transport::Twin(TwinTransport::new(self.twins.addr(), None).unwrap());
        let catalog = Arc::new(Catalog::embedded());
        let integrations =
            Integrations::new(catalog, &config.integrations, transport, Arc::new(Secrets::default()))
                .unwrap();
        let desk = ResponseDesk {
            register: Register::load("vendors.yaml", "{}").unwrap(),
            deadlines: DeadlineTable::built_in().unwrap(),
            config: config.clone(),
        };
        let clock: Arc<dyn Clock> = self.clock.clone();
        let journal: Arc<dyn Journal> = self.journal.clone();
        let engine = Engine::start(EngineOptions {
            journal: journal.clone(),
            integrations,
            library: Arc::new(Library::default()),
            config: config.clone(),
            desk: Arc::new(desk),
            clock: clock.clone(),
            mode: Mode::Drill,
            paused: false,
            shards: 1,
            patience: Patience::default(),
            in_process: None,
        })
        .unwrap();
        let running = Server::start(ServerOptions {
            listen: None,
            data: None,
            engine: engine.clone(),
            journal,
            config,
            secrets: BTreeMap::new(),
            register: stanch_response::Register::default(),
            tokens: Arc::new(Tokens::open(self.home.path()).unwrap()),
            clock,
            mode: Mode::Drill,
            files: Files::default(),
        })
        .await
        .unwrap();
        self.life = Some((engine, running));
    }

    /// What is not durable is gone.
    fn kill(&mut self) {
        self.journal = Arc::new(self.journal.crash());
        self.life = None;
    }

    /// A row in the log, as of this long after now.
    fn happens(&mut self, after: SignedDuration) -> String {
        self.rows += 1;
        let id = format!("row-{:04}", self.rows);
        let at = self.clock.now().checked_add(after).unwrap();
        let fields = (self.log.row)(&format!("{at:.3}"));
        let Value::Object(fields) = fields else { unreachable!() };
        let (integration, table) = ("asked".to_owned(), self.log.table.to_owned());
        let set = Change::Set { integration, table, id: id.clone(), fields };
        self.twins.change(&set).unwrap();
        id
    }

    fn passes(&self, time: SignedDuration) {
        self.clock.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), SeqCst);
    }

    fn asked(&self) -> usize {
        self.twins.requests().iter().filter(|request| request.action == self.log.action).count()
    }

    /// Up to where the journal says that the log was read.
    fn cursor(&self) -> Option<Timestamp> {
        let stream = StreamId::from_stored("source/log");
        let entries = self.journal.read(&stream, 1, 10_000).unwrap();
        let last = entries.last()?.decode::<Value>().unwrap();
        Some(last["until"].as_str().unwrap().parse().unwrap())
    }

    /// Delivery ids of all alerts, oldest first.
    fn alerts(&self) -> Vec<String> {
        let filter = Filter { prefix: "alert/".to_owned(), ..Filter::default() };
        let streams = self.journal.query(&filter, Cursor::START).unwrap().streams;
        let first = |stream: &StreamId| self.journal.read(stream, 1, 1).unwrap().remove(0);
        let alert = |stream| first(stream).decode::<Alert>().unwrap().delivery;
        let mut alerts: Vec<String> = streams.iter().map(|(stream, _)| alert(stream)).collect();
        alerts.sort();
        alerts
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..24_000 {
            if is_so(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("never: {what}; cursor {:?}, alerts {:?}", self.cursor(), self.alerts());
    }

    /// A turn of the poller after this moment has come and gone.
    async fn asks_again(&self) {
        let before = self.asked();
        self.passes(SignedDuration::from_secs(61));
        self.until("asked again", |world| world.asked() > before).await;
    }
}

const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// The cursor of a log that gives nothing may stand this far behind what was read.
const QUIET: SignedDuration = SignedDuration::from_mins(10);

#[tokio::test(flavor = "multi_thread")]
async fn okta_is_read_from_where_it_was_left_after_kills_and_after_days() {
    left_and_taken_up(OKTA).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn github_is_read_from_where_it_was_left_after_kills_and_after_days() {
    left_and_taken_up(GITHUB).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn graph_is_read_from_where_it_was_left_after_kills_and_after_days() {
    left_and_taken_up(GRAPH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_is_read_from_where_it_was_left_after_kills_and_after_days() {
    left_and_taken_up(SLACK).await;
}

async fn left_and_taken_up(log: Log) {
    let mut world = World::new(log).await;
    let old = world.happens(-SignedDuration::from_hours(2));
    world.until("it begins", |world| world.cursor().is_some()).await;
    let first = world.happens(SECOND);
    world.passes(SignedDuration::from_secs(61));
    world.until("the first", |world| world.alerts().len() == 1).await;

    // Rows that are in the overlap are read by every life anew.
    for _ in 0..3 {
        world.kill();
        world.up().await;
        world.asks_again().await;
    }
    assert_eq!(
        world.alerts(),
        std::slice::from_ref(&first),
        "nothing twice, and nothing from before the log was ever asked ({old})"
    );

    // Three days without a server, a row every five hours, one of them on a window's very border.
    world.kill();
    let mut wanted = vec![first];
    for hours in (0..72).step_by(5) {
        wanted.push(world.happens(SignedDuration::from_hours(hours)));
    }
    world.passes(SignedDuration::from_hours(72));
    let late = world.clock.now().checked_sub(QUIET).unwrap();
    world.up().await;
    world.until("caught up", |world| world.cursor() >= Some(late)).await;
    world.asks_again().await;
    assert_eq!(world.alerts(), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_answer_of_the_platform_it_neither_misses_nor_repeats() {
    let mut world = World::new(OKTA).await;
    world.until("it begins", |world| world.cursor().is_some()).await;
    let mut wanted = Vec::new();
    for life in 0..12 {
        wanted.push(world.happens(SECOND));
        let before = world.asked();
        world.passes(SignedDuration::from_mins(20));
        // The kill comes when the platform has answered: before, between or after alert and cursor, as it happens.
        world.until("asked", |world| world.asked() > before).await;
        for _ in 0..life {
            tokio::task::yield_now().await;
        }
        world.kill();
        world.up().await;
    }
    let now = world.clock.now();
    world.until("caught up", |world| world.alerts().len() >= wanted.len()).await;
    world.passes(SignedDuration::from_mins(20));
    world.until("read on", |world| world.cursor() > Some(now)).await;
    assert_eq!(world.alerts(), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_is_not_asked_and_what_failed_is_asked_again() {
    let mut world = World::new(OKTA).await;
    world.asks_again().await;
    let (engine, _) = world.life.as_ref().unwrap();
    let engine = engine.clone();
    engine.pause_scope("integration:asked", true, "ana").await.unwrap();
    let paused = world.happens(SECOND);
    let before = world.asked();
    for _ in 0..20 {
        world.passes(SignedDuration::from_mins(2));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The turn that was under way may come to its end; there is no turn after it.
    let more = world.asked() - before;
    assert!(more <= 2, "it asks what is paused: {more} times");
    engine.pause_scope("integration:asked", false, "ana").await.unwrap();
    world.passes(SignedDuration::from_mins(10));
    world.until("resumed", |world| world.alerts() == [paused.clone()]).await;

    let fault = world.twins.add_fault(Fault::always(Answer::Status(403)));
    let failed = world.happens(SECOND);
    world.passes(SignedDuration::from_hours(3));
    let before = world.twins.requests().len();
    world
        .until("it tries", |world| {
            world.passes(SignedDuration::from_mins(6));
            world.twins.requests().len() > before + 2
        })
        .await;
    assert_eq!(world.alerts(), std::slice::from_ref(&paused));
    world.twins.remove_fault(Some(fault));
    world.passes(SignedDuration::from_mins(6));
    world.until("it is read", |world| world.alerts() == [paused.clone(), failed.clone()]).await;
}
