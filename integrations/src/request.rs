//! From a bound call to bytes: the only place where handles of secrets are opened.

use std::{collections::BTreeMap, fmt};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use stanch_model::{secret::SecretBox, value};
use url::Url;

use crate::{
    bind::Refusal,
    call::ErrorKind,
    mail::Mail,
    scope::Vars,
    scrub::Scrub,
    spec::{ActionSpec, MailSpec, Method, PlatformSpec, RequestSpec},
    template::{FillError, Lookup, Shape, Template, as_text},
};

/// Everything but RFC 3986's unreserved characters: a value is one path segment or part of one.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An HTTP request, credentials not yet in it.
#[derive(Clone)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        write!(f, "{} {host}{} ({} bytes)", self.method.as_str(), self.url.path(), self.body.len())
    }
}

/// What will be sent.
#[derive(Debug)]
pub(crate) enum Built {
    Http(HttpRequest),
    Mail(Mail),
}

/// Builds requests of one integration.
pub(crate) struct Builder<'a> {
    pub(crate) spec: &'a PlatformSpec,
    pub(crate) base: &'a Url,
    pub(crate) secrets: &'a dyn SecretBox,
}

impl Builder<'_> {
    /// Builds the request of an action. Every secret that was opened is in `scrub`.
    pub(crate) fn build(
        &self,
        action: &ActionSpec,
        vars: &Vars<'_>,
        scrub: &mut Scrub,
    ) -> Result<Built, Refusal> {
        let Some(request) = &action.request else {
            return Err(Refusal::new(
                ErrorKind::Manual,
                "the platform has no API for this: a person does it",
            ));
        };
        if let Some(mail) = &request.mail {
            return self.mail(mail, vars).map(Built::Mail);
        }
        let url = self.url(request, vars)?;
        let (body, media) = self.body(request, vars, scrub)?;
        let mut headers = HeaderMap::new();
        for (name, template) in self.spec.headers.iter().chain(&request.headers) {
            if template.single().is_some_and(|only| vars.lookup(only).is_none()) {
                continue;
            }
            let value = self.header_value(template, vars, scrub)?;
            headers.insert(header_name(name)?, value);
        }
        if let Some(media) = media {
            headers.insert(header::CONTENT_TYPE, plain_header(&media)?);
        }
        if let Some(header) = action.idempotency.as_ref().and_then(|known| known.header.as_deref()) {
            headers.insert(header_name(header)?, plain_header(vars.key)?);
        }
        let Some(method) = request.method else {
            return Err(Refusal::invalid("the request has no method"));
        };
        Ok(Built::Http(HttpRequest { method, url, headers, body }))
    }

    fn url(&self, request: &RequestSpec, vars: &Vars<'_>) -> Result<Url, Refusal> {
        let mut url = match &request.url {
            Some(template) => parse_base(&template.text(vars).map_err(refused)?)?,
            None => self.base.clone(),
        };
        let path = match &request.path {
            Some(template) => template.fill(vars, segments).map_err(refused)?,
            None => String::new(),
        };
        let joined = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&joined);
        if !request.query.is_empty() {
            let pairs = self.pairs(&request.query, vars, None)?;
            if !pairs.is_empty() {
                url.query_pairs_mut().extend_pairs(pairs);
            }
        }
        Ok(url)
    }

    fn body(
        &self,
        request: &RequestSpec,
        vars: &Vars<'_>,
        scrub: &mut Scrub,
    ) -> Result<(Bytes, Option<String>), Refusal> {
        if let Some(form) = &request.form {
            let pairs = self.pairs(form, vars, Some(scrub))?;
            let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
            return Ok((body.into(), Some("application/x-www-form-urlencoded".to_owned())));
        }
        if let Some(json) = &request.json {
            let body = self.fill(json, vars, scrub)?.unwrap_or_default();
            let media = request.content_type.clone().unwrap_or_else(|| "application/json".to_owned());
            return Ok((body.to_string().into(), Some(media)));
        }
        if let Some(text) = &request.text {
            let media = request.content_type.clone().unwrap_or_else(|| "text/plain".to_owned());
            return Ok((self.secret_text(text, vars, scrub)?.into(), Some(media)));
        }
        Ok((Bytes::new(), None))
    }

    /// The same request at another path of the platform, its parameters kept.
    pub(crate) fn elsewhere(
        &self,
        request: HttpRequest,
        path: &Template,
        vars: &Vars<'_>,
    ) -> Result<HttpRequest, Refusal> {
        let path = path.fill(vars, segments).map_err(refused)?;
        let mut url = request.url;
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        Ok(HttpRequest { url, ..request })
    }

    /// Parameters of a URL (secrets refused) or of a form (secrets opened).
    fn pairs(
        &self,
        shapes: &BTreeMap<String, Shape>,
        vars: &Vars<'_>,
        mut scrub: Option<&mut Scrub>,
    ) -> Result<Vec<(String, String)>, Refusal> {
        let mut pairs = Vec::new();
        for (name, shape) in shapes {
            let value = match scrub.as_deref_mut() {
                Some(scrub) => self.fill(shape, vars, scrub)?,
                None => shape.value(vars).map_err(refused)?,
            };
            match value {
                None | Some(Value::Null) => {}
                Some(Value::Array(items)) => {
                    for item in items {
                        pairs.push((name.clone(), as_text(name, &item).map_err(refused)?));
                    }
                }
                Some(map @ Value::Object(_)) if value::as_target(&map).is_none() && scrub.is_some() => {
                    pairs.push((name.clone(), map.to_string()));
                }
                Some(value) => pairs.push((name.clone(), as_text(name, &value).map_err(refused)?)),
            }
        }
        Ok(pairs)
    }

    fn fill(&self, shape: &Shape, vars: &Vars<'_>, scrub: &mut Scrub) -> Result<Option<Value>, Refusal> {
        let opened = std::cell::RefCell::new(Vec::new());
        let open = |path: &str, given: Value| {
            if is_of_credential(path) {
                opened.borrow_mut().extend(given.as_str().map(str::to_owned));
            }
            self.open(path, given, &mut opened.borrow_mut())
        };
        let filled = shape.fill(vars, &open).map_err(refused);
        opened.into_inner().iter().for_each(|secret: &String| scrub.add(secret));
        filled
    }

    /// A value as it goes on the wire: secrets opened, also inside lists and maps; targets by their id.
    fn open(&self, path: &str, given: Value, opened: &mut Vec<String>) -> Result<Value, FillError> {
        if let Some(handle) = value::as_secret(&given) {
            let secret = self
                .secrets
                .open(handle)
                .map_err(|error| FillError::Vault(path.to_owned(), error.to_string()))?;
            opened.push(secret.clone());
            return Ok(Value::String(secret));
        }
        if let Some(target) = value::as_target(&given) {
            return Ok(Value::String(target.id));
        }
        match given {
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.open(path, item, opened))
                .collect::<Result<Vec<_>, _>>()
                .map(Value::Array),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, value)| Ok((key, self.open(path, value, opened)?)))
                .collect::<Result<_, _>>()
                .map(Value::Object),
            plain => Ok(plain),
        }
    }

    /// A template with its secrets opened, for a header of the request.
    pub(crate) fn secret_text(
        &self,
        template: &Template,
        vars: &dyn Lookup,
        scrub: &mut Scrub,
    ) -> Result<String, Refusal> {
        let mut opened = Vec::new();
        let text = template
            .fill(vars, |path, given| {
                if is_of_credential(path) {
                    opened.extend(given.as_str().map(str::to_owned));
                }
                let value = self.open(path, given.clone(), &mut opened)?;
                as_text(path, &value)
            })
            .map_err(refused);
        opened.iter().for_each(|secret| scrub.add(secret));
        text
    }

    fn header_value(
        &self,
        template: &Template,
        vars: &Vars<'_>,
        scrub: &mut Scrub,
    ) -> Result<HeaderValue, Refusal> {
        let text = self.secret_text(template, vars, scrub)?;
        plain_header(&text).map_err(|_| refused(FillError::Header(template.source().to_owned())))
    }

    fn mail(&self, mail: &MailSpec, vars: &Vars<'_>) -> Result<Mail, Refusal> {
        let to = match mail.to.value(vars).map_err(refused)? {
            Some(Value::Array(items)) => {
                items.iter().map(|item| as_text("to", item)).collect::<Result<_, _>>().map_err(refused)?
            }
            Some(one) => vec![as_text("to", &one).map_err(refused)?],
            None => return Err(Refusal::invalid("the mail has no recipient")),
        };
        let text = |template: &Template| template.text(vars).map_err(refused);
        Mail::new(&text(&mail.from)?, to, &text(&mail.subject)?, text(&mail.text)?, vars.key)
    }
}

