//! The stage: where what the director decides is done to the twins and the server, and written down.
//!
//! A platform waits while it is watched, so what must happen between two requests (a fault, a kill) happens between them.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use parking_lot::{Mutex, RwLock};
use stanch_integrations::{
    ScenarioClock,
    twin::{Change, TwinHost},
};
use stanch_model::api::SeatKind;

use crate::{
    board::{Board, Due},
    child::signal,
    clerk,
    company::Person,
    facts::Facts,
    hands,
    record::{self, Did, Kept, Line, Record},
    scenario::{Deed, Edit, PlotEntry, Scenario},
    score::{Grades, Score},
    vendors::{self, Reply},
};

/// See the module.
pub(crate) struct Stage {
    pub(crate) scenario: Scenario,
    pub(crate) facts: Arc<RwLock<Facts>>,
    pub(crate) board: Mutex<Board>,
    pub(crate) record: Record,
    /// The plot as it comes: as in the file, with what the facilitator changed.
    plot: RwLock<Vec<PlotEntry>>,
    /// Conditions that test open improvements.
    tested_first: BTreeSet<String>,
    clock: Arc<ScenarioClock>,
    /// The server that lives now.
    pid: AtomicU32,
    killed: AtomicBool,
    /// Alerts and playbooks that are due and that the server has not got.
    calls: Mutex<VecDeque<usize>>,
    /// Apps that are to be pulled.
    pulls: Mutex<VecDeque<usize>>,
    /// Moves of the adversary that are due and not made.
    moves: Mutex<VecDeque<usize>>,
    /// People who play themselves.
    taken: RwLock<BTreeSet<String>>,
    /// Seats in which somebody sits.
    pub(crate) sat: Mutex<BTreeSet<SeatKind>>,
    /// Expectations that came true and stand in the record.
    met: Mutex<BTreeSet<usize>>,
}

impl Stage {
    pub(crate) fn new(
        scenario: Scenario,
        facts: Arc<RwLock<Facts>>,
        board: Mutex<Board>,
        record: Record,
        tested_first: BTreeSet<String>,
        clock: Arc<ScenarioClock>,
    ) -> Self {
        Self {
            plot: RwLock::new(scenario.plot.clone()),
            tested_first,
            scenario,
            facts,
            board,
            record,
            clock,
            pid: AtomicU32::new(0),
            killed: AtomicBool::new(false),
            calls: Mutex::default(),
            pulls: Mutex::default(),
            moves: Mutex::default(),
            taken: RwLock::default(),
            sat: Mutex::default(),
            met: Mutex::default(),
        }
    }

    /// Goes on from what an earlier supervisor left: facts of the twins, kills, alerts that it never got rid of.
    pub(crate) fn take_up(&self, kept: &Kept, twins: &TwinHost) {
        kept.edits.iter().for_each(|(entry, edit)| self.edit(*entry, edit, &mut self.board.lock()));
        let mut facts = self.facts.write();
        for request in twins.requests() {
            facts.saw(&request);
        }
        facts.kills = kept.kills;
        kept.did.iter().for_each(|did| facts.did_by_hand(did, kept.last_ms));
        self.met.lock().extend(kept.firsts.keys());
        for (entry, fate) in &kept.fates {
            let crate::board::Fate::Fired(at_ms) = fate else { continue };
            let deed = self.scenario.plot[*entry].deed();
            if let Some(about) = deed.and_then(begins) {
                facts.begun(about, *at_ms);
                // The server knows its delivery, and the run: nothing is done twice.
                self.calls.lock().push_back(*entry);
            }
            if matches!(deed, Some(Deed::Pull(_))) && !kept.pulled.contains(entry) {
                self.pulls.lock().push_back(*entry);
            }
        }
        drop(facts);
        // said, and perhaps not yet done when it stopped: what has its name at the twins is not done again
        for (entry, fate) in &kept.fates {
            if matches!(fate, crate::board::Fate::Fired(_)) {
                self.at_twins(*entry, twins);
            }
        }
        kept.revealed.iter().for_each(|hidden| self.reveal(*hidden, twins));
        for (nth, fault) in kept.faults.iter().enumerate() {
            if let Some(fault) = fault.for_twins() {
                twins.add_fault_once(&format!("order/{nth}"), fault);
            }
        }
        twins.settle();
        self.take_up_moves(twins);
        self.note_given(twins);
    }

