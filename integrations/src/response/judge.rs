//! Yes, was so before, not now, no, or nobody knows.

use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::{Pause, xml};
use crate::{
    call::ErrorKind,
    expr::Expr,
    path,
    spec::{ActionSpec, Match, PlatformSpec, Reply},
    transport::HttpResponse,
};

/// An answer, its body read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// `None`: there is one, and it is not what the platform promises.
    pub(crate) body: Option<Value>,
}

/// What it means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// Yes.
    Done,
    /// It was so before.
    Already,
    /// A list: there is nothing to list.
    Nothing,
    /// Not now.
    Limited(Pause),
    /// No. The words are the platform's own and may hold secrets still.
    No { kind: ErrorKind, words: String },
    /// The answer tells nothing: for an effect in doubt, for a read garbled.
    Unclear { why: String, kind: ErrorKind },
}

impl Answer {
    /// Reads the body as far as anybody will look at it.
    pub(crate) fn read(response: HttpResponse, reply: Reply) -> Self {
        let body = if response.body.iter().all(u8::is_ascii_whitespace) {
            Some(Value::Null)
        } else if reply == Reply::Xml {
            xml::read(&response.body)
        } else {
            serde_json::from_slice(&response.body).ok()
        };
        Self { status: response.status.as_u16(), headers: response.headers, body }
    }

    /// The headers as a predicate sees them: lower-case names, text values.
    pub(crate) fn headers_value(&self) -> Value {
        let map: Map<String, Value> = self
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.into())))
            .collect();
        Value::Object(map)
    }

    fn matches(&self, wanted: &Match) -> bool {
        wanted.status.contains(&self.status) && wanted.when.as_ref().is_none_or(|when| self.holds(when))
    }

    /// A predicate over `status`, `body`, `headers`.
    pub(crate) fn holds(&self, predicate: &Expr) -> bool {
        let (status, headers) = (json!(self.status), self.headers_value());
        let nothing = Value::Null;
        let body = self.body.as_ref().unwrap_or(&nothing);
        predicate.holds(&[("status", &status), ("body", body), ("headers", &headers)])
    }
}

/// Decides.
pub(crate) fn judge(platform: &PlatformSpec, action: &ActionSpec, answer: &Answer) -> Verdict {
    if is_limited(platform, answer) {
        return Verdict::Limited(super::pause(&answer.headers, Some(&platform.limits)));
    }
    if action.yields.iter().flat_map(|yields| &yields.none).any(|none| answer.matches(none)) {
        return Verdict::Nothing;
    }
    let readable = answer.body.is_some() || action.reply.unwrap_or(platform.reply) == Reply::Ignored;
    if answer.matches(&action.success) && readable {
        return Verdict::Done;
    }
    if action.already.iter().any(|already| answer.matches(already)) {
        return Verdict::Already;
    }
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        let why = format!("the platform answered {}", answer.status);
        return Verdict::Unclear { why, kind: ErrorKind::Unavailable };
    }
    if status == StatusCode::SEE_OTHER || status.is_informational() {
        let why = format!("the platform answered {}, which says neither yes nor no", answer.status);
        return Verdict::Unclear { why, kind: ErrorKind::Redirect };
    }
    if status.is_redirection() {
        let words = format!("the platform answered {} and pointed elsewhere; we never follow", answer.status);
        return Verdict::No { kind: ErrorKind::Redirect, words };
    }
    if status.is_success() {
        return unexpected(platform, action, answer);
    }
    let (code, words) = words(platform, answer);
    let kind = code.and_then(|code| platform.errors.kinds.get(&code).copied()).unwrap_or(kind_of(status));
    Verdict::No { kind, words }
}

/// A 2xx that is not the one we know as success.
fn unexpected(platform: &PlatformSpec, action: &ActionSpec, answer: &Answer) -> Verdict {
    let known = action.success.status.contains(&answer.status);
    match &answer.body {
        None => {
            let why = format!("the platform answered {} with {}", answer.status, nonsense(answer));
            Verdict::Unclear { why, kind: ErrorKind::Garbled }
        }
        Some(_) if known => match words(platform, answer) {
            // The platform names its error in the body, so this is its no.
            (Some(code), words) => {
                let kind = platform.errors.kinds.get(&code).copied().unwrap_or(ErrorKind::Refused);
                Verdict::No { kind, words }
            }
            (None, _) => Verdict::Unclear {
                why: format!(
                    "the platform answered {}, but its body does not say that it is done",
                    answer.status
                ),
                kind: ErrorKind::Garbled,
            },
        },
        Some(_) => Verdict::Unclear {
            why: format!("the platform answered {}, which its description does not know", answer.status),
            kind: ErrorKind::Garbled,
        },
    }
}

/// What a body is that cannot be read, as far as its headers tell.
fn nonsense(answer: &Answer) -> &'static str {
    let media = super::text(&answer.headers, "content-type").unwrap_or_default();
    match media.split(';').next().unwrap_or_default().trim() {
        "text/html" => "an HTML page: a proxy or a sign-in page stands before it",
        media if media.ends_with("xml") => "XML that cannot be read",
        _ => "a body that is no JSON, or only half of it",
    }
}

fn is_limited(platform: &PlatformSpec, answer: &Answer) -> bool {
    let limits = &platform.limits;
    answer.status == 429
        || limits.refused.as_ref().is_some_and(|refused| answer.holds(refused))
        || (!limits.codes.is_empty()
            && answer.status >= 400
            && words(platform, answer).0.is_some_and(|code| limits.codes.contains(&code)))
}

/// The platform's error code, and its words for people.
fn words(platform: &PlatformSpec, answer: &Answer) -> (Option<String>, String) {
    let at = |paths: &[String]| {
        let body = answer.body.as_ref()?;
        paths.iter().find_map(|path| match path::get(body, path)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let (code, message) = (at(&platform.errors.code), at(&platform.errors.message));
    let said = match (&code, message) {
        (Some(code), Some(message)) if *code != message => format!(": {message} ({code})"),
        (Some(code), _) => format!(": {code}"),
        (None, Some(message)) => format!(": {message}"),
        (None, None) => String::new(),
    };
    (code, format!("{} answered {}{said}", platform.title, answer.status))
}

fn kind_of(status: StatusCode) -> ErrorKind {
    match status.as_u16() {
        401 => ErrorKind::Auth,
        403 => ErrorKind::Forbidden,
        404 | 410 => ErrorKind::NotFound,
        400 | 422 => ErrorKind::Invalid,
        409 | 412 | 423 => ErrorKind::State,
        413 => ErrorKind::TooLarge,
        _ => ErrorKind::Refused,
    }
}
