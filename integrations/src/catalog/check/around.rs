//! What stands around a request: the read before it, the values made of that, the job after it; declared differences.

use super::{Report, calls};
use crate::{
    expr::{OF_ANSWER, OF_REQUEST},
    spec::{ActionSpec, CallSpec, PlatformSpec},
};

pub(super) fn check(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    before(spec, name, action, report);
    after(spec, name, action, report);
    for (place, reason) in action.differs.iter().filter(|(_, reason)| reason.trim().is_empty()) {
        let message = format!("why does it differ at `{place}`?{reason}");
        report.at_key(&["actions", name, "differs", place], "IN0027", message, None);
    }
}

fn before(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    if let Some(first) = &action.read {
        let place = ["actions", name, "read"];
        let call = CallSpec { action: first.action.clone(), with: first.with.clone() };
        calls::read(spec, &call, &place, report);
        calls::given(spec, action, &first.with, &["target", "item"], &place, report);
        if let Some(already) = &first.already {
            let known = ["read", "input", "target", "settings"];
            super::action::names(already, &known, &["actions", name, "read", "already"], report);
        }
    }
    let known: Vec<_> =
        OF_REQUEST.iter().copied().filter(|known| *known != "read" || action.read.is_some()).collect();
    for (made, expression) in &action.made {
        let place = ["actions", name, "let", made];
        super::action::names(expression, &known, &place, report);
        if super::action::RESERVED.contains(&made.as_str()) || action.input.contains_key(made) {
            let message = format!("`{made}` means something else already");
            report.at_key(&place, "IN0027", message, Some("give it another name".to_owned()));
        }
    }
    let made_for_nothing = (!action.made.is_empty() || action.read.is_some()) && action.request.is_none();
    if made_for_nothing {
        let part = if action.read.is_some() { "read" } else { "let" };
        let message = format!("`{part}` is for a request, and `{name}` has none");
        report.at_key(&["actions", name, part], "IN0027", message, None);
    }
}

fn after(spec: &PlatformSpec, name: &str, action: &ActionSpec, report: &mut Report<'_>) {
    let Some(poll) = &action.poll else { return };
    let place = ["actions", name, "poll"];
    let call = CallSpec { action: poll.action.clone(), with: poll.with.clone() };
    calls::read(spec, &call, &place, report);
    calls::given(spec, action, &poll.with, &["target", "body"], &place, report);
    let predicates =
        [("when", poll.when.as_ref()), ("done", Some(&poll.done)), ("failed", poll.failed.as_ref())];
    for (part, predicate) in predicates {
        predicate.into_iter().for_each(|predicate| {
            super::action::names(predicate, OF_ANSWER, &["actions", name, "poll", part], report);
        });
    }
    if poll.every.is_some_and(|every| every.0 >= poll.within.0) {
        let message = "the first question would come when the time is over".to_owned();
        report.at_key(&["actions", name, "poll", "every"], "IN0027", message, None);
    }
}
