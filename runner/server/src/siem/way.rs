//! The ways out: HTTP, syslog, a file. Each delivers a batch whole or says that it did not; none knows the journal.

use std::{
    io::{Read as _, Seek, SeekFrom, Write as _},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::json;
use stanch_integrations::{Carrier, Integrations, LineOutlet, WebOutlet};
use stanch_model::config::{SiemConfig, SiemShape, SiemWay};
use stanch_response::credential::Reference;
use url::Url;

use super::ocsf::{Event, Origin};

/// Security and authorization messages.
const FACILITY: u8 = 10;
/// A datagram holds no more than this; a longer event goes without its body.
const DATAGRAM: usize = 8 * 1024;

/// Where a copy goes.
pub(crate) enum Way {
    Web(Web),
    Syslog(Syslog),
    File(File),
}

/// Events as `POST`s.
pub(crate) struct Web {
    outlet: WebOutlet,
    headers: HeaderMap,
    token: Option<(String, Reference)>,
    shape: SiemShape,
    host: String,
}

/// Events as RFC 5424 messages.
pub(crate) struct Syslog {
    integrations: Integrations,
    carrier: Carrier,
    host: String,
    port: u16,
    ca: Option<Reference>,
    open: Option<LineOutlet>,
    origin: Origin,
}

/// Events as lines of a file.
pub(crate) struct File {
    path: PathBuf,
    open: Option<std::fs::File>,
}

impl Way {
    /// As the configuration says, which has been checked.
    ///
    /// # Errors
    /// In a drill, and when something cannot be read after all.
    pub(crate) fn new(
        config: &SiemConfig,
        integrations: &Integrations,
        origin: &Origin,
    ) -> Result<Self, String> {
        let url = || {
            let url = config.url.as_deref().unwrap_or_default();
            Url::parse(url).map_err(|why| why.to_string())
        };
        let reference = |text: &String| text.parse::<Reference>().map_err(|why| why.to_string());
        match config.to {
            SiemWay::Http => {
                let outlet = integrations.web_outlet(url()?).map_err(|why| why.to_string())?;
                let token = config.token.as_ref().map(reference).transpose()?;
                Ok(Self::Web(Web {
                    outlet,
                    headers: headers(config)?,
                    token: token.map(|token| (config.scheme.clone(), token)),
                    shape: config.shape,
                    host: origin.host.clone(),
                }))
            }
            SiemWay::Syslog => {
                let url = url()?;
                let carrier = match url.scheme() {
                    "tls" => Carrier::Tls,
                    "tcp" => Carrier::Tcp,
                    _ => Carrier::Udp,
                };
                Ok(Self::Syslog(Syslog {
                    integrations: integrations.clone(),
                    carrier,
                    host: url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
                    port: url.port().unwrap_or(6514),
                    ca: config.ca.as_ref().map(reference).transpose()?,
                    open: None,
                    origin: origin.clone(),
                }))
            }
            SiemWay::File => {
                let path = PathBuf::from(config.path.clone().unwrap_or_default());
                Ok(Self::File(File { path, open: None }))
            }
        }
    }

    /// Whether a batch that was delivered is known to have arrived. Where it is not, more is sent again.
    pub(crate) fn acknowledges(&self) -> bool {
        !matches!(self, Self::Syslog(_))
    }

    /// Sends a batch. Whatever of it went out before an error goes out again.
    ///
    /// # Errors
    /// Why, in words without secrets.
    pub(crate) async fn deliver(&mut self, events: &[Event]) -> Result<(), String> {
        match self {
            Self::Web(web) => web.deliver(events).await,
            Self::Syslog(syslog) => syslog.deliver(events).await,
            Self::File(file) => file.deliver(events).map_err(|why| format!("{}: {why}", file.path.display())),
        }
    }
}

fn headers(config: &SiemConfig) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let kind = match config.shape {
        SiemShape::Lines => "application/x-ndjson",
        SiemShape::Array | SiemShape::Splunk => "application/json",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in &config.headers {
        let bad = || format!("`{name}` is no header that can be sent");
        let name: HeaderName = name.parse().map_err(|_| bad())?;
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| bad())?);
    }
    Ok(headers)
}

impl Web {
    async fn deliver(&self, events: &[Event]) -> Result<(), String> {
        let mut headers = self.headers.clone();
        if let Some((scheme, token)) = &self.token {
            let token = token.clone();
            let found = tokio::task::spawn_blocking(move || token.resolve()).await;
            let found = found.map_err(|why| why.to_string())?.map_err(|why| why.to_string())?;
            let mut value = HeaderValue::from_str(&format!("{scheme} {}", found.expose()))
                .map_err(|_| "the token cannot stand in a header".to_owned())?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let status = self.outlet.post(headers, self.body(events)).await.map_err(|why| why.to_string())?;
        match status {
            _ if status.is_success() => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(format!("it answers {status}: is the token right?"))
            }
            _ => Err(format!("it answers {status}")),
        }
    }

    fn body(&self, events: &[Event]) -> Bytes {
        let lines = |value: &dyn Fn(&Event) -> String| {
            events.iter().map(|event| value(event) + "\n").collect::<String>()
        };
        let text = match self.shape {
            SiemShape::Lines => lines(&|event| event.json.to_string()),
            SiemShape::Array => {
                serde_json::Value::from(events.iter().map(|event| event.json.clone()).collect::<Vec<_>>())
                    .to_string()
            }
            SiemShape::Splunk => lines(&|event| {
                json!({
                    "time": event.time, "host": self.host, "source": "stanch", "sourcetype": "ocsf",
                    "event": event.json,
                })
                .to_string()
            }),
        };
        Bytes::from(text)
    }
}

