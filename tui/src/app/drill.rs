//! A seat of a drill: what its keys do, and what its answers mean.

use stanch_model::api::{DrillDone, DrillOrder, DrillView, Grade, PlotState, Remark, SeatKind};

use super::{App, Screen};
use crate::{
    ask::{Ask, Intent, Order, Trouble},
    command::Command,
    overlays::{Form, Observation, Overlay, Purpose},
    screens::facilitator::{self, Chosen},
    words,
};

/// What the clock of a drill runs at, slower and faster.
const RATES: [u32; 9] = [1, 2, 5, 10, 30, 60, 120, 300, 600];

impl App {
    /// Moves to where something began: the facilitator to their screen, everybody to the debrief.
    pub(super) fn turns(&mut self, before: Option<&DrillView>) {
        let Some(drill) = self.live.drill.clone() else { return };
        let Some(before) = before else {
            match drill.seat {
                _ if drill.debrief.is_some() => self.screen = Screen::Debrief,
                SeatKind::Facilitator => self.screen = Screen::Facilitator,
                _ => self.read("Briefing", &briefing(&drill)),
            }
            return;
        };
        if before.debrief.is_none() && drill.debrief.is_some() {
            self.overlays.clear();
            self.screen = Screen::Debrief;
        }
    }

    /// The answer to what was ordered here.
    pub(super) fn ordered(&mut self, done: Result<DrillDone, Trouble>) {
        self.stale.insert(Ask::Drill);
        match done {
            Ok(done) => self.say(words::sentence(&done.said), false),
            Err(trouble) => {
                let help = trouble.help.map_or_else(String::new, |help| format!("; {help}"));
                self.say(format!("{}{help}", trouble.why), true);
            }
        }
    }

    /// Orders something at the seat. It never takes the card that may be open for its own.
    pub(super) fn order_in_drill(&mut self, order: DrillOrder) -> Intent {
        let number = self.number();
        self.say("sending", false);
        Intent::Order(number, Order::Drill(order))
    }

    /// False where the seat may not, or there is nothing to be done.
    pub(super) fn may_in(&self, drill: &DrillView, command: Command) -> bool {
        let plays = drill.seat.is_played() && drill.debrief.is_none();
        let directs = drill.behind.is_some() && drill.debrief.is_none();
        let stands = drill.clock.rate == 0.0;
        match command {
            Command::Observe | Command::Briefing | Command::Seats => true,
            Command::StopWord => drill.debrief.is_none(),
            Command::Hint => plays && drill.next_hint.is_some(),
            Command::ByHand => {
                use stanch_model::run::WaitKind::{InDoubt, Manual};
                let card = self.card().map(|card| &card.card.wait);
                plays
                    && card.is_some_and(|wait| matches!(wait.kind, Manual | InDoubt) && wait.closed.is_none())
            }
            Command::ClockStands => directs && !stands,
            Command::ClockRuns => directs && stands,
            Command::Faster => directs && next_rate(drill, true).is_some(),
            Command::Slower => directs && next_rate(drill, false).is_some(),
            Command::Fire => directs && matches!(facilitator::chosen(self), Some(Chosen::Entry(_))),
            Command::Skip => {
                directs && matches!(facilitator::chosen(self), Some(Chosen::Entry(_) | Chosen::Fault(_)))
            }
            Command::Edit => {
                directs
                    && facilitator::entry(self).is_some_and(|one| one.text.is_some() || one.due_s.is_some())
            }
            // people still look at how it came out while it is graded
            Command::Grade => drill.behind.is_some() && facilitator::hoped(self).is_some(),
            Command::ReadWhole => facilitator::whole(self).is_some(),
            Command::Page => drill.behind.is_some(),
            _ => directs,
        }
    }

    /// Does what a seat's key means.
    pub(super) fn at_seat(&mut self, command: Command) -> Option<Intent> {
        let drill = self.live.drill.clone()?;
        let order = match command {
            Command::ClockStands => DrillOrder::Pause,
            Command::ClockRuns => DrillOrder::Resume,
            Command::ClockStep => DrillOrder::Step,
            Command::Faster => DrillOrder::Speed { rate: next_rate(&drill, true)? },
            Command::Slower => DrillOrder::Speed { rate: next_rate(&drill, false)? },
            Command::Fire => match facilitator::chosen(self)? {
                Chosen::Entry(entry) => DrillOrder::Fire { entry: entry.to_string() },
                _ => return None,
            },
            Command::Skip => match facilitator::chosen(self)? {
                Chosen::Entry(entry) => DrillOrder::Skip { entry: entry.to_string() },
                Chosen::Fault(id) => DrillOrder::FaultOff { id: Some(id) },
                _ => return None,
            },
            Command::ByHand => DrillOrder::ByHand { card: self.card()?.card.id.clone() },
            _ => {
                self.asks_or_shows(command, &drill);
                return None;
            }
        };
        Some(self.order_in_drill(order))
    }

