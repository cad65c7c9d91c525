//! The file's head: slug, URL, ways to authenticate, populations.

use super::{Report, suggest};
use crate::{
    spec::{AuthKind, AuthSpec, PlatformSpec},
    template::Template,
};

pub(super) fn check(slug: &str, spec: &PlatformSpec, report: &mut Report<'_>) {
    if spec.platform != slug {
        let message = format!("the folder is called `{slug}`, the platform `{}`", spec.platform);
        report.at_value(&["platform"], "IN0002", message, Some("give both the same name".to_owned()));
    }
    variables(spec, &spec.url, &["url"], &["url"], report);
    if let Some(tenant) = &spec.tenant {
        variables(spec, tenant, &["tenant"], &["url"], report);
    }
    for (name, value) in &spec.headers {
        variables(spec, value, &["headers", name], &["url"], report);
    }
    if spec.auth.is_empty() {
        let help = "a platform without authentication says `- { name: none, type: none }`";
        report.at_key(&["auth"], "IN0014", "no way to authenticate".to_owned(), Some(help.to_owned()));
    }
    for (at, auth) in spec.auth.iter().enumerate() {
        let at = at.to_string();
        if auth.name.is_empty() {
            report.at_value(
                &["auth", &at, "type"],
                "IN0014",
                "this way to authenticate has no name".to_owned(),
                None,
            );
        }
        check_auth(spec, auth, &["auth", &at], &["url", "credential"], report);
    }
    for (kind, call) in &spec.population {
        super::calls::read(spec, call, &["population", kind], report);
    }
    if let Some(membership) = &spec.membership {
        for (part, action) in [("groups", &membership.groups), ("members", &membership.members)] {
            super::calls::exists(spec, action, &["membership", part], report);
        }
    }
    if let Some(refused) = &spec.limits.refused {
        super::action::names(refused, &["limits", "refused"], report);
    }
}

/// A way to authenticate has what its kind needs, and nothing that its kind ignores.
pub(super) fn check_auth(
    spec: &PlatformSpec,
    auth: &AuthSpec,
    path: &[&str],
    known: &[&str],
    report: &mut Report<'_>,
) {
    use AuthKind::{Basic, Bearer, ClientCredentials, Header, JwtBearer, None, StandardWebhooks};
    let flow = matches!(auth.kind, ClientCredentials | JwtBearer);
    let (yes, no, either) = (Some(true), Some(false), Option::None);
    let fields = [
        ("header", auth.header.is_some(), if auth.kind == Header { yes } else { no }),
        (
            "value",
            auth.value.is_some(),
            match auth.kind {
                Header => yes,
                Bearer => either,
                Basic | ClientCredentials | JwtBearer | None | StandardWebhooks => no,
            },
        ),
        ("user", auth.user.is_some(), if matches!(auth.kind, Basic | ClientCredentials) { yes } else { no }),
        ("token_url", auth.token_url.is_some(), if flow { yes } else { no }),
        ("scope", auth.scope.is_some(), if flow { either } else { no }),
        ("issuer", auth.issuer.is_some(), if auth.kind == JwtBearer { yes } else { no }),
        ("subject", auth.subject.is_some(), if auth.kind == JwtBearer { yes } else { no }),
        ("audience", auth.audience.is_some(), if auth.kind == JwtBearer { yes } else { no }),
        ("lives", auth.lives.is_some(), if flow { either } else { no }),
    ];
    for (field, given, wanted) in fields {
        let kind = auth.kind.as_str();
        match (given, wanted) {
            (false, Some(true)) => {
                let message = format!("authentication of type `{kind}` needs `{field}`");
                report.at_value(&[path, &["type"]].concat(), "IN0014", message, Option::None);
            }
            (true, Some(false)) => {
                let message = format!("authentication of type `{kind}` has no `{field}`");
                report.at_key(&[path, &[field]].concat(), "IN0014", message, Option::None);
            }
            _ => {}
        }
    }
    let templates = [
        ("value", &auth.value),
        ("user", &auth.user),
        ("token_url", &auth.token_url),
        ("scope", &auth.scope),
        ("issuer", &auth.issuer),
        ("subject", &auth.subject),
        ("audience", &auth.audience),
    ];
    for (field, template) in templates {
        if let Some(template) = template {
            variables(spec, template, &[path, &[field]].concat(), known, report);
        }
    }
}

/// Every variable is a setting or one of the `known`.
pub(super) fn variables(
    spec: &PlatformSpec,
    template: &Template,
    path: &[&str],
    known: &[&str],
    report: &mut Report<'_>,
) {
    for variable in template.variables() {
        if !known.contains(&variable) && !setting(spec, variable) {
            unknown(spec, variable, path, known, report);
        }
    }
}

/// `settings.x` for a setting that exists.
pub(super) fn setting(spec: &PlatformSpec, variable: &str) -> bool {
    variable.strip_prefix("settings.").is_some_and(|name| spec.settings.contains_key(name))
}

/// "nothing gives `{x}`".
pub(super) fn unknown(
    spec: &PlatformSpec,
    variable: &str,
    path: &[&str],
    known: &[&str],
    report: &mut Report<'_>,
) {
    let settings: Vec<_> = spec.settings.keys().map(|name| format!("settings.{name}")).collect();
    let all = known.iter().copied().chain(settings.iter().map(String::as_str));
    let help = suggest(variable, all);
    report.at_value(path, "IN0003", format!("nothing gives `{{{variable}}}`"), help);
}
