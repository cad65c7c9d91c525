//! Amazon SNS: each message names the certificate of the key that signed it.
//!
//! What must not be believed is exactly that name: a certificate is only fetched from Amazon's own hosts, the signature is
//! version 2 (SHA-256; version 1 is SHA-1), and the topic is the configured one, because Amazon signs for every customer's.
//! Shape: <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message-verify-message-signature.html>.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::Value;
use url::Url;

use super::{NotProven, Want, spec::SnsSpec};
use crate::source::{
    bound::{BadSource, Settings},
    host::HostGlob,
    refusal::Refusal,
};

/// Certificates are asked for again after this time.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// Between two requests for one certificate.
const PAUSE: SignedDuration = SignedDuration::from_secs(60);
/// Amazon has a few certificates; a sender that names more is not Amazon.
const MOST: usize = 16;
/// How far Amazon's clock may be ahead of ours.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);

/// The fields that are signed, in their order; the second list is for messages about a subscription.
const NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const SUBSCRIPTION: [&str; 7] =
    ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// One topic, and the certificates that were fetched.
#[derive(Debug)]
pub(crate) struct Sns {
    topic: String,
    hosts: Vec<HostGlob>,
    within: SignedDuration,
    known: Mutex<HashMap<Url, Known>>,
}

#[derive(Debug)]
struct Known {
    /// When it was last asked for.
    asked: Timestamp,
    /// The last one that came; it goes on where Amazon cannot be reached.
    certificate: Option<CertificateDer<'static>>,
    /// Why none came.
    why: String,
}

impl Sns {
    pub(crate) fn bind(spec: &SnsSpec, settings: &Settings<'_>) -> Result<Self, BadSource> {
        Ok(Self {
            topic: settings.need(&spec.topic)?,
            hosts: spec.hosts.iter().map(|host| HostGlob::new(host)).collect(),
            within: SignedDuration::try_from(spec.within.0).unwrap_or(SignedDuration::MAX),
            known: Mutex::default(),
        })
    }

    pub(crate) fn prove(&self, message: &Value, now: Timestamp) -> Result<(), NotProven> {
        let text = |name: &str| message.get(name).and_then(Value::as_str);
        if text("TopicArn") != Some(&self.topic) {
            return Err(Refusal::unproven("the message is of another topic").into());
        }
        if text("SignatureVersion") != Some("2") {
            return Err(Refusal::unproven("the signature is not of version 2")
                .help("set the topic's attribute `SignatureVersion` to 2: version 1 is SHA-1")
                .into());
        }
        let url = self.certificate_url(text("SigningCertURL").or_else(|| text("SigningCertUrl")))?;
        let signature = text("Signature").and_then(|text| STANDARD.decode(text).ok());
        let signature = signature.ok_or_else(|| Refusal::unproven("there is no signature"))?;
        let signed = signed(message)?;
        if !self.fits(&url, signed.as_bytes(), &signature, now)? {
            return Err(Refusal::unproven("the signature does not fit the message").into());
        }
        self.in_time(text("Timestamp"), now).map_err(Into::into)
    }

    /// What came of asking for a certificate.
    pub(crate) fn learn(&self, url: &Url, answer: Result<&[u8], String>, now: Timestamp) {
        let certificate = answer.and_then(|bytes| {
            CertificateDer::from_pem_slice(bytes).map_err(|error| format!("no certificate: {error}"))
        });
        let mut known = self.known.lock();
        if known.len() >= MOST {
            known.retain(|_, known| known.certificate.is_some() && now.duration_since(known.asked) < FRESH);
        }
        let old = known.remove(url).and_then(|known| known.certificate);
        let (certificate, why) = match certificate {
            Ok(new) => (Some(new), String::new()),
            Err(why) => (old, why),
        };
        known.insert(url.clone(), Known { asked: now, certificate, why });
    }

    fn certificate_url(&self, given: Option<&str>) -> Result<Url, Refusal> {
        let url = given.and_then(|given| Url::parse(given).ok());
        let url = url.ok_or_else(|| Refusal::unproven("it names no certificate"))?;
        let ours = url.path().ends_with(".pem") && self.hosts.iter().any(|host| host.allows(&url));
        if ours { Ok(url) } else { Err(Refusal::unproven("its certificate is not at Amazon")) }
    }

    fn fits(&self, url: &Url, signed: &[u8], signature: &[u8], now: Timestamp) -> Result<bool, NotProven> {
        let known = self.known.lock();
        let Some(found) = known.get(url) else {
            return match known.len() < MOST
                || known.values().any(|known| now.duration_since(known.asked) >= FRESH)
            {
                true => Err(Want::Certificate(url.clone()).into()),
                false => Err(Refusal::unproven("it names one certificate too many").into()),
            };
        };
        let age = now.duration_since(found.asked);
        match &found.certificate {
            _ if age >= FRESH => Err(Want::Certificate(url.clone()).into()),
            Some(certificate) => Ok(verify(certificate, signed, signature)),
            None if age >= PAUSE => Err(Want::Certificate(url.clone()).into()),
            None => {
                let host = url.host_str().unwrap_or_default();
                let message = format!("the certificate at {host} cannot be had: {}", found.why);
                Err(Refusal::new(503, "keys_unreachable", message)
                    .help("let this machine reach the address")
                    .retry_after(60)
                    .into())
            }
        }
    }

    fn in_time(&self, given: Option<&str>, now: Timestamp) -> Result<(), Refusal> {
        let sent: Option<Timestamp> = given.and_then(|text| text.parse().ok());
        let sent = sent.ok_or_else(|| Refusal::unproven("the message has no time"))?;
        let age = now.duration_since(sent);
        if age <= self.within && age >= -LEEWAY {
            return Ok(());
        }
        Err(Refusal::new(401, "stale", "the message is too old, or from the future: compare the clocks"))
    }
}

/// `Name\nvalue\n` for each signed field that the message has.
fn signed(message: &Value) -> Result<String, Refusal> {
    let fields: &[&str] = match message.get("Type").and_then(Value::as_str) {
        Some("Notification") => &NOTIFICATION,
        Some("SubscriptionConfirmation" | "UnsubscribeConfirmation") => &SUBSCRIPTION,
        _ => return Err(Refusal::unproven("the message is of no type that SNS sends")),
    };
    let mut signed = String::new();
    for name in fields {
        match message.get(*name) {
            Some(Value::String(value)) => {
                for part in [name, "\n", value, "\n"] {
                    signed.push_str(part);
                }
            }
            None if *name == "Subject" => {}
            _ => return Err(Refusal::unproven(format!("the message has no `{name}`"))),
        }
    }
    Ok(signed)
}

fn verify(certificate: &CertificateDer<'_>, signed: &[u8], signature: &[u8]) -> bool {
    let Ok(certificate) = webpki::EndEntityCert::try_from(certificate) else { return false };
    certificate.verify_signature(webpki::ring::RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
}
