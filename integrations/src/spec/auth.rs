//! How a request proves who sends it.

use std::{collections::BTreeMap, fmt};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

use super::Span;
use crate::template::Template;

/// One way to authenticate. Which fields belong to which kind is checked by `check`.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AuthSpec {
    /// Its name in the configuration's `auth`; may be left out in an action.
    #[serde(default)]
    pub(crate) name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub(crate) kind: AuthKind,
    /// `header`: the header's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) header: Option<String>,
    /// `header`: its value, `SSWS {credential}`. `bearer` and `basic` of an action: the input that holds token or password.
    /// `client_credentials`: the client's secret, where the credential has several parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) value: Option<Template>,
    /// `headers`: names to values, `{credential.api_key}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) headers: BTreeMap<String, Template>,
    /// `basic`: the user; `client_credentials`: the client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<Template>,
    /// Token flows: where tokens are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) token_url: Option<Template>,
    /// Token flows: what to ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) scope: Option<Template>,
    /// `client_credentials`, `jwt_bearer`: further fields of the token request; `grant_type` may be among them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) params: BTreeMap<String, Template>,
    /// `client_credentials`: how the client proves itself.
    #[serde(default)]
    pub(crate) client_auth: ClientAuth,
    /// What is signed: `iss`; for `private_key_jwt` the client id unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issuer: Option<Template>,
    /// What is signed: `sub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Template>,
    /// What is signed: `aud`; for `private_key_jwt` the token URL unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<Template>,
    /// What signs: a private key in PEM form, `{credential}` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<Template>,
    /// What is signed: `kid` in the head, where the platform has several keys of ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key_id: Option<Template>,
    /// What is signed: `x5t#S256` in the head, the SHA-256 thumbprint of a certificate, base64url (Entra).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) thumbprint: Option<Template>,
    /// How long a token lives when the answer does not say; for `jwt` how long what is signed is good for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lives: Option<Span>,
    /// `aws_sigv4`: the service, `iam`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) service: Option<Template>,
    /// `aws_sigv4`: the region, `us-east-1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<Template>,
    /// `secret_url`: the hosts that the URL may lead to; `*.logic.azure.com` stands for every name below.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hosts: Vec<String>,
}

/// The kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AuthKind {
    /// Anonymous; also where a client certificate (`tls` in the configuration) is all the proof.
    None,
    /// `Authorization: Bearer <credential>`.
    Bearer,
    /// `Authorization: Basic <user:credential>`.
    Basic,
    /// Any header.
    Header,
    /// Several headers, one part of the credential in each.
    Headers,
    /// OAuth 2.0 client credentials (RFC 6749, 4.4).
    ClientCredentials,
    /// A signed assertion for a token (RFC 7523).
    JwtBearer,
    /// A signed JWT as the bearer token itself: GitHub App, Snowflake key pair.
    Jwt,
    /// A GitHub App: a signed JWT for an installation token.
    GithubApp,
    /// AWS Signature Version 4; parts `access_key_id`, `secret_access_key`, and `session_token` where there is one.
    AwsSigv4,
    /// The credential is the whole URL, secret in itself; the request's own URL gives way to it.
    SecretUrl,
    /// Signs the body (Standard Webhooks, HMAC-SHA256).
    StandardWebhooks,
    /// Makes the JSON body a signed security event token (RFC 8417).
    SecurityEvent,
}

impl AuthKind {
    /// The word in files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::Header => "header",
            Self::Headers => "headers",
            Self::ClientCredentials => "client_credentials",
            Self::JwtBearer => "jwt_bearer",
            Self::Jwt => "jwt",
            Self::GithubApp => "github_app",
            Self::AwsSigv4 => "aws_sigv4",
            Self::SecretUrl => "secret_url",
            Self::StandardWebhooks => "standard_webhooks",
            Self::SecurityEvent => "security_event",
        }
    }

    /// It uses tokens that are made, kept and renewed.
    pub(crate) fn makes_tokens(self) -> bool {
        matches!(self, Self::ClientCredentials | Self::JwtBearer | Self::Jwt | Self::GithubApp)
    }
}

impl AuthSpec {
    /// It signs with a private key, which a simulated platform could not check.
    pub(crate) fn signs(&self) -> bool {
        match self.kind {
            AuthKind::JwtBearer | AuthKind::Jwt | AuthKind::GithubApp => true,
            AuthKind::ClientCredentials => self.client_auth == ClientAuth::PrivateKeyJwt,
            _ => false,
        }
    }

    /// Its templates, with the names of their fields.
    pub(crate) fn templates(&self) -> impl Iterator<Item = (&'static str, &Template)> {
        let single = [
            ("value", &self.value),
            ("user", &self.user),
            ("token_url", &self.token_url),
            ("scope", &self.scope),
            ("issuer", &self.issuer),
            ("subject", &self.subject),
            ("audience", &self.audience),
            ("key", &self.key),
            ("key_id", &self.key_id),
            ("thumbprint", &self.thumbprint),
            ("service", &self.service),
            ("region", &self.region),
        ];
        let many = [("headers", &self.headers), ("params", &self.params)];
        let single = single.into_iter().filter_map(|(field, template)| Some((field, template.as_ref()?)));
        single.chain(many.into_iter().flat_map(|(field, map)| map.values().map(move |value| (field, value))))
    }
}

/// How an OAuth client proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ClientAuth {
    /// HTTP Basic.
    #[default]
    Basic,
    /// `client_id` and `client_secret` in the form.
    Form,
    /// A signed assertion in the form (RFC 7523, 2.2).
    PrivateKeyJwt,
    /// `client_id` in the form, and a client certificate below (RFC 8705).
    Certificate,
}

/// How one action authenticates, if not like the rest: one of the platform's ways by name, or a way of its own.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum ActionAuth {
    /// One of the platform's ways.
    Named(String),
    /// Its own.
    Own(Box<AuthSpec>),
}

impl<'de> Deserialize<'de> for ActionAuth {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ActionAuth;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of one of the platform's ways to authenticate, or a map with `type`")
            }

            fn visit_str<E>(self, name: &str) -> Result<ActionAuth, E> {
                Ok(ActionAuth::Named(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<ActionAuth, A::Error> {
                AuthSpec::deserialize(MapAccessDeserializer::new(map))
                    .map(|own| ActionAuth::Own(Box::new(own)))
            }
        }
        from.deserialize_any(Either)
    }
}
