//! `wait`, `wait_for`, `wait_until`, `run_playbook`.

use std::time::Duration;

use rhai::{Array, Dynamic, Engine, FnPtr, Map, NativeCallContext};
use serde_json::{Value, json};
use stanch_model::{
    Address, RunId,
    ids::Hash,
    run::{StepError, Surety, WaitKind, body::Deferred, body::WaitOpened, body::kind},
};

use super::people::ask_one_of;
use crate::{
    border,
    current::{Current, Hosted, terminated},
    fan::call,
    live::Frame,
    step::{Enter, Mark, here, misuse, place},
};

/// Children of children of children.
pub(super) const MAX_DEPTH: u32 = 4;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("wait", |ctx: NativeCallContext<'_>, length: &str| wait(&ctx, length));
    engine.register_fn("wait_for", |ctx: NativeCallContext<'_>, signal: &str| {
        wait_for(&ctx, signal, &Map::new())
    });
    engine.register_fn("wait_for", |ctx: NativeCallContext<'_>, signal: &str, options: Map| {
        wait_for(&ctx, signal, &options)
    });
    engine.register_fn("wait_until", |ctx: NativeCallContext<'_>, read: FnPtr, predicate: FnPtr| {
        wait_until(&ctx, &read, &predicate, &Map::new())
    });
    engine.register_fn(
        "wait_until",
        |ctx: NativeCallContext<'_>, read: FnPtr, predicate: FnPtr, options: Map| {
            wait_until(&ctx, &read, &predicate, &options)
        },
    );
    engine.register_fn("run_playbook", |ctx: NativeCallContext<'_>, slug: &str| {
        run_playbook(&ctx, slug, &Map::new())
    });
    engine.register_fn("run_playbook", |ctx: NativeCallContext<'_>, slug: &str, input: Map| {
        run_playbook(&ctx, slug, &input)
    });
}

impl Current {
    /// Opens a wait at this address and gives its id.
    pub(crate) fn open_wait(&self, wait: WaitOpened) {
        let now = self.env.now_ms();
        self.live(|live| live.record(kind::WAIT, wait, now));
    }

    /// The wait at this address, once it is closed.
    pub(crate) fn await_wait(&self, address: &Address) -> Hosted<stanch_model::run::wait::ClosedView> {
        loop {
            let closed = self.live(|live| {
                let wait =
                    live.view.waits.iter().rev().find(|wait| wait.address == *address && !wait.card)?;
                wait.closed.clone()
            });
            if let Some(closed) = closed {
                return Ok(closed);
            }
            self.block()?;
        }
    }
}

/// A wait without people.
pub(crate) fn plain_wait(
    current: &Current,
    kind: WaitKind,
    address: &Address,
    name: &str,
    due_ms: Option<i64>,
) -> WaitOpened {
    WaitOpened {
        wait: current.live(|live| live.next_wait(kind)),
        wait_kind: kind,
        address: address.clone(),
        name: name.to_owned(),
        text: String::new(),
        options: Vec::new(),
        targets: Vec::new(),
        ask: Vec::new(),
        ladder: Vec::new(),
        of: 1,
        within_ms: 0,
        due_ms,
        card: false,
    }
}

/// A length of time as scripts write it.
pub(crate) fn length(text: &str) -> Hosted<Duration> {
    stanch_playbooks::dialect::duration(text)
        .or_else(|why| misuse(format!("{text:?} is no length of time: {why}")))
}

fn option_length(options: &Map, name: &str) -> Hosted<Option<Duration>> {
    match options.get(name) {
        None => Ok(None),
        Some(value) => match value.clone().into_string() {
            Ok(text) => length(&text).map(Some),
            Err(_) => misuse(format!("`{name}` takes a length of time such as \"30m\"")),
        },
    }
}

fn after(now: i64, length: Duration) -> i64 {
    now.saturating_add(i64::try_from(length.as_millis()).unwrap_or(i64::MAX))
}

