//! How bytes leave this machine: to allow-listed hosts, or to simulated platforms on loopback and to nothing else.

use std::net::SocketAddr;

/// The one way out of an [`Integrations`](crate::Integrations).
#[derive(Clone, Debug)]
pub enum Transport {
    /// To the real platforms.
    Live(LiveTransport),
    /// To the simulated ones.
    Twin(TwinTransport),
}

/// HTTPS to the hosts that the configuration names, mail to the servers it names.
#[derive(Clone, Debug)]
pub struct LiveTransport {
    _private: (),
}

impl LiveTransport {
    /// A transport with the system's root certificates.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new() -> Result<Self, std::io::Error> {
        Ok(Self { _private: () })
    }
}

/// Plain HTTP and SMTP to two loopback listeners. Nothing in it can hold another address.
#[derive(Clone, Debug)]
pub struct TwinTransport {
    http: SocketAddr,
    mail: Option<SocketAddr>,
}

impl TwinTransport {
    /// A transport to the twins' HTTP listener, and to their SMTP listener if mail is simulated too.
    ///
    /// # Errors
    /// When an address is not on loopback.
    pub fn new(http: SocketAddr, mail: Option<SocketAddr>) -> Result<Self, TwinTransportError> {
        for address in [Some(http), mail].into_iter().flatten() {
            if !address.ip().is_loopback() {
                return Err(TwinTransportError(address));
            }
        }
        Ok(Self { http, mail })
    }

    /// Where it connects to.
    pub fn addresses(&self) -> (SocketAddr, Option<SocketAddr>) {
        (self.http, self.mail)
    }
}

/// An address that no simulated platform may have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a loopback address: simulated platforms live on loopback only")]
pub struct TwinTransportError(SocketAddr);
