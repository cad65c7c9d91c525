//! The ways of making a token: client credentials, a signed assertion, and what is signed itself.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::{Around, AuthError, WithCredential, jwt};
use crate::{
    bind::Refusal,
    call::ErrorKind,
    request::{HttpRequest, parse_base, plain_header},
    response,
    scrub::Scrub,
    spec::{AuthKind, AuthSpec, ClientAuth, Method},
    template::Template,
    transport::SendError,
};

/// A token whose life nobody tells.
const UNTOLD: Duration = Duration::from_secs(600);
/// No token is kept longer than this, whatever its life.
const LONGEST: u64 = 86_400;
/// A token is renewed this long before its end, or in the last tenth of a short life.
const EARLY: Duration = Duration::from_secs(30);
/// How long a token endpoint may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an assertion is good for.
const ASSERTION_LIVES: i64 = 180;

/// A token, and how long to use it.
pub(super) struct Made {
    pub(super) text: String,
    pub(super) lives: Duration,
}

/// A way to authenticate with its templates at hand.
pub(super) struct Flow<'a> {
    pub(super) scheme: &'a AuthSpec,
    pub(super) with: &'a WithCredential<'a>,
}

impl Flow<'_> {
    /// Makes a token.
    pub(super) async fn make(
        &self,
        integration: &str,
        around: Around<'_>,
        scrub: &mut Scrub,
    ) -> Result<Made, AuthError> {
        if self.scheme.kind == AuthKind::Jwt {
            let lives = self.scheme.lives.map_or(Duration::from_secs(ASSERTION_LIVES as u64), |span| span.0);
            let text = self.assertion(None, i64::try_from(lives.as_secs()).unwrap_or(ASSERTION_LIVES))?;
            return Ok(Made { text, lives: usable(lives) });
        }
        let request = self.request(scrub)?;
        let sent = around.transport.send(around.route(integration), &request);
        let answer = match tokio::time::timeout(PATIENCE, sent).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error @ SendError::Host(_))) => {
                return Err(Refusal::new(ErrorKind::Host, error.to_string()).into());
            }
            Ok(Err(error)) => return Err(AuthError::NotSent(format!("the token endpoint: {error}"))),
            Err(_) => {
                return Err(AuthError::NotSent("the token endpoint did not answer in time".to_owned()));
            }
        };
        let status = answer.status.as_u16();
        if status == 429 {
            return Err(AuthError::Limited(response::pause(&answer.headers, None)));
        }
        if answer.status.is_server_error() {
            return Err(AuthError::NotSent(format!("the token endpoint answered {status}")));
        }
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        self.read(status, &body, scrub)
    }

    fn read(&self, status: u16, body: &Value, scrub: &Scrub) -> Result<Made, AuthError> {
        let field = if self.scheme.kind == AuthKind::GithubApp { "token" } else { "access_token" };
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        let Some(token) = text(field).filter(|_| matches!(status, 200 | 201)) else {
            let code = text("error").unwrap_or("no access token");
            let words = text("error_description").or(text("message")).unwrap_or_default();
            let message = scrub.clean(&format!("the token endpoint answered {status}: {code} {words}"));
            return Err(Refusal::new(ErrorKind::Auth, message).into());
        };
        let told = body.get("expires_in").and_then(|lives| match lives {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        });
        let until = text("expires_at").and_then(|at| at.parse::<jiff::Timestamp>().ok());
        let left = until.map(|until| until.as_second().saturating_sub(jiff::Timestamp::now().as_second()));
        let told = told.or(left.and_then(|left| u64::try_from(left).ok()));
        let lives = match (told, self.scheme.lives) {
            (Some(seconds), _) => Duration::from_secs(seconds.min(LONGEST)),
            (None, Some(span)) => span.0,
            (None, None) => UNTOLD,
        };
        Ok(Made { text: token.to_owned(), lives: usable(lives) })
    }

    fn request(&self, scrub: &mut Scrub) -> Result<HttpRequest, Refusal> {
        let url = parse_base(&self.text(&self.scheme.token_url)?.unwrap_or_default())?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, plain_header("application/json")?);
        if self.scheme.kind == AuthKind::GithubApp {
            let signed = self.assertion(None, ASSERTION_LIVES)?;
            scrub.add(&signed);
            headers.insert(header::AUTHORIZATION, plain_header(&format!("Bearer {signed}"))?);
            return Ok(HttpRequest { method: Method::Post, url, headers, body: bytes::Bytes::new() });
        }
        headers.insert(header::CONTENT_TYPE, plain_header("application/x-www-form-urlencoded")?);
        let mut form = match self.scheme.kind {
            AuthKind::JwtBearer => self.bearer_form(scrub)?,
            _ => self.client_form(&mut headers, scrub)?,
        };
        for (name, template) in &self.scheme.params {
            let value = template.text(self.with).map_err(|error| self.refused(&error.to_string()))?;
            form.retain(|(known, _)| known != name);
            form.push((name.clone(), value));
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        Ok(HttpRequest { method: Method::Post, url, headers, body: body.into() })
    }

    fn bearer_form(&self, scrub: &mut Scrub) -> Result<Vec<(String, String)>, Refusal> {
        let assertion = self.assertion(None, ASSERTION_LIVES)?;
        scrub.add(&assertion);
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        Ok(vec![("grant_type".to_owned(), grant.to_owned()), ("assertion".to_owned(), assertion)])
    }

    fn client_form(
        &self,
        headers: &mut HeaderMap,
        scrub: &mut Scrub,
    ) -> Result<Vec<(String, String)>, Refusal> {
        let mut form = vec![("grant_type".to_owned(), "client_credentials".to_owned())];
        let mut push = |name: &str, value: String| form.push((name.to_owned(), value));
        let user = self.text(&self.scheme.user)?.unwrap_or_default();
        if let Some(scope) = self.text(&self.scheme.scope)? {
            push("scope", scope);
        }
        match self.scheme.client_auth {
            ClientAuth::Basic => {
                let secret = self.secret()?;
                let proof = STANDARD.encode(format!("{}:{}", encoded(&user), encoded(&secret)));
                scrub.add(&proof);
                headers.insert(header::AUTHORIZATION, plain_header(&format!("Basic {proof}"))?);
            }
            ClientAuth::Form => {
                push("client_id", user);
                push("client_secret", self.secret()?);
            }
            ClientAuth::Certificate => push("client_id", user),
            ClientAuth::PrivateKeyJwt => {
                let assertion = self.assertion(Some(&user), ASSERTION_LIVES)?;
                scrub.add(&assertion);
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                push("client_id", user);
                push("client_assertion_type", kind.to_owned());
                push("client_assertion", assertion);
            }
        }
        Ok(form)
    }

    /// What is signed. `client` is the id of a client that speaks for itself.
    fn assertion(&self, client: Option<&str>, lives: i64) -> Result<String, Refusal> {
        let scheme = self.scheme;
        let mut claims = Map::new();
        let mut claim = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                claims.insert(name.to_owned(), value.into());
            }
        };
        let own = client.map(str::to_owned);
        claim("iss", self.text(&scheme.issuer)?.or(own.clone()));
        claim("sub", self.text(&scheme.subject)?.or(own));
        let url = if client.is_some() { self.text(&scheme.token_url)? } else { None };
        claim("aud", self.text(&scheme.audience)?.or(url));
        match client {
            Some(_) => claim("jti", Some(jwt::nonce()?)),
            None => claim("scope", self.text(&scheme.scope)?),
        }
        let mut head = Map::new();
        for (name, template) in [("kid", &scheme.key_id), ("x5t#S256", &scheme.thumbprint)] {
            if let Some(value) = self.text(template)? {
                head.insert(name.to_owned(), value.into());
            }
        }
        self.with.key(scheme)?.token(head, claims, lives)
    }

    fn secret(&self) -> Result<String, Refusal> {
        if let Some(secret) = self.text(&self.scheme.value)? {
            return Ok(secret);
        }
        self.with.credential_text().ok_or_else(|| {
            Refusal::new(
                ErrorKind::Auth,
                "the credential has several parts, where one client secret is meant",
            )
        })
    }

    /// A template filled in; a setting that may be left out leaves it out.
    fn text(&self, template: &Option<Template>) -> Result<Option<String>, Refusal> {
        let Some(template) = template else { return Ok(None) };
        if template.single().is_some_and(|only| crate::template::Lookup::lookup(self.with, only).is_none()) {
            return Ok(None);
        }
        template.text(self.with).map(Some).map_err(|error| self.refused(&error.to_string()))
    }

    fn refused(&self, why: &str) -> Refusal {
        Refusal::new(ErrorKind::Auth, format!("authentication by `{}`: {why}", self.scheme.kind.as_str()))
    }
}

/// How long a token is used: it is renewed before it ends.
fn usable(lives: Duration) -> Duration {
    lives.saturating_sub(EARLY.min(lives / 10))
}

/// RFC 6749, 2.3.1: id and secret are form-encoded before they become Basic.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
