//! Actions and verbs: that they exist, and their arguments.

use std::collections::{BTreeMap, BTreeSet};

use stanch_model::catalog::{ActionInfo, InputInfo, InputKind};

use super::case::{Case, listed, near};
use crate::{
    survey::{Entry, Literal, Ty, What},
    syntax::Expr,
};

/// Options that every reversible cut takes besides its own arguments.
const CUT_OPTIONS: &[&str] = &["expires_in"];

pub(super) fn check(case: &mut Case<'_>) {
    let survey = std::mem::take(&mut case.survey.seen);
    for seen in &survey {
        match &seen.what {
            What::Action { integration, action, args, types } => {
                named(case, seen.at, (integration, action), args, types);
            }
            What::Verb { method, kind, verbs, args, types } => {
                verb(case, seen.at, (method, kind.as_deref(), verbs), args, types);
            }
            _ => {}
        }
    }
    case.survey.seen = survey;
}

fn named(case: &mut Case<'_>, at: usize, (integration, action): (&str, &str), args: &[Expr], types: &[Ty]) {
    let Some(info) = case.world.index.action(integration, action) else {
        let help = unknown_action(case, integration, action);
        case.script("PB0024", at, format!("{integration} has no action `{action}`"), &help);
        return;
    };
    let what = format!("{integration}.{action}");
    if args.len() > 1 || !types.first().is_none_or(|ty| ty.is_map() || ty.is_any()) {
        let place = args.first().map_or(at, |arg| arg.at);
        case.script(
            "PB0026",
            place,
            format!("`{what}` takes one map of arguments"),
            "write `#{ name: value }`",
        );
        return;
    }
    if let Some(given) = known_map(types) {
        arguments(case, &info.inputs, given, &what, info.undo.is_some());
        missing(case, at, info, given, &what);
    }
}

/// An action of this platform that is nearly called so, one of another that is, or all that this one has.
fn unknown_action(case: &Case<'_>, integration: &str, action: &str) -> String {
    let index = case.world.index;
    let platform = platform_of(case, integration);
    let known: Vec<&str> = index.actions(&platform).iter().map(|action| action.name.as_str()).collect();
    let has = |platform: &String| index.actions(platform).iter().any(|info| info.name == action);
    let others: Vec<String> = index.platforms().into_iter().filter(has).collect();
    let fallback = match others.is_empty() {
        true => format!("{platform} has {}", listed(known.iter().copied())),
        false => format!("{} has it", listed(others.iter().map(String::as_str))),
    };
    near(action, known, &fallback)
}

/// The entries of the map that is the only argument, where they are known; none given is an empty map.
fn known_map(types: &[Ty]) -> Option<&[Entry]> {
    match types.first() {
        None => Some(&[]),
        Some(Ty::Known(entries)) => Some(entries),
        Some(_) => None,
    }
}

fn missing(case: &mut Case<'_>, at: usize, info: &ActionInfo, given: &[Entry], what: &str) {
    let lacks = |name: &&String| !given.iter().any(|entry| entry.name == **name);
    let needed = info.inputs.iter().filter(|(_, input)| input.required).map(|(name, _)| name);
    let lacking: Vec<&str> = needed.filter(lacks).map(String::as_str).collect();
    if !lacking.is_empty() {
        let help = format!("it takes {}", listed(info.inputs.keys().map(String::as_str)));
        case.script("PB0027", at, format!("`{what}` lacks {}", lacking.join(", ")), &help);
    }
}

/// Every given argument is known and fits its type.
fn arguments(
    case: &mut Case<'_>,
    inputs: &BTreeMap<String, InputInfo>,
    given: &[Entry],
    what: &str,
    can_expire: bool,
) {
    for entry in given {
        let name = entry.name.as_str();
        if can_expire && CUT_OPTIONS.contains(&name) {
            if let Some(help) = no_length(entry) {
                let message = format!("`{name}` of `{what}` is a length of time");
                case.script("PB0028", entry.value_at, message, &help);
            }
            continue;
        }
        let Some(input) = inputs.get(name) else {
            let options = if can_expire { CUT_OPTIONS } else { &[] };
            let known = options.iter().copied().chain(inputs.keys().map(String::as_str));
            let help = near(
                name,
                known.clone(),
                &match known.clone().next() {
                    Some(_) => format!("it takes {}", listed(known)),
                    None => "it takes none".to_owned(),
                },
            );
            case.script("PB0026", entry.at, format!("`{what}` has no argument `{name}`"), &help);
            continue;
        };
        if let Some((wanted, help)) = misfit(input, entry) {
            case.script("PB0028", entry.value_at, format!("`{name}` of `{what}` is {wanted}"), &help);
        }
    }
}

/// Why this can be no length of time.
fn no_length(entry: &Entry) -> Option<String> {
    match (&entry.literal, &entry.ty) {
        (Literal::Text(text), _) => crate::dialect::duration(text).err().map(|why| why.to_string()),
        (_, Ty::Any | Ty::Text) => None,
        _ => Some("write it as a text, `\"4h\"`".to_owned()),
    }
}

