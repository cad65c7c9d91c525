//! Who calls: a bearer token, or the machine's user through the Unix socket.

mod limit;
mod person;
mod tokens;
mod used;

pub(crate) use limit::Limiter;
pub(crate) use person::name_of_user;
pub use tokens::{TokenError, Tokens};

use std::fmt;

use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use stanch_engine::By;
use stanch_model::api::{CHANNEL, LoginWay, Role, TokenInfo};

use crate::problem::Refused;

/// Where a connection came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// The listener: anybody who reaches it.
    Net,
    /// The socket: a user of this machine whom the file's mode let through.
    Socket {
        /// Their name.
        user: String,
    },
}

/// By what it is known who calls: what the limit counts by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Through {
    /// A token, by its id.
    Token(String),
    /// The Unix socket: the kernel says which user of this machine it is.
    Socket,
}

impl fmt::Display for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(id) => write!(f, "token {id}"),
            Self::Socket => f.write_str("socket"),
        }
    }
}

/// Who calls, once it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The person's name, as in `people.groups`.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) through: Through,
    /// Through what they speak, for the record: `cli`, `tui`, `console`; else `socket` or `api`.
    pub(crate) channel: &'static str,
    /// When what they show stops working.
    pub(crate) until: Option<String>,
    /// How they logged in at the provider, if they did.
    pub(crate) login: Option<LoginWay>,
}

impl Caller {
    /// Who stands behind this request.
    pub(crate) fn of(door: &Door, headers: &HeaderMap, tokens: &Tokens) -> Result<Self, Refused> {
        match (door, bearer(headers)?) {
            // a token says more precisely who it is, so it counts on the socket too
            (_, Some(token)) => {
                let info = tokens
                    .find(token)
                    .ok_or_else(|| unauthorised("the token is not known, or has expired"))?;
                if info.login == Some(LoginWay::Web) {
                    return Err(unauthorised("this is the session of a browser, and no token"));
                }
                Ok(Self::holding(info, channel(headers).unwrap_or("api")))
            }
            (Door::Socket { user }, None) => {
                let (name, through) = (user.clone(), Through::Socket);
                let channel = channel(headers).unwrap_or("socket");
                Ok(Self { name, role: Role::Admin, through, channel, until: None, login: None })
            }
            (Door::Net, None) => Err(unauthorised("this needs a token")),
        }
    }

    /// Who holds this token.
    pub(crate) fn holding(info: TokenInfo, channel: &'static str) -> Self {
        let TokenInfo { id, name, role, expires: until, login, .. } = info;
        Self { name, role, through: Through::Token(id), channel, until, login }
    }

    /// The id of the token that they hold, if they do.
    pub(crate) fn token(&self) -> Option<&str> {
        match &self.through {
            Through::Token(id) => Some(id),
            Through::Socket => None,
        }
    }

    /// Through what they speak, for the record of a decision.
    pub(crate) fn channel(&self) -> &'static str {
        self.channel
    }

    /// The same with who they are, for the record of an order.
    pub(crate) fn by(&self) -> By<'_> {
        By { who: &self.name, channel: self.channel }
    }

    /// Refuses a role that is not enough.
    pub(crate) fn must_be(&self, least: Role) -> Result<(), Refused> {
        if self.role >= least {
            return Ok(());
        }
        let message = format!("{} is {}, and this needs {least}", self.name, article(self.role));
        Err(Refused::new(StatusCode::FORBIDDEN, "forbidden", message))
    }
}

/// What a client of ours says that it is. It proves nothing, so it may only be one of these: what comes by a signed button or
/// a link says so itself.
fn channel(headers: &HeaderMap) -> Option<&'static str> {
    let said = headers.get(CHANNEL)?;
    ["cli", "tui", "console"].into_iter().find(|known| said.as_bytes() == known.as_bytes())
}

fn article(role: Role) -> String {
    match role {
        Role::Approver | Role::Admin => format!("an {role}"),
        Role::Viewer | Role::Responder => format!("a {role}"),
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Refused> {
    let mut all = headers.get_all(AUTHORIZATION).iter();
    let Some(first) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(unauthorised("there are two Authorization headers"));
    }
    let text = first.to_str().map_err(|_| unauthorised("the Authorization header is not text"))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(Some(token.trim()))
    } else {
        Err(unauthorised("the Authorization header is not `Bearer <token>`"))
    }
}

pub(crate) fn unauthorised(message: &str) -> Refused {
    Refused::new(StatusCode::UNAUTHORIZED, "unauthorised", message).help(
        "send `Authorization: Bearer <token>`; `stanch tokens new` makes one on the server's own machine, `stanch login` gets one where people log in at a provider",
    )
}
