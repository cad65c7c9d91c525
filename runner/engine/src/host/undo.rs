//! The run that takes back what another run cut: it asks whom it must, has every claim of that run given up, and ends when
//! that is done, naming what is left.
//!
//! It is a playbook of the engine's own: nothing else may call what is registered here.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

use rhai::{Dynamic, Engine, NativeCallContext};
use serde_json::{Value, json};
use stanch_model::{
    RunId, TargetState,
    run::{
        HoldView, RunView, StepError, WaitKind,
        body::WaitOpened,
        hold::{BY_HAND, GIVEN_BACK},
    },
};
use stanch_playbooks::Playbook;

use super::{people, waits::plain_wait};
use crate::{
    border,
    current::{Current, Hosted},
    step::{Enter, Mark, here, misuse, place},
    undo::survey,
};

/// The playbook's name.
pub(crate) const SLUG: &str = "undo-run";

/// The signal that everything is given back, or left.
pub(crate) const UNDONE: &str = "undone";

/// The engine's own playbook for taking back; `None` only if it were broken, which a test excludes.
pub(crate) fn playbook() -> Option<Arc<Playbook>> {
    static OWN: LazyLock<Option<Arc<Playbook>>> = LazyLock::new(|| {
        let sources = BTreeMap::from([
            ("playbook.yaml".to_owned(), include_str!("undo-run/playbook.yaml").to_owned()),
            ("main.rhai".to_owned(), include_str!("undo-run/main.rhai").to_owned()),
        ]);
        Playbook::from_sources(SLUG, sources).ok().map(Arc::new)
    });
    OWN.clone()
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("ask_to_undo", |ctx: NativeCallContext<'_>| ask_to_undo(&ctx));
    engine.register_fn("undo_everything", |ctx: NativeCallContext<'_>| undo_everything(&ctx));
}

/// This run, and the one that it takes back.
fn own() -> Hosted<(Current, RunId)> {
    let here = here()?;
    let parent = here.live(|live| {
        let parent = live.created.parent.as_ref().map(|(run, _)| run.clone());
        parent.filter(|_| live.created.playbook == SLUG)
    });
    match parent {
        Some(parent) => Ok((here, parent)),
        None => misuse("this call is the engine's own"),
    }
}

/// Asks those whose yes it needs, if anybody's.
fn ask_to_undo(ctx: &NativeCallContext<'_>) -> Hosted<()> {
    let (here, parent) = own()?;
    let mark = Mark::new(place(ctx), "ask_to_undo", "", &Value::Null);
    let address = match here.enter(mark)? {
        Enter::Done(result) => return result.map(drop).map_err(|error| border::throw(&error)),
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            let survey = survey(&here.env, &parent);
            let needs = survey.and_then(|survey| Ok((survey.needs()?, survey)));
            let (needs, survey) = match needs {
                Ok(found) => found,
                Err(why) => return end(&here, &address, Err(StepError::new("failed", why))),
            };
            let Some((name, policy, why)) = needs else { return end(&here, &address, Ok(Value::Null)) };
            let what = here.live(|live| live.created.input["what"].as_str().unwrap_or_default().to_owned());
            let text = format!("{what}; {why}");
            let wait = people::card(&here, WaitKind::Approval, &name, &text, &policy, survey.targets());
            here.open_wait(WaitOpened { address: address.clone(), ..wait });
            address
        }
    };
    let closed = here.await_wait(&address)?;
    if closed.say == "approve" {
        return end(&here, &address, Ok(json!({ "by": closed.who })));
    }
    let who = if closed.who.is_empty() { "nobody answered in time" } else { "somebody said no" };
    end(&here, &address, Err(StepError::new("denied", format!("nothing is taken back: {who}"))))
}

fn end(here: &Current, address: &stanch_model::Address, with: Result<Value, StepError>) -> Hosted<()> {
    here.conclude(address, with).map(drop).map_err(|error| border::throw(&error))
}

/// Has the run give up every claim, waits until that is done, and says what is left.
fn undo_everything(ctx: &NativeCallContext<'_>) -> Hosted<Dynamic> {
    let (here, parent) = own()?;
    let mark = Mark::new(place(ctx), "undo_everything", "", &Value::Null);
    let address = match here.enter(mark)? {
        Enter::Done(result) => {
            return result
                .map(|came| border::to_dynamic(&came.value()))
                .map_err(|error| border::throw(&error));
        }
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            let wait = plain_wait(&here, WaitKind::Signal, &address, UNDONE, None);
            let text = "until every hold is given back, or left".to_owned();
            here.open_wait(WaitOpened { text, options: vec!["null".to_owned()], ..wait });
            here.live(|live| live.look_for_signals = true);
            address
        }
    };
    // Said again in another life it is heard once.
    let order = here.live(|live| {
        let why = live.created.input["why"].clone();
        let (who, channel) = (&live.created.started_by, &live.created.channel);
        json!({ "by": live.id, "who": who, "channel": channel, "reason": why })
    });
    let rehearsing = here.live(|live| live.rehearsing);
    if !rehearsing {
        here.env.post(&parent, &format!("undo by {}", here.live(|live| live.id.clone())), "undo", &order);
    }
    // The run that is undone says what came of it: what it has written is not for others to read before it is durable.
    let closed = here.await_wait(&address)?;
    let came = here.conclude(&address, Ok(closed.value["data"].clone()));
    came.map(|came| border::to_dynamic(&came)).map_err(|error| border::throw(&error))
}

/// What was given back, and what is left and why.
pub(crate) fn outcome(view: &RunView) -> Value {
    let (mut back, mut left) = (0_usize, Vec::new());
    for hold in HoldView::latest(&view.holds) {
        let name = format!("{} {} ({})", hold.property, hold.label, hold.target);
        match &hold.given_back {
            Some((_, why)) if why == GIVEN_BACK || why == "given back by hand" || why == BY_HAND => back += 1,
            Some((_, why)) => left.push(format!("{name}: {why}")),
            None if hold.why.is_empty() => left.push(format!("{name}: nothing gives it back")),
            None => left.push(format!("{name}: {}", hold.why)),
        }
    }
    let doubt =
        view.targets.values().filter(|view| view.state == TargetState::InDoubt && view.released.is_none());
    left.extend(doubt.map(|view| {
        let (verb, name, key) = (&view.verb, view.target.name(), view.target.key());
        format!("{verb} {name} ({key}): it may have been cut, and nothing is known that takes it back")
    }));
    let words = match left.len() {
        0 => format!("{back} given back, nothing is left"),
        count => format!("{back} given back; {count} left: {}", left.join("; ")),
    };
    json!({ "given_back": back, "left": left, "words": words })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    #[test]
    fn the_engines_own_playbook_is_whole() {
        let own = super::playbook().unwrap();
        assert!(own.slug == super::SLUG && own.manifest.uses.is_empty(), "it calls nothing by name");
    }
}
