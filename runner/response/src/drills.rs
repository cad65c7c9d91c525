//! The ledger of drills: which playbook was drilled when, in which version and with what result, and what is to be
//! improved. A pure fold over the entries of a small journal of its own; who may write it is not decided here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stanch_model::{Entry, Hash, api::Drilled};

use crate::report::{Came, Improvement, Rating};

/// The folder of the ledger within a company's data folder.
pub const FOLDER: &str = "drills";

/// The one stream of the ledger.
pub const STREAM: &str = "drills";

/// The kinds of its entries.
pub mod kind {
    /// [`super::Rated`]
    pub const RATED: &str = "drill.rated";
    /// [`super::Opened`]
    pub const OPENED: &str = "improvement.opened";
    /// [`super::Changed`]
    pub const CHANGED: &str = "improvement.changed";
    /// [`super::Closed`]
    pub const CLOSED: &str = "improvement.closed";
}

/// `drill.rated`: a drill is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rated {
    /// The scenario.
    pub drill: String,
    /// The playbook that was rehearsed.
    pub playbook: String,
    /// Hash of its sources then.
    pub version: String,
    /// The definitions of the actions that it could call then, by `platform action`.
    pub actions: BTreeMap<String, Hash>,
    /// When, RFC 3339 on the wall's clock.
    pub at: String,
    /// Points.
    pub score: u32,
    /// All that there were.
    pub of: u32,
    /// Whether it was enough.
    pub passed: bool,
    /// How well each goal was reached.
    pub ratings: BTreeMap<String, Rating>,
    /// The data folder that it was played in.
    pub data: String,
    /// The hash of the last entry of the drill's own journal: which play this was.
    pub record: String,
    /// Improvements that were open when it began, and how they came out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tested: BTreeMap<u64, Option<Came>>,
}

/// `improvement.opened`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its number in this ledger.
    pub number: u64,
    /// About which playbook.
    pub playbook: String,
    /// What is to be done about.
    pub text: String,
    /// Who does it.
    pub owner: String,
    /// By when, `2026-12-26`.
    pub due: String,
    /// Where it comes from: a drill, or a person.
    pub from: String,
    /// The condition that shows that it is done; empty where a person says so.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub that: String,
    /// The last entry of the journal of the drill that it comes from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub record: String,
}

/// `improvement.changed`: only what is given changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// Which.
    pub number: u64,
    /// The new owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The new date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<String>,
    /// By whom.
    pub by: String,
}

/// `improvement.closed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Which.
    pub number: u64,
    /// By whom.
    pub by: String,
    /// What was done.
    pub why: String,
}

/// An improvement as the ledger tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What it is, owner and date as they are now.
    #[serde(flatten)]
    pub opened: Opened,
    /// When it was opened.
    pub since: String,
    /// Who closed it, and when; nothing while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed: Option<(Closed, String)>,
    /// How it came out in later drills, oldest first: drill, time, result.
    pub tests: Vec<(String, String, Option<Came>)>,
}

impl Item {
    /// `open` or `closed`.
    pub fn state(&self) -> &'static str {
        if self.closed.is_some() { "closed" } else { "open" }
    }

    /// As a report shows it.
    pub fn improvement(&self) -> Improvement {
        Improvement {
            number: Some(self.opened.number),
            text: self.opened.text.clone(),
            playbook: self.opened.playbook.clone(),
            owner: self.opened.owner.clone(),
            due: self.opened.due.clone(),
            state: self.state().to_owned(),
        }
    }
}

/// The ledger as its entries tell it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The drills, oldest first.
    pub rated: Vec<Rated>,
    /// The improvements by number.
    pub items: BTreeMap<u64, Item>,
}

impl Ledger {
    /// Of these entries, oldest first. Kinds and bodies that this build does not know change nothing.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut ledger = Self::default();
        entries.into_iter().for_each(|entry| ledger.take(entry));
        ledger
    }

    fn take(&mut self, entry: &Entry) {
        let time = entry.header.time.clone();
        match entry.header.kind.as_str() {
            kind::RATED => {
                let Ok(rated) = entry.decode::<Rated>() else { return };
                for (number, came) in &rated.tested {
                    if let Some(item) = self.items.get_mut(number) {
                        item.tests.push((rated.drill.clone(), rated.at.clone(), *came));
                    }
                }
                self.rated.push(rated);
            }
            kind::OPENED => {
                let Ok(opened) = entry.decode::<Opened>() else { return };
                let item = Item { since: time, closed: None, tests: Vec::new(), opened };
                self.items.insert(item.opened.number, item);
            }
            kind::CHANGED => {
                let Ok(changed) = entry.decode::<Changed>() else { return };
                let Some(item) = self.items.get_mut(&changed.number) else { return };
                item.opened.owner = changed.owner.unwrap_or_else(|| item.opened.owner.clone());
                item.opened.due = changed.due.unwrap_or_else(|| item.opened.due.clone());
            }
            kind::CLOSED => {
                let Ok(closed) = entry.decode::<Closed>() else { return };
                if let Some(item) = self.items.get_mut(&closed.number) {
                    item.closed = Some((closed, time));
                }
            }
            _ => {}
        }
    }

    /// The number of the next improvement.
    pub fn next(&self) -> u64 {
        self.items.keys().next_back().map_or(1, |last| last + 1)
    }

    /// Improvements about a playbook that are open, oldest first.
    pub fn open<'a>(&'a self, playbook: &'a str) -> impl Iterator<Item = &'a Item> {
        self.items.values().filter(move |item| item.opened.playbook == playbook && item.closed.is_none())
    }

    /// The play of a drill that ended with this entry of its journal.
    pub fn play(&self, record: &str) -> Option<&Rated> {
        self.rated.iter().rfind(|rated| rated.record == record)
    }

    /// When a playbook was last drilled: the version that is there now, or else any. `hash` tells the definition of an
    /// action of a platform as it is now.
    pub fn drilled(
        &self,
        playbook: &str,
        version: &str,
        hash: &dyn Fn(&str, &str) -> Option<Hash>,
    ) -> Option<Drilled> {
        let mut of = self.rated.iter().filter(|rated| rated.playbook == playbook);
        let last = of.clone().rfind(|rated| rated.version == version).or_else(|| of.next_back())?;
        Some(Drilled {
            drill: last.drill.clone(),
            at: last.at.clone(),
            score: last.score,
            of: last.of,
            passed: last.passed,
            version: last.version.clone(),
            stale: stale(last, version, hash),
            open: self.open(playbook).count(),
        })
    }
}

