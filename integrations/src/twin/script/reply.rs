//! What a script answers.

use rhai::{Dynamic, Engine, ImmutableString};
use serde_json::Value;

use super::convert::to_answer;

/// An answer before it becomes HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

/// The body of an answer.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// Nothing at all.
    Empty,
    /// JSON.
    Json(Value),
    /// Anything else, with its content type.
    Text(String, String),
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(body) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }

    pub(crate) fn text(status: u16, kind: &str, text: &str) -> Self {
        Self { status, headers: Vec::new(), body: Body::Text(kind.to_owned(), text.to_owned()) }
    }

    /// What a handler gave: a reply, or any other value as 200 with JSON.
    pub(crate) fn of(value: &Dynamic) -> Self {
        match value.read_lock::<Reply>() {
            Some(reply) => reply.clone(),
            None if value.is_unit() => Self::empty(200),
            None => Self::json(200, to_answer(value)),
        }
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine
        .register_type_with_name::<Reply>("Reply")
        .register_fn("json", |status: i64, body: Dynamic| Reply::json(code(status), to_answer(&body)))
        .register_fn("empty", |status: i64| Reply::empty(code(status)))
        .register_fn("text", |status: i64, kind: &str, text: &str| Reply::text(code(status), kind, text))
        .register_fn("header", |reply: &mut Reply, name: ImmutableString, value: Dynamic| {
            let mut reply = reply.clone();
            if !value.is_unit() {
                reply.headers.push((name.to_string(), value.to_string()));
            }
            reply
        });
}

fn code(status: i64) -> u16 {
    u16::try_from(status).unwrap_or(500)
}
