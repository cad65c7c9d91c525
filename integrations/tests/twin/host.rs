//! The host itself: where it listens, how it is addressed, what it survives.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::json;
use stanch_integrations::twin::{
    self, Change, Fault, Summary, TwinError, TwinHost, TwinOptions, World, WorldApp, catalog, summarise,
};
use tokio::io::AsyncWriteExt as _;

use crate::support::{Answer, Twins, clock, world};

#[tokio::test]
async fn every_platform_of_the_catalogue_comes_up() {
    let names = catalog::platforms();
    for wanted in ["github", "oauth2", "okta", "salesforce", "slack", "smtp", "webhook"] {
        assert!(names.iter().any(|name| name == wanted), "{wanted}");
    }
    for name in &names {
        let twins = Twins::start(&[(name, name)], world("drift", &[(name, 3)])).await;
        assert!(twins.host.state(name).expect("state").is_object());
    }
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    for addr in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let listen = addr.parse().expect("address");
        let refused = TwinHost::start(TwinOptions { listen, ..TwinOptions::default() }).await;
        assert!(matches!(refused, Err(TwinError::NotLoopback(_))), "{addr}");
        let refused = TwinHost::start(TwinOptions { mail_listen: listen, ..TwinOptions::default() }).await;
        assert!(matches!(refused, Err(TwinError::NotLoopback(_))), "{addr} for mail");
    }
}

