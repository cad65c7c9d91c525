//! The facts of a drill: what the journal and the twins say, folded. Conditions and the score look at nothing else.
//!
//! What the twins say is the truth; what the journal says is what the response believes of it. Both are kept apart.

mod notices;
mod said;
mod sorts;

use std::collections::{BTreeMap, BTreeSet};

use stanch_integrations::twin::{Fate, RequestRecord, Sort};
use stanch_model::{
    Effect, Entry, RunId, TargetState, incident,
    run::{Mode, RunView, body, kind},
};

pub use sorts::Sorts;

use crate::{record::Did, score::Got, vendors::Received};

/// An app of the world, as far as facts need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppFacts {
    /// Its id.
    pub id: String,
    /// Its supplier.
    pub vendor: String,
    /// Given so far, by platform.
    pub given: BTreeMap<String, u32>,
}

/// A moment at which something first happened: its place in the order of all things, and its time, Unix ms.
pub type First = (i64, i64);

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// When the drill began, Unix ms on its clock.
    pub start_ms: i64,
    /// Now.
    pub now_ms: i64,
    /// The runs as their entries tell them; none that only planned.
    pub runs: BTreeMap<RunId, RunView>,
    /// How often the runner was killed.
    pub kills: u32,
    /// When the first alert was sent.
    pub alerted_ms: Option<i64>,
    /// Since when everything at stake is proven dead.
    pub contained_ms: Option<i64>,
    /// What the adversary got.
    pub got: Got,
    /// How often it read, by app.
    reads: BTreeMap<String, i64>,
    apps: Vec<AppFacts>,
    /// Runs that do nothing: what they would do is no fact.
    plans: BTreeSet<RunId>,
    /// What actions do to apps and grants.
    sorts: Sorts,
    /// What the platforms gave up: (app, platform) to targets with their time.
    gone: BTreeMap<(String, String), BTreeMap<String, i64>>,
    /// Apps and the platforms that block them now.
    blocked: BTreeSet<(String, String)>,
    /// Apps that were blocked somewhere, whatever became of it.
    once_blocked: BTreeSet<String>,
    /// Apps that were let in again on purpose: what they hold from then on is no exposure.
    released: BTreeSet<String>,
    /// Clocks that somebody stopped: incident and the clock's id in it, to when, and whether nothing was owed.
    settled: BTreeMap<(String, String), (i64, bool)>,
    touched: BTreeMap<String, u64>,
    /// Times that an action changed something.
    writes: BTreeMap<String, i64>,
    doubled: BTreeMap<(String, String, String), i64>,
    /// Who was written to, and when first.
    told: BTreeMap<String, i64>,
    /// Who got mail.
    received: Vec<Received>,
    /// Notices, each with its vendor.
    notices: BTreeMap<String, String>,
    /// Vendors that answered, as somebody wrote down.
    answered: BTreeSet<String>,
    firsts: BTreeMap<String, First>,
    calls: BTreeMap<String, body::CallIntent>,
    /// Pages under way: run and address to the channel of `tell:`.
    pages: BTreeMap<String, String>,
    order: i64,
    /// Live grants of the apps at stake over time: (Unix ms, how many), for the exposure.
    levels: Vec<(i64, i64)>,
    at_stake: BTreeSet<String>,
}

impl Facts {
    /// Nothing has happened yet.
    pub fn starting(start_ms: i64, apps: Vec<AppFacts>) -> Self {
        Self { start_ms, now_ms: start_ms, apps, ..Self::default() }
    }

    /// Which actions count as what.
    pub fn knowing(mut self, sorts: Sorts) -> Self {
        self.sorts = sorts;
        self
    }

    /// An alert was sent, or a playbook started, about this app.
    pub fn begun(&mut self, about: Option<&str>, at_ms: i64) {
        self.alerted_ms.get_or_insert(at_ms);
        if let Some(app) = about {
            self.stake(app);
        }
    }

    /// These apps are what the drill is about.
    pub fn stake(&mut self, app: &str) {
        if self.at_stake.insert(app.to_owned()) {
            self.level();
        }
    }

    /// The apps that the drill is about.
    pub fn at_stake(&self) -> &BTreeSet<String> {
        &self.at_stake
    }

