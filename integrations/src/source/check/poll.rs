//! A log that is asked: the read is there, and takes what it is asked with.

use stanch_model::Effect;

use super::At;
use crate::{catalog::check::suggest, spec::PlatformSpec};

pub(super) fn check(at: &mut At<'_, '_, '_>, platform: Option<&PlatformSpec>) {
    let Some(poll) = &at.spec.poll else { return };
    at.below("poll", |at| {
        let Some(platform) = platform else {
            return at.mistake("IN0071", "this platform has no integration.yaml, and nothing to ask", None);
        };
        let Some(action) = platform.actions.get(&poll.action) else {
            let help = suggest(&poll.action, platform.actions.keys().map(String::as_str));
            return at.below("action", |at| {
                at.mistake(
                    "IN0071",
                    format!("`{}` has no action `{}`", platform.platform, poll.action),
                    help,
                );
            });
        };
        let whole = action.yields.as_ref().is_some_and(|yields| yields.attrs.contains_key("event"));
        if action.effect != Effect::Read || !whole {
            let help = "its rows hold the event whole: `yields: { attrs: { event: \"\" } }`".to_owned();
            at.below("action", |at| at.mistake("IN0071", "this action lists no events", help));
        }
        for (name, template) in &poll.with {
            if !action.input.contains_key(name) {
                let help = suggest(name, action.input.keys().map(String::as_str));
                at.mistake("IN0071", format!("`{}` takes no `{name}`", poll.action), help);
            }
            for variable in template.variables().filter(|variable| !["since", "until"].contains(variable)) {
                let help = "a question knows `{since}` and `{until}`".to_owned();
                at.mistake("IN0062", format!("`{{{variable}}}` is nothing"), help);
            }
        }
    });
}
