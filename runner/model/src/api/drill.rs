//! A drill that people play: what the supervisor's own API shows to a seat.
//!
//! A seat is shown only what it may see: the fields that it may not are absent. Lengths are seconds on the scenario's
//! clock since the drill's start; moments are Unix ms on that clock.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Remark;
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
    /// What the drill is for: a name, a sentence. Remarks may be about one of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub goals: BTreeMap<String, String>,
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
    /// Its place in the plot: names it. Answers to what the players wrote come after all of that.
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
    /// About which goal, if about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goal: Option<String>,
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
    /// What the adversary does, in the order of the file; empty where the scenario has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adversary: Vec<MoveView>,
}

words! {
    /// How a move of the adversary stands.
    MoveState { /// Still to come.
        Waits = "waits", /// It works, and is made again.
        Works = "works", /// It worked.
        Done = "done", /// Access was cut.
        Failed = "failed" }
}

/// A move of the adversary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MoveView {
    /// Its place in the file.
    pub number: usize,
    /// What it is, in a line.
    pub what: String,
    /// When it comes: `once …`, `from the start`.
    pub when: String,
    /// How it stands.
    pub state: MoveState,
    /// When it was made last, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_s: Option<i64>,
    /// Times that it read, or grants that it made.
    pub got: u32,
    /// Why it failed; empty where it did not.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What the adversary got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Got {
    /// All that it read.
    pub reads: u32,
    /// Reads after the first cut.
    pub after_first_cut: u32,
    /// Grants and tokens that it made.
    pub made: u32,
    /// Moves that failed because access was cut.
    pub failed: u32,
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
    /// Who says something, where it is that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What they say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who changed it: it comes as it stands here, and not as in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_by: Option<String>,
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
    /// Its place in the file: names it.
    #[serde(default)]
    pub expectation: usize,
    /// Which goal it shows.
    pub goal: String,
    /// For people.
    pub say: String,
    /// What it counts as: `met`, `late`, `lost`, `missed`; `missed` is what has not come yet, too.
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
    /// An improvement that is still open is tested by it: it comes before the others.
    #[serde(default)]
    pub tested_first: bool,
    /// Who let it count as something else than was computed, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graded: Option<Graded>,
}

/// An expectation counts as something else than was computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Graded {
    /// As computed: `met`, `late`, `lost`, `missed`.
    pub came: String,
    /// Who said so.
    pub by: String,
    /// Why.
    pub why: String,
    /// When, seconds.
    pub at_s: i64,
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
    /// What the adversary got; absent where the scenario has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adversary: Option<Got>,
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
