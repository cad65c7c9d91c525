//! Carrying out what a seat orders. All of it stands in the drill's journal.

use std::{sync::atomic::Ordering, time::Duration};

use http::StatusCode;
use stanch_integrations::twin::{ActiveFault, Answer};
use stanch_model::{
    api::{DrillDone, DrillOrder, Remark},
    clock::ClockAt,
    run::{WaitKind, WaitView},
};

use super::{Floor, api::No};
use crate::{board::Due, hands, record::Line, scenario::FaultSpec};

/// Nobody writes longer remarks in the middle of a drill.
pub(super) const LONGEST: usize = 4_000;

/// So often, after so long, it is looked whether a card was heard of.
const HEARD: u32 = 60;
const HEARING: Duration = Duration::from_millis(50);

pub(super) type Said = Result<String, No>;

pub(super) fn conflict(message: impl Into<String>) -> No {
    No::new(StatusCode::CONFLICT, "conflict", message)
}

pub(super) fn unfit(message: impl Into<String>) -> No {
    No::new(StatusCode::UNPROCESSABLE_ENTITY, "unfit", message)
}

impl Floor {
    /// Does it, in the name of whoever sits there.
    pub(super) fn carry_out(&self, by: &str, order: DrillOrder) -> Result<DrillDone, No> {
        let is_over = self.is_over() || self.is_stopped();
        if is_over && !matches!(order, DrillOrder::Remark { .. } | DrillOrder::Grade { .. }) {
            return Err(conflict("the drill is over"));
        }
        let said = match order {
            DrillOrder::Pause => self.runs_at(by, 0.0),
            DrillOrder::Resume => {
                let rate = *self.rate.lock();
                self.runs_at(by, rate)
            }
            DrillOrder::Speed { rate } => self.speed(by, rate),
            DrillOrder::Step => self.step(by),
            DrillOrder::Jump { by_s } => self.jump(by, by_s),
            DrillOrder::Fire { entry } => self.fire(by, &entry),
            DrillOrder::Skip { entry } => self.skip(by, &entry),
            DrillOrder::Edit { entry, text, from, at_s } => {
                self.edit(by, &entry, text.as_deref(), from.as_deref(), at_s)
            }
            DrillOrder::Grade { expectation, came, why } => self.grade(by, expectation, came, &why),
            DrillOrder::Fault { fault } => self.fault(by, fault),
            DrillOrder::FaultOff { id } => self.mend(by, id),
            DrillOrder::Remark { sort, text, goal } => self.remark(by, sort, &text, goal),
            DrillOrder::Hint => self.hint(by),
            DrillOrder::ByHand { card } => self.by_hand(by, &card),
            DrillOrder::Stop { why } => self.stop(by, &why),
        }?;
        Ok(DrillDone { said, by: by.to_owned(), at_s: self.at_s() })
    }

    fn clock_is(&self, by: &str, at: ClockAt) {
        self.stage.record.write(Line::Clock { at, by: by.to_owned() });
    }

    fn runs_at(&self, by: &str, rate: f64) -> Said {
        self.clock_is(by, self.clock.run(rate));
        Ok(if rate == 0.0 { "the clock stands".to_owned() } else { format!("the clock runs at {rate}x") })
    }

    fn speed(&self, by: &str, rate: u32) -> Said {
        let rate = f64::from(rate);
        if !(1.0..=ClockAt::FASTEST).contains(&rate) {
            return Err(unfit(format!("a clock runs at 1 to {}x", ClockAt::FASTEST))
                .help("pause it to let it stand, or jump ahead"));
        }
        *self.rate.lock() = rate;
        self.runs_at(by, rate)
    }

    fn step(&self, by: &str) -> Said {
        let now = self.clock.now_ms();
        let Some(next) = self.stage.next_ms(now, &self.twins) else {
            return Err(conflict("nothing more comes by the clock alone"));
        };
        self.jump_to(by, next)
    }

    fn jump(&self, by: &str, by_s: i64) -> Said {
        if by_s <= 0 {
            return Err(unfit("time goes ahead only").help("write how far: 10m"));
        }
        self.jump_to(by, self.clock.now_ms().saturating_add(by_s.saturating_mul(1000)))
    }

