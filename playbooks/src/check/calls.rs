//! The arguments of host calls.

use stanch_model::duration;

use super::case::{Case, near};
use crate::{
    dialect::{HostCall, Param, ParamKind, signature},
    survey::{Ty, What},
    syntax::{Expr, ExprKind, MapKey},
};

pub(super) fn check(case: &mut Case<'_>) {
    let mut problems = Vec::new();
    for seen in &case.survey.seen {
        if let What::Host { call, args, types } = &seen.what {
            host(&mut problems, seen.at, call, args, types);
            if call.name == "settle" && seen.place.branches > 0 {
                problems.push((
                    seen.at,
                    "PB0022",
                    "`settle` stands inside a branch".to_owned(),
                    "it waits for the whole run: call it on the main line".to_owned(),
                ));
            }
        }
    }
    for (at, code, message, help) in problems {
        case.script(code, at, message, &help);
    }
}

type Found = (usize, &'static str, String, String);

fn host(problems: &mut Vec<Found>, at: usize, call: &HostCall, args: &[Expr], types: &[Ty]) {
    let (least, most) = call.arity();
    if args.len() < least || args.len() > most {
        let message = format!("`{}` takes {}, here are {}", call.name, count(least, most), args.len());
        problems.push((at, "PB0022", message, format!("{}({})", call.name, signature(call))));
        return;
    }
    for ((param, arg), ty) in call.params.iter().zip(args).zip(types) {
        // An optional parameter before the options may be filled with `()`.
        let left_out = param.optional && *ty == Ty::Unit;
        if let Some(wanted) = misfit(param, arg, ty).filter(|_| !left_out) {
            let message =
                format!("`{}` of `{}` is {wanted}, here is {}", param.name, call.name, shown(arg, ty));
            problems.push((arg.at, "PB0022", message, format!("{}({})", call.name, signature(call))));
        }
    }
    if let Some(options) = args.get(call.params.len()) {
        check_options(problems, call, options);
    }
}

fn count(least: usize, most: usize) -> String {
    match (least, most) {
        (0, 0) => "no arguments".to_owned(),
        (1, 1) => "1 argument".to_owned(),
        _ if least == most => format!("{least} arguments"),
        _ => format!("{least} to {most} arguments"),
    }
}

fn check_options(problems: &mut Vec<Found>, call: &HostCall, options: &Expr) {
    let ExprKind::Map(entries) = &options.kind else { return };
    for (key, value) in entries {
        let MapKey { name, at } = key;
        match call.options.iter().find(|option| option.name == name) {
            None => {
                let known: Vec<&str> = call.options.iter().map(|option| option.name).collect();
                let help = near(name, known.iter().copied(), &format!("it takes {}", known.join(", ")));
                problems.push((*at, "PB0023", format!("`{}` has no option `{name}`", call.name), help));
            }
            Some(option) => {
                let ty = literal(value);
                if let Some(wanted) = misfit(option, value, &ty) {
                    let message = format!("`{name}` is {wanted}, here is {}", shown(value, &ty));
                    problems.push((value.at, "PB0022", message, String::new()));
                }
            }
        }
    }
}

fn literal(expr: &Expr) -> Ty {
    match &expr.kind {
        ExprKind::Bool => Ty::Bool,
        ExprKind::Integer | ExprKind::Float => Ty::Number,
        ExprKind::Text(_) | ExprKind::Template(_) => Ty::Text,
        ExprKind::List(_) => Ty::list(Ty::Any),
        ExprKind::Map(_) => Ty::Map,
        ExprKind::Closure(_) => Ty::Closure,
        ExprKind::Unit => Ty::Unit,
        _ => Ty::Any,
    }
}

fn shown(arg: &Expr, ty: &Ty) -> String {
    match arg.as_text() {
        Some(text) => format!("\"{text}\""),
        None => ty.word().to_owned(),
    }
}

/// What was wanted, if this cannot be it.
fn misfit(param: &Param, arg: &Expr, ty: &Ty) -> Option<&'static str> {
    let text = matches!(ty, Ty::Text | Ty::Any);
    let (fits, wanted) = match param.kind {
        ParamKind::Any => (true, "anything"),
        ParamKind::Duration => match arg.as_text() {
            Some(text) => (duration::parse(text).is_ok(), "a length of time such as \"30m\" or \"2h\""),
            None => (text, "a length of time such as \"30m\""),
        },
        ParamKind::Time => (text, "an instant, a text"),
        ParamKind::Severity => {
            (matches!(ty, Ty::Severity | Ty::Any), "one of INFO, LOW, MEDIUM, HIGH, CRITICAL")
        }
        ParamKind::Integer => (matches!(ty, Ty::Number | Ty::Any), "a whole number"),
        ParamKind::Target => (ty.may_be_target(), "a target"),
        ParamKind::Targets => (targets(ty), "a list of targets"),
        ParamKind::Texts => (matches!(ty, Ty::List(_) | Ty::Any), "a list of texts"),
        ParamKind::List => (matches!(ty, Ty::List(_) | Ty::Any), "a list"),
        ParamKind::Map => (matches!(ty, Ty::Map | Ty::Record(..) | Ty::Any | Ty::Input), "a map"),
        ParamKind::Closures => (matches!(ty, Ty::List(_) | Ty::Map | Ty::Any), "a list or a map of closures"),
        ParamKind::Closure(params) => return closure(params, arg, ty),
        _ => (text, "a text"),
    };
    (!fits).then_some(wanted)
}

fn targets(ty: &Ty) -> bool {
    match ty {
        Ty::List(item) => targets(item),
        other => other.may_be_target(),
    }
}

fn closure(params: usize, arg: &Expr, ty: &Ty) -> Option<&'static str> {
    let wanted = if params == 0 {
        "a closure without parameters, `|| …`"
    } else {
        "a closure with one parameter, `|x| …`"
    };
    match &arg.kind {
        ExprKind::Closure(function) => (function.params.len() != params).then_some(wanted),
        _ => (!matches!(ty, Ty::Closure | Ty::Any)).then_some(wanted),
    }
}
