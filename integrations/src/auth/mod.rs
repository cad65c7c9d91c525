//! Puts the proof of who sends into a request. Tokens are kept until they end, made by one at a time, and renewed once
//! when the platform refuses one.

mod flow;
mod jwt;
mod secret_url;
mod security_event;
mod sigv4;
mod webhook;

use std::{collections::HashMap, fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header;
use serde_json::Value;
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use crate::{
    bind::Refusal,
    call::ErrorKind,
    credential::{Credential, Source},
    request::{Builder, HttpRequest, header_name, is_of_credential, plain_header},
    response::Pause,
    scope::Vars,
    scrub::Scrub,
    spec::{AuthKind, AuthSpec},
    template::{Lookup, Template},
    transport::{Hosts, Route, Tls, Transport},
};

/// How long a credential from a file or command is used before it is read again.
const CREDENTIAL_LIVES: Duration = Duration::from_secs(300);

/// Why a request could not be given its proof. Nothing of the action was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AuthError {
    /// For good.
    Refused(Refusal),
    /// The token endpoint could not be reached, or was not well.
    NotSent(String),
    /// The token endpoint asks to wait.
    Limited(Pause),
}

impl From<Refusal> for AuthError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Which token a request went out with: to renew that one and no newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Used(u64);

/// The credentials of one integration.
pub(crate) struct Authenticator {
    integration: String,
    source: Option<Source>,
    tokens: Mutex<HashMap<String, Token>>,
    credential: Mutex<Option<(Credential, Instant)>>,
}

struct Token {
    text: String,
    serial: u64,
    ends: Instant,
}

/// What authentication needs of the integration around it.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a> {
    pub(crate) transport: &'a Transport,
    pub(crate) hosts: &'a Hosts,
    pub(crate) base: &'a Url,
    pub(crate) tls: Option<&'a Tls>,
    pub(crate) builder: &'a Builder<'a>,
}

impl<'a> Around<'a> {
    fn route<'b>(self, integration: &'b str) -> Route<'b>
    where
        'a: 'b,
    {
        Route { integration, hosts: self.hosts, tls: self.tls }
    }
}

impl Authenticator {
    pub(crate) fn new(integration: &str, source: Option<Source>) -> Self {
        Self {
            integration: integration.to_owned(),
            source,
            tokens: Mutex::default(),
            credential: Mutex::default(),
        }
    }

    /// Adds the proof. What it is made of goes into `scrub`.
    pub(crate) async fn apply(
        &self,
        scheme: &AuthSpec,
        request: &mut HttpRequest,
        vars: &Vars<'_>,
        around: Around<'_>,
        scrub: &mut Scrub,
    ) -> Result<Used, AuthError> {
        if scheme.kind == AuthKind::None {
            return Ok(Used(0));
        }
        if scheme.kind.makes_tokens() {
            let (token, used) = self.token(scheme, vars, around, scrub).await?;
            scrub.add(&token);
            request.headers.insert(header::AUTHORIZATION, plain_header(&format!("Bearer {token}"))?);
            return Ok(used);
        }
        let credential = match &scheme.value {
            Some(value) if !is_ours(value) => None,
            _ => Some(self.credential(around.transport).await?),
        };
        if let Some(credential) = &credential {
            credential.secrets().into_iter().for_each(|secret| scrub.add(secret));
        }
        let with = WithCredential { vars, credential: credential.as_ref(), base: around.base };
        let proof = Proof { scheme, with: &with, builder: around.builder };
        match (scheme.kind, &credential) {
            (AuthKind::SecretUrl, Some(credential)) => {
                // A simulated platform is where the request leads anyway.
                if !around.transport.is_twin() {
                    secret_url::apply(credential, &scheme.hosts, request)?;
                }
            }
            (AuthKind::AwsSigv4, Some(credential)) => {
                let (service, region) =
                    (proof.text(&scheme.service, scrub)?, proof.text(&scheme.region, scrub)?);
                sigv4::apply(credential, &service, &region, request)?;
            }
            (AuthKind::StandardWebhooks, Some(credential)) => {
                webhook::sign(credential.expose(), vars.key, request)?;
            }
            (AuthKind::SecurityEvent, _) => {
                security_event::sign(scheme, &with, request, around.transport.is_twin())?;
            }
            _ => proof.headers(request, scrub)?,
        }
        Ok(Used(0))
    }