/// A variable that holds our own credential, or a part of it.
pub(crate) fn is_of_credential(variable: &str) -> bool {
    variable == "credential" || variable.starts_with("credential.")
}

/// A value inside a path. Settings are the operator's own words and may hold several segments.
fn segments(path: &str, given: &Value) -> Result<String, FillError> {
    if !path.starts_with("settings.") {
        return segment(path, given);
    }
    let text = as_text(path, given)?;
    let parts = text.trim_start_matches('/').split('/').map(|part| segment(path, &part.into()));
    let encoded = parts.collect::<Result<Vec<_>, _>>()?.join("/");
    Ok(if text.starts_with('/') { format!("/{encoded}") } else { encoded })
}

/// A value inside a path: percent-encoded, and refused where servers and proxies disagree about what it means.
fn segment(path: &str, given: &Value) -> Result<String, FillError> {
    let text = as_text(path, given)?;
    let refuse = |what| Err(FillError::Path(path.to_owned(), what));
    match text.as_str() {
        "" => return refuse("nothing"),
        "." | ".." => return refuse("a step to another folder"),
        _ => {}
    }
    if text.contains(['/', '\\']) {
        return refuse("a slash");
    }
    if text.contains('%') {
        return refuse("a percent sign");
    }
    if text.chars().any(char::is_control) {
        return refuse("a control character");
    }
    Ok(utf8_percent_encode(&text, SEGMENT).to_string())
}

