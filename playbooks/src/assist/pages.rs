//! What hovers and suggestions say of host calls, verbs, actions and arguments, in markdown.

use std::fmt::Write;

use stanch_model::{
    catalog::{ActionIndex, ActionInfo, InputInfo, InputKind},
    duration,
};

use crate::{
    dialect::{HostCall, call_page, host_call, signature},
    survey::Ty,
};

/// `approve(name, text, targets)`.
pub(super) fn heading(call: &HostCall) -> String {
    format!("{}({})", call.name, signature(call))
}

pub(super) fn host(call: &HostCall) -> String {
    format!("```rhai\n{}\n```\n\n{}", heading(call), call_page(call))
}

/// Who can do what a verb asks for: `okta, salesforce`.
pub(super) fn on(index: &dyn ActionIndex, verb: &str) -> String {
    let names: Vec<String> = index.verb(verb).into_iter().map(|(integration, _)| integration).collect();
    if names.is_empty() { "no configured integration has it".to_owned() } else { names.join(", ") }
}

/// The effects of all that a verb can become here, each once.
pub(super) fn effects(index: &dyn ActionIndex, verb: &str) -> String {
    let mut words: Vec<&str> = index.verb(verb).iter().map(|(_, action)| action.effect.as_str()).collect();
    words.sort_unstable();
    words.dedup();
    words.join(" or ")
}

/// A verb: what it becomes on each platform.
pub fn verb(index: &dyn ActionIndex, verb: &str) -> String {
    let found = index.verb(verb);
    let mut page = format!("**{verb}**: a verb, {}\n", effects(index, verb));
    if found.is_empty() {
        return format!("**{verb}**: a verb that no configured integration has\n");
    }
    for (integration, action) in found {
        let _ = write!(page, "\n- `{integration}.{}`: {}", action.name, action.title);
        facts(&mut page, action, "; ");
        link(&mut page, action, "; ");
    }
    page
}

/// An action: what it does, takes and needs.
pub fn action(integration: &str, info: &ActionInfo) -> String {
    let mut page = format!(
        "```rhai\n{integration}.{}({})\n```\n\n{}: {}",
        info.name,
        takes(info),
        info.title,
        info.effect
    );
    facts(&mut page, info, "; ");
    page.push_str(".\n");
    for (name, input) in ordered(info) {
        let _ = write!(page, "\n- `{name}`: {}", argument(input));
    }
    if let Some(verb) = &info.verb {
        let _ = write!(page, "\n\nVerb: `{verb}`.");
    }
    link(&mut page, info, "\n\n");
    page
}

/// The arguments as a map, required ones first.
pub(super) fn takes(info: &ActionInfo) -> String {
    let names: Vec<String> = ordered(info)
        .into_iter()
        .map(|(name, input)| format!("{name}{}", if input.required { "" } else { "?" }))
        .collect();
    if names.is_empty() { String::new() } else { format!("#{{ {} }}", names.join(", ")) }
}

/// The arguments, required ones first.
pub(super) fn ordered(info: &ActionInfo) -> Vec<(&String, &InputInfo)> {
    let mut inputs: Vec<(&String, &InputInfo)> = info.inputs.iter().collect();
    inputs.sort_by_key(|(_, input)| !input.required);
    inputs
}

/// One argument in a line.
pub(super) fn argument(input: &InputInfo) -> String {
    let mut line = kind(input.kind).to_owned();
    if !input.required {
        line.push_str(", may be left out");
    }
    if !input.one_of.is_empty() {
        let _ = write!(line, ", one of {}", input.one_of.join(", "));
    }
    if !input.help.is_empty() {
        let _ = write!(line, ": {}", input.help);
    }
    line
}

pub(super) fn kind(kind: InputKind) -> &'static str {
    match kind {
        InputKind::String => "a text",
        InputKind::Integer => "a whole number",
        InputKind::Boolean => "true or false",
        InputKind::List => "a list",
        InputKind::Map => "a map",
        InputKind::Secret => "a secret that a platform gave",
        InputKind::Any => "data",
    }
}

fn facts(page: &mut String, info: &ActionInfo, between: &str) {
    let undo = info.undo.as_ref().map(|undo| format!("undone by `{undo}`"));
    let by_hand = info.manual.then(|| "done by a person: the platform has no API for it".to_owned());
    let residual =
        info.residual.map(|left| format!("access issued before may live on for {}", duration::format(left)));
    let scopes = (!info.scopes.is_empty()).then(|| format!("needs `{}`", info.scopes.join("`, `")));
    for fact in [by_hand, undo, residual, scopes].into_iter().flatten() {
        let _ = write!(page, "{between}{fact}");
    }
}

fn link(page: &mut String, info: &ActionInfo, before: &str) {
    if !info.docs.is_empty() {
        let _ = write!(page, "{before}[the vendor's page]({})", info.docs);
    }
}

/// What is known of an entry of `uses`: a verb, an action or a host call.
pub fn name_page(index: &dyn ActionIndex, name: &str) -> Option<String> {
    if let Some(call) = host_call(name) {
        return Some(host(call));
    }
    if !index.verb(name).is_empty() || index.verbs().iter().any(|verb| verb == name) {
        return Some(verb(index, name));
    }
    let (owner, named) = name.split_once('.')?;
    let info = index.action(owner, named);
    let info = info.or_else(|| index.actions(owner).into_iter().find(|info| info.name == named))?;
    Some(action(owner, info))
}

/// What a value is, in words with its kind.
pub(super) fn type_words(ty: &Ty) -> String {
    match ty {
        Ty::List(item) => match &**item {
            Ty::Any => "a list".to_owned(),
            Ty::Target(Some(kind)) => format!("a list of {kind} targets"),
            item => format!("a list; each item is {}", type_words(item)),
        },
        Ty::Target(Some(kind)) => format!("a target of kind {kind}"),
        Ty::Record(call, _) => format!("what `{}` gives: {}", call.name, call.returns),
        Ty::Integration(name) => format!("the integration {name}"),
        Ty::Error => "an error: #{ kind, message, status, target, errors }".to_owned(),
        other => other.word().to_owned(),
    }
}
