//! What a provider says of itself, `/.well-known/openid-configuration`: believed only under the name that we know it by.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{
    ProviderError,
    way::{Way, odd},
};

/// Where everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Discovery {
    pub(super) authorization: Url,
    pub(super) token: Url,
    pub(super) keys: Url,
    pub(super) userinfo: Option<Url>,
    pub(super) device: Option<Url>,
    /// Our secret goes into the form, since it takes none in a header.
    pub(super) secret_in_form: bool,
    /// It names itself in every answer to our page (RFC 9207).
    pub(super) names_itself: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl Discovery {
    /// Asks the provider.
    pub(super) async fn of(way: &Way, issuer: &str) -> Result<Self, ProviderError> {
        let at = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let at = way.address(&at)?;
        let said = way.get(&at, None).await?;
        if !said.status.is_success() {
            return Err(odd(&at, format!("it answers {}", said.status.as_u16())));
        }
        let document: Document = serde_json::from_value(Value::Object(said.body))
            .map_err(|why| odd(&at, format!("what it says of itself is not whole: {why}")))?;
        if document.issuer != issuer {
            let said = document.issuer.chars().filter(|c| !c.is_control()).take(200).collect();
            return Err(ProviderError::OtherIssuer { wanted: issuer.to_owned(), said });
        }
        if document.code_challenge_methods_supported.is_some_and(|all| !all.iter().any(|one| one == "S256")) {
            return Err(odd(&at, "it does not know PKCE with S256".to_owned()));
        }
        let methods = document.token_endpoint_auth_methods_supported.unwrap_or_default();
        let takes = |name: &str| methods.iter().any(|method| method == name);
        let optional = |text: Option<String>| text.map(|text| way.address(&text)).transpose();
        Ok(Self {
            authorization: way.address(&document.authorization_endpoint)?,
            token: way.address(&document.token_endpoint)?,
            keys: way.address(&document.jwks_uri)?,
            userinfo: optional(document.userinfo_endpoint)?,
            device: optional(document.device_authorization_endpoint)?,
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
            names_itself: document.authorization_response_iss_parameter_supported == Some(true),
        })
    }
}
