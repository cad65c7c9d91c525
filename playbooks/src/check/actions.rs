//! Actions and verbs: that they exist, and their arguments.

use std::collections::BTreeMap;

use stanch_model::catalog::{ActionInfo, InputInfo, InputKind};

use super::case::{Case, listed, near};
use crate::{
    survey::{Ty, What},
    syntax::{Expr, ExprKind},
};

/// Options that every reversible cut takes besides its own arguments.
const CUT_OPTIONS: &[&str] = &["expires_in"];

pub(super) fn check(case: &mut Case<'_>) {
    let survey = std::mem::take(&mut case.survey.seen);
    for seen in &survey {
        match &seen.what {
            What::Action { integration, action, args } => named(case, seen.at, integration, action, args),
            What::Verb { method, kind, verbs, args } => {
                verb(case, seen.at, method, kind.as_deref(), verbs, args)
            }
            _ => {}
        }
    }
    case.survey.seen = survey;
}

fn named(case: &mut Case<'_>, at: usize, integration: &str, action: &str, args: &[Expr]) {
    let Some(info) = case.world.index.action(integration, action) else {
        let platform = platform_of(case, integration);
        let known: Vec<&str> =
            case.world.index.actions(&platform).iter().map(|action| action.name.as_str()).collect();
        let help =
            near(action, known.iter().copied(), &format!("{platform} has {}", listed(known.iter().copied())));
        case.script("PB0024", at, format!("{integration} has no action `{action}`"), &help);
        return;
    };
    if args.len() > 1 {
        case.script(
            "PB0026",
            at,
            format!("`{integration}.{action}` takes one map of arguments"),
            "write `#{ name: value }`",
        );
    }
    let given = literal_map(args);
    if let (Some(given), true) = (&given, args.len() <= 1) {
        arguments(case, &info.inputs, given, &format!("{integration}.{action}"), info.undo.is_some());
        missing(case, at, info, given, &format!("{integration}.{action}"));
    }
}

/// The entries of the map that stands as the only argument; none given is an empty map.
fn literal_map(args: &[Expr]) -> Option<Vec<(&str, usize, &Expr)>> {
    match args.first().map(|arg| &arg.kind) {
        None => Some(Vec::new()),
        Some(ExprKind::Map(entries)) => {
            Some(entries.iter().map(|(key, value)| (key.name.as_str(), key.at, value)).collect())
        }
        Some(_) => None,
    }
}

fn missing(case: &mut Case<'_>, at: usize, info: &ActionInfo, given: &[(&str, usize, &Expr)], what: &str) {
    let lacks = |name: &&String| !given.iter().any(|(key, ..)| key == name);
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
    given: &[(&str, usize, &Expr)],
    what: &str,
    can_expire: bool,
) {
    for (name, at, value) in given {
        if can_expire && CUT_OPTIONS.contains(name) {
            if let Some(help) = no_length(value) {
                case.script("PB0028", value.at, format!("`{name}` of `{what}` is a length of time"), &help);
            }
            continue;
        }
        let Some(input) = inputs.get(*name) else {
            let known = inputs.keys().map(String::as_str);
            let help = near(
                name,
                known.clone(),
                &match known.clone().next() {
                    Some(_) => format!("it takes {}", listed(known)),
                    None => "it takes none".to_owned(),
                },
            );
            case.script("PB0026", *at, format!("`{what}` has no argument `{name}`"), &help);
            continue;
        };
        if let Some((wanted, help)) = misfit(input, value) {
            case.script("PB0028", value.at, format!("`{name}` of `{what}` is {wanted}"), &help);
        }
    }
}

/// Why this can be no length of time.
fn no_length(value: &Expr) -> Option<String> {
    match &value.kind {
        ExprKind::Text(text) => crate::dialect::duration(text).err().map(|why| why.to_string()),
        ExprKind::Integer | ExprKind::Bool | ExprKind::List(_) | ExprKind::Map(_) | ExprKind::Closure(_) => {
            Some("write it as a text, `\"4h\"`".to_owned())
        }
        _ => None,
    }
}

fn misfit(input: &InputInfo, value: &Expr) -> Option<(String, String)> {
    let fits = match (&value.kind, input.kind) {
        (ExprKind::Text(text), InputKind::String) if !input.one_of.is_empty() => {
            if input.one_of.contains(text) {
                return None;
            }
            let known = input.one_of.iter().map(String::as_str);
            return Some((format!("one of {}", input.one_of.join(", ")), near(text, known, "")));
        }
        (ExprKind::Text(_) | ExprKind::Template(_), kind) => {
            matches!(kind, InputKind::String | InputKind::Any)
        }
        (ExprKind::Integer, kind) => matches!(kind, InputKind::Integer | InputKind::Any),
        (ExprKind::Bool, kind) => matches!(kind, InputKind::Boolean | InputKind::Any),
        (ExprKind::List(_), kind) => matches!(kind, InputKind::List | InputKind::Any),
        (ExprKind::Map(_), kind) => matches!(kind, InputKind::Map | InputKind::Any),
        (ExprKind::Closure(_), _) => false,
        _ => true,
    };
    let wanted = match input.kind {
        InputKind::String => "a text",
        InputKind::Integer => "a whole number",
        InputKind::Boolean => "true or false",
        InputKind::List => "a list",
        InputKind::Map => "a map",
        InputKind::Secret => "a secret: a value that a platform gave, never one that stands in a script",
        InputKind::Any => "data",
    };
    let help = match (&value.kind, input.kind) {
        (ExprKind::Integer | ExprKind::Bool, InputKind::String) => "put it in quotes",
        (ExprKind::Text(_), InputKind::Integer | InputKind::Boolean) => "write it without quotes",
        (ExprKind::Text(_), InputKind::List) => "put brackets around it: `[\"…\"]`",
        _ => "",
    };
    (!fits).then(|| (wanted.to_owned(), help.to_owned()))
}

fn verb(case: &mut Case<'_>, at: usize, method: &str, kind: Option<&str>, verbs: &[String], args: &[Expr]) {
    if verbs.is_empty() {
        unknown_verb(case, at, method, kind);
        return;
    }
    let index = case.world.index;
    let actions: Vec<&ActionInfo> =
        verbs.iter().flat_map(|verb| index.verb(verb)).map(|(_, action)| action).collect();
    if actions.is_empty() {
        let help = "it does nothing here; connect a platform that has it, or leave it out";
        case.doubt("PB0051", at, format!("no configured integration has `{}`", verbs.join("` or `")), help);
        return;
    }
    if let Some(given) = literal_map(args) {
        let mut inputs = BTreeMap::new();
        for action in &actions {
            inputs.extend(action.inputs.iter().map(|(name, input)| (name.clone(), input.clone())));
        }
        let can_expire = actions.iter().any(|action| action.undo.is_some());
        arguments(case, &inputs, &given, &format!("{}.{method}", kind.unwrap_or("target")), can_expire);
    } else {
        case.script(
            "PB0026",
            args.first().map_or(at, |arg| arg.at),
            format!("`.{method}()` takes a map of arguments, or none"),
            "write `#{ name: value }`",
        );
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