    fn jump_to(&self, by: &str, to_ms: i64) -> Said {
        let to_ms = to_ms.min(self.stage.board.lock().end_ms());
        self.clock_is(by, self.clock.jump(to_ms));
        let at = self.at_s();
        Ok(format!("it is T+{}:{:02}", at / 60, at % 60))
    }

    /// An entry by its name or its place.
    pub(super) fn entry(&self, name: &str) -> Result<usize, No> {
        let board = self.stage.board.lock();
        let plot = &self.stage.scenario.plot;
        let found = board.named(name).or_else(|| name.parse().ok()).filter(|nth| *nth < plot.len());
        found.ok_or_else(|| {
            let names: Vec<&str> = plot.iter().filter_map(|entry| entry.by_hand.as_deref()).collect();
            let help = format!("by hand come: {}; any other by its number", names.join(", "));
            No::new(StatusCode::NOT_FOUND, "not_found", format!("the plot has no entry `{name}`")).help(help)
        })
    }

    fn fire(&self, by: &str, name: &str) -> Said {
        let (nth, now) = (self.entry(name)?, self.clock.now_ms());
        if !self.stage.board.lock().fire(nth, now) {
            return Err(conflict(format!("`{name}` has happened, or was called off")));
        }
        self.stage.perform(Due::Entry(nth), now, by, &self.twins);
        Ok(self.stage.entry(nth).words())
    }

    fn skip(&self, by: &str, name: &str) -> Said {
        let (nth, now) = (self.entry(name)?, self.clock.now_ms());
        if !self.stage.board.lock().skip(nth, now) {
            return Err(conflict(format!("`{name}` has happened, or was called off")));
        }
        self.stage.record.write(Line::Off { entry: nth, at_ms: now, by: by.to_owned() });
        Ok(format!("called off: {}", self.stage.entry(nth).words()))
    }

    fn fault(&self, by: &str, fault: serde_json::Value) -> Said {
        let help = "as in a scenario: { platform: okta, answer: 429, lasts: 5m }";
        let fault: FaultSpec =
            serde_json::from_value(fault).map_err(|why| unfit(format!("no fault: {why}")).help(help))?;
        self.is_of_this_drill(&fault)?;
        let at_ms = self.clock.now_ms();
        let for_twins = fault.for_twins();
        if !fault.kill_runner && for_twins.is_none() {
            return Err(unfit("a fault has an `answer`, or kills the runner").help(help));
        }
        let words = fault.words();
        let before = self.stage.record.lines();
        let nth = before.iter().filter(|line| matches!(line, Line::Faulted { .. })).count();
        self.stage.record.write(Line::Faulted { fault: fault.clone(), by: by.to_owned(), at_ms });
        if fault.kill_runner {
            self.stage.kill(at_ms);
        } else if let Some(fault) = for_twins {
            self.twins.add_fault_once(&format!("order/{nth}"), fault);
            self.keep_twins();
        }
        Ok(words)
    }

    /// What was ordered of the platforms outlives us.
    fn keep_twins(&self) {
        if let Err(error) = self.twins.save() {
            tracing::error!(%error, "the state of the platforms is not kept");
        }
    }

    fn is_of_this_drill(&self, fault: &FaultSpec) -> Result<(), No> {
        fault.is_of_one_sort().map_err(|why| unfit(why).help("as in a scenario: drift vendor_silent 2h"))?;
        let scenario = &self.stage.scenario;
        if fault.answer == Some(Answer::VendorSilent) {
            let known = scenario.answering();
            return match fault.vendor.as_deref() {
                Some(name) if !known.contains(&name) => {
                    let help = match known.as_slice() {
                        [] => "in this drill no vendor answers at all".to_owned(),
                        some => crate::words::near(name, some),
                    };
                    Err(unfit(format!("nobody at `{name}` answers anyway")).help(help))
                }
                _ => Ok(()),
            };
        }
        self.known.may_happen(fault).map_err(|never| unfit(never.message).help(never.help))
    }

    fn mend(&self, by: &str, id: Option<u64>) -> Said {
        let meant = |fault: &ActiveFault| id.is_none_or(|id| fault.id == id);
        let what: Vec<String> =
            self.twins.faults().iter().filter(|fault| meant(fault)).map(super::view::fault_words).collect();
        if self.twins.remove_fault(id) == 0 {
            return Err(conflict("no such fault is on"));
        }
        self.keep_twins();
        let what = what.join("; ");
        let at_ms = self.clock.now_ms();
        self.stage.record.write(Line::Mended { faults: what.clone(), by: by.to_owned(), at_ms });
        Ok(format!("off: {what}"))
    }

