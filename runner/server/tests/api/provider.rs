//! A provider of OpenID Connect on loopback, which can lie, turn its keys, sign wrongly and be down.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json, Router,
    extract::{Form, State},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde_json::{Value, json};
use tokio_rustls::TlsAcceptor;

use crate::world::CONFIG;

const CLIENT: &str = "stanch-test";
const SECRET: &str = "hush-hush";

/// An authority that no system knows, and the certificate that it gave to `localhost`.
pub(crate) const AUTHORITY: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../integrations/tests/fixtures/tls-ca.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../../../integrations/tests/fixtures/tls-server.pem");
const KEY: &[u8] = include_bytes!("../../../../integrations/tests/fixtures/tls-server.key");

/// How a client shows that it is one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// Its secret in a header, as where a provider says nothing of it.
    Header,
    /// Its secret in the form alone.
    Form,
    /// Nothing: it is public.
    Nothing,
}

/// With this provider, and people who are known there.
pub(crate) fn config(issuer: &str) -> String {
    let oidc = format!(
        "oidc: {{ issuer: \"{issuer}\", client_id: {CLIENT}, client_secret: \"exec:/bin/echo {SECRET}\", roles: {{ leads: approver, oncall: responder, all: viewer }} }}, rate: 1000"
    );
    CONFIG
        .replace("rate: 1000", &oidc)
        .replace("lead: [approver, admin]", "lead: [approver, admin, ben]")
        .replace(
            "  groups:",
            "  known: { ben: { login: ben@acme.example }, vic: { login: vic@acme.example } }\n  groups:",
        )
}

type Shared = Arc<Mutex<Inside>>;
type Fields = HashMap<String, String>;

pub(crate) struct Provider {
    pub(crate) base: String,
    pub(crate) inside: Shared,
    task: tokio::task::JoinHandle<()>,
}

/// What it holds, and how it misbehaves.
pub(crate) struct Inside {
    base: String,
    /// How its client has to show itself.
    pub(crate) shows: Shows,
    /// Another name than its own.
    pub(crate) called: Option<String>,
    /// Everything is answered with a page.
    pub(crate) html: bool,
    /// What it says of people besides, or instead.
    pub(crate) lies: Value,
    /// What the head of its tokens says.
    pub(crate) alg: Option<&'static str>,
    /// The ID token says no more than who it is; the rest stands in userinfo.
    pub(crate) thin: Option<Value>,
    /// What the next answers to devices are.
    pub(crate) device: Vec<&'static str>,
    pub(crate) keys_asked: usize,
    /// Signs, and what it publishes of that.
    signer: Signer,
    published: Value,
    codes: HashMap<String, Code>,
    made: usize,
}

struct Code {
    claims: Value,
    challenge: String,
    redirect: String,
}

enum Signer {
    Rsa(RsaKeyPair, String),
    P256(EcdsaKeyPair, String),
}

impl Signer {
    fn rsa(kid: &str) -> Self {
        let pem = include_str!("../../../../integrations/tests/fixtures/rsa-test-key.pem");
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        Self::Rsa(RsaKeyPair::from_pkcs8(&STANDARD.decode(text).unwrap()).unwrap(), kid.to_owned())
    }

