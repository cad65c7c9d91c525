//! The teller over a real engine, with a post that tests hold in their hands.

use std::{
    collections::{BTreeMap, HashSet},
    sync::atomic::{AtomicI64, Ordering::SeqCst},
};

use parking_lot::Mutex;
use serde_json::{Value, json};
use stanch_engine::{Answer, EngineOptions, Patience, StartRun};
use stanch_integrations::{By, Catalog, Integrations, More, Outcome, Seen, Transport, TwinTransport};
use stanch_journal::{BoxFuture, MemoryJournal};
use stanch_model::{
    StreamId,
    config::Config,
    secret::{SecretBox, SecretError},
};
use stanch_playbooks::{Library, Playbook};
use stanch_response::{DeadlineTable, Register};

use super::*;
use crate::ResponseDesk;

const CONFIG: &str = "
people: { groups: { lead: [ben] } }
tell:
  approval: [\"slack:#incidents\", \"mail:soc@acme.example\"]
  deadline: [\"slack:#clocks\"]
attention: { too_long: 99w }
";

/// Longer than anything here takes between two entries.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the platform does with a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Platform {
    /// Takes it.
    Takes,
    /// Takes it, and the server dies before it hears so.
    Dies,
    /// Answers nothing, and looking shows nothing.
    Silent,
}

struct Held {
    platform: Mutex<Platform>,
    sent: watch::Sender<Vec<Intent>>,
}

impl Held {
    fn new(platform: Platform) -> Arc<Self> {
        Arc::new(Self { platform: Mutex::new(platform), sent: watch::Sender::default() })
    }

    /// What was sent about this run.
    fn about(&self, run: &RunId) -> Vec<Intent> {
        self.sent.borrow().iter().filter(|intent| intent.text.contains(&run.0)).cloned().collect()
    }

    /// Waits until so much was sent about this run.
    async fn has_sent(&self, run: &RunId, count: usize) {
        let mut sent = self.sent.subscribe();
        let about = |sent: &Vec<Intent>| sent.iter().filter(|intent| intent.text.contains(&run.0)).count();
        let enough = sent.wait_for(|sent| about(sent) >= count);
        assert!(tokio::time::timeout(PATIENCE, enough).await.is_ok(), "nothing is sent");
    }

    fn ways(&self, run: &RunId) -> Vec<String> {
        let mut ways: Vec<String> = self.about(run).into_iter().map(|intent| intent.way).collect();
        ways.sort();
        ways
    }
}

impl Post for Held {
    fn send<'a>(&'a self, intent: &'a Intent, _: u32) -> BoxFuture<'a, Outcome> {
        self.sent.send_modify(|sent| sent.push(intent.clone()));
        let platform = *self.platform.lock();
        Box::pin(async move {
            match platform {
                Platform::Takes => {
                    Outcome::Done { value: Value::Null, by: By::Us, status: 200, more: More::default() }
                }
                Platform::Dies => std::future::pending().await,
                Platform::Silent => Outcome::InDoubt { why: "timeout".to_owned() },
            }
        })
    }

    fn look<'a>(&'a self, _: &'a Intent) -> BoxFuture<'a, Seen> {
        let platform = *self.platform.lock();
        Box::pin(async move {
            match platform {
                Platform::Dies => Seen::Holds,
                Platform::Takes => Seen::HoldsNot { out: Value::Null },
                Platform::Silent => Seen::CannotTell { why: "no read".to_owned(), again_ms: None },
            }
        })
    }

    fn repeats(&self, _: &Intent) -> bool {
        false
    }
}

struct Hands(AtomicI64);

impl Clock for Hands {
    fn now_ms(&self) -> i64 {
        self.0.load(SeqCst)
    }

    fn until(&self, _: i64) -> Duration {
        Duration::from_millis(20)
    }
}

struct NoSecrets;

impl SecretBox for NoSecrets {
    fn seal(&self, _: &str) -> Result<String, SecretError> {
        Ok("handle".to_owned())
    }

    fn open(&self, handle: &str) -> Result<String, SecretError> {
        Err(SecretError::Unknown(handle.to_owned()))
    }
}

struct World {
    journal: Arc<MemoryJournal>,
    parts: Parts,
    clock: Arc<Hands>,
    stop: watch::Sender<bool>,
    metrics: Arc<Metrics>,
}

impl World {
    fn new(journal: MemoryJournal, post: &Arc<Held>) -> Self {
        let start = jiff::Timestamp::now().as_millisecond();
        let world = Self::idle(journal, Arc::new(Hands(AtomicI64::new(start))));
        world.tell(post);
        world
    }

    fn idle(journal: MemoryJournal, clock: Arc<Hands>) -> Self {
        let journal = Arc::new(journal);
        let config: Current =
            stanch_model::yaml::read::<Config>("stanch.yaml", CONFIG, "CF0001").unwrap().into();
        let engine = engine(journal.clone(), config.clone(), clock.clone());
        let metrics = Arc::new(Metrics::default());
        let parts = Parts {
            engine,
            journal: journal.clone(),
            config,
            register: register(),
            clock: clock.clone(),
            mode: Mode::Live,
            metrics: metrics.clone(),
            links: Arc::new(Links::open(None, None).unwrap()),
            told: Arc::new(Told::default()),
        };
        Self { journal, parts, clock, stop: watch::channel(false).0, metrics }
    }

    fn tell(&self, post: &Arc<Held>) {
        let Parts { engine, journal, config, register, clock, mode, metrics, links, told } = &self.parts;
        let parts = Parts {
            engine: engine.clone(),
            journal: journal.clone(),
            config: config.clone(),
            register: register.clone(),
            clock: clock.clone(),
            mode: *mode,
            metrics: metrics.clone(),
            links: links.clone(),
            told: told.clone(),
        };
        let teller = Teller::through(parts, post.clone()).unwrap();
        tokio::spawn(teller.work(self.stop.subscribe()));
    }

    /// What a kill -9 leaves, and another life over it.
    fn crash(self, post: &Arc<Held>) -> Self {
        let world = Self::idle(self.journal.crash(), self.clock.clone());
        world.tell(post);
        world
    }

    async fn start(&self) -> RunId {
        let app =
            json!({ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": "Drift" } });
        let start = StartRun {
            playbook: "asker".to_owned(),
            input: BTreeMap::from([("what".to_owned(), json!([app]))]),
            alert: None,
            incident: None,
            started_by: "ana".to_owned(),
            channel: String::new(),
        };
        self.parts.engine.run(start).await.unwrap().0
    }

    /// What the card of this run says of who was told, sorted.
    fn told(&self, run: &RunId) -> Vec<String> {
        let told = self.parts.told.of(&format!("{run}:A1")).into_iter();
        let mut told: Vec<String> = told.map(|one| format!("{} {}", one.way, one.how)).collect();
        told.sort();
        told
    }

    /// What the book says of this run, sorted.
    fn book(&self, run: &RunId) -> Vec<String> {
        let entries = self.journal.read(&StreamId::from_stored("tell"), 1, 1_000).unwrap();
        let ours = entries.iter().filter(|entry| entry.body.as_deref().unwrap_or_default().contains(&run.0));
        let kind = |entry: &stanch_model::Entry| {
            let body: Value = entry.decode().unwrap();
            format!("{} {}", entry.header.kind, body["how"].as_str().unwrap_or_default()).trim().to_owned()
        };
        let mut kinds: Vec<String> = ours.map(kind).collect();
        kinds.sort();
        kinds
    }

    /// Waits until this is so: it is asked again whenever something became durable.
    async fn until(&self, what: impl Fn(&Self) -> bool) {
        loop {
            let seen = self.journal.durable();
            if what(self) {
                return;
            }
            let more = tokio::time::timeout(PATIENCE, self.journal.durable_at(seen + 1)).await;
            assert!(more.is_ok(), "nothing happens any more");
        }
    }

    /// Waits until the book says so much of this run, and then until the teller has come to a run that starts now: all
    /// that it says of the first one was said by then.
    async fn settled(&self, run: &RunId, entries: usize) -> Vec<String> {
        self.until(|world| world.book(run).len() >= entries).await;
        let later = self.start().await;
        let intends = |kinds: Vec<String>| kinds.iter().filter(|kind| *kind == "tell.intent").count();
        self.until(|world| intends(world.book(&later)) == 2).await;
        self.book(run)
    }
}

/// Nobody answers for anything.
fn register() -> Register {
    Register::default()
}

fn engine(journal: Arc<MemoryJournal>, config: Current, clock: Arc<Hands>) -> Engine {
    let nowhere = TwinTransport::new("127.0.0.1:9".parse().unwrap(), None).unwrap();
    let catalog = Arc::new(Catalog::embedded());
    let integrations =
        Integrations::new(catalog, &BTreeMap::new(), Transport::Twin(nowhere), Arc::new(NoSecrets)).unwrap();
    let mut library = Library::embedded();
    library.insert(asker());
    let register = "drift: { contacts: [{ mail: s@drift.example }], breach: { notify_within: 10h } }\n";
    let desk = ResponseDesk {
        register: Register::load("vendors.yaml", register).unwrap(),
        deadlines: DeadlineTable::built_in().unwrap(),
        config: config.clone(),
    };
    Engine::start(EngineOptions {
        journal,
        integrations,
        library: Arc::new(library),
        config,
        desk: Arc::new(desk),
        clock,
        mode: Mode::Live,
        paused: false,
        shards: 1,
        patience: Patience { park: Duration::ZERO, ..Patience::default() },
        in_process: None,
    })
    .unwrap()
}

fn asker() -> Playbook {
    let manifest = "playbook: asker\ntitle: Asker\nowner: tests\nreviewed: 2026-11-01\nuses: {}\ninput:\n  what: { type: list }\napprovals:\n  go: { ask: lead, within: 100h, unanswered: [deny] }\n";
    let script = "deadline(\"contract\", vendor_of(\"drift\"), #{ aware: now() });\napprove(\"go\", \"Cut Drift off\", input.what);\n";
    let sources = [("playbook.yaml", manifest), ("main.rhai", script), ("README.md", "A test.")];
    let sources = sources.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Playbook::from_sources("asker", sources.into()).unwrap_or_else(|found| panic!("{found:#?}"))
}

#[tokio::test]
async fn whoever_is_needed_is_told_once_in_every_way_with_what_to_do() {
    let post = Held::new(Platform::Takes);
    let world = World::new(MemoryJournal::new(), &post);
    let run = world.start().await;
    let kinds = world.settled(&run, 5).await;
    assert_eq!(kinds, ["tell.clock", "tell.intent", "tell.intent", "tell.outcome sent", "tell.outcome sent"]);
    assert_eq!(post.ways(&run), ["mail:soc@acme.example", "slack:#incidents"]);
    let text = post.about(&run)[0].text.clone();
    assert!(text.starts_with("Must be approved: Cut Drift off (asked: lead), until "), "{text}");
    assert!(text.ends_with(&format!("asker: stanch approve {run}:A1, or stanch deny {run}:A1")), "{text}");
    assert!(world.metrics.told.load(SeqCst) >= 2);
    let all = ["mail:soc@acme.example sent", "slack:#incidents sent"];
    world.until(|world| world.told(&run) == all).await;
    let world = world.crash(&post);
    assert_eq!(world.settled(&run, 5).await, kinds);
    assert_eq!(post.ways(&run).len(), 2, "told again after a restart");
    assert_eq!(world.told(&run), all, "known after a restart, too");
}

#[tokio::test]
async fn who_answers_for_an_app_hears_that_it_may_be_cut_and_is_asked_nothing() {
    let post = Held::new(Platform::Takes);
    let start = jiff::Timestamp::now().as_millisecond();
    let mut world = World::idle(MemoryJournal::new(), Arc::new(Hands(AtomicI64::new(start))));
    let register = "drift: { name: Drift, owner: Sales Ops, purpose: chat on the website, contacts: [{ mail: s@drift.example }] }\n";
    world.parts.register = Register::load("vendors.yaml", register).unwrap();
    let config = CONFIG.replace("tell:\n", "tell:\n  sales-ops: [\"slack:#sales\", \"slack:#incidents\"]\n");
    world.parts.config = stanch_model::yaml::read::<Config>("stanch.yaml", &config, "CF0001").unwrap().into();
    world.tell(&post);
    let run = world.start().await;
    let all = ["mail:soc@acme.example sent", "slack:#incidents sent", "slack:#sales sent"];
    world.until(|world| world.told(&run) == all).await;
    let about = post.about(&run);
    let letter = about.iter().find(|intent| intent.way == "slack:#sales").unwrap();
    let says = "Drift may be cut off soon, and Sales Ops answers for it. What stops: chat on the website.\nCut Drift off\n";
    assert!(letter.text.starts_with(says), "{}", letter.text);
    assert_eq!((&letter.offer, &letter.who), (&None, &None), "nothing is asked of them");
    let heard = |world: &World| {
        let view = world.parts.engine.view(&run).unwrap();
        let told = world.parts.told.of_run(&run.0);
        crate::owners::heard("Sales Ops", &world.parts.config, &view, &told, |_, _| false)
    };
    assert_eq!(heard(&world), stanch_model::api::OwnerTold::At(letter.at.to_string()));
}

#[tokio::test]
async fn on_a_full_disk_people_are_told_all_the_same_and_afterwards_too() {
    let post = Held::new(Platform::Takes);
    let start = jiff::Timestamp::now().as_millisecond();
    let world = World::idle(MemoryJournal::new(), Arc::new(Hands(AtomicI64::new(start))));
    let run = world.start().await;
    world.until(|world| world.parts.engine.view(&run).unwrap().open_waits().count() == 1).await;
    world.journal.set_full(true);
    world.tell(&post);
    world.until(|world| world.told(&run) == ["mail:soc@acme.example sent", "slack:#incidents sent"]).await;
    assert!(!world.metrics.is_mute());
    world.journal.set_full(false);
    let later = world.start().await;
    post.has_sent(&later, 2).await;
}

#[tokio::test]
async fn a_reminder_is_told_in_every_way_once_more() {
    let post = Held::new(Platform::Takes);
    let world = World::new(MemoryJournal::new(), &post);
    let run = world.start().await;
    post.has_sent(&run, 2).await;
    world.parts.engine.remind(&run, "A1", "kim").await.unwrap();
    post.has_sent(&run, 4).await;
    let text = post.about(&run)[3].text.clone();
    assert!(text.starts_with("A reminder by kim. Must be approved: Cut Drift off (asked: lead)"), "{text}");
    world.settled(&run, 9).await;
    let world = world.crash(&post);
    world.settled(&run, 9).await;
    assert_eq!(post.ways(&run).len(), 4, "told again after a restart");
}

#[tokio::test]
async fn a_message_that_may_have_gone_out_is_looked_up_after_a_crash() {
    let post = Held::new(Platform::Dies);
    let world = World::new(MemoryJournal::new(), &post);
    let run = world.start().await;
    assert_eq!(world.settled(&run, 3).await, ["tell.clock", "tell.intent", "tell.intent"]);
    post.has_sent(&run, 2).await;
    let world = world.crash(&post);
    let kinds = world.settled(&run, 5).await;
    assert_eq!(kinds[3..], ["tell.outcome sent", "tell.outcome sent"]);
    assert_eq!(post.ways(&run).len(), 2, "sent a second time");
}

#[tokio::test]
async fn one_that_never_arrived_is_sent_and_one_of_which_nobody_knows_is_not() {
    for (next, sends, end) in
        [(Platform::Takes, 4, "tell.outcome sent"), (Platform::Silent, 2, "tell.outcome in_doubt")]
    {
        let post = Held::new(Platform::Dies);
        let world = World::new(MemoryJournal::new(), &post);
        let run = world.start().await;
        world.settled(&run, 3).await;
        post.has_sent(&run, 2).await;
        *post.platform.lock() = next;
        let world = world.crash(&post);
        let kinds = world.settled(&run, 5).await;
        assert_eq!(kinds[3..], [end, end]);
        assert_eq!(post.ways(&run).len(), sends);
        let keys: HashSet<String> = post.about(&run).iter().map(Intent::idempotency).collect();
        assert_eq!(keys.len(), 2, "a second attempt has another key");
    }
}

#[tokio::test]
async fn what_was_settled_before_anybody_could_be_told_is_not_told() {
    let clock = Arc::new(Hands(AtomicI64::new(jiff::Timestamp::now().as_millisecond())));
    let post = Held::new(Platform::Takes);
    let world = World::idle(MemoryJournal::new(), clock);
    let run = world.start().await;
    let view = |world: &World| world.parts.engine.view(&run).unwrap();
    world.until(|world| view(world).open_waits().count() > 0).await;
    let answer = Answer {
        wait: "A1".to_owned(),
        say: "approve".to_owned(),
        who: "ben".to_owned(),
        channel: "test".to_owned(),
        reason: String::new(),
    };
    world.parts.engine.answer(&run, answer).await.unwrap();
    world.until(|world| view(world).ended.is_some()).await;
    world.tell(&post);
    assert_eq!(world.settled(&run, 1).await, ["tell.clock"]);
    assert!(post.ways(&run).is_empty());
}

#[tokio::test]
async fn people_hear_of_a_deadline_before_it_is_due_also_after_a_restart() {
    const HOUR: i64 = 3_600_000;
    let post = Held::new(Platform::Takes);
    let world = World::new(MemoryJournal::new(), &post);
    let run = world.start().await;
    world.settled(&run, 5).await;
    world.clock.0.fetch_add(6 * HOUR, SeqCst);
    world.settled(&run, 7).await;
    let clocks = || {
        let about = post.about(&run).into_iter();
        about.filter(|intent| intent.way == "slack:#clocks").collect::<Vec<_>>()
    };
    assert_eq!(clocks().len(), 1);
    assert!(clocks()[0].text.contains("Contract clause, drift"), "{}", clocks()[0].text);
    // a tenth is left, and then nothing: only the last is still news
    let world = world.crash(&post);
    world.clock.0.fetch_add(5 * HOUR, SeqCst);
    world.settled(&run, 9).await;
    assert_eq!(clocks().len(), 2);
    assert!(clocks()[1].text.starts_with("Due now: "), "{}", clocks()[1].text);
}

#[tokio::test]
async fn nobody_is_reminded_of_a_deadline_whose_notice_was_sent() {
    const HOUR: i64 = 3_600_000;
    let post = Held::new(Platform::Takes);
    let world = World::new(MemoryJournal::new(), &post);
    let run = world.start().await;
    world.settled(&run, 5).await;
    let incident = world.parts.engine.view(&run).unwrap().incident.unwrap();
    let said = json!({ "deadline": "contract:drift", "waived": false, "by": "ben", "reason": "ticket 4711" });
    let entry = stanch_model::NewEntry::new("incident.deadline_settled", &said);
    let append =
        stanch_journal::StreamAppend::new(StreamId::incident(&incident), world.journal.epoch(), vec![entry]);
    let ticket = world.journal.append(vec![append], stanch_journal::With::default()).unwrap();
    world.journal.durable_at(ticket.position).await.unwrap();
    world.clock.0.fetch_add(20 * HOUR, SeqCst);
    // The alarms are looked at with every entry that is read, also with those of the run that comes later.
    world.settled(&run, 5).await;
    assert!(!post.ways(&run).contains(&"slack:#clocks".to_owned()), "{:?}", post.ways(&run));
}

#[tokio::test]
async fn a_clock_that_a_person_started_is_told_of_and_one_that_was_moved_at_its_new_time_alone() {
    const HOUR: i64 = 3_600_000;
    let post = Held::new(Platform::Takes);
    let world = World::new(MemoryJournal::new(), &post);
    let run = world.start().await;
    world.settled(&run, 5).await;
    let incident = world.parts.engine.view(&run).unwrap().incident.unwrap();
    let now = clock::now(&(world.clock.clone() as Arc<dyn Clock>));
    let at = |hours: i64| (now + jiff::SignedDuration::from_hours(hours)).to_string();
    let begun = json!({
        "clock": { "deadline": "gdpr-33", "title": "GDPR", "anchor": at(0), "due": at(30) }, "by": "ben",
    });
    let moved =
        json!({ "deadline": "gdpr-33", "anchor": at(20), "due": at(50), "by": "ben", "reason": "the log" });
    let entries = vec![
        stanch_model::NewEntry::new("incident.deadline_begun", &begun),
        stanch_model::NewEntry::new("incident.deadline_moved", &moved),
    ];
    let append =
        stanch_journal::StreamAppend::new(StreamId::incident(&incident), world.journal.epoch(), entries);
    let ticket = world.journal.append(vec![append], stanch_journal::With::default()).unwrap();
    world.journal.durable_at(ticket.position).await.unwrap();
    world.clock.0.fetch_add(60 * HOUR, SeqCst);
    let told = |sent: &Vec<Intent>| {
        let about = sent.iter().filter(|intent| intent.text.contains(&format!("incident {incident}")));
        about.map(|intent| intent.text.clone()).collect::<Vec<_>>()
    };
    let mut sent = post.sent.subscribe();
    let said = sent.wait_for(|sent| !told(sent).is_empty());
    assert!(tokio::time::timeout(PATIENCE, said).await.is_ok(), "nobody hears of it");
    let texts = told(&post.sent.borrow());
    assert!(texts.len() == 1 && texts[0].contains(&at(20)), "{texts:?}");
}
