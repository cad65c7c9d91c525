//! `find_app`, `find_user`, `notify`, `page`: one call, many platforms.

use std::{collections::BTreeMap, sync::Arc};

use rhai::{Array, Dynamic, Engine, Map, NativeCallContext};
use serde_json::{Value, json};
use stanch_integrations::Read;
use stanch_model::{Target, catalog::ActionIndex as _, run::StepError, target::Effect, value};

use crate::{
    border::{self, Json},
    current::{Current, Hosted},
    desk::{DeskError, Template},
    fan::{Body, Results},
    step::{here, misuse, place},
};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("find_app", |ctx: NativeCallContext<'_>, app: Dynamic| find(&ctx, "find_app", &app));
    engine
        .register_fn("find_user", |ctx: NativeCallContext<'_>, user: Dynamic| find(&ctx, "find_user", &user));
    engine.register_fn("notify", |ctx: NativeCallContext<'_>, to: Dynamic, template: &str| {
        notify(&ctx, &to, template, &Map::new())
    });
    engine.register_fn("notify", |ctx: NativeCallContext<'_>, to: Dynamic, template: &str, data: Map| {
        notify(&ctx, &to, template, &data)
    });
    engine.register_fn("page", |ctx: NativeCallContext<'_>, channel: &str, text: &str| {
        page(&ctx, channel, text)
    });
}

fn listed(here: &Current, name: &str, effect: Effect) -> Hosted<()> {
    let listed = here.live(|live| live.playbook.manifest.listed(name));
    match listed {
        Some(listed) if listed == effect => Ok(()),
        _ => here.fatal(
            "not_allowed",
            format!("{name} is not in the manifest's `uses`: list it under `{effect}`"),
        ),
    }
}

fn find(ctx: &NativeCallContext<'_>, finder: &'static str, what: &Dynamic) -> Hosted<Array> {
    let here = here()?;
    listed(&here, finder, Effect::Read)?;
    let query = match what.read_lock::<Target>() {
        Some(target) => target.name().to_owned(),
        None => match what.clone().into_string() {
            Ok(text) if !text.trim().is_empty() => text,
            _ => {
                return misuse(format!(
                    "`{finder}` takes a name, an id or a target, not {}",
                    what.type_name()
                ));
            }
        },
    };
    // Both are journaled: register and configuration may change under the run.
    let search = here.local(ctx, finder, &json!(query), |here| {
        let mut names = vec![query.clone()];
        if finder == "find_app" {
            names.extend(here.env.desk.aliases(&query));
        }
        names.dedup();
        let on = asked(here, finder, &query);
        let deaf = deaf(here, finder, &query, &on);
        Ok(json!(Search { names, on, deaf }))
    })?;
    let Search { names, on, .. } = serde_json::from_value(search).unwrap_or_default();
    let mut reads: Vec<(String, Vec<Read>)> = on.into_iter().map(|name| (name, Vec::new())).collect();
    for name in &names {
        for read in here.env.integrations.find(finder, name) {
            if let Some((_, own)) = reads.iter_mut().find(|(integration, _)| *integration == read.integration)
            {
                own.push(read);
            }
        }
    }
    let bodies =
        reads.iter().map(|(integration, reads)| (integration.clone(), found_by(&here, ctx, reads))).collect();
    let results = here.fan(place(ctx), "find", finder, &json!(names).to_string(), bodies)?;
    gather(finder, results)
}

/// What is looked for, and where.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Search {
    names: Vec<String>,
    on: Vec<String>,
    /// Those of them that know nobody by what is looked for: the run's view says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deaf: Vec<String>,
}

/// Where a mail address names nobody, if it is one that is looked for.
fn deaf(here: &Current, finder: &str, query: &str, on: &[String]) -> Vec<String> {
    if finder != "find_user" || !query.contains('@') {
        return Vec::new();
    }
    let integrations = here.env.integrations.integrations();
    let by_login = |name: &&String| {
        let platform = integrations.iter().find(|(own, _)| own == *name).map(|(_, platform)| platform);
        platform.is_some_and(|platform| here.env.integrations.by_login_alone(platform))
    };
    on.iter().filter(by_login).cloned().collect()
}

/// The integrations that can find such things, of those that the run was started with: what a run asks does not change
/// under it.
fn asked(here: &Current, finder: &str, query: &str) -> Vec<String> {
    let able = here.env.integrations.find(finder, query).into_iter().map(|read| read.integration);
    let mut on: Vec<String> =
        here.live(|live| able.filter(|name| live.created.pins.integrations.contains_key(name)).collect());
    on.dedup();
    on
}

fn found_by<'a>(here: &'a Current, ctx: &'a NativeCallContext<'a>, reads: &'a [Read]) -> Body<'a> {
    Box::new(move || {
        let mut found: Vec<Target> = Vec::new();
        for read in reads {
            let Some(info) = here.env.info(&read.integration, &read.action) else { continue };
            let result = here.call(place(ctx), info, None, &read.input, None)?;
            let value = result.map_err(|error| border::throw(&error))?;
            for target in value.targets() {
                if !found.contains(&target) {
                    found.push(target);
                }
            }
        }
        Ok(Json::of(&Value::Array(found.iter().map(value::of_target).collect())))
    })
}