    fn remark(&self, by: &str, sort: Remark, text: &str, goal: Option<String>) -> Said {
        let text = stanch_model::text::clean(text).trim().to_owned();
        if text.is_empty() || text.chars().count() > LONGEST {
            return Err(unfit(format!("write what: 1 to {LONGEST} characters")));
        }
        let goals = &self.stage.scenario.goals;
        if let Some(goal) = goal.as_ref().filter(|goal| !goals.contains_key(*goal)) {
            let known: Vec<&str> = goals.keys().map(String::as_str).collect();
            return Err(
                unfit(format!("there is no goal `{goal}`")).help(format!("goals are {}", known.join(", ")))
            );
        }
        let (who, sort_word, at_ms) = (by.to_owned(), sort.as_str().to_owned(), self.clock.now_ms());
        let goal = goal.unwrap_or_default();
        self.stage.record.write(Line::Observed { who, sort: sort_word, goal, text, at_ms });
        Ok(format!("{sort} written down"))
    }

    fn hint(&self, by: &str) -> Said {
        let hint = self.hints_taken();
        let Some(next) = self.stage.scenario.hints.get(hint) else {
            return Err(conflict("there is no further hint"));
        };
        let at_ms = self.clock.now_ms();
        self.stage.record.write(Line::Hinted { hint, who: by.to_owned(), at_ms });
        Ok(next.text.clone())
    }

    /// How many hints were taken.
    pub(super) fn hints_taken(&self) -> usize {
        self.stage.record.lines().iter().filter(|line| matches!(line, Line::Hinted { .. })).count()
    }

    fn by_hand(&self, by: &str, card: &str) -> Said {
        let Some((run, wait)) = self.wait(card) else {
            return Err(No::new(StatusCode::NOT_FOUND, "not_found", format!("nothing waits as `{card}`")));
        };
        let (stage, at_ms) = (&self.stage, self.clock.now_ms());
        match wait.kind {
            WaitKind::Manual => {
                let did = hands::by_hand(&stage.scenario.world, &wait, &stage.facts, &self.twins);
                let line = Line::ByHand { card: card.to_owned(), who: by.to_owned(), did, at_ms };
                let said = stage.words(&line).unwrap_or_default();
                stage.record.write(line);
                Ok(said)
            }
            WaitKind::InDoubt => {
                let call = stage.facts.read().call(&run, &wait.address);
                Ok(hands::looked(call.as_ref(), &self.twins).1)
            }
            _ => Err(unfit("this card asks for a word, and for no hand").help("answer it")),
        }
    }

    /// Whoever acts on a card read it at the server, which knows it a moment before we have heard of it.
    pub(super) async fn hear_of(&self, card: &str) {
        for _ in 0..HEARD {
            if self.wait(card).is_some() {
                return;
            }
            tokio::time::sleep(HEARING).await;
        }
    }

    /// What waits under this name, with its run.
    fn wait(&self, card: &str) -> Option<(String, WaitView)> {
        let (run, wait) = card.split_once(':').unwrap_or(("", card));
        let facts = self.stage.facts.read();
        let runs = facts.runs.iter().map(|(id, view)| (id.to_string(), view));
        let mut found = runs.filter(|(id, _)| run.is_empty() || id == run).filter_map(|(id, view)| {
            view.open_waits().find(|open| open.id == wait).map(|open| (id, open.clone()))
        });
        found.next()
    }

    fn stop(&self, by: &str, why: &str) -> Said {
        let why = stanch_model::text::clean(why).trim().to_owned();
        if why.is_empty() {
            return Err(unfit("say what really happens: it stands in the journal"));
        }
        let at = self.clock.run(0.0);
        self.clock_is(by, at);
        let at_ms = self.clock.now_ms();
        self.stage.record.write(Line::Stopped { who: by.to_owned(), why, at_ms });
        self.stopped.store(true, Ordering::SeqCst);
        Ok("everything stops; this is no exercise any more".to_owned())
    }
}
