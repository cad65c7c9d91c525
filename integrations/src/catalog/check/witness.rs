//! Witnesses: each is asked by reads that need nothing, holds only on evidence, and stands beside a list.

use serde_json::{Value, json};
use stanch_model::Effect;

use super::{Report, calls, suggest};
use crate::spec::{PlatformSpec, WitnessSpec};

const CODE: &str = "IN0030";

pub(super) fn check(spec: &PlatformSpec, report: &mut Report<'_>) {
    for (name, witness) in &spec.witnesses {
        reads(spec, name, witness, report);
        evidence(name, witness, report);
        let named = spec.actions.values().filter_map(|action| action.witness.as_ref());
        // A misspelt name is one mistake, not two.
        if !named.into_iter().any(|other| other == name || !spec.witnesses.contains_key(other)) {
            let help = format!("write `witness: {name}` at the lists that it stands for, or leave it out");
            let message = format!("no list names the witness `{name}`");
            report.at_key(&["witnesses", name], CODE, message, Some(help));
        }
    }
    for (name, action) in &spec.actions {
        let Some(witness) = &action.witness else { continue };
        let place = ["actions", name, "witness"];
        if !spec.witnesses.contains_key(witness) {
            let help = suggest(witness, spec.witnesses.keys().map(String::as_str));
            report.at_value(&place, CODE, format!("there is no witness `{witness}`"), help);
        }
        if action.effect != Effect::Read || action.yields.is_none() {
            let message = format!("`{name}` is no list: only a read with `yields` has a witness");
            report.at_key(&place, CODE, message, None);
        }
    }
}

/// The reads exist, need no arguments, and are not lists that need a witness themselves.
fn reads(spec: &PlatformSpec, name: &str, witness: &WitnessSpec, report: &mut Report<'_>) {
    let place = ["witnesses", name, "reads"];
    if witness.reads.is_empty() {
        report.at_key(&place, CODE, format!("the witness `{name}` reads nothing"), None);
    }
    for (at, read) in witness.reads.iter().enumerate() {
        let place = ["witnesses", name, "reads", &at.to_string()];
        calls::exists(spec, read, &place, report);
        calls::changes_nothing(spec, read, &place, report);
        let Some(action) = spec.actions.get(read) else { continue };
        let needed = action.input.iter().find(|(_, input)| !input.optional && input.default.is_none());
        if let Some((input, _)) = needed {
            let message = format!("`{read}` needs `{input}`, and a witness is asked without arguments");
            report.at_value(&place, CODE, message, None);
        }
        let each = action.each.as_ref().and_then(|each| spec.actions.get(&each.action));
        if action.witness.is_some() || each.is_some_and(|rows| rows.witness.is_some()) {
            let message = format!("`{read}` has a witness itself: who would be asked about that one?");
            report.at_value(&place, CODE, message, None);
        }
    }
}

/// An answer without anything in it must not be enough, and what is lacking must be said.
fn evidence(name: &str, witness: &WitnessSpec, report: &mut Report<'_>) {
    let place = ["witnesses", name, "holds"];
    if let Some(unknown) = witness.holds.unknown_name(&["out"]) {
        let message = format!("a witness knows `out`, the rows of its reads, and no `{unknown}`");
        report.at_value(&place, CODE, message, None);
    }
    let nothing = [json!([]), json!([null]), json!([{}]), Value::Null];
    if nothing.iter().any(|out| witness.holds.holds(&[("out", out)])) {
        let help =
            "ask for something that only a full view shows: `out.some(|own| own.manage_users == true)`";
        let message = format!("the witness `{name}` holds over an answer without anything in it");
        report.at_value(&place, CODE, message, Some(help.to_owned()));
    }
    if witness.lacks.trim().is_empty() {
        let message = format!("the witness `{name}` does not say what follows when it does not hold");
        report.at_key(&["witnesses", name, "lacks"], CODE, message, None);
    }
}
