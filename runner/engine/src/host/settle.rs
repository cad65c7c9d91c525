//! `settle`: waits for every proof, reads every scope again, and says what is left.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rhai::{Dynamic, Engine, FnPtr, Map, NativeCallContext};
use serde_json::{Value, json};
use stanch_model::{
    Address, Containment, Hash, Target, TargetState,
    catalog::ActionIndex,
    run::{RunView, Surety, WaitKind, body::CallIntent},
    target::Effect,
    value,
};

use crate::{
    act::{Proof, Spec},
    border::{self, Json},
    current::{Current, Hosted},
    env::Env,
    fan::{self, Body},
    live::{Frame, Known, Live, Step},
    step::{Enter, Mark, here, misuse, place},
};

const FIELDS: [(&str, TargetState); 5] = [
    ("failed", TargetState::Failed),
    ("residual", TargetState::Residual),
    ("attested", TargetState::Attested),
    ("in_doubt", TargetState::InDoubt),
    ("skipped", TargetState::Skipped),
];

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("settle", |ctx: NativeCallContext<'_>| -> Hosted<Map> { called(&ctx, None) });
    engine.register_fn("settle", |ctx: NativeCallContext<'_>, concerns: FnPtr| -> Hosted<Map> {
        let concerns = fan::lent_closure(&concerns, 0)?;
        called(
            &ctx,
            Some(&|target: &Target| {
                let answer = concerns.call_raw(&ctx, None, [Dynamic::from(target.clone())])?;
                answer.as_bool().or_else(|what| {
                    misuse(format!(
                        "the closure of `settle` says true or false of a target, and gave a {what}"
                    ))
                })
            }),
        )
    });
}

/// What the script says of a target in a fresh list: whether it concerns this case.
type Concerns<'a> = &'a dyn Fn(&Target) -> Hosted<bool>;

fn called(ctx: &NativeCallContext<'_>, concerns: Option<Concerns<'_>>) -> Hosted<Map> {
    let here = here()?;
    if here.live(|live| live.fans > 0) {
        return misuse("`settle` waits for the whole run: call it on the main line, not in a branch");
    }
    Ok(script_map(&settle(&here, place(ctx), concerns)?))
}

fn script_map(value: &Value) -> Map {
    let fields = FIELDS.iter().map(|(name, _)| *name).chain(["found", "unread"]);
    fields.map(|name| (name.into(), border::to_dynamic(&value[name]))).collect()
}

/// Settles; the value holds targets by state, under `unread` a line for each list that could not be read again, and under
/// `beside` the keys of what stands in the lists and does not concern this case, as the script says.
pub(crate) fn settle(here: &Current, at: (u32, u32), concerns: Option<Concerns<'_>>) -> Hosted<Value> {
    let mark = Mark::new(at, "settle", "", &Value::Null);
    let address = match here.enter(mark)? {
        Enter::Done(result) => return Ok(result.unwrap_or_default().value()),
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            address
        }
    };
    quiet(here)?;
    let scopes = here.live(|live| scopes(live, &here.env.integrations, &address));
    here.live(|live| live.frames.push(Frame { address: address.branch("settle", "1"), ordinal: 0 }));
    let fresh = reread(here, at, &scopes);
    here.live(|live| live.frames.pop());
    let (mut held, unread) = fresh?;
    let beside = set_aside(here, &address, &mut held, concerns)?;
    prove_again(here, &held)?;
    let mut value = here.live(|live| left(live, &here.env, &held, &unread));
    if !beside.is_empty() {
        value["beside"] = json!(beside);
    }
    if here.live(|live| live.is_plan()) {
        let why = "every cut is taken for proven: nothing has failed";
        here.mark((&address, at), ("settle", ""), Surety::Assumed, why);
    }
    Ok(here.conclude(&address, Ok(value)).unwrap_or_default())
}

/// Waits until nothing about a target is open.
fn quiet(here: &Current) -> Hosted<()> {
    loop {
        let open = here.live(|live| {
            !live.proofs.is_empty() || live.view.open_waits().any(|wait| wait.kind == WaitKind::Manual)
        });
        if !open {
            return Ok(());
        }
        here.block()?;
    }
}

/// A list to be read again.
struct Scope {
    key: String,
    name: String,
    call: CallIntent,
}

