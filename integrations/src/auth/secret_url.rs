//! A URL that is a secret in itself: whoever has it may use it (workflow and incoming webhooks).

use url::Url;

use crate::{
    bind::Refusal, call::ErrorKind, credential::Credential, request::HttpRequest, transport::is_below,
};

/// Puts the URL in the place of the request's own. What it says is in no error: all of it is secret.
pub(super) fn apply(
    credential: &Credential,
    hosts: &[String],
    request: &mut HttpRequest,
) -> Result<(), Refusal> {
    let wrong =
        |why: &str| Err(Refusal::new(ErrorKind::Auth, format!("the credential is no URL to use: {why}")));
    let Ok(url) = Url::parse(credential.expose()) else { return wrong("it does not read as one") };
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    if url.scheme() != "https" && !(loopback && url.scheme() == "http") {
        return wrong("it is not https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("it holds a user or password");
    }
    if !hosts.iter().any(|pattern| is_below(&url, pattern)) {
        return wrong(&format!("its host is none of {}", hosts.join(", ")));
    }
    request.url = url;
    Ok(())
}
