//! The typed client of the API: over TCP with a token, or over the Unix socket of a data folder as the machine's user.
//!
//! It knows the wire and nothing else: what an answer means is for the caller.

mod drill;
mod error;
mod events;
mod keep;
mod login;
mod sse;
mod transport;
mod verbs;

pub use drill::Seat;
pub use error::ClientError;
pub use events::{Events, News};
pub use transport::{Location, Trust};

use std::sync::Arc;

use transport::Transport;

/// A connection to one server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    transport: Arc<Transport>,
}

impl Client {
    /// Prepares to talk to the server at this place; nothing is sent yet.
    ///
    /// # Errors
    /// When the place makes no sense.
    pub fn connect(location: Location) -> Result<Self, ClientError> {
        Ok(Self { transport: Arc::new(Transport::new(location, &Trust::default())?) })
    }

    /// The same to a server whose certificate only we know, or that asks for ours, saying with every request what we are
    /// (`cli`, `tui`, `console`): the record of a decision tells it.
    ///
    /// # Errors
    /// When the place makes no sense, or the certificates are none.
    pub fn connect_as(location: Location, trust: &Trust, channel: &'static str) -> Result<Self, ClientError> {
        Ok(Self { transport: Arc::new(Transport::new(location, trust)?.saying(channel)) })
    }
}
