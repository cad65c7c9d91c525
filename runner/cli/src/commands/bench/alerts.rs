//! Alerts over HTTP: authenticated, deduplicated, matched against fifty playbooks, durable before the answer.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;
use stanch_engine::{Engine, WallClock};
use stanch_integrations::twin::{TwinHost, TwinOptions, World};
use stanch_journal::{LocalJournal, measure::DeviceSync};
use stanch_model::{
    config::{AlertSourceConfig, Config, IntegrationConfig},
    run::Mode,
};
use stanch_response::credential::Secret;
use stanch_server::{Files, Running, Server, ServerOptions, Tokens};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    figure::{Figure, Promise},
    ground::{self, Ground, Plan, median},
};
use crate::out::Out;

const ALERTS: u32 = 20_000;
const PLAYBOOKS: usize = 50;
/// Connections that are kept open.
const CONNECTIONS: u32 = 64;
const SECRET: &str = "bench-secret";

pub(super) async fn measure(
    ground: &Ground,
    given: Option<u32>,
    device: DeviceSync,
    out: Out,
) -> anyhow::Result<()> {
    let alerts = given.unwrap_or(ALERTS);
    ground.forget("alerts");
    let journal = ground.journal("alerts")?;
    let mut playbooks = Vec::new();
    for n in 0..PLAYBOOKS {
        let trigger =
            format!("start:\n  - when: alert.kind == \"bench.kind_{n}\" && alert.severity >= HIGH\n");
        playbooks.push(ground::playbook(&format!("bench-{n}"), "note(\"started\");", &trigger)?);
    }
    let (engine, _) = ground::counted(&journal, Plan::of(playbooks))?;
    let running = serve(ground, engine.clone(), journal.clone()).await?;
    let addr = address(&running)?;
    let next = Arc::new(AtomicU64::new(0));
    let started = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let next = Arc::clone(&next);
        senders.spawn(async move { send(addr, &next, u64::from(alerts)).await });
    }
    while let Some(sent) = senders.join_next().await {
        sent??;
    }
    let rate = f64::from(alerts) / started.elapsed().as_secs_f64();
    running.shutdown().await;
    ground.forget("alerts");
    Figure {
        name: "alerts",
        what: "alerts acknowledged durably over HTTP".to_owned(),
        value: rate,
        unit: "/s",
        promise: Some(Promise::more(3_000.0, 10_000.0)),
        note: format!("{CONNECTIONS} connections, deduplicated, matched against {PLAYBOOKS} playbooks"),
        more: json!({
            "alerts_per_s": rate.round(), "alerts": alerts, "playbooks": PLAYBOOKS, "connections": CONNECTIONS,
        }),
    }
    .show(out);
    first_request(ground, device, out).await
}

async fn serve(ground: &Ground, engine: Engine, journal: Arc<LocalJournal>) -> anyhow::Result<Running> {
    let source = AlertSourceConfig {
        format: "hmac".to_owned(),
        secret: Some("env:STANCH_BENCH_SECRET".to_owned()),
        ..AlertSourceConfig::default()
    };
    let config = Config { alerts: BTreeMap::from([("bench".to_owned(), source)]), ..Config::default() };
    let tokens = ground.folder().join("tokens");
    std::fs::create_dir_all(&tokens)?;
    Ok(Server::start(ServerOptions {
        listen: Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0))),
        data: None,
        engine,
        journal,
        config: config.into(),
        secrets: BTreeMap::from([("bench".to_owned(), Secret::new(SECRET))]),
        register: stanch_response::Register::default(),
        tokens: Arc::new(Tokens::open(&tokens)?),
        clock: Arc::new(WallClock),
        mode: Mode::Drill,
        files: Files::default(),
    })
    .await?)
}

fn address(running: &Running) -> anyhow::Result<std::net::SocketAddr> {
    running.addr.ok_or_else(|| crate::said::Said::new("the server does not listen").into())
}

