//! A drill cannot reach a live host: whatever the configuration says, bytes go to loopback and to one address there.
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::net::SocketAddr;

use serde_json::json;
use stanch_integrations::{Outcome, TwinTransport};
use support::{Answer, Server, call, kind};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

#[test]
fn no_other_address_can_be_named() {
    for address in ["192.0.2.1:80", "0.0.0.0:80", "[2001:db8::1]:80", "10.0.0.1:80"] {
        let address: SocketAddr = address.parse().unwrap();
        assert!(TwinTransport::new(address, None).is_err(), "{address}");
        assert!(TwinTransport::new(support::nowhere(), Some(address)).is_err(), "{address} for mail");
    }
    assert!(TwinTransport::new("[::1]:80".parse().unwrap(), None).is_ok());
}

#[tokio::test]
async fn every_platform_ends_at_the_twins_with_its_own_path_and_a_fake_token() {
    let server = Server::start(|_, _| Answer::json(404, json!({ "errorCode": "E0000007" }))).await;
    let integrations = support::everything(server.address, None);
    drop(integrations.call(call("okta", "get_app", json!({ "app": "0oa1" }))).await);
    drop(integrations.call(call("github", "list_members", json!({}))).await);
    drop(integrations.call(call("slack", "find_user", json!({ "mail": "a@acme.example" }))).await);
    let seen = server.seen();
    let all: Vec<_> = seen
        .iter()
        .map(|request| {
            (
                request.headers["x-stanch-integration"].as_str(),
                request.path.as_str(),
                request.headers["authorization"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        all,
        [
            ("okta", "/api/v1/apps/0oa1", "SSWS twin-okta"),
            ("github", "/orgs/acme/members?per_page=100", "Bearer twin-github"),
            ("slack", "/api/users.lookupByEmail", "Bearer twin-slack"),
        ]
    );
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let elsewhere = Server::start(|_, _| Answer::json(200, json!({}))).await;
    let to = elsewhere.url();
    let server =
        Server::start(move |_, _| Answer::Say(302, vec![("location", to.clone())], String::new())).await;
    let integrations = support::everything(server.address, None);
    assert_eq!(kind(&integrations.call(call("okta", "get_app", json!({ "app": "0oa1" }))).await), "redirect");
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn mail_needs_a_simulated_server() {
    let integrations = support::everything(support::nowhere(), None);
    assert_eq!(kind(&integrations.call(mail()).await), "host");
}

fn mail() -> stanch_integrations::Call {
    let input =
        json!({ "to": ["security@drift.example"], "subject": "Drift is cut off", "text": "Grüße\n.\nend" });
    call("smtp", "send", input)
}

/// A mail server that ends the dialogue as told; gives what it was sent.
async fn mail_server(end: &'static str) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut got = String::new();
        write.write_all(b"220 twin\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            got.push_str(&line);
            got.push('\n');
            let answer: &[u8] = match line.split(' ').next().unwrap_or_default() {
                "EHLO" => b"250-twin\r\n250 8BITMIME\r\n",
                "RCPT" if end == "no such box" => b"550 5.1.1 no such box\r\n",
                "RCPT" if end == "greylisted" => b"451 4.7.1 try later\r\n",
                "DATA" => b"354 go on\r\n",
                "." if end == "silent" => return got,
                "." => b"250 2.0.0 kept\r\n",
                "QUIT" => return got,
                "MAIL" | "RCPT" => b"250 ok\r\n",
                _ => continue,
            };
            if write.write_all(answer).await.is_err() {
                return got;
            }
        }
        got
    });
    (address, task)
}

#[tokio::test]
async fn a_mail_is_accepted_refused_deferred_or_in_doubt() {
    for (end, expected) in [
        ("kept", "done by Us"),
        ("no such box", "refused"),
        ("greylisted", "limited"),
        ("silent", "in doubt"),
    ] {
        let (address, _task) = mail_server(end).await;
        let integrations = support::everything(support::nowhere(), Some(address));
        assert_eq!(kind(&integrations.call(mail()).await), expected, "{end}");
    }
    let integrations = support::everything(support::nowhere(), Some(support::nowhere()));
    assert_eq!(kind(&integrations.call(mail()).await), "not sent");
}

#[tokio::test]
async fn a_mail_has_the_key_for_its_id_and_says_that_a_machine_wrote_it() {
    let (address, task) = mail_server("kept").await;
    let integrations = support::everything(support::nowhere(), Some(address));
    let outcome = integrations.call(mail()).await;
    let Outcome::Done { value, status, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!((value["message_id"].as_str(), status), (Some("k-0001@acme.example"), 250));
    let got = task.await.unwrap();
    assert!(got.contains("Message-ID: <k-0001@acme.example>"), "{got}");
    assert!(got.contains("Auto-Submitted: auto-generated"), "{got}");
    assert!(got.contains("RCPT TO:<security@drift.example>"), "{got}");
}

#[tokio::test]
async fn a_lost_mail_is_looked_up_in_the_mailbox() {
    let server = Server::start(|_, request| {
        assert!(request.path.starts_with("/_twin/mail?message_id=k-0001%40acme.example"), "{}", request.path);
        Answer::json(
            200,
            json!([{ "message_id": "k-0001@acme.example", "to": ["security@drift.example"], "at": "now" }]),
        )
    })
    .await;
    let integrations = support::everything(server.address, None);
    let input = mail().input;
    let look = stanch_integrations::Look {
        integration: "smtp",
        action: "send",
        target: None,
        input: &input,
        since: None,
        key: Some("k-0001"),
    };
    assert_eq!(integrations.look(look).await, stanch_integrations::Seen::Holds);
}

#[tokio::test]
async fn words_that_would_break_a_mail_are_refused() {
    let integrations = support::everything(support::nowhere(), Some(support::nowhere()));
    for input in [
        json!({ "to": "a@b.example", "subject": "x\r\nBcc: c@d.example", "text": "t" }),
        json!({ "to": "a@b.example\r\nBcc: c@d.example", "subject": "x", "text": "t" }),
        json!({ "to": "not an address", "subject": "x", "text": "t" }),
        json!({ "to": [], "subject": "x", "text": "t" }),
    ] {
        assert_eq!(kind(&integrations.call(call("smtp", "send", input.clone())).await), "invalid", "{input}");
    }
}
