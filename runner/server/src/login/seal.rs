//! What has begun, sealed with whoever began it: they can give it back and neither read nor change it. The key dies with the
//! process, and what has begun with it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{self, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey},
    digest::{SHA256, digest},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::random;

/// A login that has begun in a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Begun {
    pub(crate) state: String,
    pub(crate) nonce: String,
    pub(crate) verifier: String,
    /// The page that it leads to.
    pub(crate) then: String,
    /// Seconds since 1970.
    pub(crate) until: i64,
}

/// A login that has begun on a command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceBegun {
    pub(crate) device_code: String,
    /// Seconds since 1970.
    pub(crate) until: i64,
}

/// What may be sealed; one kind does not pass for another.
pub(crate) trait Sealed: Serialize + DeserializeOwned {
    const KIND: &'static [u8];
}

impl Sealed for Begun {
    const KIND: &'static [u8] = b"browser";
}

impl Sealed for DeviceBegun {
    const KIND: &'static [u8] = b"device";
}

/// The key of this process.
pub(crate) struct Seal(LessSafeKey);

impl Seal {
    pub(super) fn new() -> Result<Self, String> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, &random::bytes::<32>()?);
        key.map(|key| Self(LessSafeKey::new(key))).map_err(|_| "no key could be made".to_owned())
    }

    pub(crate) fn close<T: Sealed>(&self, what: &T) -> Result<String, String> {
        let random = random::bytes::<{ aead::NONCE_LEN }>()?;
        let mut body = serde_json::to_vec(what).map_err(|why| why.to_string())?;
        let nonce = Nonce::assume_unique_for_key(random);
        let sealed = self.0.seal_in_place_append_tag(nonce, Aad::from(T::KIND), &mut body);
        sealed.map_err(|_| "it could not be sealed".to_owned())?;
        Ok(text(&[&random[..], &body].concat()))
    }

    /// What was sealed here, as this kind; nothing of what was not.
    pub(crate) fn open<T: Sealed>(&self, sealed: &str) -> Option<T> {
        let mut whole = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (random, body) = whole.split_at_mut_checked(aead::NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(random).ok()?;
        let open = self.0.open_in_place(nonce, Aad::from(T::KIND), body).ok()?;
        serde_json::from_slice(open).ok()
    }
}

/// Random text that nobody guesses.
pub(crate) fn random() -> Result<String, &'static str> {
    random::bytes::<32>().map(|bytes| text(&bytes))
}

pub(super) fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether two texts are the same, without telling by the time it takes where they differ.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    digest(&SHA256, a).as_ref() == digest(&SHA256, b).as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_comes_back_and_nothing_else_does() {
        let (own, other) = (Seal::new().unwrap(), Seal::new().unwrap());
        let begun = DeviceBegun { device_code: "the-code".to_owned(), until: 7 };
        let sealed = own.close(&begun).unwrap();
        assert!(!sealed.contains("the-code"));
        assert_eq!(own.open::<DeviceBegun>(&sealed), Some(begun));
        assert_eq!(own.open::<Begun>(&sealed), None, "another kind");
        assert_eq!(other.open::<DeviceBegun>(&sealed), None, "another process");
        for wrong in ["", "?", &sealed[..sealed.len() - 1], &sealed[1..]] {
            assert_eq!(own.open::<DeviceBegun>(wrong), None, "{wrong}");
        }
    }
}
