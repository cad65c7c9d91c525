//! A playbook as one signed file: how a version travels from who wrote and tested it to who runs it.
//!
//! What is signed is the name and the version, and the version is the hash of every file that a run depends on. A bundle
//! is never trusted by itself: whoever reads it names the keys.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey},
};
use serde::{Deserialize, Serialize};
use stanch_model::api::Signature;

use crate::{Playbook, playbook::README};

/// Before the key in its text form.
const SCHEME: &str = "ed25519:";
/// Of the file's shape.
const FORMAT: u32 = 1;

/// A signed playbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// The format.
    bundle: u32,
    /// Slug.
    pub playbook: String,
    /// Hash of the files that a run depends on.
    pub version: String,
    /// Over name and version.
    pub signature: Signature,
    /// Every file by path, the operator's page too.
    pub files: BTreeMap<String, String>,
}

/// Why a bundle, or a key, is not taken.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// Not a bundle of this format.
    #[error("this is no bundle of a playbook: {0}")]
    Shape(String),
    /// The files are not those that were signed.
    #[error("the files of {playbook} are version {found}, not {said}, which was signed")]
    Changed {
        /// Slug.
        playbook: String,
        /// What the bundle says.
        said: String,
        /// What its files are.
        found: String,
    },
    /// The files make no playbook.
    #[error("the files of {playbook} make no playbook: {why}")]
    Broken {
        /// Slug.
        playbook: String,
        /// The first mistake.
        why: String,
    },
    /// None of the keys that are trusted.
    #[error("it is signed with {key}, which is none of the trusted keys")]
    Stranger {
        /// The key that it names.
        key: String,
    },
    /// The signature is not of this key over this version.
    #[error("the signature of {key} does not fit {playbook} {version}")]
    Forged {
        /// Name of the key.
        key: String,
        /// Slug.
        playbook: String,
        /// Version.
        version: String,
    },
    /// No key in this text.
    #[error("this is no key: {0}")]
    Key(String),
}

/// A new private key, as PKCS#8 in Base64: one line for a file that nobody else may read.
///
/// # Errors
/// When the machine has no randomness.
pub fn new_key() -> Result<String, BundleError> {
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new());
    made.map(|key| BASE64_STANDARD.encode(key.as_ref()))
        .map_err(|_| BundleError::Key("there is no randomness on this machine".to_owned()))
}

/// The public half of a private key, as `promote.keys` of the configuration has it.
///
/// # Errors
/// When the text is no private key of ours.
pub fn public_key(private: &str) -> Result<String, BundleError> {
    pair(private).map(|pair| public_text(&pair))
}

/// Whether a text is a public key.
///
/// # Errors
/// When it is not: why.
pub fn is_public_key(text: &str) -> Result<(), BundleError> {
    public_bytes(text).map(drop)
}

/// Checks a signature over a version.
///
/// # Errors
/// When no trusted key made it.
///
/// Gives the name of the key.
pub fn verify<'a>(
    playbook: &str,
    version: &str,
    signature: &Signature,
    trusted: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<&'a str, BundleError> {
    let known = trusted.into_iter().find(|(_, key)| *key == signature.key);
    let (name, key) = known.ok_or_else(|| BundleError::Stranger { key: signature.key.clone() })?;
    let forged = || BundleError::Forged {
        key: name.to_owned(),
        playbook: playbook.to_owned(),
        version: version.to_owned(),
    };
    let value = BASE64_STANDARD.decode(&signature.value).map_err(|_| forged())?;
    let public = UnparsedPublicKey::new(&ED25519, public_bytes(key)?);
    public.verify(message(playbook, version).as_bytes(), &value).map_err(|_| forged())?;
    Ok(name)
}

impl Bundle {
    /// Signs a playbook.
    ///
    /// # Errors
    /// When the text is no private key.
    pub fn sign(playbook: &Playbook, private: &str) -> Result<Self, BundleError> {
        let pair = pair(private)?;
        let version = playbook.hash.to_string();
        let made = pair.sign(message(&playbook.slug, &version).as_bytes());
        let mut files = playbook.sources.clone();
        if !playbook.readme.is_empty() {
            files.insert(README.to_owned(), playbook.readme.clone());
        }
        let signature = Signature { key: public_text(&pair), value: BASE64_STANDARD.encode(made.as_ref()) };
        Ok(Self { bundle: FORMAT, playbook: playbook.slug.clone(), version, signature, files })
    }

