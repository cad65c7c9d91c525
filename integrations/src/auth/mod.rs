//! Puts the proof of who sends into a request. Tokens are kept until they end, made by one at a time, and renewed once
//! when the platform refuses one.

mod flow;
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
    credential::{Credential, Reference},
    request::{Builder, HttpRequest, header_name, plain_header},
    scope::Vars,
    scrub::Scrub,
    spec::{AuthKind, AuthSpec},
    template::Lookup,
    transport::{Hosts, Transport},
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
    Limited(Duration),
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
    reference: Option<Reference>,
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
    pub(crate) builder: &'a Builder<'a>,
}

impl Authenticator {
    pub(crate) fn new(integration: &str, reference: Option<Reference>) -> Self {
        Self {
            integration: integration.to_owned(),
            reference,
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
        match scheme.kind {
            AuthKind::None => return Ok(Used(0)),
            AuthKind::ClientCredentials | AuthKind::JwtBearer => {
                let (token, used) = self.token(scheme, vars, around, scrub).await?;
                scrub.add(&token);
                request.headers.insert(header::AUTHORIZATION, plain_header(&format!("Bearer {token}"))?);
                return Ok(used);
            }
            AuthKind::Bearer | AuthKind::Basic | AuthKind::Header | AuthKind::StandardWebhooks => {}
        }
        let credential = match &scheme.value {
            Some(value) if !value.variables().any(|variable| variable == "credential") => None,
            _ => Some(self.credential(around.transport).await?),
        };
        if let Some(credential) = &credential {
            scrub.add(credential.expose());
        }
        let with = WithCredential { vars, credential: credential.as_ref(), base: around.base };
        let text = match &scheme.value {
            Some(template) => around.builder.secret_text(template, &with, scrub)?,
            None => credential.as_ref().map(|known| known.expose().to_owned()).unwrap_or_default(),
        };
        match scheme.kind {
            AuthKind::Bearer => {
                request.headers.insert(header::AUTHORIZATION, plain_header(&format!("Bearer {text}"))?);
            }
            AuthKind::Header => {
                let name = header_name(scheme.header.as_deref().unwrap_or("authorization"))?;
                request.headers.insert(name, plain_header(&text)?);
            }
            AuthKind::Basic => {
                let user = match &scheme.user {
                    Some(user) => around.builder.secret_text(user, &with, scrub)?,
                    None => String::new(),
                };
                let proof = STANDARD.encode(format!("{user}:{text}"));
                scrub.add(&proof);
                request.headers.insert(header::AUTHORIZATION, plain_header(&format!("Basic {proof}"))?);
            }
            _ => webhook::sign(&text, vars.key, request)?,
        }
        Ok(Used(0))
    }

    /// The platform refused the proof. True when there is a new one to try with.
    pub(crate) async fn renew(&self, scheme: &AuthSpec, used: Used, transport: &Transport) -> bool {
        match scheme.kind {
            AuthKind::ClientCredentials | AuthKind::JwtBearer => {
                let mut tokens = self.tokens.lock().await;
                if tokens.get(&scheme.name).is_some_and(|token| token.serial == used.0) {
                    tokens.remove(&scheme.name);
                }
                true
            }
            AuthKind::Bearer | AuthKind::Basic | AuthKind::Header => {
                let before = self.credential.lock().await.take();
                let after = self.credential(transport).await.ok();
                before.is_some_and(|(before, _)| after.is_some_and(|after| after != before))
            }
            AuthKind::None | AuthKind::StandardWebhooks => false,
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
        let reference =
            self.reference.as_ref().ok_or_else(|| refuse("no credential is configured".to_owned()))?;
        let credential = reference.resolve().await.map_err(|error| refuse(error.to_string()))?;
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
        if let Some(token) = tokens.get(&scheme.name).filter(|token| Instant::now() < token.ends) {
            return Ok((token.text.clone(), Used(token.serial)));
        }
        let serial = tokens.get(&scheme.name).map_or(1, |token| token.serial + 1).max(next_serial());
        let credential = self.credential(around.transport).await?;
        scrub.add(credential.expose());
        let (text, lives) = if around.transport.is_twin() && scheme.kind == AuthKind::JwtBearer {
            // A simulated platform holds no key that could check a signature.
            (credential.expose().to_owned(), CREDENTIAL_LIVES)
        } else {
            let with = WithCredential { vars, credential: Some(&credential), base: around.base };
            flow::fetch(&self.integration, scheme, &credential, &with, around, scrub).await?
        };
        tokens
            .insert(scheme.name.clone(), Token { text: text.clone(), serial, ends: Instant::now() + lives });
        Ok((text, Used(serial)))
    }
}

/// Serials never repeat, also when a token was dropped in between.
fn next_serial() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// A call's variables, and `credential` and `url`.
pub(crate) struct WithCredential<'a> {
    vars: &'a Vars<'a>,
    credential: Option<&'a Credential>,
    base: &'a Url,
}

impl Lookup for WithCredential<'_> {
    fn lookup(&self, path: &str) -> Option<Value> {
        match path {
            "credential" => self.credential.map(|credential| credential.expose().into()),
            "url" => Some(self.base.as_str().trim_end_matches('/').into()),
            _ => self.vars.lookup(path),
        }
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authenticator({})", self.integration)
    }
}
