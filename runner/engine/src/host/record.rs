//! `phase`, `note`, `evidence`, `now`, `uuid`, `incident`, `vendor_of`, `deadline`, `fail`, and the pure helpers.

use std::collections::HashSet;

use rhai::{Array, Dynamic, Engine, ImmutableString, Map, NativeCallContext};
use serde_json::{Value, json};
use stanch_journal::Blob;
use stanch_model::{
    Target,
    run::{StepError, body::kind},
    value,
};

use crate::{
    border,
    current::Hosted,
    env::rfc3339,
    step::{here, misuse},
};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("phase", |ctx: NativeCallContext<'_>, name: &str| text(&ctx, "phase", name));
    engine.register_fn("note", |ctx: NativeCallContext<'_>, line: &str| text(&ctx, "note", line));
    engine.register_fn("evidence", |ctx: NativeCallContext<'_>, name: &str, value: Dynamic| {
        evidence(&ctx, name, &value)
    });
    engine.register_fn("now", |ctx: NativeCallContext<'_>| now(&ctx));
    engine.register_fn("uuid", |ctx: NativeCallContext<'_>| uuid(&ctx));
    engine.register_fn("incident", |ctx: NativeCallContext<'_>| incident(&ctx, &Map::new()));
    engine.register_fn("incident", |ctx: NativeCallContext<'_>, changes: Map| incident(&ctx, &changes));
    engine.register_fn("vendor_of", |ctx: NativeCallContext<'_>, what: Dynamic| vendor_of(&ctx, &what));
    engine.register_fn("deadline", |ctx: NativeCallContext<'_>, kind: &str| {
        deadline(&ctx, kind, &Dynamic::UNIT, &Map::new())
    });
    engine.register_fn("deadline", |ctx: NativeCallContext<'_>, kind: &str, about: Dynamic| {
        deadline(&ctx, kind, &about, &Map::new())
    });
    engine.register_fn("deadline", |ctx: NativeCallContext<'_>, kind: &str, about: Dynamic, options: Map| {
        deadline(&ctx, kind, &about, &options)
    });
    engine.register_fn("fail", |message: &str| -> Hosted<()> {
        here()?;
        Err(border::throw(&StepError::new("failed", message)))
    });
    engine.register_fn("flat", flat);
    engine.register_fn("holders", |targets: Dynamic| holders(&targets));
}

fn text(ctx: &NativeCallContext<'_>, op: &str, line: &str) -> Hosted<()> {
    here()?.local(ctx, op, &json!(line), |_| Ok(json!(line))).map(|_| ())
}

fn evidence(ctx: &NativeCallContext<'_>, name: &str, value: &Dynamic) -> Hosted<()> {
    let here = here()?;
    let value = border::to_value(value).map_err(|error| border::throw(&error))?;
    here.local(ctx, "evidence", &json!([name, value]), |here| {
        let blob = Blob::new(value::canonical(&value).into_bytes());
        let entry = json!({ "name": name, "hash": blob.hash(), "bytes": blob.bytes().len() });
        here.live(|live| live.keep(blob));
        Ok(entry)
    })?;
    Ok(())
}

fn now(ctx: &NativeCallContext<'_>) -> Hosted<ImmutableString> {
    let value = here()?.local(ctx, "now", &Value::Null, |here| Ok(json!(rfc3339(here.env.now_ms()))))?;
    Ok(value.as_str().unwrap_or_default().into())
}

fn uuid(ctx: &NativeCallContext<'_>) -> Hosted<ImmutableString> {
    let value = here()?.local(ctx, "uuid", &Value::Null, |_| {
        let bits = ulid::Ulid::generate().0 ^ (u128::from(std::process::id()) << 64);
        let hash = stanch_model::Hash::of(&bits.to_be_bytes()).to_string();
        Ok(json!(format!(
            "{}-{}-4{}-8{}-{}",
            &hash[..8],
            &hash[8..12],
            &hash[13..16],
            &hash[17..20],
            &hash[20..32]
        )))
    })?;
    Ok(value.as_str().unwrap_or_default().into())
}

fn incident(ctx: &NativeCallContext<'_>, changes: &Map) -> Hosted<Dynamic> {
    let here = here()?;
    let mut asked = serde_json::Map::new();
    for (key, value) in changes {
        let value = match key.as_str() {
            "title" | "lead" => value.clone().into_string().map(Value::from).ok(),
            "severity" => value.clone().try_cast::<stanch_model::Severity>().map(|severity| json!(severity)),
            other => {
                return misuse(format!(
                    "an incident has no `{other}`; title, severity and lead can be changed"
                ));
            }
        };
        let Some(value) = value else { return misuse(format!("`{key}` of an incident cannot be that")) };
        asked.insert(key.to_string(), value);
    }
    let asked = Value::Object(asked);
    let value = here.local(ctx, "incident", &asked, |here| {
        let id = here.live(|live| live.created.incident.clone());
        let mut known = here.env.incident(id.as_deref());
        for (key, value) in asked.as_object().into_iter().flatten() {
            known[key] = value.clone();
        }
        if here.is_plan() {
            // Its run would open one; the plan's own number stands where that one's will.
            known["id"] = here.live(|live| json!(live.id));
            return Ok(known);
        }
        if !asked.as_object().is_some_and(serde_json::Map::is_empty) {
            here.live(|live| live.tell_incident(asked.clone()));
        }
        Ok(known)
    })?;
    Ok(border::to_dynamic(&value))
}

fn vendor_of(ctx: &NativeCallContext<'_>, what: &Dynamic) -> Hosted<Dynamic> {
    let here = here()?;
    let what = border::to_value(what).map_err(|error| border::throw(&error))?;
    let value = here.local(ctx, "vendor_of", &what, |here| Ok(here.env.desk.vendor_of(&what)))?;
    Ok(border::to_dynamic(&value))
}

fn deadline(ctx: &NativeCallContext<'_>, kind: &str, about: &Dynamic, options: &Map) -> Hosted<Dynamic> {
    let here = here()?;
    let about = border::to_value(about).map_err(|error| border::throw(&error))?;
    let option = |name: &str| options.get(name).and_then(|value| value.clone().into_string().ok());
    let (aware, due) = (option("aware"), option("due"));
    let args = json!([kind, about, aware, due]);
    let value = here.local(ctx, "deadline", &args, |here| {
        let aware = aware.clone().unwrap_or_else(|| here.live(|live| live.view.started.clone()));
        let started =
            here.env.desk.deadline(kind, &about, &aware).map_err(|why| StepError::new("misuse", why))?;
        let Some(mut started) = started else { return Ok(Value::Null) };
        if let Some(due) = due.clone() {
            started.due = due;
        }
        let value = json!({ "kind": kind, "about": about, "due": started.due });
        let now = here.env.now_ms();
        if here.is_plan() {
            here.live(|live| live.record(kind::CLOCK, started, now));
            return Ok(value);
        }
        here.live(|live| {
            let known =
                live.view.deadlines.iter().any(|d| d.deadline == started.deadline && d.to == started.to);
            if !known {
                live.record(kind::DEADLINE, started, now);
            }
        });
        Ok(value)
    })?;
    Ok(border::to_dynamic(&value))
}

/// Lists within lists as one list; nothing twice if it is a target, no unit.
fn flat(list: Array) -> Array {
    fn walk(items: Array, out: &mut Array, seen: &mut HashSet<String>) {
        for item in items {
            if item.is_array() {
                walk(item.cast::<Array>(), out, seen);
            } else if let Some(key) = item.read_lock::<Target>().map(|target| target.key()) {
                if seen.insert(key) {
                    out.push(item);
                }
            } else if !item.is_unit() {
                out.push(item);
            }
        }
    }
    let mut out = Array::new();
    walk(list, &mut out, &mut HashSet::new());
    out
}

/// The users that targets belong to: their attribute `holder`, a target of its own.
fn holders(targets: &Dynamic) -> Hosted<Array> {
    let value = border::to_value(targets).map_err(|error| border::throw(&error))?;
    let mut seen = HashSet::new();
    let mut out = Array::new();
    for target in value::targets_in(&value) {
        let Some(user) = target.attrs.get("holder").and_then(value::as_target) else { continue };
        if seen.insert(user.key()) {
            out.push(Dynamic::from(user));
        }
    }
    Ok(out)
}
