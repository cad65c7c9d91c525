//! One provider: what it says of itself is asked when it is needed and kept for a while; its answers are proven here.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use serde_json::Value;
use stanch_model::config::OidcConfig;
use tokio::sync::Mutex;
use url::Url;

use super::{
    Claims, ProviderError, claim,
    discovery::Discovery,
    id_token::IdTokens,
    way::{Reach, Way, odd},
};
use crate::{credential::Reference, source::proof::NotProven};

/// After this time the provider is asked anew what it says of itself.
const FRESH: Duration = Duration::from_secs(3600);
/// While it does not answer that, what it said is believed for so long.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// Between two questions of a device, where the provider names no time (RFC 8628, 3.2).
const INTERVAL: u64 = 5;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A provider, as one of its clients.
pub struct Provider {
    config: OidcConfig,
    secret: Option<Reference>,
    way: Way,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    at: Instant,
    discovery: Arc<Discovery>,
    tokens: Arc<IdTokens>,
}

/// A device flow that has begun.
#[derive(Clone)]
pub struct Device {
    /// What asks what became of it. A secret.
    pub device_code: String,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it.
    pub verification_uri_complete: Option<String>,
    /// Seconds to wait before each question.
    pub interval: u64,
    /// Seconds until the code is worth nothing.
    pub expires_in: u64,
}

/// What became of a device flow.
pub enum Poll {
    /// The person has not finished.
    Pending,
    /// The same, and we ask too often.
    SlowDown,
    /// What the provider says of the person.
    Done(Claims),
}

/// What a look at a provider found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Keys that can verify something.
    pub keys: usize,
    /// Whether `stanch login` works there.
    pub device: bool,
}

impl Provider {
    /// Nothing is asked yet.
    ///
    /// # Errors
    /// When the configuration names something that cannot be followed.
    pub fn new(config: &OidcConfig, reach: Reach) -> Result<Self, ProviderError> {
        let secret = config.client_secret.as_deref().map(Reference::parse).transpose();
        let secret = secret.map_err(|why| ProviderError::Config(why.to_string()))?;
        let way = Way::new(config.ca.as_deref(), reach)?;
        Ok(Self { config: config.clone(), secret, way, known: Mutex::default() })
    }

