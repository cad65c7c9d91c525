//! A source that believes what it should not would be worse than none.

use super::At;
use crate::{
    source::proof::spec::{HmacSpec, JwtSpec, ProofSpec, SecretPlace, SnsSpec},
    template::Template,
};

pub(super) fn check(at: &mut At<'_, '_, '_>) {
    let proof = match (&at.spec.proof, &at.spec.poll) {
        (Some(proof), None) => proof,
        (None, Some(_)) => return,
        (Some(_), Some(_)) => {
            let help = "keep `proof` where it sends, `poll` where it is asked".to_owned();
            return at.mistake("IN0063", "a source that is asked needs no proof", help);
        }
        (None, None) => {
            let help = "say under `proof` how a delivery proves itself".to_owned();
            return at.mistake("IN0063", "anybody could send alerts here", help);
        }
    };
    at.below("proof", |at| match proof {
        ProofSpec::SecretIn(SecretPlace::Header(name)) => texts([name], at),
        ProofSpec::SecretIn(_) => {}
        ProofSpec::Hmac(hmac) => self::hmac(hmac, at),
        ProofSpec::Sns(sns) => self::sns(sns, at),
        ProofSpec::Jwt(token) | ProofSpec::Set(token) => self::token(token, at),
    });
}

fn hmac(hmac: &HmacSpec, at: &mut At<'_, '_, '_>) {
    at.below("hmac", |at| {
        texts([&hmac.header].into_iter().chain(&hmac.prefix).chain(&hmac.encoding), at);
        let Some(signs) = &hmac.signs else {
            if hmac.time.is_some() {
                at.mistake("IN0064", "the time is not signed", "put its header into `signs`".to_owned());
            }
            return;
        };
        if !signs.variables().any(|variable| variable == "body") {
            at.mistake("IN0064", "the body is not signed", "put `{body}` into `signs`".to_owned());
        }
        for variable in signs.variables() {
            if variable != "body" && !variable.starts_with("headers.") {
                let message = format!("`{{{variable}}}` cannot be signed");
                at.mistake("IN0062", message, "write `{body}` or `{headers.NAME}`".to_owned());
            }
        }
        if let Some(time) = &hmac.time {
            let signed = |variable: &str| {
                variable.strip_prefix("headers.").is_some_and(|name| name.eq_ignore_ascii_case(&time.header))
            };
            if !signs.variables().any(signed) {
                at.mistake("IN0064", "the time is not signed", "put its header into `signs`".to_owned());
            }
        }
    });
}

fn sns(sns: &SnsSpec, at: &mut At<'_, '_, '_>) {
    at.below("sns", |at| {
        texts([&sns.topic], at);
        if sns.hosts.is_empty() || sns.hosts.iter().any(|host| open(host)) {
            at.mistake(
                "IN0064",
                "certificates could come from anywhere",
                "name the hosts, such as `sns.*.amazonaws.com`".to_owned(),
            );
        }
    });
}

/// A pattern whose last two parts are not both names is a whole top-level domain.
fn open(host: &str) -> bool {
    let parts: Vec<&str> = host.rsplit('.').collect();
    parts.len() < 3 || parts[..2].iter().any(|part| part.is_empty() || part.contains('*'))
}

fn token(token: &JwtSpec, at: &mut At<'_, '_, '_>) {
    let name = if matches!(at.spec.proof, Some(ProofSpec::Jwt(_))) { "jwt" } else { "set" };
    at.below(name, |at| {
        texts([&token.keys, &token.audience].into_iter().chain(&token.issuer), at);
        if token.algorithms.is_empty() || token.issuer.is_empty() {
            at.mistake("IN0064", "without algorithms and issuers no token is believed", None);
        }
        let fixed = token.keys.variables().next().is_none();
        if fixed && !token.keys.source().starts_with("https://") {
            at.below("keys", |at| {
                at.mistake(
                    "IN0064",
                    "keys that anybody can exchange on the way prove nothing",
                    "fetch them by https".to_owned(),
                )
            });
        }
    });
}

/// Texts of a proof are made of settings alone.
fn texts<'t>(templates: impl IntoIterator<Item = &'t Template>, at: &mut At<'_, '_, '_>) {
    for variable in templates.into_iter().flat_map(Template::variables) {
        let known =
            variable.strip_prefix("settings.").is_some_and(|name| at.spec.settings.contains_key(name));
        if !known {
            let message = format!("`{{{variable}}}` is no setting of this source");
            at.mistake("IN0062", message, "declare it under `settings`".to_owned());
        }
    }
}
