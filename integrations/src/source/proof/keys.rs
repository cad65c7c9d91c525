//! An issuer's public keys, fetched when they are needed and kept for a while.
//!
//! A key that we do not know may be a new one: the set is fetched again, but never more often than once in a pause, so
//! that nobody can make us ask the issuer for every forged token. When the issuer cannot be reached, known keys go on.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{
    NotProven, Want,
    jws::{Algorithm, NamedKey, Token, key_set},
};
use crate::source::refusal::Refusal;

/// After this time the set is asked for again, so that a key that was taken out of it is no longer believed.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// Keys that could not be renewed for so long are believed no more.
const STALE: SignedDuration = SignedDuration::from_hours(24);
/// Between two requests to the issuer, unless said.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// Tried for a token that names no key.
const MOST_TRIED: usize = 16;

/// The keys of one issuer.
#[derive(Debug)]
pub(crate) struct KeyRing {
    url: Url,
    keys: Vec<NamedKey>,
    /// When the keys were fetched.
    fetched: Option<Timestamp>,
    /// When they were last asked for, and why that failed.
    asked: Option<(Timestamp, Option<String>)>,
    pause: SignedDuration,
}

impl KeyRing {
    pub(crate) fn new(url: Url) -> Self {
        Self { url, keys: Vec::new(), fetched: None, asked: None, pause: PAUSE }
    }

    /// With another time between two requests to the issuer.
    pub(crate) fn looking_again_after(self, pause: SignedDuration) -> Self {
        Self { pause, ..self }
    }

    /// How many keys are known.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    /// Proves a token whose algorithm is allowed already.
    pub(crate) fn verify(
        &self,
        token: &Token<'_>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<(), NotProven> {
        let age = self.fetched.map(|at| now.duration_since(at));
        let may_ask = self.asked.as_ref().is_none_or(|(at, _)| now.duration_since(*at) >= self.pause);
        if may_ask && age.is_none_or(|age| age >= FRESH) {
            return Err(Want::Keys(self.url.clone()).into());
        }
        if age.is_none_or(|age| age >= STALE) {
            return Err(self.unreachable().into());
        }
        let named = |key: &&NamedKey| {
            let fits = token.kid.is_none() || key.kid.is_none() || token.kid == key.kid;
            fits && key.alg.as_deref().is_none_or(|alg| alg == algorithm.as_str())
        };
        let mut candidates = self.keys.iter().filter(named).take(MOST_TRIED).peekable();
        if candidates.peek().is_none() {
            if may_ask {
                return Err(Want::Keys(self.url.clone()).into());
            }
            let message = format!("it is signed by a key that {} does not hold", self.url);
            return Err(Refusal::new(401, "bad_key", message).into());
        }
        match candidates.any(|key| token.signed_by(algorithm, &key.key)) {
            true => Ok(()),
            false => Err(Refusal::new(401, "unproven", "the signature does not fit the token").into()),
        }
    }

    /// What came of asking for the keys.
    pub(crate) fn learn(&mut self, answer: Result<&[u8], String>, now: Timestamp) {
        let read = answer.and_then(|bytes| key_set(bytes).map_err(str::to_owned));
        self.asked = Some((now, read.as_ref().err().cloned()));
        if let Ok(keys) = read {
            (self.keys, self.fetched) = (keys, Some(now));
        }
    }

    fn unreachable(&self) -> Refusal {
        let why = self.asked.as_ref().and_then(|(_, why)| why.as_deref()).unwrap_or("not asked yet");
        let message = format!("the keys at {} cannot be had: {why}", self.url);
        Refusal::new(503, "keys_unreachable", message)
            .help("let this machine reach the address, or mend it under `settings`")
            .retry_after(60)
    }
}
