//! What every action does when nothing goes wrong: twice, and taken back twice.

use serde_json::Value;
use stanch_integrations::{By, ErrorKind, Outcome, Seen, twin::Change};
use stanch_model::{Effect, catalog::ActionIndex as _, value};

use crate::{
    Found,
    company::{CATALOG, Company, Ready, Stage},
    ensure,
};

/// A read gives the same twice, changes nothing, names what it lists, and gives the same page by page.
pub(crate) async fn read(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    let seen = company.seen();
    let (whole, _) = company.done(&ready).await?;
    let made = company.requests_since(seen).len();
    operation(&company, &ready, seen)?;
    ensure!(company.done(&ready).await?.0 == whole, "it gives something else the second time");
    ensure!(company.changes_since(seen).is_empty(), "a read changes {:?}", company.changes_since(seen));
    let Value::Array(rows) = &whole else { return Ok(()) };
    ensure!(!rows.is_empty(), "its example finds nothing");
    for target in value::targets_in(&whole) {
        ensure!(!target.label.is_empty(), "{} has no label", target.key());
    }

    let small = Company::with_pages(stage, Some(1)).await?;
    let ready = small.ready(action, "k-1").await?;
    let seen = small.seen();
    let (pages, _) = small.done(&ready).await?;
    ensure!(pages == whole, "page by page it gives {pages}, at once {whole}");
    let requests = small.requests_since(seen).len();
    let turned = requests > made || rows.len() < 2 || !is_paged(stage, action);
    ensure!(turned, "{} rows came in {requests} requests with one row to a page", rows.len());
    Ok(())
}

/// The list goes on over several pages.
fn is_paged(stage: &Stage, action: &str) -> bool {
    let own = &stage.written(action)["paging"];
    let paging = if own.is_null() { &stage.file["paging"] } else { own };
    !paging.is_null() && *paging != "none"
}

/// The twin has an operation of this name, unless several actions make the same request.
fn operation(company: &Company<'_>, ready: &Ready, seen: usize) -> Found {
    // Mail and its archive are no platform's.
    let mut requests = company.requests_since(seen);
    requests.retain(|request| !company.is_label(request, &ready.info.name));
    let known = CATALOG.platform(&company.stage.platform).ok_or("no such platform")?;
    // Behind a list its witness is asked.
    let witnessed = known.lacks(&ready.info.name).is_some();
    let Some(request) = (if witnessed { requests.first() } else { requests.last() }) else { return Ok(()) };
    let line = |action: &str| {
        let (method, path) = known.request_line(action)?;
        let parts: Vec<_> = path.split('/').map(|part| if part.contains('{') { "*" } else { part }).collect();
        Some(format!("{method} {}", parts.join("/")))
    };
    let same = line(&request.action) == line(&ready.info.name);
    let general = known.action(&request.action).is_none() && !request.action.is_empty();
    ensure!(same || general, "its request arrives at `{}`: {}", request.action, request.path);
    Ok(())
}

/// What is done twice is done once, is seen by its proof, and is taken back as often.
pub(crate) async fn write(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let first = company.ready(action, "k-1").await?;
    holds_not(&company, &first).await?;
    let before = company.before(&first).await?;
    ensure!(company.held(&first, &before) != Some(true), "it was so already: {before}");

    let seen = company.seen();
    let (_, by) = company.done(&first).await?;
    ensure!(by == By::Us, "it was done by {by:?}");
    operation(&company, &first, seen)?;
    let changes = company.changes_since(seen);
    ensure!(!changes.is_empty(), "the twin saw no effect of it");
    holds(&company, &first).await?;

    let second = Ready { key: "k-2".to_owned(), ..first.clone() };
    if first.info.effect == Effect::Tell {
        holds_not(&company, &second).await.map_err(|why| format!("with another mark: {why}"))?;
    }
    let seen = company.seen();
    again(&company, &second).await?;
    let repeated = company.changes_since(seen);
    // Another order of the script: who tells twice means to be heard twice, and of what nothing can prove nobody can say
    // that it was done.
    let is_anew = first.info.effect == Effect::Tell || stage.written(action)["verify"]["none"].is_string();
    ensure!(is_anew || repeated.is_empty(), "the second time it changed {repeated:?}");
    holds(&company, &first).await?;

    if first.info.undo.is_some() { taken_back(&company, &first, &before).await } else { Ok(()) }
}

