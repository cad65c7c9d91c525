//! The doors by which people come in: a link in a mail, a button in Slack, TLS with certificates.

use std::{os::unix::fs::PermissionsExt, path::Path};

use serde_json::{Value, json};
use stanch_integrations::twin::{TwinHost, TwinOptions};
use stanch_model::api::Role;

use crate::support::{Served, asking, book, empty, stanch, view};

const CONFIG: &str = "
people:
  groups: { leads: [ben, caro] }
  known:
    ben:  { tell: [\"mail:ben@acme.example\"], slack: U0BEN }
    caro: { tell: [\"mail:caro@acme.example\"] }
integrations:
  slack: { platform: slack }
  smtp: { platform: smtp, url: \"smtp://mail.acme.example\", settings: { sender: stanch@acme.example } }
tell:
  approval: [\"slack:#incidents\"]
server:
  public: https://stanch.acme.example
  slack: { integration: slack, secret: \"exec:/bin/echo sesame\" }
playbooks: [ask]
";

pub(crate) async fn company(folder: &Path) -> TwinHost {
    std::fs::write(folder.join("stanch.yaml"), CONFIG).unwrap();
    book(folder, "ask", &asking("within: 1h, of: 2"), "approve(\"go\", \"Shall we go?\", input.what);\n");
    let integrations =
        ["slack", "smtp"].iter().map(|name| ((*name).to_owned(), (*name).to_owned())).collect();
    let world = serde_json::from_value(json!({ "people": 3, "apps": [] })).unwrap();
    TwinHost::start(TwinOptions { integrations, world, ..TwinOptions::default() }).await.unwrap()
}

/// Starts the playbook that asks about an app; its run.
pub(crate) fn begun(folder: &Path) -> String {
    let app = json!({ "$target": { "integration": "okta", "kind": "app", "id": "0oa1", "label": "Drift" } });
    let input = format!("what={}", json!([app]));
    let started = stanch(folder, &["run", "ask", "--input", &input, "--json"]);
    let first: Value =
        serde_json::from_slice(started.stdout.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    first["run"].as_str().unwrap().to_owned()
}

/// A form sent to an address of the server; its status.
async fn post(url: &str, headers: &[(&str, &str)], form: String) -> u16 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let mut request = http.post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap().status().as_u16()
}

/// The message in Slack, once it is what is waited for.
async fn message(twins: &TwinHost, is: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..24_000 {
        let state = twins.state("slack").unwrap();
        let messages = state["messages"].as_array().cloned().unwrap_or_default();
        if let Some(found) = messages.into_iter().find(&is) {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("never: {:#}", twins.state("slack").unwrap()["messages"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_answers_by_the_link_in_a_mail_another_by_a_button_in_slack() {
    let home = empty();
    let folder = home.path();
    let twins = company(folder).await;
    let server = Served::with_mail(folder, &twins.addr().to_string(), &twins.mail_addr().to_string());
    let run = begun(folder);
    let asked = message(&twins, |message| message["text"].as_str().unwrap().contains("Shall we go?")).await;
    let link = mailed(&twins, "caro@acme.example").await;
    assert_eq!(
        post(&format!("{}{link}", server.url()), &[], "say=approve&typed=drift".to_owned()).await,
        303
    );
    view(folder, &run, |view| view.waits[0].decisions.len() == 1).await;
    let journal = stanch(folder, &["journal", "tail", "--no-follow", "-n", "1000", "--json"]);
    assert!(!String::from_utf8_lossy(&journal.stdout).contains(&link), "no link is journaled");
    press(&server, &asked, &format!("{run}:A1")).await;
    let seen = view(folder, &run, |view| view.ended.is_some()).await;
    let by: Vec<(&str, &str)> = seen.waits[0]
        .decisions
        .iter()
        .map(|decision| (decision.who.as_str(), decision.channel.as_str()))
        .collect();
    assert_eq!(by, [("caro", "web"), ("ben", "slack")]);
    let changed = message(&twins, |message| message["text"].as_str().unwrap().contains("ben said yes")).await;
    assert_eq!(changed["ts"], asked["ts"], "the message itself says so");
    assert!(!changed["blocks"].to_string().contains("button"), "and has no buttons any more: {changed}");
}

/// The path of the link in the mail to this address.
pub(crate) async fn mailed(twins: &TwinHost, to: &str) -> String {
    for _ in 0..24_000 {
        let mails = twins.mails();
        let found = mails.iter().find(|mail| mail.to.iter().any(|address| address == to));
        if let Some(mail) = found {
            let text = mail.text.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
            let from = text.find("https://stanch.acme.example").unwrap_or_else(|| panic!("{text}"));
            let link = text[from..].split_whitespace().next().unwrap();
            return link.trim_start_matches("https://stanch.acme.example").to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("no mail came");
}

/// Ben presses the button that the message has for a yes.
async fn press(server: &Served, message: &Value, card: &str) {
    let blocks = match &message["blocks"] {
        Value::String(text) => serde_json::from_str(text).unwrap(),
        blocks => blocks.clone(),
    };
    let buttons = blocks[1]["elements"].as_array().unwrap();
    let yes = buttons.iter().find(|button| button["text"]["text"] == "Yes").unwrap();
    assert_eq!(yes["value"], card);
    let payload = json!({
        "user": { "id": "U0BEN" }, "message": { "text": message["text"] },
        "container": { "channel_id": message["twin_channel"], "message_ts": message["ts"] },
        "actions": [yes],
    });
    let encoded: String = payload.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    let body = format!("payload={encoded}");
    let at = jiff::Timestamp::now().as_second().to_string();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"sesame");
    let mark = ring::hmac::sign(&key, format!("v0:{at}:{body}").as_bytes());
    let mark: String = mark.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let mark = format!("v0={mark}");
    let headers = [("x-slack-request-timestamp", at.as_str()), ("x-slack-signature", mark.as_str())];
    assert_eq!(post(&format!("{}/v1/slack", server.url()), &headers, body).await, 200);
}

const FILES: [(&str, &str); 4] = [
    ("ca.pem", include_str!("../../../../integrations/tests/fixtures/tls-ca.pem")),
    ("server.pem", include_str!("../../../../integrations/tests/fixtures/tls-server.pem")),
    ("server.key", include_str!("../../../../integrations/tests/fixtures/tls-server.key")),
    (
        "client.pem",
        concat!(
            include_str!("../../../../integrations/tests/fixtures/tls-client.pem"),
            include_str!("../../../../integrations/tests/fixtures/tls-client.key")
        ),
    ),
];

/// A server with a certificate, which wants one of its clients.
fn guarded(folder: &Path) -> Served {
    for (name, text) in FILES {
        std::fs::write(folder.join(name), text).unwrap();
        std::fs::set_permissions(folder.join(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let file = |name: &str| format!("\"file:{}\"", folder.join(name).display());
    let tls = format!(
        "server: {{ tls: {{ certificate: {}, key: {}, clients: {} }} }}\n",
        file("server.pem"),
        file("server.key"),
        file("ca.pem")
    );
    std::fs::write(folder.join("stanch.yaml"), tls).unwrap();
    Served::start(folder)
}

#[test]
fn a_server_with_a_certificate_lets_in_those_who_have_one_and_a_token() {
    let home = empty();
    let folder = home.path();
    let server = guarded(folder);
    let url = server.url();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let made = stanch(folder, &["tokens", "new", "ben", "--role", Role::Viewer.as_str(), "--json"]);
    let token = serde_json::from_slice::<Value>(&made.stdout).unwrap()["token"].as_str().unwrap().to_owned();
    let status = |url: &str, more: &[&str]| {
        let args: Vec<&str> = ["status", "--url", url].iter().chain(more).copied().collect();
        let output = stanch(folder, &args);
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let ours = ["--ca", "ca.pem", "--certificate", "client.pem"];
    let with_token: Vec<&str> = ours.iter().copied().chain(["--token", &token]).collect();
    assert!(status(&url, &with_token).0, "{:?}", status(&url, &with_token));
    let (ok, why) = status(&url, &ours);
    assert!(!ok && why.contains("needs a token"), "{why}");
    let (ok, why) = status(&url, &["--ca", "ca.pem", "--token", &token]);
    assert!(!ok && why.to_lowercase().contains("certificate"), "no certificate: {why}");
    let (ok, why) = status(&url, &["--certificate", "client.pem", "--token", &token]);
    assert!(!ok && why.contains("UnknownIssuer"), "its authority is not trusted: {why}");
    let plain = url.replace("https", "http");
    assert!(!status(&plain, &with_token).0, "nobody speaks plain text to it");
    let (ok, why) = status(&url, &["--ca", "nowhere.pem", "--token", &token]);
    assert!(!ok && why.contains("nowhere.pem"), "{why}");
}

#[test]
fn a_key_that_does_not_fit_its_certificate_is_said_before_anything_is_served() {
    let home = empty();
    let folder = home.path();
    drop(guarded(folder));
    std::fs::copy(folder.join("client.pem"), folder.join("server.key")).unwrap();
    let output = stanch(folder, &["serve", "--twins", "127.0.0.1:9", "--listen", "127.0.0.1:0"]);
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && why.contains("certificate and key do not fit together"), "{why}");
}