    fn asks_or_shows(&mut self, command: Command, drill: &DrillView) {
        match command {
            Command::Observe => self.observe(Remark::Strength, drill),
            Command::NoteDown => self.observe(Remark::Note, drill),
            Command::Edit => {
                let form = facilitator::entry(self).map(Form::of_entry);
                form.into_iter().for_each(|form| self.overlays.push(Overlay::Form(form)));
            }
            Command::Grade => {
                let Some((expectation, say)) =
                    facilitator::hoped(self).map(|one| (one.expectation, one.say.clone()))
                else {
                    return;
                };
                self.write(&say, "", Purpose::Grade(expectation, Some(Grade::Met)));
            }
            Command::ReadWhole => {
                let whole = facilitator::whole(self);
                whole.into_iter().for_each(|(title, text)| self.read(title, &text));
            }
            Command::Hint => {
                let title = format!("A hint costs {} points", drill.next_hint.unwrap_or(0));
                self.write(&title, "Enter takes it", Purpose::Hint);
            }
            Command::StopWord => {
                let label = "what really happens; the drill ends for everybody, for good";
                self.write("STOP: this is no exercise", label, Purpose::Stop);
            }
            Command::Jump => self.write("Go ahead", "how far: 10m, 1h30m", Purpose::Jump),
            Command::Fault => {
                let label = "okta 429 5m, okta.revoke_app_token revoke_does_nothing, kill_runner";
                self.write("Something fails", label, Purpose::Fault);
            }
            Command::Briefing => self.read("Briefing", &briefing(drill)),
            Command::Seats => self.read("Seats", &seats(drill)),
            Command::Page => {
                let page = drill.behind.as_ref().map_or_else(String::new, |behind| behind.page.clone());
                self.read("For the facilitator", &page);
            }
            _ => {}
        }
    }

    /// Something is written down; the goal that is chosen, or that of what is chosen, is what it is about.
    fn observe(&mut self, sort: Remark, drill: &DrillView) {
        let goals: Vec<(String, String)> =
            drill.goals.iter().map(|(goal, text)| (goal.clone(), text.clone())).collect();
        let chosen = facilitator::hoped(self).map(|one| one.goal.as_str());
        let goal = goals.iter().position(|(goal, _)| Some(goal.as_str()) == chosen);
        self.write("", "", Purpose::Observe(Observation { sort, goals, goal }));
    }
}

/// The next rate in this direction, if there is one.
fn next_rate(drill: &DrillView, faster: bool) -> Option<u32> {
    let beyond = |rate: &u32| match faster {
        true => f64::from(*rate) > drill.clock.rate,
        false => f64::from(*rate) < drill.clock.rate,
    };
    let mut beyond = RATES.into_iter().filter(beyond);
    if faster { beyond.next() } else { beyond.next_back() }
}

fn briefing(drill: &DrillView) -> String {
    let seat = format!("You are {}, {}.", drill.name, drill.seat);
    let keys = match drill.seat {
        seat if seat.is_played() => "Enter reads the card that waits. I is your inbox, ? shows every key.",
        _ => "o writes down what you see. ? shows every key.",
    };
    // a scenario's lines are as long as its file's: only empty ones part
    let paragraphs: Vec<String> = drill
        .briefing
        .split("\n\n")
        .map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    format!("{}\n\n{}\n\n{seat} {keys}", drill.title, paragraphs.join("\n\n"))
}

fn seats(drill: &DrillView) -> String {
    let line = |seat: &stanch_model::api::DrillSeat| {
        let who = match (seat.taken, seat.seat.is_played()) {
            (true, _) => "taken",
            (false, true) => "played by a stand-in",
            (false, false) => "empty",
        };
        let code = seat.code.as_ref().filter(|_| seat.seat != drill.seat);
        let join = code.map_or_else(String::new, |code| format!("\n   stanch drill join {code}"));
        format!("{}, {}: {who}{join}", seat.name, seat.seat)
    };
    drill.seats.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Entries of the plot that are to come: those whose time is known first, the earliest first.
pub(crate) fn to_come(drill: &DrillView) -> Vec<&stanch_model::api::PlotView> {
    let plot = drill.behind.iter().flat_map(|behind| &behind.plot);
    let mut waiting: Vec<_> = plot.filter(|one| one.state == PlotState::Waits).collect();
    waiting.sort_by_key(|one| (one.due_s.is_none(), one.due_s, one.by_hand.is_some(), one.entry));
    waiting
}