impl Syslog {
    async fn deliver(&mut self, events: &[Event]) -> Result<(), String> {
        let done = self.send(events).await;
        if done.is_err() {
            self.open = None;
        }
        done
    }

    async fn send(&mut self, events: &[Event]) -> Result<(), String> {
        let outlet = match &mut self.open {
            Some(outlet) => outlet,
            None => {
                let ca = match self.ca.clone() {
                    Some(ca) => {
                        let found = tokio::task::spawn_blocking(move || ca.read()).await;
                        Some(found.map_err(|why| why.to_string())?.map_err(|why| why.to_string())?)
                    }
                    None => None,
                };
                let opened =
                    self.integrations.line_outlet(self.carrier, &self.host, self.port, ca.as_deref()).await;
                self.open.insert(opened.map_err(|why| why.to_string())?)
            }
        };
        for event in events {
            let line = framed(self.carrier, message(event, &self.origin, self.carrier));
            outlet.send(&line).await.map_err(|why| why.to_string())?;
        }
        outlet.flush().await.map_err(|why| why.to_string())
    }
}

/// `<86>1 2026-11-27T04:00:00.000000Z host stanch - alert.received - {…}`
fn message(event: &Event, origin: &Origin, carrier: Carrier) -> String {
    let severity = match event.severity {
        6 => 1,
        5 => 2,
        4 => 3,
        3 => 4,
        2 => 5,
        _ => 6,
    };
    let head = |json: String| {
        format!(
            "<{}>1 {} {} stanch - {} - {json}",
            FACILITY * 8 + severity,
            event.stamp,
            word(&origin.host, 255),
            word(&event.kind, 32)
        )
    };
    let whole = head(event.json.to_string());
    if carrier != Carrier::Udp || whole.len() <= DATAGRAM {
        return whole;
    }
    let mut short = event.json.clone();
    if let Some(unmapped) = short["unmapped"].as_object_mut()
        && let Some(body) = unmapped.remove("body")
    {
        unmapped.insert("body_bytes".to_owned(), json!(body.to_string().len()));
    }
    head(short.to_string())
}

/// Printable ASCII without blanks, as a field of the head must be.
fn word(text: &str, most: usize) -> String {
    let word: String = text.chars().filter(char::is_ascii_graphic).take(most).collect();
    if word.is_empty() { "-".to_owned() } else { word }
}

/// Octet counting (RFC 5425, RFC 6587); a datagram holds the message alone.
fn framed(carrier: Carrier, message: String) -> Vec<u8> {
    match carrier {
        Carrier::Udp => message.into_bytes(),
        Carrier::Tls | Carrier::Tcp => format!("{} {message}", message.len()).into_bytes(),
    }
}

impl File {
    fn deliver(&mut self, events: &[Event]) -> std::io::Result<()> {
        let done = self.append(events);
        if done.is_err() {
            self.open = None;
        }
        done
    }

    fn append(&mut self, events: &[Event]) -> std::io::Result<()> {
        // whoever turns logs over has moved it away
        let moved = |file: &std::fs::File, path: &Path| match (file.metadata(), std::fs::metadata(path)) {
            (Ok(ours), Ok(there)) => (ours.ino(), ours.dev()) != (there.ino(), there.dev()),
            _ => true,
        };
        if self.open.as_ref().is_some_and(|file| moved(file, &self.path)) {
            self.open = None;
        }
        let file = match &mut self.open {
            Some(file) => file,
            None => self.open.insert(opened(&self.path)?),
        };
        let text: String = events.iter().map(|event| event.json.to_string() + "\n").collect();
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }
}

/// At its end. A line that a crash tore is closed, so that the next one is whole.
fn opened(path: &Path) -> std::io::Result<std::fs::File> {
    let mut file = std::fs::OpenOptions::new().read(true).append(true).create(true).mode(0o640).open(path)?;
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn event(text: &str) -> Event {
        Event {
            time: 1.5,
            severity: 4,
            kind: "alert.received".to_owned(),
            stamp: "2026-11-27T04:00:00.000001Z".to_owned(),
            json: json!({ "class_uid": 2004, "unmapped": { "body": { "text": text } } }),
        }
    }

    #[test]
    fn a_message_is_framed_as_its_carrier_wants_it() {
        let origin = Origin { host: "box one".to_owned() };
        let said = message(&event("é"), &origin, Carrier::Tcp);
        let head = "<83>1 2026-11-27T04:00:00.000001Z boxone stanch - alert.received - {";
        assert!(said.starts_with(head), "{said}");
        let framed = framed(Carrier::Tls, said.clone());
        let (length, rest) = std::str::from_utf8(&framed).unwrap().split_once(' ').unwrap();
        assert_eq!((length.parse().unwrap(), rest), (said.len(), said.as_str()), "bytes, not letters");
    }

    #[test]
    fn a_datagram_that_would_be_too_long_goes_without_its_body() {
        let origin = Origin { host: String::new() };
        let long = event(&"x".repeat(20_000));
        assert!(message(&long, &origin, Carrier::Tcp).len() > 20_000);
        let short = message(&long, &origin, Carrier::Udp);
        assert!(short.len() < 300 && short.contains("body_bytes"), "{short}");
    }

    #[test]
    fn a_line_that_a_crash_tore_is_closed_and_a_moved_file_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ocsf.jsonl");
        std::fs::write(&path, "{\"torn\":").unwrap();
        let mut file = File { path: path.clone(), open: None };
        file.deliver(&[event("a")]).unwrap();
        file.deliver(&[event("b")]).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines.len(), lines[0]), (3, "{\"torn\":"));
        std::fs::rename(&path, folder.path().join("old")).unwrap();
        file.deliver(&[event("c")]).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().contains("\"c\""));
    }
}