    fn p256(kid: &str) -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random);
        Self::P256(pair.unwrap(), kid.to_owned())
    }

    fn published(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let key = match self {
            Self::Rsa(pair, kid) => {
                let public: ring::rsa::PublicKeyComponents<Vec<u8>> = pair.public().into();
                json!({ "kty": "RSA", "use": "sig", "kid": kid, "n": text(&public.n), "e": text(&public.e) })
            }
            Self::P256(pair, kid) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": text(x), "y": text(y) })
            }
        };
        json!({ "keys": [key] })
    }

    fn sign(&self, alg: Option<&str>, claims: &Value) -> String {
        let (own, kid) = match self {
            Self::Rsa(_, kid) => ("RS256", kid),
            Self::P256(_, kid) => ("ES256", kid),
        };
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = json!({ "alg": alg.unwrap_or(own), "kid": kid });
        let signed = format!("{}.{}", part(head), part(claims.clone()));
        let signature = match self {
            _ if alg == Some("none") => Vec::new(),
            _ if alg == Some("HS256") => {
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET.as_bytes());
                ring::hmac::sign(&key, signed.as_bytes()).as_ref().to_vec()
            }
            Self::Rsa(pair, _) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let random = SystemRandom::new();
                pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
                signature
            }
            Self::P256(pair, _) => {
                pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Provider {
    pub(crate) async fn start() -> Self {
        Self::at("127.0.0.1:0").await
    }

    pub(crate) async fn at(address: &str) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        Self::on(listener, base, None)
    }

    /// By https, under the authority of the tests alone.
    pub(crate) async fn by_tls() -> Self {
        let crypto = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(crypto);
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let chain = vec![CertificateDer::from_pem_slice(CERTIFICATE).unwrap()];
        let config = config.with_single_cert(chain, PrivateKeyDer::from_pem_slice(KEY).unwrap()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        Self::on(listener, base, Some(TlsAcceptor::from(Arc::new(config))))
    }

    fn on(listener: tokio::net::TcpListener, base: String, tls: Option<TlsAcceptor>) -> Self {
        let signer = Signer::rsa("first");
        let inside = Inside {
            base: base.clone(),
            shows: Shows::Header,
            called: None,
            html: false,
            lies: json!({}),
            alg: None,
            thin: None,
            device: Vec::new(),
            keys_asked: 0,
            published: signer.published(),
            signer,
            codes: HashMap::new(),
            made: 0,
        };
        let inside = Arc::new(Mutex::new(inside));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/token", post(token))
            .route("/keys", get(keys))
            .route("/me", get(userinfo))
            .route("/device", post(device))
            .with_state(inside.clone());
        let service = hyper_util::service::TowerToHyperService::new(router);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // one request each, so that nothing is left open of one that is down
                let mut http = hyper::server::conn::http1::Builder::new();
                http.keep_alive(false);
                let (service, tls) = (service.clone(), tls.clone());
                tokio::spawn(async move {
                    let _ended = match tls {
                        None => http.serve_connection(TokioIo::new(stream), service).await.is_ok(),
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => http.serve_connection(TokioIo::new(stream), service).await.is_ok(),
                            Err(_) => false,
                        },
                    };
                });
            }
        });
        Self { base, inside, task }
    }

    /// Nobody answers any more.
    pub(crate) async fn down(self) -> String {
        self.task.abort();
        let _ = self.task.await;
        self.base.trim_start_matches("http://").to_owned()
    }

    /// Signs with another key from now on, and publishes it or not.
    pub(crate) fn turn(&self, kid: &str, published: bool) {
        let mut inside = self.inside.lock();
        inside.signer = Signer::p256(kid);
        if published {
            inside.published = inside.signer.published();
        }
    }

    /// A person says yes in the browser that was sent to this address; the code that it is sent back with.
    pub(crate) fn consent(&self, address: &str, claims: Value) -> (String, String) {
        let url = url::Url::parse(address).unwrap();
        let asked: Fields = url.query_pairs().into_owned().collect();
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
        assert_eq!(asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let mut claims = claims;
        claims["nonce"] = asked["nonce"].clone().into();
        let mut inside = self.inside.lock();
        inside.made += 1;
        let code = format!("code-{}-that-nobody-shall-see", inside.made);
        let kept = Code {
            claims,
            challenge: asked["code_challenge"].clone(),
            redirect: asked["redirect_uri"].clone(),
        };
        inside.codes.insert(code.clone(), kept);
        (code, asked["state"].clone())
    }
}

impl Inside {
    fn id_token(&self, claims: &Value) -> String {
        let now = jiff::Timestamp::now().as_second();
        let mut all = json!({
            "iss": self.base, "aud": CLIENT, "sub": "subject-1", "iat": now, "exp": now + 300,
        });
        for more in [claims, &self.lies] {
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        }
        if self.thin.is_some() {
            all.as_object_mut()
                .unwrap()
                .retain(|name, _| ["iss", "aud", "sub", "iat", "exp", "nonce"].contains(&name.as_str()));
        }
        self.signer.sign(self.alg, &all)
    }

