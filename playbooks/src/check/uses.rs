//! `uses`: everything called is listed, under its effect, and nothing else is.

use std::collections::BTreeSet;

use stanch_model::{Effect, catalog::ActionIndex};

use super::case::{Case, near};
use crate::{
    dialect::{HOST_CALLS, host_call},
    survey::{Survey, What},
};

pub(super) fn check(case: &mut Case<'_>) {
    let survey = std::mem::take(&mut case.survey.seen);
    let mut called: BTreeSet<String> = BTreeSet::new();
    for seen in &survey {
        let names = names(&seen.what, case.world.index);
        if names.is_empty() {
            continue;
        }
        called.extend(names.iter().cloned());
        if !names.iter().any(|name| case.playbook.manifest.listed(name).is_some()) {
            unlisted(case, seen.at, &seen.what, &names);
        }
    }
    case.survey.seen = survey;
    let entries: Vec<(Effect, String)> = case
        .playbook
        .manifest
        .uses
        .iter()
        .flat_map(|(effect, names)| names.iter().map(|name| (*effect, name.clone())))
        .collect();
    for (n, (effect, name)) in entries.iter().enumerate() {
        let twice = entries[..n].iter().any(|(_, before)| before == name);
        entry(case, *effect, name, &called, twice);
    }
}

/// All names under which a call may stand in `uses`.
fn names(what: &What<'_>, index: &dyn ActionIndex) -> Vec<String> {
    match what {
        What::Host { call, .. } if call.is_listed() => vec![call.name.to_owned()],
        What::Verb { verbs, .. } => {
            let actions = verbs.iter().flat_map(|verb| index.verb(verb));
            let actions = actions.map(|(integration, action)| format!("{integration}.{}", action.name));
            verbs.iter().cloned().chain(actions).collect()
        }
        What::Action { integration, action, .. } => match index.action(integration, action) {
            Some(info) => [
                Some(format!("{integration}.{action}")),
                Some(format!("{}.{action}", info.platform)),
                info.verb.clone(),
            ]
            .into_iter()
            .flatten()
            .collect(),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn unlisted(case: &mut Case<'_>, at: usize, what: &What<'_>, names: &[String]) {
    let effect = worst(&Survey::effects(what, case.world));
    // Of a verb on a target of unknown kind, all that it may be.
    let verbs = if let What::Verb { verbs, .. } = what { verbs.join("` or `") } else { names[0].clone() };
    let help = match effect {
        Some(effect) => format!("add `{}` under `{effect}:`", names[0]),
        None => format!("add `{}` under its effect", names[0]),
    };
    case.script("PB0031", at, format!("`{verbs}` is not in the manifest's `uses`"), &help);
}

fn entry(case: &mut Case<'_>, effect: Effect, name: &str, called: &BTreeSet<String>, twice: bool) {
    let span = case.text_span(&["uses", effect.as_str()], name);
    if twice {
        case.manifest(
            "PB0032",
            span,
            format!("`{name}` is listed twice in `uses`"),
            "keep it under its effect",
        );
        return;
    }
    let Some(effects) = effects_of(case, name) else {
        let known = known(case);
        let help = near(
            name,
            known.iter().map(String::as_str),
            "a verb (`grant.revoke`), an action (`okta.suspend_user`), or find_app, find_user, notify, page",
        );
        case.manifest("PB0033", span, format!("`{name}` in `uses` is no action, verb or host call"), &help);
        return;
    };
    if let Some(right) = worst(&effects).filter(|right| *right != effect) {
        let message = format!("`{name}` is {right}, and `uses` lists it under `{effect}`");
        case.manifest("PB0032", span.clone(), message, &format!("move it under `{right}:`"));
    }
    if !called.contains(name) {
        case.manifest_doubt(
            "PB0034",
            span,
            format!("the script never calls `{name}`"),
            "remove it: a playbook may do what it needs and no more",
        );
    }
}

/// The effects of an entry of `uses`; none if there is no such thing anywhere in the catalogue.
fn effects_of(case: &Case<'_>, name: &str) -> Option<BTreeSet<Effect>> {
    if let Some(call) = host_call(name) {
        return call.effect().map(|effect| BTreeSet::from([effect]));
    }
    if case.world.verbs.iter().any(|verb| verb == name) {
        return Some(case.world.effects_of_verb(name));
    }
    let (owner, action) = name.split_once('.')?;
    let by_name = case.world.index.action(owner, action);
    let by_platform = || case.world.index.actions(owner).into_iter().find(|info| info.name == action);
    by_name.or_else(by_platform).map(|info| BTreeSet::from([info.effect]))
}

fn known(case: &Case<'_>) -> Vec<String> {
    let mut known: Vec<String> = case.world.verbs.clone();
    known.extend(HOST_CALLS.iter().filter(|call| call.is_listed()).map(|call| call.name.to_owned()));
    for (integration, platform) in case.world.index.integrations() {
        known.extend(
            case.world.index.actions(&platform).iter().map(|action| format!("{integration}.{}", action.name)),
        );
    }
    known
}

/// The effect under which something belongs that may have several: the one that is hardest to take back.
fn worst(effects: &BTreeSet<Effect>) -> Option<Effect> {
    [Effect::Permanent, Effect::Reversible, Effect::Restore, Effect::Tell, Effect::Read]
        .into_iter()
        .find(|effect| effects.contains(effect))
}
