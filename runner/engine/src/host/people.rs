//! `approve`, `ask`, `manual`.

use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};
use serde_json::{Value, json};
use stanch_model::{
    Target,
    run::{StepError, WaitKind, body::WaitOpened, wait::ClosedView},
};
use stanch_playbooks::manifest::ApprovalSpec;

use super::{ASSUMED, calls::bare, waits::plain_wait};
use crate::{
    border,
    coverage::pre_approved,
    current::{Current, Hosted},
    env::rfc3339,
    step::{Enter, Mark, here, misuse, place},
    two_person,
};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("approve", |ctx: NativeCallContext<'_>, name: &str, text: &str, targets: Dynamic| {
        approve(&ctx, name, text, &targets)
    });
    engine.register_fn("ask", |ctx: NativeCallContext<'_>, name: &str, text: &str| {
        ask(&ctx, name, text, &Array::new())
    });
    engine.register_fn("ask", |ctx: NativeCallContext<'_>, name: &str, text: &str, choices: Array| {
        ask(&ctx, name, text, &choices)
    });
    engine.register_fn("manual", |ctx: NativeCallContext<'_>, name: &str, target: Target| {
        manual(&ctx, name, &target, "")
    });
    engine.register_fn("manual", |ctx: NativeCallContext<'_>, name: &str, target: Target, text: &str| {
        manual(&ctx, name, &target, text)
    });
}

fn approve(ctx: &NativeCallContext<'_>, name: &str, text: &str, targets: &Dynamic) -> Hosted<Map> {
    let here = here()?;
    let targets = border::to_json(targets).map_err(|error| border::throw(&error))?;
    let mut covered: Vec<Target> = targets.bare_targets();
    covered.sort();
    covered.dedup();
    let Some(policy) = here.live(|live| live.playbook.manifest.approvals.get(name).cloned()) else {
        return misuse(format!("the manifest has no approval {name:?}"));
    };
    let keys: Vec<String> = covered.iter().map(Target::key).collect();
    let mark = Mark::new(place(ctx), "approve", name, &json!(keys));
    let count = covered.len();
    let address = match here.enter(mark)? {
        Enter::Done(result) => {
            return result.map(|value| granted(&value.value())).map_err(|error| border::throw(&error));
        }
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            let ruled = here.live(|live| two_person::covers(&here.env, live, &covered));
            let policy = if ruled { two_person::policy(policy) } else { policy };
            let free = match covered.is_empty() {
                true => Some("nothing_to_cover"),
                false if pre_approved(&here, &policy, &covered) => Some("pre_approved"),
                false => here.is_plan().then_some(ASSUMED),
            };
            let wait = card(&here, WaitKind::Approval, name, text, &policy, covered);
            let id = wait.wait.clone();
            here.open_wait(WaitOpened { address: address.clone(), ..wait });
            if let Some(by) = free {
                here.close_at_once(&id, "approve", by);
            }
            address
        }
    };
    let closed = here.await_wait(&address)?;
    let result = here.conclude(&address, verdict(name, &closed, count, &here));
    result.map(|value| granted(&value)).map_err(|error| border::throw(&error))
}

/// A card for people, under a policy of the manifest.
pub(crate) fn card(
    here: &Current,
    wait_kind: WaitKind,
    name: &str,
    text: &str,
    policy: &ApprovalSpec,
    targets: Vec<Target>,
) -> WaitOpened {
    let within_ms = i64::try_from(policy.within.as_millis()).unwrap_or(i64::MAX);
    WaitOpened {
        text: text.to_owned(),
        options: vec!["approve".to_owned(), "deny".to_owned()],
        targets,
        ask: policy.ask.clone(),
        ladder: policy.unanswered.clone(),
        of: policy.of,
        within_ms,
        ..plain_wait(
            here,
            wait_kind,
            &stanch_model::Address::root(),
            name,
            Some(here.env.now_ms().saturating_add(within_ms)),
        )
    }
}