/// The lists that scoped a cut: those that showed a cut target, those that showed nothing, and those that failed.
fn scopes(live: &Live, index: &dyn ActionIndex, settling: &Address) -> Vec<Scope> {
    let cut: std::collections::HashSet<String> =
        live.view.targets.values().map(|view| view.target.key()).collect();
    let kinds: std::collections::HashSet<&str> =
        live.view.targets.values().map(|view| view.target.kind.as_str()).collect();
    let mut scopes = BTreeMap::new();
    for (address, step) in &live.steps {
        if address.is_within(settling) {
            continue;
        }
        if step.effect() != Some(Effect::Read) {
            continue;
        }
        let Some(call) = step.call() else { continue };
        let Some(yields) = index.action(&call.integration, &call.action).and_then(|info| info.yields.clone())
        else {
            continue;
        };
        let relevant = match &step.result {
            Some(Ok(value)) => {
                let shown = value.bare_targets();
                !step.incomplete.is_empty()
                    || shown.iter().any(|target| cut.contains(&target.key()))
                    || (shown.is_empty() && kinds.contains(yields.as_str()))
            }
            Some(Err(_)) | None => true,
        };
        if relevant {
            let key = format!("{} {}", step.name, step.args.short());
            scopes.insert(key.clone(), Scope { key, name: step.name.to_string(), call });
        }
    }
    scopes.into_values().collect()
}

/// Reads the lists again: the targets they hold now, and the lists that could not be read whole.
fn reread(here: &Current, at: (u32, u32), scopes: &[Scope]) -> Hosted<(Vec<Target>, Vec<String>)> {
    let bodies = scopes.iter().map(|scope| {
        let body: Body<'_> = Box::new(move || {
            let call = &scope.call;
            let Some(info) = here.env.info(&call.integration, &call.action) else {
                return misuse(format!("{} is no longer configured", call.integration));
            };
            let result = here.call(at, info, call.verb.clone(), &call.input, call.target.as_ref())?;
            let value = result.map_err(|error| border::throw(&error))?;
            let incomplete = here.live(|live| {
                let place =
                    live.frames.last().map(|frame| frame.address.step(frame.ordinal)).unwrap_or_default();
                live.steps.get(&place).map(|step| step.incomplete.to_string())
            });
            let held: Vec<Value> = value.targets().iter().map(value::of_target).collect();
            Ok(Json::of(&json!({ "held": held, "incomplete": incomplete })))
        });
        (scope.key.clone(), body)
    });
    let results = here.fan(at, "reread", "", "null", bodies.collect())?;
    let mut held: Vec<Target> = Vec::new();
    let mut unread = Vec::new();
    for (key, result) in results {
        let name = scopes.iter().find(|scope| scope.key == key).map_or(key.as_str(), |scope| &scope.name);
        match result {
            Ok(value) => {
                let value = value.value();
                match value["incomplete"].as_str() {
                    Some("") => {}
                    Some(why) => unread.push(format!("{name}: {why}")),
                    None => unread.push(format!("{name}: nobody knows whether the list is whole")),
                }
                held.extend(value::targets_in(&value["held"]));
            }
            Err(error) => unread.push(format!("{name}: {error}")),
        }
    }
    held.sort();
    held.dedup();
    unread.sort();
    unread.dedup();
    Ok((held, unread))
}

/// Takes out of the fresh lists what does not concern this case. That is said of targets one by one: what was set aside once
/// stays so, and what comes later is asked about, or found. What this run cut always concerns it.
fn set_aside(
    here: &Current,
    address: &Address,
    held: &mut Vec<Target>,
    concerns: Option<Concerns<'_>>,
) -> Hosted<BTreeSet<String>> {
    let (mut beside, cut) = here.live(|live| {
        let cut: BTreeSet<String> = live.view.targets.values().map(|view| view.target.key()).collect();
        (settled(live).into_iter().flat_map(|value| keys(&value["beside"])).collect::<BTreeSet<_>>(), cut)
    });
    if let Some(concerns) = concerns {
        here.live(|live| live.frames.push(Frame { address: address.branch("concerns", "1"), ordinal: 0 }));
        let asked = held.iter().filter(|target| !cut.contains(&target.key())).try_for_each(|target| {
            if !concerns(target)? {
                beside.insert(target.key());
            }
            Hosted::Ok(())
        });
        here.live(|live| live.frames.pop());
        asked?;
    }
    held.retain(|target| cut.contains(&target.key()) || !beside.contains(&target.key()));
    Ok(beside)
}

fn keys(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap_or_default()
}

/// What the last `settle` that came to its end gave.
fn settled(live: &Live) -> Option<Value> {
    let done = live.steps.values().filter(|step| &*step.op == "settle");
    let done = done.filter(|step| matches!(step.result, Some(Ok(_)))).max_by_key(|step| step.version)?;
    Some(done.result.as_ref()?.as_ref().ok()?.value())
}

