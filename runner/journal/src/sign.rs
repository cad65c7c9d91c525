//! Signatures over checkpoints: who held a key says where every stream stood. Knows nothing of files and configuration.
//!
//! What is signed is the place of the checkpoint in its chain (version, the hash before it), the time, and everything that
//! it lists. So one signature holds all that came before it, and none can be carried to another place or another log.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde::{Deserialize, Serialize};
use stanch_model::Hash;

/// Before a public key in its text form.
const SCHEME: &str = "ed25519:";

/// Why a text is no key. Never repeats the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not as `stanch journal key` writes it.
    #[error("a private key is one line of Base64 with an Ed25519 key in PKCS#8")]
    Private,
    /// Not as `stanch journal key` prints it.
    #[error("a public key is `ed25519:` and 32 bytes in Base64")]
    Public,
    /// No randomness.
    #[error("there is no randomness on this machine")]
    Random,
}

/// A private key that signs checkpoints.
pub struct Signer {
    pair: Ed25519KeyPair,
    public: String,
}

impl Signer {
    /// Reads a private key.
    ///
    /// # Errors
    /// When the text is none.
    pub fn read(private: &str) -> Result<Self, KeyError> {
        let bytes = BASE64_STANDARD.decode(private.trim()).map_err(|_| KeyError::Private)?;
        let pair = Ed25519KeyPair::from_pkcs8(&bytes).map_err(|_| KeyError::Private)?;
        let public = format!("{SCHEME}{}", BASE64_STANDARD.encode(pair.public_key().as_ref()));
        Ok(Self { pair, public })
    }

    /// A new private key, one line for a file that nobody else may read.
    ///
    /// # Errors
    /// When the machine has no randomness.
    pub fn generate() -> Result<String, KeyError> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
        made.map(|key| BASE64_STANDARD.encode(key.as_ref())).map_err(|_| KeyError::Random)
    }

    /// The public half, `ed25519:…`.
    pub fn public(&self) -> &str {
        &self.public
    }

    pub(crate) fn sign(&self, at: &Place<'_>, time: String) -> Signed {
        let value = BASE64_STANDARD.encode(self.pair.sign(&at.message(&time)).as_ref());
        Signed { key: self.public.clone(), time, value }
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.public)
    }
}

/// A public key that checkpoints are checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    text: String,
    bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads `ed25519:…`.
    ///
    /// # Errors
    /// When the text is no public key.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let encoded = text.strip_prefix(SCHEME).ok_or(KeyError::Public)?;
        let bytes = BASE64_STANDARD.decode(encoded).map_err(|_| KeyError::Public)?;
        if bytes.len() != 32 {
            return Err(KeyError::Public);
        }
        Ok(Self { text: text.to_owned(), bytes })
    }

    /// Whether this key made the signature, over this.
    pub(crate) fn holds(&self, at: &Place<'_>, signed: &Signed) -> bool {
        let Ok(value) = BASE64_STANDARD.decode(&signed.value) else { return false };
        let key = UnparsedPublicKey::new(&ED25519, &self.bytes);
        signed.key == self.text && key.verify(&at.message(&signed.time), &value).is_ok()
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// The signature in a checkpoint's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signed {
    /// The public key.
    pub(crate) key: String,
    /// When, by the clock of the journal.
    pub(crate) time: String,
    /// In Base64.
    pub(crate) value: String,
}

/// What a signature is over.
pub(crate) struct Place<'a> {
    /// Of the checkpoint in `system`.
    pub(crate) version: u64,
    /// The hash of the entry before it there.
    pub(crate) prev: Hash,
    /// The checkpoint before it.
    pub(crate) previous: Option<Hash>,
    pub(crate) streams: &'a [(String, u64, Hash)],
}

impl Place<'_> {
    /// Lines that anybody can put together from the entry.
    fn message(&self, time: &str) -> Vec<u8> {
        let previous = self.previous.map_or_else(|| "none".to_owned(), |hash| hash.to_string());
        let streams = serde_json::to_vec(self.streams).unwrap_or_default();
        let (version, prev, streams) = (self.version, self.prev, Hash::of(&streams));
        format!("stanch checkpoint 1\n{version}\n{prev}\n{previous}\n{time}\n{streams}\n").into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_in_its_place_and_in_no_other() {
        let signer = Signer::read(&Signer::generate().unwrap()).unwrap();
        let key = PublicKey::read(signer.public()).unwrap();
        let streams = vec![("run/a".to_owned(), 3, Hash::of(b"a"))];
        let place =
            |version| Place { version, prev: Hash::of(b"p"), previous: None, streams: streams.as_slice() };
        let signed = signer.sign(&place(7), "2026-11-27T00:00:00Z".to_owned());
        assert!(key.holds(&place(7), &signed));
        assert!(!key.holds(&place(8), &signed));
        assert!(!key.holds(&Place { prev: Hash::of(b"q"), ..place(7) }, &signed));
        assert!(!key.holds(&Place { streams: &[], ..place(7) }, &signed));
        let later = Signed { time: "2026-11-28T00:00:00Z".to_owned(), ..signed.clone() };
        assert!(!key.holds(&place(7), &later));
        let stranger = Signer::read(&Signer::generate().unwrap()).unwrap();
        assert!(!PublicKey::read(stranger.public()).unwrap().holds(&place(7), &signed));
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        let said = Signer::read("hunter2").unwrap_err().to_string();
        assert!(!said.contains("hunter2"), "{said}");
        assert_eq!(PublicKey::read("ed25519:AAAA"), Err(KeyError::Public));
    }
}
