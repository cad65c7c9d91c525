//! What the server told, as data: lists, the runs that are looked at, the last lines of the journal.
//!
//! A fold over events. It draws nothing, asks nothing, and cheap copies of it can be kept: that is what freezing is.

mod followed;
mod tree;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use stanch_model::{
    api::{
        AlertSummary, Card, DeadlineView, DrillView, EntryView, IncidentSummary, IncidentView,
        IntegrationSummary, Me, NoticeView, PlaybookSource, PlaybookSummary, RunSummary, Status, VendorPage,
        VendorView,
    },
    shortened::short,
};

pub use followed::Followed;
pub use followed::millis;
pub use tree::{Place, Tree, key};

use crate::{ask::Told, event::Link};

/// Lines of the journal that are kept for looking back.
const KEPT: usize = 20_000;

/// The entry that seals the chains of all streams.
const CHECKPOINT: &str = "journal.checkpoint";

/// Seconds whose lines are counted.
const SECONDS: usize = 12;

/// Looks at a budget that are kept.
const BUDGETS: usize = 40;

/// Runs that are kept in full at one time.
const FOLLOWED: usize = 4;

/// How the line is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Line {
    /// Not there yet.
    #[default]
    Joining,
    /// It holds.
    Online,
    /// It broke: since when (Unix ms), why.
    Lost(i64, String),
    /// It will not come back by itself.
    Refused(String),
}

/// What the server told.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Who we are there.
    pub me: Option<Me>,
    /// How it is.
    pub status: Option<Status>,
    /// Its clock less ours, ms: a drill may have moved it.
    pub ahead_ms: i64,
    /// The line to it.
    pub line: Line,
    /// The last sign of life, Unix ms.
    pub heard_ms: i64,
    /// Newest first.
    pub runs: Arc<Vec<RunSummary>>,
    /// Newest first.
    pub incidents: Arc<Vec<IncidentSummary>>,
    /// Oldest first.
    pub approvals: Arc<Vec<Card>>,
    /// Oldest first.
    pub questions: Arc<Vec<Card>>,
    /// Newest first.
    pub alerts: Arc<Vec<AlertSummary>>,
    /// Earliest due first.
    pub deadlines: Arc<Vec<DeadlineView>>,
    /// By slug.
    pub playbooks: Arc<Vec<PlaybookSummary>>,
    /// By name.
    pub integrations: Arc<Vec<IntegrationSummary>>,
    /// By name.
    pub vendors: Arc<Vec<VendorView>>,
    /// Notices to vendors, newest first.
    pub notices: Arc<Vec<NoticeView>>,
    /// Vendors by slug with what happened around them, those that were looked at.
    pub pages: BTreeMap<String, Arc<VendorPage>>,
    /// Playbooks by slug, those that were looked at.
    pub books: BTreeMap<String, Arc<PlaybookSource>>,
    /// The sources of runs that were looked at.
    pub scripts: BTreeMap<String, Arc<PlaybookSource>>,
    /// Those that were looked at.
    pub incident: BTreeMap<String, Arc<IncidentView>>,
    /// The runs that are looked at.
    pub followed: BTreeMap<String, Arc<Followed>>,
    /// The last lines of the journal, oldest first.
    pub journal: Arc<VecDeque<Arc<EntryView>>>,
    /// How many were written in each of the last seconds: the second, the count.
    pub recent: VecDeque<(i64, u32)>,
    /// What was left of each integration's budget at the last looks, oldest first.
    pub budgets: BTreeMap<String, VecDeque<u64>>,
    /// When the chain was last sealed by a checkpoint, Unix ms on the server's clock.
    pub sealed_ms: Option<i64>,
    /// How many came since the start.
    pub heard: u64,
    /// The drill that we sit in.
    pub drill: Option<Arc<DrillView>>,
}

impl World {
    /// Takes an answer; `now_ms` is our clock.
    pub fn told(&mut self, told: Told, now_ms: i64) {
        // the drill is told of from elsewhere: that is no sign of life of the server
        if !matches!(told, Told::Drill(_)) {
            self.heard_ms = now_ms;
        }
        match told {
            Told::Drill(drill) => self.drill = Some(Arc::from(drill)),
            Told::Me(me) => self.me = Some(me),
            Told::Status(status) => {
                let theirs = status.now.parse::<jiff::Timestamp>().map(|now| now.as_millisecond());
                self.ahead_ms = theirs.map_or(0, |theirs| theirs - now_ms);
                self.status = Some(status);
            }
            Told::Runs(runs) => self.runs = Arc::new(runs),
            Told::Incidents(incidents) => self.incidents = Arc::new(incidents),
            Told::Approvals(cards) => self.approvals = Arc::new(cards),
            Told::Questions(cards) => self.questions = Arc::new(cards),
            Told::Alerts(alerts) => self.alerts = Arc::new(alerts),
            Told::Deadlines(deadlines) => self.deadlines = Arc::new(deadlines),
            Told::Playbooks(playbooks) => self.playbooks = Arc::new(playbooks),
            Told::Integrations(integrations) => {
                integrations.iter().for_each(|one| self.spent(one));
                self.integrations = Arc::new(integrations);
            }
            Told::Vendors(vendors) => self.vendors = Arc::new(vendors),
            Told::Notices(notices) => self.notices = Arc::new(notices),
            Told::Vendor(page) => _ = self.pages.insert(page.vendor.slug.clone(), Arc::from(page)),
            // for the sheet that asked
            Told::UndoPlan(_) => {}
            Told::Playbook(source) => _ = self.books.insert(source.slug.clone(), Arc::new(source)),
            Told::Script(run, source) => _ = self.scripts.insert(run, Arc::new(source)),
            Told::Incident(view) => {
                self.incident.insert(view.summary.id.clone(), Arc::new(view));
            }
            Told::Entries(run, _, page) => {
                let followed = Arc::make_mut(self.followed.entry(run).or_default());
                followed.page(page.items, page.next.is_some());
            }
        }
    }

