//! Where a mail may be handed over: the configured server under TLS, or the twins' listener in the clear.

use std::fmt;

use url::Url;

use super::{Transport, twin::Loopback};
use crate::{bind::Refusal, call::ErrorKind};

/// A mail server and how to talk to it. Made only from a transport, so that a twin route cannot name a real server.
pub(crate) struct MailRoute(Route);

enum Route {
    Live { host: String, port: u16, implicit_tls: bool, login: Option<(String, String)> },
    Twin { host: String, port: u16 },
}

impl MailRoute {
    /// The route to the server of `base` (`smtp://host:587` with STARTTLS, `smtps://host:465`) over this transport.
    pub(crate) fn new(
        transport: &Transport,
        base: &Url,
        login: Option<(String, String)>,
    ) -> Result<Self, Refusal> {
        match transport {
            Transport::Live(_) => {
                let implicit_tls = base.scheme() == "smtps";
                let port = base.port().unwrap_or(if implicit_tls { 465 } else { 587 });
                let host = base.host_str().unwrap_or_default().to_owned();
                Ok(Self(Route::Live { host, port, implicit_tls, login }))
            }
            Transport::Twin(twin) => match twin.mail().map(Loopback::address) {
                Some(address) => {
                    Ok(Self(Route::Twin { host: address.ip().to_string(), port: address.port() }))
                }
                None => Err(Refusal::new(ErrorKind::Host, "no simulated mail server is running")),
            },
        }
    }

    pub(crate) fn host(&self) -> &str {
        match &self.0 {
            Route::Live { host, .. } | Route::Twin { host, .. } => host,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        match &self.0 {
            Route::Live { port, .. } | Route::Twin { port, .. } => *port,
        }
    }

    pub(crate) fn implicit_tls(&self) -> bool {
        matches!(&self.0, Route::Live { implicit_tls: true, .. })
    }

    /// Live mail is never sent in the clear.
    pub(crate) fn start_tls(&self) -> bool {
        matches!(&self.0, Route::Live { implicit_tls: false, .. })
    }

    pub(crate) fn login(&self) -> Option<(&str, &str)> {
        match &self.0 {
            Route::Live { login: Some((user, password)), .. } => Some((user, password)),
            _ => None,
        }
    }
}

impl fmt::Debug for MailRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mail server {}:{}", self.host(), self.port())
    }
}