    /// An app was given grants on a platform: so many by now.
    pub fn given(&mut self, app: &str, platform: &str, grants: u32) {
        if let Some(app) = self.apps.iter_mut().find(|known| known.id == app) {
            app.given.insert(platform.to_owned(), grants);
        }
        self.level();
    }

    /// A platform was asked something.
    pub fn saw(&mut self, request: &RequestRecord) {
        self.now_ms = self.now_ms.max(request.at.as_millisecond());
        if request.sort != Sort::Write || request.fate != Fate::Changed {
            return;
        }
        let action = format!("{}.{}", request.integration, request.action);
        *self.writes.entry(action.clone()).or_default() += 1;
        let key = (request.integration.clone(), request.action.clone(), request.target.clone());
        *self.doubled.entry(key).or_default() += 1;
        for app in &request.apps {
            *self.touched.entry(app.clone()).or_default() += 1;
        }
        if self.sorts.cuts.contains(&action) {
            for app in owners(request) {
                let gone = self.gone.entry((app, request.integration.clone())).or_default();
                gone.entry(request.target.clone()).or_insert(request.at.as_millisecond());
            }
            self.level();
        }
        for app in &request.apps {
            if self.sorts.blocks.contains(&action) {
                self.block(app, &request.integration);
            } else if self.sorts.releases.contains(&action) {
                self.release(app, &request.integration);
            }
        }
        if request.method == "MAIL" {
            let now = self.now_ms;
            for to in request.path.split(',') {
                self.told.entry(to.to_owned()).or_insert(now);
                self.receive(to, &request.target, request.at.as_millisecond());
            }
        }
    }

    /// An entry of the server's journal.
    pub fn heard(&mut self, entry: &Entry, now_ms: i64) {
        self.now_ms = self.now_ms.max(now_ms);
        if entry.header.stream.as_str() == notices::STREAM {
            return self.heard_of_notice(entry);
        }
        let Some(run) = entry.header.stream.as_run() else { return self.heard_of_incident(entry) };
        if entry.header.kind == kind::CREATED
            && entry.decode::<body::Created>().is_ok_and(|created| created.mode == Mode::Plan)
        {
            self.plans.insert(run.clone());
        }
        if self.plans.contains(&run) {
            return;
        }
        let view = self.runs.entry(run.clone()).or_default();
        if entry.header.version <= view.version {
            return;
        }
        view.apply(entry);
        match entry.header.kind.as_str() {
            kind::LOCAL => {
                if let Ok(local) = entry.decode::<body::Local>() {
                    let name = local.value.get("name").and_then(|name| name.as_str()).map(str::to_owned);
                    self.happened(&local.op);
                    name.into_iter().for_each(|name| self.happened(&name));
                    if let (Some(text), "phase") = (local.value.as_str(), local.op.as_str()) {
                        self.happened(text);
                    }
                }
            }
            kind::INTENT => {
                if let Ok(intent) = entry.decode::<body::Intent>() {
                    self.intended(&run, intent);
                }
            }
            kind::OUTCOME => {
                if let Ok(outcome) = entry.decode::<body::Outcome>() {
                    self.came_of(&run, &outcome);
                }
            }
            kind::DEADLINE => self.happened("deadline"),
            _ => {}
        }
    }

    /// Somebody stopped a clock.
    fn heard_of_incident(&mut self, entry: &Entry) {
        let Some(incident) = entry.header.stream.as_str().strip_prefix("incident/") else { return };
        if entry.header.kind == incident::kind::DEADLINE_SETTLED
            && let Ok(said) = entry.decode::<incident::DeadlineSettled>()
        {
            let at_ms = ms_of(&entry.header.time).unwrap_or(self.now_ms);
            self.settled.insert((incident.to_owned(), said.deadline), (at_ms, said.waived));
        }
    }

    fn intended(&mut self, run: &RunId, intent: body::Intent) {
        self.happened(&intent.op);
        self.happened(&intent.name);
        if intent.op == "page" && intent.call.is_none() {
            self.pages.insert(format!("{run} {}", intent.address), intent.name.clone());
        }
        let Some(call) = intent.call else { return };
        let action = format!("{}.{}", call.integration, call.action);
        let verb = call.verb.clone().unwrap_or_default();
        self.happened(&action);
        if !verb.is_empty() {
            self.happened(&verb);
        }
        self.calls.insert(format!("{run} {}", intent.address), call);
    }