    /// Takes a line of the journal.
    pub fn heard(&mut self, entry: EntryView, now_ms: i64) {
        self.heard_ms = now_ms;
        self.heard += 1;
        let written = millis(&entry.time);
        self.count(written / 1000);
        if entry.kind == CHECKPOINT {
            self.sealed_ms = Some(written);
        }
        let entry = Arc::new(entry);
        if let Some(run) = entry.stream.strip_prefix("run/")
            && let Some(followed) = self.followed.get_mut(run)
        {
            Arc::make_mut(followed).take(&entry);
        }
        let journal = Arc::make_mut(&mut self.journal);
        if journal.len() >= KEPT {
            journal.pop_front();
        }
        journal.push_back(entry);
    }

    fn spent(&mut self, one: &IntegrationSummary) {
        let Some((left, _)) = one.health.budget else { return };
        let known = self.budgets.entry(one.name.clone()).or_default();
        known.push_back(left);
        while known.len() > BUDGETS {
            known.pop_front();
        }
    }

    fn count(&mut self, second: i64) {
        match self.recent.back_mut() {
            Some((last, count)) if *last >= second => *count += 1,
            _ => self.recent.push_back((second, 1)),
        }
        while self.recent.len() > SECONDS {
            self.recent.pop_front();
        }
    }

    /// Lines that were written in the ten seconds before this moment.
    pub fn lately(&self, server_ms: i64) -> u32 {
        let since = server_ms / 1000 - 10;
        self.recent.iter().filter(|(second, _)| *second > since).map(|(_, count)| count).sum()
    }

    /// Takes news of the line.
    pub fn link(&mut self, link: Link, now_ms: i64) {
        match (link, &self.line) {
            (Link::Online | Link::Beat, _) => {
                self.line = Line::Online;
                self.heard_ms = now_ms;
            }
            (Link::Lost(_), Line::Lost(..)) => {}
            (Link::Lost(why), _) => self.line = Line::Lost(now_ms, why),
            (Link::Refused(why), _) => self.line = Line::Refused(why),
        }
    }

    /// Keeps these runs in full, and forgets the oldest of the others.
    pub fn follow(&mut self, runs: &[String]) {
        for run in runs {
            self.followed.entry(run.clone()).or_default();
        }
        while self.followed.len() > FOLLOWED.max(runs.len()) {
            let Some(old) = self.followed.keys().find(|run| !runs.contains(run)).cloned() else { return };
            self.followed.remove(&old);
        }
    }

    /// The run in full, as far as it is known.
    pub fn run(&self, id: &str) -> Option<&Followed> {
        self.followed.get(id).map(Arc::as_ref)
    }

    /// A run's line in the list.
    pub fn summary(&self, id: &str) -> Option<&RunSummary> {
        self.runs.iter().find(|run| run.id == id)
    }

    /// Everything that waits for a person: approvals first.
    pub fn cards(&self) -> impl Iterator<Item = &Card> {
        self.approvals.iter().chain(self.questions.iter())
    }

    /// A card by its id.
    pub fn card(&self, id: &str) -> Option<&Card> {
        self.cards().find(|card| card.id == id)
    }

    /// The incident that most wants attention: open, with a run that is not over, the worst, the newest; else the newest that
    /// is open, else the newest.
    pub fn foremost(&self) -> Option<&IncidentSummary> {
        let alive = |incident: &&IncidentSummary| {
            incident.runs.iter().filter_map(|run| self.summary(run)).any(|run| !is_over(run))
        };
        let open = || self.incidents.iter().rev().filter(|incident| incident.closed.is_none());
        let worst = |incident: &&IncidentSummary| incident.severity;
        open()
            .filter(alive)
            .max_by_key(worst)
            .or_else(|| open().next_back())
            .or_else(|| self.incidents.first())
    }

    /// The run of an incident that most wants attention: the newest that is not over, or else the newest.
    pub fn foremost_run(&self, incident: &IncidentSummary) -> Option<&RunSummary> {
        let runs = || incident.runs.iter().rev().filter_map(|run| self.summary(run));
        runs().find(|run| !is_over(run)).or_else(|| runs().next())
    }
}

/// True once a run has ended.
pub fn is_over(run: &RunSummary) -> bool {
    matches!(run.state.as_str(), "finished" | "failed" | "cancelled")
}

/// `run oauth-app-compromise 8I9O0P1A`, for people.
pub fn name_of(run: &RunSummary) -> String {
    format!("{} {}", run.playbook, short(&run.id))
}