    /// From now on every request of every twin is seen before it is answered.
    pub(crate) fn watch(self: &Arc<Self>, twins: &Arc<TwinHost>) {
        let (stage, weak): (Weak<Self>, Weak<TwinHost>) = (Arc::downgrade(self), Arc::downgrade(twins));
        twins.on_request(Arc::new(move |request, _| {
            let (Some(stage), Some(twins)) = (stage.upgrade(), weak.upgrade()) else { return };
            stage.facts.write().saw(request);
            stage.direct(&twins);
        }));
    }

    /// The server that lives now.
    pub(crate) fn lives(&self, pid: u32) {
        self.pid.store(pid, Ordering::SeqCst);
        self.killed.store(false, Ordering::SeqCst);
    }

    /// Whether we killed it.
    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::SeqCst)
    }

    /// A look from outside of any request: what the twins were given meanwhile is asked first.
    pub(crate) fn look(&self, twins: &Arc<TwinHost>) {
        twins.settle();
        self.note_given(twins);
        self.direct(twins);
        twins.settle();
        self.note_given(twins);
        self.pull(twins);
        if self.make_moves(twins) {
            self.note_given(twins);
        }
    }

    /// A platform that is watched waits for the facts, so it is asked before they are held.
    fn note_given(&self, twins: &TwinHost) {
        for app in &self.scenario.world.apps {
            for integration in crate::company::integrations(&self.scenario).keys() {
                let given = twins.given(integration, &app.id);
                if given > 0 {
                    self.facts.write().given(&app.id, integration, given);
                }
            }
        }
    }

    fn direct(&self, twins: &TwinHost) {
        let now = self.clock.now_ms();
        let due = self.board.lock().look(now);
        for due in due {
            self.perform(due, now, "", twins);
        }
        for (nth, standing) in self.board.lock().standings().iter().enumerate() {
            if let Some(at_ms) = standing.first_ms
                && self.met.lock().insert(nth)
            {
                self.record.write(Line::Met { expectation: nth, at_ms });
            }
        }
    }

    /// Until when the next thing comes by the clock alone: of the plot, or of an empty seat.
    pub(crate) fn next_ms(&self, now: i64, twins: &TwinHost) -> Option<i64> {
        let answers = hands::answers(&self.scenario, &self.facts.read(), &|person| self.is_taken(person));
        let answers = answers.into_iter().map(|answer| answer.due_ms);
        let clocks = clerk::words(&self.scenario, &self.facts.read(), &|person| self.is_taken(person));
        let clocks = clocks.into_iter().map(|word| word.due_ms);
        let replies = self.replies(twins).into_iter().filter_map(|reply| reply.due_ms);
        let said = answers.chain(clocks).chain(replies).filter(|due| *due > now);
        said.chain(self.board.lock().next_ms(now)).min()
    }

    /// What vendors will answer.
    pub(crate) fn replies(&self, twins: &TwinHost) -> Vec<Reply> {
        if self.scenario.contacts.is_empty() {
            return Vec::new();
        }
        // a platform that is watched waits for the facts, so its faults are asked before they are held
        let faults = twins.faults();
        let lines = self.record.lines();
        let answered = lines.iter().filter_map(|line| match line {
            Line::Replied { mail, from, .. } => Some((mail.clone(), from.clone())),
            _ => None,
        });
        vendors::replies(&self.scenario, &self.facts.read(), &faults, &answered.collect())
    }

    /// Does what the director decided, or somebody fired by hand.
    pub(crate) fn perform(&self, due: Due, at_ms: i64, by: &str, twins: &TwinHost) {
        match due {
            Due::Reveal(hidden) => {
                self.record.write(Line::Revealed { hidden, at_ms });
                self.reveal(hidden, twins);
            }
            Due::Move(number) => self.moves.lock().push_back(number),
            Due::Entry(entry) => {
                self.record.write(Line::Fired { entry, at_ms, by: by.to_owned() });
                self.deed(entry, at_ms, twins);
            }
        }
    }

    /// What was hidden is there, once. An app that comes without anybody's grant is told here: the platforms count none.
    fn reveal(&self, number: usize, twins: &TwinHost) {
        let hidden = &self.scenario.world.hidden[number];
        let mut facts = self.facts.write();
        facts.stake(&hidden.app);
        for platform in hidden.grants.iter().filter(|(_, count)| **count == 0).map(|(platform, _)| platform) {
            facts.given(&hidden.app, platform, 0);
        }
        drop(facts);
        twins.change_soon_once(&format!("hidden/{number}"), Change::Reveal(number));
    }

    /// An entry of the plot as it comes.
    pub(crate) fn entry(&self, nth: usize) -> PlotEntry {
        self.plot.read().get(nth).cloned().unwrap_or_default()
    }

    /// The plot as it comes.
    pub(crate) fn plot(&self) -> Vec<PlotEntry> {
        self.plot.read().clone()
    }

    /// It comes with this change. The board is held meanwhile: what is due is not due in the middle of it.
    pub(crate) fn edit(&self, nth: usize, edit: &Edit, board: &mut Board) {
        if let Some(at) = edit.at {
            board.retime(nth, self.scenario.clock.starts.as_millisecond().saturating_add(at.ms()));
        }
        if let Some(entry) = self.plot.write().get_mut(nth) {
            edit.apply(entry);
        }
    }

    fn deed(&self, entry: usize, at_ms: i64, twins: &TwinHost) {
        match self.entry(entry).deed() {
            Some(deed @ (Deed::Alert(_) | Deed::Run(_))) => {
                self.facts.write().begun(begins(deed).flatten(), at_ms);
                self.calls.lock().push_back(entry);
            }
            Some(Deed::Pull(_)) => self.pulls.lock().push_back(entry),
            Some(Deed::Fault(fault)) if fault.kill_runner => self.kill(at_ms),
            Some(Deed::Fault(_) | Deed::Consent(_)) => self.at_twins(entry, twins),
            Some(Deed::Letter(..)) | None => {}
        }
    }

    /// What an entry does to the simulated platforms, once: they keep its name with what they are.
    fn at_twins(&self, entry: usize, twins: &TwinHost) {
        let name = format!("plot/{entry}");
        match self.entry(entry).deed() {
            Some(Deed::Fault(fault)) => {
                if let Some(fault) = fault.for_twins() {
                    twins.add_fault_once(&name, fault);
                }
            }
            Some(Deed::Consent(consent)) => {
                for (platform, count) in &consent.grants {
                    let (integration, app) = (platform.clone(), consent.app.clone());
                    twins.change_soon_once(&name, Change::Grant { integration, app, count: *count });
                }
            }
            Some(Deed::Alert(_) | Deed::Letter(..) | Deed::Pull(_) | Deed::Run(_)) | None => {}
        }
    }

    /// Apps that are due to be pulled are pulled, outside of any request: the platforms can be asked.
    fn pull(&self, twins: &TwinHost) {
        loop {
            let Some(entry) = self.pulls.lock().pop_front() else { return };
            let Some(pull) = self.entry(entry).pull else { continue };
            let did = hands::pulled(&pull, &self.facts, twins);
            self.record.write(Line::Pulled { entry, did, at_ms: self.now_ms() });
        }
    }

    pub(crate) fn kill(&self, at_ms: i64) {
        self.killed.store(true, Ordering::SeqCst);
        self.facts.write().kills += 1;
        self.record.write(Line::Killed { at_ms });
        signal(self.pid.load(Ordering::SeqCst), rustix::process::Signal::KILL);
    }

    /// When an entry happened: an alert that is sent again says the same to the byte, or it would be another.
    pub(crate) fn fired_ms(&self, nth: usize) -> Option<i64> {
        match self.board.lock().fates().get(nth) {
            Some(crate::board::Fate::Fired(at_ms)) => Some(*at_ms),
            _ => None,
        }
    }

    /// The move that is to be made next.
    pub(crate) fn next_move(&self) -> Option<usize> {
        self.moves.lock().pop_front()
    }

    /// The time on the scenario's clock, Unix ms.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The alert or playbook that the server is to get next.
    pub(crate) fn next_call(&self) -> Option<usize> {
        self.calls.lock().front().copied()
    }

    /// The server has it.
    pub(crate) fn called(&self, entry: usize) {
        self.calls.lock().retain(|waiting| *waiting != entry);
    }

    /// Somebody plays this person themselves from now on: nobody stands in for them.
    pub(crate) fn sit(&self, name: &str) {
        self.taken.write().insert(name.to_owned());
    }

    /// Whether somebody plays this person themselves.
    pub(crate) fn is_taken(&self, person: &Person) -> bool {
        self.taken.read().contains(person.name)
    }

    /// Seconds since the start.
    pub(crate) fn seconds(&self, at_ms: i64) -> i64 {
        (at_ms - self.scenario.clock.starts.as_millisecond()) / 1000
    }

    /// The score as it stands.
    pub(crate) fn score(&self) -> Score {
        let lines = self.record.lines();
        let hints = lines.iter().map(|line| match line {
            Line::Hinted { hint, .. } => self.scenario.hints.get(*hint).map_or(0, |hint| hint.price),
            _ => 0,
        });
        let standings = self.board.lock().standings();
        let score = Score::of(&self.scenario, &self.facts.read(), &standings, hints.sum());
        self.with_grades(score.testing_first(&self.tested_first), &record::grades(&lines))
    }

    /// A score with these overrides.
    pub(crate) fn with_grades(&self, score: Score, grades: &Grades) -> Score {
        score.graded(grades, self.scenario.end.pass)
    }

    /// A line of the record for people; nothing for what only the machine needs.
    pub(crate) fn words(&self, line: &Line) -> Option<String> {
        words(&self.scenario, &self.plot.read(), line)
    }
}

