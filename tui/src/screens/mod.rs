//! The screens: each draws its body from the application and changes nothing.

mod alerts;
mod asked;
mod debrief;
pub(crate) mod facilitator;
mod inbox;
mod incidents;
mod integrations;
pub(crate) mod journal;
mod now;
mod playbooks;
pub(crate) mod run;
mod runs;
mod spine;
pub(crate) mod vendors;

use ratatui::{buffer::Buffer, layout::Rect};

use crate::app::{App, Screen};

/// Draws the screen's body.
pub(crate) fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    match app.screen {
        Screen::Now => now::draw(app, area, buf),
        Screen::Runs => match app.opened_run() {
            Some(run) => run::draw(run, app, area, buf),
            None => runs::draw(app, area, buf),
        },
        Screen::Approvals => asked::draw(app, area, buf),
        Screen::Alerts => alerts::draw(app, area, buf),
        Screen::Incidents => incidents::draw(app, area, buf),
        Screen::Vendors => vendors::draw(app, area, buf),
        Screen::Journal => journal::draw(app, area, buf),
        Screen::Playbooks => playbooks::draw(app, area, buf),
        Screen::Integrations => integrations::draw(app, area, buf),
        Screen::Inbox => inbox::draw(app, area, buf),
        Screen::Facilitator => facilitator::draw(app, area, buf),
        Screen::Debrief => debrief::draw(app, area, buf),
    }
}

/// The ids of a screen's list, in its order.
pub(crate) fn ids(app: &App) -> Vec<String> {
    let world = app.world();
    match app.screen {
        Screen::Runs => runs::shown(app).map(|run| run.id.clone()).collect(),
        Screen::Approvals => world.cards().map(|card| card.id.clone()).collect(),
        Screen::Alerts => alerts::shown(app).map(|alert| alert.id.clone()).collect(),
        Screen::Incidents => world.incidents.iter().map(|incident| incident.id.clone()).collect(),
        Screen::Vendors => vendors::ids(app),
        Screen::Playbooks => world.playbooks.iter().map(|playbook| playbook.slug.clone()).collect(),
        Screen::Integrations => world.integrations.iter().map(|one| one.name.clone()).collect(),
        Screen::Facilitator => facilitator::ids(app),
        Screen::Now | Screen::Journal | Screen::Inbox | Screen::Debrief => Vec::new(),
    }
}
