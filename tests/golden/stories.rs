//! The stories that are kept as journals. Each is played by the program of its day into a data folder; what it leaves open
//! is left open on purpose: later programs must be able to go on from there.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use jiff::Timestamp;
use serde_json::json;
use stanch_client::{Client, Location};
use stanch_drill::{
    ledger::{self, Line as Kept},
    record::{Line, Record},
};
use stanch_engine::{Judged, Judgement};
use stanch_integrations::{ScenarioClock, twin::Fault};
use stanch_model::{
    Alert, RunId,
    api::{BeginBody, MoveBody, NewToken, Role, SeatKind, StartBody},
    run::Mode,
};
use stanch_response::{
    drills::{Changed, Closed, Opened, Rated},
    report::Came,
};
use stanch_server::{Files, Running, Server, ServerOptions, Tokens};

use crate::{
    copy,
    house::{House, Opening, register, start},
};

/// When they begin.
pub(crate) const BEGAN: Timestamp = Timestamp::constant(1_773_369_600, 0);

/// All of them, by the names of their folders.
pub(crate) const STORIES: [&str; 15] = [
    "every-call",
    "asked",
    "in-doubt",
    "killed",
    "holds",
    "undone",
    "guards",
    "children",
    "plan",
    "incident",
    "clocks",
    "closed",
    "promotion",
    "stopped",
    "drill",
];

/// Plays one into this folder.
pub(crate) async fn play(story: &str, folder: &Path) {
    match story {
        "drill" => return drill(folder).await,
        "promotion" => return promotion(folder).await,
        "stopped" => return stopped(folder).await,
        "killed" => return killed(folder).await,
        _ => {}
    }
    let house = House::open(folder, Opening::at(BEGAN)).await;
    match story {
        "every-call" => every_call(&house).await,
        "asked" => asked(&house).await,
        "in-doubt" => in_doubt(&house).await,
        "holds" => holds(&house).await,
        "undone" => undone(&house).await,
        "guards" => drop(house.start("sign-out", json!({})).await),
        "children" => drop(house.start("parent", json!({})).await),
        "plan" => plan(&house).await,
        "incident" => incident(&house).await,
        "clocks" => clocks(&house).await,
        "closed" => closed(&house).await,
        _ => panic!("there is no story {story}"),
    }
    house.close().await;
}

fn fault(house: &House, fault: serde_json::Value) {
    let fault: Fault = serde_json::from_value(fault).unwrap();
    house.twins.add_fault(fault);
}

/// Everything that a script can do, once, to its end and beyond: what lived on is read back when it is over. The platform
/// is busy once, and once says no.
async fn every_call(house: &House) {
    fault(house, json!({ "action": "shop.list_grants", "call": 1, "answer": 429, "delay": "30s" }));
    fault(house, json!({ "action": "shop.end_sessions", "call": 1, "answer": 403 }));
    let run = house.start("every-call", json!({})).await;
    house.pass(600).await;
    house.expects(&run, "A1");
    house.engine.remind(&run, "A1", "ana").await.unwrap();
    // Silence: the next of the ladder is asked.
    house.pass(15 * 60).await;
    house.says(&run, "A1", "dora", "approve").await;
    house.go_on().await;
}

/// A run that waits for its yes, and another one that somebody was asked about.
async fn asked(house: &House) {
    let run = house.start("cut", json!({ "app": "chat" })).await;
    house.start("cut", json!({ "app": "scan" })).await;
    house.engine.ask_someone(&run, "A1", "board", "ana").await.unwrap();
    house.rests().await;
}

/// A secret that was made and not handed on yet, and an effect that may have happened.
async fn in_doubt(house: &House) {
    let run = house.start("secret", json!({})).await;
    house.says(&run, "A1", "ben", "approve").await;
    fault(house, json!({ "action": "shop.new_secret", "call": 2, "answer": "reset", "effect": "happens" }));
    let other = house.start("secret", json!({})).await;
    house.says(&other, "A1", "caro", "approve").await;
}

/// The moment in which the platform had done it, and nobody had been told.
async fn killed(folder: &Path) {
    let whole = tempfile::tempdir().unwrap();
    let house = House::open(whole.path(), Opening::at(BEGAN)).await;
    let (from, to) = (whole.path().to_owned(), folder.to_owned());
    house.twins.on_request(Arc::new(move |request, _| {
        if request.action == "revoke_grant" && !to.join("journal").exists() {
            copy(&from, &to);
        }
    }));
    let run = house.start("cut", json!({ "app": "chat" })).await;
    house.says(&run, "A1", "ben", "approve").await;
    house.close().await;
    // The next life finds it, and stops again before anything is over.
    let house = House::open(folder, Opening::at(BEGAN)).await;
    house.engine.pause_scope("all", true, "ana").await.unwrap();
    house.close().await;
}

/// Two runs claim one app; one gave it back, the other gives it back by itself, later.
async fn holds(house: &House) {
    let first = house.start("for-hours", json!({})).await;
    house.pass(60).await;
    house.start("for-hours", json!({ "hours": "6h" })).await;
    house.pass(60).await;
    house.engine.undo(&first, "ana", "a false alarm").await.unwrap();
    house.pass(60).await;
}