fn wait(ctx: &NativeCallContext<'_>, text: &str) -> Hosted<()> {
    let here = here()?;
    let long = length(text)?;
    let mark = Mark::new(place(ctx), "wait", text, &Value::Null);
    let address = match here.enter(mark)? {
        Enter::Done(_) => return Ok(()),
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            if here.is_plan() {
                let why = "the plan does not wait: what happens in this time is not in it";
                here.mark((&address, mark.at), ("wait", text), Surety::Assumed, why);
                let _ = here.conclude(&address, Ok(Value::Null));
                return Ok(());
            }
            let due = after(here.env.now_ms(), long);
            here.open_wait(plain_wait(&here, WaitKind::Timer, &address, text, Some(due)));
            address
        }
    };
    here.await_wait(&address)?;
    let _ = here.conclude(&address, Ok(Value::Null));
    Ok(())
}

fn wait_for(ctx: &NativeCallContext<'_>, signal: &str, options: &Map) -> Hosted<Dynamic> {
    let here = here()?;
    let from = match options.get("from") {
        Some(value) => border::to_value(value).map_err(|error| border::throw(&error))?,
        None => Value::Null,
    };
    let within = option_length(options, "within")?;
    let mark =
        Mark::new(place(ctx), "wait_for", signal, &json!([from, within.map(|d| d.as_millis().to_string())]));
    let address = match here.enter(mark)? {
        Enter::Done(result) => return Ok(result.unwrap_or_default().dynamic()),
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            if here.is_plan() {
                let why = "whether it comes: the plan goes on as if the time were up";
                here.mark((&address, mark.at), ("wait_for", signal), Surety::NotKnown, why);
                let _ = here.conclude(&address, Ok(Value::Null));
                return Ok(Dynamic::UNIT);
            }
            let due = within.map(|within| after(here.env.now_ms(), within));
            let mut wait = plain_wait(&here, WaitKind::Signal, &address, signal, due);
            // The filter is kept where the fold finds it, so that the shard can match a signal without the script.
            wait.options = vec![from.to_string()];
            here.open_wait(wait);
            here.live(|live| live.look_for_signals = true);
            address
        }
    };
    let closed = here.await_wait(&address)?;
    let data = closed.value.get("data").cloned().unwrap_or_default();
    let value = here.conclude(&address, Ok(data)).unwrap_or_default();
    Ok(border::to_dynamic(&value))
}

fn wait_until(
    ctx: &NativeCallContext<'_>,
    read: &FnPtr,
    predicate: &FnPtr,
    options: &Map,
) -> Hosted<Dynamic> {
    let here = here()?;
    let every = option_length(options, "every")?.unwrap_or(Duration::from_secs(30));
    let within = option_length(options, "within")?.unwrap_or(Duration::from_secs(3600));
    let mark = Mark::new(
        place(ctx),
        "wait_until",
        "",
        &json!([every.as_millis().to_string(), within.as_millis().to_string()]),
    );
    let (address, until) = match here.enter(mark)? {
        Enter::Done(result) => return Ok(result.unwrap_or_default().dynamic()),
        Enter::Pending(address) => {
            let until = here.live(|live| Some(live.steps.get(&address)?.deferred.as_ref()?.0));
            (address, until.unwrap_or_else(|| here.env.now_ms()))
        }
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            let now = here.env.now_ms();
            let until_ms = after(now, within);
            let why = "looks again and again until then".to_owned();
            let body = Deferred { address: address.clone(), attempt: 1, until_ms, why };
            here.live(|live| live.record(kind::DEFERRED, body, now));
            (address, until_ms)
        }
    };
    let mut value = Value::Null;
    for poll in 1_u32.. {
        let place = address.branch("poll", &poll.to_string());
        if let Some(found) = look(ctx, &here, &place, read, predicate)? {
            value = found;
            break;
        }
        if here.is_plan() {
            let why = "whether it becomes so: the plan looked once and goes on as if the time were up";
            here.mark((&address, mark.at), ("wait_until", "wait_until"), Surety::NotKnown, why);
            break;
        }
        let pause = place.step(u32::MAX);
        let due = after(here.env.now_ms(), every);
        let open = here.live(|live| live.view.waits.iter().any(|wait| wait.address == pause));
        if !open {
            if due > until {
                break;
            }
            here.frontier(&pause)?;
            here.open_wait(plain_wait(&here, WaitKind::Timer, &pause, "next look", Some(due)));
        }
        here.await_wait(&pause)?;
    }
    let value = here.conclude(&address, Ok(value)).unwrap_or_default();
    Ok(border::to_dynamic(&value))
}

