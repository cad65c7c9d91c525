//! What a card needs besides the wait itself so that a person can decide: who may answer and who is next, what a yes lets
//! happen, what it breaks, and what of it is protected.

use std::collections::{BTreeMap, BTreeSet};

use stanch_model::{
    Effect, RunId, StreamId, Target,
    api::{Card, CardAct, CardBreak, CardGuard, CardProtected},
    catalog::ActionIndex,
    run::{WaitKind, body::Created},
};
use stanch_playbooks::Manifest;

use crate::app::App;

/// Adds what the run's own entries do not tell.
pub(crate) fn complete(app: &App, mut card: Card) -> Card {
    card.asked = app.config.people.named(&card.wait.ask);
    card.next = card.wait.rungs().first().map_or_else(Vec::new, |rung| {
        let next = app.config.people.named(std::slice::from_ref(rung));
        next.into_iter().filter(|name| !card.asked.contains(name)).collect()
    });
    card.told = app.told.of(&card.id);
    card.protected = protected(app, &card.wait.targets);
    let created = created(app, &RunId(card.run.clone()));
    card.breaks = breaks(app, &card.wait.targets, created.as_ref());
    if card.wait.kind == WaitKind::Approval
        && let Some(hash) = created.and_then(|created| created.pins.playbook)
        && let Some(playbook) = app.engine.library().by_hash(&hash)
    {
        card.may = acts(&card, &playbook.manifest, app.engine.integrations());
    }
    card
}

/// What `protect:` says of these targets, without a reading.
fn protected(app: &App, targets: &[Target]) -> Option<CardProtected> {
    let told = (!targets.is_empty()).then(|| app.engine.protected(targets))?;
    let met = told.met.into_iter().map(|(target, rule)| CardGuard { target, rule });
    Some(CardProtected { of: targets.len(), met: met.collect(), unread: told.unread })
}

/// What stops working when these are cut: what their vendors are for. Of a grant that names no app that the register knows,
/// the run's own app says it.
fn breaks(app: &App, targets: &[Target], created: Option<&Created>) -> Vec<CardBreak> {
    let cut = targets.iter().filter(|target| !matches!(target.kind.as_str(), "user" | "session" | "group"));
    let of_run = || {
        let created = created?;
        created.input["app"].as_str().or_else(|| created.alert["app"].as_str())
    };
    let mut vendors: BTreeMap<&str, CardBreak> = BTreeMap::new();
    for target in cut {
        let found = names(target).into_iter().chain(of_run()).find_map(|name| app.register.find(name));
        let Some((slug, vendor)) = found else { continue };
        let name = if vendor.name.is_empty() { slug } else { &vendor.name };
        let (what, owner) = (vendor.purpose.clone().unwrap_or_default(), vendor.owner.clone());
        if !what.is_empty() || owner.is_some() {
            vendors.entry(slug).or_insert_with(|| CardBreak { vendor: name.to_owned(), what, owner });
        }
    }
    vendors.into_values().collect()
}

/// Under which names the register may know the app of a target: its own, and that of the app that it is a grant of.
fn names(target: &Target) -> Vec<&str> {
    let of_app = target.attrs.get("app").into_iter().flat_map(|app| {
        let inner = ["id", "label"].iter().filter_map(|name| app["$target"][*name].as_str());
        app.as_str().into_iter().chain(inner)
    });
    [target.id.as_str(), target.label.as_str()]
        .into_iter()
        .chain(of_app)
        .filter(|name| !name.is_empty())
        .collect()
}

/// How the run began; nothing when its first entry cannot be read.
fn created(app: &App, run: &RunId) -> Option<Created> {
    let first = app.journal.read(&StreamId::run(run), 1, 1).ok()?;
    first.first()?.decode().ok()
}

/// Every verb of the manifest that can touch the card's targets.
fn acts(card: &Card, manifest: &Manifest, index: &dyn ActionIndex) -> Vec<CardAct> {
    let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for target in &card.wait.targets {
        *kinds.entry((&target.integration, &target.kind)).or_default() += 1;
    }
    let mut seen = BTreeSet::new();
    let mut acts = Vec::new();
    for effect in [Effect::Permanent, Effect::Reversible] {
        for verb in manifest.uses.get(&effect).into_iter().flatten() {
            for (integration, action) in index.verb(verb) {
                let Some(kind) = action.target_kind.as_deref() else { continue };
                let Some(count) = kinds.get(&(integration.as_str(), kind)).copied() else { continue };
                if seen.insert((integration.clone(), verb.clone())) {
                    acts.push(CardAct {
                        integration,
                        verb: verb.clone(),
                        effect,
                        kind: kind.to_owned(),
                        count,
                        manual: action.manual,
                        action: action.name.clone(),
                        request: action.request.clone(),
                    });
                }
            }
        }
    }
    acts
}
