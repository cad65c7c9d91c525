//! Each a clear error, and nothing lost or half done.

use http::Method;
use serde_json::json;
use stanch_model::api::Role;

use crate::world::{World, sign};

async fn refused(world: &World, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> (u16, String) {
    let before = world.journal.durable();
    let reply = world.raw(Method::POST, path, headers, body).await;
    assert_eq!(world.journal.durable(), before, "something was written");
    let message = reply.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(!message.is_empty());
    (reply.status, reply.code())
}

#[tokio::test]
async fn deliveries_that_are_not_taken_say_why_and_leave_nothing() {
    let world = World::new().await;
    let signed = |body: &[u8]| format!("sha256={}", sign(body));
    let (status, code) = refused(&world, "/v1/alerts/nobody", &[], b"{}".to_vec()).await;
    assert_eq!((status, code.as_str()), (404, "not_found"));
    let (status, code) = refused(&world, "/v1/alerts/plain", &[], b"{}".to_vec()).await;
    assert_eq!((status, code.as_str()), (401, "unproven"));
    let wrong = signed(b"another body");
    let (status, code) =
        refused(&world, "/v1/alerts/plain", &[("x-signature-256", &wrong)], b"{}".to_vec()).await;
    assert_eq!((status, code.as_str()), (401, "unproven"));
    for (body, expected) in
        [(&b"{\"kind\""[..], "not_json"), (b"{\"kind\":\"\xff\"}", "not_utf8"), (b"", "not_json")]
    {
        let (status, code) =
            refused(&world, "/v1/alerts/plain", &[("x-signature-256", &signed(body))], body.to_vec()).await;
        assert_eq!((status, code.as_str()), (400, expected));
    }
}

#[tokio::test]
async fn ten_megabytes_are_refused_with_words_however_they_are_sent() {
    let world = World::new().await;
    let body = vec![b'x'; 10 * 1024 * 1024];
    let (status, code) =
        refused(&world, "/v1/alerts/plain", &[("x-signature-256", "sha256=00")], body.clone()).await;
    assert_eq!((status, code.as_str()), (413, "too_large"));
    let (status, code) = refused_in_chunks(&world, &body).await;
    assert_eq!((status, code.as_str()), (413, "too_large"));
    let bearer = format!("Bearer {}", world.token(Role::Responder));
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let (status, code) = refused(&world, "/v1/runs", &headers, body).await;
    assert_eq!((status, code.as_str()), (413, "too_large"));
}

/// Without a declared length.
async fn refused_in_chunks(world: &World, body: &[u8]) -> (u16, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let stream = tokio::net::TcpStream::connect(world.base.trim_start_matches("http://")).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let body = body.to_vec();
    let writing = tokio::spawn(async move {
        let head = "POST /v1/alerts/plain HTTP/1.1\r\nhost: t\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
        to.write_all(head.as_bytes()).await.unwrap();
        for chunk in body.chunks(64 * 1024) {
            to.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await.unwrap();
            to.write_all(chunk).await.unwrap();
            to.write_all(b"\r\n").await.unwrap();
        }
        to.write_all(b"0\r\n\r\n").await.unwrap();
        to
    });
    let mut text = String::new();
    from.read_to_string(&mut text).await.unwrap();
    writing.await.unwrap();
    let status = text[9..12].parse().unwrap();
    let body: serde_json::Value = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    (status, body["error"]["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn requests_that_make_no_sense_are_told_so_in_json() {
    let world = World::new().await;
    let ask = async |method: Method, path: &str, body: &serde_json::Value| {
        let reply = world.as_role(Role::Admin, method, path, body).await;
        (reply.status, reply.code())
    };
    let expect = |status: u16, code: &str| (status, code.to_owned());
    assert_eq!(ask(Method::GET, "/v1/nothing", &json!({})).await, expect(404, "not_found"));
    assert_eq!(ask(Method::PUT, "/v1/runs", &json!({})).await, expect(405, "method"));
    assert_eq!(ask(Method::GET, "/v1/runs/NONE", &json!({})).await, expect(404, "not_found"));
    assert_eq!(ask(Method::GET, "/v1/runs?limit=many", &json!({})).await, expect(400, "bad_request"));
    assert_eq!(ask(Method::GET, "/v1/events?cursor=yesterday", &json!({})).await, expect(400, "bad_request"));
    assert_eq!(
        ask(Method::POST, "/v1/runs", &json!({ "playbok": "asker" })).await,
        expect(400, "bad_request")
    );
    assert_eq!(
        ask(Method::POST, "/v1/runs", &json!({ "playbook": "askr" })).await,
        expect(404, "no_playbook")
    );
    let surplus = json!({ "playbook": "asker", "input": { "whta": [] } });
    assert_eq!(ask(Method::POST, "/v1/runs", &surplus).await, expect(422, "input"));
    let lost = json!({ "playbook": "asker", "input": { "what": [] }, "incident": "NONE" });
    assert_eq!(ask(Method::POST, "/v1/runs", &lost).await, expect(404, "not_found"));
    assert_eq!(
        ask(Method::POST, "/v1/approvals/none", &json!({ "say": "approve" })).await,
        expect(400, "bad_request")
    );
    assert_eq!(
        ask(Method::POST, "/v1/tokens", &json!({ "name": "a b", "role": "viewer" })).await,
        expect(400, "bad_request")
    );
    assert_eq!(
        ask(Method::POST, "/v1/tokens", &json!({ "name": "a", "role": "king" })).await,
        expect(400, "bad_request")
    );
}