    fn tokens(&self, claims: &Value) -> Response {
        let tokens = json!({
            "token_type": "Bearer", "access_token": "access-that-nobody-shall-see", "id_token": self.id_token(claims),
        });
        Json(tokens).into_response()
    }
}

fn page() -> Response {
    Html("<!doctype html><h1>Sign in to the hotel's network</h1>").into_response()
}

async fn discovery(State(inside): State<Shared>) -> Response {
    let inside = inside.lock();
    if inside.html {
        return page();
    }
    let at = |path: &str| format!("{}{path}", inside.base);
    let mut said = json!({
        "issuer": inside.called.clone().unwrap_or_else(|| inside.base.clone()),
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "jwks_uri": at("/keys"),
        "userinfo_endpoint": at("/me"),
        "device_authorization_endpoint": at("/device"),
        "code_challenge_methods_supported": ["S256"],
    });
    match inside.shows {
        Shows::Header => {}
        Shows::Form => said["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]),
        Shows::Nothing => said["token_endpoint_auth_methods_supported"] = json!(["none"]),
    }
    Json(said).into_response()
}

async fn keys(State(inside): State<Shared>) -> Response {
    let mut inside = inside.lock();
    inside.keys_asked += 1;
    if inside.html { page() } else { Json(inside.published.clone()).into_response() }
}

async fn userinfo(State(inside): State<Shared>, headers: HeaderMap) -> Response {
    let inside = inside.lock();
    if headers["authorization"] != "Bearer access-that-nobody-shall-see" {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    Json(inside.thin.clone().unwrap_or_else(|| json!({ "sub": "subject-1" }))).into_response()
}

fn refused(word: &str) -> Response {
    let words = json!({ "error": word, "error_description": "words with the code in them" });
    (StatusCode::BAD_REQUEST, Json(words)).into_response()
}

/// Who asks shows that it is our client, in the one place that counts and in no other.
fn is_client(shows: Shows, headers: &HeaderMap, form: &Fields) -> bool {
    let basic = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")));
    let header = headers.get("authorization").map(|shown| *shown == basic);
    let field = |name: &str| form.get(name).map(String::as_str);
    let (id, secret) = (field("client_id"), field("client_secret"));
    match shows {
        Shows::Header => (header, id, secret) == (Some(true), None, None),
        Shows::Form => (header, id, secret) == (None, Some(CLIENT), Some(SECRET)),
        Shows::Nothing => (header, id, secret) == (None, Some(CLIENT), None),
    }
}

async fn token(State(inside): State<Shared>, headers: HeaderMap, Form(form): Form<Fields>) -> Response {
    let mut inside = inside.lock();
    if inside.html {
        return page();
    }
    if !is_client(inside.shows, &headers, &form) {
        return refused("invalid_client");
    }
    if form["grant_type"] != "authorization_code" {
        assert_eq!(form["device_code"], "device-that-nobody-shall-see");
        let next = if inside.device.is_empty() { "done" } else { inside.device.remove(0) };
        let ben = json!({ "email": "ben@acme.example", "groups": ["leads"] });
        return if next == "done" { inside.tokens(&ben) } else { refused(next) };
    }
    let Some(code) = inside.codes.remove(&form["code"]) else { return refused("invalid_grant") };
    let verifier = URL_SAFE_NO_PAD.encode(digest(&SHA256, form["code_verifier"].as_bytes()));
    if verifier != code.challenge || form["redirect_uri"] != code.redirect {
        return refused("invalid_grant");
    }
    inside.tokens(&code.claims)
}

async fn device(State(inside): State<Shared>, headers: HeaderMap, Form(form): Form<Fields>) -> Response {
    let inside = inside.lock();
    if !is_client(inside.shows, &headers, &form) {
        return refused("invalid_client");
    }
    assert!(form["scope"].contains("openid"));
    Json(json!({
        "device_code": "device-that-nobody-shall-see",
        "user_code": "WDJB-MJHT",
        "verification_uri": format!("{}/activate", inside.base),
        "expires_in": 600,
        "interval": 1,
    }))
    .into_response()
}