fn request(n: u64, kind: &str) -> String {
    let body = json!({ "id": format!("alert-{n}"), "kind": kind, "severity": "high", "title": "A token is used", "app": "drift" }).to_string();
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = ring::hmac::sign(&key, body.as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "POST /v1/alerts/bench HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nx-signature-256: sha256={hex}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Sends alerts one after the other until all are sent; every answer must be a 2xx.
async fn send(addr: std::net::SocketAddr, next: &AtomicU64, alerts: u64) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(addr).await?;
    stream.set_nodelay(true)?;
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if n >= alerts {
            return Ok(());
        }
        stream.write_all(request(n, "other.kind").as_bytes()).await?;
        answer(&mut stream).await?;
    }
}

async fn answer(stream: &mut TcpStream) -> anyhow::Result<()> {
    let mut text = Vec::new();
    let mut buffer = [0_u8; 2048];
    loop {
        let read = stream.read(&mut buffer).await?;
        text.extend_from_slice(&buffer[..read]);
        let shown = String::from_utf8_lossy(&text).to_ascii_lowercase();
        if let Some(head) = shown.find("\r\n\r\n") {
            let length = shown
                .split("content-length: ")
                .nth(1)
                .and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
            if text.len() >= head + 4 + length.unwrap_or(0) {
                anyhow::ensure!(shown.starts_with("http/1.1 2"), "the server answered: {shown}");
                return Ok(());
            }
        }
        anyhow::ensure!(read > 0, "the server closed the connection");
    }
}

/// From the alert's first byte to the first request that a platform sees, with nothing else going on.
async fn first_request(ground: &Ground, device: DeviceSync, out: Out) -> anyhow::Result<()> {
    const TIMES: u64 = 200;
    ground.forget("first");
    let journal = ground.journal("first")?;
    let world: World =
        serde_json::from_value(json!({ "people": 2, "apps": [{ "id": "drift", "grants": { "okta": 1 } }] }))?;
    let integrations = BTreeMap::from([("okta".to_owned(), "okta".to_owned())]);
    let twins = TwinHost::start(TwinOptions { integrations, world, ..TwinOptions::default() }).await?;
    let okta: IntegrationConfig =
        serde_json::from_value(json!({ "platform": "okta", "url": "https://acme.okta.com" }))?;
    let trigger = "start:\n  - when: alert.kind == \"bench.first\"\n";
    let playbook = ground::playbook("first", "find_app(\"drift\");", trigger)?;
    let plan = Plan {
        integrations: BTreeMap::from([("okta".to_owned(), okta)]),
        twins: Some(twins.addr()),
        ..Plan::of(vec![playbook])
    };
    let (engine, _) = ground::counted(&journal, plan)?;
    let running = serve(ground, engine, journal).await?;
    let mut times = Vec::new();
    for n in 0..TIMES {
        let seen = twins.requests().len();
        let mut stream = TcpStream::connect(address(&running)?).await?;
        let sent = jiff::Timestamp::now();
        stream.write_all(request(1_000_000 + n, "bench.first").as_bytes()).await?;
        answer(&mut stream).await?;
        while twins.requests().len() == seen {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        if let Some(first) = twins.requests().get(seen) {
            times.push(first.at.duration_since(sent).as_secs_f64() * 1e3);
        }
        // Idle again: the run's own last entries are written.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.shutdown().await;
    twins.stop().await?;
    ground.forget("first");
    let p50 = median(times);
    let aim = 2.0 * device.p50_us as f64 / 1e3 + 1.0;
    Figure {
        name: "first_request",
        what: "alert received to first vendor request, idle".to_owned(),
        value: p50,
        unit: "ms",
        promise: Some(Promise::less(5.0, aim)),
        note: format!("p50 of {TIMES}; the aim is two syncs and 1 ms"),
        more: json!({ "p50_ms": (p50 * 1_000.0).round() / 1_000.0, "fdatasync_p50_us": device.p50_us }),
    }
    .show(out);
    Ok(())
}
