//! People who log in at a provider of OpenID Connect: on our pages, where a token in a cookie is the session, and by a device
//! flow that ends in a token for the command line.
//!
//! What has begun is not remembered here: it lies sealed with whoever began it, so nobody can fill our memory. A login is
//! durable in the stream `people` before anybody has its token; what is refused stands there, too. Codes and tokens never do.

mod cookie;
mod pages;
mod person;
mod record;
mod seal;

pub(crate) use cookie::{LOGIN, SESSION, clear, give, read};
pub(crate) use pages::{cards, gate, with_foot};
pub(crate) use person::{NotIn, Person, person};
pub(crate) use record::{Why, admit, ended, refused};
pub(crate) use seal::{Begun, DeviceBegun, random, same};

use std::time::{Duration, Instant};

use jiff::Timestamp;
use ring::hmac;
use stanch_integrations::openid::{Provider, ProviderError, Reach};
use stanch_model::{
    api::LoginWay,
    config::{Config, OidcConfig},
    run::Mode,
};

use self::seal::Seal;
use crate::{
    app::App,
    auth::{Caller, Limiter},
    problem::Refused,
};

/// Where a browser comes back to.
pub(crate) const CALLBACK: &str = "/login/callback";

/// How long a person may take at the provider.
pub(crate) const PATIENCE: Duration = Duration::from_secs(600);

/// Questions a second that may go to the provider for people whom nobody knows yet, in bursts of twenty times that.
const PACE: u32 = 10;

/// Logging in, where the configuration has it.
pub(crate) struct Logins {
    pub(crate) provider: Provider,
    pub(crate) config: OidcConfig,
    pub(crate) seal: Seal,
    /// Where people reach this server, without a slash at the end.
    public: Option<String>,
    /// Cookies go out by https alone.
    pub(crate) secure: bool,
    pace: Limiter,
}

impl Logins {
    /// As the configuration says. The provider is not asked: a server comes up without it.
    ///
    /// # Errors
    /// When the configuration names what cannot be followed.
    pub(crate) fn of(config: &Config, mode: Mode) -> Result<Option<Self>, String> {
        let Some(oidc) = &config.server.oidc else { return Ok(None) };
        let reach = if mode == Mode::Live { Reach::Anywhere } else { Reach::ThisMachine };
        let provider = Provider::new(oidc, reach).map_err(|why| why.to_string())?;
        let public = config.server.public.as_ref().map(|url| url.trim_end_matches('/').to_owned());
        let secure =
            config.server.tls.is_some() || public.as_ref().is_some_and(|url| url.starts_with("https:"));
        Ok(Some(Self {
            provider,
            config: oidc.clone(),
            seal: Seal::new()?,
            public,
            secure,
            pace: Limiter::new(PACE, 20 * PACE),
        }))
    }

    /// True where browsers know the way back.
    pub(crate) fn has_pages(&self) -> bool {
        self.public.is_some()
    }

    /// The address that the provider sends browsers back to.
    pub(crate) fn redirect(&self) -> Option<String> {
        self.public.as_ref().map(|public| format!("{public}{CALLBACK}"))
    }

    /// Strangers together ask the provider no more than so much.
    pub(crate) fn pace(&self) -> Result<(), Refused> {
        self.pace.take("all", 1, Instant::now()).map_err(Refused::too_fast)
    }

    /// When a login that is made now ends.
    pub(crate) fn end(&self) -> Timestamp {
        let now = Timestamp::now();
        now.checked_add(self.config.lasts()).unwrap_or(now)
    }
}

/// Whether a caller's login still counts: whoever is taken out of the configuration is out at once.
pub(crate) fn counts(app: &App, caller: &Caller) -> bool {
    caller.login.is_none()
        || app.logins.is_some()
            && app.config.people.known.get(&caller.name).is_some_and(|person| person.login.is_some())
}

/// Somebody who is logged in, in a browser.
pub(crate) struct Session {
    pub(crate) caller: Caller,
    /// What a form of this session brings along, and no page of another site can know.
    pub(crate) ticket: String,
}

impl Session {
    /// Whose browser this is, if anybody's.
    pub(crate) fn of(app: &App, headers: &http::HeaderMap) -> Option<Self> {
        let logins = app.logins.as_ref()?;
        let token = read(headers, SESSION, logins.secure)?;
        let info = app.tokens.find(&token).filter(|info| info.login == Some(LoginWay::Web))?;
        let caller = Caller::holding(info, "web");
        let key = hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes());
        let ticket = seal::text(hmac::sign(&key, b"stanch form").as_ref());
        counts(app, &caller).then_some(Self { caller, ticket })
    }

    /// True when a form came from a page of this session.
    pub(crate) fn made(&self, ticket: &str) -> bool {
        seal::same(self.ticket.as_bytes(), ticket.as_bytes())
    }
}

/// What a provider's trouble is to a caller.
pub(crate) fn trouble(why: &ProviderError) -> Refused {
    use http::StatusCode;
    let refuse = |status, code| Refused::new(status, code, why.to_string());
    match why {
        ProviderError::Refused(word) => match word.as_str() {
            "access_denied" => refuse(StatusCode::FORBIDDEN, "denied").help("the person said no at the provider"),
            "expired_token" => refuse(StatusCode::GONE, "expired").help("begin again: the code's time is over"),
            _ => refuse(StatusCode::BAD_GATEWAY, "provider").help("begin again; `stanch doctor` on the server looks at the provider"),
        },
        ProviderError::NoDevice => refuse(StatusCode::CONFLICT, "no_device")
            .help("let the provider allow the device grant to this client, or use a token of `stanch tokens new`"),
        ProviderError::Unreachable(_) => refuse(StatusCode::SERVICE_UNAVAILABLE, "provider")
            .help("tokens of `stanch tokens new` work without it")
            .retry_after(10),
        _ => refuse(StatusCode::BAD_GATEWAY, "provider")
            .help("`stanch doctor` on the server says more; tokens of `stanch tokens new` work without the provider"),
    }
}
