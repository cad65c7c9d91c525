//! Standard Webhooks (standardwebhooks.com): id, timestamp and body are signed together, so a delivery can be neither
//! changed nor replayed later.

use jiff::Timestamp;
use stanch_model::config::SignatureEncoding;

use super::{Accepted, RawRequest, Refusal, Source, Trust, field, header, hmac, json, only_post};

/// How far the sender's clock may be off, in seconds: the specification's own advice.
const TOLERANCE: i64 = 5 * 60;

pub(super) fn accept(
    source: &Source,
    request: RawRequest<'_>,
    trust: Trust,
    now: Timestamp,
) -> Result<Accepted, Refusal> {
    only_post(request)?;
    let delivery = match trust {
        Trust::Source => prove(source, request, now)?.to_owned(),
        Trust::Person => field::hash_id(request.body),
    };
    let body = json(request.body)?;
    let usual = |name: &str| match name {
        "kind" => "type".to_owned(),
        "time" => "timestamp".to_owned(),
        // the delivery's id is signed already: the body may not name another
        "delivery" => String::new(),
        other => format!("data.{other}"),
    };
    Ok(Accepted::Alerts(vec![hmac::alert(source, body, &delivery, &usual, now)?]))
}

fn prove<'a>(source: &Source, request: RawRequest<'a>, now: Timestamp) -> Result<&'a str, Refusal> {
    let need = |name: &str| {
        header(request, name).ok_or_else(|| Refusal::unproven(format!("there is no header `{name}`")))
    };
    let (id, time, signatures) =
        (need("webhook-id")?, need("webhook-timestamp")?, need("webhook-signature")?);
    let parts = [id.as_bytes(), b".", time.as_bytes(), b".", request.body];
    let proven = signatures
        .split(' ')
        .filter_map(|signature| signature.strip_prefix("v1,"))
        .any(|signature| source.proof.signed(&parts, signature, SignatureEncoding::Base64));
    if !proven {
        return Err(Refusal::unproven("no signature fits id, timestamp and body"));
    }
    let sent: i64 =
        time.parse().map_err(|_| Refusal::unproven("`webhook-timestamp` is not a number of seconds"))?;
    let off = now.as_second().saturating_sub(sent);
    if off.abs() > TOLERANCE {
        let side = if off > 0 { "ago" } else { "ahead of our clock" };
        let message = format!("signed {} s {side}: only {TOLERANCE} s are accepted", off.abs());
        return Err(Refusal::new(401, "stale", message)
            .help("send it again with a new timestamp; compare the clocks"));
    }
    Ok(id)
}
