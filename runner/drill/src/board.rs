//! The director: which entries of the plot are due, which expectations came true and when, and when it is over.
//!
//! It looks at facts and a time and says what shall happen. It never does it.

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::RwLock;

use crate::{
    facts::Facts,
    scenario::{PlotEntry, Scenario},
    words::{Condition, Judge, Known},
};

/// Something that shall happen now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// This entry of the plot.
    Entry(usize),
    /// These hidden grants come to light.
    Reveal(usize),
    /// The adversary makes this move.
    Move(usize),
}

/// When a move of the adversary is made next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// As soon as its condition holds.
    Once,
    /// At this time, Unix ms.
    At(i64),
    /// It is being made.
    Now,
    /// Not any more.
    Never,
}

/// What became of an entry of the plot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It is still to come.
    #[default]
    Waits,
    /// It happened, Unix ms.
    Fired(i64),
    /// It was called off, by the facilitator or because what it waited for happened.
    Off(i64),
}

enum When {
    At(i64),
    Once(Condition),
    Unless(Condition, i64),
    ByHand(String),
}

struct Entry {
    when: When,
    fate: Fate,
}

/// An expectation as it is watched.
struct Hope {
    that: Condition,
    by: Option<i64>,
    until: Option<i64>,
    standing: Standing,
}

/// How an expectation stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// When it first came true, Unix ms.
    pub first_ms: Option<i64>,
    /// Whether it is true now.
    pub holds: bool,
}

/// See the module.
pub struct Board {
    start_ms: i64,
    end_ms: i64,
    entries: Vec<Entry>,
    hidden: Vec<(Option<Condition>, bool)>,
    moves: Vec<(Option<Condition>, Next)>,
    expect: Vec<Hope>,
    over: Option<Condition>,
    judge: Judge,
}

impl Board {
    /// Sets it up. Conditions that cannot be compiled never hold: `check` has named them.
    pub fn new(scenario: &Scenario, known: &Known, facts: &Arc<RwLock<Facts>>) -> Self {
        let start_ms = scenario.clock.starts.as_millisecond();
        let compile = |text: &str| Condition::compile(text, known).ok();
        let entries = scenario
            .plot
            .iter()
            .map(|entry| Entry { when: when(entry, start_ms, &compile), fate: Fate::Waits });
        let hidden = scenario.world.hidden.iter();
        let moves = scenario.adversary.iter().map(|one| match one.once.as_deref() {
            None => (None, Next::At(start_ms)),
            Some(once) => (compile(once), Next::Once),
        });
        let expect = scenario.expect.iter().filter_map(|one| {
            let at = |span: Option<crate::scenario::Span>| span.map(|span| start_ms + span.ms());
            let (by, until) = (at(one.by), at(one.until));
            Some(Hope { that: compile(&one.that)?, by, until, standing: Standing::default() })
        });
        Self {
            start_ms,
            end_ms: start_ms + scenario.end.at.ms(),
            entries: entries.collect(),
            hidden: hidden.map(|hidden| (hidden.once.as_deref().and_then(compile), false)).collect(),
            moves: moves.collect(),
            expect: expect.collect(),
            over: compile(&scenario.end.once),
            judge: Judge::of(facts),
        }
    }

    /// Looks at how things are now, and says what shall happen. Nothing is said twice.
    pub fn look(&mut self, now_ms: i64) -> Vec<Due> {
        let mut due = Vec::new();
        for (nth, (once, shown)) in self.hidden.iter_mut().enumerate() {
            if !*shown && once.as_ref().is_some_and(|once| self.judge.holds(once, false)) {
                *shown = true;
                due.push(Due::Reveal(nth));
            }
        }
        for (nth, entry) in self.entries.iter_mut().enumerate().filter(|(_, entry)| entry.fate == Fate::Waits)
        {
            let fires = match &entry.when {
                When::At(at) => now_ms >= *at,
                When::Once(once) => self.judge.holds(once, false),
                When::Unless(unless, by) => {
                    if self.judge.holds(unless, false) {
                        entry.fate = Fate::Off(now_ms);
                        continue;
                    }
                    now_ms >= *by
                }
                When::ByHand(_) => false,
            };
            if fires {
                entry.fate = Fate::Fired(now_ms);
                due.push(Due::Entry(nth));
            }
        }
        for (nth, (once, next)) in self.moves.iter_mut().enumerate() {
            let comes = match next {
                Next::Once => once.as_ref().is_some_and(|once| self.judge.holds(once, false)),
                Next::At(at) => now_ms >= *at,
                Next::Now | Next::Never => false,
            };
            if comes {
                *next = Next::Now;
                due.push(Due::Move(nth));
            }
        }
        for hope in self.expect.iter_mut().filter(|hope| hope.until.is_none_or(|until| now_ms < until)) {
            hope.standing.holds = self.judge.holds(&hope.that, false);
            if hope.standing.holds {
                hope.standing.first_ms.get_or_insert(now_ms);
            }
        }
        due
    }

