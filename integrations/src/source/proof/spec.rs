//! `proof:` as types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::jws::Algorithm;
use crate::{
    source::{path::Path, spec::TOLERANCE},
    spec::Span,
    template::Template,
};

/// How a delivery proves that its source sent it. Variables of its texts are `settings.…`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProofSpec {
    /// The shared secret itself stands somewhere.
    SecretIn(SecretPlace),
    /// The body is signed with the shared secret, by HMAC-SHA256.
    Hmac(HmacSpec),
    /// Amazon SNS: signed with a key whose certificate Amazon serves.
    Sns(SnsSpec),
    /// A signed token in a header (OpenID Connect).
    Jwt(JwtSpec),
    /// The body is a signed token (Security Event Token, RFC 8417).
    Set(JwtSpec),
}

/// Where a shared secret stands.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SecretPlace {
    /// It is the whole value of this header.
    Header(Template),
    /// It is the last part of the address: for senders that can set no header.
    Path,
    /// It stands in every event, at this path; it is not kept.
    Event(#[schemars(with = "String")] Path),
}

/// A body that is signed with the shared secret.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HmacSpec {
    /// The header that carries the signature.
    pub(crate) header: Template,
    /// What stands before it there. Left out, `sha256=` may stand there or not.
    #[serde(default)]
    pub(crate) prefix: Option<Template>,
    /// `hex` or `base64`.
    #[serde(default)]
    pub(crate) encoding: Option<Template>,
    /// What stands between several signatures, of which one must fit: senders that change their secret sign with both.
    #[serde(default)]
    pub(crate) between: Option<String>,
    /// What is signed: the body unless set; `{headers.…}` and `{body}` are variables.
    #[serde(default)]
    pub(crate) signs: Option<Template>,
    /// A signed time, without which a delivery could be replayed later.
    #[serde(default)]
    pub(crate) time: Option<TimeSpec>,
    /// How the secret becomes a key.
    #[serde(default)]
    pub(crate) key: KeyForm,
}

/// When it was signed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeSpec {
    /// The header that carries it, in Unix seconds.
    pub(crate) header: String,
    /// How far the sender's clock may be off.
    #[serde(default = "tolerance")]
    #[schemars(with = "String")]
    pub(crate) within: Span,
}

fn tolerance() -> Span {
    TOLERANCE
}

/// How a shared secret becomes a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KeyForm {
    /// Its own bytes.
    #[default]
    Text,
    /// Base64 after `whsec_` (Standard Webhooks).
    Whsec,
}

/// What an Amazon SNS topic signs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnsSpec {
    /// The one topic that is believed: anybody can have a topic that Amazon signs for.
    pub(crate) topic: Template,
    /// Where certificates are fetched: `*` is one part of a host's name.
    pub(crate) hosts: Vec<String>,
    /// How old a message may be.
    #[schemars(with = "String")]
    pub(crate) within: Span,
}

/// A signed token, and what it must say.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct JwtSpec {
    /// The header that carries it, after `Bearer`; for a token that is the body there is none.
    #[serde(default)]
    pub(crate) header: Option<String>,
    /// Address of the issuer's public keys (a JWK set), by https.
    pub(crate) keys: Template,
    /// The algorithms that are believed; no other is looked at.
    pub(crate) algorithms: Vec<Algorithm>,
    /// `typ` of the token's head.
    #[serde(default)]
    pub(crate) typ: Option<String>,
    /// `iss`: one of these.
    pub(crate) issuer: Vec<Template>,
    /// `aud`: holds this.
    pub(crate) audience: Template,
    /// Further claims and their values; texts are templates.
    #[serde(default)]
    pub(crate) claims: BTreeMap<String, Value>,
    /// How old `iat` may be; without it the token must say when it expires.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub(crate) within: Option<Span>,
}