/// An undo is done once too, and what it undid holds no longer.
async fn taken_back(company: &Company<'_>, cut: &Ready, before: &Value) -> Found {
    let undo = company.undo(cut, before)?;
    let info = company.stage.info(&undo.action)?;
    let undo =
        Ready { info, target: undo.target, input: undo.input, key: "k-3".to_owned(), since: cut.since };
    let seen = company.seen();
    let (_, by) = company.done(&undo).await.map_err(|why| format!("undo: {why}"))?;
    ensure!(by == By::Us, "the undo was done by {by:?}");
    ensure!(!company.changes_since(seen).is_empty(), "the twin saw no effect of the undo");
    holds(company, &undo).await.map_err(|why| format!("undo: {why}"))?;
    // What was removed and is made anew has another id: then the undo's own proof is all there is.
    if company.provable(cut) && undo.target == cut.target {
        let seen = company.look_late(cut).await;
        ensure!(matches!(seen, Seen::HoldsNot { .. }), "after its undo it is seen as {seen:?}");
    }
    let seen = company.seen();
    again(company, &Ready { key: "k-4".to_owned(), ..undo.clone() }).await?;
    let repeated = company.changes_since(seen);
    ensure!(repeated.is_empty(), "the second undo changed {repeated:?}");
    Ok(())
}

/// A second call says that it is done, or is refused because of a state that the proof shows.
pub(crate) async fn again(company: &Company<'_>, ready: &Ready) -> Found {
    match company.attempt(ready, 1).await {
        Outcome::Done { .. } => Ok(()),
        Outcome::Refused { kind: ErrorKind::State | ErrorKind::Invalid, message, .. } => {
            let before = company.before(ready).await?;
            let held = company.held(ready, &before);
            ensure!(held != Some(false), "the second time: {message}; but it is not so: {before}");
            ensure!(company.provable(ready), "the second time: {message}; and nothing can prove it");
            holds(company, ready).await
        }
        other => Err(format!("the second time: {other:?}")),
    }
}

pub(crate) async fn holds(company: &Company<'_>, ready: &Ready) -> Found {
    if !company.provable(ready) {
        return Ok(());
    }
    let seen = company.look_late(ready).await;
    ensure!(matches!(seen, Seen::Holds | Seen::Residual { .. }), "it is done, and seen as {seen:?}");
    Ok(())
}

pub(crate) async fn holds_not(company: &Company<'_>, ready: &Ready) -> Found {
    if !company.provable(ready) {
        return Ok(());
    }
    let seen = company.look(ready).await;
    ensure!(matches!(seen, Seen::HoldsNot { .. }), "it is not done, and seen as {seen:?}");
    Ok(())
}

/// What has no API has words for a person, sends nothing, and is read back where it can be.
pub(crate) async fn manual(stage: &Stage, action: &str) -> Found {
    let company = Company::start(stage).await?;
    let ready = company.ready(action, "k-1").await?;
    let words = company.integrations().manual_text(&stage.name, action, ready.target.as_ref(), &ready.input);
    let words = words.ok_or("it has no words for a person")?;
    ensure!(!words.contains(['{', '}']), "its words have a hole: {words}");
    let seen = company.seen();
    let outcome = company.attempt(&ready, 1).await;
    let refused = matches!(outcome, Outcome::Refused { kind: ErrorKind::Manual, .. });
    // Who stanch itself is there may be asked before, with a token that is made for it.
    let who = stage.file["self"]["action"].as_str().unwrap_or_default();
    let sent = company.requests_since(seen);
    let sent = sent.iter().any(|request| stage.info(&request.action).is_ok() && request.action != who);
    ensure!(refused && !sent, "it is sent: {outcome:?}");
    if company.provable(&ready) && ready.info.verb.as_deref() == Some("app.quarantine") {
        holds_not(&company, &ready).await?;
        let app = stage.examples.world.apps.first().ok_or("the world has no app")?;
        company.change(&Change::Block { integration: stage.name.clone(), app: app.id.clone() })?;
        holds(&company, &ready).await?;
    }
    Ok(())
}

/// Whole populations are counted, and whoever is in a group is found by the group's name.
pub(crate) async fn crowds(stage: &Stage) -> Found {
    let company = Company::with_pages(stage, Some(2)).await?;
    let integrations = company.integrations();
    let kinds = stage.file["population"].as_object().cloned().unwrap_or_default();
    for kind in kinds.keys() {
        ensure!(integrations.counts(&stage.name, kind), "nothing counts {kind}");
        let read = integrations.population(&stage.name, kind).ok_or("its population has no read")?;
        let counted = company.called(&read.action, None, read.input).await?;
        let people = stage.examples.world.people as usize;
        let enough = kind != "user" || counted.len() == people;
        ensure!(enough && !counted.is_empty(), "{} of kind {kind} where {people} people are", counted.len());
    }
    if stage.file["membership"].is_null() {
        return Ok(());
    }
    let group = company.target("group").await?;
    let reads = integrations.group_reads(&stage.name, &group.label).ok_or("its groups have no read")?;
    let found = company.called(&reads.groups.action, None, reads.groups.input).await?;
    ensure!(found.contains(&group), "{} is not found by its name", group.label);
    let members = company.called(&reads.members, Some(group), Value::Null).await?;
    ensure!(members.iter().any(|member| member.kind == "user"), "its members are {members:?}");
    Ok(())
}