    /// The facilitator fires an entry; false when it is not there or over.
    pub fn fire(&mut self, nth: usize, now_ms: i64) -> bool {
        self.settle(nth, Fate::Fired(now_ms))
    }

    /// The facilitator calls one off.
    pub fn skip(&mut self, nth: usize, now_ms: i64) -> bool {
        self.settle(nth, Fate::Off(now_ms))
    }

    /// The facilitator lets one that comes by the clock come at another time; false when it is over or has no time.
    pub fn retime(&mut self, nth: usize, to_ms: i64) -> bool {
        let entry = self.entries.get_mut(nth).filter(|entry| entry.fate == Fate::Waits);
        match entry.map(|entry| &mut entry.when) {
            Some(When::At(at) | When::Unless(_, at)) => {
                *at = to_ms;
                true
            }
            _ => false,
        }
    }

    /// Whether it is still to come.
    pub fn waits(&self, nth: usize) -> bool {
        self.entries.get(nth).is_some_and(|entry| entry.fate == Fate::Waits)
    }

    fn settle(&mut self, nth: usize, fate: Fate) -> bool {
        let Some(entry) = self.entries.get_mut(nth).filter(|entry| entry.fate == Fate::Waits) else {
            return false;
        };
        entry.fate = fate;
        true
    }

    /// A move was made: when it is made again.
    pub fn moved(&mut self, nth: usize, to: Next) {
        if let Some((_, next)) = self.moves.get_mut(nth) {
            *next = to;
        }
    }

    /// When a move is made next.
    pub fn next_of(&self, nth: usize) -> Next {
        self.moves.get(nth).map_or(Next::Never, |(_, next)| *next)
    }

    /// The entry that the facilitator calls by this name.
    pub fn named(&self, name: &str) -> Option<usize> {
        self.entries.iter().position(|entry| matches!(&entry.when, When::ByHand(known) if known == name))
    }

    /// As it stood when an earlier supervisor stopped.
    pub fn restore(
        &mut self,
        fates: &BTreeMap<usize, Fate>,
        revealed: &[usize],
        firsts: &BTreeMap<usize, i64>,
    ) {
        for (nth, fate) in fates {
            if let Some(entry) = self.entries.get_mut(*nth) {
                entry.fate = *fate;
            }
        }
        for nth in revealed {
            if let Some((_, shown)) = self.hidden.get_mut(*nth) {
                *shown = true;
            }
        }
        for (nth, first) in firsts {
            if let Some(hope) = self.expect.get_mut(*nth) {
                // what is not looked at any more holds as it did
                hope.standing = Standing { first_ms: Some(*first), holds: hope.until.is_some() };
            }
        }
    }

    /// The next moment at which something may happen by the clock alone.
    pub fn next_ms(&self, now_ms: i64) -> Option<i64> {
        let entries = self.entries.iter().filter(|entry| entry.fate == Fate::Waits).filter_map(|entry| {
            match &entry.when {
                When::At(at) | When::Unless(_, at) => Some(*at),
                When::Once(_) | When::ByHand(_) => None,
            }
        });
        let late = self.expect.iter().filter(|hope| !hope.standing.holds).filter_map(|hope| hope.by);
        let until = self.expect.iter().filter_map(|hope| hope.until);
        let moves = self.moves.iter().filter_map(|(_, next)| match next {
            Next::At(at) => Some(*at),
            Next::Once | Next::Now | Next::Never => None,
        });
        entries.chain(late).chain(until).chain(moves).chain([self.end_ms]).filter(|at| *at > now_ms).min()
    }

    /// True when it is over: the condition holds, or the time is up.
    pub fn is_over(&self, now_ms: i64) -> bool {
        let all_met = self.expect.iter().all(|hope| hope.standing.holds);
        now_ms >= self.end_ms || self.over.as_ref().is_some_and(|over| self.judge.holds(over, all_met))
    }

    /// When it is over at the latest, Unix ms.
    pub fn end_ms(&self) -> i64 {
        self.end_ms
    }

    /// When it began.
    pub fn start_ms(&self) -> i64 {
        self.start_ms
    }

    /// What became of each entry, in the order of the plot.
    pub fn fates(&self) -> Vec<Fate> {
        self.entries.iter().map(|entry| entry.fate).collect()
    }

    /// How each expectation stands, in the order of the file.
    pub fn standings(&self) -> Vec<Standing> {
        self.expect.iter().map(|hope| hope.standing).collect()
    }
}

fn when(entry: &PlotEntry, start_ms: i64, compile: &dyn Fn(&str) -> Option<Condition>) -> When {
    let at = |span: Option<crate::scenario::Span>| start_ms + span.unwrap_or_default().ms();
    let once = entry.once.as_deref().and_then(compile).map(When::Once);
    let unless = entry.unless.as_deref().and_then(compile);
    let unless = unless.map(|unless| When::Unless(unless, at(entry.by)));
    let by_hand = entry.by_hand.clone().map(When::ByHand);
    once.or(unless).or(by_hand).unwrap_or_else(|| When::At(at(entry.at)))
}
