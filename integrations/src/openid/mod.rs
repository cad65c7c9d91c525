//! A provider of OpenID Connect, as its client: discovery, the authorization code flow with PKCE, the device flow (RFC 8628),
//! and what an ID token must say before anybody is believed to be somebody.
//!
//! Tokens are proven by the same code as those of alert sources (`source::proof`). Who a person is here, and what they may do,
//! is not known: that is the server's. No code, token or secret is ever in an error.

mod discovery;
mod id_token;
mod provider;
mod way;

pub use provider::{Device, Poll, Provider, Seen};
pub use way::Reach;

use serde_json::{Map, Value};

/// What a provider says of a person.
pub type Claims = Map<String, Value>;

/// Why a provider lets nobody in now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// The configuration of `server: oidc:` cannot be used.
    #[error("`server: oidc:` cannot be used: {0}")]
    Config(String),
    /// In a drill nobody leaves this machine.
    #[error("a drill reaches nothing beyond this machine, and {0} is beyond it")]
    Drill(String),
    /// Nobody answers.
    #[error("the provider does not answer: {0}")]
    Unreachable(String),
    /// It answers something else than a provider does.
    #[error("{at} does not answer like a provider: {why}")]
    Odd {
        /// Where, without a query.
        at: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is another one than the configuration names.
    #[error("the provider calls itself `{said}`, and `server: oidc: issuer:` says `{wanted}`")]
    OtherIssuer {
        /// As the configuration names it.
        wanted: String,
        /// As it calls itself.
        said: String,
    },
    /// It has no device flow.
    #[error("the provider has no device flow")]
    NoDevice,
    /// Our secret there cannot be read.
    #[error("our secret at the provider cannot be read: {0}")]
    Secret(String),
    /// It said no, in its own word: `access_denied`, `invalid_grant`, `expired_token`.
    #[error("the provider says `{0}`")]
    Refused(String),
    /// Its ID token is not to be believed.
    #[error("the provider's ID token is not believed: {0}")]
    NotBelieved(String),
}

impl ProviderError {
    /// For programs, and for the record.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config(_) => "config",
            Self::Drill(_) => "drill",
            Self::Unreachable(_) => "unreachable",
            Self::Odd { .. } => "odd",
            Self::OtherIssuer { .. } => "other_issuer",
            Self::NoDevice => "no_device",
            Self::Secret(_) => "secret",
            Self::Refused(_) => "refused",
            Self::NotBelieved(_) => "not_believed",
        }
    }

    /// The provider's own word of refusal: only letters, and not many.
    fn refused(word: &str) -> Self {
        let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let word: String = word.chars().filter(fits).take(40).collect();
        Self::Refused(if word.is_empty() { "error".to_owned() } else { word })
    }
}

/// A claim by its name, or by its way through objects: `groups`, `https://acme.example/groups`, `realm_access.roles`.
pub fn claim<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        let mut steps = name.split('.');
        let first = claims.get(steps.next()?)?;
        steps.try_fold(first, |at, step| at.get(step))
    })
}

/// What a provider's refusal in the address of our page says, made harmless.
pub fn refusal(word: &str) -> ProviderError {
    ProviderError::refused(word)
}