/// Why a result says nothing of what is there now.
fn stale(rated: &Rated, version: &str, hash: &dyn Fn(&str, &str) -> Option<Hash>) -> Vec<String> {
    let playbook = (rated.version != version).then(|| "the playbook changed".to_owned());
    let differs = |name: &&String| {
        let (platform, action) = name.split_once(' ').unwrap_or((name, ""));
        hash(platform, action).as_ref() != rated.actions.get(*name)
    };
    let mut platforms: Vec<&str> =
        rated.actions.keys().filter(differs).map(|name| name.split(' ').next().unwrap_or(name)).collect();
    platforms.dedup();
    playbook.into_iter().chain(platforms.into_iter().map(|name| format!("{name} changed"))).collect()
}

#[cfg(test)]
mod tests {
    use stanch_model::{Header, StreamId};

    use super::*;

    fn entry(version: u64, kind: &str, body: &impl Serialize) -> Entry {
        let body = serde_json::to_string(body).unwrap();
        let header = Header {
            stream: StreamId::from_stored(STREAM),
            version,
            epoch: 1,
            time: format!("2026-11-22T00:00:0{version}Z"),
            kind: kind.to_owned(),
            body_hash: Hash::of(body.as_bytes()),
            prev: Hash::ZERO,
        };
        Entry { header, hash: Hash::ZERO, body: Some(body.into()), position: version }
    }

    fn rated(version: &str, score: u32, tested: BTreeMap<u64, Option<Came>>) -> Rated {
        Rated {
            drill: "chat-widget".to_owned(),
            playbook: "cut".to_owned(),
            version: version.to_owned(),
            actions: [("okta revoke".to_owned(), Hash::of(b"1"))].into(),
            at: "2026-11-22T00:00:00Z".to_owned(),
            score,
            of: 100,
            passed: score >= 70,
            ratings: BTreeMap::new(),
            data: "d".to_owned(),
            record: format!("head of {version}"),
            tested,
        }
    }

    fn opened(number: u64) -> Opened {
        Opened {
            number,
            playbook: "cut".to_owned(),
            text: "told late".to_owned(),
            owner: "ir".to_owned(),
            due: "2026-12-22".to_owned(),
            from: "chat-widget".to_owned(),
            that: "told(\"drift\")".to_owned(),
            record: String::new(),
        }
    }

    #[test]
    fn a_result_is_stale_when_the_playbook_or_an_action_of_it_changed() {
        let ledger = Ledger::of(&[entry(1, kind::RATED, &rated("v1", 60, BTreeMap::new()))]);
        let same = |_: &str, _: &str| Some(Hash::of(b"1"));
        assert_eq!(ledger.drilled("cut", "v1", &same).unwrap().stale, Vec::<String>::new());
        assert_eq!(ledger.drilled("cut", "v2", &same).unwrap().stale, ["the playbook changed"]);
        let gone = |_: &str, _: &str| None;
        assert_eq!(ledger.drilled("cut", "v1", &gone).unwrap().stale, ["okta changed"]);
        assert_eq!(ledger.drilled("other", "v1", &same), None);
    }

    #[test]
    fn the_result_of_the_version_that_is_there_comes_before_a_newer_one_of_another() {
        let plays = [
            entry(1, kind::RATED, &rated("v1", 60, BTreeMap::new())),
            entry(2, kind::RATED, &rated("v2", 90, BTreeMap::new())),
        ];
        let ledger = Ledger::of(&plays);
        let same = |_: &str, _: &str| Some(Hash::of(b"1"));
        assert_eq!(ledger.drilled("cut", "v1", &same).unwrap().score, 60);
        assert_eq!(ledger.drilled("cut", "v3", &same).unwrap().score, 90);
    }

    #[test]
    fn an_improvement_is_open_until_a_person_closes_it_and_remembers_its_tests() {
        let changed = Changed { number: 1, owner: Some("ana".to_owned()), due: None, by: "dora".to_owned() };
        let closed = Closed { number: 1, by: "ana".to_owned(), why: "a template".to_owned() };
        let mut entries = vec![
            entry(1, kind::OPENED, &opened(1)),
            entry(2, kind::CHANGED, &changed),
            entry(3, kind::RATED, &rated("v1", 90, [(1, Some(Came::Met))].into())),
        ];
        let ledger = Ledger::of(&entries);
        let item = ledger.open("cut").next().unwrap();
        assert_eq!((item.opened.owner.as_str(), item.opened.due.as_str()), ("ana", "2026-12-22"));
        assert_eq!((item.tests.len(), item.tests[0].2, ledger.next()), (1, Some(Came::Met), 2));
        entries.push(entry(4, kind::CLOSED, &closed));
        let ledger = Ledger::of(&entries);
        assert_eq!((ledger.open("cut").count(), ledger.items[&1].state()), (0, "closed"));
    }
}
