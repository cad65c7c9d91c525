//! Security event tokens (RFC 8417): what happened, and who says so, signed. They never end, and a receiver knows a second
//! one by its `jti`, which the body brings.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::header;
use serde_json::{Map, Value};

use super::{WithCredential, jwt};
use crate::{
    bind::Refusal,
    request::{HttpRequest, plain_header},
    spec::AuthSpec,
    template::Template,
};

/// The media type of a token that stands alone in a body (RFC 8417, 7.1).
const MEDIA: &str = "application/secevent+jwt";

/// Makes the body a token: its claims, and `iss`, `aud`, `iat`, and in each event that tells no time the same as in `iat`.
pub(super) fn sign(
    scheme: &AuthSpec,
    with: &WithCredential<'_>,
    request: &mut HttpRequest,
    simulated: bool,
) -> Result<(), Refusal> {
    let Ok(Value::Object(mut claims)) = serde_json::from_slice(&request.body) else {
        return Err(Refusal::invalid("a security event is a map of claims: the request needs a `json` body"));
    };
    let text = |template: &Option<Template>| match template {
        Some(template) if template.single().is_none_or(|only| with.knows(only)) => {
            template.text(with).map(Some).map_err(|error| Refusal::invalid(error.to_string()))
        }
        _ => Ok(None),
    };
    for (name, template) in [("iss", &scheme.issuer), ("aud", &scheme.audience)] {
        if let Some(value) = text(template)? {
            claims.insert(name.to_owned(), value.into());
        }
    }
    let now = jiff::Timestamp::now().as_second();
    claims.insert("iat".to_owned(), now.into());
    let events = claims.get_mut("events").and_then(Value::as_object_mut);
    for event in events.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        event.entry("event_timestamp").or_insert_with(|| now.into());
    }
    let mut head = Map::from_iter([("typ".to_owned(), Value::from("secevent+jwt"))]);
    if let Some(kid) = text(&scheme.key_id)? {
        head.insert("kid".to_owned(), kid.into());
    }
    let token =
        if simulated { of_twin(head, claims, with) } else { with.key(scheme)?.signed(head, claims)? };
    request.body = token.into();
    request.headers.insert(header::CONTENT_TYPE, plain_header(MEDIA)?);
    Ok(())
}

/// A simulated platform holds no key that could check a signature: its fixed credential stands in the place of one.
fn of_twin(mut head: Map<String, Value>, claims: Map<String, Value>, with: &WithCredential<'_>) -> String {
    head.insert("alg".to_owned(), "twin".into());
    let proof = URL_SAFE_NO_PAD.encode(with.credential_text().unwrap_or_default());
    format!("{}.{proof}", jwt::unsigned(head, claims))
}
