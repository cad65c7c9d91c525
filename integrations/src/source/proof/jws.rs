//! Signed tokens in compact form (RFC 7515): taken apart within bounds, and verified by one key.
//!
//! No algorithm is believed because the token names it: the allow-list comes first, and each algorithm has its own kind of
//! key. There is no `none`, and nothing symmetric.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::signature as sig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Longer tokens are refused unread.
const LONGEST: usize = 64 * 1024;

/// The algorithms that may be allowed (RFC 7518, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Algorithm {
    /// RSA PKCS #1 v1.5, SHA-256.
    RS256,
    /// RSA PKCS #1 v1.5, SHA-384.
    RS384,
    /// RSA PKCS #1 v1.5, SHA-512.
    RS512,
    /// RSA PSS, SHA-256.
    PS256,
    /// ECDSA over P-256.
    ES256,
    /// ECDSA over P-384.
    ES384,
    /// Ed25519.
    EdDSA,
}

/// A token, taken apart and not yet believed.
#[derive(Debug)]
pub(crate) struct Token<'a> {
    /// As the head names it.
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
    pub(crate) typ: Option<String>,
    pub(crate) claims: Map<String, Value>,
    signed: &'a [u8],
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// Extensions that must be understood: we understand none.
    crit: Option<Value>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    ///
    /// # Errors
    /// What is wrong with it; never holds a part of it.
    pub(crate) fn read(text: &'a str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.len() > LONGEST {
            return Err("it is too long");
        }
        let mut parts = text.split('.');
        let (Some(head), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("it is not three parts joined by dots");
        };
        let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| "a part of it is not base64url");
        let read: Head =
            serde_json::from_slice(&bytes(head)?).map_err(|_| "its head is not the head of a token")?;
        if read.crit.is_some() {
            return Err("its head has critical extensions, of which we know none");
        }
        let claims =
            serde_json::from_slice(&bytes(payload)?).map_err(|_| "its claims are not a JSON object")?;
        let signed = &text.as_bytes()[..head.len() + 1 + payload.len()];
        Ok(Self { alg: read.alg, kid: read.kid, typ: read.typ, claims, signed, signature: bytes(signature)? })
    }

    /// True if this key made the signature.
    pub(crate) fn signed_by(&self, algorithm: Algorithm, key: &PublicKey) -> bool {
        key.verify(algorithm, self.signed, &self.signature)
    }
}

impl Algorithm {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }
}

/// One public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// Uncompressed points.
    P256(Vec<u8>),
    P384(Vec<u8>),
    Ed25519(Vec<u8>),
}

impl PublicKey {
    fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let rsa = |n: &Vec<u8>, e: &Vec<u8>, how: &sig::RsaParameters| {
            sig::RsaPublicKeyComponents { n, e }.verify(how, message, signature).is_ok()
        };
        let plain = |bytes: &[u8], how: &'static dyn sig::VerificationAlgorithm| {
            sig::UnparsedPublicKey::new(how, bytes).verify(message, signature).is_ok()
        };
        match (algorithm, self) {
            (Algorithm::RS256, Self::Rsa { n, e }) => rsa(n, e, &sig::RSA_PKCS1_2048_8192_SHA256),
            (Algorithm::RS384, Self::Rsa { n, e }) => rsa(n, e, &sig::RSA_PKCS1_2048_8192_SHA384),
            (Algorithm::RS512, Self::Rsa { n, e }) => rsa(n, e, &sig::RSA_PKCS1_2048_8192_SHA512),
            (Algorithm::PS256, Self::Rsa { n, e }) => rsa(n, e, &sig::RSA_PSS_2048_8192_SHA256),
            (Algorithm::ES256, Self::P256(point)) => plain(point, &sig::ECDSA_P256_SHA256_FIXED),
            (Algorithm::ES384, Self::P384(point)) => plain(point, &sig::ECDSA_P384_SHA384_FIXED),
            (Algorithm::EdDSA, Self::Ed25519(bytes)) => plain(bytes, &sig::ED25519),
            _ => false,
        }
    }
}

/// A key of a JWK set (RFC 7517) with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedKey {
    pub(crate) kid: Option<String>,
    /// The one algorithm that it is for, if the set says so.
    pub(crate) alg: Option<String>,
    pub(crate) key: PublicKey,
}

/// The keys of a set that can verify something. Keys of other kinds are no mistake.
///
/// # Errors
/// When it is no set of keys.
pub(crate) fn key_set(bytes: &[u8]) -> Result<Vec<NamedKey>, &'static str> {
    let set: Value = serde_json::from_slice(bytes).map_err(|_| "it is not JSON")?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or("it has no list `keys`")?;
    Ok(keys.iter().filter_map(named).collect())
}

fn named(jwk: &Value) -> Option<NamedKey> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?.trim_end_matches('=')).ok();
    if text("use").is_some_and(|usage| usage != "sig") {
        return None;
    }
    let point = |length: usize| {
        let (x, y) = (bytes("x")?, bytes("y")?);
        (x.len() == length && y.len() == length).then(|| [&[4], x.as_slice(), y.as_slice()].concat())
    };
    let key = match (text("kty")?, text("crv")) {
        ("RSA", _) => PublicKey::Rsa { n: bytes("n")?, e: bytes("e")? },
        ("EC", Some("P-256")) => PublicKey::P256(point(32)?),
        ("EC", Some("P-384")) => PublicKey::P384(point(48)?),
        ("OKP", Some("Ed25519")) => PublicKey::Ed25519(bytes("x")?),
        _ => return None,
    };
    Some(NamedKey { kid: text("kid").map(str::to_owned), alg: text("alg").map(str::to_owned), key })
}
