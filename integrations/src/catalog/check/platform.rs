//! The file's head: slug, URL, ways to authenticate, populations.

use std::collections::BTreeMap;

use super::{Report, suggest};
use crate::{
    expr::OF_ANSWER,
    spec::{CallSpec, PlatformSpec},
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
        super::auth::check(spec, auth, &["auth", &at], &[], report);
    }
    for (kind, call) in &spec.population {
        super::calls::read(spec, call, &["population", kind], report);
    }
    if let Some(membership) = &spec.membership {
        for (part, action) in [("groups", &membership.groups), ("members", &membership.members)] {
            super::calls::exists(spec, action, &["membership", part], report);
        }
    }
    for (part, action) in spec.roles.iter().flat_map(crate::spec::RolesSpec::reads) {
        super::calls::exists(spec, action, &["roles", part], report);
    }
    if let Some(refused) = &spec.limits.refused {
        super::action::names(refused, OF_ANSWER, &["limits", "refused"], report);
    }
    if !spec.limits.codes.is_empty() && spec.errors.code.is_empty() {
        let help = "name where an error says its code: `errors: { code: [error.code] }`";
        let message = "codes mean nothing where no answer has one".to_owned();
        report.at_key(&["limits", "codes"], "IN0029", message, Some(help.to_owned()));
    }
    for (name, setting) in &spec.settings {
        let values = [("default", &setting.default), ("twin", &setting.twin)];
        for (field, value) in values.into_iter().filter_map(|(field, value)| Some((field, value.as_ref()?))) {
            if !setting.one_of.is_empty() && !setting.one_of.contains(value) {
                let message = format!("`{value}` is none of the values that `{name}` may have");
                report.at_value(&["settings", name, field], "IN0017", message, None);
            }
        }
    }
    if let Some(paging) = &spec.paging {
        super::action::paging(spec, paging, &[], &["paging"], report);
    }
    ourselves(spec, report);
}

/// `self` tells by a read without arguments, or by settings alone.
fn ourselves(spec: &PlatformSpec, report: &mut Report<'_>) {
    let Some(own) = &spec.own else { return };
    if let Some(action) = &own.action {
        let call = CallSpec { action: action.clone(), with: BTreeMap::new() };
        super::calls::read(spec, &call, &["self"], report);
    }
    if own.is.is_empty() {
        let help = "`self: { is: { user: \"{out.id}\" }, action: whoami }`";
        report.at_key(&["self"], "IN0028", "it says of no kind who we are".to_owned(), Some(help.to_owned()));
    }
    for (kind, shape) in &own.is {
        let path = ["self", "is", kind];
        for variable in shape.variables() {
            let of_read = variable.starts_with("out.") || variable == "out";
            if of_read && own.action.is_none() {
                let message = format!("`{{{variable}}}` is of a read, and `self` names none");
                report.at_value(&path, "IN0028", message, None);
            } else if !of_read && !setting(spec, variable) {
                unknown(spec, variable, &path, &["out"], report);
            }
        }
        let mut targets = spec.actions.values().filter(|action| action.is_cut());
        if !targets.any(|action| action.target.as_ref().is_some_and(|target| target.kind == *kind)) {
            let message = format!("no cut here is on a {kind}");
            report.at_key(&path, "IN0028", message, None);
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