/// What was found. A platform that could not be asked is left out; the run cannot end contained then, since its list stays
/// failed in the history.
fn gather(finder: &str, results: Results) -> Hosted<Array> {
    let asked = results.len();
    let mut errors: BTreeMap<String, StepError> = BTreeMap::new();
    let mut found = Array::new();
    for (integration, result) in results {
        match result {
            Ok(value) => found.extend(value.targets().into_iter().map(Dynamic::from)),
            Err(error) => {
                errors.insert(integration, error);
            }
        }
    }
    if asked > 0 && errors.len() == asked {
        let mut error =
            errors.values().next().cloned().unwrap_or_else(|| StepError::new("unreachable", finder));
        error.errors = errors;
        return Err(border::throw(&error));
    }
    Ok(found)
}

/// A message as it was journaled before it was sent.
#[derive(serde::Serialize, serde::Deserialize)]
struct Draft {
    channel: String,
    subject: String,
    text: String,
}

fn notify(ctx: &NativeCallContext<'_>, to: &Dynamic, template: &str, data: &Map) -> Hosted<Map> {
    let here = here()?;
    listed(&here, "notify", Effect::Tell)?;
    let to = border::to_value(to).map_err(|error| border::throw(&error))?;
    let data = border::to_value(&Dynamic::from(data.clone())).map_err(|error| border::throw(&error))?;
    let drafts = here.local(ctx, "notify", &json!([to, template, data]), |here| {
        let playbook = here.live(|live| Arc::clone(&live.playbook));
        let Some(text) = playbook.templates.get(template) else {
            return Err(StepError::new("misuse", format!("the playbook has no templates/{template}.md")));
        };
        let text = Template { name: template, subject: &text.subject, body: &text.body };
        let mode = here.live(|live| live.created.mode);
        let messages = here.env.desk.notice(&to, &text, &data, mode).map_err(|error| desk_error(&error))?;
        Ok(drafts_of(messages))
    })?;
    let drafts: Vec<Draft> = serde_json::from_value(drafts).unwrap_or_default();
    let results = send(ctx, &here, "notify", template, &drafts)?;
    let first = crate::fan::join(results)?.into_iter().next().map(|(_, value)| value).unwrap_or_default();
    let mut map = Map::new();
    let recipients: Array =
        drafts.iter().map(|draft| draft.channel.trim_start_matches("mail:").into()).collect();
    map.insert("to".into(), recipients.into());
    map.insert(
        "subject".into(),
        drafts.first().map_or_else(String::new, |draft| draft.subject.clone()).into(),
    );
    map.insert("id".into(), border::to_dynamic(&first.value()["id"]));
    Ok(map)
}

fn page(ctx: &NativeCallContext<'_>, channel: &str, text: &str) -> Hosted<Map> {
    let here = here()?;
    listed(&here, "page", Effect::Tell)?;
    let drafts = here.local(ctx, "page", &json!([channel, text]), |here| {
        let mode = here.live(|live| live.created.mode);
        match here.env.desk.page(channel, text, mode) {
            Ok(messages) => Ok(drafts_of(messages)),
            // What is cut stays cut: nobody to tell is recorded, and the script goes on.
            Err(DeskError::NoContact(why)) => {
                Ok(json!({ "untold": { "to": channel, "text": text, "why": why } }))
            }
            Err(error) => Err(desk_error(&error)),
        }
    })?;
    if let Some(untold) = drafts.get("untold") {
        return Ok(paged(channel, 0, untold["why"].as_str()));
    }
    let drafts: Vec<Draft> = serde_json::from_value(drafts).unwrap_or_default();
    let results = send(ctx, &here, "page", channel, &drafts)?;
    let sent = results.iter().filter(|(_, result)| result.is_ok()).count();
    let error = results.iter().find_map(|(_, result)| result.as_ref().err());
    Ok(paged(channel, sent, error.filter(|_| sent == 0).map(|error| error.message.as_str())))
}

/// What `page` gives: how many ways took it, and why none did.
fn paged(channel: &str, sent: usize, error: Option<&str>) -> Map {
    let mut map = Map::new();
    map.insert("channel".into(), channel.into());
    map.insert("sent".into(), i64::try_from(sent).unwrap_or(i64::MAX).into());
    map.insert("error".into(), error.map_or(Dynamic::UNIT, |why| why.into()));
    map
}

fn desk_error(error: &DeskError) -> StepError {
    let kind = match error {
        DeskError::NoContact(_) => "no_contact",
        DeskError::Misuse(_) => "misuse",
    };
    StepError::new(kind, error.to_string())
}

fn drafts_of(messages: Vec<crate::desk::Message>) -> Value {
    let drafts =
        messages.into_iter().map(|m| json!({ "channel": m.channel, "subject": m.subject, "text": m.text }));
    drafts.collect()
}

fn send(
    ctx: &NativeCallContext<'_>,
    here: &Current,
    op: &'static str,
    name: &str,
    drafts: &[Draft],
) -> Hosted<Results> {
    let bodies = drafts.iter().map(|draft| {
        let body: Body<'_> = Box::new(move || {
            let (integration, action, input) = here
                .env
                .route(&draft.channel, &draft.subject, &draft.text)
                .map_err(|error| border::throw(&error))?;
            let Some(info) = here.env.info(&integration, &action) else {
                return misuse(format!("{integration} has no action `{action}`"));
            };
            let result = here.call(place(ctx), info, None, &input, None)?;
            result.map_err(|error| border::throw(&error))
        });
        (draft.channel.clone(), body)
    });
    here.fan(place(ctx), op, name, &drafts.len().to_string(), bodies.collect())
}
