//! `expires_in`, and the end of a claim: a child run that waits until the time is over and gives back what no other run
//! claims.
//!
//! The child is a playbook of the engine's own: nothing else may call what is registered here.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
    time::Duration,
};

use rhai::{Engine, Map, NativeCallContext};
use serde_json::{Value, json};
use stanch_integrations::UndoCall;
use stanch_journal::{JournalError, StreamAppend, With};
use stanch_model::{
    NewEntry, StreamId,
    catalog::ActionInfo,
    run::{
        StepError, WaitKind,
        body::WaitOpened,
        hold::{self, CLAIM, Claim},
    },
};
use stanch_playbooks::Playbook;

use super::{
    people,
    waits::{MAX_DEPTH, length, plain_wait},
};
use crate::{
    border,
    current::{Current, Hosted},
    step::{Enter, Mark, here, misuse, place},
};

/// The playbook's name.
pub(crate) const SLUG: &str = "give-back";

/// The signal that ends the waiting early.
pub(crate) const SIGNAL: &str = "give_back";

/// The option of every cut that can be taken back.
const EXPIRES_IN: &str = "expires_in";

/// Who made it so, where a person did it by hand.
pub(crate) const BY_HAND: &str = "hand";

const GIVE_BACK: &str = "give it back";
const LEAVE: &str = "leave it cut";

