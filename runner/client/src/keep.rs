//! What an administrator keeps: the configuration in force, legal holds, what is dropped.

use stanch_model::api::{LegalHold, LegalHoldBody, Page, Recorded, Reloaded, RetainBody, Retained};

use crate::{Client, ClientError};

type Answer<T> = Result<T, ClientError>;

impl Client {
    /// Has the configuration read anew.
    ///
    /// # Errors
    /// As every method here: nobody answers, the server says no, or the answer makes no sense.
    pub async fn reload(&self) -> Answer<Reloaded> {
        self.post(&["v1", "reload"], &serde_json::json!({})).await
    }

    /// Drops the bodies of what ended long ago, or tells which that would be.
    pub async fn retain(&self, body: &RetainBody) -> Answer<Retained> {
        self.post(&["v1", "retention"], body).await
    }

    /// Incidents of which nothing is dropped.
    pub async fn legal_holds(&self) -> Answer<Page<LegalHold>> {
        self.get(&["v1", "legal-holds"], &[]).await
    }

    /// Nothing of this incident is dropped from now on.
    pub async fn hold_incident(&self, incident: &str, reason: &str) -> Answer<Recorded> {
        let body = LegalHoldBody { reason: reason.to_owned() };
        self.post(&["v1", "incidents", incident, "legal-hold"], &body).await
    }

    /// The same, taken off again.
    pub async fn release_incident(&self, incident: &str, reason: &str) -> Answer<Recorded> {
        let body = LegalHoldBody { reason: reason.to_owned() };
        self.post(&["v1", "incidents", incident, "legal-hold", "release"], &body).await
    }
}
