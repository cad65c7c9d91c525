//! A drill that people play: what the supervisor's own API shows to a seat, and what a seat may order.
//!
//! A seat is shown only what it may see: the fields that it may not are absent. Lengths are seconds on the scenario's
//! clock since the drill's start; moments are Unix ms on that clock.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{clock::ClockAt, target::words};

words! {
    /// A place in a drill.
    SeatKind {
        /// Knows the hidden truth and holds the clock.
        Facilitator = "facilitator",
        /// Runs the response.
        Responder = "responder",
        /// Says yes or no.
        Approver = "approver",
        /// Looks on.
        Observer = "observer",
        /// Writes down strengths and gaps.
        Evaluator = "evaluator",
    }
}

impl SeatKind {
    /// Whether somebody acts for this seat while nobody sits there.
    pub fn is_played(self) -> bool {
        matches!(self, Self::Responder | Self::Approver)
    }
}

words! {
    /// What somebody writes down during a drill.
    Remark {
        /// Something that went well.
        Strength = "strength",
        /// Something that did not.
        Gap = "gap",
        /// Anything else.
        Note = "note",
    }
}

/// Who sits down, and where the server of the drill is: the answer to a code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DrillTicket {
    /// The seat.
    pub seat: SeatKind,
    /// Whose name one plays under.
    pub name: String,
    /// The server's address.
    pub server: String,
    /// This person's token there.
    pub token: String,
}

impl std::fmt::Debug for DrillTicket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DrillTicket({} as {} at {})", self.name, self.seat, self.server)
    }
}

/// A drill as one seat sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DrillView {
    /// The scenario's name.
    pub drill: String,
    /// One line for people.
    pub title: String,
    /// What everybody reads before it begins.
    pub briefing: String,
    /// The caller's seat.
    pub seat: SeatKind,
    /// The caller's name.
    pub name: String,
    /// When it began.
    pub start_ms: i64,
    /// How long it lasts, seconds.
    pub length_s: i64,
    /// What its clock goes by.
    pub clock: ClockAt,
    /// Who sits where.
    pub seats: Vec<DrillSeat>,
    /// What reached the players, oldest first.
    pub inbox: Vec<Letter>,
    /// Help that was taken, oldest first.
    pub hints: Vec<String>,
    /// What the next hint costs, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_hint: Option<u32>,
    /// Live grants of what is at stake, summed over the minutes since the first alert.
    pub token_minutes: i64,
    /// The incident behind it, and how long its first cut took, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub based_on: Option<RealIncident>,
    /// What people wrote down: one's own, or everybody's for the facilitator and the evaluator.
    pub remarks: Vec<Remarked>,
    /// For the facilitator alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Behind>,
    /// For the facilitator and the evaluator: what is hoped for, and how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hoped: Option<Vec<Hoped>>,
    /// Once it is over, for everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub debrief: Option<Box<Debrief>>,
}

/// The incident behind a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RealIncident {
    /// Its name and date.
    pub incident: String,
    /// What took how long then, seconds: `acknowledged`, `first_cut`, `told`, `contained`.
    pub took_s: BTreeMap<String, i64>,
}

/// A seat of a drill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DrillSeat {
    /// Which.
    pub seat: SeatKind,
    /// The person of the company who is played there.
    pub name: String,
    /// True once somebody sat down.
    pub taken: bool,
    /// How to sit down, for whoever may hand it out: `CODE@HOST:PORT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Something that reached the players.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Letter {
    /// Its place in the plot: names it.
    pub entry: usize,
    /// When, seconds.
    pub at_s: i64,
    /// `mail`, `chat`, `phone`, `press`, `regulator`, `executive`.
    pub channel: String,
    /// From whom.
    pub from: String,
    /// In their words.
    pub text: String,
}

/// What somebody wrote down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Remarked {
    /// When, seconds.
    pub at_s: i64,
    /// Who.
    pub who: String,
    /// What kind.
    pub sort: Remark,
    /// What.
    pub text: String,
}

