//! The steps of a run as a tree: main line, fan-outs, branches, in the order in which they came.

use std::collections::{HashMap, HashSet};

use stanch_model::{Address, api::EntryView, run::kind};

/// The order of steps. Addresses as text would put 10 before 2.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Steps by the line that they lie on: the main line is empty, a branch is `2.each[alice]`.
    steps: HashMap<String, Vec<Address>>,
    /// Branches by the step that they belong to.
    branches: HashMap<String, Vec<String>>,
    known: HashSet<Address>,
}

/// A row of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A step.
    Step(Address),
    /// A branch of a fan-out.
    Branch(String),
}

impl Place {
    /// Its address.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Step(address) => address.as_str(),
            Self::Branch(address) => address,
        }
    }
}

impl Tree {
    /// Takes an entry: one that names a step for the first time adds it.
    pub fn apply(&mut self, entry: &EntryView) {
        if !matches!(entry.kind.as_str(), kind::LOCAL | kind::INTENT) {
            return;
        }
        let Some(text) = entry.body["address"].as_str() else { return };
        let address = Address::from_stored(text);
        if !self.known.insert(address.clone()) {
            return;
        }
        let line = line(text);
        if !self.steps.contains_key(line) {
            self.grow(line);
        }
        self.steps.entry(line.to_owned()).or_default().push(address);
    }

    /// A branch that shows itself for the first time.
    fn grow(&mut self, line: &str) {
        if let Some(step) = owner(line) {
            self.branches.entry(step.to_owned()).or_default().push(line.to_owned());
        }
    }

    /// How many branches of this step have begun.
    pub fn branches(&self, step: &str) -> usize {
        self.branches.get(step).map_or(0, Vec::len)
    }

    /// How many steps there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// True before the first step.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The rows to be shown, with their depths, where these places are unfolded.
    pub fn rows(&self, unfolded: &HashSet<String>) -> Vec<(usize, Place)> {
        let mut rows = Vec::new();
        self.line("", 0, unfolded, &mut rows);
        rows
    }

    fn line(&self, line: &str, depth: usize, unfolded: &HashSet<String>, rows: &mut Vec<(usize, Place)>) {
        for address in self.steps.get(line).into_iter().flatten() {
            rows.push((depth, Place::Step(address.clone())));
            if !unfolded.contains(address.as_str()) {
                continue;
            }
            for branch in self.branches.get(address.as_str()).into_iter().flatten() {
                // a branch of one step is that step
                let alone = self.steps.get(branch).is_some_and(|steps| steps.len() == 1);
                if !alone {
                    rows.push((depth + 1, Place::Branch(branch.clone())));
                }
                self.line(branch, depth + if alone { 1 } else { 2 }, unfolded, rows);
            }
        }
    }
}

/// The line that a step lies on: everything before its last number.
fn line(address: &str) -> &str {
    address.rfind('.').map_or("", |dot| &address[..dot])
}

/// The step that a branch belongs to: `2` of `2.each[alice]`.
fn owner(line: &str) -> Option<&str> {
    let key = line.rfind('[')?;
    let op = line[..key].rfind('.')?;
    Some(&line[..op])
}

/// The key of a branch, as it was given: `alice`.
pub fn key(branch: &str) -> String {
    let inside = branch.rfind('[').map_or(branch, |at| &branch[at + 1..]);
    let key = inside.strip_suffix(']').unwrap_or(inside);
    key.replace("%2E", ".").replace("%5B", "[").replace("%5D", "]").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(address: &str) -> EntryView {
        EntryView {
            stream: "run/x".to_owned(),
            version: 1,
            time: String::new(),
            kind: kind::INTENT.to_owned(),
            body: serde_json::json!({ "address": address }),
            hash: String::new(),
        }
    }

    #[test]
    fn steps_stand_in_the_order_in_which_they_came_and_branches_under_theirs() {
        let mut tree = Tree::default();
        let came = ["1", "2", "2.each[okta/a%2Eb].1", "2.each[c].1", "2.each[c].2", "2.each[c].2", "10"];
        came.iter().for_each(|address| tree.apply(&step(address)));
        let shown = |unfolded: &[&str]| {
            let unfolded = unfolded.iter().map(|text| (*text).to_owned()).collect();
            let rows = tree.rows(&unfolded).into_iter();
            rows.map(|(depth, place)| format!("{depth} {}", place.as_str())).collect::<Vec<_>>()
        };
        assert_eq!(shown(&[]), ["0 1", "0 2", "0 10"]);
        assert_eq!(
            shown(&["2"]),
            ["0 1", "0 2", "1 2.each[okta/a%2Eb].1", "1 2.each[c]", "2 2.each[c].1", "2 2.each[c].2", "0 10"]
        );
        assert_eq!(key("2.each[okta/a%2Eb]"), "okta/a.b");
        assert_eq!((tree.len(), tree.branches("2")), (6, 2));
    }
}
