//! The checks of `server: oidc:`, and of who its people are.

use std::{collections::BTreeMap, time::Duration};

use stanch_model::{
    Diagnostic,
    config::{Config, OidcConfig},
    duration,
};

use super::{
    Marker,
    check::{reference, usable},
    only_warn,
};

/// A login that ends sooner is over before the card is read.
const SHORTEST: Duration = Duration::from_secs(5 * 60);
/// Who left the company must not be let in for longer than this.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

const BROWSER: &str = "people's browsers do not know the way back";

pub(super) fn all(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    people(config, mark, found);
    let Some(oidc) = &config.server.oidc else { return };
    provider(oidc, mark, found);
    lasts(oidc, mark, found);
    if config.server.public.is_none() {
        let message = format!("nobody can log in on a page: {BROWSER}");
        let help = "add `server: { public: \"https://stanch.acme.example\" }`; `stanch login` works without";
        found.push(only_warn(mark.key("CF0022", &["server", "oidc"], message).help(help)));
    }
    if config.people.known.values().all(|person| person.login.is_none()) {
        let message = "nobody is known there: whoever logs in is sent away";
        let help = format!(
            "say who is who: `people: {{ known: {{ ben: {{ login: … }} }} }}`, as the claim `{}` says it",
            oidc.person
        );
        found.push(only_warn(mark.key("CF0022", &["server", "oidc"], message).help(help)));
    }
}

fn provider(oidc: &OidcConfig, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    let path = |last| ["server", "oidc", last];
    let mut wrong = |last, message: &str, help: &str| {
        found.push(mark.value("CF0022", &path(last), message).help(help));
    };
    match usable(&oidc.issuer) {
        Ok(()) if !oidc.issuer.starts_with("http") => {
            wrong("issuer", "a provider is reached by https", "`issuer: https://acme.okta.com`");
        }
        Ok(()) => {}
        Err(why) => wrong("issuer", &why, "write the address as the provider calls itself in `iss`"),
    }
    if oidc.client_id.trim().is_empty() {
        wrong("client_id", "without its id the provider knows no client", "`client_id: 0oa1b2c3`");
    }
    if !oidc.scopes.iter().any(|scope| scope == "openid") {
        let help = "write `scopes: [openid, profile, email]`, and `groups` where the provider has it";
        wrong("scopes", "without the scope `openid` nobody is told who it is", help);
    }
    for (key, claim) in [("person", &oidc.person), ("groups", &oidc.groups)] {
        if claim.trim().is_empty() {
            wrong(key, "a claim has a name", "leave it out for the usual one");
        }
    }
    if oidc.roles.is_empty() {
        let help = "name groups of the provider: `roles: { sec-oncall: responder, sec-leads: approver }`; `\"*\"` stands for everybody who is known";
        wrong("roles", "nobody could do anything", help);
    }
    for (key, text) in [("client_secret", &oidc.client_secret), ("ca", &oidc.ca)] {
        text.iter().for_each(|text| reference(text, &path(key), mark, found));
    }
}

fn lasts(oidc: &OidcConfig, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    let why = match duration::parse(&oidc.lasts) {
        Ok(lasts) if (SHORTEST..=LONGEST).contains(&lasts) => return,
        Ok(_) => "a login lasts from five minutes to thirty days".to_owned(),
        Err(why) => why.to_string(),
    };
    found.push(mark.value("CF0022", &["server", "oidc", "lasts"], why).help("write `lasts: 12h`"));
}

/// One person for each login, under a name that a token can have.
fn people(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for (name, person) in &config.people.known {
        let Some(login) = &person.login else { continue };
        let path = ["people", "known", name.as_str(), "login"];
        if login.trim().is_empty() {
            let message = format!("{name} is nobody there");
            found.push(mark.value("CF0021", &path, message).help("write who they are: `ben@acme.example`"));
        } else if let Some(other) = taken.insert(login.to_lowercase(), name) {
            let message = format!("`{login}` is {other} already: a login would count for either");
            found.push(mark.value("CF0021", &path, message));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
        if !(1..=64).contains(&name.len()) || !name.chars().all(fits) {
            let message = format!(
                "`{name}` cannot log in: a token's name has 1 to 64 letters, digits, `.`, `_`, `-` or `@`"
            );
            found.push(mark.key("CF0021", &["people", "known", name], message));
        }
        if config.server.oidc.is_none() {
            let message = format!("{name} can log in nowhere");
            found.push(only_warn(
                mark.value("CF0021", &path, message).help("say where: `server: { oidc: … }`"),
            ));
        }
    }
}
