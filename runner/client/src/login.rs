//! Logging in at the provider of a server, without a browser of one's own.

use stanch_model::api::{BegunLogin, PollLogin, PolledLogin, Recorded};

use crate::{Client, ClientError};

type Answer<T> = Result<T, ClientError>;

impl Client {
    /// Begins a login: a person opens an address elsewhere and types a code.
    ///
    /// # Errors
    /// As every method here: nobody answers, the server says no, or the answer makes no sense.
    pub async fn begin_login(&self) -> Answer<BegunLogin> {
        self.post(&["v1", "login"], &serde_json::json!({})).await
    }

    /// What became of it.
    pub async fn poll_login(&self, login: &str) -> Answer<PolledLogin> {
        self.post(&["v1", "login", "token"], &PollLogin { login: login.to_owned() }).await
    }

    /// Ends the login that our token came from.
    pub async fn log_out(&self) -> Answer<Recorded> {
        self.post(&["v1", "logout"], &serde_json::json!({})).await
    }
}