/// What only the facilitator knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Behind {
    /// The plot, in the order of the file.
    pub plot: Vec<PlotView>,
    /// Faults that are on.
    pub faults: Vec<FaultView>,
    /// What is really so, in lines.
    pub truth: Vec<String>,
    /// The facilitator's page.
    pub page: String,
}

words! {
    /// What became of an entry of the plot.
    PlotState { /// Still to come.
        Waits = "waits", /// It happened.
        Fired = "fired", /// It was called off.
        Off = "off" }
}

/// An entry of the plot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlotView {
    /// Its place in the plot: names it.
    pub entry: usize,
    /// Its name, where it has one: it comes by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<String>,
    /// What happens, in a line.
    pub what: String,
    /// Why it happens, in a line: `at 6m`, `once …`, `unless … by 30m`, `by hand`.
    pub when: String,
    /// When it comes by the clock alone, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_s: Option<i64>,
    /// What became of it.
    pub state: PlotState,
    /// When that was, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_s: Option<i64>,
}

/// A fault that is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultView {
    /// Its number, to switch it off by.
    pub id: u64,
    /// In a line.
    pub what: String,
    /// When it ends by itself, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_s: Option<i64>,
    /// Calls that it made fail.
    pub fired: u64,
}

/// What is hoped for, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hoped {
    /// Which goal it shows.
    pub goal: String,
    /// For people.
    pub say: String,
    /// `met`, `late`, `lost`, `missed`; `missed` is what has not come yet, too.
    pub came: String,
    /// When it first came true, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_s: Option<i64>,
    /// By when it has to, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_s: Option<i64>,
    /// What it brought.
    pub points: u32,
    /// What it could.
    pub of: u32,
}

/// How a drill came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Debrief {
    /// Points, hints taken off.
    pub score: u32,
    /// All that there are.
    pub of: u32,
    /// Whether it is enough.
    pub passed: bool,
    /// Why it ended: `met`, `time`, `stopped`, `nothing left`.
    pub why: String,
    /// How long it took, seconds.
    pub took_s: i64,
    /// By goal.
    pub goals: Vec<GoalView>,
    /// What was measured, seconds since the first alert.
    pub took: BTreeMap<String, i64>,
    /// Points that hints cost.
    pub hints: u32,
    /// Kills of the runner.
    pub kills: u32,
    /// Effects that happened twice.
    pub doubled: i64,
    /// Apps that were changed and were not at stake.
    pub collateral: Vec<String>,
    /// What happened, oldest first.
    pub timeline: Vec<Happened>,
    /// To talk about: the question, and the answer to hope for.
    pub talk: Vec<(String, String)>,
    /// The server's data folder, for the report.
    pub data: String,
}

/// A goal and how well it was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoalView {
    /// Its name.
    pub goal: String,
    /// In a sentence.
    pub text: String,
    /// `P`, `S`, `M` or `U`.
    pub rating: String,
    /// What that letter means.
    pub means: String,
    /// What its expectations brought.
    pub points: u32,
    /// What they could.
    pub of: u32,
    /// What shows it.
    pub shown_by: Vec<Hoped>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Happened {
    /// When, seconds.
    pub at_s: i64,
    /// In a line.
    pub text: String,
}

/// What a seat orders. Durable in the drill's journal when it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum DrillOrder {
    /// The facilitator's: the clock stands.
    Pause,
    /// The facilitator's: the clock runs as before.
    Resume,
    /// The facilitator's: to the next moment at which the plot or an empty seat does something.
    Step,
    /// The facilitator's: so many seconds of the scenario for one of the wall.
    Speed {
        /// 1 to 600.
        rate: u32,
    },
    /// The facilitator's: so far ahead.
    Jump {
        /// Seconds from now.
        by_s: i64,
    },
    /// The facilitator's: an entry of the plot happens now.
    Fire {
        /// Its name, or its place in the plot.
        entry: String,
    },
    /// The facilitator's: an entry of the plot never happens.
    Skip {
        /// Its name, or its place in the plot.
        entry: String,
    },
    /// The facilitator's: a fault goes on. As in a scenario's file.
    Fault {
        /// `{ platform: okta, answer: 429, lasts: 5m }`, `{ kill_runner: true }`.
        fault: serde_json::Value,
    },
    /// The facilitator's: faults go off.
    FaultOff {
        /// Which; all of them unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Everybody's: something is written down.
    Remark {
        /// What kind.
        sort: Remark,
        /// What.
        text: String,
        /// About which goal, if about one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        goal: Option<String>,
    },
    /// The players': the next hint, at its price.
    Hint,
    /// The players': to do by hand what a card asks, or to look at what it asks about, on the simulated platforms.
    ByHand {
        /// The card: `<run>:<wait>`, or the wait alone.
        card: String,
    },
    /// Everybody's: something real happens. Everything stops, for good.
    Stop {
        /// What.
        why: String,
    },
}

