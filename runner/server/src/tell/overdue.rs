//! What lasts too long, and what is about to end by itself: waits of runs that nobody ends, and cuts for a while.
//!
//! It is known from the runs themselves, looked at when one of their entries says that it may be other now. What was told
//! is in the book under its time, so that a restart tells nothing twice.

use std::collections::{BTreeMap, BTreeSet};

use stanch_model::{
    Entry, RunId,
    config::Attention,
    run::{Hold, Mode, RunState, RunView, Waiting, kind},
    shortened::short,
};

use super::{need::Need, run_of};

/// Names told before it is said how many more there are.
const NAMED: usize = 5;

/// Cuts that end within so much of each other are told of together, ms.
const TOGETHER_MS: i64 = 60_000;

/// The runs that may say that they wait too long, or hold what ends.
pub(super) struct Watch {
    too_long_ms: i64,
    again_ms: i64,
    before_end_ms: i64,
    /// To be looked at.
    touched: BTreeSet<RunId>,
    known: BTreeMap<RunId, Vec<Item>>,
}

/// Something that will be said.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    /// A wait, since when in Unix ms, and the next time that it is said.
    Wait { waiting: Waiting, way: String, since_ms: i64, due_ms: i64 },
    /// Cuts that end at this time.
    Ends { at_ms: i64, due_ms: i64, what: Vec<String> },
}

impl Watch {
    pub(super) fn new(attention: &Attention) -> Self {
        let ms = |length: std::time::Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 4);
        Self {
            too_long_ms: ms(attention.too_long()),
            again_ms: ms(attention.again()).max(1),
            before_end_ms: ms(attention.before_end()),
            touched: BTreeSet::new(),
            known: BTreeMap::new(),
        }
    }

    /// The run is to be looked at.
    pub(super) fn touch(&mut self, run: RunId) {
        self.touched.insert(run);
    }

    /// An entry may change what there is to say of its run.
    pub(super) fn read(&mut self, entry: &Entry) {
        let may = match entry.header.kind.as_str() {
            kind::WAIT | kind::CLOSED | kind::STATE | kind::ENDED => true,
            // Of very many only those that end by themselves, or have ended.
            kind::HOLD => entry.decode::<Hold>().is_ok_and(|hold| hold.back.is_some() || !hold.taken),
            _ => false,
        };
        if let Some(run) = run_of(entry).filter(|_| may) {
            self.touch(run);
        }
    }

    /// The runs to be looked at, once.
    pub(super) fn take_touched(&mut self) -> BTreeSet<RunId> {
        std::mem::take(&mut self.touched)
    }

    /// What a run waits for and holds, as it is now.
    pub(super) fn look(&mut self, run: RunId, view: &RunView, now_ms: i64) {
        if view.mode == Some(Mode::Plan) {
            return;
        }
        let before = self.known.remove(&run).unwrap_or_default();
        let mut items: Vec<Item> =
            view.waiting().iter().filter_map(|waiting| self.wait(view, waiting)).collect();
        for item in &mut items {
            // What was said of the same wait was said.
            if let Item::Wait { waiting, since_ms, due_ms, .. } = item {
                let same = before.iter().find_map(|known| match known {
                    Item::Wait { waiting: of, since_ms: since, due_ms, .. } => {
                        (of.wait == waiting.wait && since == since_ms).then_some(*due_ms)
                    }
                    Item::Ends { .. } => None,
                });
                *due_ms = same.unwrap_or(*due_ms);
            }
        }
        items.extend(self.ends(view, now_ms));
        if !items.is_empty() {
            self.known.insert(run, items);
        }
    }

    fn wait(&self, view: &RunView, waiting: &Waiting) -> Option<Item> {
        // A time, a signal or a child is meant to last.
        if !waiting.person && (waiting.wait.is_some() || view.state != RunState::Waiting) {
            return None;
        }
        let since_ms = waiting.since.parse::<jiff::Timestamp>().ok()?.as_millisecond();
        let way = way_on(view, waiting);
        Some(Item::Wait { waiting: waiting.in_short(), way, since_ms, due_ms: since_ms + self.too_long_ms })
    }

    fn ends(&self, view: &RunView, now_ms: i64) -> Vec<Item> {
        let mut together: BTreeMap<i64, (i64, Vec<String>)> = BTreeMap::new();
        for hold in view.holds.iter().filter(|hold| hold.given_back.is_none()) {
            let Some(back) = hold.back.as_ref().filter(|back| back.at_ms > now_ms) else { continue };
            let (at_ms, what) = together.entry(back.at_ms / TOGETHER_MS).or_insert((back.at_ms, Vec::new()));
            *at_ms = (*at_ms).min(back.at_ms);
            what.push(format!("{} {}", hold.property, hold.label));
        }
        let items = together.into_values();
        items.map(|(at_ms, what)| Item::Ends { at_ms, due_ms: at_ms - self.before_end_ms, what }).collect()
    }

    /// What is to be said now. Of several times that a wait should have been said (the server was down, a clock jumped) only
    /// the last is news.
    pub(super) fn due(&mut self, now_ms: i64) -> Vec<Need> {
        let (too_long, again) = (self.too_long_ms, self.again_ms);
        let mut needs = Vec::new();
        for (run, items) in &mut self.known {
            items.retain_mut(|item| match item {
                Item::Wait { waiting, way, since_ms, due_ms } if *due_ms <= now_ms => {
                    let nth = (now_ms - *since_ms - too_long).max(0) / again;
                    needs.push(waits(run, waiting, way, (now_ms - *since_ms, nth)));
                    *due_ms = *since_ms + too_long + (nth + 1) * again;
                    true
                }
                Item::Ends { at_ms, due_ms, what } if *due_ms <= now_ms => {
                    if *at_ms > now_ms {
                        needs.push(ends(run, *at_ms, what));
                    }
                    false
                }
                Item::Wait { .. } | Item::Ends { .. } => true,
            });
        }
        self.known.retain(|_, items| !items.is_empty());
        needs
    }
}

