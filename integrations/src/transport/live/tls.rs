//! What one integration trusts and shows below HTTP: its own certificate authorities, a client certificate.
//!
//! The texts are references like credentials: read at the first call, again after a while, and never in an error.

use std::{fmt, time::Duration};

use jiff::Timestamp;
use stanch_model::config::TlsConfig;
use tokio::{sync::Mutex, time::Instant};

use super::{super::live, SendError, cause, expiry};
use crate::credential::{CredentialError, Reference};

/// How long a connection pool is used before its certificates are read again: they may be rotated.
const KEPT: Duration = Duration::from_secs(300);

/// One integration's own TLS.
pub(crate) struct Tls {
    ca: Option<Reference>,
    own: Option<(Reference, Reference)>,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    client: reqwest::Client,
    texts: Texts,
    until: Instant,
}

#[derive(Clone, PartialEq, Eq)]
struct Texts {
    ca: Option<String>,
    own: Option<String>,
}

/// What is wrong with a configuration's `tls`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TlsError {
    #[error("`tls.{0}` is no reference: write env:NAME, file:PATH or exec:COMMAND")]
    NoReference(&'static str),
    #[error("`tls` needs both `certificate` and `key`, or neither")]
    Half,
}

impl Tls {
    /// Reads what the configuration says.
    pub(crate) fn new(config: &TlsConfig) -> Result<Self, TlsError> {
        let reference = |name: &'static str, text: &Option<String>| {
            let parsed = text.as_deref().map(Reference::parse).transpose();
            parsed.map_err(|_: CredentialError| TlsError::NoReference(name))
        };
        let (certificate, key) =
            (reference("certificate", &config.certificate)?, reference("key", &config.key)?);
        let own = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(TlsError::Half),
        };
        Ok(Self { ca: reference("ca", &config.ca)?, own, kept: Mutex::default() })
    }

    /// The connections of this integration.
    pub(super) async fn client(&self, host: &str) -> Result<reqwest::Client, SendError> {
        let mut kept = self.kept.lock().await;
        let now = Instant::now();
        if let Some(known) = kept.as_ref().filter(|known| now < known.until) {
            return Ok(known.client.clone());
        }
        let no_connection = |why: String| SendError::NoConnection(host.to_owned(), format!("TLS: {why}"));
        let texts = self.texts().await.map_err(|error| no_connection(error.to_string()))?;
        let client = match kept.take().filter(|known| known.texts == texts) {
            Some(known) => known.client,
            None => build(&texts).map_err(no_connection)?,
        };
        *kept = Some(Kept { client: client.clone(), texts, until: now + KEPT });
        Ok(client)
    }

    /// When what this integration trusts and shows ends, by the setting that says it; `None` where that cannot be read.
    ///
    /// # Errors
    /// When a reference cannot be followed.
    pub(crate) async fn ends(&self) -> Result<Vec<(&'static str, Option<Timestamp>)>, CredentialError> {
        let texts = self.texts().await?;
        let named = [("tls.ca", texts.ca), ("tls.certificate", texts.own)];
        Ok(named.into_iter().filter_map(|(name, pem)| Some((name, expiry::first_end(&pem?)))).collect())
    }

    async fn texts(&self) -> Result<Texts, CredentialError> {
        let ca = match &self.ca {
            Some(ca) => Some(ca.text().await?),
            None => None,
        };
        let own = match &self.own {
            Some((certificate, key)) => {
                Some(format!("{}\n{}\n", certificate.text().await?, key.text().await?))
            }
            None => None,
        };
        Ok(Texts { ca, own })
    }
}

fn build(texts: &Texts) -> Result<reqwest::Client, String> {
    let mut builder = live::builder();
    if let Some(ca) = &texts.ca {
        let wrong =
            |error: reqwest::Error| format!("`ca` holds no certificates in PEM form: {}", cause(&error));
        let known = reqwest::Certificate::from_pem_bundle(ca.as_bytes()).map_err(wrong)?;
        if known.is_empty() {
            return Err("`ca` holds no certificate in PEM form".to_owned());
        }
        builder = builder.tls_certs_only(known);
    }
    if let Some(own) = &texts.own {
        // The cause could repeat what it did not understand, and that may be the key.
        let identity = reqwest::Identity::from_pem(own.as_bytes()).map_err(|_| {
            "`certificate` and `key` are no certificate and private key in PEM form".to_owned()
        })?;
        builder = builder.identity(identity);
    }
    builder.build().map_err(|error| cause(&error))
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls(ca: {}, own certificate: {})", self.ca.is_some(), self.own.is_some())
    }
}
