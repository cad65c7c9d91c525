//! Protected targets: by id or name, by login, by group, by role, by tag. A person known by id alone is looked up first: it may be
//! anybody.

use stanch_model::{
    Target,
    config::ProtectRule,
    run::{Found, Reading},
};

use super::{Finding, Objection, tally::PERSON};
use crate::{env::Env, live::Live};

/// The kind of target that a vendor supplies.
const APP: &str = "app";

/// What `protect:` says of targets before anything is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// Names of targets, each with the rule that names it.
    pub met: Vec<(String, String)>,
    /// Rules that need a reading before they can tell.
    pub unread: Vec<String>,
}

/// What is known of these targets from themselves and the register alone.
pub(crate) fn foresee(env: &Env, targets: &[Target]) -> Protection {
    let mut told = Protection::default();
    for rule in &env.config.protect {
        let words = words(rule);
        let mut reads = false;
        for target in targets {
            if names_it(env, rule, target) {
                told.met.push((target.name().to_owned(), words.clone()));
            } else {
                reads |= needs_reading(env, rule, target);
            }
        }
        if reads {
            told.unread.push(words);
        }
    }
    told
}

fn names_it(env: &Env, rule: &ProtectRule, target: &Target) -> bool {
    let (app, user) = (rule.app.as_deref(), rule.user.as_deref());
    let group = rule.group.as_deref().and_then(|group| group.split_once('/'));
    app.is_some_and(|app| target.kind == APP && is_named(target, app))
        || rule.tag.as_deref().is_some_and(|tag| is_tagged(env, target, tag))
        || user.is_some_and(|user| target.kind == PERSON && is_named(target, user))
        || group.is_some_and(|(on, group)| is_group(target, on, group))
}

/// Whether somebody must be looked up first: who is in a group, or whom an id means.
fn needs_reading(env: &Env, rule: &ProtectRule, target: &Target) -> bool {
    let is_stranger = || {
        let by_id = names(target).count() < 2;
        by_id && env.integrations.who(&target.integration, PERSON, &target.id).is_some()
    };
    let among = rule.group.is_some() || rule.role.is_some();
    target.kind == PERSON && (among || (rule.user.is_some() && is_stranger()))
}

/// A rule in a line.
fn words(rule: &ProtectRule) -> String {
    let named = [("app", &rule.app), ("user", &rule.user), ("tag", &rule.tag)];
    let parts = named.into_iter().chain([("group", &rule.group), ("role", &rule.role)]);
    let parts = parts.filter_map(|(what, name)| Some(format!("{what} {}", name.as_deref()?)));
    parts.collect::<Vec<_>>().join(", ")
}

fn is_group(target: &Target, integration: &str, group: &str) -> bool {
    target.kind == "group" && target.integration == integration && is_named(target, group)
}

/// What this rule says of this target.
pub(super) fn judge(env: &Env, live: &Live, rule: &ProtectRule, target: &Target) -> Finding {
    if let Some(app) = rule.app.as_deref().filter(|app| target.kind == APP && is_named(target, app)) {
        return minds(format!("protected app {app}"), "is protected");
    }
    if let Some(tag) = rule.tag.as_deref().filter(|tag| is_tagged(env, target, tag)) {
        return minds(format!("protected tag {tag}"), &format!("carries the protected tag {tag}"));
    }
    if let Some(user) = rule.user.as_deref().filter(|_| target.kind == PERSON) {
        return by_login(env, live, user, target);
    }
    if let Some((integration, group)) = rule.group.as_deref().and_then(|group| group.split_once('/')) {
        let (name, integration, group) =
            (format!("protected group {integration}/{group}"), integration.to_owned(), group.to_owned());
        return match is_group(target, &integration, &group) {
            true => minds(name, "is protected"),
            false => among(env, live, &name, Reading::Group { integration, group }, target),
        };
    }
    match rule.role.as_deref().and_then(|role| role.split_once('/')) {
        Some((integration, role)) => {
            let (integration, role) = (integration.to_owned(), role.to_owned());
            let name = format!("protected role {integration}/{role}");
            among(env, live, &name, Reading::Role { integration, role }, target)
        }
        None => Finding::Fine(Vec::new()),
    }
}

