//! The checks of guards and of attention: what is protected, what two people must allow, when somebody is told. A rule that
//! can never be met guards nothing.

use stanch_model::{
    Diagnostic,
    config::{Config, ProtectRule},
    duration,
    target::Effect,
};

use super::{
    Known, Marker,
    check::{keys, suggest},
};
use crate::tell::Pulse;

pub(super) fn all(config: &Config, known: Known<'_>, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    for (at, rule) in config.protect.iter().enumerate() {
        protect(&at.to_string(), rule, config, known, mark, found);
    }
    for (at, effect) in config.two_person.iter().enumerate() {
        if matches!(effect, Effect::Read | Effect::Tell) {
            let message = format!("what has the effect `{effect}` asks nobody, and so not two people either");
            let help = "write `permanent`, `reversible` or `restore`";
            found.push(mark.value("CF0017", &["two_person", &at.to_string()], message).help(help));
        }
    }
    lengths(config, mark, found);
    heartbeat(config, mark, found);
}

fn lengths(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    let attention = &config.attention;
    let beat = config.heartbeat.as_ref().map(|beat| (["heartbeat", "every"], &beat.every, 10));
    let all = [
        (["break_glass", "after"], &config.break_glass.after, 0),
        (["attention", "too_long"], &attention.too_long, 1),
        (["attention", "again"], &attention.again, 60),
        (["attention", "before_end"], &attention.before_end, 0),
    ];
    for (path, text, least) in all.into_iter().chain(beat) {
        match duration::parse(text) {
            Err(why) => found.push(mark.value("CF0018", &path, why.to_string())),
            Ok(length) if length.as_secs() < least => {
                let message = format!("`{text}` is too short: at least {least}s");
                found.push(mark.value("CF0018", &path, message));
            }
            Ok(_) => {}
        }
    }
}

fn heartbeat(config: &Config, mark: &Marker<'_>, found: &mut Vec<Diagnostic>) {
    let Some(beat) = &config.heartbeat else { return };
    if let Err(why) = Pulse::parse(&beat.to, config) {
        let help = "write `healthchecks:NAME` or `webhook:NAME`, NAME being an integration of that platform";
        found.push(mark.value("CF0019", &["heartbeat", "to"], why.to_string()).help(help));
    }
}

fn protect(
    at: &str,
    rule: &ProtectRule,
    config: &Config,
    known: Known<'_>,
    mark: &Marker<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let given = [&rule.user, &rule.group, &rule.app, &rule.role, &rule.tag];
    let said =
        given.iter().filter(|part| part.as_deref().is_some_and(|text| !text.trim().is_empty())).count();
    if said != 1 {
        let message = "a protect rule has exactly one of `user`, `app`, `group`, `role` or `tag`";
        found.push(mark.value("CF0010", &["protect", at], message));
    }
    let groups = ("group", "integration/Group name", "who is in a group", known.groups);
    let roles = ("role", "integration/Role", "who holds a role", known.roles);
    for (named, (key, written, what, able)) in [(&rule.group, groups), (&rule.role, roles)] {
        let Some(text) = named else { continue };
        let path = ["protect", at, key];
        match text.split_once('/').filter(|(_, name)| !name.trim().is_empty()) {
            Some((integration, _)) => match config.integrations.get(integration) {
                None => {
                    let message = format!("there is no integration `{integration}`");
                    let diagnostic = mark.value("CF0008", &path, message);
                    found.push(suggest(diagnostic, integration, &keys(config)));
                }
                Some(own) if is_unable(known, able, &own.platform) => {
                    let message = format!("`{}` has no read that tells {what}", own.platform);
                    let help = "protect the people by their logins: `- { user: ana@acme.example }`";
                    found.push(mark.value("CF0010", &path, message).help(help));
                }
                Some(_) => {}
            },
            None => found.push(mark.value("CF0010", &path, format!("a {key} is written `{written}`"))),
        }
    }
}

fn is_unable(known: Known<'_>, able: &dyn Fn(&str) -> bool, platform: &str) -> bool {
    known.platforms.contains(&platform) && !able(platform)
}