fn way_on(view: &RunView, waiting: &Waiting) -> String {
    let run = short(view.id.as_ref().map_or("", |run| run.0.as_str()));
    let asked = view.open_waits().find(|wait| Some(&wait.id) == waiting.wait.as_ref());
    let asked = asked.filter(|wait| !wait.ask.is_empty()).map(|wait| wait.ask.join(", "));
    let asked = asked.map_or_else(String::new, |asked| format!(" (asked: {asked})"));
    match &waiting.wait {
        Some(wait) => {
            format!("{asked}\n{}: stanch remind {run}:{wait}, stanch ask-someone {run}:{wait}", view.playbook)
        }
        None => format!("{asked}\n{}: stanch show {run}", view.playbook),
    }
}

fn waits(run: &RunId, waiting: &Waiting, way: &str, (lasts_ms, nth): (i64, i64)) -> Need {
    let lasts = std::time::Duration::from_secs(u64::try_from(lasts_ms / 60_000 * 60).unwrap_or(0));
    let lasts = stanch_model::duration::format(lasts);
    let what = waiting.wait.as_ref().map_or_else(String::new, |wait| format!("{wait} "));
    Need {
        key: format!("overdue/{run}/{}/{}/{nth}", waiting.wait.as_deref().unwrap_or("run"), waiting.since),
        event: "overdue",
        instead: "stuck",
        text: format!("Waits too long, {lasts} by now: {what}{}{way}", waiting.what),
        offer: None,
        ask: Vec::new(),
    }
}