fn verdict(name: &str, closed: &ClosedView, count: usize, here: &Current) -> Result<Value, StepError> {
    if closed.say != "approve" {
        let who = if closed.who.is_empty() {
            "nobody answered in time".to_owned()
        } else {
            format!("{} said no", closed.who)
        };
        return Err(StepError::new("denied", format!("{name}: {who}")));
    }
    let by: Vec<&str> = closed.who.split(", ").filter(|who| !who.is_empty()).collect();
    let why = closed.value["reason"].as_str().filter(|why| !why.is_empty());
    let at = closed.value["at_ms"].as_i64().unwrap_or_else(|| here.env.now_ms());
    Ok(
        json!({ "by": by, "at": rfc3339(at), "why": why, "pre_approved": closed.by == "pre_approved", "targets": count }),
    )
}

fn granted(value: &Value) -> Map {
    let mut map = Map::new();
    for field in ["by", "at", "why", "pre_approved", "targets"] {
        map.insert(field.into(), border::to_dynamic(&value[field]));
    }
    map
}

fn ask(ctx: &NativeCallContext<'_>, name: &str, text: &str, choices: &Array) -> Hosted<String> {
    let here = here()?;
    let choices: Vec<String> =
        choices.iter().filter_map(|choice| choice.clone().into_string().ok()).collect();
    let mark = Mark::new(place(ctx), "ask", name, &json!([text, choices]));
    let address = match here.enter(mark)? {
        Enter::Done(result) => return answer(result.map(|value| value.value())),
        Enter::Pending(address) => address,
        Enter::Fresh(address) => {
            here.intend(mark, &address, None);
            let spec = here.live(|live| live.playbook.manifest.questions.get(name).cloned());
            let within = spec.as_ref().and_then(|spec| spec.within);
            let due = within
                .map(|within| here.env.now_ms() + i64::try_from(within.as_millis()).unwrap_or(i64::MAX / 2));
            let wait = plain_wait(&here, WaitKind::Question, &address, name, due);
            let wait = WaitOpened {
                text: text.to_owned(),
                options: choices,
                ask: spec.as_ref().map_or_else(Vec::new, |spec| spec.ask.clone()),
                ladder: spec.and_then(|spec| spec.unanswered).into_iter().collect(),
                ..wait
            };
            here.open_wait(wait.clone());
            if here.is_plan() {
                let (place, silence) = ((&address, mark.at), wait.ladder.first());
                let say = here.assume_answer(place, name, silence, &wait.options)?;
                here.close_at_once(&wait.wait, &say, ASSUMED);
            }
            address
        }
    };
    let closed = here.await_wait(&address)?;
    let result = match closed.say.as_str() {
        "" => Err(StepError::new("unanswered", format!("{name}: nobody answered in time"))),
        say => Ok(json!(say)),
    };
    answer(here.conclude(&address, result))
}

/// A question of the engine's own.
pub(super) fn ask_one_of(
    ctx: &NativeCallContext<'_>,
    name: &str,
    text: &str,
    choices: &[&str],
) -> Hosted<String> {
    let choices: Array = choices.iter().map(|choice| (*choice).into()).collect();
    ask(ctx, name, text, &choices)
}

fn answer(result: Result<Value, StepError>) -> Hosted<String> {
    let value = result.map_err(|error| border::throw(&error))?;
    Ok(value.as_str().unwrap_or_default().to_owned())
}

fn manual(ctx: &NativeCallContext<'_>, name: &str, target: &Target, text: &str) -> Hosted<Target> {
    let here = here()?;
    let text = if text.is_empty() {
        format!("{name}: {} ({})", target.name(), target.key())
    } else {
        text.to_owned()
    };
    let mark = Mark::new(place(ctx), "manual", name, &json!([target.key(), text]));
    if let Enter::Fresh(address) | Enter::Pending(address) = here.enter(mark)? {
        here.intend(mark, &address, None);
        let spec = here.live(|live| live.playbook.manifest.questions.get(name).cloned());
        let wait = plain_wait(&here, WaitKind::Manual, &address, name, None);
        let id = wait.wait.clone();
        here.open_wait(WaitOpened {
            text,
            options: vec!["done".to_owned(), "failed".to_owned()],
            targets: vec![bare(target)],
            ask: spec.map_or_else(Vec::new, |spec| spec.ask),
            ..wait
        });
        if here.is_plan() {
            here.close_at_once(&id, "done", ASSUMED);
        }
        let _ = here.conclude(&address, Ok(Value::Null));
    }
    Ok(target.clone())
}
