//! Why a delivery is not accepted. Never repeats a secret, and says no more of a failed proof than that it failed.

use serde_json::{Value, json};

/// Why a delivery was not accepted. Nothing was kept of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// HTTP status: 400 unreadable, 401 not proven, 405 wrong method, 413 too much, 422 not an alert, 503 keys not to be had.
    pub status: u16,
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
    /// The way out.
    pub help: Option<&'static str>,
    /// When to come back, in seconds.
    pub retry_after: Option<u32>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), help: None, retry_after: None }
    }

    pub(crate) fn help(self, help: &'static str) -> Self {
        Self { help: Some(help), ..self }
    }

    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    /// Says no more than that: which part was wrong helps only who guesses.
    pub(crate) fn unproven(message: impl Into<String>) -> Self {
        Self::new(401, "unproven", message)
            .help("compare the secret at the sender with the one that `alerts:` refers to")
    }

    /// The same as RFC 8935, section 2.4 writes it; `None` for what is not the sender's mistake.
    pub(crate) fn rfc8935(&self) -> Option<Value> {
        let err = match (self.status, self.code) {
            (500.., _) | (413 | 405, _) => return None,
            (_, "bad_key") => "invalid_key",
            (_, "bad_issuer") => "invalid_issuer",
            (_, "bad_audience") => "invalid_audience",
            (_, "unproven") => "authentication_failed",
            _ => "invalid_request",
        };
        Some(json!({ "err": err, "description": self.message }))
    }
}
