//! The control API under `/_twin/`: what happened, what stands, and what shall go wrong.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Answer, Change, Fault, Mail, Rate, TwinError, script::Reply, shared::Shared, summarise, wire::Incoming,
};

/// One rate to set.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SetRate {
    integration: String,
    rate: Option<Rate>,
}

/// One thing or several.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    Many(Vec<Value>),
    One(Value),
}

/// Answers a request to `/_twin/…`.
pub(crate) fn answer(incoming: &Incoming, shared: &Shared) -> Reply {
    let segments = incoming.segments();
    let path: Vec<&str> = segments.iter().skip(1).map(String::as_str).collect();
    let done = match (incoming.method.as_str(), path.as_slice()) {
        ("GET", [] | [""]) => Ok(help(shared)),
        ("GET", ["effects"]) => Ok(listed(incoming, shared.ledger.lock().effects())),
        ("GET", ["requests"]) => Ok(listed(incoming, shared.ledger.lock().requests())),
        ("GET", ["summary"]) => Ok(shown(&summarise(shared.ledger.lock().requests()))),
        ("GET", ["mail"]) => Ok(mails(incoming, shared)),
        ("GET", ["state", name]) => shared.platform(name).map(|platform| platform.lock().dump()),
        ("GET", ["faults"]) => Ok(shown(&shared.faults.lock().list())),
        ("POST", ["faults"]) => parsed::<Fault>(incoming).and_then(|fault| {
            if fault.iter().any(|fault| fault.answer == Answer::VendorSilent) {
                return Err(TwinError::Change(
                    "no vendor answers here: `vendor_silent` is a drill's".to_owned(),
                ));
            }
            let ids = fault.into_iter().map(|fault| shared.faults.lock().add(fault, shared.clock.now()));
            Ok(json!({ "ids": ids.collect::<Vec<_>>() }))
        }),
        ("DELETE", ["faults"]) => Ok(json!({ "removed": shared.faults.lock().remove(None) })),
        ("DELETE", ["faults", id]) => Ok(json!({ "removed": remove(id, shared) })),
        ("POST", ["world"]) => parsed::<Change>(incoming).and_then(|changes| {
            changes.iter().try_for_each(|change| shared.change(change))?;
            Ok(json!({ "changed": changes.len() }))
        }),
        ("POST", ["rates"]) => parsed::<SetRate>(incoming).and_then(|rates| {
            rates.iter().try_for_each(|set| shared.set_rate(&set.integration, set.rate))?;
            Ok(json!({ "set": rates.len() }))
        }),
        _ => return Reply::json(404, help(shared)),
    };
    match done {
        Ok(body) => Reply::json(200, body),
        Err(error) => Reply::json(400, json!({ "error": error.to_string() })),
    }
}

/// What to say when no platform is meant.
pub(crate) fn nowhere(name: &str, shared: &Shared) -> Reply {
    let mut body = help(shared);
    body["error"] = json!(format!("there is no integration `{name}` here"));
    Reply::json(404, body)
}

fn help(shared: &Shared) -> Value {
    let integrations = shared.platforms.iter().map(|(name, platform)| {
        (name.clone(), json!({ "platform": platform.lock().platform, "token": super::token(name) }))
    });
    json!({
        "twins": "simulated platforms; nothing leaves this machine",
        "integrations": integrations.collect::<serde_json::Map<_, _>>(),
        "use": format!("/NAME/… or the header {}: NAME", super::INTEGRATION_HEADER),
        "control": ["GET effects", "GET requests", "GET summary", "GET state/NAME", "GET mail?message_id=",
                    "GET POST DELETE faults", "POST world", "POST rates"],
    })
}

fn shown(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// A list, narrowed by the query's `integration`, `action`, `target`, and `after` (a seq).
fn listed(incoming: &Incoming, items: &[impl Serialize]) -> Value {
    let keeps = |item: &Value| {
        incoming.query.iter().all(|(name, wanted)| match name.as_str() {
            "after" => item["seq"].as_u64() > wanted.parse().ok(),
            name => item[name].as_str() == Some(wanted),
        })
    };
    items.iter().map(shown).filter(keeps).collect()
}

fn mails(incoming: &Incoming, shared: &Shared) -> Value {
    let wanted = incoming.query.iter().find(|(name, _)| name == "message_id").map(|(_, id)| id);
    let wanted = wanted.map(|id| id.trim_matches(['<', '>']).to_owned());
    let mails = shared.mails.lock();
    let found: Vec<&Mail> =
        mails.iter().filter(|mail| wanted.as_ref().is_none_or(|id| *id == mail.message_id)).collect();
    shown(&found)
}

fn remove(id: &str, shared: &Shared) -> usize {
    id.parse().map_or(0, |id| shared.faults.lock().remove(Some(id)))
}

fn parsed<T: DeserializeOwned>(incoming: &Incoming) -> Result<Vec<T>, TwinError> {
    let wrong = |error: serde_json::Error| TwinError::Change(error.to_string());
    let given = match serde_json::from_slice(&incoming.body).map_err(wrong)? {
        OneOrMany::Many(many) => many,
        OneOrMany::One(one) => vec![one],
    };
    given.into_iter().map(|one| serde_json::from_value(one).map_err(wrong)).collect()
}
