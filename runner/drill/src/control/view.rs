//! What a seat sees. The hidden truth, the plot and the faults are put in for the facilitator alone.

use std::collections::BTreeMap;

use stanch_integrations::twin::{ActiveFault, Answer};
use stanch_model::api::{
    Behind, DrillSeat, DrillView, FaultView, Graded, Hoped, Letter, MoveState, MoveView, PlotState, PlotView,
    RealIncident, Remark, Remarked, SeatKind,
};

use super::{Code, Floor};
use crate::{
    adversary,
    board::{Fate, Next},
    company,
    record::Line,
    scenario::{Deed, Move, PlotEntry, Scenario},
    score::Judged,
};

impl Floor {
    /// The drill as this seat sees it.
    pub(super) fn view(&self, code: &Code) -> DrillView {
        let (stage, seat) = (&self.stage, code.seat);
        let scenario = &stage.scenario;
        let lines = stage.record.lines();
        let taken = self.hints_taken();
        let hints = scenario.hints.iter().take(taken).map(|hint| hint.text.clone());
        let sees_all = matches!(seat, SeatKind::Facilitator | SeatKind::Evaluator);
        let name = company::player(seat).to_owned();
        // not held while the rest is made: a platform that is at work waits for the facts, and would be waited for
        let token_minutes = stage.facts.read().token_minutes();
        let debrief = self.debrief();
        DrillView {
            drill: scenario.drill.clone(),
            title: scenario.title.clone(),
            briefing: scenario.briefing.clone(),
            seat,
            start_ms: scenario.clock.starts.as_millisecond(),
            length_s: scenario.end.at.ms() / 1000,
            clock: self.clock.at(),
            seats: self.seats(code),
            goals: scenario.goals.clone(),
            inbox: self.inbox(&lines),
            hints: hints.collect(),
            next_hint: scenario.hints.get(taken).map(|hint| hint.price),
            token_minutes,
            based_on: real(scenario),
            remarks: self.remarks(&lines, (!sees_all).then_some(name.as_str())),
            behind: (seat == SeatKind::Facilitator).then(|| self.behind()),
            hoped: sees_all.then(|| self.hoped()),
            debrief,
            name,
        }
    }

    fn seats(&self, code: &Code) -> Vec<DrillSeat> {
        let sat = self.stage.sat.lock().clone();
        let shown = code.is_host || code.seat == SeatKind::Facilitator;
        let seat = |offer: super::Offer| DrillSeat {
            seat: offer.seat,
            name: offer.name,
            taken: sat.contains(&offer.seat),
            code: shown.then_some(offer.code),
        };
        self.codes.offers().into_iter().map(seat).collect()
    }

    fn inbox(&self, lines: &[Line]) -> Vec<Letter> {
        let plot = self.stage.scenario.plot.len();
        let mut replies = 0;
        let letter = |line: &Line| {
            if let Line::Replied { from, text, at_ms, .. } = line {
                let (at_s, channel) = (self.stage.seconds(*at_ms), "mail".to_owned());
                let (from, text, entry) = (from.clone(), text.clone(), plot + replies);
                replies += 1;
                return Some(Letter { entry, at_s, channel, from, text });
            }
            let Line::Fired { entry, at_ms, .. } = line else { return None };
            let one = self.stage.entry(*entry);
            let Deed::Letter(channel, letter) = one.deed()? else { return None };
            Some(Letter {
                entry: *entry,
                at_s: self.stage.seconds(*at_ms),
                channel: channel.as_str().to_owned(),
                from: letter.from.clone(),
                text: letter.text.clone(),
            })
        };
        lines.iter().filter_map(letter).collect()
    }

    fn remarks(&self, lines: &[Line], of: Option<&str>) -> Vec<Remarked> {
        let remark = |line: &Line| {
            let Line::Observed { who, sort, goal, text, at_ms } = line else { return None };
            let (at_s, sort) = (self.stage.seconds(*at_ms), Remark::parse(sort)?);
            let is_shown = of.is_none_or(|name| name == who);
            let goal = Some(goal.clone()).filter(|goal| !goal.is_empty());
            is_shown.then(|| Remarked { at_s, who: who.clone(), sort, goal, text: text.clone() })
        };
        lines.iter().filter_map(remark).collect()
    }

    fn behind(&self) -> Behind {
        let (stage, board) = (&self.stage, self.stage.board.lock());
        let (start_ms, fates) = (board.start_ms(), board.fates());
        drop(board);
        let lines = stage.record.lines();
        let edited = |nth: usize| {
            lines.iter().rev().find_map(|line| match line {
                Line::Edited { entry, by, .. } if *entry == nth => Some(by.clone()),
                _ => None,
            })
        };
        let plot = stage.plot().into_iter().zip(fates).enumerate();
        let plot = plot.map(|(entry, (one, fate))| PlotView {
            edited_by: edited(entry),
            ..plot_view(entry, &one, fate, start_ms)
        });
        let faults = self.twins.faults();
        Behind {
            plot: plot.collect(),
            faults: faults.iter().map(|fault| self.fault_view(fault)).collect(),
            truth: self.truth(),
            adversary: self.moves(&lines),
            page: stage.scenario.facilitator.clone(),
        }
    }

