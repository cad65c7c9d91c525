//! What a step is, in words: the same in tables, pictures and trees.

use stanch_model::{Effect, duration};
use stanch_playbooks::{
    course::{Called, Step},
    manifest::ApprovalSpec,
};

/// What a step does, in a line.
pub(super) fn does(step: &Step<'_>) -> String {
    let name = step.name.as_deref().unwrap_or("it");
    let Called::Host(call) = &step.called else { return step.called.name() };
    match call.name {
        "find_app" => "Find the app wherever we are connected".to_owned(),
        "find_user" => "Find the person wherever we are connected".to_owned(),
        "phase" => format!("Phase {name}"),
        "note" => "Write a note".to_owned(),
        "evidence" => format!("Keep as evidence: {name}"),
        "approve" => format!("Ask for a yes: {name}"),
        "ask" => format!("Ask: {name}"),
        "manual" => format!("A person does it by hand: {name}"),
        "settle" => "Wait until every cut is read back, and list everything again".to_owned(),
        "wait" => format!("Wait {name}"),
        "wait_for" => format!("Wait for the signal {name}"),
        "wait_until" => "Read again and again until it is so".to_owned(),
        "deadline" => format!("Start the clock {name}"),
        "vendor_of" => "Look the vendor up in the register".to_owned(),
        "notify" => format!("Send the notice {name}"),
        "page" => format!("Tell {name}"),
        "run_playbook" => format!("Run the playbook {name}, and wait for it"),
        "fail" => "Give up".to_owned(),
        other => other.to_owned(),
    }
}

/// The effects of a step: `permanent`, `reversible or permanent`; nothing for what stays inside.
pub(super) fn effects(step: &Step<'_>) -> String {
    step.effects().iter().map(|effect| effect.as_str()).collect::<Vec<_>>().join(" or ")
}

/// The effect that is hardest to take back.
pub(super) fn worst(step: &Step<'_>) -> Option<Effect> {
    let effects = step.effects();
    [Effect::Permanent, Effect::Reversible, Effect::Restore, Effect::Tell, Effect::Read]
        .into_iter()
        .find(|effect| effects.contains(effect))
}

/// Who is asked one after the other, and what silence means: `incident-lead 15m, security-manager 15m, then no`.
pub(super) fn ladder(spec: &ApprovalSpec) -> String {
    let within = duration::format(spec.within);
    let first = std::iter::once(spec.ask.join(" or "));
    let rungs = first.chain(spec.ladder().iter().cloned()).map(|who| format!("{who} {within}"));
    format!("{}, then {}", rungs.collect::<Vec<_>>().join(", "), silence(spec))
}

/// What silence means.
pub(super) fn silence(spec: &ApprovalSpec) -> &'static str {
    if spec.silence_approves() { "yes" } else { "no" }
}

/// `1 step`, `2 steps`.
pub(super) fn count(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// `grant.revoke on 12 integrations`.
pub(super) fn reach(step: &Step<'_>) -> String {
    let mut on: Vec<&str> = step.actions.iter().map(|(integration, _)| integration.as_str()).collect();
    on.sort_unstable();
    on.dedup();
    match on.as_slice() {
        [] => "nowhere: no configured integration has it".to_owned(),
        few if few.len() <= 4 => few.join(", "),
        many => format!("{} integrations", many.len()),
    }
}

/// In lines of at most so many characters; a word that is longer is cut.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let mut rest: Vec<char> = word.chars().collect();
        loop {
            let piece: String = rest.drain(..rest.len().min(width.max(1))).collect();
            match lines.last_mut() {
                Some(line) if line.chars().count() + 1 + piece.chars().count() <= width => {
                    line.push(' ');
                    line.push_str(&piece);
                }
                _ => lines.push(piece),
            }
            if rest.is_empty() {
                break;
            }
        }
    }
    lines
}