    fn came_of(&mut self, run: &RunId, outcome: &body::Outcome) {
        if let Some(channel) = self.pages.remove(&format!("{run} {}", outcome.address)) {
            let now = self.now_ms;
            self.told.entry(channel).or_insert(now);
        }
        let Some(call) = self.calls.get(&format!("{run} {}", outcome.address)).cloned() else { return };
        if outcome.error.is_some() {
            return;
        }
        if let Some(verb) = call.verb {
            *self.writes.entry(verb).or_default() += 1;
        }
        if call.effect == Effect::Tell {
            let now = self.now_ms;
            let to = ["channel", "to", "url"].iter().find_map(|name| call.input.get(*name)?.as_str());
            self.told.entry(to.unwrap_or_default().to_owned()).or_insert(now);
            self.told.entry(format!("{}.{}", call.integration, call.action)).or_insert(now);
        }
    }

    /// The call of a step of a run.
    pub fn call(&self, run: &str, address: &stanch_model::Address) -> Option<body::CallIntent> {
        self.calls.get(&format!("{run} {address}")).cloned()
    }

    fn happened(&mut self, name: &str) {
        self.order += 1;
        let first = (self.order, self.now_ms);
        self.firsts.entry(name.to_owned()).or_insert(first);
    }

    fn level(&mut self) {
        let open = self.at_stake.iter().filter(|app| !self.released.contains(*app));
        let live = open.map(|app| self.live(app)).sum();
        if self.levels.last().is_none_or(|(_, last)| *last != live) {
            self.levels.push((self.now_ms, live));
        }
    }

    /// Grants and credentials that a platform gave up.
    pub fn revoked(&self, platform: &str) -> i64 {
        let of = self.gone.iter().filter(|((_, on), _)| on == platform);
        let targets: BTreeSet<&String> = of.flat_map(|(_, targets)| targets.keys()).collect();
        count(targets.len())
    }

    /// Grants of an app that stand.
    pub fn live(&self, app: &str) -> i64 {
        let Some(known) = self.apps.iter().find(|known| known.id == app) else { return 0 };
        known.given.keys().map(|platform| self.live_on(app, platform)).sum()
    }

    /// Grants of an app that stand on a platform. One that is there without anybody's grant acts in its own name: that is
    /// one door, and only blocking it closes that.
    pub fn live_on(&self, app: &str, platform: &str) -> i64 {
        let known = self.apps.iter().find(|known| known.id == app);
        let given = match known.and_then(|known| known.given.get(platform)) {
            None => return 0,
            Some(0) => return i64::from(!self.blocked_on(app, platform)),
            Some(given) => *given,
        };
        let gone = self.gone.get(&(app.to_owned(), platform.to_owned())).map_or(0, BTreeMap::len);
        (i64::from(given) - count(gone)).max(0)
    }

    /// The adversary made a move: a read through an app, or so many grants; nothing where access was cut.
    pub fn moved(&mut self, reads: Option<&str>, got: u32, after_cut: bool) {
        match (reads, got) {
            (_, 0) => self.got.failed += 1,
            (Some(app), got) => {
                self.got.reads += got;
                self.got.after_first_cut += if after_cut { got } else { 0 };
                *self.reads.entry(app.to_owned()).or_default() += i64::from(got);
            }
            (None, got) => self.got.made += got,
        }
    }

    /// How often the adversary read through an app.
    pub fn reads(&self, app: &str) -> i64 {
        self.reads.get(app).copied().unwrap_or(0)
    }

    /// No grant stands, and every cut of the runs about it is proven, dies by a known time, or was attested by a person.
    pub fn verified(&self, app: &str) -> bool {
        let about = self.runs.values().flat_map(|run| run.targets.values());
        let mut cuts = 0;
        let proven = about.clone().all(|target| {
            cuts += 1;
            matches!(target.state, TargetState::Verified | TargetState::Residual | TargetState::Attested)
        });
        cuts > 0 && proven && self.live(app) == 0
    }

    fn block(&mut self, app: &str, platform: &str) {
        self.blocked.insert((app.to_owned(), platform.to_owned()));
        self.once_blocked.insert(app.to_owned());
        self.released.remove(app);
        self.level();
    }

