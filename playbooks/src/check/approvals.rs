//! Approvals: every one that is asked has a policy, every policy is asked, nothing permanent happens before one.

use std::collections::BTreeSet;

use stanch_model::Effect;

use super::case::{Case, listed, near};
use crate::{
    manifest::UNDO,
    survey::{Survey, What},
    syntax::{Expr, ExprKind},
};

pub(super) fn check(case: &mut Case<'_>) {
    let survey = std::mem::take(&mut case.survey.seen);
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    let mut dynamic = false;
    let mut any = false;
    let mut told = BTreeSet::new();
    for seen in &survey {
        match &seen.what {
            What::Host { call, args, .. } if call.name == "approve" => {
                // A yes to an empty list covers nothing, and is not even asked for.
                let nothing = matches!(args.get(2).map(|arg| &arg.kind), Some(ExprKind::List(items)) if items.is_empty());
                any |= !nothing;
                match args.first().and_then(Expr::as_text) {
                    Some(name) => {
                        asked.insert(name);
                        policy(case, args[0].at, name);
                    }
                    None => dynamic = true,
                }
            }
            what if !any
                && !case.lost().may_hold("approve")
                && Survey::effects(what, case.world).contains(&Effect::Permanent)
                && told.insert(seen.at) =>
            {
                let help = "ask first: `approve(name, text, targets)`, with who may say yes under `approvals:` in the manifest";
                case.script(
                    "PB0043",
                    seen.at,
                    "a permanent step that no approval can cover".to_owned(),
                    help,
                );
            }
            _ => {}
        }
    }
    let lost = !case.has("approvals") || case.lost().may_hold("approve");
    let unasked: Vec<String> = case
        .playbook
        .manifest
        .approvals
        .keys()
        .filter(|name| !dynamic && !lost && !asked.contains(name.as_str()) && *name != UNDO)
        .cloned()
        .collect();
    for name in unasked {
        let span = case.key_span(&["approvals", &name]);
        case.manifest_doubt(
            "PB0042",
            span,
            format!("the script never asks for `{name}`"),
            "remove it, or ask for it with `approve`",
        );
    }
    case.survey.seen = survey;
}

fn policy(case: &mut Case<'_>, at: usize, name: &str) {
    if !case.has("approvals") {
        return;
    }
    let known: Vec<&str> = case.playbook.manifest.approvals.keys().map(String::as_str).collect();
    if !known.contains(&name) {
        let fallback = match known.is_empty() {
            true => format!(
                "say who may say yes: `approvals: {{ {name}: {{ ask: …, within: 15m, unanswered: [deny] }} }}`"
            ),
            false => format!("the manifest has {}", listed(known.iter().copied())),
        };
        let help = near(name, known.iter().copied(), &fallback);
        case.script("PB0041", at, format!("the manifest has no approval `{name}`"), &help);
    }
}