/// A line of the record for people; nothing for what only the machine needs.
pub(crate) fn words(scenario: &Scenario, plot: &[PlotEntry], line: &Line) -> Option<String> {
    let plot = |entry: &usize| plot.get(*entry).map(|entry| entry.words()).unwrap_or_default();
    let expected = |nth: &usize| scenario.expect.get(*nth).map(|one| one.words()).unwrap_or_default();
    Some(match line {
        Line::Began { .. } => return None,
        Line::Clock { by, .. } if by.is_empty() => return None,
        Line::Clock { at, by } => match at.rate {
            0.0 => format!("{by} stops the clock"),
            rate => format!("{by} lets the clock run at {rate}x"),
        },
        Line::Sat { seat, who, .. } => format!("somebody plays {who}, {seat}"),
        Line::Faulted { fault, by, .. } => format!("{by} switches on: {}", fault.words()),
        Line::Mended { faults, by, .. } => format!("{by} switches off: {faults}"),
        Line::ByHand { who, did, .. } => format!("{who} does by hand: {}", done(did)),
        Line::Fired { entry, .. } => plot(entry),
        Line::Off { entry, .. } => format!("called off: {}", plot(entry)),
        Line::Revealed { hidden, .. } => {
            let hidden = &scenario.world.hidden[*hidden];
            match hidden.grants.values().sum::<u32>() {
                0 => format!("{} comes to light: {}", hidden.app, hidden.why),
                count => format!("{count} grants of {} come to light: {}", hidden.app, hidden.why),
            }
        }
        Line::Moved { number, times, failed, .. } => {
            return crate::adversary::words(scenario, *number, *times, failed);
        }
        Line::Pulled { .. } => return None,
        Line::Killed { .. } => "the runner was killed".to_owned(),
        Line::StoodIn { name, who, say, .. } => format!("{who} says {say} to {name}"),
        Line::Replied { from, .. } => format!("{from} answers"),
        Line::Observed { who, sort, text, .. } => format!("{who} writes down a {sort}: {text}"),
        Line::Hinted { hint, who, .. } => format!("{who} takes hint {}", hint + 1),
        Line::Stopped { who, why, .. } => format!("STOPPED by {who}, this is real: {why}"),
        Line::Edited { entry, edit, by, .. } => format!("{by} changes: {}: {}", plot(entry), edit.words()),
        Line::Graded { expectation, came: Some(came), by, why, .. } => {
            format!("{by} lets count as {came}: {}, because {why}", expected(expectation))
        }
        Line::Graded { expectation, by, why, .. } => {
            format!("{by} lets count as computed: {}, because {why}", expected(expectation))
        }
        Line::Met { expectation, .. } => format!("met: {}", expected(expectation)),
        Line::Ended { why, score, .. } => format!("over ({why}): {} of {}", score.score, score.of),
    })
}

/// In a line.
fn done(did: &[Did]) -> String {
    let one = |did: &Did| match did {
        Did::Blocked { app, .. } => format!("blocks {app}"),
        Did::Released { app, integration } => format!("lets {app} in again on simulated {integration}"),
        Did::Took { app, integration, .. } => {
            format!("takes a grant of {app} away on simulated {integration}")
        }
    };
    match did {
        [] => "nothing that is there to be done".to_owned(),
        [first] => one(first),
        [first, rest @ ..] => format!("{}, and {} more", one(first), rest.len()),
    }
}

/// What a response begins about: an app or vendor, where it says so. Nothing for what begins no response.
fn begins(deed: Deed<'_>) -> Option<Option<&str>> {
    match deed {
        Deed::Alert(alert) => Some(alert.get("app").and_then(|app| app.as_str())),
        Deed::Run(start) => Some(start.about()),
        _ => None,
    }
}