    /// The platform refused the proof. True when there is a new one to try with.
    pub(crate) async fn renew(&self, scheme: &AuthSpec, used: Used, transport: &Transport) -> bool {
        match scheme.kind {
            kind if kind.makes_tokens() => {
                let mut tokens = self.tokens.lock().await;
                tokens.retain(|_, token| token.serial != used.0);
                true
            }
            AuthKind::None | AuthKind::StandardWebhooks | AuthKind::SecretUrl | AuthKind::SecurityEvent => {
                false
            }
            _ => {
                let before = self.credential.lock().await.take();
                let after = self.credential(transport).await.ok();
                before.is_some_and(|(before, _)| after.is_some_and(|after| after != before))
            }
        }
    }

    /// The configured credential; for simulated platforms their fixed one, whatever is configured.
    pub(crate) async fn credential(&self, transport: &Transport) -> Result<Credential, AuthError> {
        if transport.is_twin() {
            return Ok(Credential::of_twin(&self.integration));
        }
        let mut kept = self.credential.lock().await;
        if let Some((credential, _)) = kept.as_ref().filter(|(_, until)| Instant::now() < *until) {
            return Ok(credential.clone());
        }
        let refuse = |why: String| {
            AuthError::Refused(Refusal::new(ErrorKind::Auth, format!("`{}`: {why}", self.integration)))
        };
        let source = self.source.as_ref().ok_or_else(|| refuse("no credential is configured".to_owned()))?;
        let credential = source.resolve().await.map_err(|error| refuse(error.to_string()))?;
        *kept = Some((credential.clone(), Instant::now() + CREDENTIAL_LIVES));
        Ok(credential)
    }

    /// A token that lives, made if need be. Whoever comes meanwhile waits for the same one.
    async fn token(
        &self,
        scheme: &AuthSpec,
        vars: &Vars<'_>,
        around: Around<'_>,
        scrub: &mut Scrub,
    ) -> Result<(String, Used), AuthError> {
        let mut tokens = self.tokens.lock().await;
        let now = Instant::now();
        tokens.retain(|_, token| now < token.ends);
        let whose = whose(scheme, vars)?;
        if let Some(token) = tokens.get(&whose) {
            return Ok((token.text.clone(), Used(token.serial)));
        }
        let serial = next_serial();
        let credential = self.credential(around.transport).await?;
        credential.secrets().into_iter().for_each(|secret| scrub.add(secret));
        let made = if around.transport.is_twin() && scheme.signs() {
            // A simulated platform holds no key that could check a signature.
            flow::Made { text: credential.expose().to_owned(), lives: CREDENTIAL_LIVES }
        } else {
            let with = WithCredential { vars, credential: Some(&credential), base: around.base };
            flow::Flow { scheme, with: &with }.make(&self.integration, around, scrub).await?
        };
        let ends = Instant::now() + made.lives;
        let token = Token { text: made.text.clone(), serial, ends };
        tokens.insert(whose, token);
        Ok((made.text, Used(serial)))
    }
}

/// What a token is kept under: the way to authenticate, and for whom a call asks where the call says it.
fn whose(scheme: &AuthSpec, vars: &Vars<'_>) -> Result<String, Refusal> {
    let of_call = |template: &&Template| {
        template
            .variables()
            .any(|variable| variable.split('.').next() != Some("settings") && !is_of_credential(variable))
    };
    match scheme.subject.as_ref().filter(of_call) {
        None => Ok(scheme.name.clone()),
        Some(subject) => {
            let whom =
                subject.text(vars).map_err(|error| Refusal::new(ErrorKind::Auth, error.to_string()))?;
            Ok(format!("{} {whom}", scheme.name))
        }
    }
}

