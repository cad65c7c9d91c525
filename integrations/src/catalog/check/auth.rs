//! Ways to authenticate: each has what its kind needs, and nothing that its kind ignores.

use super::{Report, platform, suggest};
use crate::spec::{ActionAuth, ActionSpec, AuthKind, AuthSpec, ClientAuth, PlatformSpec};

/// What a kind makes of a field.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wants {
    It,
    Either,
    Nothing,
}

/// One way to authenticate. `known` are the variables that it may use beside settings.
pub(super) fn check(
    spec: &PlatformSpec,
    auth: &AuthSpec,
    path: &[&str],
    known: &[&str],
    report: &mut Report<'_>,
) {
    let kind = auth.kind.as_str();
    for (field, given, wants) in fields(auth) {
        match (given, wants) {
            (false, Wants::It) => {
                let message = format!("authentication of type `{kind}` needs `{field}`");
                report.at_value(&[path, &["type"]].concat(), "IN0014", message, None);
            }
            (true, Wants::Nothing) => {
                let message = format!("authentication of type `{kind}` has no `{field}`");
                report.at_key(&[path, &[field]].concat(), "IN0014", message, None);
            }
            _ => {}
        }
    }
    if auth.kind != AuthKind::ClientCredentials && auth.client_auth != ClientAuth::Basic {
        let message = format!("authentication of type `{kind}` has no `client_auth`");
        report.at_key(&[path, &["client_auth"]].concat(), "IN0014", message, None);
    }
    for (field, template) in auth.templates() {
        for variable in template.variables() {
            let ours = crate::request::is_of_credential(variable)
                || (variable == "key.fingerprint" && auth.signs())
                || variable == "url";
            if !ours && !known.contains(&variable) && !platform::setting(spec, variable) {
                let known: Vec<_> = known.iter().copied().chain(["url", "credential"]).collect();
                platform::unknown(spec, variable, &[path, &[field]].concat(), &known, report);
            }
        }
    }
}

/// The fields of a way to authenticate: name, whether it is given, what the kind makes of it.
fn fields(auth: &AuthSpec) -> [(&'static str, bool, Wants); 17] {
    use AuthKind::{
        AwsSigv4, Basic, Bearer, ClientCredentials, GithubApp, Header, Headers, Jwt, JwtBearer, SecretUrl,
        SecurityEvent,
    };
    let kind = auth.kind;
    let of = |must: &[AuthKind], may: &[AuthKind]| match (must.contains(&kind), may.contains(&kind)) {
        (true, _) => Wants::It,
        (false, true) => Wants::Either,
        (false, false) => Wants::Nothing,
    };
    let signing = if auth.signs() { Wants::Either } else { Wants::Nothing };
    let claim = |wants: Wants| match wants {
        Wants::Nothing => signing,
        wanted => wanted,
    };
    [
        ("header", auth.header.is_some(), of(&[Header], &[])),
        ("value", auth.value.is_some(), of(&[Header], &[Bearer, Basic, ClientCredentials])),
        ("headers", !auth.headers.is_empty(), of(&[Headers], &[])),
        ("user", auth.user.is_some(), of(&[Basic, ClientCredentials], &[])),
        ("token_url", auth.token_url.is_some(), of(&[ClientCredentials, JwtBearer, GithubApp], &[])),
        ("scope", auth.scope.is_some(), of(&[], &[ClientCredentials, JwtBearer])),
        ("params", !auth.params.is_empty(), of(&[], &[ClientCredentials, JwtBearer])),
        ("issuer", auth.issuer.is_some(), claim(of(&[JwtBearer, Jwt, GithubApp, SecurityEvent], &[]))),
        ("subject", auth.subject.is_some(), signing),
        ("audience", auth.audience.is_some(), claim(of(&[JwtBearer, SecurityEvent], &[]))),
        ("key", auth.key.is_some(), claim(of(&[], &[SecurityEvent]))),
        ("key_id", auth.key_id.is_some(), claim(of(&[], &[SecurityEvent]))),
        ("thumbprint", auth.thumbprint.is_some(), signing),
        ("lives", auth.lives.is_some(), of(&[], &[ClientCredentials, JwtBearer, Jwt, GithubApp])),
        ("service", auth.service.is_some(), of(&[AwsSigv4], &[])),
        ("region", auth.region.is_some(), of(&[AwsSigv4], &[])),
        ("hosts", !auth.hosts.is_empty(), of(&[SecretUrl], &[])),
    ]
}

/// How an action authenticates, if not like the rest.
pub(super) fn of_action(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    let path = ["actions", name, "auth"];
    match &action.auth {
        None => {}
        Some(ActionAuth::Named(wanted)) => {
            let mut known = spec.auth.iter().map(|auth| auth.name.as_str());
            if !known.any(|known| known == wanted) {
                let help = suggest(wanted, spec.auth.iter().map(|auth| auth.name.as_str()));
                let message = format!("the platform cannot authenticate by `{wanted}`");
                report.at_value(&path, "IN0014", message, help);
            }
        }
        Some(ActionAuth::Own(auth)) => {
            if auth.kind.makes_tokens() && auth.name.is_empty() {
                let help = "give it a `name`, or name one of the platform's `auth` here";
                let message = format!("the tokens of `{}` are kept by name", auth.kind.as_str());
                report.at_key(&path, "IN0014", message, Some(help.to_owned()));
            }
            let known: Vec<_> = action.input.keys().map(String::as_str).collect();
            check(spec, auth, &path, &known, report);
        }
    }
}
