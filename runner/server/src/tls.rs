//! TLS at the listener: our certificate, and whose clients may come in at all.
//!
//! What the references lead to is read again while the server runs: a certificate that was renewed is used for the next
//! connection, and one that cannot be read leaves the old one in force.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rustls::{
    RootCertStore, ServerConfig as Rustls,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use stanch_model::config::ServerTls;
use stanch_response::credential::Reference;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// How old what was read may grow.
const FRESH: Duration = Duration::from_secs(60);

/// A handshake must be over within this time.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Shakes hands.
pub(crate) struct Tls {
    config: ServerTls,
    current: Mutex<Read>,
}

struct Read {
    acceptor: TlsAcceptor,
    /// What it was made of, to see whether that changed.
    texts: Texts,
    at: Instant,
}

/// PEM: certificate with its chain, key, and the authorities of clients.
#[derive(Clone, PartialEq, Eq)]
struct Texts {
    certificate: String,
    key: String,
    clients: Option<String>,
}

impl Tls {
    /// Reads what the configuration names. It may run a command, so it has a thread of its own.
    ///
    /// # Errors
    /// What cannot be read, or does not fit together.
    pub(crate) async fn open(config: ServerTls) -> Result<Arc<Self>, String> {
        let wanted = config.clone();
        let texts = tokio::task::spawn_blocking(move || texts(&wanted)).await;
        let texts = texts.map_err(|_| "it could not be looked up".to_owned())??;
        let acceptor = acceptor(&texts)?;
        Ok(Arc::new(Self { config, current: Mutex::new(Read { acceptor, texts, at: Instant::now() }) }))
    }

    /// Shakes hands with whoever connected.
    ///
    /// # Errors
    /// Why it came to nothing: the other side speaks no TLS, trusts us not, or shows no certificate that we trust.
    pub(crate) async fn accept(self: &Arc<Self>, stream: TcpStream) -> Result<TlsStream<TcpStream>, String> {
        let acceptor = self.acceptor();
        match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(shaken) => shaken.map_err(|why| why.to_string()),
            Err(_) => Err("no handshake in time".to_owned()),
        }
    }

    /// What is in force; now and then it is read anew behind this connection's back.
    fn acceptor(self: &Arc<Self>) -> TlsAcceptor {
        let mut current = self.current.lock();
        if current.at.elapsed() > FRESH {
            current.at = Instant::now();
            let tls = Arc::clone(self);
            tokio::task::spawn_blocking(move || tls.look());
        }
        current.acceptor.clone()
    }

    fn look(&self) {
        let made = texts(&self.config).and_then(|texts| {
            if self.current.lock().texts == texts {
                return Ok(None);
            }
            acceptor(&texts).map(|acceptor| Some((acceptor, texts)))
        });
        match made {
            Ok(None) => {}
            Ok(Some((acceptor, texts))) => {
                let mut current = self.current.lock();
                (current.acceptor, current.texts) = (acceptor, texts);
                tracing::info!("the listener's certificate was renewed");
            }
            Err(why) => {
                tracing::error!(why, "the listener's certificate cannot be renewed: the old one stays")
            }
        }
    }
}

fn texts(config: &ServerTls) -> Result<Texts, String> {
    let find = |what: &str, text: &str| {
        let reference: Reference = text
            .parse()
            .map_err(|why: stanch_response::credential::NotAReference| format!("`{what}`: {why}"))?;
        let found = reference.resolve().map_err(|why| format!("`{what}`: {why}"))?;
        Ok::<_, String>(found.expose().to_owned())
    };
    Ok(Texts {
        certificate: find("certificate", &config.certificate)?,
        key: find("key", &config.key)?,
        clients: config.clients.as_deref().map(|text| find("clients", text)).transpose()?,
    })
}

fn certificates(what: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    let read = read.map_err(|why| format!("`{what}` is not PEM: {why}"))?;
    if read.is_empty() { Err(format!("`{what}` holds no certificate")) } else { Ok(read) }
}

fn acceptor(texts: &Texts) -> Result<TlsAcceptor, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = Rustls::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|why| why.to_string())?;
    let builder = match &texts.clients {
        None => builder.with_no_client_auth(),
        Some(pem) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates("clients", pem)? {
                roots.add(authority).map_err(|why| format!("`clients`: {why}"))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|why| format!("`clients`: {why}"))?)
        }
    };
    let key = PrivateKeyDer::from_pem_slice(texts.key.as_bytes())
        .map_err(|why| format!("`key` is no private key in PEM: {why}"))?;
    let mut made = builder
        .with_single_cert(certificates("certificate", &texts.certificate)?, key)
        .map_err(|why| format!("certificate and key do not fit together: {why}"))?;
    made.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(made)))
}
