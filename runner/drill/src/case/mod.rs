//! A case: one file that says in which world a playbook runs, what fails, what people answer, and what must come of it.
//!
//! Nothing here plays it. [`read`] and [`check()`] find what is wrong with the file, [`Ground`] is the company it is played in,
//! [`Told`] folds the journal, and [`judge()`] compares what was seen with what was hoped for.

mod check;
pub mod codes;
mod count;
mod ground;
mod judge;
mod library;
mod record;
mod told;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_integrations::twin::{Answer, Fault, FaultEffect, World};
use stanch_model::{Diagnostic, alert::AlertBody, yaml};

use crate::scenario::Span;

pub use crate::hands::{by_hand, looked};
pub use check::check;
pub use count::Count;
pub use ground::{Ground, STARTER};
pub use judge::{Miss, Seen, judge};
pub use library::{Found, in_folder, of_file};
pub use record::Recorded;
pub use told::{Message, Told};

/// The ids of the simulated platforms follow from this unless a case says otherwise.
pub const SEED: u64 = 7;

/// Where a case's clock begins unless it says otherwise.
pub const STARTS: &str = "2026-03-13T02:40:00Z";

/// Somebody who is not told when to speak takes this long to look, milliseconds.
pub const LOOKING_MS: i64 = 60_000;

/// A test of a playbook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, in a line.
    pub case: String,
    /// The inputs of a run that is started by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<BTreeMap<String, Value>>,
    /// The alert that starts the run instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<AlertBody>,
    /// Where its clock begins; RFC 3339, in UTC.
    #[schemars(with = "Option<String>")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Timestamp>,
    /// What the ids of the simulated platforms follow from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// What the simulated platforms hold at the start.
    #[serde(default)]
    pub world: World,
    /// No list of any platform gives more rows at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pages_of: Option<u32>,
    /// Platforms that are connected although nothing else here speaks of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub integrations: Vec<String>,
    /// What fails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fault: Vec<CaseFault>,
    /// What people say, by the name of the approval, question or manual step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub answers: BTreeMap<String, Replies>,
    /// What comes from outside, for `wait_for`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<SignalSpec>,
    /// What must come of it.
    pub expect: Expect,
}

/// Something that fails: a platform, or the runner itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CaseFault {
    /// The runner dies at once, and is started again on its journal: at an `entry`, a call of an `action`, or `once`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub kill_runner: bool,
    /// It dies as soon as so many entries of the whole journal are durable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// Which platform, by its name in the world; all where neither it nor `action` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Which action: `okta.revoke_app_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The first call that fails, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<u64>,
    /// How many calls fail: 1 where `call` is given, no end otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How long it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Span>,
    /// What happens instead: a status (`429`) or a word (`revoke_does_nothing`).
    #[schemars(with = "Option<Value>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The answer's own time: Retry-After, how old a stale read is, when the re-consent comes, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<Span>,
    /// `hidden_grant` and `reconsent_after`: how many grants appear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<u32>,
    /// Whether the effect happens before the answer goes wrong: `happens` or `none`.
    #[schemars(with = "Option<String>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<FaultEffect>,
    /// It begins as soon as this is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
}

impl CaseFault {
    /// As the twins take it; nothing where it is the runner that fails.
    pub fn for_twins(&self) -> Option<Fault> {
        let answer = self.answer?;
        Some(Fault {
            platform: None,
            integration: self.platform.clone(),
            action: self.action.clone(),
            vendor: None,
            call: self.call,
            count: self.count,
            lasts: self.lasts.map(|span| span.0),
            answer,
            delay: self.delay.map(|span| span.0),
            grants: self.grants,
            effect: self.effect,
        })
    }
}

/// What is said to one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a word such as approve, a map with `say:`, or a list of them")]
pub enum Replies {
    /// Always the same.
    Word(String),
    /// Always the same, said by somebody at some time.
    Spoken(Spoken),
    /// One after the other; the last one repeats.
    Each(Vec<Reply>),
}

/// One of several answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a word such as approve, or a map with `say:`")]
pub enum Reply {
    /// What.
    Word(String),
    /// What, by whom, when.
    Spoken(Spoken),
}

/// What is said, by whom, when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spoken {
    /// `approve`, `deny`, `done`, `failed`, an answer; `expire` for nothing at all.
    pub say: String,
    /// Who; those who are asked unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// How long after the question; a minute unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
    /// Why, as it is recorded.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Nobody answers.
pub const EXPIRE: &str = "expire";

impl Replies {
    /// What is said when it is asked for the `nth` time, from 0.
    pub fn nth(&self, nth: usize) -> Option<Spoken> {
        let word = |say: &String| Spoken { say: say.clone(), ..Spoken::default() };
        match self {
            Self::Word(say) => Some(word(say)),
            Self::Spoken(spoken) => Some(spoken.clone()),
            Self::Each(all) => all.get(nth).or_else(|| all.last()).map(|reply| match reply {
                Reply::Word(say) => word(say),
                Reply::Spoken(spoken) => spoken.clone(),
            }),
        }
    }

