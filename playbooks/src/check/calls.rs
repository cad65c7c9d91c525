//! The arguments of host calls.

use stanch_model::{Effect, duration};

use super::case::{Case, near};
use crate::{
    dialect::{CallClass, HostCall, Param, ParamKind, signature},
    survey::{Entry, Literal, Seen, Survey, Ty, What, World},
    syntax::{Expr, ExprKind},
};

pub(super) fn check(case: &mut Case<'_>) {
    let mut problems = Vec::new();
    for seen in &case.survey.seen {
        if seen.place.reading {
            problems.extend(no_read(seen, case.world));
        }
        if let What::Host { call, args, types, .. } = &seen.what {
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

/// What `wait_until` does again and again may only read.
fn no_read(seen: &Seen<'_>, world: &World<'_>) -> Option<Found> {
    let name = match &seen.what {
        What::Host { call, .. } => {
            use CallClass::{Child, End, Tell, Wait};
            [Child, End, Tell, Wait].contains(&call.class).then(|| call.name.to_owned())?
        }
        What::Verb { method, .. } => (*method).to_owned(),
        What::Action { integration, action, .. } => format!("{integration}.{action}"),
        _ => return None,
    };
    let effects = Survey::effects(&seen.what, world);
    let reads =
        !matches!(seen.what, What::Host { .. }) && effects.iter().all(|effect| *effect == Effect::Read);
    (!reads).then(|| {
        let help = "do it before or after: what is read again and again must change nothing".to_owned();
        (seen.at, "PB0022", format!("`wait_until` only reads, and this is `{name}`"), help)
    })
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
        let given = Given::of(arg, ty);
        if let Some(wanted) = misfit(param, &given).filter(|_| !left_out) {
            let message =
                format!("`{}` of `{}` is {wanted}, here is {}", param.name, call.name, given.shown());
            problems.push((arg.at, "PB0022", message, format!("{}({})", call.name, signature(call))));
        }
    }
    if let Some(options) = args.get(call.params.len()) {
        check_options(problems, call, options, types.get(call.params.len()).unwrap_or(&Ty::Any));
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

fn check_options(problems: &mut Vec<Found>, call: &HostCall, options: &Expr, ty: &Ty) {
    let entries: &[Entry] = match ty {
        Ty::Known(entries) => entries,
        ty if ty.is_map() || ty.is_any() => return,
        ty => {
            let message = format!("the options of `{}` are a map, here is {}", call.name, ty.word());
            problems.push((options.at, "PB0022", message, format!("{}({})", call.name, signature(call))));
            return;
        }
    };
    for Entry { name, at, value_at, ty, literal } in entries {
        match call.options.iter().find(|option| option.name == name) {
            None => {
                let known: Vec<&str> = call.options.iter().map(|option| option.name).collect();
                let help = near(name, known.iter().copied(), &format!("it takes {}", known.join(", ")));
                problems.push((*at, "PB0023", format!("`{}` has no option `{name}`", call.name), help));
            }
            Some(option) => {
                let text = if let Literal::Text(text) = literal { Some(text.as_str()) } else { None };
                let given = Given { text, params: None, ty };
                if let Some(wanted) = misfit(option, &given) {
                    let message = format!("`{name}` is {wanted}, here is {}", given.shown());
                    problems.push((*value_at, "PB0022", message, String::new()));
                }
            }
        }
    }
}

/// What stands as an argument.
struct Given<'a> {
    /// A literal text.
    text: Option<&'a str>,
    /// The parameters of a closure that stands there.
    params: Option<usize>,
    ty: &'a Ty,
}

impl<'a> Given<'a> {
    fn of(arg: &'a Expr, ty: &'a Ty) -> Self {
        let params =
            if let ExprKind::Closure(function) = &arg.kind { Some(function.params.len()) } else { None };
        Self { text: arg.as_text(), params, ty }
    }

    fn shown(&self) -> String {
        self.text.map_or_else(|| self.ty.word().to_owned(), |text| format!("\"{text}\""))
    }
}

/// What was wanted, if this cannot be it.
fn misfit(param: &Param, given: &Given<'_>) -> Option<&'static str> {
    let ty = given.ty;
    let text = matches!(ty, Ty::Text | Ty::Any);
    let (fits, wanted) = match param.kind {
        ParamKind::Any => (true, "anything"),
        ParamKind::Duration => match given.text {
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
        ParamKind::Map => (ty.is_map() || ty.is_any(), "a map"),
        ParamKind::Closures => {
            (matches!(ty, Ty::List(_) | Ty::Map | Ty::Known(_) | Ty::Any), "a list or a map of closures")
        }
        ParamKind::Closure(params) => return closure(params, given),
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

fn closure(params: usize, given: &Given<'_>) -> Option<&'static str> {
    let wanted = if params == 0 {
        "a closure without parameters, `|| …`"
    } else {
        "a closure with one parameter, `|x| …`"
    };
    let fits = match given.params {
        Some(found) => found == params,
        None => matches!(given.ty, Ty::Closure | Ty::Any),
    };
    (!fits).then_some(wanted)
}
