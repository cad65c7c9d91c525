//! Standard Webhooks: the receiver can check who sent a body and drop one that it has seen.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;

use crate::{
    bind::Refusal,
    request::{HttpRequest, header_name, plain_header},
};

/// Signs the body with HMAC-SHA256 over `id.timestamp.body`. The id is the effect's key: the same for every attempt.
pub(super) fn sign(secret: &str, id: &str, request: &mut HttpRequest) -> Result<(), Refusal> {
    sign_at(secret, id, jiff::Timestamp::now().as_second(), request)
}

fn sign_at(secret: &str, id: &str, seconds: i64, request: &mut HttpRequest) -> Result<(), Refusal> {
    let key = match secret.strip_prefix("whsec_").map(|encoded| STANDARD.decode(encoded)) {
        Some(Ok(key)) => key,
        Some(Err(_)) => return Err(Refusal::invalid("the webhook secret is not base64 after `whsec_`")),
        None => secret.as_bytes().to_vec(),
    };
    let mut signed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &key));
    signed.update(format!("{id}.{seconds}.").as_bytes());
    signed.update(&request.body);
    let signature = format!("v1,{}", STANDARD.encode(signed.sign()));
    for (name, value) in
        [("webhook-id", id), ("webhook-timestamp", &seconds.to_string()), ("webhook-signature", &signature)]
    {
        request.headers.insert(header_name(name)?, plain_header(value)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::spec::Method;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn the_published_example_is_signed_alike() {
        let mut request = HttpRequest {
            method: Method::Post,
            url: "https://example.com/".parse().unwrap(),
            headers: HeaderMap::new(),
            body: r#"{"test": 2432232314}"#.into(),
        };
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        sign_at(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, &mut request).unwrap();
        let signature = request.headers["webhook-signature"].to_str().unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
