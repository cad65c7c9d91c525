//! The event stream: gap-free over broken lines and restarts.

use std::time::Duration;

use http::Method;
use stanch_client::{Events, News};
use stanch_model::api::{Event, Role};

use crate::world::World;

async fn entry(events: &mut Events) -> Event {
    let waiting = async {
        loop {
            if let News::Entry(event) = events.next().await.unwrap() {
                return *event;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(120), waiting).await.unwrap()
}

/// Takes entries up to one of this kind.
async fn upto(events: &mut Events, kind: &str) -> Vec<Event> {
    let mut seen = Vec::new();
    loop {
        seen.push(entry(events).await);
        if seen.last().unwrap().entry.kind == kind {
            return seen;
        }
    }
}

#[tokio::test]
async fn a_run_is_followed_from_its_first_entry_and_resumed_without_a_gap() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let client = world.client(Role::Viewer);
    let mut first = client.run_events(&run, None);
    let seen = upto(&mut first, "wait.opened").await;
    assert_eq!(seen[0].entry.kind, "run.created");
    let all: Vec<u64> = seen.iter().map(|event| event.entry.version).collect();
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    for at in 0..seen.len() - 1 {
        let mut resumed = client.run_events(&run, Some(seen[at].cursor.clone()));
        assert_eq!(entry(&mut resumed).await, seen[at + 1]);
    }
}

#[tokio::test]
async fn a_follower_of_everything_sees_what_comes_and_no_inbox() {
    let world = World::new().await;
    let mut events = world.by_socket().events("", None);
    assert_eq!(events.next().await.unwrap(), News::Online);
    // the first thing on the line is the place itself
    assert_eq!(events.next().await.unwrap(), News::Beat);
    assert!(events.cursor().is_some());
    let responder = world.client(Role::Responder);
    responder.pause("integration:none").await.unwrap_err();
    responder.pause("playbook:clocked").await.unwrap();
    let run = world.asking(Role::Responder).await;
    world.finish(&run).await;
    let seen = upto(&mut events, "run.ended").await;
    let streams: std::collections::BTreeSet<&str> =
        seen.iter().map(|event| event.entry.stream.split('/').next().unwrap()).collect();
    assert!(["run", "incident", "pause"].iter().all(|name| streams.contains(name)), "{streams:?}");
    assert!(!streams.contains("inbox") && !streams.contains("playbook"), "{streams:?}");
}

#[tokio::test]
async fn a_follower_outlives_the_server_and_misses_nothing() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let mut before = world.client(Role::Viewer).run_events(&run, None);
    let seen = upto(&mut before, "wait.opened").await;
    let cursor = before.cursor().unwrap().to_owned();
    assert_eq!(cursor, seen.last().unwrap().cursor);
    let world = world.crash().await;
    let mut after = world.client(Role::Viewer).run_events(&run, Some(cursor));
    world.finish(&run).await;
    let rest = upto(&mut after, "run.ended").await;
    assert_eq!(rest[0].entry.version, seen.last().unwrap().entry.version + 1);
}

#[tokio::test]
async fn a_stream_ends_when_the_server_drains_and_the_follower_says_so() {
    let mut world = World::new().await;
    let mut events = world.client(Role::Viewer).events("", None);
    assert_eq!(events.next().await.unwrap(), News::Online);
    let running = world.running.take().unwrap();
    let draining = tokio::time::timeout(Duration::from_secs(120), running.shutdown());
    draining.await.expect("a follower held the server up");
    loop {
        if let News::Lost { again_in, .. } = events.next().await.unwrap() {
            assert!(again_in > Duration::ZERO);
            break;
        }
    }
}

#[tokio::test]
async fn a_cursor_of_another_journal_is_refused_for_good() {
    let world = World::new().await;
    let mut events = world.client(Role::Viewer).events("", Some("cffffff".to_owned()));
    assert_eq!(events.next().await.unwrap_err().status(), Some(409));
    let bearer = format!("Bearer {}", world.token(Role::Viewer));
    let headers = [("authorization", bearer.as_str()), ("last-event-id", "x")];
    assert_eq!(world.raw(Method::GET, "/v1/events", &headers, "").await.status, 400);
}