/// A cut that somebody let last longer, and one that a run of its own takes back.
async fn undone(house: &House) {
    let first = house.start("for-hours", json!({})).await;
    house.pass(60).await;
    let two_hours = std::time::Duration::from_secs(7_200);
    house.engine.extend(&first, "all", two_hours, ("ana", "the vendor still looks")).await.unwrap();
    house.pass(60).await;
    let second = house.start("for-hours", json!({ "app": "scan" })).await;
    house.pass(60).await;
    house.engine.undo(&second, "ana", "a false alarm").await.unwrap();
    house.pass(60).await;
}

/// A plan, a run that is held to it and waits, and one that asks for more than the plan has.
async fn plan(house: &House) {
    let planned = house.engine.plan(start("cut", json!({ "app": "chat" })), None).await.unwrap();
    house.rests().await;
    let hash = house.engine.planned(&planned).unwrap().hash.unwrap().to_string();
    house.engine.execute(start("cut", json!({})), &hash).await.unwrap();
    house.rests().await;
}

/// An alert that opens an incident, one that joins it, and what people write on it.
async fn incident(house: &House) {
    let (server, dora, id) = opened(house).await;
    dora.note(&id, "Chat called back: it was their key").await.unwrap();
    let clock = dora.deadlines().await.unwrap().items[0].id.clone();
    dora.deadline_sent(&id, &clock, "mail of 12:40").await.unwrap();
    dora.waive_deadline(&id, &clock, "they knew first").await.unwrap();
    drop(dora);
    server.shutdown().await;
}

/// A clock that a person starts, and counts from another moment then.
async fn clocks(house: &House) {
    let (server, dora, id) = opened(house).await;
    let reason = "counsel says so".to_owned();
    let begin = BeginBody {
        rule: "gdpr-33".to_owned(),
        from: Some(BEGAN.to_string()),
        vendor: None,
        reason: reason.clone(),
    };
    dora.begin_deadline(&id, &begin).await.unwrap();
    let clocks = dora.deadlines().await.unwrap().items;
    let clock = clocks.iter().find(|clock| clock.rule == "gdpr-33").unwrap().id.clone();
    let from = Timestamp::constant(1_773_366_000, 0).to_string();
    dora.move_deadline(&id, &clock, &MoveBody { from, reason }).await.unwrap();
    drop(dora);
    server.shutdown().await;
}

/// An incident that a second run joins, that is closed, opened again and closed for good; a fact came late.
async fn closed(house: &House) {
    let first = house.start("asker", json!({ "word": "one" })).await;
    let (server, dora) = served(house).await;
    let id = dora.incidents(10, None).await.unwrap().items[0].id.clone();
    let input = json!({ "word": "two" }).as_object().cloned().unwrap();
    let (playbook, incident) = ("asker".to_owned(), Some(id.clone()));
    let started = dora.start(&StartBody { playbook, input, incident, ..StartBody::default() }).await.unwrap();
    house.rests().await;
    for run in [first, RunId(started.run)] {
        house.says(&run, "Q1", "ben", "a").await;
    }
    dora.close_incident(&id, "nothing of ours was reached").await.unwrap();
    dora.reopen_incident(&id, "the vendor says otherwise").await.unwrap();
    dora.close_incident(&id, "they were wrong").await.unwrap();
    dora.note(&id, "Chat wrote once more").await.unwrap();
    drop(dora);
    server.shutdown().await;
}

/// The incident of two alerts, and somebody who writes on it.
async fn opened(house: &House) -> (Running, Client, String) {
    for delivery in ["1", "2"] {
        house.engine.alert(alert(delivery)).await.unwrap();
        house.rests().await;
    }
    let (server, dora) = served(house).await;
    let id = dora.incidents(10, None).await.unwrap().items[0].id.clone();
    (server, dora, id)
}

/// A server over the house, and somebody who may everything there.
async fn served(house: &House) -> (Running, Client) {
    let folder = tempfile::tempdir().unwrap();
    let tokens = Arc::new(Tokens::open(folder.path()).unwrap());
    let new = NewToken { name: "dora".to_owned(), role: Role::Admin, days: None };
    let token = Some(tokens.make(&new).unwrap().token);
    let server = Server::start(ServerOptions {
        listen: Some(([127, 0, 0, 1], 0).into()),
        data: None,
        engine: house.engine.clone(),
        journal: Arc::clone(&house.journal) as _,
        config: Arc::clone(&house.config).into(),
        secrets: BTreeMap::new(),
        register: register(),
        tokens,
        clock: Arc::new(Arc::clone(&house.clock)),
        mode: Mode::Drill,
        files: Files::default(),
    });
    let server = server.await.unwrap();
    let url = format!("http://{}", server.addr.unwrap());
    (server, Client::connect(Location::Url { url, token }).unwrap())
}

