//! Copies of the journal for a SIEM, taken by real listeners: through a kill, through refusals, each entry at least once.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{TcpListener, UdpSocket},
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde_json::Value;

use crate::support::{Served, empty, stanch};

const AUTHORITY: &str = include_str!("../../../../integrations/tests/fixtures/tls-ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../../../integrations/tests/fixtures/tls-server.pem");
const KEY: &[u8] = include_bytes!("../../../../integrations/tests/fixtures/tls-server.key");

/// What a SIEM got.
#[derive(Clone, Default)]
struct Got {
    events: Arc<Mutex<Vec<Value>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Got {
    fn add(&self, text: &str) {
        let event: Value = serde_json::from_str(text).unwrap();
        // Splunk's envelope
        let event = if event["event"].is_object() { event["event"].clone() } else { event };
        self.events.lock().unwrap().push(event);
    }

    fn all(&self) -> Vec<Value> {
        self.events.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<String> {
        self.all().iter().map(|event| event["metadata"]["uid"].as_str().unwrap().to_owned()).collect()
    }

    fn has(&self, kind: &str) -> bool {
        self.all().iter().any(|event| event["metadata"]["event_code"] == kind)
    }

    /// Until it has all of this journal that a copy has.
    fn whole(&self, folder: &Path) -> Vec<String> {
        loop {
            let journal = entries(folder);
            let ids: HashSet<String> = self.ids().into_iter().collect();
            if journal.iter().all(|id| ids.contains(id)) {
                return journal;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Answers 503 so many times, and 200 then.
fn web(refusals: usize) -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/services/collector/event", listener.local_addr().unwrap());
    let got = Got::default();
    let (seen, refusals) = (got.clone(), AtomicUsize::new(refusals));
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            loop {
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") {
                    if reader.read_line(&mut head).unwrap_or(0) == 0 {
                        break;
                    }
                }
                let Some(length) = head.to_lowercase().split("content-length: ").nth(1).map(str::to_owned)
                else {
                    break;
                };
                let mut body = vec![0; length.lines().next().unwrap().trim().parse().unwrap()];
                if reader.read_exact(&mut body).is_err() {
                    break;
                }
                let left = refusals.load(Ordering::Relaxed);
                let answer = if left > 0 {
                    refusals.store(left - 1, Ordering::Relaxed);
                    "503 Service Unavailable"
                } else {
                    std::str::from_utf8(&body).unwrap().lines().for_each(|line| seen.add(line));
                    seen.heads.lock().unwrap().push(head);
                    "200 OK"
                };
                let _gone = write!(stream, "HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
            }
        }
    });
    (url, got)
}

/// Takes octet-counted messages.
fn syslog() -> (String, Got) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let got = Got::default();
    let seen = got.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let _gone = collect(BufReader::new(stream.unwrap()), &seen);
        }
    });
    (url, got)
}

