//! Waits: what a run waits for, who is asked, who said what, how it ended.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ids::Address, target::Target};

/// What a wait is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitKind {
    /// A yes or a no.
    Approval,
    /// A question with an answer.
    Question,
    /// A person does something on a target and says `done` or `failed`.
    Manual,
    /// May have happened: `done`, `retry`, `skip`, `abort`.
    InDoubt,
    /// A time.
    Timer,
    /// A signal.
    Signal,
    /// A child run.
    Child,
    /// A guard: `go_on`, `skip`, and `look_again` where something could not be read.
    Guard,
}

impl WaitKind {
    /// True when a person must answer.
    pub fn needs_person(self) -> bool {
        matches!(self, Self::Approval | Self::Question | Self::Manual | Self::InDoubt | Self::Guard)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approval => "approval",
            Self::Question => "question",
            Self::Manual => "manual",
            Self::InDoubt => "in_doubt",
            Self::Timer => "timer",
            Self::Signal => "signal",
            Self::Child => "child",
            Self::Guard => "guard",
        }
    }

    /// The letter that its ids begin with.
    pub fn letter(self) -> char {
        match self {
            Self::Approval => 'A',
            Self::Question => 'Q',
            Self::Manual => 'M',
            Self::InDoubt => 'D',
            Self::Timer => 'T',
            Self::Signal => 'S',
            Self::Child => 'C',
            Self::Guard => 'G',
        }
    }
}

/// How a wait was closed by somebody who was not asked, or not enough: alone, with a reason that everybody hears.
pub const BREAK_GLASS: &str = "break_glass";

/// An open or closed wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaitView {
    /// `A1`.
    pub id: String,
    /// What for.
    pub kind: WaitKind,
    /// The step.
    pub address: Address,
    /// Its name in the script.
    pub name: String,
    /// The question.
    pub text: String,
    /// Fixed answers.
    pub options: Vec<String>,
    /// What it covers.
    pub targets: Vec<Target>,
    /// Who is asked now.
    pub ask: Vec<String>,
    /// Who next; the last is the decision.
    pub ladder: Vec<String>,
    /// How many must say yes.
    pub of: u32,
    /// Length of a rung, ms.
    pub within_ms: i64,
    /// Unix ms.
    pub due_ms: Option<i64>,
    /// Raised by the engine for effects that no approval covered.
    pub card: bool,
    /// RFC 3339: since when.
    pub since: String,
    /// Who said what so far.
    pub decisions: Vec<DecisionView>,
    /// Who reminded those who are asked, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminded: Vec<Reminder>,
    /// The end, if it has one.
    pub closed: Option<ClosedView>,
}

/// Somebody reminded those who are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reminder {
    /// Who.
    pub who: String,
    /// When, Unix ms on the run's clock.
    pub at_ms: i64,
}

/// A decision on a wait.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionView {
    /// Who.
    pub who: String,
    /// What.
    pub say: String,
    /// Through what.
    pub channel: String,
    /// Why.
    pub reason: String,
    /// When, Unix ms on the run's clock.
    #[serde(default)]
    pub at_ms: i64,
    /// Said alone, by somebody who was not asked or may not be enough: everybody is told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub break_glass: bool,
    /// Said by somebody of a later rung of the ladder, before that rung was asked: it counts as any other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub early: bool,
}

impl DecisionView {
    /// Through what it was said, and whether before it was asked for: `, through cli, before being asked`.
    pub fn manner(&self) -> String {
        manner(&self.channel, self.early)
    }
}

/// The same of a word that is not folded yet.
pub fn manner(channel: &str, early: bool) -> String {
    format!("{}{}", through(channel), if early { ", before being asked" } else { "" })
}

/// `, through cli`; nothing where nobody spoke, or in what was written before channels were.
pub fn through(channel: &str) -> String {
    if channel.is_empty() { String::new() } else { format!(", through {channel}") }
}

/// How a wait ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClosedView {
    /// The answer.
    pub say: String,
    /// `person`, `expired`, …
    pub by: String,
    /// The people.
    pub who: String,
    /// Data.
    pub value: Value,
    /// When, Unix ms on the run's clock.
    #[serde(default)]
    pub at_ms: i64,
    /// Position of the entry in its stream: what an intent cites.
    pub version: u64,
}

impl WaitView {
    /// The groups or people of an approval's ladder who are not asked yet: what silence means at its end is none of them.
    pub fn rungs(&self) -> &[String] {
        match self.kind {
            WaitKind::Approval => self.ladder.split_last().map_or(&[], |(_, rungs)| rungs),
            _ => &[],
        }
    }

    /// The different people who said this, in their order.
    pub fn said(&self, say: &str) -> Vec<&str> {
        let mut people: Vec<&str> = Vec::new();
        for decision in self.decisions.iter().filter(|decision| decision.say == say) {
            if !people.contains(&decision.who.as_str()) {
                people.push(&decision.who);
            }
        }
        people
    }

    /// The word by which somebody let it go alone, if that ended it.
    pub fn broken(&self) -> Option<&DecisionView> {
        self.closed.as_ref().filter(|closed| closed.by == BREAK_GLASS)?;
        self.decisions.iter().rev().find(|decision| decision.break_glass)
    }

    /// When the yes to this approval was given: by the last person who said it, or else when it was closed; Unix ms.
    pub fn granted_ms(&self) -> Option<i64> {
        let closed = self.closed.as_ref().filter(|closed| closed.say == "approve")?;
        Some(self.decisions.last().map_or(closed.at_ms, |decision| decision.at_ms))
    }
}
