//! The shape of a report, which is its JSON form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stanch_model::{api::DeadlineView, shortened::short};

use super::came::{Came, Graded};
pub use crate::page::Tone;

/// The name of this form. It changes when a reader of the old one would misread the new one.
pub const FORM: &str = "stanch-report/1";

/// An after-action report. Times that end in `_s` are seconds since `began`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Names this form.
    pub form: String,
    /// What it is about.
    pub about: About,
    /// Its id: of the incident or run, or the drill's name.
    pub id: String,
    /// One line.
    pub title: String,
    /// Nothing of it happened: a drill.
    pub exercise: bool,
    /// How it came out.
    pub verdict: Verdict,
    /// Where its time begins, RFC 3339: the first alert, the first run, or the start of the scenario.
    pub began: String,
    /// What, when, who, with what.
    pub facts: Vec<Fact>,
    /// What was planned and what happened, in order.
    pub timeline: Vec<Moment>,
    /// For a drill: its points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<Points>,
    /// For a drill: improvements that were open when it began, and how they came out: tested before anything else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tested: Vec<Tested>,
    /// The objectives with what shows them.
    pub objectives: Vec<Objective>,
    /// What took how long, here and in the real incident.
    pub measures: Vec<Measure>,
    /// What was counted.
    pub figures: Vec<Fact>,
    /// Cut targets that were open, and those not yet proven, over time.
    pub exposure: Vec<Level>,
    /// The cut targets as they stand, counted.
    pub targets: Vec<TargetGroup>,
    /// The notification clocks.
    pub deadlines: Vec<DeadlineView>,
    /// What went well.
    pub strengths: Vec<Point>,
    /// What did not.
    pub gaps: Vec<Point>,
    /// What is to be done about it.
    pub improvements: Vec<Improvement>,
    /// What the playbooks that ran are tagged with.
    pub coverage: Vec<Cover>,
    /// The debrief: questions with the answer to hope for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub talk: Vec<Talk>,
    /// Where the journal's streams stood when this was written: what the positions above count in.
    pub heads: Vec<Head>,
}

/// What a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An incident with all its runs.
    Incident,
    /// One run with its children.
    Run,
    /// A drill.
    Drill,
}

impl About {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incident => "incident",
            Self::Run => "run",
            Self::Drill => "drill",
        }
    }
}

/// How it came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// A sentence.
    pub text: String,
    /// How good that is.
    pub tone: Tone,
}

/// Something with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// What it is.
    pub value: String,
}

impl Fact {
    /// A fact of this name.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: value.into() }
    }
}

/// A place in a journal: a stream, and the version of an entry in it, or of the first and last of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// `run/…`, `incident/…`, `alert/…`; `drill` is the drill's own journal.
    pub stream: String,
    /// The entry's version.
    pub version: u64,
    /// The last one's, where it is more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<u64>,
}

impl Place {
    /// One entry.
    pub fn of(entry: &stanch_model::Entry) -> Self {
        Self { stream: entry.header.stream.to_string(), version: entry.header.version, through: None }
    }

    /// `run 8I9O0P1A 412`, `drill 7`.
    pub fn words(&self) -> String {
        let stream = match self.stream.split_once('/') {
            Some((kind, id)) => format!("{kind} {}", short(id)),
            None => self.stream.clone(),
        };
        match self.through {
            Some(last) => format!("{stream} {}\u{2013}{last}", self.version),
            None => format!("{stream} {}", self.version),
        }
    }
}

/// Whose doing something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// What came from outside, in a drill by its plot.
    Outside,
    /// What people said and did.
    People,
    /// The parts of the response, as the playbook names them.
    Phases,
    /// What the playbook did.
    Response,
    /// What became of what was cut.
    Targets,
}

impl Lane {
    /// All of them, from the top.
    pub const ALL: [Self; 5] = [Self::Outside, Self::People, Self::Phases, Self::Response, Self::Targets];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Outside => "outside",
            Self::People => "people",
            Self::Phases => "phases",
            Self::Response => "response",
            Self::Targets => "targets",
        }
    }
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// For a plot: when it was to happen, in words; empty for what nobody planned.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub planned: String,
    /// The same, where that is a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_s: Option<i64>,
    /// When it happened; nothing when it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_s: Option<i64>,
    /// When the last of several happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_s: Option<i64>,
    /// Whose doing.
    pub lane: Lane,
    /// What kind of thing, in a word.
    pub mark: String,
    /// What.
    pub text: String,
    /// How good.
    pub tone: Tone,
    /// What shows it.
    pub places: Vec<Place>,
}

/// Points of a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Points {
    /// Those that were got, hints taken off.
    pub got: u32,
    /// All that there are.
    pub of: u32,
    /// What hints cost.
    pub hints: u32,
    /// Whether it is enough; nothing while it is not over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
}

