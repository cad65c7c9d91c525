//! From the bytes of a delivery to its events.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderMap;
use serde_json::Value;

use super::{
    refusal::Refusal,
    scene::header,
    spec::{BodySpec, SourceSpec, Written},
};

/// A document and its events.
pub(super) struct Document {
    /// The document, without events that are listed in it.
    pub(super) body: Value,
    pub(super) events: Events,
}

/// Where the events are.
pub(super) enum Events {
    /// The document itself is the one event.
    Whole,
    /// Each with its key, where they stood in a map.
    Listed(Vec<(Option<String>, Value)>),
}

/// The body as JSON, or the JSON in the field of a form.
pub(super) fn read(spec: &BodySpec, headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    let form = header(headers, "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    match &spec.form {
        Some(field) if form => {
            let found = url::form_urlencoded::parse(body).find(|(name, _)| name == field.as_str());
            let (_, text) = found
                .ok_or_else(|| Refusal::new(400, "no_payload", format!("the form has no field `{field}`")))?;
            json(text.as_bytes())
        }
        _ => json(body),
    }
}

/// Bytes as JSON, with an error that names the place.
pub(super) fn json(body: &[u8]) -> Result<Value, Refusal> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Refusal::new(400, "not_utf8", format!("the body is not UTF-8 from byte {} on", error.valid_up_to()))
    })?;
    serde_json::from_str(text)
        .map_err(|error| Refusal::new(400, "not_json", format!("the body is not JSON: {error}")))
}

/// The events of a document.
pub(super) fn events(spec: &SourceSpec, mut body: Value) -> Result<Document, Refusal> {
    let inner = spec.body.inside.as_ref().and_then(|inside| {
        let text = inside.at.get(&body)?.as_str()?;
        unwrap(text, inside.written)
    });
    let Some(each) = &spec.each else {
        return match (inner, body) {
            (Some(event), body) => Ok(Document { body, events: Events::Listed(vec![(None, event)]) }),
            // A document that is a list holds one event each.
            (None, Value::Array(items)) => {
                listed(spec, Value::Null, items.into_iter().map(|event| (None, event)))
            }
            (None, body) => Ok(Document { body, events: Events::Whole }),
        };
    };
    let taken = match inner {
        Some(mut inner) => each.take(&mut inner),
        None => each.take(&mut body),
    };
    match taken {
        Some(Value::Array(items)) => listed(spec, body, items.into_iter().map(|event| (None, event))),
        Some(Value::Object(map)) => {
            listed(spec, body, map.into_iter().map(|(key, event)| (Some(key), event)))
        }
        _ => {
            let message = format!("the body has no events at `{}`", each.source());
            Err(Refusal::new(422, "no_events", message)
                .help("another sender's body needs another `format`: `stanch integrations list` shows all"))
        }
    }
}

/// Within the source's bounds.
fn listed(
    spec: &SourceSpec,
    body: Value,
    events: impl ExactSizeIterator<Item = (Option<String>, Value)>,
) -> Result<Document, Refusal> {
    if events.len() > spec.bounds.events {
        let message = format!("more than {} alerts in one delivery", spec.bounds.events);
        return Err(Refusal::new(413, "too_many", message));
    }
    let events: Vec<_> = events.collect();
    if events.iter().any(|(_, event)| !event.is_object()) {
        return Err(Refusal::new(422, "no_events", "an event is no map: nothing can be read from it"));
    }
    Ok(Document { body, events: Events::Listed(events) })
}

fn unwrap(text: &str, written: Written) -> Option<Value> {
    let inner: Value = match written {
        Written::Text => serde_json::from_str(text).ok()?,
        Written::Base64 => serde_json::from_slice(&STANDARD.decode(text).ok()?).ok()?,
    };
    (inner.is_object() || inner.is_array()).then_some(inner)
}
