//! What empty seats say of clocks: that a notice was sent, or that none is owed, so long after the clock began to count.
//!
//! Whether it was in time is for the facts to say. Nobody speaks for a seat that is taken.

use std::collections::BTreeSet;

use stanch_client::{Client, ClientError};
use stanch_response::incident::deadline_id;

use crate::{
    company::{self, Person},
    facts::Facts,
    record::Line,
    scenario::Scenario,
    seats::recorded,
};

/// Who speaks for the company to those outside.
const SPEAKERS: &str = "security-manager";

/// Something that is to be said of a clock.
pub(crate) struct Word {
    pub(crate) who: Person,
    /// The clock's id in its incident.
    pub(crate) clock: String,
    /// When, Unix ms.
    pub(crate) due_ms: i64,
    incident: String,
    rule: String,
    say: String,
    why: String,
}

/// What will be said of the clocks that run now.
pub(crate) fn words(scenario: &Scenario, facts: &Facts, is_taken: &dyn Fn(&Person) -> bool) -> Vec<Word> {
    let Some(who) = company::asked(&[SPEAKERS.to_owned()], scenario).into_iter().next() else {
        return Vec::new();
    };
    if is_taken(&who) {
        return Vec::new();
    }
    let (mut seen, mut words) = (BTreeSet::new(), Vec::new());
    for (incident, clock) in facts.clocks() {
        let Some(says) = scenario.stand_in.get(&clock.deadline) else { continue };
        let id = deadline_id(clock);
        if facts.settled(&incident, clock).is_some() || !seen.insert((incident.clone(), id.clone())) {
            continue;
        }
        let anchor_ms =
            clock.anchor.parse::<jiff::Timestamp>().map_or(facts.now_ms, jiff::Timestamp::as_millisecond);
        words.push(Word {
            who,
            clock: id,
            due_ms: anchor_ms.saturating_add(says.after.ms()),
            incident,
            rule: clock.deadline.clone(),
            say: says.say.clone(),
            why: says.why.clone(),
        });
    }
    words
}

impl Word {
    /// Says it. False when the server died before it said that it has it.
    pub(crate) async fn give(&self, client: &Client) -> Result<bool, ClientError> {
        let why = if self.why.is_empty() { "played by a stand-in" } else { &self.why };
        let given = match self.say.as_str() {
            "waived" => client.waive_deadline(&self.incident, &self.clock, why).await,
            _ => client.deadline_sent(&self.incident, &self.clock, why).await,
        };
        recorded(given.map(drop))
    }

    /// As it stands in the record.
    pub(crate) fn line(&self, at_ms: i64) -> Line {
        Line::StoodIn {
            card: format!("{}:{}", self.incident, self.clock),
            name: self.rule.clone(),
            who: self.who.name.to_owned(),
            say: self.say.clone(),
            at_ms,
        }
    }
}