fn by_login(env: &Env, live: &Live, user: &str, target: &Target) -> Finding {
    let name = format!("protected user {user}");
    if is_named(target, user) {
        return minds(name, "is protected");
    }
    match account(env, live, &name, target) {
        Ok((accounts, _)) if accounts.iter().any(|account| is_named(account, user)) => {
            minds(name, "is protected")
        }
        Ok((_, entry)) => Finding::Fine(entry.into_iter().collect()),
        Err(finding) => *finding,
    }
}

/// What a person known by id alone is called, and the entry that says so. Who has a name already, or is on a platform that
/// tells none, is as known as can be.
fn account<'a>(
    env: &Env,
    live: &'a Live,
    guard: &str,
    target: &Target,
) -> Result<(&'a [Target], Option<u64>), Box<Finding>> {
    let (integration, user) = (target.integration.clone(), target.id.clone());
    if names(target).count() > 1 || env.integrations.who(&integration, PERSON, &user).is_none() {
        return Ok((&[], None));
    }
    let reading = Reading::Person { integration, user };
    let unread = |why: &str| {
        let why = format!(
            "whom {} means could not be read ({why}), and it may be a protected person",
            target.key()
        );
        Box::new(Finding::Minds(Objection::unread(guard, why)))
    };
    match live.known.of(env, live, &reading) {
        None => Err(Box::new(Finding::Reads(reading))),
        Some((entry, Found::Members(accounts))) => Ok((accounts, Some(entry))),
        Some((_, Found::Unread(why))) => Err(unread(why)),
        Some((_, Found::Count(_))) => Err(unread("the entry counts people instead")),
    }
}

/// Whether a person is among those who are in a group or hold a role: real people, as the platform lists them.
fn among(env: &Env, live: &Live, name: &str, reading: Reading, target: &Target) -> Finding {
    if target.kind != PERSON {
        return Finding::Fine(Vec::new());
    }
    let (of, those) = match &reading {
        Reading::Role { integration, role } => ("who holds the role", format!("{integration}/{role}")),
        Reading::Group { integration, group } => ("who is in the group", format!("{integration}/{group}")),
        _ => return Finding::Fine(Vec::new()),
    };
    let (entry, members) = match live.known.of(env, live, &reading) {
        None => return Finding::Reads(reading),
        Some((_, Found::Unread(why))) => {
            let why = format!("{of} {those} could not be read ({why})");
            return Finding::Minds(Objection::unread(name, why));
        }
        Some((entry, Found::Members(members))) => (entry, members.as_slice()),
        Some((entry, Found::Count(_))) => (entry, &[][..]),
    };
    // On its own platform a member is known by id.
    let (accounts, told) = match account(env, live, name, target) {
        _ if target.integration == reading.integration() => (&[][..], None),
        Ok(known) => known,
        Err(finding) => return *finding,
    };
    let known: Vec<&Target> = accounts.iter().chain([target]).collect();
    if members.iter().any(|member| known.iter().any(|account| is_same(member, account))) {
        let (count, what) = (members.len(), name.trim_start_matches("protected "));
        let why = match reading {
            Reading::Role { .. } => format!("is one of the {count} who hold the protected {what}"),
            _ => format!("is one of the {count} in the protected {what}"),
        };
        return minds(name.to_owned(), &why);
    }
    Finding::Fine(told.into_iter().chain([entry]).collect())
}

/// By its own platform, which lists tags or labels as texts; an app by the vendor register too.
fn is_tagged(env: &Env, target: &Target, tag: &str) -> bool {
    let lists = ["tags", "labels"].iter().filter_map(|attr| target.attrs.get(*attr)?.as_array());
    let own = lists.flatten().filter_map(serde_json::Value::as_str).map(str::to_owned);
    let registered = if target.kind == APP { env.desk.tags(target) } else { Vec::new() };
    own.chain(registered).any(|own| own.eq_ignore_ascii_case(tag))
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