    fn release(&mut self, app: &str, platform: &str) {
        self.blocked.remove(&(app.to_owned(), platform.to_owned()));
        self.released.insert(app.to_owned());
        self.level();
    }

    /// Was blocked on a platform.
    pub fn blocked(&self, app: &str) -> bool {
        self.once_blocked.contains(app)
    }

    /// Blocked on this platform.
    pub fn blocked_on(&self, app: &str, platform: &str) -> bool {
        self.blocked.contains(&(app.to_owned(), platform.to_owned()))
    }

    /// Notes since when everything at stake is proven dead; nothing once that is no longer so. What is let in again on
    /// purpose takes nothing from it.
    pub fn note_containment(&mut self) {
        if self.contained_ms.is_some() && self.at_stake.iter().any(|app| self.released.contains(app)) {
            return;
        }
        let contained = !self.at_stake.is_empty() && self.at_stake.iter().all(|app| self.verified(app));
        self.contained_ms = contained.then(|| self.contained_ms.unwrap_or(self.now_ms));
    }

    /// A person did something with their own hands.
    pub fn did_by_hand(&mut self, did: &Did, at_ms: i64) {
        match did {
            Did::Blocked { app, integration } => self.block(app, integration),
            Did::Released { app, integration } => self.release(app, integration),
            Did::Took { app, integration, id } => {
                let gone = self.gone.entry((app.clone(), integration.clone())).or_default();
                gone.entry(id.clone()).or_insert(at_ms);
                self.level();
            }
        }
    }

    /// Nothing of it was changed.
    pub fn untouched(&self, app: &str) -> bool {
        !self.touched.contains_key(app)
    }

    /// Apps that are not at stake and were changed, with how often.
    pub fn collateral(&self) -> BTreeMap<String, u64> {
        let others = self.touched.iter().filter(|(app, _)| !self.at_stake.contains(*app));
        others.map(|(app, times)| (app.clone(), *times)).collect()
    }

    /// A message went out to them: mail to an address of the vendor, or a message to the channel.
    pub fn told(&self, who: &str) -> bool {
        self.told_ms(who).is_some()
    }

    /// When.
    pub fn told_ms(&self, who: &str) -> Option<i64> {
        self.told.iter().filter(|(to, _)| self.is_theirs(who, to)).map(|(_, at)| *at).min()
    }

    /// Whether this is an address of theirs: of the vendor, of an app's vendor, or the channel itself.
    pub(crate) fn is_theirs(&self, who: &str, to: &str) -> bool {
        let vendor = self.apps.iter().find(|app| app.id == who).map_or(who, |app| app.vendor.as_str());
        to == who || to.trim_start_matches('#') == who || to.contains(&format!("@{vendor}."))
    }

    /// The order of a step.
    pub fn first(&self, name: &str) -> i64 {
        self.firsts.get(name).map_or(i64::MAX, |(order, _)| *order)
    }

    /// Times that an action, or a verb, was done.
    pub fn done(&self, name: &str) -> i64 {
        self.writes.get(name).copied().unwrap_or(0)
    }

    /// Effects beyond the first on the same target.
    pub fn doubled(&self) -> i64 {
        self.doubled.values().map(|times| times - 1).sum()
    }

    /// When a platform first gave something up.
    pub fn first_cut_ms(&self) -> Option<i64> {
        self.gone.values().flat_map(BTreeMap::values).copied().min()
    }

    /// Live grants of what is at stake, summed over the minutes from the first alert until now.
    pub fn token_minutes(&self) -> i64 {
        let from = self.alerted_ms.unwrap_or(self.now_ms);
        let ends = self.levels.iter().skip(1).map(|(at, _)| *at).chain([self.now_ms]);
        let spans = self.levels.iter().zip(ends);
        spans.map(|((at, live), end)| live * (end.max(from) - (*at).max(from)).max(0)).sum::<i64>() / 60_000
    }

    /// Live grants of what is at stake, over time.
    pub fn levels(&self) -> &[(i64, i64)] {
        &self.levels
    }
}

/// Whose grant it was; nobody's where the platform does not say, as with a leaked key.
fn owners(request: &RequestRecord) -> Vec<String> {
    if request.apps.is_empty() { vec![String::new()] } else { request.apps.clone() }
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

fn ms_of(time: &str) -> Option<i64> {
    time.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}
