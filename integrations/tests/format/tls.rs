//! A certificate authority of one's own, and a certificate that proves who we are.

use std::sync::Arc;

use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use serde_json::json;
use stanch_integrations::Outcome;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    shop::Shop,
    support::{call, kind},
};

const CA: &str = include_str!("../fixtures/tls-ca.pem");
const SERVER: (&str, &str) =
    (include_str!("../fixtures/tls-server.pem"), include_str!("../fixtures/tls-server.key"));
const CLIENT: (&str, &str) =
    (include_str!("../fixtures/tls-client.pem"), include_str!("../fixtures/tls-client.key"));

const GET: &str = r#"
  get:
    title: Get
    effect: read
    request: { method: GET, path: /get }
    evidence: none
    docs: https://shop.example/docs
"#;

/// A server that answers 200 to whoever has a certificate of the authority. Gives its address.
async fn server() -> String {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CA.as_bytes()).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(SERVER.0.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(SERVER.1.as_bytes()).unwrap(),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                let _read = stream.read(&mut request).await;
                let answer = b"HTTP/1.1 200 X\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
                let _sent = stream.write_all(answer).await;
                let _ended = stream.shutdown().await;
            });
        }
    });
    format!("https://localhost:{}", address.port())
}

#[tokio::test]
async fn a_client_certificate_under_an_own_authority_is_all_the_proof() {
    let url = server().await;
    let live = Shop::open(GET).at(&url).tls(CA, Some(CLIENT)).build();
    assert_eq!(kind(&live.integrations.call(call("it", "get", json!({}))).await), "done by Us");
}

#[tokio::test]
async fn without_the_authority_or_the_certificate_there_is_no_connection() {
    let url = server().await;
    let stranger = Shop::open(GET).at(&url).build();
    let outcome = stranger.integrations.call(call("it", "get", json!({}))).await;
    assert!(matches!(&outcome, Outcome::NotSent { why } if why.contains("certificate")), "{outcome:?}");
    let nobody = Shop::open(GET).at(&url).tls(CA, None).build();
    let outcome = nobody.integrations.call(call("it", "get", json!({}))).await;
    assert!(!matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
}

#[tokio::test]
async fn what_is_no_certificate_is_said_and_not_shown() {
    for (ca, own, words) in [
        ("hunter22", None, "`ca` holds no certificate"),
        (CA, Some((CLIENT.0, "hunter22")), "no certificate and private key"),
    ] {
        let live = Shop::open(GET).at("https://localhost:1").tls(ca, own).build();
        let outcome = live.integrations.call(call("it", "get", json!({}))).await;
        let Outcome::NotSent { why } = outcome else { panic!("{outcome:?}") };
        assert!(why.contains(words) && !why.contains("hunter22"), "{why}");
    }
}

const EXPIRED: (&str, &str) =
    (include_str!("../fixtures/tls-expired.pem"), include_str!("../fixtures/tls-expired.key"));

#[tokio::test]
async fn certificates_that_ended_are_named_before_anything_else() {
    let url = server().await;
    for ((certificate, key), expected, words) in [
        (CLIENT, ["Fine", "Fine"], "`tls.certificate` is good until 2126-11-02T11:56:09Z"),
        (EXPIRED, ["Fine", "Wrong"], "`tls.certificate` ended on 2021-01-01T00:00:00Z"),
    ] {
        let live = Shop::open(GET).at(&url).tls(CA, Some((certificate, key))).build();
        let found = live.integrations.preflight("it").await.unwrap();
        let states: Vec<_> = found
            .iter()
            .filter(|one| one.what == "certificate")
            .map(|one| format!("{:?}", one.state))
            .collect();
        assert_eq!(states, expected, "{found:?}");
        assert!(found[1].words.starts_with(words), "{found:?}");
        assert!(!format!("{found:?}").contains("PRIVATE"));
    }
}
