//! Runs, what holds them back, and what the server says of itself.

use http::Method;
use stanch_model::{api::Role, run::RunState};

use crate::world::World;

#[tokio::test]
async fn a_run_is_listed_shown_and_read_entry_by_entry() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let client = world.client(Role::Viewer);
    let listed = client.runs(true, 10).await.unwrap().items.remove(0);
    assert_eq!(
        (listed.id.as_str(), listed.playbook.as_str(), listed.state.as_str()),
        (run.as_str(), "asker", "waiting")
    );
    let wait = &listed.waits[0];
    assert_eq!((listed.started_by.as_str(), wait.what.as_str()), ("responder", "Shall we go?"));
    assert_eq!(wait.wait.as_deref(), Some("A1"));
    assert!(wait.person && listed.started <= wait.since && wait.since <= listed.since, "{listed:?}");
    // the end of an id is what people read to each other
    let short = &run[run.len() - 6..];
    let view = client.run(short).await.unwrap();
    assert_eq!(view.id.unwrap().0, run);
    let mut entries = Vec::new();
    let mut after = None;
    loop {
        let page = client.entries(&run, 1, after.as_deref()).await.unwrap();
        entries.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(entries[0].kind, "run.created");
    let versions: Vec<u64> = entries.iter().map(|entry| entry.version).collect();
    assert_eq!(versions, (1..=view.version).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_run_is_paused_resumed_and_cancelled() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let client = world.client(Role::Responder);
    client.pause_run(&run).await.unwrap();
    world.until(&run, |view| view.state == RunState::Paused).await;
    client.resume_run(&run).await.unwrap();
    world.until(&run, |view| view.state == RunState::Waiting).await;
    let recorded = client.cancel(&run, Some("a false alarm")).await.unwrap();
    assert_eq!((recorded.new, recorded.by.as_str()), (true, "responder"));
    world.until(&run, |view| view.ended.is_some_and(|ended| ended.as_str() == "cancelled")).await;
    assert_eq!(client.cancel(&run, None).await.unwrap_err().status(), Some(409), "it is over");
    assert_eq!(client.repin(&run).await.unwrap_err().status(), Some(409));
}

#[tokio::test]
async fn everything_can_be_held_back_and_the_status_says_so() {
    let world = World::new().await;
    let client = world.client(Role::Responder);
    client.pause("all").await.unwrap();
    assert_eq!(client.status().await.unwrap().paused, ["all"]);
    client.resume("all").await.unwrap();
    assert!(client.status().await.unwrap().paused.is_empty());
    assert!(client.pause("playbook:none").await.is_err());
}

#[tokio::test]
async fn the_server_says_what_it_is_and_has() {
    let world = World::new().await;
    world.asking(Role::Responder).await;
    let client = world.client(Role::Viewer);
    let status = client.status().await.unwrap();
    assert_eq!(
        (status.mode.as_str(), status.cards, status.runs["waiting"], status.incidents),
        ("drill", 1, 1, 1)
    );
    let playbooks = client.playbooks().await.unwrap().items;
    let clocked = playbooks.iter().find(|playbook| playbook.slug == "clocked").unwrap();
    assert_eq!(clocked.starts_when, ["alert.kind == \"test.breach\""]);
    let integrations = client.integrations().await.unwrap().items;
    assert_eq!(integrations.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["salesforce"]);
    assert!(client.is_ready().await);
    let metrics = world.raw(Method::GET, "/metrics", &[], "").await;
    let text = String::from_utf8(metrics.body.to_vec()).unwrap();
    assert!(text.contains("stanch_runs{state=\"waiting\"} 1\n"), "{text}");
    assert!(text.contains("stanch_waiting{for=\"approval\"} 1\n"), "{text}");
    assert!(text.contains("stanch_waiting_seconds{for=\"approval\"} "), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("stanch_") && value.parse::<f64>().is_ok(), "{line}");
    }
}

#[tokio::test]
async fn a_server_that_drains_takes_nothing_new_and_ends() {
    let mut world = World::new().await;
    let socket = world.folder().join("api.sock");
    let running = world.running.take().unwrap();
    running.shutdown().await;
    assert!(!socket.exists());
    assert!(tokio::net::TcpStream::connect(world.base.trim_start_matches("http://")).await.is_err());
}
