//! ID tokens: whose they are, for whom, until when, and that the provider signed them (OpenID Connect Core, 3.1.3.7).

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::Value;
use url::Url;

use super::Claims;
use crate::source::{
    proof::{
        NotProven,
        jws::{Algorithm, Token},
        keys::KeyRing,
    },
    refusal::Refusal,
};

/// How far the provider's clock and ours may be apart.
const LEEWAY: SignedDuration = SignedDuration::from_mins(1);
/// Between two looks for keys: only a token that the provider itself handed out makes us look, so this may be short.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);
/// What may sign. There is no `none`, and nothing symmetric: our secret would sign then, too.
const ALLOWED: [Algorithm; 7] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// The ID tokens of one provider for one client.
#[derive(Debug)]
pub(super) struct IdTokens {
    issuer: String,
    client: String,
    pub(super) keys: Url,
    ring: Mutex<KeyRing>,
}

impl IdTokens {
    pub(super) fn new(issuer: &str, client: &str, keys: Url) -> Self {
        let ring = Mutex::new(KeyRing::new(keys.clone()).looking_again_after(PAUSE));
        Self { issuer: issuer.to_owned(), client: client.to_owned(), keys, ring }
    }

    /// What a token says, once it is proven. `nonce` is what we began with; a device has none.
    pub(super) fn prove(&self, text: &str, nonce: Option<&str>, now: Timestamp) -> Result<Claims, NotProven> {
        let token = Token::read(text).map_err(|why| no(format!("it is no token: {why}")))?;
        let algorithm = ALLOWED.into_iter().find(|known| known.as_str() == token.alg);
        let algorithm = algorithm.ok_or_else(|| {
            let alg: String = token.alg.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
            no(format!("`{alg}` is no signature that counts here"))
        })?;
        self.is_for_us(&token.claims)?;
        self.ring.lock().verify(&token, algorithm, now)?;
        in_time(&token.claims, now)?;
        let said = token.claims.get("nonce").and_then(Value::as_str);
        if nonce.is_some_and(|nonce| said != Some(nonce)) {
            return Err(no("it was made for another login").into());
        }
        let subject = token.claims.get("sub").and_then(Value::as_str);
        if subject.is_none_or(|subject| subject.is_empty() || subject.len() > 255) {
            return Err(no("it does not say whom it is about").into());
        }
        Ok(token.claims)
    }

    /// What came of asking for the keys.
    pub(super) fn learn(&self, answer: Result<&[u8], String>, now: Timestamp) {
        self.ring.lock().learn(answer, now);
    }

    /// How many keys are known.
    pub(super) fn count(&self) -> usize {
        self.ring.lock().len()
    }

    fn is_for_us(&self, claims: &Claims) -> Result<(), Refusal> {
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Err(no("it is of another issuer"));
        }
        let us = |value: &Value| value.as_str() == Some(&self.client);
        let (named, others) = match claims.get("aud") {
            Some(Value::Array(several)) => (several.iter().any(us), several.len() > 1),
            Some(one) => (us(one), false),
            None => (false, false),
        };
        if !named {
            return Err(no("it is for another client"));
        }
        match claims.get("azp") {
            Some(party) if !us(party) => Err(no("it was handed to another client")),
            None if others => Err(no("it is for several clients and does not say to whom it was handed")),
            _ => Ok(()),
        }
    }
}

fn in_time(claims: &Claims, now: Timestamp) -> Result<(), Refusal> {
    let moment = |name: &str| -> Result<Option<Timestamp>, Refusal> {
        let Some(value) = claims.get(name) else { return Ok(None) };
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds; what is out of range is none")]
        let seconds = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64));
        let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        at.map(Some).ok_or_else(|| no(format!("its `{name}` is no time")))
    };
    let (issued, end, start) = (moment("iat")?, moment("exp")?, moment("nbf")?);
    let issued = issued.ok_or_else(|| no("it does not say when it was made"))?;
    let end = end.ok_or_else(|| no("it never ends"))?;
    if now.duration_since(end) > LEEWAY {
        return Err(no("it has ended: compare the clocks"));
    }
    if issued.duration_since(now) > LEEWAY || start.is_some_and(|start| start.duration_since(now) > LEEWAY) {
        return Err(no("it is from the future: compare the clocks"));
    }
    Ok(())
}

fn no(why: impl Into<String>) -> Refusal {
    Refusal::new(401, "unproven", why)
}

#[cfg(test)]
mod tests;
