//! Where the server's journal shows that an expectation came true: the entries that its words are about, up to the moment
//! at which it did.

use std::collections::HashMap;

use jiff::Timestamp;
use stanch_model::{
    Address, Effect, Entry, TargetState, incident,
    run::{body, kind},
};
use stanch_response::report::Place;

/// So many places are enough to look at.
const MOST: usize = 6;

/// The director looks after the journal: what it saw may be this much older than its own line, ms.
const SLACK_MS: i64 = 1_000;

/// What an entry is about.
#[derive(Debug, PartialEq, Eq, Hash)]
enum About {
    /// A step: an action, a verb, a host call, the name of evidence.
    Step(String),
    /// A platform gave something up.
    Cut(String),
    /// A target was proven, is residual or attested.
    Proof,
    /// An approval or question was asked, somebody answered it.
    Asked(String),
    Answered(String),
    /// A clock began to run, somebody stopped it.
    Clock(String),
    Stopped(String),
    /// A run of a playbook began.
    Ran(String),
    /// A message went out: to whom, through what.
    Told(String),
}

/// The entries of the runs of a drill, by what they are about.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    found: HashMap<About, Vec<(i64, Place)>>,
}

impl Evidence {
    pub(super) fn of(runs: &[Vec<Entry>], incident: &[Entry]) -> Self {
        let mut evidence = Self::default();
        for entries in runs.iter().map(Vec::as_slice).chain([incident]) {
            let mut reader = Reader { evidence: &mut evidence, cards: HashMap::new(), calls: HashMap::new() };
            entries.iter().for_each(|entry| reader.take(entry));
        }
        evidence
    }

    /// Where it shows that this condition was true at that moment.
    pub(super) fn show(&self, that: &str, at_ms: i64) -> Vec<Place> {
        let mut places: Vec<Place> = Vec::new();
        for (word, arg) in words(that) {
            for place in self.places(word, arg, at_ms + SLACK_MS) {
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        places.truncate(MOST);
        places
    }

    fn places(&self, word: &str, arg: &str, until_ms: i64) -> Vec<Place> {
        let name = || arg.to_owned();
        match word {
            "first" | "done" => self.first(&About::Step(name()), until_ms),
            "revoked" => self.all(&About::Cut(name()), until_ms),
            "verified" | "live" | "blocked" => self.all(&About::Proof, until_ms),
            "asked" => self.first(&About::Asked(name()), until_ms),
            "approver" | "answer" => self.last(&About::Answered(name()), until_ms),
            "started" => self.first(&About::Clock(name()), until_ms),
            "sent" => self.all(&About::Stopped(name()), until_ms),
            "ran" => self.first(&About::Ran(name()), until_ms),
            "told" => self.told(arg, until_ms),
            _ => Vec::new(),
        }
    }

    fn until<'a>(&'a self, about: &About, until_ms: i64) -> impl DoubleEndedIterator<Item = &'a Place> {
        let found = self.found.get(about).map(Vec::as_slice).unwrap_or_default().iter();
        found.filter(move |(at, _)| *at <= until_ms).map(|(_, place)| place)
    }

    fn first(&self, about: &About, until_ms: i64) -> Vec<Place> {
        self.until(about, until_ms).next().cloned().into_iter().collect()
    }

    fn last(&self, about: &About, until_ms: i64) -> Vec<Place> {
        self.until(about, until_ms).next_back().cloned().into_iter().collect()
    }

    /// From the first to the last, for each stream.
    fn all(&self, about: &About, until_ms: i64) -> Vec<Place> {
        let mut spans: Vec<Place> = Vec::new();
        for place in self.until(about, until_ms) {
            match spans.iter_mut().find(|span| span.stream == place.stream) {
                Some(span) => span.through = Some(place.version),
                None => spans.push(place.clone()),
            }
        }
        spans
    }

    /// To them, or else any: a channel of `tell:` stands for people that the entry does not name.
    fn told(&self, who: &str, until_ms: i64) -> Vec<Place> {
        let (mut theirs, mut any) = (None, None);
        for (about, places) in &self.found {
            let About::Told(to) = about else { continue };
            let first = places.iter().find(|(at, _)| *at <= until_ms);
            let earlier =
                |old: Option<&(i64, Place)>, new: &(i64, Place)| old.is_none_or(|old| new.0 < old.0);
            if let Some(first) = first.filter(|first| earlier(any, first)) {
                any = Some(first);
            }
            if let Some(first) = first.filter(|first| to.contains(who) && earlier(theirs, first)) {
                theirs = Some(first);
            }
        }
        theirs.or(any).map(|(_, place)| place.clone()).into_iter().collect()
    }
}

