//! How a request proves who sends it.

use serde::{Deserialize, Serialize};

use super::Span;
use crate::template::Template;

/// One way to authenticate. Which fields belong to which kind is checked by `check`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthSpec {
    /// Its name in the configuration's `auth`; may be left out in an action.
    #[serde(default)]
    pub(crate) name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub(crate) kind: AuthKind,
    /// `header`: the header's name.
    #[serde(default)]
    pub(crate) header: Option<String>,
    /// `header`: its value, `SSWS {credential}`. `bearer` of an action: the input that holds the token.
    #[serde(default)]
    pub(crate) value: Option<Template>,
    /// `basic`: the user; `client_credentials`: the client id.
    #[serde(default)]
    pub(crate) user: Option<Template>,
    /// Token flows: where tokens are made.
    #[serde(default)]
    pub(crate) token_url: Option<Template>,
    /// Token flows: what to ask for.
    #[serde(default)]
    pub(crate) scope: Option<Template>,
    /// `client_credentials`: how the client proves itself.
    #[serde(default)]
    pub(crate) client_auth: ClientAuth,
    /// `jwt_bearer`: `iss`.
    #[serde(default)]
    pub(crate) issuer: Option<Template>,
    /// `jwt_bearer`: `sub`.
    #[serde(default)]
    pub(crate) subject: Option<Template>,
    /// `jwt_bearer`: `aud`.
    #[serde(default)]
    pub(crate) audience: Option<Template>,
    /// Token flows: how long a token lives when the answer does not say.
    #[serde(default)]
    pub(crate) lives: Option<Span>,
}

/// The kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthKind {
    /// Anonymous.
    None,
    /// `Authorization: Bearer <credential>`.
    Bearer,
    /// `Authorization: Basic <user:credential>`.
    Basic,
    /// Any header.
    Header,
    /// OAuth 2.0 client credentials (RFC 6749, 4.4).
    ClientCredentials,
    /// A signed assertion for a token (RFC 7523, RS256).
    JwtBearer,
    /// Signs the body (Standard Webhooks, HMAC-SHA256).
    StandardWebhooks,
}

impl AuthKind {
    /// The word in files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::Header => "header",
            Self::ClientCredentials => "client_credentials",
            Self::JwtBearer => "jwt_bearer",
            Self::StandardWebhooks => "standard_webhooks",
        }
    }
}

/// How an OAuth client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientAuth {
    /// HTTP Basic.
    #[default]
    Basic,
    /// `client_id` and `client_secret` in the form.
    Form,
}
