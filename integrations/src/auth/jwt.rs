//! Signs: JSON Web Tokens with a private key in PEM form, RS256 or ES256 as the key is.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use ring::{
    digest::{SHA256, digest},
    rand::{SecureRandom, SystemRandom},
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256},
};
use serde_json::{Map, Value};

use crate::{bind::Refusal, call::ErrorKind};

/// Signed a little in the past: the platform's clock may be behind ours.
const EARLIER: i64 = 30;
/// `SEQUENCE { OID rsaEncryption, NULL }`: what stands before an RSA key in a SubjectPublicKeyInfo (RFC 8017, A.1).
const RSA_ENCRYPTION: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// A private key.
pub(crate) enum Key {
    Rsa(Box<rsa::KeyPair>),
    P256(Box<EcdsaKeyPair>),
}

fn wrong(why: &str) -> Refusal {
    Refusal::new(ErrorKind::Auth, format!("the credential is no private key that we can sign with: {why}"))
}

impl Key {
    /// Reads a key: PKCS #8 (RSA or P-256) or PKCS #1. The key itself is in no error.
    pub(crate) fn parse(pem: &str) -> Result<Self, Refusal> {
        if pem.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || pem.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(wrong(
                "it is encrypted; take the passphrase off with `openssl pkcs8 -topk8 -nocrypt`",
            ));
        }
        if pem.contains("-----BEGIN EC PRIVATE KEY-----") {
            return Err(wrong("it is in SEC 1 form; convert it with `openssl pkcs8 -topk8 -nocrypt`"));
        }
        if let Some(der) = block(pem, "RSA PRIVATE KEY") {
            let key = rsa::KeyPair::from_der(&der).map_err(|error| wrong(&error.to_string()))?;
            return Ok(Self::Rsa(Box::new(key)));
        }
        let der = block(pem, "PRIVATE KEY").ok_or_else(|| wrong("not in PEM form"))?;
        match rsa::KeyPair::from_pkcs8(&der) {
            Ok(key) => Ok(Self::Rsa(Box::new(key))),
            Err(refused) => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new())
                    .map(|key| Self::P256(Box::new(key)))
                    .map_err(|_| wrong(&format!("neither RSA ({refused}) nor EC on P-256")))
            }
        }
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
        }
    }

    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Refusal> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature)
                    .map_err(|_| wrong("it does not sign"))?;
                Ok(signature)
            }
            Self::P256(key) => key
                .sign(&SystemRandom::new(), text)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| wrong("it does not sign")),
        }
    }

    /// `SHA256:` and the hash of the public half, as Snowflake shows it (`DESC USER`, `RSA_PUBLIC_KEY_FP`).
    pub(crate) fn fingerprint(&self) -> Option<String> {
        let Self::Rsa(key) = self else { return None };
        let public = key.public().as_ref();
        let info = der(0x30, &[&RSA_ENCRYPTION[..], &der(0x03, &[&[0], public].concat())].concat());
        Some(format!("SHA256:{}", STANDARD.encode(digest(&SHA256, &info))))
    }

    /// A signed token: `head` and `claims` with `alg`, `typ`, `iat` and `exp` put in.
    pub(crate) fn token(
        &self,
        mut head: Map<String, Value>,
        mut claims: Map<String, Value>,
        lives: i64,
    ) -> Result<String, Refusal> {
        let now = jiff::Timestamp::now().as_second();
        claims.insert("iat".to_owned(), (now - EARLIER).into());
        claims.insert("exp".to_owned(), (now + lives).into());
        head.entry("typ").or_insert_with(|| "JWT".into());
        self.signed(head, claims)
    }

    /// `head` and `claims` as they are, `alg` put in, and the signature behind them.
    pub(crate) fn signed(
        &self,
        mut head: Map<String, Value>,
        claims: Map<String, Value>,
    ) -> Result<String, Refusal> {
        head.insert("alg".to_owned(), self.algorithm().into());
        let signed = unsigned(head, claims);
        let signature = URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes())?);
        Ok(format!("{signed}.{signature}"))
    }
}

/// The two parts that a signature is made over.
pub(crate) fn unsigned(head: Map<String, Value>, claims: Map<String, Value>) -> String {
    let part = |map: Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(map).to_string());
    format!("{}.{}", part(head), part(claims))
}

/// A fresh `jti`: an assertion is good for one use.
pub(crate) fn nonce() -> Result<String, Refusal> {
    let mut bytes = [0; 16];
    let full = SystemRandom::new().fill(&mut bytes);
    full.map_err(|_| Refusal::new(ErrorKind::Auth, "the system has no random bytes"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// One DER element. Nothing here is longer than two length bytes can tell.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut element = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => element.push(short),
        Ok(one) => element.extend([0x81, one]),
        Err(_) => element.extend([0x82, (length >> 8) as u8, (length & 0xff) as u8]),
    }
    element.extend_from_slice(content);
    element
}

fn block(text: &str, kind: &str) -> Option<Vec<u8>> {
    let body = text.split(&format!("-----BEGIN {kind}-----")).nth(1)?;
    let body = body.split(&format!("-----END {kind}-----")).next()?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    STANDARD.decode(body).ok()
}

#[cfg(test)]
mod tests {
    use ring::signature::{KeyPair as _, UnparsedPublicKey};

    use super::*;

    const RSA: &str = include_str!("../../tests/fixtures/rsa-test-key.pem");

    #[test]
    fn what_is_signed_can_be_checked_with_the_public_half() {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            STANDARD.encode(pkcs8.as_ref())
        );
        let key = Key::parse(&pem).unwrap();
        let token = key.token(Map::new(), Map::new(), 60).unwrap();
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let head =
            String::from_utf8(URL_SAFE_NO_PAD.decode(signed.split('.').next().unwrap()).unwrap()).unwrap();
        assert_eq!(head, r#"{"alg":"ES256","typ":"JWT"}"#);
        let Key::P256(pair) = &key else { panic!("another kind of key") };
        let public =
            UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
        assert!(public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).is_ok());
    }

    /// `openssl pkey -in rsa-test-key.pem -pubout -outform DER | openssl dgst -sha256 -binary | base64`
    #[test]
    fn the_fingerprint_is_the_one_that_openssl_computes() {
        let fingerprint = Key::parse(RSA).unwrap().fingerprint().unwrap();
        assert_eq!(fingerprint, "SHA256:KVTFvq6XDSgKYVF9Hs5Q1kHIAl3WnactbF/vUXFHi6A=");
    }

    #[test]
    fn a_key_that_cannot_be_used_says_how_it_could() {
        for (text, words) in [
            ("hunter2", "not in PEM form"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n", "encrypted"),
            ("-----BEGIN EC PRIVATE KEY-----\nAA==\n", "openssl pkcs8"),
            ("-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----", "neither RSA"),
        ] {
            let Err(refusal) = Key::parse(text) else { panic!("{text} was taken") };
            assert!(refusal.message.contains(words), "{}", refusal.message);
            assert!(!refusal.message.contains("hunter2"));
        }
    }
}
