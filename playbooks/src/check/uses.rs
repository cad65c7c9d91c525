//! `uses`: everything called is listed, under its effect, and nothing else is.

use std::collections::BTreeSet;

use stanch_model::{Diagnostic, Effect, Fix, catalog::ActionIndex, diagnostic::did_you_mean};

use super::{
    case::{Case, listed, near},
    mend,
};
use crate::{
    dialect::{HOST_CALLS, host_call},
    survey::{Survey, What},
};

/// What the script calls.
#[derive(Default)]
struct Called {
    /// As `uses` may list it.
    names: BTreeSet<String>,
    /// Methods that no target has: a slip of the pen, said where it stands.
    slips: BTreeSet<String>,
}

impl Called {
    /// Whether a script that was read whole never calls it.
    fn lacks(&self, name: &str, method: &str) -> bool {
        let is_meant = |slip: &String| did_you_mean(slip, [method]).is_some();
        !self.names.contains(name) && !self.slips.iter().any(is_meant)
    }
}

pub(super) fn check(case: &mut Case<'_>) {
    if !case.has("uses") {
        return;
    }
    let survey = std::mem::take(&mut case.survey.seen);
    let mut called = Called::default();
    for seen in &survey {
        // nobody can say that it is called, nor that it is not
        if let What::Perhaps { verbs } = &seen.what {
            called.names.extend(verbs.iter().cloned());
            continue;
        }
        if let What::Verb { method, verbs, .. } = &seen.what
            && verbs.is_empty()
        {
            called.slips.insert((*method).to_owned());
        }
        let names = names(&seen.what, case.world.index);
        if names.is_empty() {
            continue;
        }
        called.names.extend(names.iter().cloned());
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
    // Of a verb on a target of unknown kind, all that it may be: then nobody can say which is meant.
    let verbs = if let What::Verb { verbs, .. } = what { verbs.as_slice() } else { &names[..1] };
    let effects = match what {
        What::Verb { verbs, .. } => {
            verbs.iter().flat_map(|verb| effects_of(case, verb).unwrap_or_default()).collect()
        }
        what => Survey::effects(what, case.world),
    };
    let effect = worst(&effects);
    let help = match effect {
        _ if verbs.len() > 1 => of_some_kind(case, verbs),
        Some(effect) => format!("add `{}` under `{effect}:`", names[0]),
        None => format!("add `{}` under its effect", names[0]),
    };
    let fix = effect.filter(|_| verbs.len() == 1).and_then(|effect| mend::add(case.yaml, effect, &names[0]));
    let message = match (verbs, what) {
        ([_, _, _, ..], What::Verb { method, .. }) => {
            format!("`{method}` of no kind of target is in the manifest's `uses`")
        }
        _ => format!("`{}` is not in the manifest's `uses`", verbs.join("` or `")),
    };
    case.in_script(Diagnostic::error("PB0031", message), at, &help, fix);
}

/// Which verbs a call may be on a target of unknown kind, by the effect that each belongs under. None of them is certain.
fn of_some_kind(case: &Case<'_>, verbs: &[String]) -> String {
    let mut under: Vec<(Effect, Vec<&str>)> = Vec::new();
    for verb in verbs {
        let Some(effect) = effects_of(case, verb).and_then(|effects| worst(&effects)) else { continue };
        match under.iter_mut().find(|(known, _)| *known == effect) {
            Some((_, verbs)) => verbs.push(verb),
            None => under.push((effect, vec![verb])),
        }
    }
    let under =
        under.iter().map(|(effect, verbs)| format!("under `{effect}:` {}", listed(verbs.iter().copied())));
    let under: Vec<String> = under.collect();
    format!("its kind is not known here: add what it may be, {}", under.join("; "))
}

fn entry(case: &mut Case<'_>, effect: Effect, name: &str, called: &Called, twice: bool) {
    let span = case.text_span(&["uses", effect.as_str()], name);
    if twice {
        let problem = Diagnostic::error("PB0032", format!("`{name}` is listed twice in `uses`"));
        let fix = twin(case, effect, name);
        case.in_manifest(problem, span, "keep it under its effect", fix);
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
    // What stands in a statement that could not be read may call it.
    let method = name.rsplit('.').next().unwrap_or(name);
    let unused = called.lacks(name, method) && !case.lost().may_hold(method);
    if let Some(right) = worst(&effects).filter(|right| *right != effect) {
        let on = platforms_with(case, name, right).filter(|_| effects.len() > 1);
        let on = on.map_or_else(String::new, |on| format!(" on {on}"));
        let message = format!("`{name}` is {right}{on}, and `uses` lists it under `{effect}`");
        let fix = if unused { None } else { mend::shift(case.yaml, effect, right, name) };
        let problem = Diagnostic::error("PB0032", message);
        case.in_manifest(problem, span.clone(), &format!("move it under `{right}:`"), fix);
    }
    if unused {
        let problem = Diagnostic::warning("PB0034", format!("the script never calls `{name}`"));
        // Certain only where the whole script could be read.
        let fix = if case.lost().is_empty() { mend::remove(case.yaml, effect, name) } else { None };
        case.in_manifest(problem, span, "remove it: a playbook may do what it needs and no more", fix);
    }
}

/// Where a verb has this effect: the integrations that are connected here, else the platforms of the catalogue.
fn platforms_with(case: &Case<'_>, verb: &str, effect: Effect) -> Option<String> {
    let here = case.world.index.verb(verb);
    let found = if here.is_empty() { case.world.owners(verb) } else { here };
    let names: BTreeSet<String> =
        found.into_iter().filter(|(_, info)| info.effect == effect).map(|(name, _)| name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.split_last()? {
        (last, []) => Some((*last).to_owned()),
        (last, rest) if rest.len() < 6 => Some(format!("{} and {last}", rest.join(", "))),
        _ => Some(listed(names.iter().copied())),
    }
}

/// Of an entry that is listed twice, the one under the wrong effect goes; of two that are alike the last.
fn twin(case: &Case<'_>, effect: Effect, name: &str) -> Option<Fix> {
    let right = worst(&effects_of(case, name)?)?;
    let uses = &case.playbook.manifest.uses;
    let holds = |effect: &Effect| uses.get(effect).is_some_and(|names| names.iter().any(|one| one == name));
    let wrong = Effect::ALL.iter().copied().find(|other| *other != right && holds(other));
    mend::remove(case.yaml, wrong.filter(|_| holds(&right)).unwrap_or(effect), name)
}

/// The effects of an entry of `uses`; none if there is no such thing anywhere in the catalogue.
fn effects_of(case: &Case<'_>, name: &str) -> Option<BTreeSet<Effect>> {
    if let Some(call) = host_call(name) {
        return call.effect().map(|effect| BTreeSet::from([effect]));
    }
    if case.world.verbs.iter().any(|verb| verb == name) {
        let here = case.world.effects_of_verb(name);
        return Some(if here.is_empty() { case.world.effects_anywhere(name) } else { here });
    }
    let (owner, action) = name.split_once('.')?;
    let by_name = case.world.index.action(owner, action);
    let by_platform = || case.world.index.actions(owner).into_iter().find(|info| info.name == action);
    by_name.or_else(by_platform).map(|info| BTreeSet::from([info.effect]))
}

/// Everything that `uses` may list, whether it is connected or not.
fn known(case: &Case<'_>) -> Vec<String> {
    let index = case.world.index;
    let mut known: Vec<String> = case.world.verbs.clone();
    known.extend(HOST_CALLS.iter().filter(|call| call.is_listed()).map(|call| call.name.to_owned()));
    let here = index.integrations();
    let elsewhere = index.platforms().into_iter().filter(|slug| !here.iter().any(|(_, known)| known == slug));
    let elsewhere = elsewhere.map(|slug| (slug.replace('-', "_"), slug)).collect::<Vec<_>>();
    for (owner, platform) in here.iter().chain(&elsewhere) {
        known.extend(index.actions(platform).iter().map(|action| format!("{owner}.{}", action.name)));
    }
    known
}

/// The effect under which something belongs that may have several: the one that is hardest to take back.
fn worst(effects: &BTreeSet<Effect>) -> Option<Effect> {
    [Effect::Permanent, Effect::Reversible, Effect::Restore, Effect::Tell, Effect::Read]
        .into_iter()
        .find(|effect| effects.contains(effect))
}
