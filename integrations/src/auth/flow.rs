//! The two ways of making a token: client credentials, and a signed assertion.

use std::time::Duration;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{HeaderMap, header};
use ring::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use serde_json::Value;

use super::{Around, AuthError, WithCredential};
use crate::{
    bind::Refusal,
    call::ErrorKind,
    credential::Credential,
    request::{HttpRequest, parse_base, plain_header},
    response,
    scrub::Scrub,
    spec::{AuthKind, AuthSpec, ClientAuth, Method},
    template::Template,
    transport::SendError,
};

/// A token whose life nobody tells.
const UNTOLD: Duration = Duration::from_secs(600);
/// A token is renewed this long before its end, or in the last tenth of a short life.
const EARLY: Duration = Duration::from_secs(30);
/// How long a token endpoint may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an assertion is good for.
const ASSERTION_LIVES: i64 = 180;

/// Makes a token. Gives it and how long to use it.
pub(super) async fn fetch(
    integration: &str,
    scheme: &AuthSpec,
    credential: &Credential,
    with: &WithCredential<'_>,
    around: Around<'_>,
    scrub: &mut Scrub,
) -> Result<(String, Duration), AuthError> {
    let request = request(scheme, credential, with, scrub)?;
    let sent = around.transport.send(integration, around.hosts, &request);
    let answer = match tokio::time::timeout(PATIENCE, sent).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error @ SendError::Host(_))) => {
            return Err(Refusal::new(ErrorKind::Host, error.to_string()).into());
        }
        Ok(Err(error)) => return Err(AuthError::NotSent(format!("the token endpoint: {error}"))),
        Err(_) => return Err(AuthError::NotSent("the token endpoint did not answer in time".to_owned())),
    };
    let status = answer.status.as_u16();
    if status == 429 {
        return Err(AuthError::Limited(response::pause(&answer.headers, None)));
    }
    if answer.status.is_server_error() {
        return Err(AuthError::NotSent(format!("the token endpoint answered {status}")));
    }
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let Some(token) = body.get("access_token").and_then(Value::as_str).filter(|_| status == 200) else {
        let code = body.get("error").and_then(Value::as_str).unwrap_or("no access token");
        let words = body.get("error_description").and_then(Value::as_str).unwrap_or_default();
        let message = scrub.clean(&format!("the token endpoint answered {status}: {code} {words}"));
        return Err(Refusal::new(ErrorKind::Auth, message).into());
    };
    let told = body.get("expires_in").and_then(|lives| match lives {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    });
    let lives = match (told, scheme.lives) {
        (Some(seconds), _) => Duration::from_secs(seconds.min(86_400)),
        (None, Some(span)) => span.0,
        (None, None) => UNTOLD,
    };
    Ok((token.to_owned(), lives.saturating_sub(EARLY.min(lives / 10))))
}

fn request(
    scheme: &AuthSpec,
    credential: &Credential,
    with: &WithCredential<'_>,
    scrub: &mut Scrub,
) -> Result<HttpRequest, Refusal> {
    let text = |template: &Option<Template>| match template {
        Some(template) => template
            .text(with)
            .map(Some)
            .map_err(|error| Refusal::invalid(format!("authentication: {error}"))),
        None => Ok(None),
    };
    let url = parse_base(&text(&scheme.token_url)?.unwrap_or_default())?;
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, plain_header("application/json")?);
    headers.insert(header::CONTENT_TYPE, plain_header("application/x-www-form-urlencoded")?);
    let mut form = Vec::new();
    if scheme.kind == AuthKind::JwtBearer {
        let claims = [
            ("iss", &scheme.issuer),
            ("sub", &scheme.subject),
            ("aud", &scheme.audience),
            ("scope", &scheme.scope),
        ];
        let mut named = serde_json::Map::new();
        for (name, template) in claims {
            if let Some(value) = text(template)? {
                named.insert(name.to_owned(), value.into());
            }
        }
        let assertion = sign(named, credential)?;
        scrub.add(&assertion);
        form.push(("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()));
        form.push(("assertion", assertion));
    } else {
        let user = text(&scheme.user)?.unwrap_or_default();
        form.push(("grant_type", "client_credentials".to_owned()));
        if let Some(scope) = text(&scheme.scope)? {
            form.push(("scope", scope));
        }
        match scheme.client_auth {
            ClientAuth::Basic => {
                let proof = STANDARD.encode(format!("{}:{}", encoded(&user), encoded(credential.expose())));
                scrub.add(&proof);
                headers.insert(header::AUTHORIZATION, plain_header(&format!("Basic {proof}"))?);
            }
            ClientAuth::Form => {
                form.push(("client_id", user));
                form.push(("client_secret", credential.expose().to_owned()));
            }
        }
    }
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    Ok(HttpRequest { method: Method::Post, url, headers, body: body.into() })
}

/// RFC 6749, 2.3.1: id and secret are form-encoded before they become Basic.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A JWT signed with RS256.
fn sign(mut claims: serde_json::Map<String, Value>, credential: &Credential) -> Result<String, Refusal> {
    let now = jiff::Timestamp::now().as_second();
    claims.insert("iat".to_owned(), now.into());
    claims.insert("exp".to_owned(), (now + ASSERTION_LIVES).into());
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
    let payload = URL_SAFE_NO_PAD.encode(Value::Object(claims).to_string());
    let signed = format!("{header}.{payload}");
    let wrong =
        |why: &str| Refusal::new(ErrorKind::Auth, format!("the credential is no RSA private key: {why}"));
    let (der, pkcs8) = pem(credential.expose()).ok_or_else(|| wrong("not in PEM form"))?;
    let key = if pkcs8 { KeyPair::from_pkcs8(&der) } else { KeyPair::from_der(&der) };
    let key = key.map_err(|error| wrong(&error.to_string()))?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| wrong("it does not sign"))?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// The bytes of a private key, and whether they are PKCS #8 (else PKCS #1).
fn pem(text: &str) -> Option<(Vec<u8>, bool)> {
    let (kind, pkcs8) = if text.contains("-----BEGIN PRIVATE KEY-----") {
        ("PRIVATE KEY", true)
    } else {
        ("RSA PRIVATE KEY", false)
    };
    let body = text.split(&format!("-----BEGIN {kind}-----")).nth(1)?;
    let body = body.split(&format!("-----END {kind}-----")).next()?;
    let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    Some((STANDARD.decode(body).ok()?, pkcs8))
}
