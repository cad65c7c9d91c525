//! A seat of a drill: the supervisor's own address, where whoever plays shows a code.

use std::sync::Arc;

use http::Method;
use stanch_model::api::{DrillDone, DrillOrder, DrillTicket, DrillView};

use crate::{Client, ClientError, Location};

/// A seat of a drill. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Seat {
    client: Client,
    code: Arc<str>,
}

impl Seat {
    /// Prepares to sit down at `CODE@HOST:PORT`; nothing is sent yet.
    ///
    /// # Errors
    /// When it is written otherwise.
    pub fn at(place: &str) -> Result<Self, ClientError> {
        let parts = place.split_once('@').filter(|(code, at)| !code.is_empty() && !at.is_empty());
        let Some((code, at)) = parts else {
            return Err(ClientError::Location(format!("`{place}` is no seat: write CODE@HOST:PORT")));
        };
        let (url, token) = (format!("http://{at}"), Some(code.to_owned()));
        Ok(Self { client: Client::connect(Location::Url { url, token })?, code: code.into() })
    }

    /// What one sits down with.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Sits down: from now on nobody stands in here.
    ///
    /// # Errors
    /// As every method here: nobody answers, the answer is no, or it makes no sense.
    pub async fn sit(&self) -> Result<DrillTicket, ClientError> {
        self.client.post(&["v1", "drill", "ticket"], &serde_json::json!({})).await
    }

    /// The drill as this seat sees it.
    pub async fn view(&self) -> Result<DrillView, ClientError> {
        self.client.ask(self.client.transport.request(Method::GET, &["v1", "drill"], &[])).await
    }

    /// Orders something.
    pub async fn order(&self, order: &DrillOrder) -> Result<DrillDone, ClientError> {
        self.client.post(&["v1", "drill", "orders"], order).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_is_a_code_at_an_address() {
        let seat = Seat::at("responder-abc@127.0.0.1:7777");
        assert_eq!(seat.as_ref().map(Seat::code).ok(), Some("responder-abc"));
        for wrong in ["responder-abc", "@127.0.0.1:7", "x@", "", "x@a b:9"] {
            assert!(Seat::at(wrong).is_err(), "{wrong}");
        }
    }
}