/// A base URL: https, or http on loopback; no user, query or fragment.
pub(crate) fn parse_base(text: &str) -> Result<Url, Refusal> {
    let refuse = |why: &str| Refusal::invalid(format!("`{text}` is no base URL: {why}"));
    let url = Url::parse(text).map_err(|error| refuse(&error.to_string()))?;
    let loopback = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    match url.scheme() {
        "https" | "smtps" | "smtp" => {}
        "http" if loopback => {}
        "http" => return Err(refuse("plain http is for loopback only")),
        other => return Err(refuse(&format!("`{other}` is not https"))),
    }
    if url.host().is_none() {
        return Err(refuse("it has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::invalid("a base URL must not hold a user or password: use `credential`"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it has a query or a fragment"));
    }
    Ok(url)
}

pub(crate) fn header_name(name: &str) -> Result<HeaderName, Refusal> {
    name.parse().map_err(|_| Refusal::invalid(format!("`{name}` is no header name")))
}

/// A header value; control characters are refused, never dropped. It is left out of debug output.
pub(crate) fn plain_header(text: &str) -> Result<HeaderValue, Refusal> {
    let mut value = HeaderValue::from_bytes(text.as_bytes())
        .map_err(|_| Refusal::invalid("a header may not hold line breaks or other control characters"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn refused(error: FillError) -> Refusal {
    let kind = match error {
        FillError::Vault(..) | FillError::Secret(_) => ErrorKind::Secret,
        _ => ErrorKind::Invalid,
    };
    Refusal::new(kind, error.to_string())
}
