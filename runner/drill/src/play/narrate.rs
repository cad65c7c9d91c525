//! From entries of the journal to what an audience hears.

use stanch_model::{
    Effect,
    api::EntryView,
    run::{body, kind},
};

use super::Stage;
use crate::{Beat, beat::Cover, follow::decode};

impl Stage<'_, '_> {
    /// What an entry means to the audience.
    pub(super) fn narrate(&mut self, entry: &EntryView) {
        match entry.kind.as_str() {
            kind::CREATED => {
                let run = self.run.clone().unwrap_or_default();
                self.say(Beat::Run { run, title: self.heard.run.title.clone() });
            }
            kind::LOCAL => {
                if let Some(local) =
                    decode::<body::Local>(entry, kind::LOCAL).filter(|local| local.op == "phase")
                {
                    self.say(Beat::Phase { name: local.value.as_str().unwrap_or_default().to_owned() });
                }
            }
            kind::WAIT => self.narrate_wait(entry),
            kind::TARGET => {
                if let Some(target) = decode::<body::TargetEntry>(entry, kind::TARGET) {
                    self.say(target_beat(target));
                }
            }
            kind::OUTCOME => self.narrate_outcome(entry),
            kind::DEFERRED => {
                if let Some(deferred) = decode::<body::Deferred>(entry, kind::DEFERRED) {
                    let name = self.heard.run.steps.get(&deferred.address).map(|step| step.name.clone());
                    self.say(Beat::Deferred { name: name.unwrap_or_default(), why: deferred.why });
                }
            }
            kind::DEADLINE => {
                if let Some(deadline) = decode(entry, kind::DEADLINE) {
                    self.say(Beat::Deadline(deadline));
                }
            }
            kind::ENDED => {
                if let Some(over) = decode::<body::RunEnded>(entry, kind::ENDED) {
                    let body::RunEnded { ended, containment, because, .. } = over;
                    self.say(Beat::Ended { ended, containment, because });
                }
            }
            _ => {}
        }
    }

    fn narrate_wait(&mut self, entry: &EntryView) {
        let Some(wait) = decode::<body::WaitOpened>(entry, kind::WAIT) else { return };
        if !wait.wait_kind.needs_person() || !self.told.insert(wait.wait.clone()) {
            return;
        }
        let mut covers: Vec<Cover> = Vec::new();
        for target in &wait.targets {
            let same =
                |cover: &&mut Cover| cover.integration == target.integration && cover.kind == target.kind;
            match covers.iter_mut().find(same) {
                Some(cover) => cover.count += 1,
                None => covers.push(Cover {
                    integration: target.integration.clone(),
                    kind: target.kind.clone(),
                    count: 1,
                }),
            }
        }
        let body::WaitOpened { wait, wait_kind: kind, text, ask, .. } = wait;
        self.say(Beat::Asked { wait, kind, text, ask, covers });
    }

    /// Only messages: what became of a target is told by its own entry.
    fn narrate_outcome(&mut self, entry: &EntryView) {
        let Some(outcome) = decode::<body::Outcome>(entry, kind::OUTCOME) else { return };
        let told = self.heard.call(&outcome.address).filter(|call| call.effect == Effect::Tell);
        if let Some(call) = told
            && outcome.error.is_none()
        {
            let action = format!("{}.{}", call.integration, call.action);
            self.say(Beat::Told { action });
        }
    }
}

fn target_beat(entry: body::TargetEntry) -> Beat {
    let body::TargetEntry { target, verb, state, why, .. } = entry;
    let label = target.name().to_owned();
    Beat::Target {
        integration: target.integration,
        kind: target.kind,
        id: target.id,
        label,
        verb,
        state,
        why,
    }
}
