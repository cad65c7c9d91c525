//! What the application wants to know: what became stale, asked again soon but never often.

use stanch_model::{api::EntryView, run::kind};

use super::{App, Screen};
use crate::{
    ask::{Ask, Intent},
    event::Link,
    screens::{self, vendors::Item},
    world::Line,
};

/// The same question comes at most so often, however fast the journal grows.
const SELDOM_MS: i64 = 400;

/// How the server is is asked so often even when nothing happens: its clock may have moved.
const STATUS_MS: i64 = 15_000;

/// The drill is looked at so often.
const DRILL_MS: i64 = 1_000;

/// Figures that are looked at grow old in this time.
const HEALTH_MS: i64 = 2_000;

/// A question that got no answer is put again after this.
const AGAIN_MS: i64 = 5_000;

/// What is known from the start.
const ALL: [Ask; 12] = [
    Ask::Me,
    Ask::Status,
    Ask::Runs,
    Ask::Incidents,
    Ask::Approvals,
    Ask::Questions,
    Ask::Alerts,
    Ask::Deadlines,
    Ask::Playbooks,
    Ask::Integrations,
    Ask::Vendors,
    Ask::Notices,
];

/// How long a question rests before it is asked again.
fn seldom(ask: &Ask) -> i64 {
    match ask {
        Ask::Entries(..) | Ask::Playbook(_) | Ask::Script(_) | Ask::Vendor(_) => AGAIN_MS,
        _ => SELDOM_MS,
    }
}

impl App {
    /// News of the line: after a break everything is asked anew.
    pub(super) fn linked(&mut self, link: Link) {
        let again = link == Link::Online && self.live.line != Line::Online;
        self.live.link(link, self.now_ms);
        if again {
            self.stale.extend(ALL);
            self.flying.clear();
            self.refused.clear();
            self.stale.extend(self.live.incident.keys().cloned().map(Ask::Incident));
            self.live.pages.clear();
        }
    }

    /// What an entry makes stale.
    pub(super) fn stales(&mut self, entry: &EntryView) {
        let mut stale = |asks: &[Ask]| self.stale.extend(asks.iter().cloned());
        match entry.stream.split_once('/') {
            Some(("run", _)) => match entry.kind.as_str() {
                kind::CREATED => {
                    stale(&[Ask::Runs, Ask::Incidents, Ask::Status]);
                    self.live.pages.clear();
                }
                kind::WAIT | kind::CLOSED | kind::DECISION | kind::ESCALATED => {
                    stale(&[Ask::Runs, Ask::Approvals, Ask::Questions]);
                }
                kind::STATE | kind::ENDED | kind::CONTAINED | kind::TARGET | kind::LOCAL => {
                    stale(&[Ask::Runs])
                }
                kind::DEADLINE => {
                    stale(&[Ask::Deadlines]);
                    self.stale.extend(self.live.incident.keys().cloned().map(Ask::Incident));
                }
                _ => {}
            },
            Some(("incident", id)) => stale(&[Ask::Incidents, Ask::Deadlines, Ask::Incident(id.to_owned())]),
            Some(("alert", _)) => stale(&[Ask::Alerts, Ask::Incidents]),
            Some(("pause", _)) => stale(&[Ask::Status, Ask::Integrations]),
            None if entry.stream == "notices" => stale(&[Ask::Notices]),
            None if entry.kind == "tell.returned" => stale(&[Ask::Status, Ask::Approvals, Ask::Questions]),
            _ => {}
        }
    }

