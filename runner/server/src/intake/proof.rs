//! Signatures and shared secrets, compared in constant time.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;
use stanch_model::config::SignatureEncoding;

/// A source's secret as a key. Its debug form shows nothing.
pub(super) struct Key {
    key: hmac::Key,
    /// The tag of the secret itself: a static secret is compared by tags, so that neither its length nor its first wrong
    /// byte shows in the time.
    own: hmac::Tag,
}

/// Why a secret cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Anybody would guess it.
    #[error("the secret is shorter than 8 characters")]
    Short,
    /// Standard Webhooks secrets are `whsec_` and base64.
    #[error("the secret is not `whsec_` followed by base64")]
    NotWhsec,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

impl Key {
    /// The secret's own bytes are the key.
    pub(super) fn plain(secret: &str) -> Result<Self, BadSecret> {
        Self::of(secret.as_bytes())
    }

    /// `whsec_` and base64; bare base64 is taken as well.
    pub(super) fn whsec(secret: &str) -> Result<Self, BadSecret> {
        let text = secret.strip_prefix("whsec_").unwrap_or(secret);
        Self::of(&STANDARD.decode(text).map_err(|_| BadSecret::NotWhsec)?)
    }

    fn of(bytes: &[u8]) -> Result<Self, BadSecret> {
        if bytes.len() < 8 {
            return Err(BadSecret::Short);
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let own = hmac::sign(&key, bytes);
        Ok(Self { key, own })
    }

    /// True if `given` is the secret.
    pub(super) fn is(&self, given: &str) -> bool {
        hmac::verify(&self.key, given.as_bytes(), self.own.as_ref()).is_ok()
    }

    /// True if `signature` is the HMAC-SHA256 of these parts, one after the other.
    pub(super) fn signed(&self, parts: &[&[u8]], signature: &str, encoding: SignatureEncoding) -> bool {
        let Some(given) = decode(signature, encoding) else { return false };
        match parts {
            [whole] => hmac::verify(&self.key, whole, &given).is_ok(),
            _ => hmac::verify(&self.key, &parts.concat(), &given).is_ok(),
        }
    }
}

fn decode(text: &str, encoding: SignatureEncoding) -> Option<Vec<u8>> {
    match encoding {
        SignatureEncoding::Base64 => STANDARD.decode(text).ok(),
        SignatureEncoding::Hex => {
            let digits = text.as_bytes();
            let (pairs, []) = digits.as_chunks::<2>() else { return None };
            pairs.iter().map(|[high, low]| Some((nibble(*high)? << 4) | nibble(*low)?)).collect()
        }
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