/// What stands in a fresh list although it was proven cut is looked at once more.
fn prove_again(here: &Current, held: &[Target]) -> Hosted<()> {
    let now = here.env.now_ms();
    here.live(|live| {
        for target in held {
            let again: Vec<_> = live
                .view
                .targets
                .values()
                .filter(|view| view.target == *target && view.state == TargetState::Verified)
                .filter_map(|view| spec_of(live, &here.env.integrations, view))
                .collect();
            for spec in again {
                let key = format!("{} {}", target.key(), spec.property());
                live.proofs.insert(
                    key,
                    Proof { spec: Arc::new(spec), accepted_ms: now, tries: 0, again_ms: Some(now) },
                );
            }
        }
    });
    quiet(here)
}

/// The call that cut this target, from the history.
pub(crate) fn spec_of(
    live: &Live,
    index: &dyn ActionIndex,
    view: &stanch_model::run::TargetView,
) -> Option<Spec> {
    let step = live.steps.get(&view.address)?;
    let Some(call) = step.call() else { return by_hand(step, index, view) };
    let info = index.action(&call.integration, &call.action)?;
    info.verify.as_ref()?;
    let info = Arc::new(Known::new(&call.integration, info.clone()));
    Some(Spec {
        address: view.address.clone(),
        at: step.at,
        name: (&*step.name).into(),
        args: step.args,
        integration: Arc::clone(&info.on),
        info,
        verb: call.verb,
        text: call.input.to_string().into(),
        read: call.input.into(),
        target: call.target,
        expires: None,
    })
}

/// What a person was asked to do: nothing was sent, so its step tells no more than its name.
fn by_hand(step: &Step, index: &dyn ActionIndex, view: &stanch_model::run::TargetView) -> Option<Spec> {
    let (integration, action) = step.name.split_once('.')?;
    let info = index.action(integration, action).filter(|info| info.manual)?;
    info.verify.as_ref()?;
    let info = Arc::new(Known::new(integration, info.clone()));
    Some(Spec {
        address: view.address.clone(),
        at: step.at,
        name: (&*step.name).into(),
        args: step.args,
        integration: Arc::clone(&info.on),
        info,
        verb: Some(view.verb.clone()),
        text: "{}".into(),
        read: json!({}).into(),
        target: Some(view.target.clone()),
        expires: None,
    })
}

fn left(live: &Live, env: &Env, held: &[Target], unread: &[String]) -> Value {
    let mut value = json!({ "unread": unread });
    for (name, state) in FIELDS {
        let targets = live.view.targets.values().filter(|view| view.state == state);
        let mut targets: Vec<&Target> = targets.map(|view| &view.target).collect();
        targets.dedup();
        value[name] = targets.into_iter().map(value::of_target).collect();
    }
    if live.is_plan() {
        would_be_left(live, env, &mut value);
    }
    let cut: std::collections::HashSet<String> =
        live.view.targets.values().map(|view| view.target.key()).collect();
    let found = held.iter().filter(|target| !cut.contains(&target.key()));
    value["found"] = found.map(value::of_target).collect();
    value
}

/// In a plan: what would live on, and what people would vouch for.
fn would_be_left(live: &Live, env: &Env, value: &mut Value) {
    let (mut residual, mut attested) = (Vec::new(), Vec::new());
    for view in live.view.targets.values().filter(|view| view.state == TargetState::Requested) {
        let own = view.verb.strip_prefix(&format!("{}.", view.target.integration));
        let Some(info) = env.info(&view.target.integration, own.unwrap_or(&view.verb)) else { continue };
        if info.manual {
            attested.push(value::of_target(&view.target));
        } else if info.residual.is_some() {
            residual.push(value::of_target(&view.target));
        }
    }
    value["residual"] = Value::Array(residual);
    value["attested"] = Value::Array(attested);
}

/// True when something was cut or listed after the last settling, so that the run must settle by itself.
pub(crate) fn is_unsettled(live: &Live) -> bool {
    let last = |wanted: &dyn Fn(&crate::live::Step) -> bool| {
        live.steps.values().filter(|step| wanted(step)).map(|step| step.version).max().unwrap_or(0)
    };
    let cut = last(&|step| matches!(step.effect(), Some(Effect::Reversible | Effect::Permanent)));
    let waiting = live.view.open_waits().any(|wait| wait.kind == WaitKind::Manual);
    // After the end a look changes nothing about the scope; what it shows is told by the targets themselves.
    let open = live.view.ended.is_none() && (waiting || !live.proofs.is_empty());
    open || (!live.view.targets.is_empty() && cut.max(1) > last(&|step| &*step.op == "settle"))
}