/// Serials never repeat, also when a token was dropped in between.
fn next_serial() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// Its value comes from our own credential, not from the call.
fn is_ours(value: &Template) -> bool {
    value.variables().any(is_of_credential)
}

/// A way to authenticate that needs no more than headers.
struct Proof<'a> {
    scheme: &'a AuthSpec,
    with: &'a WithCredential<'a>,
    builder: &'a Builder<'a>,
}

impl Proof<'_> {
    fn headers(&self, request: &mut HttpRequest, scrub: &mut Scrub) -> Result<(), Refusal> {
        if self.scheme.kind == AuthKind::Headers {
            for (name, value) in &self.scheme.headers {
                let value = self.builder.secret_text(value, self.with, scrub)?;
                request.headers.insert(header_name(name)?, plain_header(&value)?);
            }
            return Ok(());
        }
        let text = match &self.scheme.value {
            Some(template) => self.builder.secret_text(template, self.with, scrub)?,
            None => self.with.credential_text().ok_or_else(|| {
                let why = "the credential has several parts, where one is meant: call that part `main`";
                Refusal::new(ErrorKind::Auth, why)
            })?,
        };
        let (name, value) = match self.scheme.kind {
            AuthKind::Header => {
                (header_name(self.scheme.header.as_deref().unwrap_or("authorization"))?, text)
            }
            AuthKind::Basic => {
                let user = self.text(&self.scheme.user, scrub)?;
                let proof = STANDARD.encode(format!("{user}:{text}"));
                scrub.add(&proof);
                (header::AUTHORIZATION, format!("Basic {proof}"))
            }
            _ => (header::AUTHORIZATION, format!("Bearer {text}")),
        };
        request.headers.insert(name, plain_header(&value)?);
        Ok(())
    }

    fn text(&self, template: &Option<Template>, scrub: &mut Scrub) -> Result<String, Refusal> {
        match template {
            Some(template) => self.builder.secret_text(template, self.with, scrub),
            None => Ok(String::new()),
        }
    }
}

/// A call's variables, and `credential`, `key.fingerprint` and `url`.
pub(crate) struct WithCredential<'a> {
    vars: &'a Vars<'a>,
    credential: Option<&'a Credential>,
    base: &'a Url,
}

impl WithCredential<'_> {
    /// The whole credential, if it is one text.
    fn credential_text(&self) -> Option<String> {
        self.credential?.part("").map(str::to_owned)
    }

    /// Whether a variable has a value here.
    fn knows(&self, variable: &str) -> bool {
        self.lookup(variable).is_some_and(|value| !value.is_null())
    }

    /// The key that signs.
    fn key(&self, scheme: &AuthSpec) -> Result<jwt::Key, Refusal> {
        let pem = match &scheme.key {
            Some(template) => template
                .text(self)
                .map_err(|error| Refusal::new(ErrorKind::Auth, format!("the key that signs: {error}")))?,
            None => self.credential_text().unwrap_or_default(),
        };
        jwt::Key::parse(&pem)
    }
}

impl Lookup for WithCredential<'_> {
    fn lookup(&self, path: &str) -> Option<Value> {
        match path.split_once('.').unwrap_or((path, "")) {
            ("credential", part) => self.credential?.part(part).map(Value::from),
            ("key", "fingerprint") => {
                jwt::Key::parse(&self.credential_text()?).ok()?.fingerprint().map(Value::from)
            }
            ("url", "") => Some(self.base.as_str().trim_end_matches('/').into()),
            _ => self.vars.lookup(path),
        }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authenticator({})", self.integration)
    }
}
