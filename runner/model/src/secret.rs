//! The border between secret values and everything that is written down.

/// Seals secret values and opens their handles. Implemented by the journal's vault.
pub trait SecretBox: Send + Sync {
    /// Seals a value durably and gives its handle: HMAC(vault key, value), so equal secrets have equal handles.
    ///
    /// # Errors
    /// When the vault cannot be written: the value must then not be used.
    fn seal(&self, value: &str) -> Result<String, SecretError>;

    /// The value behind a handle. Only the request builder may call this.
    ///
    /// # Errors
    /// When the handle is unknown, shredded, or was sealed under another vault key.
    fn open(&self, handle: &str) -> Result<String, SecretError>;
}

/// Why a secret could not be sealed or opened. Never holds the value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// No such handle in this vault.
    #[error("secret {0} is not in the vault: it was shredded or belongs to another data folder")]
    Unknown(String),
    /// The vault's key is not the one that sealed it.
    #[error("the vault key does not open this vault: {0}")]
    Key(String),
    /// The disk refused.
    #[error("the vault cannot be written: {0}")]
    Io(String),
}