    /// All that may be said.
    pub(crate) fn all(&self) -> Vec<Spoken> {
        let count = if let Self::Each(all) = self { all.len() } else { 1 };
        (0..count).filter_map(|nth| self.nth(nth)).collect()
    }
}

/// Something that comes from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignalSpec {
    /// `vendor.replied`.
    pub name: String,
    /// How long after the start.
    #[serde(default)]
    pub after: Span,
    /// What the script gets.
    #[serde(default)]
    pub data: Value,
}

/// One text, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a text, or a list of texts")]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Texts {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// Who must have been written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a list of names, or a map of names to texts in their message")]
pub enum Hearers {
    /// These.
    Names(Vec<String>),
    /// These, with texts that stand together in one message.
    Texts(BTreeMap<String, Texts>),
}

/// Which questions were asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a list of the names of approvals, questions and manual steps in order, `[]` for none, or a map of names to how often"
)]
pub enum Asked {
    /// In the order in which each was first asked; no others.
    Names(Vec<String>),
    /// How often each; no others.
    Times(BTreeMap<String, usize>),
}

/// How a failed run ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorSpec {
    /// `denied`, `expired`, `refused`, ….
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A part of what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What must come of it. What is not named may be as it likes, but nothing happens twice and the run ends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// The second word that the run ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub containment: Option<stanch_model::Containment>,
    /// The first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<stanch_model::target::Ended>,
    /// The error of a failed run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorSpec>,
    /// Cut targets that were read back and found so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Count>,
    /// Cut, but something lives on until a known time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub residual: Option<Count>,
    /// A person says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attested: Option<Count>,
    /// Refused, or out of reach.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<Count>,
    /// May have happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_doubt: Option<Count>,
    /// A person said no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Count>,
    /// The platform said yes; nobody has looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Count>,
    /// Intended, and no answer yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requested: Option<Count>,
    /// Changes that the simulated platforms counted, by action or verb; an empty map for none at all, messages aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub writes: Option<BTreeMap<String, u64>>,
    /// Who was written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told: Option<Hearers>,
    /// Who was not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_told: Vec<String>,
    /// Steps, in this order; others may stand between.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<String>,
    /// The questions that were asked, and no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<Asked>,
    /// The run has not ended: it waits for these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<String>,
    /// Parts of its notes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Parts of the reasons why it is not better contained.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
    /// It ended so soon, on its own clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Span>,
    /// Effects beyond the first on the same target; none unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twice: Option<u64>,
    /// Conditions that hold at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub that: Option<Texts>,
}

impl Expect {
    /// The counts of targets by state, those that are given.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, &Count)> {
        let all = [
            ("verified", &self.verified),
            ("residual", &self.residual),
            ("attested", &self.attested),
            ("failed", &self.failed),
            ("in_doubt", &self.in_doubt),
            ("skipped", &self.skipped),
            ("accepted", &self.accepted),
            ("requested", &self.requested),
        ];
        all.into_iter().filter_map(|(state, count)| Some((state, count.as_ref()?)))
    }

    /// The conditions.
    pub fn that(&self) -> &[String] {
        self.that.as_ref().map_or(&[], Texts::all)
    }
}

impl Case {
    /// Where its clock begins.
    pub fn starts(&self) -> Timestamp {
        self.starts.or_else(|| STARTS.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

/// Whether a case counts targets by this word of theirs.
pub(crate) fn is_drafted(word: &str) -> bool {
    stanch_model::TargetState::parse(word).is_some()
}

/// Reads a case. `file` is its name in what is said about it.
///
/// # Errors
/// The first mistake: no YAML, an unknown or missing field, a value of the wrong type.
pub fn read(file: &str, text: &str) -> Result<Case, Box<Diagnostic>> {
    yaml::read(file, text, "TC0001")
}

/// The JSON Schema of a case.
pub fn schema() -> Value {
    schemars::schema_for!(Case).to_value()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stanch_integrations::Catalog;
    use stanch_playbooks::Library;

    use super::*;

    #[test]
    fn the_documented_case_reads_and_only_its_texts_are_made_up() {
        let page = include_str!("../../../../playbooks/CASES.md");
        let text = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a case");
        let case = read("CASES.md", text).unwrap_or_else(|why| panic!("{}", why.one_line()));
        let library = Arc::new(Library::embedded());
        let ground = Ground {
            playbook: library.get("oauth-app-compromise").expect("it ships"),
            library,
            catalog: Arc::new(Catalog::embedded()),
            configured: BTreeMap::new(),
        };
        let found: Vec<String> =
            check("CASES.md", text, &case, &ground).iter().map(Diagnostic::one_line).collect();
        assert_eq!(found, Vec::<String>::new());
        assert_eq!(case.fault.iter().filter(|fault| fault.kill_runner).count(), 2);
        for answer in Answer::WORDS {
            assert!(page.contains(&format!("`{answer}`")), "{answer} is not on the page");
        }
    }
}