    /// The adversary's moves and what came of them.
    fn moves(&self, lines: &[Line]) -> Vec<MoveView> {
        let scenario = &self.stage.scenario;
        let board = self.stage.board.lock();
        let view = |(number, one): (usize, &Move)| {
            let told = adversary::told(lines, number);
            let (failed, at_s) = match told {
                Some((Line::Moved { failed, at_ms, .. }, _)) => {
                    (failed.as_str(), Some(self.stage.seconds(*at_ms)))
                }
                _ => ("", None),
            };
            let state = match (board.next_of(number), failed) {
                (Next::Never, "") => MoveState::Done,
                (Next::Never, _) => MoveState::Failed,
                (Next::At(_), _) if at_s.is_some() => MoveState::Works,
                _ => MoveState::Waits,
            };
            MoveView {
                number,
                what: match one.every {
                    Some(every) => format!("{}, every {every}", one.words(scenario)),
                    None => one.words(scenario),
                },
                when: one
                    .once
                    .as_ref()
                    .map_or_else(|| "from the start".to_owned(), |once| format!("once {once}")),
                state,
                at_s,
                got: told.map_or(0, |(_, got)| got),
                why: failed.to_owned(),
            }
        };
        scenario.adversary.iter().enumerate().map(view).collect()
    }

    fn fault_view(&self, fault: &ActiveFault) -> FaultView {
        let until_s = fault.until.map(|until| self.stage.seconds(until.as_millisecond()));
        FaultView { id: fault.id, what: fault_words(fault), until_s, fired: fault.fired }
    }

    /// What is really so.
    fn truth(&self) -> Vec<String> {
        let scenario = &self.stage.scenario;
        let lines = self.stage.record.lines();
        let shown = |nth: usize| {
            lines.iter().any(|line| matches!(line, Line::Revealed { hidden, .. } if *hidden == nth))
        };
        let facts = self.stage.facts.read();
        let apps = scenario.world.apps.iter().map(|app| {
            let mark = if facts.at_stake().contains(&app.id) { ", at stake" } else { "" };
            let blocked = if facts.blocked(&app.id) { ", blocked" } else { "" };
            format!("{}: {} grants stand{mark}{blocked}", app.title(), facts.live(&app.id))
        });
        let hidden = scenario.world.hidden.iter().enumerate().map(|(nth, hidden)| {
            let on: Vec<String> =
                hidden.grants.iter().map(|(on, count)| format!("{count} on {on}")).collect();
            let when = match (&hidden.once, shown(nth)) {
                (_, true) => "known since".to_owned(),
                (Some(once), false) => format!("hidden until {once}"),
                (None, false) => "hidden".to_owned(),
            };
            format!("{} of {}, {when}: {}", on.join(", "), hidden.app, hidden.why)
        });
        apps.chain(hidden).collect()
    }

    fn hoped(&self) -> Vec<Hoped> {
        let score = self.stage.score();
        let goals = score.objectives.iter();
        goals.flat_map(|goal| goal.expectations.iter().map(|one| self.hope(&goal.goal, one))).collect()
    }

    /// An expectation as it stands.
    pub(super) fn hope(&self, goal: &str, one: &Judged) -> Hoped {
        let graded = one.graded.as_ref().map(|graded| Graded {
            came: graded.computed.as_str().to_owned(),
            by: graded.by.clone(),
            why: graded.why.clone(),
            at_s: self.stage.seconds(graded.at_ms),
        });
        Hoped {
            expectation: one.expectation,
            goal: goal.to_owned(),
            say: one.say.clone(),
            came: one.came.as_str().to_owned(),
            first_s: one.first_s,
            by_s: one.by_s,
            points: one.points,
            of: one.of,
            tested_first: one.tested_first,
            graded,
        }
    }
}

/// A fault in a line.
pub(super) fn fault_words(active: &ActiveFault) -> String {
    let fault = &active.fault;
    let every = if fault.answer == Answer::VendorSilent { "every vendor" } else { "every platform" };
    let named = fault.vendor.as_deref().or(fault.action.as_deref()).or(fault.integration.as_deref());
    let place = named.unwrap_or(every);
    format!("{place}: {}", fault.answer)
}

fn plot_view(entry: usize, one: &PlotEntry, fate: Fate, start_ms: i64) -> PlotView {
    let due = one.at.or(one.by).map(|due| due.ms() / 1000);
    let when = match (&one.once, &one.unless, &one.by_hand) {
        (Some(once), ..) => format!("once {once}"),
        (_, Some(unless), _) => format!("unless {unless} by {}", one.by.unwrap_or_default()),
        (.., Some(_)) => "by hand".to_owned(),
        _ => format!("at {}", one.at.unwrap_or_default()),
    };
    let (state, at_ms) = match fate {
        Fate::Waits => (PlotState::Waits, None),
        Fate::Fired(at_ms) => (PlotState::Fired, Some(at_ms)),
        Fate::Off(at_ms) => (PlotState::Off, Some(at_ms)),
    };
    let letter = match one.deed() {
        Some(Deed::Letter(_, letter)) => Some(letter),
        _ => None,
    };
    PlotView {
        entry,
        by_hand: one.by_hand.clone(),
        what: one.words(),
        when,
        due_s: due.filter(|_| one.once.is_none() && one.by_hand.is_none()),
        state,
        at_s: at_ms.map(|at_ms| (at_ms - start_ms) / 1000),
        from: letter.map(|letter| letter.from.clone()),
        text: letter.map(|letter| letter.text.clone()),
        edited_by: None,
    }
}

/// The incident behind a scenario.
fn real(scenario: &Scenario) -> Option<RealIncident> {
    let real = scenario.based_on.as_ref()?;
    let took = real.took.iter().map(|(what, took)| (what.as_str().to_owned(), took.ms() / 1000));
    Some(RealIncident { incident: real.incident.clone(), took_s: took.collect::<BTreeMap<_, _>>() })
}