/// What was wanted, and what to do, if this cannot be it.
fn misfit(input: &InputInfo, entry: &Entry) -> Option<(String, String)> {
    if let (Literal::Text(text), false) = (&entry.literal, input.one_of.is_empty()) {
        let known = input.one_of.iter().map(String::as_str);
        let wrong = !input.one_of.contains(text);
        return wrong.then(|| (format!("one of {}", input.one_of.join(", ")), near(text, known, "")));
    }
    if fits(input.kind, entry, input.required) {
        return None;
    }
    let wanted = match input.kind {
        _ if !input.one_of.is_empty() => {
            return Some((format!("one of {}", input.one_of.join(", ")), String::new()));
        }
        InputKind::String => "a text",
        InputKind::Integer => "a whole number",
        InputKind::Boolean => "true or false",
        InputKind::List => "a list",
        InputKind::Map => "a map",
        InputKind::Secret => "a secret: a value that a platform gave, never one that stands in a script",
        InputKind::Any => "data",
    };
    let help = match (&entry.ty, input.kind) {
        (Ty::Number | Ty::Bool, InputKind::String) => "put it in quotes",
        (Ty::Text, InputKind::Integer | InputKind::Boolean) => "write it without quotes",
        (Ty::Text, InputKind::List) => "put brackets around it: `[\"…\"]`",
        (Ty::List(_), InputKind::String) => "take one of them, or go over them with `each`",
        _ => "",
    };
    Some((wanted.to_owned(), help.to_owned()))
}

/// As the platform's side takes it: what is no text is written as one, a text of digits is a number, a target is its id.
fn fits(kind: InputKind, entry: &Entry, required: bool) -> bool {
    let literal = entry.literal != Literal::No;
    match (&entry.ty, kind) {
        (Ty::Any, _) => true,
        (Ty::Unit, _) => !required,
        (Ty::Closure | Ty::Severity | Ty::Integration(_), _) => false,
        (_, InputKind::Any) => true,
        (Ty::Text, InputKind::Secret | InputKind::Integer) => !literal,
        (Ty::Number | Ty::Bool, InputKind::String) => !literal,
        (ty, InputKind::String) => matches!(ty, Ty::Text | Ty::Target(_)),
        (ty, InputKind::Integer) => *ty == Ty::Number,
        (ty, InputKind::Boolean) => *ty == Ty::Bool,
        (ty, InputKind::List) => matches!(ty, Ty::List(_)),
        (ty, InputKind::Map) => ty.is_map(),
        (_, InputKind::Secret) => false,
    }
}

fn verb(
    case: &mut Case<'_>,
    at: usize,
    (method, kind, verbs): (&str, Option<&str>, &[String]),
    args: &[Expr],
    types: &[Ty],
) {
    if verbs.is_empty() {
        unknown_verb(case, at, method, kind);
        return;
    }
    let index = case.world.index;
    let actions: Vec<&ActionInfo> =
        verbs.iter().flat_map(|verb| index.verb(verb)).map(|(_, action)| action).collect();
    if actions.is_empty() {
        let owners: BTreeSet<String> =
            verbs.iter().flat_map(|verb| case.world.owners(verb)).map(|(platform, _)| platform).collect();
        let help = format!("it does nothing here; connect {}, or leave it out", or(&owners));
        case.doubt("PB0051", at, format!("no configured integration has `{}`", verbs.join("` or `")), &help);
        return;
    }
    if args.len() > 1 || !types.first().is_none_or(|ty| ty.is_map() || ty.is_any()) {
        case.script(
            "PB0026",
            args.first().map_or(at, |arg| arg.at),
            format!("`.{method}()` takes a map of arguments, or none"),
            "write `#{ name: value }`",
        );
        return;
    }
    if let Some(given) = known_map(types) {
        let mut inputs = BTreeMap::new();
        for action in &actions {
            inputs.extend(action.inputs.iter().map(|(name, input)| (name.clone(), input.clone())));
        }
        let can_expire = actions.iter().any(|action| action.undo.is_some());
        arguments(case, &inputs, given, &format!("{}.{method}", kind.unwrap_or("target")), can_expire);
    }
}

/// `hubspot, okta or zoom`
fn or(names: &BTreeSet<String>) -> String {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) if rest.len() < 6 => format!("{} or {last}", rest.join(", ")),
        Some(_) => format!("one of {}", listed(names.iter().copied())),
        None => "a platform that has it".to_owned(),
    }
}

fn unknown_verb(case: &mut Case<'_>, at: usize, method: &str, kind: Option<&str>) {
    let verbs = &case.world.verbs;
    let same_kind: Vec<&str> = verbs
        .iter()
        .filter_map(|verb| verb.split_once('.'))
        .filter(|(on, _)| Some(*on) == kind)
        .map(|(_, name)| name)
        .collect();
    let other: Vec<&str> =
        verbs.iter().filter(|verb| verb.ends_with(&format!(".{method}"))).map(String::as_str).collect();
    let all = verbs.iter().filter_map(|verb| Some(verb.split_once('.')?.1));
    let (what, fallback) = match kind {
        Some(kind) if !other.is_empty() => (
            format!("{} {kind}", article(kind)),
            format!("there is `{}`, and this is {} {kind}", other.join("`, `"), article(kind)),
        ),
        Some(kind) if !same_kind.is_empty() => {
            (format!("{} {kind}", article(kind)), format!("it has {}", listed(same_kind.iter().copied())))
        }
        Some(kind) => (format!("{} {kind}", article(kind)), String::new()),
        None => (Ty::Target(None).word().to_owned(), String::new()),
    };
    let help =
        if other.is_empty() { near(method, same_kind.into_iter().chain(all), &fallback) } else { fallback };
    case.script("PB0025", at, format!("{what} has no verb `{method}`"), &help);
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

fn platform_of(case: &Case<'_>, integration: &str) -> String {
    let all = case.world.index.integrations();
    all.into_iter()
        .find(|(name, _)| name == integration)
        .map_or_else(|| integration.to_owned(), |(_, platform)| platform)
}
