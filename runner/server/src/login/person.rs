//! Who somebody is here, and what they may do: from what the provider says and what the configuration says.

use serde_json::Value;
use stanch_integrations::openid::{Claims, claim};
use stanch_model::{
    api::Role,
    config::{OidcConfig, People},
};

/// Longer names are nobody's.
const LONGEST: usize = 254;

/// Somebody whom we know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// As in `people:`.
    pub(crate) name: String,
    pub(crate) role: Role,
    /// Who they are at the provider.
    pub(crate) login: String,
}

/// Why somebody whom the provider knows is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotIn {
    /// The claim is not there.
    #[error("the provider does not say who you are: there is no `{0}` in what it says")]
    Nameless(String),
    /// Anybody could have written that address.
    #[error("the provider has not made sure that {0} is your address")]
    Unverified(String),
    /// Nobody here.
    #[error("{0} is nobody's login here")]
    Stranger(String),
    /// In none of the groups.
    #[error("{name} may do nothing here: none of the groups that the provider names has a role")]
    NoRole {
        /// As in `people:`.
        name: String,
        /// Who they are at the provider.
        login: String,
    },
}

impl NotIn {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Nameless(_) => "nameless",
            Self::Unverified(_) => "unverified",
            Self::Stranger(_) => "stranger",
            Self::NoRole { .. } => "no_role",
        }
    }

    /// Who they are at the provider, if it said so.
    pub(crate) fn login(&self) -> Option<&str> {
        match self {
            Self::Nameless(_) => None,
            Self::Unverified(login) | Self::Stranger(login) | Self::NoRole { login, .. } => Some(login),
        }
    }

    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::NoRole { name, .. } => Some(name),
            _ => None,
        }
    }

    pub(crate) fn help(&self) -> &'static str {
        match self {
            Self::Nameless(_) => {
                "whoever keeps the server: ask for another scope, or name another claim with `server: oidc: person`"
            }
            Self::Unverified(_) => "have the provider verify it",
            Self::Stranger(_) => {
                "whoever keeps the server writes it under `people: known: NAME: login`, then `stanch config reload`"
            }
            Self::NoRole { .. } => {
                "whoever keeps the server gives one of your groups a role under `server: oidc: roles`"
            }
        }
    }
}

/// Who that is here.
///
/// # Errors
/// Why they are not let in.
pub(crate) fn person(oidc: &OidcConfig, people: &People, claims: &Claims) -> Result<Person, NotIn> {
    let said = match claim(claims, &oidc.person) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    if said.is_empty() || said.len() > LONGEST || said.chars().any(char::is_control) {
        return Err(NotIn::Nameless(oidc.person.clone()));
    }
    if oidc.person == "email" && claims.get("email_verified") == Some(&Value::Bool(false)) {
        return Err(NotIn::Unverified(said));
    }
    let is = |login: &str| match said.contains('@') {
        // addresses; an id is exactly what it is
        true => login.eq_ignore_ascii_case(&said),
        false => login == said,
    };
    let found = people.known.iter().find(|(_, person)| person.login.as_deref().is_some_and(is));
    let Some((name, _)) = found else { return Err(NotIn::Stranger(said)) };
    let groups: Vec<&str> = match claim(claims, &oidc.groups) {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(group)) => vec![group],
        _ => Vec::new(),
    };
    match oidc.role_of(groups) {
        Some(role) => Ok(Person { name: name.clone(), role, login: said }),
        None => Err(NotIn::NoRole { name: name.clone(), login: said }),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;
    use stanch_model::config::Config;

    use super::*;

    fn admitted(claims: Value, more: &str) -> Result<(String, Role), &'static str> {
        let yaml = format!(
            "people: {{ known: {{ ben: {{ login: ben@acme.example }}, caro: {{ login: Ab12 }} }} }}\nserver: {{ oidc: {{ issuer: \"https://x\", client_id: x, roles: {{ oncall: responder, leads: approver }}{more} }} }}"
        );
        let config: Config = stanch_model::yaml::read("stanch.yaml", &yaml, "CF0001").unwrap();
        let oidc = config.server.oidc.unwrap();
        let claims = claims.as_object().unwrap();
        person(&oidc, &config.people, claims)
            .map(|person| (person.name, person.role))
            .map_err(|not| not.code())
    }

    #[test]
    fn a_person_is_who_the_configuration_says_with_the_highest_role_of_their_groups() {
        let ben = |role| Ok(("ben".to_owned(), role));
        let groups = json!({ "email": "ben@acme.example", "groups": ["oncall", "leads", "chess"] });
        assert_eq!(admitted(groups, ""), ben(Role::Approver));
        let one = json!({ "email": "Ben@Acme.example", "groups": "oncall", "email_verified": true });
        assert_eq!(admitted(one, ""), ben(Role::Responder));
        let nested = json!({ "email": "ben@acme.example", "realm_access": { "roles": ["leads"] } });
        assert_eq!(admitted(nested, ", groups: realm_access.roles"), ben(Role::Approver));
        let nothing = json!({ "email": "ben@acme.example" });
        assert_eq!(admitted(nothing.clone(), ""), Err("no_role"));
        let yaml = "people: { known: { ben: { login: ben@acme.example } } }\nserver: { oidc: { issuer: \"https://x\", client_id: x, roles: { \"*\": viewer } } }";
        let config: Config = stanch_model::yaml::read("stanch.yaml", yaml, "CF0001").unwrap();
        let everybody = person(&config.server.oidc.unwrap(), &config.people, nothing.as_object().unwrap());
        assert_eq!(everybody.unwrap().role, Role::Viewer);
    }

    #[test]
    fn whoever_is_not_known_or_not_sure_is_not_let_in() {
        let with = |email: Value| json!({ "email": email, "groups": ["leads"] });
        assert_eq!(admitted(json!({ "groups": ["leads"] }), ""), Err("nameless"));
        assert_eq!(admitted(with(json!("")), ""), Err("nameless"));
        assert_eq!(admitted(with(json!(["ben@acme.example"])), ""), Err("nameless"));
        assert_eq!(admitted(with(json!("eve@acme.example")), ""), Err("stranger"));
        assert_eq!(admitted(with(json!("ben@acme.example.evil")), ""), Err("stranger"));
        let unsure = json!({ "email": "ben@acme.example", "email_verified": false, "groups": ["leads"] });
        assert_eq!(admitted(unsure, ""), Err("unverified"));
        let id = |sub: &str| admitted(json!({ "sub": sub, "groups": ["leads"] }), ", person: sub");
        assert_eq!((id("Ab12"), id("aB12")), (Ok(("caro".to_owned(), Role::Approver)), Err("stranger")));
    }
}
