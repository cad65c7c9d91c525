//! Names, calls, methods and fields that nothing has, and numbers that there are not.

use super::case::{Case, listed, near};
use crate::{
    dialect::{HOST_CALLS, SEVERITIES, builtins},
    survey::{Ty, What},
};

pub(super) fn check(case: &mut Case<'_>) {
    let found: Vec<(usize, Wrong)> = case
        .survey
        .seen
        .iter()
        .filter_map(|seen| {
            let wrong = match &seen.what {
                What::Name { name } => Wrong::Name((*name).to_owned()),
                What::Declared { name } => Wrong::Declared((*name).to_owned()),
                What::TooLarge => Wrong::TooLarge,
                What::Call { name } => Wrong::Call((*name).to_owned()),
                What::Method { name, on } => Wrong::Method((*name).to_owned(), on.clone()),
                What::Field { on, name } => Wrong::Field((*name).to_owned(), on.clone()),
                _ => return None,
            };
            Some((seen.at, wrong))
        })
        .collect();
    for (at, wrong) in found {
        match wrong {
            Wrong::Name(name) => unknown_name(case, at, &name),
            Wrong::Declared(name) => case.script(
                "PB0016",
                at,
                format!("`{name}` cannot be a variable: it means something else already"),
                "use another name; this one is always answered first",
            ),
            Wrong::TooLarge => case.script(
                "PB0017",
                at,
                "this whole number is beyond 64 bits".to_owned(),
                "write it as a text; ids are texts anyway",
            ),
            Wrong::Call(name) => unknown_call(case, at, &name),
            Wrong::Method(name, on) => unknown_method(case, at, &name, &on),
            Wrong::Field(name, on) => unknown_field(case, at, &name, &on),
        }
    }
}

enum Wrong {
    Name(String),
    Declared(String),
    TooLarge,
    Call(String),
    Method(String, Ty),
    Field(String, Ty),
}

fn unknown_name(case: &mut Case<'_>, at: usize, name: &str) {
    let own = ["input", "alert"].into_iter().chain(SEVERITIES);
    let integrations = case.world.integrations.iter().map(String::as_str);
    let catalogue = case.world.index.platforms();
    let platforms: Vec<(String, &String)> =
        catalogue.iter().map(|slug| (slug.replace('-', "_"), slug)).collect();
    let help = match platforms.iter().find(|(own, _)| own == name) {
        Some((own, slug)) => {
            format!(
                "the catalogue has the platform {slug}: connect it, `integrations: {{ {own}: {{ platform: {slug}, … }} }}`"
            )
        }
        None => near(
            name,
            own.chain(integrations.clone()).chain(platforms.iter().map(|(own, _)| own.as_str())),
            &match integrations.clone().next() {
                Some(_) => format!("declare it with `let`; integrations are {}", listed(integrations)),
                None => "declare it with `let`".to_owned(),
            },
        ),
    };
    case.script("PB0020", at, format!("unknown name `{name}`"), &help);
}

fn unknown_call(case: &mut Case<'_>, at: usize, name: &str) {
    let instead = match name {
        "sleep" => "write `wait(\"30s\")`: it survives a restart",
        "exit" => "write `return`",
        _ => "",
    };
    if !instead.is_empty() {
        case.script("PB0013", at, format!("`{name}` is no part of the language"), instead);
        return;
    }
    let verb = case.world.verbs.iter().find(|verb| verb.ends_with(&format!(".{name}")));
    let help = match verb {
        Some(verb) => {
            let kind = verb.split('.').next().unwrap_or_default();
            format!("`{verb}` is a verb: write `{kind}.{name}()` with a target before the dot")
        }
        None => {
            let known = HOST_CALLS.iter().map(|call| call.name).chain(case.functions.iter().copied());
            near(name, known.chain(builtins()), "host calls are listed in LANGUAGE.md")
        }
    };
    case.script("PB0021", at, format!("unknown call `{name}`"), &help);
}

fn unknown_method(case: &mut Case<'_>, at: usize, name: &str, on: &Ty) {
    let methods = case.world.verbs.iter().filter_map(|verb| verb.split('.').nth(1));
    let verb = case.world.verbs.iter().find(|verb| verb.ends_with(&format!(".{name}")));
    let help = match (on, verb) {
        (Ty::List(item), Some(_)) if item.may_be_target() => {
            format!("for each of them: `each(list, |item| item.{name}())`")
        }
        (_, Some(verb)) => format!("`{verb}` is a verb of a target, and this is {}", on.word()),
        (_, None) => near(name, methods.chain(builtins()), ""),
    };
    case.script("PB0021", at, format!("{} has no `{name}`", on.word()), &help);
}

fn unknown_field(case: &mut Case<'_>, at: usize, name: &str, on: &Ty) {
    if *on == Ty::Input {
        let inputs: Vec<&str> = case.playbook.manifest.input.keys().map(String::as_str).collect();
        if !inputs.contains(&name) && case.has("input") {
            let fallback = match inputs.is_empty() {
                true => "the manifest declares no input".to_owned(),
                false => format!("inputs are {}", listed(inputs.iter().copied())),
            };
            let help = near(name, inputs.iter().copied(), &fallback);
            case.script("PB0029", at, format!("there is no input `{name}`"), &help);
        }
        return;
    }
    let Some(fields) = on.fields().filter(|fields| !fields.contains(&name)) else { return };
    let owner = match on {
        Ty::Record(call, _) => format!("what `{}` gives", call.name),
        Ty::Alert => "an alert".to_owned(),
        _ => "an error".to_owned(),
    };
    let help = near(name, fields.iter().copied(), &format!("it has {}", fields.join(", ")));
    case.script("PB0029", at, format!("{owner} has no field `{name}`"), &help);
}