#[tokio::test]
async fn mistakes_at_the_start_are_named() {
    let with = |slug: &str, script: &str| TwinOptions {
        integrations: BTreeMap::from([("x".to_owned(), slug.to_owned())]),
        scripts: BTreeMap::from([("mine".to_owned(), script.to_owned())]),
        ..TwinOptions::default()
    };
    let error = async |slug: &str, script: &str| match TwinHost::start(with(slug, script)).await {
        Ok(_) => "it started".to_owned(),
        Err(error) => error.to_string(),
    };
    let known = error("nonsense", "").await;
    assert!(known.contains("there are ") && known.contains("okta, pagerduty"), "{known}");
    assert!(error("mine", "let a = ;").await.contains("line 1"));
    assert!(error("mine", r#"read("a", "GET /{body}", (), |req, db| 1);"#).await.contains("own name"));
    assert!(error("mine", r#"read("a", "GET", (), |req, db| 1);"#).await.contains("not a method and a path"));
    assert!(
        error("mine", "fn seed(db, world) { db.nothing.add(#{}); }").await.contains("no table `nothing`")
    );
    let twins = TwinHost::start(TwinOptions::default()).await.expect("starts");
    let taken = TwinHost::start(TwinOptions { listen: twins.addr(), ..TwinOptions::default() }).await;
    assert!(matches!(taken, Err(TwinError::Listen(..))));
}

#[tokio::test]
async fn a_platform_is_named_by_header_or_by_path() {
    let twins = Twins::start(&[("okta_emea", "okta")], world("drift", &[("okta_emea", 25)])).await;
    let base = format!("http://{}", twins.host.addr());
    let http = reqwest::Client::builder().no_proxy().build().expect("client");
    let get = async |url: String| {
        Answer::of(http.get(url).header("authorization", "SSWS twin-okta_emea").send().await.expect("answer"))
            .await
    };
    let users = get(format!("{base}/okta_emea/api/v1/users?limit=15")).await;
    assert_eq!(users.status, 200);
    let next = users.next().expect("more");
    assert!(next.starts_with(&format!("{base}/okta_emea/api/v1/users?")), "{next}");
    assert_eq!(get(next).await.body.as_array().map(Vec::len), Some(15));
    let nowhere = get(format!("{base}/nobody/api")).await;
    assert_eq!(
        (nowhere.status, &nowhere.body["integrations"]["okta_emea"]["platform"]),
        (404, &json!("okta"))
    );
    for wrong in [None, Some("SSWS nonsense"), Some("Negotiate twin-okta_emea"), Some("SSWS")] {
        let request = http.get(format!("{base}/okta_emea/api/v1/users"));
        let request =
            wrong.into_iter().fold(request, |request, value| request.header("authorization", value));
        let refused = Answer::of(request.send().await.expect("answer")).await;
        assert_eq!((refused.status, &refused.body["errorCode"]), (401, &json!("E0000011")), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_clients_at_once_lose_and_double_nothing() {
    let twins = Twins::start(&[("okta", "okta")], world("drift", &[("okta", 200)])).await;
    let okta = twins.client("okta");
    let app = okta.get("/api/v1/apps").await.body[0]["id"].as_str().expect("id").to_owned();
    let tokens = okta.pages(&format!("/api/v1/apps/{app}/tokens?limit=200")).await;
    let mut tasks = tokio::task::JoinSet::new();
    for token in tokens.iter().chain(&tokens) {
        let path = format!("/api/v1/apps/{app}/tokens/{}", token["id"].as_str().expect("id"));
        let okta = okta.clone();
        tasks.spawn(async move { okta.send("DELETE", &path).await.status });
    }
    let statuses = tasks.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 200);
    assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 200);
    let Summary { effects, duplicate_effects, repeated_requests, .. } = twins.host.summary();
    assert_eq!((effects, duplicate_effects, repeated_requests), (200, 0, 200));
    let requests = twins.host.requests();
    assert!(requests.iter().zip(1..).all(|(request, seq)| request.seq == seq));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_ids_and_the_same_people() {
    let names = [("okta", "okta"), ("crm", "salesforce")];
    let world = World {
        people: 400,
        apps: vec![WorldApp {
            id: "drift".to_owned(),
            grants: BTreeMap::from([("okta".to_owned(), 250), ("crm".to_owned(), 10)]),
            held_by: Some(50),
            ..WorldApp::default()
        }],
        ..World::default()
    };
    let options = |seed| TwinOptions { world: world.clone(), seed, ..TwinOptions::default() };
    let state = async |seed| {
        let twins = Twins::with(&names, options(seed)).await;
        (twins.host.state("okta").expect("okta"), twins.host.state("crm").expect("crm"))
    };
    let (okta, crm) = state(7).await;
    assert_eq!((&okta, &crm), (&state(7).await.0, &state(7).await.1));
    assert_ne!(okta, state(8).await.0);
    let holders: std::collections::BTreeSet<String> =
        okta["tokens"].as_array().expect("tokens").iter().map(|token| token["userId"].to_string()).collect();
    assert_eq!((okta["tokens"].as_array().map(Vec::len), holders.len()), (Some(250), 50));
    assert_eq!(crm["User"].as_array().map(Vec::len), Some(400));
    assert_eq!(crm["User"][3]["Email"], okta["users"][3]["profile"]["email"]);
}

#[tokio::test]
async fn a_state_file_is_gone_on_from() {
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("twins.json");
    let options = || TwinOptions {
        world: world("drift", &[("okta", 5)]),
        state_file: Some(file.clone()),
        ..TwinOptions::default()
    };
    let first = Twins::with(&[("okta", "okta")], options()).await;
    let okta = first.client("okta");
    let app = okta.get("/api/v1/apps").await.body[0]["id"].as_str().expect("id").to_owned();
    let list = format!("/api/v1/apps/{app}/tokens");
    let tokens = okta.pages(&list).await;
    let dead = format!("{list}/{}", tokens[0]["id"].as_str().expect("id"));
    assert_eq!(okta.send("DELETE", &dead).await.status, 204);
    first.host.stop().await.expect("written");

    let second = Twins::with(&[("okta", "okta")], options()).await;
    let okta = second.client("okta");
    assert_eq!(okta.pages(&list).await, tokens[1..]);
    assert_eq!(okta.send("DELETE", &dead).await.status, 404);
    assert_eq!((second.host.summary().effects, second.host.summary().repeated_requests), (1, 1));
    let grant = Change::Grant { integration: "okta".to_owned(), app: "drift".to_owned(), count: 1 };
    second.host.change(&grant).expect("granted");
    assert_eq!(okta.pages(&list).await.len(), 5);
    let ids: std::collections::BTreeSet<String> =
        second.host.requests().iter().map(|r| r.request_id.clone()).collect();
    assert_eq!(ids.len(), second.host.requests().len(), "request ids go on too");
    second.host.stop().await.expect("written");

    std::fs::write(&file, "{ broken").expect("written");
    let broken = TwinHost::start(TwinOptions { clock: clock(), ..options() }).await;
    assert!(matches!(broken, Err(TwinError::State(..))));
}

#[tokio::test]
async fn what_was_answered_outlives_a_host_that_died_and_what_has_a_name_happens_once() {
    let folder = tempfile::tempdir().expect("folder");
    let options = || TwinOptions {
        world: world("drift", &[("okta", 5)]),
        state_file: Some(folder.path().join("twins.json")),
        ..TwinOptions::default()
    };
    let grant = Change::Grant { integration: "okta".to_owned(), app: "drift".to_owned(), count: 1 };
    let slow = || Fault::nth("okta.list_users", 1, twin::Answer::Slow);
    let first = Twins::with(&[("okta", "okta")], options()).await;
    let okta = first.client("okta");
    let app = okta.get("/api/v1/apps").await.body[0]["id"].as_str().expect("id").to_owned();
    let list = format!("/api/v1/apps/{app}/tokens");
    assert!(first.host.change_once("plot/1", &grant).expect("granted"));
    assert!(!first.host.change_once("plot/1", &grant).expect("known"));
    first.host.add_fault_once("plot/2", slow());
    let tokens = okta.pages(&list).await;
    let dead = format!("{list}/{}", tokens[0]["id"].as_str().expect("id"));
    assert_eq!((tokens.len(), okta.send("DELETE", &dead).await.status), (6, 204));
    // nobody asks for it any more before the death: it may be lost, with its name
    assert!(first.host.change_once("plot/3", &grant).expect("granted"));
    // dropped without a word, as by kill -9
    drop(first);

    let second = Twins::with(&[("okta", "okta")], options()).await;
    let okta = second.client("okta");
    assert_eq!(okta.send("DELETE", &dead).await.status, 404, "it was answered, so it is known");
    assert_eq!((second.host.summary().effects, second.host.faults().len()), (1, 1));
    for name in ["plot/1", "plot/3"] {
        second.host.change_once(name, &grant).expect("known or made");
    }
    second.host.add_fault_once("plot/2", slow());
    assert_eq!((okta.pages(&list).await.len(), second.host.faults().len()), (6, 1), "each once");
}

#[tokio::test]
async fn a_client_may_name_the_operation() {
    let twins = Twins::start(&[("okta", "okta")], World::default()).await;
    twins.host.add_fault(Fault::nth("okta.list_users", 1, twin::Answer::Status(500)));
    let okta = twins.client("okta");
    assert_eq!(okta.get("/api/v1/users/ana.adler").await.status, 200);
    let named = okta.request("GET", "/api/v1/users/ana.adler").header("x-stanch-action", "list_users");
    assert_eq!(named.send().await.expect("answer").status(), 500);
    assert_eq!(twins.host.requests()[1].action, "list_users");
}

#[tokio::test]
async fn a_stopped_host_is_gone() {
    let twins = Twins::start(&[("okta", "okta")], World::default()).await;
    let (addr, mail) = (twins.host.addr(), twins.host.mail_addr());
    twins.host.stop().await.expect("stopped");
    for addr in [addr, mail] {
        assert!(tokio::net::TcpStream::connect(addr).await.is_err());
    }
}

#[tokio::test]
async fn a_script_that_fails_changes_nothing_and_says_so() {
    let script = r#"
        table("things", "id");
        fn seed(db, world) { db.things.add(#{ id: "a", n: 1 }); }
        write("break", "POST /break", (), |req, db| { db.things.remove("a"); nonsense(1) });
        write("endless", "POST /endless", (), |req, db| { db.things.remove("a"); loop { } });
    "#;
    let scripts = BTreeMap::from([("mine".to_owned(), script.to_owned())]);
    let twins = Twins::with(&[("x", "mine")], TwinOptions { scripts, ..TwinOptions::default() }).await;
    for path in ["/break", "/endless"] {
        let answer = twins.client("x").send("POST", path).await;
        assert!(answer.status == 500 && answer.text.contains("script failed"), "{answer:?}");
        assert_eq!(twins.host.state("x").expect("state")["things"][0]["n"], 1);
    }
    assert!(twins.host.effects().is_empty());
    assert_eq!(summarise(&[]), Summary::default());
    let _shared: Arc<TwinHost> = Arc::new(twins.host);
}

#[tokio::test]
async fn it_is_quiet_when_nobody_is_connected_or_only_waits_for_a_withheld_answer() {
    let twins = Twins::start(&[("okta", "okta")], world("drift", &[("okta", 1)])).await;
    let connected = tokio::net::TcpStream::connect(twins.host.addr()).await.expect("connects");
    let early = tokio::time::timeout(Duration::from_millis(50), twins.host.quiet()).await;
    assert!(early.is_err(), "whoever is connected may still ask for something");
    drop(connected);
    twins.host.quiet().await.expect("listens");
    let delay = Some(Duration::from_secs(3_600));
    twins.host.add_fault(Fault { delay, ..Fault::always(twin::Answer::TimeoutAfterEffect) });
    let mut asking = tokio::net::TcpStream::connect(twins.host.addr()).await.expect("connects");
    let request = b"GET /okta/api/v1/users HTTP/1.1\r\nhost: x\r\nauthorization: SSWS twin-okta\r\n\r\n";
    asking.write_all(request).await.expect("sends");
    twins.host.quiet().await.expect("listens");
    assert_eq!(twins.host.requests().len(), 1, "it was served before the quiet");
}