/// The second word, and for anything short of `contained` the reasons.
pub(crate) fn containment(live: &Live) -> (Containment, Vec<String>) {
    if live.is_plan() {
        return (Containment::NotContained, vec!["a plan: nothing was cut".to_owned()]);
    }
    let settled = live.steps.values().filter(|step| &*step.op == "settle").max_by_key(|step| step.version);
    let settled = settled.and_then(|step| step.result.as_ref()?.as_ref().ok()).map(Json::value);
    let list = |name: &str| settled.as_ref().map(|value| value::targets_in(&value[name])).unwrap_or_default();
    let unread = settled.as_ref().and_then(|value| serde_json::from_value(value["unread"].clone()).ok());
    let unread: Vec<String> = unread.unwrap_or_default();
    let found = list("found");
    let found = found.iter().map(|target| format!("found and not cut: {} ({})", target.name(), target.key()));
    let open: Vec<String> = found.chain(children(live)).collect();
    if live.view.targets.is_empty() {
        return nothing_cut(live, open, &unread);
    }
    let mut because: Vec<String> = unread.iter().map(|list| format!("not read again: {list}")).collect();
    because.extend(open);
    if settled.is_none() || live.cut_late || is_unsettled(live) {
        because.push("the scope was not read again after the last cut".to_owned());
    }
    let (word, mut because) = judge(&live.view, because);
    let beside = settled.map_or(0, |value| keys(&value["beside"]).len());
    if beside > 0 {
        because.push(format!("the script says that {beside} others in the lists do not concern this case"));
    }
    (word, because)
}

/// A child run that left something open: its targets may all be proven, its scope is not.
fn children(live: &Live) -> Vec<String> {
    let ends = live.steps.values().filter(|step| &*step.op == "run_playbook");
    let ends = ends.filter_map(|step| Some((&step.name, step.result.as_ref()?.as_ref().ok()?)));
    let at_work = live.view.open_waits().filter(|wait| wait.kind == WaitKind::Child);
    let at_work = at_work.map(|wait| format!("{} ({}) has not ended yet", wait.name, wait.text));
    let open = ends.filter_map(|(name, value)| {
        let value = value.value();
        let word = value["containment"].as_str().unwrap_or("unknown");
        let whole = Containment::parse(word).is_some_and(Containment::is_whole);
        (!whole).then(|| format!("{name} ended {word}"))
    });
    open.chain(at_work).collect()
}

/// `again` are the lists that settling could not read; those that no read ever gave are said once.
fn nothing_cut(live: &Live, mut because: Vec<String>, again: &[String]) -> (Containment, Vec<String>) {
    let never = unread(live);
    let is_said = |list: &&String| {
        let name = list.split(": ").next().unwrap_or_default();
        never.iter().any(|why| why.contains(&format!(": {name}: ")))
    };
    because.extend(again.iter().filter(|list| !is_said(list)).map(|list| format!("not read again: {list}")));
    because.extend(never);
    if !live.seen.is_empty() {
        because.push(format!("{} targets were found and none was cut", live.seen.len()));
    }
    match because.is_empty() {
        true => (Containment::NothingToContain, because),
        false => (Containment::NotContained, because),
    }
}

/// The reads that gave nothing, or not everything, the last time that they were made.
fn unread(live: &Live) -> BTreeSet<String> {
    let mut last: BTreeMap<(&str, Hash), &Step> = BTreeMap::new();
    for step in live.steps.values() {
        if step.effect() != Some(Effect::Read) {
            continue;
        }
        let known = last.entry((&step.name, step.args)).or_insert(step);
        if known.version < step.version {
            *known = step;
        }
    }
    let why = |step: &&Step| match &step.result {
        Some(Err(error)) => Some(format!("not read: {}: {error}", step.name)),
        _ if step.incomplete.is_empty() => None,
        _ => Some(format!("not read whole: {}: {}", step.name, step.incomplete)),
    };
    last.values().filter_map(why).collect()
}

fn judge(view: &RunView, mut because: Vec<String>) -> (Containment, Vec<String>) {
    let whole = because.is_empty();
    let tally = view.tally();
    let count = |state: TargetState| tally.get(&state).copied().unwrap_or(0);
    let proven = count(TargetState::Verified);
    let held = count(TargetState::Residual) + count(TargetState::Attested);
    let all: usize = tally.values().sum();
    for (state, count) in tally.iter().filter(|(state, _)| **state != TargetState::Verified) {
        because.push(format!("{count} {state}"));
    }
    let containment = if proven + held == 0 {
        Containment::NotContained
    } else if proven + held < all || !whole {
        Containment::PartlyContained
    } else if held > 0 {
        Containment::ContainedWithResidual
    } else {
        Containment::Contained
    };
    (containment, because)
}
