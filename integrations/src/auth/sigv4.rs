//! AWS Signature Version 4, by AWS's own signer.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};

use crate::{
    bind::Refusal,
    call::ErrorKind,
    credential::Credential,
    request::{HttpRequest, header_name, plain_header},
};

/// The parts that a credential needs, as AWS calls them.
const ID: &str = "access_key_id";
const SECRET: &str = "secret_access_key";
const SESSION: &str = "session_token";

/// Signs a request for one service of one region, body included.
pub(super) fn apply(
    credential: &Credential,
    service: &str,
    region: &str,
    request: &mut HttpRequest,
) -> Result<(), Refusal> {
    let part = |name: &str| {
        credential
            .part(name)
            .ok_or_else(|| Refusal::new(ErrorKind::Auth, format!("the credential lacks its part `{name}`")))
    };
    let session = match credential {
        Credential::Twin(_) => None,
        real => real.part(SESSION),
    };
    sign_at((part(ID)?, part(SECRET)?, session), service, region, SystemTime::now(), request)
}

fn sign_at(
    (id, secret, session): (&str, &str, Option<&str>),
    service: &str,
    region: &str,
    time: SystemTime,
    request: &mut HttpRequest,
) -> Result<(), Refusal> {
    let wrong = |why: String| Refusal::new(ErrorKind::Auth, format!("the request cannot be signed: {why}"));
    let mut keys = Credentials::builder().access_key_id(id).secret_access_key(secret).provider_name("stanch");
    keys.set_session_token(session.map(str::to_owned));
    let identity = keys.build().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|error| wrong(error.to_string()))?
        .into();
    let headers =
        request.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let signable = SignableRequest::new(
        request.method.as_str(),
        request.url.as_str(),
        headers,
        SignableBody::Bytes(&request.body),
    );
    let signed =
        signable.and_then(|signable| sign(signable, &params)).map_err(|error| wrong(error.to_string()))?;
    let (instructions, _) = signed.into_parts();
    for (name, value) in instructions.headers() {
        request.headers.insert(header_name(name)?, plain_header(value)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::spec::Method;

    const KEYS: (&str, &str) = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    const SCOPE: &str = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request";

    fn signed(method: Method, url: &str, session: Option<&str>) -> HttpRequest {
        let at: jiff::Timestamp = "2015-08-30T12:36:00Z".parse().unwrap();
        let mut request = HttpRequest {
            method,
            url: url.parse().unwrap(),
            headers: HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        sign_at((KEYS.0, KEYS.1, session), "service", "us-east-1", at.into(), &mut request).unwrap();
        request
    }

    /// Of AWS's signing test suite (awslabs/aws-c-auth, `tests/aws-signing-test-suite/v4`): `get-vanilla-query-order-encoded`,
    /// `post-vanilla-query`, `post-sts-header-before`.
    #[test]
    fn the_published_examples_are_signed_alike() {
        let session = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeo\
                       IYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5V\
                       SXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yj\
                       c8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
        let of = |request: HttpRequest| request.headers["authorization"].to_str().unwrap().to_owned();
        let query = "https://example.amazonaws.com/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1";
        assert_eq!(
            of(signed(Method::Get, query, None)),
            format!(
                "{SCOPE}, SignedHeaders=host;x-amz-date, \
                 Signature=371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"
            )
        );
        assert_eq!(
            of(signed(Method::Post, "https://example.amazonaws.com/?Param1=value1", None)),
            format!(
                "{SCOPE}, SignedHeaders=host;x-amz-date, \
                 Signature=28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"
            )
        );
        let request = signed(Method::Post, "https://example.amazonaws.com/", Some(session));
        assert_eq!(request.headers["x-amz-security-token"], session);
        assert_eq!(
            of(request),
            format!(
                "{SCOPE}, SignedHeaders=host;x-amz-date;x-amz-security-token, \
                 Signature=85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"
            )
        );
    }
}
