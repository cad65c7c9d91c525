//! What a card needs besides the wait itself so that a person can decide: who may answer, and what a yes lets happen.

use std::collections::{BTreeMap, BTreeSet};

use stanch_model::{
    Effect, Hash, RunId, StreamId,
    api::{Card, CardAct},
    catalog::ActionIndex,
    config::People,
    run::{WaitKind, body::Created},
};
use stanch_playbooks::Manifest;

use crate::app::App;

/// Adds what the run's own entries do not tell.
pub(crate) fn complete(app: &App, mut card: Card) -> Card {
    card.asked = people(&card.wait.ask, &app.config.people);
    if card.wait.kind == WaitKind::Approval
        && let Some(hash) = pinned(app, &RunId(card.run.clone()))
        && let Some(playbook) = app.engine.library().by_hash(&hash)
    {
        card.may = acts(&card, &playbook.manifest, app.engine.integrations());
    }
    card
}

/// The people behind groups, in order; a name that is no group is a person.
fn people(asked: &[String], people: &People) -> Vec<String> {
    let mut names = Vec::new();
    for name in asked {
        let group = people.groups.get(name).cloned().unwrap_or_else(|| vec![name.clone()]);
        for name in group {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
}

/// The playbook that the run follows; none when its first entry cannot be read.
fn pinned(app: &App, run: &RunId) -> Option<Hash> {
    let first = app.journal.read(&StreamId::run(run), 1, 1).ok()?;
    first.first()?.decode::<Created>().ok()?.pins.playbook
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
                    });
                }
            }
        }
    }
    acts
}