    /// Reads one. Nothing of it is trusted yet but that its files are the version that it names.
    ///
    /// # Errors
    /// When it is none, or its files are other ones.
    pub fn read(text: &str) -> Result<(Self, Playbook), BundleError> {
        let bundle: Self =
            serde_json::from_str(text).map_err(|error| BundleError::Shape(error.to_string()))?;
        if bundle.bundle != FORMAT {
            return Err(BundleError::Shape(format!("its format is {}, not {FORMAT}", bundle.bundle)));
        }
        if !is_slug(&bundle.playbook) {
            return Err(BundleError::Shape(format!("{:?} is no name of a playbook", bundle.playbook)));
        }
        let loaded = Playbook::from_sources(&bundle.playbook, bundle.files.clone());
        let playbook = loaded.map_err(|found| BundleError::Broken {
            playbook: bundle.playbook.clone(),
            why: found.first().map(stanch_model::Diagnostic::one_line).unwrap_or_default(),
        })?;
        let found = playbook.hash.to_string();
        if found != bundle.version {
            let (playbook, said) = (bundle.playbook, bundle.version);
            return Err(BundleError::Changed { playbook, said, found });
        }
        Ok((bundle, playbook))
    }

    /// Path and text of every file that the playbook consists of, the paths made safe: nothing that nobody reads is
    /// written, and nothing outside the folder.
    pub fn files_of(playbook: &Playbook) -> Vec<(PathBuf, &str)> {
        let mut files: Vec<(PathBuf, &str)> =
            playbook.sources.iter().map(|(path, text)| (Path::new(path).to_owned(), text.as_str())).collect();
        if !playbook.readme.is_empty() {
            files.push((PathBuf::from(README), &playbook.readme));
        }
        let plain =
            |path: &Path| path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        files.retain(|(path, _)| plain(path));
        files
    }
}

fn is_slug(text: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    !text.is_empty() && text.chars().all(fits)
}

fn message(playbook: &str, version: &str) -> String {
    format!("stanch playbook {FORMAT}\n{playbook}\n{version}\n")
}

fn pair(private: &str) -> Result<Ed25519KeyPair, BundleError> {
    let bytes = BASE64_STANDARD.decode(private.trim());
    let bytes = bytes.map_err(|_| BundleError::Key("a private key is one line of Base64".to_owned()))?;
    Ed25519KeyPair::from_pkcs8(&bytes)
        .map_err(|_| BundleError::Key("the line is no Ed25519 key in PKCS#8".to_owned()))
}

fn public_text(pair: &Ed25519KeyPair) -> String {
    format!("{SCHEME}{}", BASE64_STANDARD.encode(pair.public_key().as_ref()))
}

fn public_bytes(text: &str) -> Result<Vec<u8>, BundleError> {
    let wrong = || BundleError::Key(format!("write {SCHEME} and 32 bytes in Base64"));
    let bytes = BASE64_STANDARD.decode(text.strip_prefix(SCHEME).ok_or_else(wrong)?).map_err(|_| wrong())?;
    if bytes.len() == 32 { Ok(bytes) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Library;

    fn signed() -> (Bundle, String) {
        let private = new_key().unwrap();
        let playbook = Library::embedded().get("oauth-app-compromise").unwrap();
        (Bundle::sign(&playbook, &private).unwrap(), public_key(&private).unwrap())
    }

    fn trusted(key: &str) -> Vec<(&str, &str)> {
        vec![("release", key)]
    }

    #[test]
    fn a_bundle_is_read_back_as_the_playbook_that_was_signed() {
        let (bundle, key) = signed();
        let (read, playbook) = Bundle::read(&serde_json::to_string(&bundle).unwrap()).unwrap();
        assert_eq!(read, bundle);
        assert_eq!(Some(&playbook), Library::embedded().get("oauth-app-compromise").as_deref());
        let name = verify(&bundle.playbook, &bundle.version, &bundle.signature, trusted(&key)).unwrap();
        assert_eq!(name, "release");
        assert!(Bundle::files_of(&playbook).iter().any(|(path, _)| path.ends_with("README.md")));
    }

    #[test]
    fn a_changed_file_a_strange_key_and_another_version_are_refused() {
        let (bundle, key) = signed();
        let mut changed = bundle.clone();
        changed.files.insert("main.rhai".to_owned(), "note(\"nothing\");".to_owned());
        let refused = Bundle::read(&serde_json::to_string(&changed).unwrap()).unwrap_err();
        assert!(matches!(refused, BundleError::Changed { .. }), "{refused}");
        let (_, stranger) = signed();
        let refused = verify(&bundle.playbook, &bundle.version, &bundle.signature, trusted(&stranger));
        assert!(matches!(refused, Err(BundleError::Stranger { .. })), "{refused:?}");
        let refused = verify(&bundle.playbook, "other", &bundle.signature, trusted(&key));
        assert!(matches!(refused, Err(BundleError::Forged { .. })), "{refused:?}");
        let refused = verify("other", &bundle.version, &bundle.signature, trusted(&key));
        assert!(matches!(refused, Err(BundleError::Forged { .. })), "{refused:?}");
    }

    #[test]
    fn a_name_that_leaves_its_folder_is_none() {
        let (mut bundle, _) = signed();
        bundle.playbook = "../elsewhere".to_owned();
        let refused = Bundle::read(&serde_json::to_string(&bundle).unwrap()).unwrap_err();
        assert!(matches!(refused, BundleError::Shape(_)), "{refused}");
    }
}