fn ends(run: &RunId, at_ms: i64, what: &[String]) -> Need {
    let at = jiff::Timestamp::from_millisecond(at_ms).map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    let named: Vec<&str> = what.iter().take(NAMED).map(String::as_str).collect();
    let more = match what.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let id = short(&run.0);
    Need {
        key: format!("ends/{run}/{}", at_ms / TOGETHER_MS),
        event: "ending",
        instead: "stuck",
        text: format!(
            "Ends by itself at {}, and is given back: {}{more}\nstanch extend {id} TARGET 2h keeps it longer",
            at.unwrap_or_default(),
            named.join(", ")
        ),
        offer: None,
        ask: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use stanch_model::{
        Address,
        run::{HoldView, WaitKind, WaitView, hold::Back},
    };

    use super::*;

    const MINUTE: i64 = 60_000;

    fn watch() -> Watch {
        Watch::new(&Attention::default())
    }

    fn run() -> RunId {
        RunId("01JD8Q2W3E4R5T6Y7U8I9O0P1A".to_owned())
    }

    /// A run that has asked since the epoch.
    fn waiting(kind: WaitKind) -> RunView {
        let wait = WaitView {
            id: "A1".to_owned(),
            kind,
            address: Address::root(),
            name: "cut".to_owned(),
            text: "Cut Drift off".to_owned(),
            options: Vec::new(),
            targets: Vec::new(),
            ask: vec!["lead".to_owned()],
            ladder: Vec::new(),
            of: 1,
            within_ms: 0,
            due_ms: None,
            card: false,
            since: "1970-01-01T00:00:00Z".to_owned(),
            decisions: Vec::new(),
            reminded: Vec::new(),
            closed: None,
        };
        RunView { id: Some(run()), state: RunState::Waiting, waits: vec![wait], ..RunView::default() }
    }

    #[test]
    fn a_wait_is_said_to_be_too_long_once_and_again_after_the_time_for_that() {
        let mut watch = watch();
        watch.look(run(), &waiting(WaitKind::Approval), 0);
        assert!(watch.due(29 * MINUTE).is_empty());
        let first = watch.due(30 * MINUTE).remove(0);
        assert!(
            first.text.starts_with("Waits too long, 30m by now: A1 Cut Drift off (asked: lead)"),
            "{}",
            first.text
        );
        // Something else happened in the run: what was said is not said again.
        watch.look(run(), &waiting(WaitKind::Approval), 40 * MINUTE);
        assert!(watch.due(89 * MINUTE).is_empty());
        let second = watch.due(95 * MINUTE).remove(0);
        assert_ne!(first.key, second.key);
        // A night without a server: one word, not eight.
        assert_eq!(watch.due(10 * 60 * MINUTE).len(), 1);
        watch.look(
            run(),
            &RunView { state: RunState::Running, waits: Vec::new(), ..waiting(WaitKind::Approval) },
            0,
        );
        assert!(watch.due(99 * 60 * MINUTE).is_empty());
    }

    #[test]
    fn what_is_meant_to_last_is_not_too_long() {
        for kind in [WaitKind::Timer, WaitKind::Signal, WaitKind::Child] {
            let mut watch = watch();
            watch.look(run(), &waiting(kind), 0);
            assert!(watch.due(99 * 60 * MINUTE).is_empty(), "{kind:?}");
        }
    }

    fn holding(at_ms: i64, given_back: bool) -> RunView {
        let hold = |label: &str| HoldView {
            target: format!("okta/app/{label}"),
            label: label.to_owned(),
            property: "app.quarantine".to_owned(),
            address: Address::root(),
            since: String::new(),
            back: Some(Back { at_ms, run: RunId("B".to_owned()) }),
            why: String::new(),
            given_back: given_back.then(|| ("now".to_owned(), "given back".to_owned())),
            extended: Vec::new(),
            tries: 1,
        };
        RunView {
            id: Some(run()),
            state: RunState::Ended,
            holds: vec![hold("Drift"), hold("Zen")],
            ..RunView::default()
        }
    }

    #[test]
    fn people_hear_before_a_cut_ends_by_itself_and_again_when_it_was_extended() {
        let mut watch = watch();
        watch.look(run(), &holding(240 * MINUTE, false), 0);
        assert!(watch.due(224 * MINUTE).is_empty());
        let needs = watch.due(225 * MINUTE);
        assert_eq!(needs.len(), 1, "those that end together are told of together");
        assert!(needs[0].text.contains("app.quarantine Drift, app.quarantine Zen"), "{}", needs[0].text);
        assert!(watch.due(239 * MINUTE).is_empty());
        watch.look(run(), &holding(360 * MINUTE, false), 230 * MINUTE);
        assert_ne!(watch.due(350 * MINUTE).remove(0).key, needs[0].key);
        watch.look(run(), &holding(480 * MINUTE, true), 350 * MINUTE);
        assert!(watch.due(470 * MINUTE).is_empty(), "it was given back");
        watch.look(run(), &holding(480 * MINUTE, false), 350 * MINUTE);
        assert!(watch.due(500 * MINUTE).is_empty(), "what is over is no news");
    }
}