/// The same on TLS, with how often a client hung up on its certificate.
fn syslog_on_tls() -> (String, Got, Arc<AtomicUsize>) {
    let chain = CertificateDer::pem_slice_iter(CERTIFICATE).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap();
    let (tls, got, refused) = (Arc::new(tls), Got::default(), Arc::new(AtomicUsize::new(0)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("tls://{}", listener.local_addr().unwrap());
    let (seen, refusals) = (got.clone(), refused.clone());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let talk = rustls::ServerConnection::new(tls.clone()).unwrap();
            let stream = rustls::StreamOwned::new(talk, stream.unwrap());
            if collect(BufReader::new(stream), &seen).is_err_and(|why| why.kind() == ErrorKind::InvalidData) {
                refusals.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    (url, got, refused)
}

fn collect(mut reader: impl BufRead, seen: &Got) -> std::io::Result<()> {
    loop {
        let mut length = Vec::new();
        if reader.read_until(b' ', &mut length)? == 0 {
            return Ok(());
        }
        let length: usize = std::str::from_utf8(&length).unwrap().trim().parse().unwrap();
        let mut message = vec![0; length];
        reader.read_exact(&mut message)?;
        take(seen, std::str::from_utf8(&message).unwrap());
    }
}

fn take(seen: &Got, message: &str) {
    let (head, json) = message.split_once(" - {").unwrap();
    assert_eq!(head.split(' ').count(), 6, "{head}");
    assert!(head.starts_with('<') && head.contains(">1 20"), "{head}");
    seen.heads.lock().unwrap().push(head.to_owned());
    seen.add(&format!("{{{json}"));
}

/// The hashes of what a copy has of this journal, in order.
fn entries(folder: &Path) -> Vec<String> {
    let tail = ["journal", "tail", "--no-follow", "-n", "100000", "--json"];
    let output = stanch(folder, &tail);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines = lines.filter(|entry| {
        let stream = entry["stream"].as_str().unwrap_or_default();
        !stream.is_empty() && !stream.starts_with("siem/") && !stream.starts_with("inbox/")
    });
    lines.map(|entry| entry["hash"].as_str().unwrap().to_owned()).collect()
}

fn configure(folder: &Path, siem: &str) {
    let config = format!(
        "alerts:\n  desk: {{ format: hmac, secret: \"exec:/bin/echo hunter2-hunter2\" }}\nsiem:\n{siem}"
    );
    fs::write(folder.join("stanch.yaml"), config).unwrap();
}

fn happen(folder: &Path, times: usize) {
    for n in 0..times {
        let made = stanch(folder, &["tokens", "new", &format!("person-{n}"), "--role", "viewer"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }
}

#[test]
fn every_entry_arrives_at_least_once_through_refusals_and_a_kill() {
    let home = empty();
    let (url, got) = web(2);
    let splunk = format!(
        "  hec: {{ to: http, url: \"{url}\", shape: splunk, scheme: Splunk, token: \"exec:/bin/echo hunter3\" }}\n"
    );
    configure(home.path(), &splunk);
    let server = Served::live(home.path(), &["--kill-at-entry", "12"]);
    // until it is dead
    while stanch(home.path(), &["tokens", "new", "ben", "--role", "viewer"]).status.success() {}
    server.killed();
    let before = got.ids().len();
    let server = Served::live(home.path(), &[]);
    happen(home.path(), 3);
    let alert = home.path().join("alert.json");
    fs::write(
        &alert,
        r#"{ "kind": "app.token_misuse", "title": "Token misuse", "severity": "high", "app": "drift" }"#,
    )
    .unwrap();
    assert!(stanch(home.path(), &["alert", "desk", "alert.json"]).status.success());
    let journal = got.whole(home.path());
    assert!(journal.len() > 12 && got.ids().len() >= journal.len(), "{before} came before the kill");
    drop(server);

    // the first time that each came is the order of the journal
    let mut seen = HashSet::new();
    let order: Vec<String> = got.ids().into_iter().filter(|id| seen.insert(id.clone())).collect();
    let wanted: Vec<&String> = order.iter().filter(|id| journal.contains(id)).collect();
    assert_eq!(wanted, journal.iter().collect::<Vec<_>>());
    assert!(got.heads.lock().unwrap().iter().all(|head| head.contains("authorization: Splunk hunter3")));

    // what has been delivered is known: a restart does not begin at the beginning
    let events = got.all().len();
    let server = Served::live(home.path(), &[]);
    happen(home.path(), 1);
    got.whole(home.path());
    drop(server);
    assert!(got.all().len() < events + journal.len(), "{} after {events}", got.all().len());
}

#[test]
fn entries_are_the_events_that_they_are_and_nothing_else() {
    let home = empty();
    let (url, got) = web(0);
    configure(home.path(), &format!("  lake: {{ to: http, url: \"{url}\" }}\n"));
    let server = Served::live(home.path(), &[]);
    fs::write(
        home.path().join("alert.json"),
        r#"{ "kind": "app.token_misuse", "severity": "high", "app": "drift" }"#,
    )
    .unwrap();
    assert!(stanch(home.path(), &["alert", "desk", "alert.json"]).status.success());
    happen(home.path(), 1);
    got.whole(home.path());
    drop(server);
    let of = |kind: &str| {
        let found = got.all().into_iter().find(|event| event["metadata"]["event_code"] == kind);
        found.unwrap_or_else(|| panic!("no {kind}"))
    };
    for (kind, class, activity, severity) in [
        ("alert.received", 2004, 1, 4),
        ("incident.opened", 2005, 1, 4),
        ("token.made", 3004, 1, 1),
        ("journal.opened", 0, 99, 1),
    ] {
        let event = of(kind);
        assert_eq!(event["class_uid"], class, "{event:#}");
        assert_eq!(event["category_uid"], class / 1000);
        assert_eq!(event["type_uid"], class * 100 + activity);
        assert_eq!(event["severity_id"], severity, "{event:#}");
        assert_eq!(event["metadata"]["version"], "1.3.0");
        assert!(event["time"].as_i64().unwrap() > 1_700_000_000_000);
    }
    assert_eq!(of("alert.received")["finding_info"]["types"][0], "app.token_misuse");
    assert_eq!(of("incident.opened")["finding_info_list"].as_array().unwrap().len(), 1);
    assert!(!format!("{:?}", got.all()).contains("hunter2"), "no secret goes out");
}

#[test]
fn syslog_and_a_file_get_the_same_and_a_drill_sends_nothing() {
    let home = empty();
    let (url, got) = syslog();
    let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
    let file = home.path().join("ocsf.jsonl");
    configure(
        home.path(),
        &format!(
            "  collector: {{ to: syslog, url: \"{url}\" }}\n  relay: {{ to: syslog, url: \"udp://{}\" }}\n  file: {{ to: file, path: {} }}\n",
            datagrams.local_addr().unwrap(),
            file.display()
        ),
    );
    let drill = Served::start(home.path());
    happen(home.path(), 2);
    drop(drill);
    assert!(!file.exists() && got.all().is_empty(), "a drill sends nothing");

    let server = Served::live(home.path(), &[]);
    happen(home.path(), 2);
    got.whole(home.path());
    let mut datagram = vec![0; 65_536];
    let length = datagrams.recv(&mut datagram).unwrap();
    let relayed = Got::default();
    take(&relayed, std::str::from_utf8(&datagram[..length]).unwrap());
    assert_eq!(relayed.ids()[0], got.ids()[0]);
    drop(server);
    assert!(got.has("token.made"));
    let text = fs::read_to_string(&file).unwrap();
    let ids: HashSet<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["metadata"]["uid"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(entries(home.path()).iter().filter(|id| ids.contains(*id)).count() > 4);
}

#[test]
fn a_collector_on_tls_gets_everything_where_its_authority_is_named_and_nothing_where_it_is_not() {
    let home = empty();
    fs::write(home.path().join("ca.pem"), AUTHORITY).unwrap();
    let (known, got, _) = syslog_on_tls();
    let (stranger, nothing, refused) = syslog_on_tls();
    let ca = format!("file:{}", home.path().join("ca.pem").display());
    configure(
        home.path(),
        &format!(
            "  collector: {{ to: syslog, url: \"{known}\", ca: \"{ca}\" }}\n  stranger: {{ to: syslog, url: \"{stranger}\" }}\n"
        ),
    );
    let server = Served::live(home.path(), &[]);
    happen(home.path(), 2);
    let journal = got.whole(home.path());
    let mut seen = HashSet::new();
    let order: Vec<String> = got.ids().into_iter().filter(|id| seen.insert(id.clone())).collect();
    let wanted: Vec<&String> = order.iter().filter(|id| journal.contains(id)).collect();
    assert_eq!(wanted, journal.iter().collect::<Vec<_>>(), "in the order of the journal");
    while refused.load(Ordering::Relaxed) == 0 {
        thread::sleep(Duration::from_millis(20));
    }
    drop(server);
    assert!(nothing.all().is_empty(), "nothing goes to who is not who it says");
}