    /// Its host, for people.
    pub fn host(&self) -> String {
        let url = Url::parse(&self.config.issuer).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| self.config.issuer.clone())
    }

    /// Asks what it says of itself and for its keys.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn look(&self) -> Result<Seen, ProviderError> {
        let known = self.known().await?;
        let keys = self.way.bytes(&known.tokens.keys).await?;
        known.tokens.learn(Ok(&keys), Timestamp::now());
        match known.tokens.count() {
            0 => Err(odd(&known.tokens.keys, "it holds no key that can verify anything".to_owned())),
            keys => Ok(Seen { keys, device: known.discovery.device.is_some() }),
        }
    }

    /// Where a browser is sent. `verifier` stays with us, and proves at the end that it was we who began.
    ///
    /// # Errors
    /// When the provider cannot be asked where that is.
    pub async fn begin(
        &self,
        redirect: &str,
        state: &str,
        nonce: &str,
        verifier: &str,
    ) -> Result<Url, ProviderError> {
        let mut url = self.known().await?.discovery.authorization.clone();
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.config.client_id),
            ("redirect_uri", redirect),
            ("scope", &self.scope()),
            ("state", state),
            ("nonce", nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        Ok(url)
    }

    /// Whether an answer to our page is this provider's, by the name in it (RFC 9207).
    ///
    /// # Errors
    /// When it is another's, or ought to have a name and has none.
    pub async fn is_own(&self, iss: Option<&str>) -> Result<(), ProviderError> {
        let wanted = &self.config.issuer;
        match iss {
            Some(said) if said == wanted => Ok(()),
            None if !self.known().await?.discovery.names_itself => Ok(()),
            said => {
                let said = said.unwrap_or("nobody").chars().filter(|c| !c.is_control()).take(200).collect();
                Err(ProviderError::OtherIssuer { wanted: wanted.clone(), said })
            }
        }
    }

    /// Gives a code in for what the provider says of the person. `redirect`, `nonce` and `verifier` are those it began with.
    ///
    /// # Errors
    /// When it refuses, cannot be asked, or is not believed.
    pub async fn redeem(
        &self,
        code: &str,
        redirect: &str,
        nonce: &str,
        verifier: &str,
    ) -> Result<Claims, ProviderError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ];
        let said = self.ask_for_tokens(&form).await?;
        match said.get("error") {
            Some(error) => Err(ProviderError::refused(error.as_str().unwrap_or_default())),
            None => self.believed(&said, Some(nonce)).await,
        }
    }

    /// Begins a device flow.
    ///
    /// # Errors
    /// When the provider has none, refuses, or cannot be asked.
    pub async fn begin_device(&self) -> Result<Device, ProviderError> {
        let known = self.known().await?;
        let at = known.discovery.device.clone().ok_or(ProviderError::NoDevice)?;
        let said = self.ask(&known, &at, &[("scope", &self.scope())]).await?;
        if let Some(error) = said.get("error") {
            return Err(ProviderError::refused(error.as_str().unwrap_or_default()));
        }
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(str::to_owned);
        let whole = || odd(&at, "the beginning of a device flow is not whole".to_owned());
        let place = text("verification_uri").ok_or_else(whole)?;
        // the person is told to go there: it is an address of the same kind as the others
        self.way.address(&place)?;
        let complete = text("verification_uri_complete").filter(|place| self.way.address(place).is_ok());
        let number = |name: &str| said.get(name).and_then(Value::as_u64);
        Ok(Device {
            device_code: text("device_code").ok_or_else(whole)?,
            user_code: text("user_code").ok_or_else(whole)?,
            verification_uri: place,
            verification_uri_complete: complete,
            interval: number("interval").unwrap_or(INTERVAL).clamp(1, 60),
            expires_in: number("expires_in").ok_or_else(whole)?.clamp(1, 3600),
        })
    }

    /// Asks what became of a device flow.
    ///
    /// # Errors
    /// When the person or the provider said no, its time is over, or the provider cannot be asked.
    pub async fn poll(&self, device_code: &str) -> Result<Poll, ProviderError> {
        let form = [("grant_type", DEVICE_GRANT), ("device_code", device_code)];
        let said = self.ask_for_tokens(&form).await?;
        match said.get("error").map(|error| error.as_str().unwrap_or_default()) {
            Some("authorization_pending") => Ok(Poll::Pending),
            Some("slow_down") => Ok(Poll::SlowDown),
            Some(word) => Err(ProviderError::refused(word)),
            None => self.believed(&said, None).await.map(Poll::Done),
        }
    }

    fn scope(&self) -> String {
        self.config.scopes.join(" ")
    }

    /// What the provider says of itself. While it does not answer, what it said before counts.
    async fn known(&self) -> Result<Known, ProviderError> {
        let mut kept = self.known.lock().await;
        if let Some(known) = kept.as_ref().filter(|known| known.at.elapsed() < FRESH) {
            return Ok(known.clone());
        }
        match (Discovery::of(&self.way, &self.config.issuer).await, kept.take()) {
            (Ok(discovery), old) => {
                let tokens = match old.filter(|old| old.tokens.keys == discovery.keys) {
                    Some(old) => old.tokens,
                    None => {
                        let keys = discovery.keys.clone();
                        Arc::new(IdTokens::new(&self.config.issuer, &self.config.client_id, keys))
                    }
                };
                let known = Known { at: Instant::now(), discovery: Arc::new(discovery), tokens };
                *kept = Some(known.clone());
                Ok(known)
            }
            (Err(ProviderError::Unreachable(why)), Some(old)) if old.at.elapsed() < STALE => {
                tracing::warn!(why, "the login provider does not say who it is; what it said before counts");
                *kept = Some(old.clone());
                Ok(old)
            }
            (Err(why), _) => Err(why),
        }
    }

    async fn ask_for_tokens(&self, form: &[(&str, &str)]) -> Result<Claims, ProviderError> {
        let known = self.known().await?;
        let at = known.discovery.token.clone();
        let said = self.ask(&known, &at, form).await?;
        if said.contains_key("error") || said.contains_key("id_token") {
            return Ok(said);
        }
        Err(odd(&at, "it gives no ID token: is the scope `openid` allowed there?".to_owned()))
    }

    /// Sends a form as this client.
    async fn ask(&self, known: &Known, at: &Url, form: &[(&str, &str)]) -> Result<Claims, ProviderError> {
        let secret = match &self.secret {
            Some(secret) => Some(secret.text().await.map_err(|why| ProviderError::Secret(why.to_string()))?),
            None => None,
        };
        let id = self.config.client_id.as_str();
        let mut form = form.to_vec();
        let basic = match &secret {
            Some(secret) if !known.discovery.secret_in_form => Some((id, secret.as_str())),
            Some(secret) => {
                form.push(("client_secret", secret));
                None
            }
            None => None,
        };
        if basic.is_none() {
            form.push(("client_id", id));
        }
        let said = self.way.post(at, &form, basic).await?;
        if said.status.is_success() || said.body.contains_key("error") {
            return Ok(said.body);
        }
        Err(odd(at, format!("it answers {}", said.status.as_u16())))
    }

    /// What tokens say of the person, once they are proven. What the ID token leaves out is asked for.
    async fn believed(&self, said: &Claims, nonce: Option<&str>) -> Result<Claims, ProviderError> {
        let known = self.known().await?;
        let text = said.get("id_token").and_then(Value::as_str).unwrap_or_default();
        let mut claims = self.proven(&known.tokens, text, nonce).await?;
        let whole =
            [&self.config.person, &self.config.groups].iter().all(|name| claim(&claims, name).is_some());
        let access = said.get("access_token").and_then(Value::as_str);
        if let (false, Some(at), Some(access)) = (whole, &known.discovery.userinfo, access) {
            let more = self.way.get(at, Some(access)).await?;
            if !more.status.is_success() {
                return Err(odd(at, format!("it answers {}", more.status.as_u16())));
            }
            // what is told of another is told of nobody
            if more.body.get("sub") != claims.get("sub") {
                return Err(ProviderError::NotBelieved("what else it says is of somebody else".to_owned()));
            }
            for (name, value) in more.body {
                claims.entry(name).or_insert(value);
            }
        }
        Ok(claims)
    }

    /// A key that is not known may be new: it is looked for once.
    async fn proven(
        &self,
        tokens: &IdTokens,
        text: &str,
        nonce: Option<&str>,
    ) -> Result<Claims, ProviderError> {
        let mut looked = false;
        loop {
            match tokens.prove(text, nonce, Timestamp::now()) {
                Ok(claims) => return Ok(claims),
                Err(NotProven::Wants(want)) if !looked => {
                    looked = true;
                    let keys = self.way.bytes(want.url()).await.map_err(|why| why.to_string());
                    tokens.learn(keys.as_deref().map_err(Clone::clone), Timestamp::now());
                }
                Err(NotProven::Wants(_)) => {
                    return Err(ProviderError::NotBelieved("its keys cannot be had".to_owned()));
                }
                Err(NotProven::No(refusal)) => return Err(ProviderError::NotBelieved(refusal.message)),
            }
        }
    }
}