    /// What is to be asked now.
    pub(super) fn wants(&mut self) -> Vec<Intent> {
        if self.options.recording.is_some() {
            return Vec::new();
        }
        let mut asks: Vec<Intent> = self.wants_drill().map(Intent::Ask).into_iter().collect();
        if self.live.line != Line::Online {
            return asks;
        }
        self.wants_runs();
        self.wants_incident();
        self.wants_sources();
        self.wants_vendor();
        if self.screen == Screen::Integrations {
            let asked = self.asked.get(&Ask::Integrations).copied().unwrap_or(0);
            if self.now_ms - asked > HEALTH_MS {
                self.stale.insert(Ask::Integrations);
            }
        }
        // a server may know of a notice a moment after its journal does
        let asked = self.asked.get(&Ask::Notices).copied().unwrap_or(0);
        if self.screen == Screen::Vendors && self.now_ms - asked > HEALTH_MS {
            self.stale.insert(Ask::Notices);
        }
        let asked = self.asked.get(&Ask::Status).copied().unwrap_or(0);
        if self.now_ms - asked > STATUS_MS {
            self.stale.insert(Ask::Status);
        }
        let now = self.now_ms;
        for ask in self.stale.clone() {
            let last = self.asked.get(&ask).copied().unwrap_or(0);
            if now - last < seldom(&ask) || self.flying.contains(&ask) {
                continue;
            }
            self.stale.remove(&ask);
            self.asked.insert(ask.clone(), now);
            self.flying.insert(ask.clone());
            asks.push(Intent::Ask(ask));
        }
        self.stale.retain(|ask| !self.refused.contains(ask));
        self.asked.retain(|ask, at| !matches!(ask, Ask::Entries(..)) || now - *at < 2 * AGAIN_MS);
        asks
    }

    /// The drill is asked for whether its server lives or not: killing that is part of it.
    fn wants_drill(&mut self) -> Option<Ask> {
        let asked = self.asked.get(&Ask::Drill).copied().unwrap_or(0);
        let is_due = self.now_ms - asked >= DRILL_MS || self.stale.contains(&Ask::Drill);
        if !self.options.drill || !is_due || self.flying.contains(&Ask::Drill) {
            return None;
        }
        self.stale.remove(&Ask::Drill);
        self.asked.insert(Ask::Drill, self.now_ms);
        self.flying.insert(Ask::Drill);
        Some(Ask::Drill)
    }

    /// The runs that are looked at are known in full.
    fn wants_runs(&mut self) {
        let card = self.card().map(|card| card.card.run.as_str());
        let runs = [self.foremost_run(), self.opened_run(), card];
        let runs: Vec<String> = runs.into_iter().flatten().map(str::to_owned).collect();
        self.live.follow(&runs);
        for run in runs {
            if let Some(followed) = self.live.run(&run)
                && !followed.is_whole
            {
                let after = followed.view.version;
                self.stale.insert(Ask::Entries(run, after));
            }
        }
        let current = |ask: &Ask| match ask {
            Ask::Entries(run, after) => {
                self.live.run(run).is_some_and(|run| !run.is_whole && run.view.version == *after)
            }
            _ => true,
        };
        self.stale.retain(current);
    }

    /// What is read is known as it is written.
    fn wants_sources(&mut self) {
        let opened = self.places.get(&Screen::Playbooks).and_then(|at| at.opened.clone());
        let chosen =
            || self.chosen().filter(|_| self.screen == Screen::Playbooks && screens::is_beside(self));
        if let Some(slug) = opened.or_else(chosen)
            && !self.live.books.contains_key(&slug)
        {
            self.stale.insert(Ask::Playbook(slug));
        }
        let card = self.card().map(|card| card.card.run.clone());
        let runs = [self.opened_run().map(str::to_owned), card];
        for run in runs.into_iter().flatten().filter(|run| !self.live.scripts.contains_key(run)) {
            self.stale.insert(Ask::Script(run));
        }
    }

    /// The vendor that is looked at is known with what happened around it.
    fn wants_vendor(&mut self) {
        if let Some(Item::Vendor(slug)) = self.meant_item()
            && (self.at().opened.is_some() || screens::is_beside(self))
            && !self.live.pages.contains_key(&slug)
        {
            self.stale.insert(Ask::Vendor(slug));
        }
    }

    /// The incident that is looked at is known in full.
    fn wants_incident(&mut self) {
        let opened = self.places.get(&Screen::Incidents).and_then(|at| at.opened.clone());
        let foremost = self.foremost().map(|incident| incident.id.clone());
        let beside =
            (self.screen == Screen::Incidents && screens::is_beside(self)).then(|| self.chosen()).flatten();
        for id in [opened, foremost, beside].into_iter().flatten() {
            if !self.live.incident.contains_key(&id) {
                self.stale.insert(Ask::Incident(id));
            }
        }
    }
}
