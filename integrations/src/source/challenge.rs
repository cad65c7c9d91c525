//! Senders that ask whether we are there before they send anything.
//!
//! An echo that needs no proof gives back what the caller sent, bounded, and nothing else: no setting, no secret.

use std::collections::BTreeMap;

use http::Method;
use serde_json::Value;

use super::{
    Accepted, RawRequest, Reply,
    accept::Step,
    host::HostGlob,
    refusal::Refusal,
    scene::{Scene, header},
    spec::{ChallengeSpec, Echo, SourceSpec},
};
use crate::template::{Lookup, Shape};

/// Longer challenges are refused.
const LONGEST: usize = 2048;

/// The answer to a question that comes before any proof.
pub(super) fn unproven(spec: &SourceSpec, request: RawRequest<'_>) -> Result<Option<Reply>, Refusal> {
    match &spec.challenge {
        Some(ChallengeSpec::Header(Echo { name, answer })) if request.method == Method::GET => {
            let given = header(request.headers, name).filter(|given| (1..=LONGEST).contains(&given.len()));
            let given = given.ok_or_else(|| {
                Refusal::new(400, "no_challenge", format!("a GET is answered only with a header `{name}`"))
            })?;
            Ok(reply(answer, given))
        }
        Some(ChallengeSpec::Query(Echo { name, answer })) => {
            let query = request.query.unwrap_or_default().as_bytes();
            let given = url::form_urlencoded::parse(query).find(|(key, _)| key == name.as_str());
            match given {
                Some((_, given)) if (1..=LONGEST).contains(&given.len()) => Ok(reply(answer, &given)),
                Some(_) => Err(Refusal::new(400, "no_challenge", format!("`{name}` is empty or too long"))),
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

/// What a proven document asks for instead of bringing events.
pub(super) fn proven(
    spec: &SourceSpec,
    settings: &BTreeMap<String, String>,
    request: RawRequest<'_>,
    document: &Value,
) -> Result<Option<Step>, Refusal> {
    let (when, at) = match &spec.challenge {
        Some(ChallengeSpec::Event(echo)) => (&echo.when, &echo.at),
        Some(ChallengeSpec::Visit(visit)) => (&visit.when, &visit.at),
        _ => return Ok(None),
    };
    // Few documents hold it at all: only those are asked further.
    let Some(given) = at.get(document).and_then(Value::as_str) else { return Ok(None) };
    if !Scene::new(spec, settings, request.headers, document, document).holds(when) {
        return Ok(None);
    }
    if given.len() > LONGEST {
        return Err(Refusal::new(400, "no_challenge", format!("`{}` is too long", at.source())));
    }
    match &spec.challenge {
        Some(ChallengeSpec::Visit(visit)) => {
            let url = url::Url::parse(given).ok();
            let url = url.filter(|url| visit.hosts.iter().any(|host| HostGlob::new(host).allows(url)));
            let url = url.ok_or_else(|| {
                let message = format!("`{}` leads to another host: not visited", at.source());
                Refusal::new(422, "strange_host", message)
            })?;
            Ok(Some(Step::Visit(url)))
        }
        Some(ChallengeSpec::Event(echo)) => {
            Ok(reply(&echo.answer, given).map(|reply| Step::Done(Accepted::Challenge(reply))))
        }
        _ => Ok(None),
    }
}

struct Given<'a>(&'a str);

impl Lookup for Given<'_> {
    fn lookup(&self, path: &str) -> Option<Value> {
        (path == "challenge").then(|| self.0.into())
    }
}

fn reply(answer: &Shape, given: &str) -> Option<Reply> {
    match answer.value(&Given(given)).ok()?? {
        Value::String(text) => Some(Reply { media: "text/plain; charset=utf-8", body: text }),
        other => Some(Reply { media: "application/json", body: other.to_string() }),
    }
}
