//! Logging in at a provider, for programs without a browser.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::MadeToken;
use crate::target::words;

words! {
    /// How somebody logged in at the provider.
    LoginWay {
        /// In a browser: this token is its session, and nothing but the pages take it.
        Web = "web",
        /// By a code that was typed in a browser elsewhere (RFC 8628).
        Device = "device",
    }
}

/// A login that has begun: a person opens the address and types the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BegunLogin {
    /// To be given back when asking what became of it. Opaque, and as secret as the token that it leads to.
    pub login: String,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code in it, where the provider has that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<String>,
    /// Seconds to wait before each question.
    pub interval: u32,
    /// Seconds until the code is worth nothing.
    pub expires_in: u32,
}

/// Asks what became of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollLogin {
    /// `login` of the answer that began it.
    pub login: String,
}

words! {
    /// What became of a login.
    LoginState {
        /// The person has not finished.
        Pending = "pending",
        /// The same, and the provider asks for five more seconds between questions.
        SlowDown = "slow_down",
        /// They have: the token is there.
        Done = "done",
    }
}

/// What became of a login. One that was refused, or whose time is over, is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PolledLogin {
    /// How it stands.
    pub state: LoginState,
    /// The only time that it is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<MadeToken>,
}
