//! Protected targets: by id or name, by login, by group.

use stanch_model::{
    Target,
    config::ProtectRule,
    run::{Found, Reading},
};

use super::{Finding, Objection, tally::PERSON};
use crate::{env::Env, live::Live};

/// What this rule says of this target.
pub(super) fn judge(env: &Env, live: &Live, rule: &ProtectRule, target: &Target) -> Finding {
    if let Some(user) = rule.user.as_deref().filter(|user| target.kind == PERSON && is_named(target, user)) {
        return minds(format!("protected user {user}"), "is protected");
    }
    if let Some(app) = rule.app.as_deref().filter(|app| target.kind == "app" && is_named(target, app)) {
        return minds(format!("protected app {app}"), "is protected");
    }
    match rule.group.as_deref().and_then(|group| group.split_once('/')) {
        Some((integration, group)) => by_group(env, live, integration, group, target),
        None => Finding::Fine(None),
    }
}

fn by_group(env: &Env, live: &Live, integration: &str, group: &str, target: &Target) -> Finding {
    let name = format!("protected group {integration}/{group}");
    if target.kind == "group" && target.integration == integration && is_named(target, group) {
        return minds(name, "is protected");
    }
    if target.kind != PERSON {
        return Finding::Fine(None);
    }
    let reading = Reading::Group { integration: integration.to_owned(), group: group.to_owned() };
    match live.known.of(env, live, &reading) {
        None => Finding::Reads(reading),
        Some((_, Found::Unread(why))) => Finding::Minds(Objection::unread(
            &name,
            format!("who is in the group {integration}/{group} could not be read ({why})"),
        )),
        Some((_, Found::Members(members))) if members.iter().any(|member| is_same(member, target)) => minds(
            name,
            &format!("is one of the {} in the protected group {integration}/{group}", members.len()),
        ),
        Some((entry, _)) => Finding::Fine(Some(entry)),
    }
}

fn minds(guard: String, why: &str) -> Finding {
    Finding::Minds(Objection::of_target(guard, why))
}

/// By id, label or login, whatever the case.
fn is_named(target: &Target, name: &str) -> bool {
    names(target).any(|own| own.eq_ignore_ascii_case(name))
}

/// The same account; or, on another platform, one with the same login or address.
fn is_same(member: &Target, target: &Target) -> bool {
    if member.integration == target.integration {
        return member.id.eq_ignore_ascii_case(&target.id);
    }
    names(member).filter(|name| name.contains('@')).any(|name| is_named(target, name))
}

fn names(target: &Target) -> impl Iterator<Item = &str> {
    let attrs = ["login", "mail", "email"].iter();
    let attrs = attrs.filter_map(|attr| target.attrs.get(*attr).and_then(serde_json::Value::as_str));
    [target.id.as_str(), target.label.as_str()].into_iter().chain(attrs).filter(|name| !name.is_empty())
}