/// The engine's own playbook for the ends of claims; `None` only if it were broken, which a test excludes.
pub(crate) fn playbook() -> Option<Arc<Playbook>> {
    static OWN: LazyLock<Option<Arc<Playbook>>> = LazyLock::new(|| {
        let sources = BTreeMap::from([
            ("playbook.yaml".to_owned(), include_str!("give-back/playbook.yaml").to_owned()),
            ("main.rhai".to_owned(), include_str!("give-back/main.rhai").to_owned()),
        ]);
        Playbook::from_sources(SLUG, sources).ok().map(Arc::new)
    });
    OWN.clone()
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("until_given_back", |ctx: NativeCallContext<'_>| until_given_back(&ctx));
    engine.register_fn("give_back", |ctx: NativeCallContext<'_>| give_back(&ctx));
}

/// Takes `expires_in` out of the arguments of a cut.
pub(super) fn expiry(here: &Current, input: &Map, info: &ActionInfo) -> Hosted<Option<(Map, Duration)>> {
    let given = input.get(EXPIRES_IN).filter(|_| !info.inputs.contains_key(EXPIRES_IN));
    let Some(given) = given else { return Ok(None) };
    let Ok(text) = given.clone().into_string() else {
        return misuse(format!("`{EXPIRES_IN}` takes a length of time such as \"4h\""));
    };
    let lasts = length(&text)?;
    if info.undo.is_none() && !info.manual {
        return misuse(format!("`{}` cannot be taken back, so that it cannot expire", info.name));
    }
    if here.live(|live| live.created.depth) >= MAX_DEPTH {
        let why = format!("a cut expires by a child run, and child runs go {MAX_DEPTH} deep at most");
        return Err(border::throw(&StepError::new("limit", why)));
    }
    let mut input = input.clone();
    input.remove(EXPIRES_IN);
    Ok(Some((input, lasts)))
}

/// The arguments of a call as the integration knows them.
pub(super) fn without_expiry(input: &mut Value, info: &ActionInfo) {
    if let Some(map) = input.as_object_mut().filter(|_| !info.inputs.contains_key(EXPIRES_IN)) {
        map.remove(EXPIRES_IN);
    }
}

/// The child run of the engine, for one of its calls.
fn own() -> Hosted<Current> {
    let here = here()?;
    let is_own = here.live(|live| live.created.playbook == SLUG && live.created.parent.is_some());
    if is_own { Ok(here) } else { misuse("this call is the engine's own") }
}

fn until_given_back(ctx: &NativeCallContext<'_>) -> Hosted<()> {
    let here = own()?;
    let mark = Mark::new(place(ctx), "until_given_back", "", &Value::Null);
    let address = match here.enter(mark)? {
        Enter::Done(_) => return Ok(()),
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            let (what, until) = here.live(|live| {
                let text = |key: &str| live.created.input[key].as_str().unwrap_or_default().to_owned();
                (text("what"), text("until").parse::<jiff::Timestamp>())
            });
            let due = until.map_or_else(|_| here.env.now_ms(), jiff::Timestamp::as_millisecond);
            let wait = plain_wait(&here, WaitKind::Signal, &address, SIGNAL, Some(due));
            let text = format!("comes back by itself: {what}");
            here.open_wait(WaitOpened { text, options: vec!["null".to_owned()], ..wait });
            here.live(|live| live.look_for_signals = true);
            address
        }
    };
    here.await_wait(&address)?;
    let _ = here.conclude(&address, Ok(Value::Null));
    Ok(())
}

/// What is to be done once the claim is given up.
#[derive(serde::Serialize, serde::Deserialize, Default)]
pub(crate) struct GivenUp {
    /// The runs that still claim it.
    pub(crate) left: Vec<String>,
    /// Who made it so.
    pub(crate) by: String,
    /// What takes it back.
    pub(crate) undo: Option<UndoCall>,
    /// What a person was asked to do, where one made it so.
    #[serde(default)]
    pub(crate) asked: String,
}

fn give_back(ctx: &NativeCallContext<'_>) -> Hosted<String> {
    let here = own()?;
    let given_up = here.local(ctx, "give_up", &Value::Null, |here| Ok(json!(give_up(here)?)))?;
    let GivenUp { left, by, undo, asked } = serde_json::from_value(given_up).unwrap_or_default();
    if !left.is_empty() {
        return Ok(format!("it stays cut: {} claims it too", left.join(", ")));
    }
    let what = here.live(|live| live.created.input["what"].as_str().unwrap_or_default().to_owned());
    if by == BY_HAND {
        let text = format!("Give back by hand: {what}. What was asked: {asked}");
        return people::ask_one_of(ctx, SLUG, &text, &[hold::BY_HAND, LEAVE]);
    }
    let Some(undo) = undo else { return Ok("it was so before: nothing is given back".to_owned()) };
    if by == "unknown" {
        let text = format!("{what}: it may have been so before, or never been cut. Shall it be given back?");
        let say = people::ask_one_of(ctx, SLUG, &text, &[GIVE_BACK, LEAVE])?;
        if say != GIVE_BACK {
            return Ok(say);
        }
    }
    let Some(info) = here.env.info(&undo.integration, &undo.action) else {
        return misuse(format!("{} has no action `{}`", undo.integration, undo.action));
    };
    let result = here.call(place(ctx), info, None, &undo.input, undo.target.as_ref())?;
    result.map(|_| hold::GIVEN_BACK.to_owned()).map_err(|error| border::throw(&error))
}

/// Gives up the parent's claim, once, and says whether it was the last.
fn give_up(here: &Current) -> Result<GivenUp, StepError> {
    let lost = |error: JournalError| StepError::new("unreachable", error.to_string());
    let (parent, stream) = here.live(|live| {
        let stream = live.created.input["claims"].as_str().unwrap_or_default().to_owned();
        (live.created.parent.clone(), StreamId::from_stored(stream))
    });
    let Some(own) = parent else { return Ok(GivenUp::default()) };
    let journal = &here.env.journal;
    loop {
        here.env.make_durable(&stream).map_err(|why| StepError::new("unreachable", why))?;
        let entries = journal.read(&stream, 1, usize::MAX).map_err(lost)?;
        let claims: Vec<Claim> = entries.iter().filter_map(|entry| entry.decode().ok()).collect();
        let of_own = |claim: &&Claim| (&claim.run, &claim.address) == (&own.0, &own.1);
        let Some(last) = claims.iter().rev().find(of_own) else { return Ok(GivenUp::default()) };
        if !last.taken {
            return Ok(after_giving_up(&claims, &own));
        }
        let entry = NewEntry::new(
            CLAIM,
            &Claim { taken: false, by: String::new(), undo: None, asked: String::new(), ..last.clone() },
        );
        let append = StreamAppend {
            expect: Some(entries.len() as u64),
            ..StreamAppend::new(stream.clone(), journal.epoch(), vec![entry])
        };
        match journal.append(vec![append], With::default()) {
            // Another run spoke in between, or this is durable now: looked at again either way.
            Ok(_) | Err(JournalError::Conflict { .. }) => {}
            Err(error) => return Err(lost(error)),
        }
    }
}

/// Who still claimed it when this claim was given up, and how it had come to be so.
pub(crate) fn after_giving_up(
    claims: &[Claim],
    own: &(stanch_model::RunId, stanch_model::Address),
) -> GivenUp {
    let of_own = |claim: &Claim| !claim.taken && (&claim.run, &claim.address) == (&own.0, &own.1);
    let given_up = claims.iter().rposition(of_own).unwrap_or(0);
    let mut origin: Option<&Claim> = None;
    for n in 0..given_up {
        if Claim::standing(claims[..n].iter().cloned()).is_empty() {
            origin = None;
        }
        if claims[n].taken && origin.is_none_or(|origin| origin.undo.is_none() && claims[n].undo.is_some()) {
            origin = Some(&claims[n]);
        }
    }
    let left = Claim::standing(claims[..=given_up].iter().cloned());
    let undo = origin.and_then(|origin| serde_json::from_value(origin.undo.clone()?).ok());
    let mut left: Vec<String> = left.into_iter().map(|claim| format!("run {}", claim.run)).collect();
    left.dedup();
    let (by, asked) = origin.map(|origin| (origin.by.clone(), origin.asked.clone())).unwrap_or_default();
    GivenUp { left, by, undo, asked }
}