/// One look: the value if the predicate likes it. A read that throws counts as not yet.
fn look(
    ctx: &NativeCallContext<'_>,
    here: &Current,
    place: &Address,
    read: &FnPtr,
    predicate: &FnPtr,
) -> Hosted<Option<Value>> {
    here.live(|live| live.frames.push(Frame { address: place.clone(), ordinal: 0 }));
    let result = call(ctx, read, Vec::new());
    let leaving = here.live(|live| {
        live.frames.pop();
        live.leaving.is_some()
    });
    if leaving {
        return Err(terminated());
    }
    let value = match result {
        Ok(value) => value,
        // A mistake in the script does not go away by waiting.
        Err(error) if border::caught(&error).kind == "misuse" => return Err(error),
        Err(_) => return Ok(None),
    };
    let value = border::to_value(&value).map_err(|error| border::throw(&error))?;
    let verdict = call(ctx, predicate, vec![border::to_dynamic(&value)])?;
    match verdict.as_bool() {
        Ok(true) => Ok(Some(value)),
        Ok(false) => Ok(None),
        Err(kind) => misuse(format!("the predicate of `wait_until` gave a {kind}, not true or false")),
    }
}

fn run_playbook(ctx: &NativeCallContext<'_>, slug: &str, input: &Map) -> Hosted<Dynamic> {
    let here = here()?;
    let input = border::to_value(&Dynamic::from(input.clone())).map_err(|error| border::throw(&error))?;
    let depth = here.live(|live| live.created.depth);
    if depth + 1 > MAX_DEPTH {
        return Err(border::throw(&StepError::new(
            "limit",
            format!("child runs go {MAX_DEPTH} deep at most"),
        )));
    }
    let mark = Mark::new(place(ctx), "run_playbook", slug, &input);
    if let Some(why) = here.starts_off_plan(slug, mark.args) {
        let text = format!("{why}: this run now starts it with {input}. Shall it?");
        if ask_one_of(ctx, "off-plan", &text, &["go on", "stop"])? == "stop" {
            return Err(border::throw(&StepError::new("failed", format!("{why}, and a person said no"))));
        }
    }
    let address = match here.enter(mark)? {
        Enter::Done(result) => {
            return result.map(|value| child_map(&value.value())).map_err(|error| border::throw(&error));
        }
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            if here.env.library.get(slug).is_none() {
                // Journaled: the library may have it at the next replay.
                let error = StepError::new("misuse", format!("there is no playbook {slug:?}"));
                let result = here.conclude(&address, Err(error));
                return result.map(|value| child_map(&value)).map_err(|error| border::throw(&error));
            }
            let mut wait = plain_wait(&here, WaitKind::Child, &address, slug, None);
            let child = here.live(|live| child_id(&live.id, &address));
            wait.text = child.0;
            here.open_wait(wait);
            address
        }
    };
    let child = here.live(|live| child_id(&live.id, &address));
    here.live(|live| live.children.push((child, slug.to_owned(), input.clone(), address.clone())));
    let closed = here.await_wait(&address)?;
    let value = here.conclude(&address, Ok(closed.value)).unwrap_or_default();
    Ok(child_map(&value))
}

/// A child's id follows from its parent and the step that started it: a restart finds the same child.
pub(crate) fn child_id(parent: &RunId, address: &Address) -> RunId {
    let hash = Hash::of(format!("{parent} {address}").as_bytes());
    let number = hash.0[..16].iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    RunId(ulid::Ulid(number & (u128::MAX >> 3)).to_string())
}

fn child_map(value: &Value) -> Dynamic {
    let mut map = Map::new();
    for field in ["run", "ended", "containment", "targets", "value"] {
        map.insert(field.into(), border::to_dynamic(&value[field]));
    }
    if !map.get("targets").is_some_and(Dynamic::is_array) {
        map.insert("targets".into(), Array::new().into());
    }
    Dynamic::from_map(map)
}