impl DrillOrder {
    /// A fault in words: `okta 429 5m`, `okta.revoke_app_token revoke_does_nothing`, `kill_runner`; `off` and `off 3` end
    /// faults.
    pub fn fault(words: &str) -> Option<Self> {
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut fault = serde_json::Map::new();
        match words.as_slice() {
            ["off"] => return Some(Self::FaultOff { id: None }),
            ["off", id] => return Some(Self::FaultOff { id: Some(id.parse().ok()?) }),
            ["kill_runner"] => _ = fault.insert("kill_runner".to_owned(), true.into()),
            [place, answer, rest @ ..] if rest.len() < 2 => {
                let key = if place.contains('.') { "action" } else { "platform" };
                fault.insert(key.to_owned(), (*place).into());
                let status = answer.parse::<u16>().map(serde_json::Value::from);
                fault.insert("answer".to_owned(), status.unwrap_or_else(|_| (*answer).into()));
                if let [lasts] = rest {
                    fault.insert("lasts".to_owned(), (*lasts).into());
                }
            }
            _ => return None,
        }
        Some(Self::Fault { fault: fault.into() })
    }

    /// Whether this seat may.
    pub fn is_of(&self, seat: SeatKind) -> bool {
        match self {
            Self::Remark { .. } | Self::Stop { .. } => true,
            Self::Hint | Self::ByHand { .. } => seat.is_played(),
            _ => seat == SeatKind::Facilitator,
        }
    }
}

/// The answer to an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DrillDone {
    /// In a line.
    pub said: String,
    /// By whom, as recorded.
    pub by: String,
    /// The time of the drill, seconds.
    pub at_s: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_may_write_and_stop_and_only_the_facilitator_holds_the_clock() {
        let remark = DrillOrder::Remark { sort: Remark::Gap, text: String::new(), goal: None };
        let stop = DrillOrder::Stop { why: String::new() };
        for seat in SeatKind::ALL {
            assert!(remark.is_of(*seat) && stop.is_of(*seat));
            assert_eq!(DrillOrder::Pause.is_of(*seat), *seat == SeatKind::Facilitator);
            assert_eq!(DrillOrder::Hint.is_of(*seat), seat.is_played());
        }
    }

    #[test]
    fn a_fault_is_told_in_words() {
        let said =
            |words| DrillOrder::fault(words).map(|order| serde_json::to_value(order).unwrap_or_default());
        let want = serde_json::json!({ "order": "fault", "fault": { "platform": "okta", "answer": 429, "lasts": "5m" } });
        assert_eq!(said("okta 429 5m"), Some(want));
        assert_eq!(DrillOrder::fault("off 3"), Some(DrillOrder::FaultOff { id: Some(3) }));
        assert!(["", "okta", "off x", "okta 429 5m more"].iter().all(|words| said(words).is_none()));
    }

    #[test]
    fn an_order_is_one_word_and_what_it_needs() {
        let said = serde_json::json!({ "order": "speed", "rate": 60 });
        assert_eq!(serde_json::from_value::<DrillOrder>(said).ok(), Some(DrillOrder::Speed { rate: 60 }));
        let wrong = serde_json::json!({ "order": "speed", "rte": 60 });
        assert!(serde_json::from_value::<DrillOrder>(wrong).is_err());
    }
}
