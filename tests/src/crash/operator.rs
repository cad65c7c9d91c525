//! The people around a run: one approves, does by hand what has no API, and looks before saying whether something happened.

use std::{collections::BTreeSet, net::SocketAddr};

use serde_json::{Value, json};
use stanch_engine::{Answer, Engine};
use stanch_model::{
    RunId, StreamId,
    run::{
        RunView, WaitKind, WaitView,
        body::{Intent, kind},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// The people.
pub(crate) struct Operator {
    twins: SocketAddr,
    said: BTreeSet<String>,
}

impl Operator {
    /// People who remember what they were thanked for.
    pub(crate) fn new(twins: SocketAddr, said: BTreeSet<String>) -> Self {
        Self { twins, said }
    }

    /// Answers every open wait that nobody was thanked for yet. A line on stdout is the thanks.
    pub(crate) async fn answer(&mut self, engine: &Engine, run: &RunId, view: &RunView) {
        for wait in view.open_waits().filter(|wait| wait.kind.needs_person()) {
            if self.said.contains(&wait.id) {
                continue;
            }
            let say = match wait.kind {
                WaitKind::Approval => "approve",
                WaitKind::Manual => self.by_hand(wait).await,
                WaitKind::InDoubt => self.look(engine, run, wait).await,
                _ => "go_on",
            };
            let answer = Answer {
                wait: wait.id.clone(),
                say: say.to_owned(),
                who: "ben".to_owned(),
                channel: "crash-suite".to_owned(),
                reason: String::new(),
            };
            match engine.answer(run, answer).await {
                Ok(_) => {
                    println!(
                        "{}",
                        json!({ "thanked": wait.id, "say": say, "doubt": wait.kind == WaitKind::InDoubt })
                    );
                    self.said.insert(wait.id.clone());
                }
                Err(error) => eprintln!("{} {say}: {error}", wait.id),
            }
        }
    }

    /// Blocks the app in the platform's own screens.
    async fn by_hand(&self, wait: &WaitView) -> &'static str {
        for target in &wait.targets {
            let change = json!({ "block": { "integration": target.integration, "app": "drift" } });
            self.control("POST", "/_twin/world", &change.to_string()).await;
        }
        "done"
    }

    /// Looks where it would be if it had happened.
    async fn look(&self, engine: &Engine, run: &RunId, wait: &WaitView) -> &'static str {
        let Some(call) = intents(engine, run).into_iter().rfind(|intent| intent.address == wait.address)
        else {
            return "abort";
        };
        let Some(call) = call.call else { return "abort" };
        let happened = match (call.integration.as_str(), call.action.as_str()) {
            ("smtp", "send") => {
                let place = format!("/_twin/mail?message_id={}@acme.example", call.key);
                self.control("GET", &place, "").await != json!([])
            }
            ("slack", "post_message") => {
                self.control("GET", "/_twin/state/slack", "").await.to_string().contains(&call.key)
            }
            (integration, action) => {
                let place = format!("/_twin/effects?integration={integration}&action={action}");
                let id = call.target.map(|target| target.id).unwrap_or_default();
                self.control("GET", &place, "").await.to_string().contains(&id)
            }
        };
        if happened { "done" } else { "retry" }
    }

    /// One request to the twins' control API. What cannot be read is null.
    async fn control(&self, method: &str, place: &str, body: &str) -> Value {
        let asked = async {
            let mut stream = TcpStream::connect(self.twins).await?;
            let head = format!(
                "{method} {place} HTTP/1.1\r\nhost: twins\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await?;
            Ok::<_, std::io::Error>(answer)
        };
        let answer = asked.await.unwrap_or_default();
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).unwrap_or_default()
    }
}

/// Every intent of the run, in order.
fn intents(engine: &Engine, run: &RunId) -> Vec<Intent> {
    let entries = engine.journal().read(&StreamId::run(run), 1, 100_000).unwrap_or_default();
    let intents = entries.iter().filter(|entry| entry.header.kind == kind::INTENT);
    intents.filter_map(|entry| entry.decode().ok()).collect()
}
