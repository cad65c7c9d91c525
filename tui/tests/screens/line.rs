//! The line to a server that is not what it should be: another version, garbled words, no right. Each is a message on the
//! screen, never a crash and never silence.

use std::{collections::BTreeMap, time::Duration};

use stanch_client::{Client, Location};
use stanch_model::api::{Problem, ProblemBody, Status};
use stanch_tui::{event::Event, link::Performer, world::Line};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc::unbounded_channel,
};

use crate::stage::Stage;

/// What a server says to a path: a status and a body; of the event stream the body is all that ever comes.
type Says = fn(&str) -> (u16, String);

async fn serve(says: Says) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, says));
        }
    });
    url
}

async fn answer(mut stream: TcpStream, says: Says) {
    let (mut asked, mut bytes) = (String::new(), [0; 2048]);
    while !asked.contains("\r\n\r\n") {
        let Ok(read @ 1..) = stream.read(&mut bytes).await else { return };
        asked.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    let path = asked.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    let (status, body) = says(path);
    let is_stream = path == "/v1/events" && status == 200;
    let kind = if is_stream { "text/event-stream" } else { "application/json" };
    let long = if is_stream { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\n{long}connection: close\r\n\r\n");
    // whoever asked may be gone
    let _gone = stream.write_all(format!("{head}{body}").as_bytes()).await;
    if is_stream {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

/// The screens before that server, until their last row or badge says so.
#[expect(clippy::panic, reason = "what never stands there fails the test")]
async fn shown(says: Says, words: &str) -> (Stage, String) {
    let location = Location::Url { url: serve(says).await, token: Some("none".to_owned()) };
    let (events, mut inbox) = unbounded_channel();
    let performer = Performer::start(Client::connect(location).unwrap(), None, events);
    let mut stage = Stage::empty();
    for _ in 0..1_000 {
        let event = match tokio::time::timeout(Duration::from_millis(10), inbox.recv()).await {
            Ok(Some(event)) => event,
            _ => Event::Tick,
        };
        stage.passes(10).event(event);
        std::mem::take(&mut stage.intents).into_iter().for_each(|intent| performer.perform(intent));
        let picture = stage.picture(120, 30);
        if picture.contains(words) {
            return (stage, picture);
        }
    }
    panic!("`{words}` never stood there:\n{}", stage.picture(120, 30));
}

fn status(version: &str) -> String {
    let status = Status {
        version: version.to_owned(),
        mode: "live".to_owned(),
        paused: Vec::new(),
        runs: BTreeMap::new(),
        cards: 0,
        incidents: 0,
        cursor: "0".to_owned(),
        now: "2026-11-26T18:00:00Z".to_owned(),
        changed: Vec::new(),
        heartbeat: None,
        returned: Vec::new(),
    };
    serde_json::to_string(&status).unwrap()
}

fn nothing(path: &str) -> (u16, String) {
    let body = match path {
        "/v1/me" => r#"{"name":"ana","role":"responder","through":"token"}"#.to_owned(),
        "/v1/status" => status(concat!("stanch ", env!("CARGO_PKG_VERSION"))),
        "/v1/events" => ": here\n\n".to_owned(),
        _ => r#"{"items":[]}"#.to_owned(),
    };
    (200, body)
}

#[tokio::test]
async fn a_server_of_another_version_is_named_and_shown_all_the_same() {
    let newer: Says = |path| match path {
        "/v1/status" => (200, status("stanch 9.0.0").replacen('{', "{\"moon\":\"full\",", 1)),
        _ => nothing(path),
    };
    let (mut stage, picture) = shown(newer, "The server is stanch 9.0.0").await;
    assert!(picture.contains("these screens are stanch"), "{picture}");
    assert!(stage.keys(&["z"]).picture(120, 30).contains("LIVE"));
}

#[tokio::test]
async fn an_answer_that_nobody_understands_is_told_and_the_rest_goes_on() {
    let other: Says = |path| match path {
        "/v1/runs" => (200, r#"{"items":[{"run":7}]}"#.to_owned()),
        _ => nothing(path),
    };
    let (stage, picture) = shown(other, "does not answer like a stanch server").await;
    assert!(picture.contains("ana, responder | online"), "{picture}");
    assert_eq!(stage.app.live.line, Line::Online);
}

#[tokio::test]
async fn a_garbled_event_ends_the_line_with_its_reason() {
    let garbled: Says = |path| match path {
        "/v1/events" => (200, "id: 1\ndata: {\"stream\": 7\n\n".to_owned()),
        _ => nothing(path),
    };
    let (mut stage, picture) = shown(garbled, "refused").await;
    assert!(matches!(stage.app.live.line, Line::Refused(_)), "{picture}");
    let picture = stage.keys(&["z"]).picture(120, 30);
    assert!(picture.lines().last().unwrap().contains("does not answer like a stanch server"), "{picture}");
}

#[tokio::test]
async fn a_token_without_rights_is_told_why_and_how() {
    let closed: Says = |_| {
        let (code, message) = ("forbidden".to_owned(), "this token may not look at anything".to_owned());
        let error = ProblemBody { code, message, help: None, field: None };
        (403, serde_json::to_string(&Problem { error }).unwrap())
    };
    let (mut stage, _) = shown(closed, "refused").await;
    let picture = stage.keys(&["z", "1"]).picture(120, 30);
    assert!(picture.lines().last().unwrap().contains("this token may not look at anything"), "{picture}");
    assert!(picture.contains("JOINING"), "nothing is made up: {picture}");
}