/// `word("argument")` in a condition.
fn words(that: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for (at, _) in that.match_indices("(\"") {
        let before = &that[..at];
        let from = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |from| from + 1);
        let rest = &that[at + 2..];
        if let Some(end) = rest.find('"') {
            found.push((&before[from..], &rest[..end]));
        }
    }
    found
}

struct Reader<'a> {
    evidence: &'a mut Evidence,
    /// Waits by their names.
    cards: HashMap<String, String>,
    calls: HashMap<Address, (String, body::CallIntent)>,
}

impl Reader<'_> {
    fn keep(&mut self, entry: &Entry, about: About) {
        let at = entry.header.time.parse::<Timestamp>().map_or(0, Timestamp::as_millisecond);
        self.evidence.found.entry(about).or_default().push((at, Place::of(entry)));
    }

    fn take(&mut self, entry: &Entry) {
        match entry.header.kind.as_str() {
            kind::CREATED => {
                if let Ok(created) = entry.decode::<body::Created>() {
                    self.keep(entry, About::Ran(created.playbook));
                }
            }
            incident::kind::DEADLINE_SETTLED => {
                if let Ok(said) = entry.decode::<incident::DeadlineSettled>() {
                    // `contract:Drift` is a clock of the rule `contract`
                    let rule = said.deadline.split(':').next().unwrap_or_default();
                    self.keep(entry, About::Stopped(rule.to_owned()));
                }
            }
            kind::LOCAL => self.local(entry),
            kind::INTENT => self.intent(entry),
            kind::OUTCOME => self.outcome(entry),
            kind::TARGET => self.target(entry),
            kind::WAIT => {
                if let Ok(wait) = entry.decode::<body::WaitOpened>() {
                    self.keep(entry, About::Asked(wait.name.clone()));
                    self.cards.insert(wait.wait, wait.name);
                }
            }
            kind::DECISION => {
                if let Ok(said) = entry.decode::<body::Decision>()
                    && let Some(name) = self.cards.get(&said.wait).cloned()
                {
                    self.keep(entry, About::Answered(name));
                }
            }
            kind::DEADLINE => {
                if let Ok(clock) = entry.decode::<body::DeadlineStarted>() {
                    self.keep(entry, About::Clock(clock.deadline));
                    self.keep(entry, About::Step("deadline".to_owned()));
                }
            }
            _ => {}
        }
    }

    fn local(&mut self, entry: &Entry) {
        let Ok(local) = entry.decode::<body::Local>() else { return };
        let name = local.value.get("name").or(Some(&local.value)).and_then(|name| name.as_str());
        name.into_iter().for_each(|name| self.keep(entry, About::Step(name.to_owned())));
        self.keep(entry, About::Step(local.op));
    }

    fn intent(&mut self, entry: &Entry) {
        let Ok(intent) = entry.decode::<body::Intent>() else { return };
        let verb = intent.call.as_ref().and_then(|call| call.verb.clone());
        for name in [Some(intent.op), Some(intent.name.clone()), verb].into_iter().flatten() {
            self.keep(entry, About::Step(name));
        }
        if let Some(call) = intent.call {
            self.calls.insert(intent.address, (intent.name, call));
        }
    }

    fn outcome(&mut self, entry: &Entry) {
        let Ok(outcome) = entry.decode::<body::Outcome>() else { return };
        let Some((name, call)) = self.calls.get(&outcome.address) else { return };
        if outcome.error.is_none() && call.effect == Effect::Tell {
            let to =
                ["to", "channel"].iter().find_map(|name| call.input.get(*name)?.as_str()).unwrap_or_default();
            let about = About::Told(format!("{name} {to}"));
            self.keep(entry, about);
        }
    }

    fn target(&mut self, entry: &Entry) {
        let Ok(target) = entry.decode::<body::TargetEntry>() else { return };
        match target.state {
            TargetState::Accepted => self.keep(entry, About::Cut(target.target.integration)),
            TargetState::Verified | TargetState::Residual | TargetState::Attested => {
                self.keep(entry, About::Proof);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_condition_are_found_with_their_arguments() {
        assert_eq!(
            words("first(\"evidence\") < first(\"app.quarantine\")"),
            [("first", "evidence"), ("first", "app.quarantine")]
        );
        assert_eq!(words("started(\"contract\")&&told(\"team\") && kills >= 1").len(), 2);
        assert_eq!(words("told(\"half"), []);
    }
}
