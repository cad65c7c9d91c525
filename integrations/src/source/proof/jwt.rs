//! Tokens that an issuer signed: in a header (OpenID Connect), or as the body itself (Security Event Tokens).

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use serde_json::{Map, Value};
use url::Url;

use super::{
    NotProven,
    jws::{Algorithm, Token},
    keys::KeyRing,
    spec::JwtSpec,
};
use crate::source::{
    bound::{BadSource, Settings},
    refusal::Refusal,
};

/// How far the issuer's clock may be ahead of ours.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);

/// A token, and what it must say, with settings filled in.
#[derive(Debug)]
pub(crate) struct Jwt {
    algorithms: Vec<Algorithm>,
    typ: Option<String>,
    issuers: Vec<String>,
    audience: String,
    claims: Vec<(String, Value)>,
    within: Option<SignedDuration>,
    ring: Mutex<KeyRing>,
}

impl Jwt {
    pub(crate) fn bind(spec: &JwtSpec, settings: &Settings<'_>) -> Result<Self, BadSource> {
        let address = settings.need(&spec.keys)?;
        let url =
            Url::parse(&address).ok().filter(|url| url.scheme() == "https" && url.username().is_empty());
        let url = url.ok_or(BadSource::Address(address))?;
        let claim = |(name, value): (&String, &Value)| {
            let value = match value {
                Value::String(text) => Value::String(settings.need(&super::template(text)?)?),
                other => other.clone(),
            };
            Ok((name.clone(), value))
        };
        Ok(Self {
            algorithms: spec.algorithms.clone(),
            typ: spec.typ.clone(),
            issuers: spec.issuer.iter().map(|issuer| settings.need(issuer)).collect::<Result<_, _>>()?,
            audience: settings.need(&spec.audience)?,
            claims: spec.claims.iter().map(claim).collect::<Result<_, BadSource>>()?,
            within: spec.within.and_then(|span| SignedDuration::try_from(span.0).ok()),
            ring: Mutex::new(KeyRing::new(url)),
        })
    }

    /// What a token says, once it is proven: its signature first, then every claim.
    pub(crate) fn prove(&self, text: &str, now: Timestamp) -> Result<Map<String, Value>, NotProven> {
        let token =
            Token::read(text).map_err(|why| Refusal::new(400, "not_a_token", format!("no token: {why}")))?;
        self.typed(&token)?;
        let allowed = self.algorithms.iter().find(|known| known.as_str() == token.alg);
        let algorithm = *allowed.ok_or_else(|| {
            let message = format!("the algorithm `{}` is not allowed here", super::short(&token.alg));
            Refusal::new(401, "bad_key", message)
        })?;
        // Whose token it claims to be is looked at before any key: a stranger's makes us ask nobody for keys.
        self.meant_for_us(&token.claims)?;
        self.ring.lock().verify(&token, algorithm, now)?;
        self.in_time(&token.claims, now)?;
        for (name, value) in &self.claims {
            if token.claims.get(name) != Some(value) {
                return Err(
                    Refusal::new(401, "unproven", format!("the token's claim `{name}` is another")).into()
                );
            }
        }
        Ok(token.claims)
    }

    /// What came of asking for the keys.
    pub(crate) fn learn(&self, answer: Result<&[u8], String>, now: Timestamp) {
        self.ring.lock().learn(answer, now);
    }

    fn typed(&self, token: &Token<'_>) -> Result<(), Refusal> {
        let Some(typ) = &self.typ else { return Ok(()) };
        let given = token.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
        let given = given.strip_prefix("application/").unwrap_or(&given);
        if given == typ.as_str() {
            return Ok(());
        }
        Err(Refusal::new(400, "not_a_token", format!("the token's `typ` is not `{typ}`")))
    }

    fn meant_for_us(&self, claims: &Map<String, Value>) -> Result<(), Refusal> {
        let issuer = claims.get("iss").and_then(Value::as_str);
        if !issuer.is_some_and(|issuer| self.issuers.iter().any(|known| known == issuer)) {
            return Err(Refusal::new(401, "bad_issuer", "the token is of another issuer"));
        }
        let for_us = match claims.get("aud") {
            Some(Value::String(one)) => *one == self.audience,
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(&self.audience)),
            _ => false,
        };
        if for_us {
            Ok(())
        } else {
            Err(Refusal::new(401, "bad_audience", "the token is for another audience"))
        }
    }

    fn in_time(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<(), Refusal> {
        let moment = |name: &str| -> Result<Option<Timestamp>, Refusal> {
            let bad = || Refusal::new(400, "not_a_token", format!("the token's `{name}` is no time"));
            let Some(value) = claims.get(name) else { return Ok(None) };
            crate::source::field::time(value).map(Some).ok_or_else(bad)
        };
        let stale = |message: &str| Err(Refusal::new(401, "stale", message));
        if let Some(issued) = moment("iat")? {
            if issued.duration_since(now) > LEEWAY {
                return stale("the token is from the future: compare the clocks");
            }
            if self.within.is_some_and(|within| now.duration_since(issued) > within) {
                return stale("the token is too old");
            }
        } else if self.within.is_some() {
            return Err(Refusal::new(400, "not_a_token", "the token does not say when it was issued"));
        }
        match moment("exp")? {
            Some(end) if now.duration_since(end) > LEEWAY => return stale("the token has expired"),
            None if self.within.is_none() => {
                return Err(Refusal::new(401, "stale", "the token never expires: it is not believed"));
            }
            _ => {}
        }
        match moment("nbf")? {
            Some(start) if start.duration_since(now) > LEEWAY => stale("the token is not valid yet"),
            _ => Ok(()),
        }
    }
}
