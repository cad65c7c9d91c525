//! Searches for people by what some platform does not know them by.

use std::collections::BTreeSet;

use super::case::{Case, listed};
use crate::{
    survey::What,
    syntax::{Expr, ExprKind},
};

pub(super) fn check(case: &mut Case<'_>) {
    let deaf = deaf(case);
    if deaf.is_empty() {
        return;
    }
    let know = if deaf.len() == 1 { "knows" } else { "know" };
    let on = listed(deaf.iter().map(String::as_str));
    let survey = std::mem::take(&mut case.survey.seen);
    for seen in &survey {
        let What::Host { call, args, .. } = &seen.what else { continue };
        if let Some(arg) = args.first().filter(|arg| call.name == "find_user" && is_mail(arg)) {
            let message = format!("{on} {know} people by login alone: a mail address finds nobody there");
            case.doubt("PB0057", arg.at, message, "look for the login as well");
        }
    }
    case.survey.seen = survey;
}

/// The connected integrations that find people, and know none of them by a mail address.
fn deaf(case: &Case<'_>) -> BTreeSet<String> {
    let index = case.world.index;
    let finders = index.verb("find_user").into_iter();
    finders.filter(|(_, info)| index.by_login_alone(&info.platform)).map(|(name, _)| name).collect()
}

/// A mail address that stands in the script, whole or in part.
fn is_mail(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Text(text) => text.contains('@'),
        ExprKind::Template(parts) => parts.iter().any(is_mail),
        _ => false,
    }
}
