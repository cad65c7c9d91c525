//! Who may not is told so in the platform's own words, and nothing happens.

use serde_json::Value;
use stanch_integrations::{ErrorKind, Outcome, twin::Change};
use stanch_model::Effect;

use crate::{
    Found,
    company::{Company, Ready, Stage},
    ensure,
    plain::holds,
};

/// A wrong credential, one without permissions, and one with exactly those that the action names.
pub(crate) async fn credential(stage: &Stage, action: &str) -> Found {
    let info = stage.info(action)?;
    let own_proof = !stage.written(action)["auth"].is_null();
    if info.manual || own_proof {
        return Ok(());
    }
    if !stage.examples.says.stranger.is_empty() {
        stranger(stage, action).await.map_err(|why| format!("a wrong credential: {why}"))?;
    }
    if !info.scopes.is_empty() {
        lacking(stage, action).await.map_err(|why| format!("no permissions: {why}"))?;
        enough(stage, action).await.map_err(|why| format!("the permissions it names: {why}"))?;
    }
    Ok(())
}

async fn stranger(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    company.change(&Change::Disown { integration: stage.name.clone() })?;
    let seen = company.seen();
    let outcome = company.attempt(&ready, 1).await;
    let Outcome::Refused { kind: ErrorKind::Auth, message, .. } = outcome else {
        return Err(format!("{outcome:?}"));
    };
    ensure!(message.contains(&stage.examples.says.stranger), "it is told: {message}");
    ensure!(company.changes_since(seen).is_empty(), "it changed {:?}", company.changes_since(seen));
    Ok(())
}

async fn lacking(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    limit(&company, &[])?;
    let seen = company.seen();
    match company.attempt(&ready, 1).await {
        Outcome::Refused { kind: ErrorKind::Forbidden, message, .. } => {
            let said = &stage.examples.says.forbidden;
            ensure!(message.contains(said), "it is told: {message}");
        }
        // GitHub hides what one may not see.
        Outcome::Refused { kind: ErrorKind::NotFound, .. } if ready.info.effect == Effect::Read => {}
        // A list that is empty then needs a witness beside it.
        Outcome::Done { value: Value::Array(rows), .. } if rows.is_empty() => {}
        other => return Err(format!("{other:?}")),
    }
    ensure!(company.changes_since(seen).is_empty(), "it changed {:?}", company.changes_since(seen));
    Ok(())
}

async fn enough(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    let scopes: Vec<_> = ready.info.scopes.iter().map(String::as_str).collect();
    limit(&company, &scopes)?;
    company.done(&ready).await?;
    holds(&company, &ready).await
}

fn limit(company: &Company<'_>, scopes: &[&str]) -> Found {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let integration = company.stage.name.clone();
    company.change(&Change::Scopes { integration, token: None, scopes: Some(scopes) })
}

/// A target that is not there: not found, or nothing to do, and nothing done.
pub(crate) async fn unknown(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    let Some(mut target) = ready.target.clone().filter(|_| !ready.info.manual) else { return Ok(()) };
    target.id = another(&target.id);
    let ready = Ready { target: Some(target), input: without(&ready), ..ready };
    let seen = company.seen();
    match company.attempt(&ready, 1).await {
        Outcome::Refused { kind: ErrorKind::NotFound, message, .. } => {
            let said = &stage.examples.says.unknown;
            ensure!(message.contains(said), "it is told: {message}");
        }
        Outcome::Refused { .. } => {}
        // A list may know its target by another word than its id: then it is that word that nobody has.
        Outcome::Done { value, .. } if ready.info.effect == Effect::Read => {
            let value = if is_empty(&value) { value } else { elsewhere(&company, ready).await? };
            ensure!(is_empty(&value), "it is there: {value}");
        }
        Outcome::Done { .. } => {}
        other => return Err(format!("{other:?}")),
    }
    ensure!(company.changes_since(seen).is_empty(), "it changed {:?}", company.changes_since(seen));
    Ok(())
}

fn is_empty(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty)
}

/// What the same read gives of a target of which every other word is another one too.
async fn elsewhere(company: &Company<'_>, mut ready: Ready) -> Result<Value, String> {
    let attrs = ready.target.iter_mut().flat_map(|target| target.attrs.values_mut());
    for attr in attrs {
        if let Value::String(word) = attr {
            *word = another(word);
        }
    }
    let words: Vec<Value> = ready.target.iter().flat_map(|target| target.attrs.values().cloned()).collect();
    if let Value::Object(input) = &mut ready.input {
        input.retain(|_, value| words.contains(value));
    }
    match company.attempt(&ready, 1).await {
        Outcome::Done { value, .. } => Ok(value),
        other => Err(format!("{other:?}")),
    }
}

/// An id of the same shape.
fn another(id: &str) -> String {
    let swap = |c: char| if c == '0' { '1' } else { '0' };
    let last = id.rfind(|c: char| c.is_ascii_alphanumeric()).unwrap_or(0);
    id.char_indices().map(|(at, c)| if at == last { swap(c) } else { c }).collect()
}

/// The arguments that do not come from the target's id.
fn without(ready: &Ready) -> Value {
    let id = ready.target.as_ref().map(|target| target.id.as_str());
    let Value::Object(input) = &ready.input else { return ready.input.clone() };
    Value::Object(
        input
            .iter()
            .filter(|(_, value)| value.as_str() != id)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    )
}
