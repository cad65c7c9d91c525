//! When the server can take nothing it says so with 503, and when to come again: nothing of it is lost or half done.

use std::time::Duration;

use http::Method;
use serde_json::json;
use stanch_journal::{Journal, StreamAppend, With};
use stanch_model::{NewEntry, StreamId, api::Role};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    ground::Ground,
    world::{Reply, World},
};

/// What the server's answer says besides its status.
fn said(reply: &Reply) -> (u16, String, String) {
    let after = reply.headers.get("retry-after").map_or("", |value| value.to_str().unwrap());
    (reply.status, reply.code(), after.to_owned())
}

fn is(status: u16, code: &str, after: &str) -> (u16, String, String) {
    (status, code.to_owned(), after.to_owned())
}

#[tokio::test]
async fn a_start_that_is_under_way_when_the_server_stops_starts_nothing() {
    let mut world = World::new().await;
    let address = world.base.trim_start_matches("http://").to_owned();
    let body = json!({ "playbook": "asker", "input": { "what": [] } }).to_string();
    let head = format!(
        "POST /v1/runs HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        world.token(Role::Responder),
        body.len()
    );
    let mut line = TcpStream::connect(&address).await.unwrap();
    line.write_all(head.as_bytes()).await.unwrap();
    let mut first = [0; 25];
    line.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n", "it waits for the body");
    let stops = tokio::spawn(world.running.take().unwrap().shutdown());
    while TcpStream::connect(&address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    line.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("\r\nretry-after: 5\r\n"), "{answer}");
    assert!(answer.contains("\"code\":\"stopping\""), "{answer}");
    stops.await.unwrap();
    let begun = world.journal.follow("run/", stanch_journal::Cursor::START).next(Duration::ZERO);
    assert!(matches!(begun, Ok(None)), "{begun:?}");
}

#[tokio::test]
async fn a_full_disk_starts_no_run_and_takes_no_note() {
    let world = World::new().await;
    let run = world.asking(Role::Responder).await;
    let incident = world.client(Role::Viewer).run(&run).await.unwrap().incident.unwrap();
    world.ground.fill().await;
    let start = json!({ "playbook": "asker", "input": { "what": [] } });
    let note = json!({ "text": "they called" });
    for (path, body) in [("/v1/runs".to_owned(), &start), (format!("/v1/incidents/{incident}/notes"), &note)]
    {
        let refused = world.as_role(Role::Responder, Method::POST, &path, body).await;
        assert_eq!(said(&refused), is(503, "full", "30"), "{path}");
    }
    world.ground.make_room().await;
    assert_eq!(world.client(Role::Viewer).runs(false, 10).await.unwrap().items.len(), 1);
    let path = format!("/v1/incidents/{incident}/notes");
    assert_eq!(world.as_role(Role::Responder, Method::POST, &path, &note).await.status, 200);
}

#[tokio::test]
async fn more_followers_than_there_is_room_for_are_sent_away() {
    let world = World::new().await;
    let bearer = format!("Bearer {}", world.token(Role::Viewer));
    let address = world.base.trim_start_matches("http://");
    let request = format!("GET /v1/events HTTP/1.1\r\nhost: test\r\nauthorization: {bearer}\r\n\r\n");
    let mut lines = Vec::new();
    for _ in 0..256 {
        let mut line = TcpStream::connect(address).await.unwrap();
        line.write_all(request.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        line.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        lines.push(line);
    }
    let headers = [("authorization", bearer.as_str())];
    let away = world.raw(Method::GET, "/v1/events", &headers, "").await;
    assert_eq!(said(&away), is(503, "busy", "5"));
    assert!(world.client(Role::Viewer).status().await.is_ok(), "everybody else is served");
}

/// Another owner has opened the journal meanwhile: what this server writes is refused.
#[tokio::test]
async fn a_server_that_lost_its_journal_takes_nothing_and_knows_nothing_of_mails() {
    let world = World::new().await;
    let Ground::Memory(journal, _) = &world.ground else { return };
    let run = world.asking(Role::Responder).await;
    let incident = world.client(Role::Viewer).run(&run).await.unwrap().incident.unwrap();
    let other = journal.reopen();
    let path = format!("/v1/incidents/{incident}/notes");
    let note = json!({ "text": "they called" });
    let refused = world.as_role(Role::Responder, Method::POST, &path, &note).await;
    assert_eq!(said(&refused), is(503, "journal", "5"));

    // whoever reads the journal for notices cannot note how far it has come, and stands
    let entries = (0..20_002).map(|n| NewEntry::new("filler", &n)).collect();
    let append = StreamAppend::new(StreamId::from_stored("filler"), other.epoch(), entries);
    let ticket = other.append(vec![append], With::default()).unwrap();
    other.wait(&ticket).unwrap();
    let report = "From: MAILER-DAEMON@mail.acme.example\nSubject: Undelivered\n\
        Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\
        Content-Type: message/delivery-status\n\nReporting-MTA: dns; mail.acme.example\n\n\
        Final-Recipient: rfc822; a@drift.example\nAction: failed\nStatus: 5.1.1\n\n--b\n\
        Content-Type: message/rfc822\n\nMessage-ID: <k@acme.example>\n\nIt is so.\n\n--b--\n";
    let bearer = format!("Bearer {}", world.token(Role::Responder));
    let headers = [("authorization", bearer.as_str())];
    let not_yet = world.raw(Method::POST, "/v1/notices/returned", &headers, report).await;
    assert_eq!(said(&not_yet), is(503, "not_yet", "60"));
    assert!(not_yet.json()["error"]["help"].as_str().unwrap().contains("<k@acme.example>"));
}
