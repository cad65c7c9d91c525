//! Alerts on their way in: a delivery proves itself over its raw bytes, is bounded, parsed once, and becomes
//! [`Alert`]s. One file per format.
//!
//! Pure: no socket, no clock, no journal. A refusal says what is wrong and never repeats a secret.

mod field;
mod github;
mod hmac;
mod okta;
mod proof;
mod standard;

use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::Value;
use stanch_model::{Alert, config::AlertSourceConfig};

pub use proof::BadSecret;

/// The formats that `alerts:` may name.
pub const FORMATS: &[&str] = &["okta-event-hook", "github", "hmac", "standard-webhooks"];

/// More alerts in one delivery are refused: no sender batches so many.
const MAX_ALERTS: usize = 1000;

/// A configured source with its secret, ready to judge deliveries.
#[derive(Debug)]
pub struct Source {
    /// Its name under `alerts:`.
    pub name: String,
    /// Its configuration.
    pub config: AlertSourceConfig,
    format: Format,
    proof: proof::Key,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    OktaEventHook,
    GitHub,
    Hmac,
    StandardWebhooks,
}

/// Why a source cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSource {
    /// Not one of [`FORMATS`].
    #[error("`{0}` is not an alert format")]
    Format(String),
    /// The secret is not what the format needs.
    #[error(transparent)]
    Secret(#[from] BadSecret),
}

/// A delivery as it came.
#[derive(Clone, Copy, Debug)]
pub struct RawRequest<'a> {
    /// GET or POST.
    pub method: &'a Method,
    /// All of them.
    pub headers: &'a HeaderMap,
    /// Every byte.
    pub body: &'a [u8],
}

/// What a delivery must prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// That the source sent it.
    Source,
    /// Nothing: a person whom we know hands it in.
    Person,
}

/// What an accepted delivery held.
#[derive(Clone, Debug, PartialEq)]
pub enum Accepted {
    /// News.
    Alerts(Vec<Alert>),
    /// A question whether we are who we claim to be: answer 200 with this document.
    Challenge(Value),
    /// Nothing to act upon, for this reason: answer 200.
    Ignored(String),
}

/// Why a delivery was not accepted. Nothing was kept of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// HTTP status: 400 unreadable, 401 not proven, 405 wrong method, 413 too much, 422 not an alert.
    pub status: u16,
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The way out.
    pub help: Option<&'static str>,
}

impl Source {
    /// Binds a configured source to its secret.
    ///
    /// # Errors
    /// When the format is unknown or the secret is not what it needs.
    pub fn new(name: &str, config: AlertSourceConfig, secret: &str) -> Result<Self, BadSource> {
        let format = match config.format.as_str() {
            "okta-event-hook" => Format::OktaEventHook,
            "github" => Format::GitHub,
            "hmac" => Format::Hmac,
            "standard-webhooks" => Format::StandardWebhooks,
            other => return Err(BadSource::Format(other.to_owned())),
        };
        let proof = match format {
            Format::StandardWebhooks => proof::Key::whsec(secret)?,
            _ => proof::Key::plain(secret)?,
        };
        Ok(Self { name: name.to_owned(), config, format, proof })
    }

    /// Judges a delivery.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn accept(&self, request: RawRequest<'_>, trust: Trust, now: Timestamp) -> Result<Accepted, Refusal> {
        let accepted = match self.format {
            Format::OktaEventHook => okta::accept(self, request, trust, now),
            Format::GitHub => github::accept(self, request, trust, now),
            Format::Hmac => hmac::accept(self, request, trust, now),
            Format::StandardWebhooks => standard::accept(self, request, trust, now),
        }?;
        match &accepted {
            Accepted::Alerts(alerts) if alerts.is_empty() => {
                Ok(Accepted::Ignored("it holds no event".to_owned()))
            }
            Accepted::Alerts(alerts) if alerts.len() > MAX_ALERTS => {
                Err(Refusal::new(413, "too_many", format!("more than {MAX_ALERTS} alerts in one delivery")))
            }
            _ => Ok(accepted),
        }
    }
}

impl Refusal {
    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), help: None }
    }

    fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    /// Says no more than that: which part was wrong helps only who guesses.
    fn unproven(message: impl Into<String>) -> Self {
        Self::new(401, "unproven", message)
            .help("compare the secret at the sender with the one that `alerts:` refers to")
    }
}

/// A header as text; absent, repeated or non-ASCII headers are none.
fn header<'a>(request: RawRequest<'a>, name: &str) -> Option<&'a str> {
    let mut all = request.headers.get_all(name).iter();
    let first = all.next()?;
    if all.next().is_some() { None } else { first.to_str().ok() }
}

/// The body as JSON, with an error that names the place.
fn json(body: &[u8]) -> Result<Value, Refusal> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Refusal::new(400, "not_utf8", format!("the body is not UTF-8 from byte {} on", error.valid_up_to()))
    })?;
    serde_json::from_str(text)
        .map_err(|error| Refusal::new(400, "not_json", format!("the body is not JSON: {error}")))
}

fn only_post(request: RawRequest<'_>) -> Result<(), Refusal> {
    if request.method == Method::POST {
        return Ok(());
    }
    Err(Refusal::new(405, "method", "this source takes deliveries by POST only"))
}

#[cfg(test)]
mod tests;
