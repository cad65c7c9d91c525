//! Questions: what silence answers is one of the choices, nothing is said of silence where nobody hears it, and no policy
//! stands for a question that nobody asks.

use std::collections::BTreeSet;

use super::case::{Case, listed};
use crate::{
    survey::What,
    syntax::{Expr, ExprKind},
};

pub(super) fn check(case: &mut Case<'_>) {
    let survey = std::mem::take(&mut case.survey.seen);
    let mut asked: BTreeSet<&str> = BTreeSet::new();
    let mut dynamic = false;
    for seen in &survey {
        let What::Host { call, args, .. } = &seen.what else { continue };
        if !["ask", "manual"].contains(&call.name) {
            continue;
        }
        match args.first().and_then(Expr::as_text) {
            Some(name) => {
                asked.insert(name);
                match call.name {
                    "manual" => no_time(case, name),
                    _ => silence(case, name, args.get(2)),
                }
            }
            None => dynamic = true,
        }
    }
    let names: Vec<String> = case.playbook.manifest.questions.keys().cloned().collect();
    let lost = !case.has("questions") || case.lost().may_hold("ask") || case.lost().may_hold("manual");
    for name in names.iter().filter(|name| !dynamic && !lost && !asked.contains(name.as_str())) {
        let span = case.key_span(&["questions", name]);
        case.manifest_doubt(
            "PB0042",
            span,
            format!("the script never asks `{name}`"),
            "remove it, or ask it with `ask`",
        );
    }
    case.survey.seen = survey;
}

fn silence(case: &mut Case<'_>, name: &str, choices: Option<&Expr>) {
    let Some(ExprKind::List(items)) = choices.map(|choices| &choices.kind) else { return };
    let choices: Vec<&str> = items.iter().filter_map(Expr::as_text).collect();
    let policy = case.playbook.manifest.questions.get(name);
    let Some(answer) = policy.and_then(|policy| policy.unanswered.clone()) else { return };
    if choices.len() == items.len() && !choices.contains(&answer.as_str()) {
        let span = case.value_span(&["questions", name, "unanswered"]);
        let help = format!("the script offers {}", listed(choices));
        case.manifest("PB0053", span, format!("`{answer}` is no choice of the question `{name}`"), &help);
    }
}

/// `settle()` waits for what somebody does by hand, however long it takes: silence is no answer there.
fn no_time(case: &mut Case<'_>, name: &str) {
    let Some(policy) = case.playbook.manifest.questions.get(name) else { return };
    let given = [("within", policy.within.is_some()), ("unanswered", policy.unanswered.is_some())];
    for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
        let span = case.value_span(&["questions", name, field]);
        let message = format!("`{field}` does nothing for `{name}`, which is done by hand");
        let help = "remove it: `settle()` waits until somebody says done or failed. Tell people before that";
        case.manifest("PB0053", span, message, help);
    }
}
