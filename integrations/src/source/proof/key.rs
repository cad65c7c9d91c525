//! A shared secret as a key: signatures and the secret itself, compared in constant time.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Hex,
    Base64,
}

/// A source's secret as a key. Its debug form shows nothing.
pub(crate) struct Key {
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
    /// Nothing else protects an address.
    #[error("a secret in an address must have 16 characters or more")]
    ShortForPath,
    /// It would have to be escaped.
    #[error("a secret in an address consists of letters, digits, `-`, `_`, `.` and `~`")]
    NotForPath,
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
    pub(crate) fn plain(secret: &str) -> Result<Self, BadSecret> {
        Self::of(secret.as_bytes())
    }

    /// A secret that stands in an address must be one that survives there.
    pub(crate) fn for_path(secret: &str) -> Result<Self, BadSecret> {
        if !secret.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~')) {
            return Err(BadSecret::NotForPath);
        }
        if secret.len() < 16 {
            return Err(BadSecret::ShortForPath);
        }
        Self::plain(secret)
    }

    /// `whsec_` and base64; bare base64 is taken as well.
    pub(crate) fn whsec(secret: &str) -> Result<Self, BadSecret> {
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
    pub(crate) fn is(&self, given: &str) -> bool {
        hmac::verify(&self.key, given.as_bytes(), self.own.as_ref()).is_ok()
    }

    /// True if `signature` is the HMAC-SHA256 of these parts, one after the other.
    pub(crate) fn signed(&self, parts: &[&[u8]], signature: &str, encoding: Encoding) -> bool {
        let Some(given) = decode(signature, encoding) else { return false };
        match parts {
            [whole] => hmac::verify(&self.key, whole, &given).is_ok(),
            _ => hmac::verify(&self.key, &parts.concat(), &given).is_ok(),
        }
    }
}

fn decode(text: &str, encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Base64 => STANDARD.decode(text).ok(),
        Encoding::Hex => {
            let digits = text.as_bytes();
            let (pairs, []) = digits.as_chunks::<2>() else { return None };
            pairs.iter().map(|[high, low]| Some((nibble(*high)? << 4) | nibble(*low)?)).collect()
        }
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
