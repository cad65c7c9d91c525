//! The host calls: all that a script can say to the world.
//!
//! Their promises are written down in `stanch_playbooks::dialect::HOST_CALLS`; this module makes them true. A host call
//! never waits on a thread and never performs an effect itself: it leaves a wish, and the shard acts.

pub(crate) mod back;
mod branches;
mod calls;
mod people;
mod plan;
mod reach;
mod record;
pub(crate) mod settle;
pub(crate) mod undo;
mod waits;

use foldhash::HashMap;
use rhai::{Dynamic, Engine, EvalAltResult};
use serde_json::Value;
use stanch_model::{Target, catalog::ActionIndex, run::body::Created};
use stanch_playbooks::coverage::MARK;

use crate::{
    border::{self, Secret},
    current::{self, peek},
    env::Env,
    fiber::{self, Pause},
    live::Leave,
    step::stopped,
};

pub(crate) use calls::{Integration, bare, cut_value};
pub(crate) use people::card;
pub(crate) use plan::ASSUMED;
pub(crate) use waits::child_id;

/// Version of the host calls: pinned by runs. Changes when a call's arguments or value change their meaning.
///
/// 2: a page that reaches nobody throws nothing; `find_app` and `find_user` journal the integrations that they ask; a cut
/// takes `expires_in`.
pub(crate) const HOST_API: u32 = 2;

/// Operations between two looks at whether others want the thread.
const SLICE: u64 = 20_000;

/// The interpreter with every host call, for the integrations configured now.
pub(crate) fn engine(env: &Env) -> Engine {
    let known = integrations(env);
    let mut engine = stanch_playbooks::dialect::engine_with(move |word| name(&known, word));
    engine.set_max_operations(0);
    let limit = env.patience.operations;
    engine.on_progress(move |operations| progress(operations, limit));
    types(&mut engine);
    record::register(&mut engine);
    branches::register(&mut engine);
    people::register(&mut engine);
    waits::register(&mut engine);
    reach::register(&mut engine);
    settle::register(&mut engine);
    back::register(&mut engine);
    undo::register(&mut engine);
    calls::register(&mut engine, &env.integrations, env.in_process.as_deref());
    if let Some(coverage) = env.coverage.clone() {
        engine.register_fn(MARK, move |mark: i64| coverage.reached(mark));
    }
    engine
}

/// The integrations by the names that scripts have for them.
fn integrations(env: &Env) -> HashMap<String, Dynamic> {
    let configured = env.integrations.integrations().into_iter().map(|(name, _)| name);
    let own = env.in_process.iter().map(|own| own.name().to_owned());
    configured.chain(own).map(|name| (name.clone(), Dynamic::from(Integration(name.into())))).collect()
}

/// `input`, `alert` and the integrations are seen everywhere, inside functions and closures too. Asked for every variable
/// that a script reads.
fn name(integrations: &HashMap<String, Dynamic>, name: &str) -> Option<Dynamic> {
    let of_run = |value: fn(&Created) -> &Value| {
        peek().map(|current| current.live(|live| border::to_dynamic(value(&live.created))))
    };
    match name {
        "input" => of_run(|created| &created.input),
        "alert" => of_run(|created| &created.alert),
        _ => integrations.get(name).cloned(),
    }
}

/// Called by the interpreter at every operation: hands the thread on, and ends what never ends. Only what lies beyond the
/// last fresh step counts, so that a replay is never too long.
fn progress(operations: u64, limit: u64) -> Option<Dynamic> {
    if !operations.is_multiple_of(1024) {
        return None;
    }
    let current = peek()?;
    let (leaving, slice_over, too_long) = current.live(|live| {
        if live.operations_mark == 0 || live.operations_mark > operations {
            live.operations_mark = operations.max(1);
        }
        let slice_over = operations.saturating_sub(live.operations_slice) >= SLICE;
        if slice_over || live.operations_slice > operations {
            live.operations_slice = operations;
        }
        (live.leaving.is_some(), slice_over, operations - live.operations_mark > limit)
    });
    if leaving {
        return Some(Dynamic::UNIT);
    }
    if too_long {
        let message =
            format!("the script did more than {limit} operations without a step: does a loop never end?");
        let _: current::Hosted<()> = current.fatal("too_long", message);
        return Some(Dynamic::UNIT);
    }
    if !slice_over {
        return None;
    }
    let unwind = fiber::pause(Pause::Preempted) == fiber::Wake::Unwind || current.env.is_draining();
    let why = current.live(|live| if live.rehearsing { None } else { stopped(live) });
    let why = why.or(unwind.then_some(Leave::Park))?;
    let _: current::Hosted<()> = current.leave(why);
    Some(Dynamic::UNIT)
}

fn types(engine: &mut Engine) {
    engine.register_type_with_name::<Target>("Target");
    engine.register_get("integration", |target: &mut Target| target.integration.clone());
    engine.register_get("kind", |target: &mut Target| target.kind.clone());
    engine.register_get("id", |target: &mut Target| target.id.clone());
    engine.register_get("label", |target: &mut Target| target.label.clone());
    engine.register_get("name", |target: &mut Target| target.name().to_owned());
    engine.register_get("state", |target: &mut Target| state_of(target));
    engine.register_indexer_get(|target: &mut Target, field: &str| -> Result<Dynamic, Box<EvalAltResult>> {
        Ok(target.attrs.get(field).map_or(Dynamic::UNIT, border::to_dynamic))
    });
    engine.register_fn("to_string", |target: &mut Target| target.name().to_owned());
    engine.register_fn("to_debug", |target: &mut Target| target.key());
    engine.register_fn("==", |a: Target, b: Target| a == b);
    engine.register_fn("!=", |a: Target, b: Target| a != b);
    engine.register_type_with_name::<Secret>("Secret");
    engine.register_fn("==", |a: Secret, b: Secret| a == b);
    engine.register_fn("!=", |a: Secret, b: Secret| a != b);
    engine.register_fn("to_string", |_: &mut Secret| "(secret)".to_owned());
    engine.register_fn("to_debug", |_: &mut Secret| "(secret)".to_owned());
}

/// The state that the call which returned this target gave it; `()` for a target that no call has cut.
fn state_of(target: &Target) -> Dynamic {
    target.attrs.get("state").map_or(Dynamic::UNIT, border::to_dynamic)
}
