//! How a delivery proves that its source sent it. One file per way; all over bytes, headers and a given moment.
//!
//! A proof that needs something from outside (an issuer's keys, a certificate) says what it wants and is asked again once
//! that was learned. Nothing here opens a connection.

mod hmac;
pub(crate) mod jws;
mod jwt;
mod key;
pub(crate) mod keys;
mod sns;
pub(crate) mod spec;

pub use key::BadSecret;

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use self::{
    hmac::Hmac,
    jwt::Jwt,
    key::Key,
    sns::Sns,
    spec::{ProofSpec, SecretPlace},
};
use super::{
    RawRequest,
    bound::{BadSource, Settings},
    path::Path,
    refusal::Refusal,
    scene::header,
};
use crate::template::Template;

/// Something that must be fetched before a delivery can be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// An issuer's public keys.
    Keys(Url),
    /// A certificate.
    Certificate(Url),
}

impl Want {
    pub(crate) fn url(&self) -> &Url {
        match self {
            Self::Keys(url) | Self::Certificate(url) => url,
        }
    }
}

/// Why a delivery is not proven (yet).
#[derive(Debug)]
pub(crate) enum NotProven {
    No(Refusal),
    Wants(Want),
}

impl From<Refusal> for NotProven {
    fn from(refusal: Refusal) -> Self {
        Self::No(refusal)
    }
}

impl From<Want> for NotProven {
    fn from(want: Want) -> Self {
        Self::Wants(want)
    }
}

/// A source's way to prove itself, bound to its secret and settings.
#[derive(Debug)]
pub(crate) enum Proof {
    Header { name: String, key: Key },
    Path(Key),
    Event { at: Path, key: Key },
    Hmac(Box<Hmac>),
    Sns(Box<Sns>),
    Jwt { header: String, jwt: Box<Jwt> },
    Set(Box<Jwt>),
}

impl Proof {
    pub(crate) fn bind(
        spec: &ProofSpec,
        settings: &Settings<'_>,
        secret: Option<&str>,
    ) -> Result<Self, BadSource> {
        let secret = || secret.ok_or(BadSource::NoSecret);
        Ok(match spec {
            ProofSpec::SecretIn(SecretPlace::Header(name)) => {
                let name = settings.need(name)?.to_ascii_lowercase();
                Self::Header { name, key: Key::plain(secret()?)? }
            }
            ProofSpec::SecretIn(SecretPlace::Path) => Self::Path(Key::for_path(secret()?)?),
            ProofSpec::SecretIn(SecretPlace::Event(at)) => {
                Self::Event { at: at.clone(), key: Key::plain(secret()?)? }
            }
            ProofSpec::Hmac(hmac) => Self::Hmac(Box::new(Hmac::bind(hmac, settings, secret()?)?)),
            ProofSpec::Sns(sns) => Self::Sns(Box::new(Sns::bind(sns, settings)?)),
            ProofSpec::Jwt(jwt) => Self::Jwt {
                header: jwt.header.as_deref().unwrap_or("authorization").to_ascii_lowercase(),
                jwt: Box::new(Jwt::bind(jwt, settings)?),
            },
            ProofSpec::Set(jwt) => Self::Set(Box::new(Jwt::bind(jwt, settings)?)),
        })
    }

    /// What can be proven before the body is read.
    pub(crate) fn of_request(&self, request: RawRequest<'_>, now: Timestamp) -> Result<(), NotProven> {
        match self {
            Self::Header { name, key } => {
                let given = header(request.headers, name)
                    .ok_or_else(|| Refusal::unproven(format!("there is no header `{name}`")))?;
                if key.is(given) {
                    return Ok(());
                }
                Err(Refusal::unproven(format!("the header `{name}` does not hold the secret")).into())
            }
            Self::Path(key) => match request.secret {
                Some(given) if key.is(given) => Ok(()),
                Some(_) => Err(Refusal::unproven("the address does not end in the secret").into()),
                None => {
                    Err(Refusal::unproven("the address does not end in a secret: /v1/alerts/NAME/SECRET")
                        .into())
                }
            },
            Self::Hmac(hmac) => hmac.prove(request, now).map_err(Into::into),
            Self::Jwt { header: name, jwt } => {
                let given = header(request.headers, name)
                    .ok_or_else(|| Refusal::unproven(format!("there is no header `{name}`")))?;
                let (scheme, token) = given.split_once(' ').unwrap_or_default();
                if !scheme.eq_ignore_ascii_case("bearer") {
                    return Err(
                        Refusal::unproven(format!("the header `{name}` holds no `Bearer` token")).into()
                    );
                }
                jwt.prove(token, now).map(drop)
            }
            Self::Event { .. } | Self::Sns(_) | Self::Set(_) => Ok(()),
        }
    }

    /// What is proven over the document.
    pub(crate) fn of_document(&self, document: &Value, now: Timestamp) -> Result<(), NotProven> {
        match self {
            Self::Sns(sns) => sns.prove(document, now),
            _ => Ok(()),
        }
    }

    /// What every event proves for itself. What proves it is taken out of it.
    pub(crate) fn of_event(&self, event: &mut Value) -> Result<(), Refusal> {
        let Self::Event { at, key } = self else { return Ok(()) };
        match at.take(event) {
            Some(Value::String(given)) if key.is(&given) => Ok(()),
            _ => Err(Refusal::unproven(format!("an event does not hold the secret in `{}`", at.source()))),
        }
    }

    /// The document, where the body itself is the proof.
    pub(crate) fn token(&self) -> Option<&Jwt> {
        match self {
            Self::Set(jwt) => Some(jwt),
            _ => None,
        }
    }

    /// What came of fetching.
    pub(crate) fn learn(&self, want: &Want, answer: Result<&[u8], String>, now: Timestamp) {
        match (self, want) {
            (Self::Jwt { jwt, .. } | Self::Set(jwt), Want::Keys(_)) => jwt.learn(answer, now),
            (Self::Sns(sns), Want::Certificate(url)) => sns.learn(url, answer, now),
            _ => {}
        }
    }

    /// True when `{headers.<name>}` would repeat what proves a delivery.
    pub(crate) fn is_secret_header(spec: &ProofSpec, name: &str) -> bool {
        let name_is = |text: &str| text.eq_ignore_ascii_case(name);
        match spec {
            ProofSpec::SecretIn(SecretPlace::Header(header)) => {
                name_is(header.source()) || header.variables().next().is_some()
            }
            ProofSpec::Hmac(hmac) => name_is(hmac.header.source()),
            ProofSpec::Jwt(jwt) => name_is(jwt.header.as_deref().unwrap_or("authorization")),
            _ => name_is("authorization"),
        }
    }
}

fn template(text: &str) -> Result<Template, BadSource> {
    Template::try_from(text.to_owned()).map_err(BadSource::Template)
}

/// A word that a stranger wrote, short enough to be repeated.
fn short(text: &str) -> String {
    crate::source::field::title(text).chars().take(32).collect()
}