/// How well an objective was reached: the four words of HSEEP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Rating {
    /// Performed without challenges.
    P,
    /// Performed with some challenges.
    S,
    /// Performed with major challenges.
    M,
    /// Unable to be performed.
    U,
}

impl Rating {
    /// By the share of points.
    pub fn of(points: u32, of: u32) -> Self {
        match u64::from(points) * 100 / u64::from(of.max(1)) {
            100.. => Self::P,
            70.. => Self::S,
            40.. => Self::M,
            _ => Self::U,
        }
    }

    /// The letter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::P => "P",
            Self::S => "S",
            Self::M => "M",
            Self::U => "U",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::P => "performed without challenges",
            Self::S => "performed with some challenges",
            Self::M => "performed with major challenges",
            Self::U => "unable to be performed",
        }
    }
}

/// An objective.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Objective {
    /// Its name.
    pub name: String,
    /// In a sentence.
    pub text: String,
    /// How well it was reached; nothing while nothing can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<Rating>,
    /// What its expectations brought.
    pub points: u32,
    /// What they could.
    pub of: u32,
    /// What shows it.
    pub expectations: Vec<Expectation>,
}

/// What was hoped for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Expectation {
    /// For people.
    pub say: String,
    /// The condition; empty where the journal's own rules are the condition.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub that: String,
    /// What it counts as.
    pub came: Came,
    /// Who let it count as something else than was computed, if somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graded: Option<Graded>,
    /// When it came true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_s: Option<i64>,
    /// By when it had to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_s: Option<i64>,
    /// What it brought.
    pub points: u32,
    /// What it could.
    pub of: u32,
    /// Where the journal shows it.
    pub evidence: Vec<Place>,
}

/// What took how long, from the first alert on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Measure {
    /// What.
    pub what: String,
    /// Here; nothing when it did not happen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub here_s: Option<i64>,
    /// In the real incident, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub then_s: Option<i64>,
}

/// What was at stake from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Level {
    /// From then on.
    pub at_s: i64,
    /// Targets that no platform had given up.
    pub open: u64,
    /// Targets that were not proven, residual or attested.
    pub unproven: u64,
}

/// Targets that stand alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetGroup {
    /// The integration.
    pub integration: String,
    /// By which verb.
    pub verb: String,
    /// How they stand: a state, `given_back` or `released`.
    pub state: String,
    /// How many.
    pub count: u64,
    /// How good that is.
    pub tone: Tone,
    /// For `residual`: until when at the latest, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Reasons, proofs, persons, each once; at most a few.
    pub why: Vec<String>,
}

/// A strength or a gap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// What.
    pub text: String,
    /// Who noted it; nobody where the journal shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// About which objective, if about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub objective: Option<String>,
    /// Where the journal shows it.
    pub places: Vec<Place>,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Improvement {
    /// Its number among the improvements that are kept; nothing for one that is only proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// What.
    pub text: String,
    /// About which playbook.
    pub playbook: String,
    /// Who does it.
    pub owner: String,
    /// By when, `2026-12-26`.
    pub due: String,
    /// `proposed`, `open` or `closed`.
    pub state: String,
}

/// An improvement that was open when a drill began, and how its expectation came out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tested {
    /// Its number.
    pub number: u64,
    /// What was to be done.
    pub text: String,
    /// Who.
    pub owner: String,
    /// By when.
    pub due: String,
    /// How it came out; nothing where this drill expects nothing that would show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<Came>,
    /// Where the journal shows it.
    pub evidence: Vec<Place>,
}

/// A tag of a playbook that ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cover {
    /// `RE&CT`, `D3FEND`, `ATT&CK`, `CACAO`, `CSF`; `own` for ours.
    pub scheme: String,
    /// `RA4601`.
    pub tag: String,
    /// What it is called, where we know.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The playbooks that carry it.
    pub playbooks: Vec<String>,
}

/// A question of the debrief.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Talk {
    /// The question.
    pub ask: String,
    /// The answer to hope for.
    pub hope: String,
}

/// Where a stream of a journal stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// The stream.
    pub stream: String,
    /// Its entries.
    pub entries: u64,
    /// The hash of the last one.
    pub hash: String,
}

impl Head {
    /// Of a stream that is read whole; nothing of an empty one.
    pub fn of(entries: &[stanch_model::Entry]) -> Option<Self> {
        let last = entries.last()?;
        Some(Self {
            stream: last.header.stream.to_string(),
            entries: last.header.version,
            hash: last.hash.to_string(),
        })
    }
}

/// The JSON Schema of a report.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Report).to_value()
}
