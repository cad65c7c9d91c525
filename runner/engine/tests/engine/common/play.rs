//! Plays a run to its end and keeps what must be the same in every life.

use std::time::Duration;

use stanch_model::{
    RunId,
    run::{RunState, RunView, WaitKind},
};

use super::World;

/// What a run came to, without instants, ids and attempts.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub steps: Vec<String>,
    pub notes: Vec<String>,
    pub waits: Vec<String>,
    pub end: String,
}

impl Facts {
    pub fn of(view: &RunView) -> Self {
        let step = |step: &stanch_model::run::StepView| {
            let error = step.error.as_ref().map_or_else(String::new, |error| format!(" threw {error}"));
            let name = if ["now", "uuid"].contains(&step.op.as_str()) { "" } else { &step.name };
            let branches = (step.branches, step.branches_done);
            format!("{} {} {name} {} {branches:?}{error}", step.address, step.op, step.done)
        };
        let mut waits: Vec<String> = view
            .waits
            .iter()
            .map(|wait| {
                let closed = wait.closed.as_ref().map_or("open", |closed| &closed.say);
                format!("{:?} {} {} {closed}", wait.kind, wait.address, wait.name)
            })
            .collect();
        waits.sort();
        Self {
            steps: view.steps.values().map(step).collect(),
            notes: view.notes.iter().map(|(_, text)| text.clone()).collect(),
            waits,
            end: format!("{:?} {:?} {:?}", view.ended, view.containment, view.error),
        }
    }
}

/// Says yes to everything until the run ends; time flies while it waits for a clock.
pub async fn finish(world: &World, run: &RunId) -> RunView {
    for _ in 0..60_000 {
        let view = world.engine.view(run).unwrap();
        if view.ended.is_some() {
            return view;
        }
        assert!(!matches!(view.state, RunState::Diverged | RunState::Suspect), "{}: {view:#?}", view.why);
        for wait in view.open_waits() {
            if wait.kind.needs_person() {
                let say = wait.options.first().map_or("yes", String::as_str);
                // A second answer of the same person is no news; a closed wait is no harm.
                let _ = world.answer_as(run, &wait.id, say, "ben").await;
            }
        }
        let clocks = [WaitKind::Timer, WaitKind::Signal];
        let timer = view.open_waits().any(|wait| clocks.contains(&wait.kind));
        if timer && view.state == RunState::Waiting {
            world.clock.forward(Duration::from_secs(60));
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("it never ended: {:#?}", world.engine.view(run).unwrap());
}
