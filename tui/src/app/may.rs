//! What can be done now: a command that would only be refused, or has nothing to act on, is not there.

use stanch_model::api::Role;

use super::{App, Screen};
use crate::command::Command;

impl App {
    /// False where a command would only be refused, or has nothing to act on.
    pub fn may(&self, command: Command) -> bool {
        let role = self.world().me.as_ref().map_or(Role::Viewer, |me| me.role);
        let run = || self.opened_run().and_then(|id| self.world().run(id)).map(|run| &run.view);
        use stanch_model::run::{RunState, WaitKind};
        let over = || run().is_none_or(|view| view.state == RunState::Ended);
        let held = || {
            let states = [RunState::Paused, RunState::Limited, RunState::Suspect];
            run().is_some_and(|view| states.contains(&view.state))
        };
        match command {
            Command::PauseRun => role >= Role::Responder && !over() && !held(),
            Command::ResumeRun => role >= Role::Responder && held(),
            Command::CancelRun => role >= Role::Responder && !over(),
            Command::RepinRun => {
                role >= Role::Responder && run().is_some_and(|view| view.state == RunState::Diverged)
            }
            Command::UndoRun => role >= Role::Approver && run().is_some_and(|view| !view.holds.is_empty()),
            Command::Note => role >= Role::Responder && !self.world().incidents.is_empty(),
            Command::CloseIncident | Command::ReopenIncident => {
                let is_closed = self.meant_incident().map(|incident| incident.closed.is_some());
                role >= Role::Responder && is_closed == Some(command == Command::ReopenIncident)
            }
            Command::ExtendRun => role >= Role::Responder && !self.timed().is_empty(),
            Command::StartRun => role >= Role::Responder && self.meant_playbook().is_some(),
            Command::Sent => role >= Role::Responder && self.meant_clock().is_some(),
            Command::Waive => role >= Role::Approver && self.meant_clock().is_some(),
            Command::Acknowledge | Command::Bounce => {
                role >= Role::Responder && self.meant_notice().is_some()
            }
            Command::BreakGlass => role >= Role::Approver && self.may_break(),
            Command::PauseScope => role >= Role::Responder && self.scope().is_some_and(|(_, held)| !held),
            Command::ResumeScope => role >= Role::Responder && self.scope().is_some_and(|(_, held)| held),
            Command::PauseAll => role >= Role::Responder && !self.all_held(),
            Command::ResumeAll => role >= Role::Responder && self.all_held(),
            Command::Remind => role >= Role::Responder && self.may_remind(),
            Command::AskNext => role >= Role::Responder && self.asked_next().is_some(),
            Command::Open | Command::NextField | Command::PrevField if self.is_answered() => false,
            Command::CardRequests => {
                self.card().is_some_and(|card| card.card.wait.kind == WaitKind::Approval)
            }
            Command::NextPart | Command::PrevPart => self.drill().is_some_and(|drill| drill.behind.is_some()),
            Command::NextIncident => self.open_incidents().count() > 1,
            Command::Go(screen) => self.screens().contains(&screen),
            _ if command.is_of_drill() => self.drill().is_some_and(|drill| self.may_in(drill, command)),
            Command::Targets | Command::JournalOf if self.screen == Screen::Now => {
                self.foremost_run().is_some()
            }
            Command::RunOf if self.screen == Screen::Now => self.foremost_run().is_some(),
            Command::Open if self.screen == Screen::Now => {
                self.overlays.last().is_some() || self.next_card().is_some()
            }
            _ => true,
        }
    }
}
