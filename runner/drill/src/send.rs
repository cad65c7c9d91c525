//! Alerts as their sources send them: the body's bytes are signed, and sent again as they were when no answer came.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use ring::{
    hmac,
    rand::{SecureRandom, SystemRandom},
};
use stanch_client::{Client, ClientError};
use stanch_model::api::AlertReceipt;

/// One delivery.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// The name under `alerts:`.
    pub(crate) source: &'static str,
    /// For people.
    pub(crate) title: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) proof: Proof,
    pub(crate) body: String,
}

/// HMAC-SHA256 over the body, in hex after `sha256=`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof {
    pub(crate) header: &'static str,
}

impl Delivery {
    /// Sends it. The same delivery can be sent any number of times.
    pub(crate) async fn send(&self, client: &Client, secret: &str) -> Result<AlertReceipt, ClientError> {
        let mut headers = HeaderMap::new();
        let signature = sign(secret, self.body.as_bytes());
        let all = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in all.chain([(self.proof.header, signature.as_str())]) {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        client.send_alert(self.source, headers, Bytes::from(self.body.clone())).await
    }
}

/// `sha256=<hex>`.
fn sign(secret: &str, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let hex: String = hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// A secret that only this drill's source and server know.
pub(crate) fn fresh_secret() -> String {
    let mut bytes = [0u8; 32];
    // Without randomness a drill may still be played: its secret guards a simulation on loopback.
    let _weak = SystemRandom::new().fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_signature_is_what_github_documents() {
        // The example of docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
        let signature = super::sign("It's a Secret to Everybody", b"Hello, World!");
        assert_eq!(signature, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    }
}
