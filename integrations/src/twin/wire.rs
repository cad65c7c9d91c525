//! Between HTTP and scripts: a request as a map, a credential out of its header, an answer as bytes.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use http_body_util::Full;
use percent_encoding::percent_decode_str;
use rhai::{Dynamic, Map};

use super::script::{Body, Reply, to_dynamic};

/// The headers that carry an idempotency key, in the order in which they are looked for.
const KEY_HEADERS: &[&str] = &["idempotency-key", "x-idempotency-key", "webhook-id"];

/// The scheme of AWS Signature Version 4.
const AWS: &str = "AWS4-HMAC-SHA256";

/// A request to a platform, whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// As the platform knows it: without the integration's prefix.
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    /// Names in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Bytes,
    /// What stands before the path in an absolute address.
    pub(crate) base: String,
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Credential {
    /// Of Basic.
    pub(crate) user: String,
    /// The token, or the password of Basic.
    pub(crate) token: String,
}

impl Incoming {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn key(&self) -> Option<String> {
        KEY_HEADERS.iter().find_map(|name| self.header(name)).map(str::to_owned)
    }

    /// The path's segments, decoded.
    pub(crate) fn segments(&self) -> Vec<String> {
        let path = self.path.trim_start_matches('/');
        path.split('/').map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
    }

    /// The parameters that tell operations at one address apart: of the URL, of a form, and the texts of a JSON body.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let mut all = self.query.clone();
        if self.is_form() {
            all.extend(url::form_urlencoded::parse(&self.body).into_owned());
        } else if let Ok(serde_json::Value::Object(fields)) = serde_json::from_slice(&self.body) {
            let text = |(name, value): (String, serde_json::Value)| Some((name, value.as_str()?.to_owned()));
            all.extend(fields.into_iter().filter_map(text));
        }
        all
    }

    fn is_form(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
    }

    /// What `Authorization` says, if it is of one of these schemes; or the first of them that is a header of its own
    /// (`dd-api-key`).
    pub(crate) fn credential(&self, schemes: &[String]) -> Option<Credential> {
        let own = schemes.iter().find_map(|name| self.header(&name.to_ascii_lowercase()));
        if let Some(token) = own {
            return Some(Credential { user: String::new(), token: token.to_owned() });
        }
        let (scheme, value) = self.header("authorization")?.split_once(' ')?;
        if !schemes.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            return None;
        }
        if scheme == AWS {
            // Who signed; a twin holds no key that could check how.
            let id = value.split("Credential=").nth(1)?.split('/').next()?;
            return Some(Credential { user: String::new(), token: id.to_owned() });
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            // `Token token=…` is PagerDuty's
            let token = value.trim();
            let token = token.strip_prefix("token=").unwrap_or(token);
            return Some(Credential { user: String::new(), token: token.to_owned() });
        }
        let decoded = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        Some(Credential { user: user.to_owned(), token: password.to_owned() })
    }

    /// The request as a script sees it.
    pub(crate) fn to_map(&self, params: &[(String, String)], credential: Option<&Credential>) -> Map {
        let texts = |pairs: &mut dyn Iterator<Item = (&str, &str)>| -> Dynamic {
            pairs.map(|(name, value)| (name.into(), value.into())).collect::<Map>().into()
        };
        let mut map: Map =
            params.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect();
        map.insert("method".into(), self.method.as_str().into());
        map.insert("path".into(), self.path.as_str().into());
        let query = texts(&mut self.query.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        map.insert("query".into(), query);
        let headers = texts(&mut self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        map.insert("headers".into(), headers);
        map.insert("raw".into(), String::from_utf8_lossy(&self.body).as_ref().into());
        map.insert("body".into(), self.body_value());
        let token = credential.map_or(Dynamic::UNIT, |credential| credential.token.as_str().into());
        map.insert("bearer".into(), token);
        let user = credential.map_or(Dynamic::UNIT, |credential| credential.user.as_str().into());
        map.insert("basic_user".into(), user);
        map
    }

    /// A form or JSON as a map; an empty map where there is neither, so that a script may ask for any field.
    fn body_value(&self) -> Dynamic {
        if self.is_form() {
            let pairs = url::form_urlencoded::parse(&self.body);
            return pairs
                .map(|(name, value)| (name.as_ref().into(), value.as_ref().into()))
                .collect::<Map>()
                .into();
        }
        let json: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        json.filter(|json| json.is_object() || json.is_array())
            .map_or_else(|| Map::new().into(), |json| to_dynamic(&json))
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Outgoing {
    /// This answer.
    Answer(Reply),
    /// This answer, so much later.
    Late(std::time::Duration, Reply),
    /// No answer: the connection is held so long, then closed.
    Silence(std::time::Duration),
    /// No answer: the connection is reset.
    Reset,
}

/// An answer as HTTP. A header that is none is left out.
pub(crate) fn to_http(reply: Reply) -> Response<Full<Bytes>> {
    let (kind, body) = match reply.body {
        Body::Empty => (None, Bytes::new()),
        Body::Json(value) => (Some("application/json; charset=utf-8".to_owned()), value.to_string().into()),
        Body::Text(kind, text) => (Some(kind), text.into()),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = kind.map(|kind| (CONTENT_TYPE.to_string(), kind));
    for (name, value) in kind.into_iter().chain(reply.headers) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