fn alert(delivery: &str) -> Alert {
    Alert {
        id: format!("finding-{delivery}"),
        source: "casb".to_owned(),
        kind: "app.token_misuse".to_owned(),
        title: "Chat: token used from an unknown network".to_owned(),
        severity: stanch_model::alert::Severity::High,
        time: BEGAN.to_string(),
        user: None,
        app: Some("chat".to_owned()),
        ip: None,
        delivery: delivery.to_owned(),
        fold: Some("chat".to_owned()),
        raw: json!({ "vendor": "chat" }),
        by: None,
    }
}

/// A version that two people stand for, one that was taken back, and a run that stands because nobody had promoted it.
async fn promotion(folder: &Path) {
    let house = House::open(folder, Opening { mode: Mode::Live, ..Opening::at(BEGAN) }).await;
    house.engine.alert(alert("1")).await.unwrap();
    house.rests().await;
    let says = |playbook: &str, who: &str| Judged {
        playbook: playbook.to_owned(),
        version: None,
        who: who.to_owned(),
        channel: "test".to_owned(),
        alone: None,
        signed: None,
    };
    for (judgement, playbook, who) in [
        (Judgement::Reviewed, "cut", "ben"),
        (Judgement::Promoted, "cut", "dora"),
        (Judgement::Reviewed, "asker", "ben"),
        (Judgement::Promoted, "asker", "dora"),
        (Judgement::Withdrawn, "asker", "ana"),
    ] {
        house.engine.judge(judgement, says(playbook, who)).await.unwrap();
    }
    house.close().await;
}

/// What people stopped: a run that was cancelled, one that is paused, a playbook that is, and one that was pinned anew.
async fn stopped(folder: &Path) {
    let house = House::open(folder, Opening::at(BEGAN)).await;
    let runs = [
        house.start("cut", json!({ "app": "chat" })).await,
        house.start("cut", json!({ "app": "scan" })).await,
    ];
    house.engine.cancel(&runs[0], "ana", "wrong app").await.unwrap();
    house.engine.pause(&runs[1], true, "ana").await.unwrap();
    house.engine.pause_scope("playbook:asker", true, "ana").await.unwrap();
    house.rests().await;
    let asking = house.start("secret", json!({})).await;
    house.close().await;
    // The platform moved: what had begun before is not what is there now, until somebody says so.
    let moved = Opening { shop: "https://new.shop.example", ..Opening::at(BEGAN) };
    let house = House::open(folder, moved).await;
    house.rests().await;
    house.says(&asking, "A1", "ben", "approve").await;
    house.engine.repin(&asking, "ana").await.unwrap();
    house.rests().await;
    house.close().await;
}

/// The ledger of drills, and a drill's own journal.
async fn drill(folder: &Path) {
    let clock = Arc::new(ScenarioClock::standing_at(BEGAN));
    let data = folder.join("data");
    let record = Record::open(&Record::folder(&data), Some(clock)).unwrap();
    let at_ms = BEGAN.as_millisecond();
    let text = |text: &str| text.to_owned();
    for line in [
        Line::Began {
            drill: text("short"),
            playbook: text("cut"),
            version: text("5a"),
            scenario: text("drill: short\n"),
        },
        Line::Sat { seat: SeatKind::Responder, who: text("ana"), at_ms },
        Line::Fired { entry: 0, at_ms, by: String::new() },
        Line::StoodIn {
            card: text("r/A1"),
            name: text("cut"),
            who: text("ben"),
            say: text("approve"),
            at_ms,
        },
        Line::Killed { at_ms },
        Line::Observed {
            who: text("eva"),
            sort: text("gap"),
            goal: String::new(),
            text: text("nobody led"),
            at_ms,
        },
        Line::Met { expectation: 0, at_ms },
        Line::Stopped { who: text("ana"), why: text("our own mail is down"), at_ms },
    ] {
        record.write(line);
    }
    record.settle().await.unwrap();
    let opened = |number| Opened {
        number,
        playbook: text("cut"),
        text: text("late: the vendor is told"),
        owner: text("ben"),
        due: text("2026-04-12"),
        from: text("short"),
        that: text("told(\"chat\")"),
        record: text("head"),
    };
    let rated = Rated {
        drill: text("short"),
        playbook: text("cut"),
        version: text("5a"),
        actions: BTreeMap::new(),
        at: text("2026-03-13T03:00:00Z"),
        score: 70,
        of: 100,
        passed: true,
        ratings: BTreeMap::new(),
        data: text("drills/short"),
        record: text("head"),
        tested: BTreeMap::from([(1, Some(Came::Met)), (2, None)]),
    };
    let lines = vec![
        Kept::Opened(opened(1)),
        Kept::Opened(opened(2)),
        Kept::Changed(Changed { number: 2, owner: Some(text("caro")), due: None, by: text("ana") }),
        Kept::Rated(Box::new(rated)),
        Kept::Closed(Closed { number: 1, by: text("ana"), why: text("a louder pager") }),
    ];
    ledger::write(&ledger::folder(&data), |_| lines).await.unwrap();
}
