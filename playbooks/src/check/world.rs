//! Names of things outside the playbook: groups, channels, vendors, deadlines, playbooks; and its templates.

use std::collections::BTreeSet;

use super::case::{Case, listed, near};
use crate::{
    dialect::ParamKind,
    playbook::{template_name, template_path},
    survey::What,
    syntax::{Expr, ExprKind},
};

pub(super) fn check(case: &mut Case<'_>) {
    slug(case);
    groups(case);
    let survey = std::mem::take(&mut case.survey.seen);
    for seen in &survey {
        let What::Host { call, args, .. } = &seen.what else { continue };
        for (param, arg) in call.params.iter().zip(args.iter()) {
            if let Some(text) = arg.as_text() {
                literal(case, arg.at, param.kind, text);
            }
        }
        match call.name {
            "vendor_of" => vendor(case, args),
            "notify" => notice(case, args),
            _ => {}
        }
    }
    case.survey.seen = survey;
}

/// The folder's name is the playbook's name, or nobody finds it.
fn slug(case: &mut Case<'_>) {
    let playbook = case.playbook;
    if case.has("playbook") && playbook.slug != playbook.manifest.playbook {
        let message =
            format!("the folder is `{}`, the manifest says `{}`", playbook.slug, playbook.manifest.playbook);
        case.manifest("PB0006", case.value_span(&["playbook"]), message, "name both the same");
    }
}

fn groups(case: &mut Case<'_>) {
    let Some(known) = &case.context.groups else { return };
    let mut named: Vec<(Vec<String>, String)> = Vec::new();
    let approvals = case.playbook.manifest.approvals.iter().filter(|_| case.has("approvals"));
    for (name, approval) in approvals {
        let path = |field: &str| vec!["approvals".to_owned(), name.clone(), field.to_owned()];
        named.extend(approval.ask.iter().map(|group| (path("ask"), group.clone())));
        named.extend(approval.ladder().iter().map(|group| (path("unanswered"), group.clone())));
    }
    let questions = case.playbook.manifest.questions.iter().filter(|_| case.has("questions"));
    for (name, question) in questions {
        let path = vec!["questions".to_owned(), name.clone(), "ask".to_owned()];
        named.extend(question.ask.iter().map(|group| (path.clone(), group.clone())));
    }
    for (path, group) in named.into_iter().filter(|(_, group)| !known.contains(group)) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let help = help(&group, known, "groups stand in stanch.yaml under `people:`");
        case.manifest("PB0035", case.text_span(&path, &group), format!("there is no group `{group}`"), &help);
    }
}

fn help(word: &str, known: &BTreeSet<String>, fallback: &str) -> String {
    let names = known.iter().map(String::as_str);
    let fallback = if known.is_empty() {
        fallback.to_owned()
    } else {
        format!("{fallback}; there are {}", listed(names.clone()))
    };
    near(word, names, &fallback)
}

/// What is said of a notice that is not there.
fn no_notice(name: &str) -> String {
    format!("there is no notice `{name}`")
}

/// The same, by the notice's file.
pub(super) fn no_notice_of(path: &str) -> Option<String> {
    Some(no_notice(template_name(path)?))
}

fn literal(case: &mut Case<'_>, at: usize, kind: ParamKind, text: &str) {
    let context = case.context;
    let (known, code, what, fallback) = match kind {
        ParamKind::Channel => (
            &context.tell,
            "PB0036",
            "channel",
            "channels stand in stanch.yaml under `tell:`, people with ways of their own under `people: known:`",
        ),
        ParamKind::Deadline => {
            (&context.deadlines, "PB0039", "deadline", "deadlines stand in the deadlines table")
        }
        ParamKind::Playbook => {
            (&context.playbooks, "PB0040", "playbook", "playbooks are named by their folder")
        }
        ParamKind::Template => {
            let templates: BTreeSet<String> = case.playbook.templates.keys().cloned().collect();
            // Of one that is there and has mistakes, these are said and no more.
            if !templates.contains(text) && !case.playbook.sources.contains_key(&template_path(text)) {
                let help = help(text, &templates, &format!("write it: {}", template_path(text)));
                case.script("PB0037", at, no_notice(text), &help);
            }
            return;
        }
        _ => return,
    };
    if let Some(known) = known.as_ref().filter(|known| !known.contains(text)) {
        let help = help(text, known, fallback);
        case.script(code, at, format!("there is no {what} `{text}`"), &help);
    }
}

fn vendor(case: &mut Case<'_>, args: &[Expr]) {
    let Some(known) = &case.context.vendors else { return };
    if let Some((arg, name)) = args.first().and_then(|arg| Some((arg, arg.as_text()?)))
        && !known.contains(name)
    {
        let help = help(name, known, "an app's name or client id finds its vendor too");
        case.doubt("PB0038", arg.at, format!("the register has no vendor `{name}`"), &help);
    }
}

/// A literal map of data holds all that the notice needs.
fn notice(case: &mut Case<'_>, args: &[Expr]) {
    let Some(template) =
        args.get(1).and_then(Expr::as_text).and_then(|name| case.playbook.templates.get(name))
    else {
        return;
    };
    let (given, at) = match args.get(2).map(|data| (&data.kind, data.at)) {
        Some((ExprKind::Map(entries), at)) => {
            (entries.iter().map(|(key, _)| key.name.as_str()).collect(), at)
        }
        Some(_) => return,
        None => (BTreeSet::new(), args[1].at),
    };
    let lacking: BTreeSet<&str> = template
        .placeholders()
        .into_iter()
        .map(|path| path.split('.').next().unwrap_or(path))
        .filter(|name| !given.contains(name))
        .collect();
    if !lacking.is_empty() {
        let names = lacking.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(", ");
        case.script(
            "PB0052",
            at,
            format!("the notice needs {names}"),
            "hand it over in the data, or take it out of the notice",
        );
    }
}
