//! What the keys mean on the screen of incidents: one is closed, or opened again.

use stanch_model::{api::IncidentSummary, shortened::short};

use super::{App, Screen};
use crate::{
    command::Command,
    overlays::{Deed, Field, Kind, Sheet, sheet::WHY},
};

impl App {
    /// The incident that is open on its screen, or chosen there.
    pub(super) fn meant_incident(&self) -> Option<&IncidentSummary> {
        if self.screen != Screen::Incidents {
            return None;
        }
        let id = self.chosen_incident()?;
        self.world().incidents.iter().find(|incident| incident.id == id)
    }

    /// The sheet on which somebody says why it is over, or why not after all.
    pub(super) fn over_sheet(&self, command: Command) -> Option<Sheet> {
        let incident = self.meant_incident()?;
        let name = short(&incident.id);
        let (deed, title, yes, fact, help) = match command {
            Command::CloseIncident => (
                Deed::Close(incident.id.clone()),
                format!("Close incident {name}"),
                "close it",
                "No run and no clock of it may be open. What comes in later opens a new incident; notes can still be \
                 written, and it can be opened again.",
                "what came of it: it stands in the report",
            ),
            _ => (
                Deed::Reopen(incident.id.clone()),
                format!("Open incident {name} again"),
                "open it again",
                "Runs and clocks of it can begin again. That it was closed, by whom and why, stays in the report.",
                "why it is not over: it stands in the report",
            ),
        };
        let mut sheet = Sheet::new(deed, title, yes);
        sheet.loud.clone_from(&incident.title);
        sheet.facts.push(fact.to_owned());
        sheet.fields.push(Field::needed(WHY, Kind::Text(1), help));
        Some(sheet)
    }
}
