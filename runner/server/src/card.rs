//! What a card needs besides the wait itself so that a person can decide: who may answer and who is next, what a yes lets
//! happen, what it breaks, and what of it is protected.

use std::collections::{BTreeMap, BTreeSet};

use stanch_model::{
    Address, Effect, RunId, StreamId, Target,
    api::{Card, CardAct, CardBreak, CardGuard, CardProtected},
    catalog::ActionIndex,
    run::{WaitKind, body::Created},
};
use stanch_playbooks::Manifest;
use stanch_response::vendor::Vendor;

use crate::{app::App, notices::mail_key, owners};

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
    card.breaks = breaks(app, &card, created.as_ref());
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

/// What stops working when these are cut: what their vendors are for, who answers for them, and whether they know.
fn breaks(app: &App, card: &Card, created: Option<&Created>) -> Vec<CardBreak> {
    let of_run = created.and_then(|run| run.input["app"].as_str().or_else(|| run.alert["app"].as_str()));
    let vendors = owners::vendors(&app.register, &card.wait.targets, of_run);
    let run = (!vendors.is_empty()).then(|| app.engine.view(&RunId(card.run.clone())).ok()).flatten();
    let told = app.told.of_run(&card.run);
    let came_back = |step: &Address, way: &str| app.told.is_back(&mail_key(&card.run, step.as_str()), way);
    let one = |(slug, vendor): (&str, &Vendor)| {
        let name = if vendor.name.is_empty() { slug } else { &vendor.name };
        let owner = vendor.owner.clone();
        let heard = owner.as_ref().zip(run.as_ref());
        CardBreak {
            vendor: name.to_owned(),
            what: vendor.purpose.clone().unwrap_or_default(),
            told: heard.map_or_else(Default::default, |(owner, run)| {
                owners::heard(owner, &app.config, run, &told, came_back)
            }),
            owner,
        }
    };
    let all = vendors.into_iter().map(one);
    all.filter(|one| !one.what.is_empty() || one.owner.is_some()).collect()
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
