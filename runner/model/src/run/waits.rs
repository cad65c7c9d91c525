//! What the entries of waits make of a view: opened, brought before others, answered, ended.

use super::{
    body,
    view::RunView,
    wait::{ClosedView, DecisionView, Reminder, WaitView},
};

impl RunView {
    pub(super) fn wait(&mut self, body: body::WaitOpened, time: &str) {
        self.waits.push(WaitView {
            id: body.wait,
            kind: body.wait_kind,
            address: body.address,
            name: body.name,
            text: body.text,
            options: body.options,
            targets: body.targets,
            ask: body.ask,
            ladder: body.ladder,
            of: body.of,
            within_ms: body.within_ms,
            due_ms: body.due_ms,
            card: body.card,
            since: time.to_owned(),
            decisions: Vec::new(),
            reminded: Vec::new(),
            closed: None,
        });
    }

    pub(super) fn wait_mut(&mut self, id: &str) -> Option<&mut WaitView> {
        self.waits.iter_mut().rev().find(|wait| wait.id == id)
    }

    pub(super) fn escalated(&mut self, body: body::Escalated) {
        if let Some(wait) = self.wait_mut(&body.wait) {
            wait.ask = body.ask;
            wait.ladder = body.ladder;
            wait.due_ms = body.due_ms;
        }
    }

    pub(super) fn reminded(&mut self, body: body::Reminded) {
        if let Some(wait) = self.wait_mut(&body.wait) {
            wait.reminded.push(Reminder { who: body.who, at_ms: body.at_ms });
        }
    }

    pub(super) fn decision(&mut self, body: body::Decision) {
        if let Some(wait) = self.wait_mut(&body.wait) {
            let decision = DecisionView {
                who: body.who,
                say: body.say,
                channel: body.channel,
                reason: body.reason,
                at_ms: body.at_ms,
                break_glass: body.break_glass,
                early: body.early,
            };
            wait.decisions.push(decision);
        }
    }

    pub(super) fn closed(&mut self, body: body::WaitClosed, version: u64) {
        if let Some(wait) = self.wait_mut(&body.wait) {
            wait.closed = Some(ClosedView {
                say: body.say,
                by: body.by,
                who: body.who,
                value: body.value,
                at_ms: body.at_ms,
                version,
            });
        }
    }
}
