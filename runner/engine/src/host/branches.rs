//! `each`, `together`, `attempt`.

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, Map, NativeCallContext};
use serde_json::{Value, json};
use stanch_model::{target::Target, value};

use crate::{
    border::{self, Json},
    current::{Current, Hosted},
    fan::{Body, call, join, scripted},
    live::Frame,
    step::{Enter, Mark, here, misuse, place},
};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("each", |ctx: NativeCallContext<'_>, items: Array, body: FnPtr| {
        each(&ctx, &items, &body, None)
    });
    engine.register_fn("each", |ctx: NativeCallContext<'_>, items: Array, body: FnPtr, options: Map| {
        each(&ctx, &items, &body, Some(&options))
    });
    engine.register_fn("together", |ctx: NativeCallContext<'_>, bodies: Array| together_list(&ctx, &bodies));
    engine.register_fn("together", |ctx: NativeCallContext<'_>, bodies: Map| together_map(&ctx, &bodies));
    engine.register_fn("attempt", |ctx: NativeCallContext<'_>, body: FnPtr| attempt(&ctx, &body));
}

fn each(ctx: &NativeCallContext<'_>, items: &Array, body: &FnPtr, options: Option<&Map>) -> Hosted<Array> {
    let here = here()?;
    let field = options.and_then(|map| map.get("key")).and_then(|key| key.clone().into_string().ok());
    let mut bodies: Vec<(String, Body<'_>)> = Vec::with_capacity(items.len());
    let mut args = String::from("[");
    for item in items {
        let value = border::to_json(item).map_err(|error| border::throw(&error))?;
        let key = key_of(item, &value, field.as_deref())?;
        if args.len() > 1 {
            args.push(',');
        }
        args.push_str(value.as_str());
        // The branch gets what the journal would give back, not the script's own value.
        bodies.push((key, scripted(ctx, body, vec![value.dynamic()])));
    }
    args.push(']');
    let results = here.fan(place(ctx), "each", "", &args, bodies)?;
    Ok(join(results)?.iter().map(|(_, value)| value.dynamic()).collect())
}

/// The whole target, the text or the number; for a map the field that `key` names.
fn key_of(item: &Dynamic, value: &Json, field: Option<&str>) -> Hosted<String> {
    if let Some(target) = item.read_lock::<Target>() {
        return Ok(target.key());
    }
    let value = value.value();
    match (&value, field) {
        (Value::String(text), _) => Ok(text.clone()),
        (Value::Number(number), _) => Ok(number.to_string()),
        (Value::Object(map), Some(field)) => match map.get(field) {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(inner) => {
                Ok(value::as_target(inner).map_or_else(|| inner.to_string(), |target| target.key()))
            }
            None => misuse(format!("an item of `each` has no field `{field}`, which is its key")),
        },
        (Value::Object(_), None) => misuse(
            "`each` over maps needs to know what tells them apart: each(items, |item| …, #{ key: \"id\" })",
        ),
        _ => misuse(format!(
            "an item of `each` is {value}, which is no key: use targets, texts, numbers or maps with a key"
        )),
    }
}

fn together_list(ctx: &NativeCallContext<'_>, bodies: &Array) -> Hosted<Array> {
    let named = bodies.iter().enumerate().map(|(n, body)| (n.to_string(), body));
    let results = together(ctx, named.collect())?;
    Ok(results.iter().map(|(_, value)| value.dynamic()).collect())
}

fn together_map(ctx: &NativeCallContext<'_>, bodies: &Map) -> Hosted<Map> {
    let results = together(ctx, bodies.iter().map(|(name, body)| (name.to_string(), body)).collect())?;
    Ok(results.iter().map(|(name, value)| (name.as_str().into(), value.dynamic())).collect())
}

fn together(ctx: &NativeCallContext<'_>, named: Vec<(String, &Dynamic)>) -> Hosted<Vec<(String, Json)>> {
    let here = here()?;
    let mut bodies: Vec<(String, Body<'_>)> = Vec::with_capacity(named.len());
    for (name, body) in named {
        let Some(body) = body.clone().try_cast::<FnPtr>() else {
            return misuse(format!("`together` takes closures; {name} is a {}", body.type_name()));
        };
        bodies.push((name, scripted(ctx, &body, Vec::new())));
    }
    join(here.fan(place(ctx), "together", "", "null", bodies)?)
}

/// A branch that never throws. It runs in place, so that on the main line it waits without being left.
fn attempt(ctx: &NativeCallContext<'_>, body: &FnPtr) -> Hosted<Map> {
    let here = here()?;
    let mark = Mark::new(place(ctx), "attempt", "", &Value::Null);
    let address = match here.enter(mark)? {
        Enter::Done(result) => return Ok(verdict(&result.unwrap_or_default().value())),
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            address
        }
    };
    here.live(|live| live.frames.push(Frame { address: address.branch("attempt", "1"), ordinal: 0 }));
    let result = call(ctx, body, Vec::new());
    let (frame, leaving) = here.live(|live| (live.frames.pop(), live.leaving.is_some()));
    if leaving {
        return Err(crate::current::terminated());
    }
    here.check_left_over(frame)?;
    let value = outcome(&here, result);
    let _ = here.conclude(&address, Ok(value.clone()));
    Ok(verdict(&value))
}

fn outcome(_here: &Current, result: Result<Dynamic, Box<EvalAltResult>>) -> Value {
    let crossed = match result {
        Ok(value) => border::to_value(&value),
        Err(error) => Err(border::caught(&error)),
    };
    match crossed {
        Ok(value) => json!({ "ok": true, "value": value }),
        Err(error) => json!({ "ok": false, "error": error }),
    }
}

fn verdict(value: &Value) -> Map {
    let mut map = Map::new();
    map.insert("ok".into(), value["ok"].as_bool().unwrap_or(false).into());
    map.insert("value".into(), border::to_dynamic(&value["value"]));
    let error = serde_json::from_value(value["error"].clone()).ok();
    map.insert("error".into(), error.as_ref().map_or(Dynamic::UNIT, border::error_map));
    map
}
