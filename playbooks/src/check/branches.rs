//! What a branch must not do, and steps that hide from the engine.

use super::case::Case;
use crate::{
    clash::Clash,
    survey::{Survey, What},
};

pub(super) fn check(case: &mut Case<'_>) {
    let mut captured = Vec::new();
    let mut hidden = Vec::new();
    for seen in &case.survey.seen {
        if let What::Captured { name } = &seen.what {
            captured.push((seen.at, (*name).to_owned()));
        }
        if let Some(native) = seen.place.native.as_ref().filter(|_| Survey::is_step(&seen.what)) {
            hidden.push((seen.at, native.clone()));
        }
    }
    for (at, name) in captured {
        let help = "a branch only reads it: let it give a value, and use what `each` returns";
        case.script("PB0046", at, format!("a branch changes `{name}`, which stands outside it"), help);
    }
    for clash in std::mem::take(&mut case.clashes) {
        let Clash { at, name, method } = clash;
        // What the configuration and the language own is no variable, and nothing locks it.
        if ["input", "alert"].contains(&name.as_str()) || case.world.integrations.contains(&name) {
            continue;
        }
        let help = format!("give it a second name before, `let all = {name};`, and look at that inside");
        case.script(
            "PB0058",
            at,
            format!("the closure of `{method}` looks at `{name}`, which `{method}` is at work on"),
            &help,
        );
    }
    for (at, native) in hidden {
        let help = "write `each(list, |item| …)`: all at once, and one that fails does not stop the others";
        case.doubt("PB0047", at, format!("a step inside `{native}` runs one item at a time"), help);
    }
}
