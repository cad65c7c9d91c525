//! What the journal says of logins, in the stream `people`: who came in, who was sent away, who went. No code and no token.

use serde::Serialize;
use stanch_integrations::openid::ProviderError;
use stanch_model::api::{LoginWay, MadeToken, Role};

use super::{NotIn, Person};
use crate::{
    app::App,
    auth::{Caller, TokenError},
    problem::Refused,
};

/// `login.made`: somebody logged in.
#[derive(Serialize)]
struct Made<'a> {
    who: &'a str,
    role: Role,
    through: LoginWay,
    /// Who they are at the provider.
    login: &'a str,
    /// The id of their token, and how long it lasts.
    token: &'a str,
    until: Option<&'a str>,
}

/// `login.refused`: somebody came from the provider and was sent away.
#[derive(Serialize)]
struct Denied<'a> {
    through: LoginWay,
    why: &'a str,
    words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    login: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<&'a str>,
}

/// `login.ended`: somebody logged out.
#[derive(Serialize)]
struct Ended<'a> {
    who: &'a str,
    through: Option<LoginWay>,
    token: &'a str,
}

/// Lets somebody in: their token exists when this returns, and the journal says so before.
///
/// # Errors
/// When disk or journal refuse; nobody is let in then.
pub(crate) async fn admit(app: &App, person: &Person, through: LoginWay) -> Result<MadeToken, Refused> {
    let logins = app.logins.as_ref().ok_or_else(|| Refused::not_found("nobody logs in here"))?;
    let made = app.tokens.make_for_login(&person.name, person.role, logins.end(), through);
    let made = made.map_err(|why: TokenError| {
        tracing::error!(%why, "tokens");
        Refused::new(http::StatusCode::INTERNAL_SERVER_ERROR, "tokens", why.to_string())
    })?;
    let info = &made.info;
    let entry = Made {
        who: &person.name,
        role: person.role,
        through,
        login: &person.login,
        token: &info.id,
        until: info.expires.as_deref(),
    };
    match app.people.append("login.made", &entry).await {
        Ok(()) => Ok(made),
        Err(why) => {
            // what nobody has written down nobody shall have
            let _gone = app.tokens.revoke(&info.id);
            Err(why.into())
        }
    }
}

/// Why somebody was sent away.
pub(crate) enum Why<'a> {
    Provider(&'a ProviderError),
    NotIn(&'a NotIn),
}

/// Writes down that somebody was sent away. They are, whether it can be written or not.
pub(crate) async fn refused(app: &App, through: LoginWay, why: Why<'_>) {
    let entry = match why {
        Why::Provider(why) => {
            Denied { through, why: why.code(), words: why.to_string(), login: None, who: None }
        }
        Why::NotIn(why) => {
            Denied { through, why: why.code(), words: why.to_string(), login: why.login(), who: why.name() }
        }
    };
    tracing::warn!(why = entry.why, words = entry.words, "a login was refused");
    if let Err(error) = app.people.append("login.refused", &entry).await {
        tracing::error!(%error, "a login that was refused is not journaled");
    }
}

/// Ends the login that this caller came by. It no longer works when this returns.
///
/// # Errors
/// When disk or journal refuse.
pub(crate) async fn ended(app: &App, caller: &Caller) -> Result<(), Refused> {
    let id = caller.token().unwrap_or_default();
    app.tokens.revoke(id).map_err(|why| match why {
        TokenError::Unknown(_) => Refused::not_found(why.to_string()),
        _ => Refused::new(http::StatusCode::INTERNAL_SERVER_ERROR, "tokens", why.to_string()),
    })?;
    let entry = Ended { who: &caller.name, through: caller.login, token: id };
    Ok(app.people.append("login.ended", &entry).await?)
}
