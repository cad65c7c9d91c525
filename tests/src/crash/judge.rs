//! What must be true after any kill, whatever it hit.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use memchr::memmem;
use stanch_integrations::twin::TwinHost;
use stanch_journal::{Verify, verify};

use super::{Life, Point, Report, Stage};

/// What came of some points.
#[derive(Debug, Default)]
pub struct Tally {
    /// Points tried.
    pub points: usize,
    /// Lives lived.
    pub lives: usize,
    /// Those that a kill ended.
    pub kills: usize,
    /// The longest life that ended by itself.
    pub longest: Duration,
    /// All lives together.
    pub took: Duration,
    /// Questions whether something had happened.
    pub doubts: usize,
    /// Runs that stood as suspect and were let go on.
    pub suspects: usize,
    /// Requests that reached an operation again and changed nothing.
    pub repeated_requests: u64,
    /// Changes made twice.
    pub duplicate_effects: u64,
    /// What was wrong, point by point.
    pub complaints: Vec<String>,
}

impl Tally {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.points += other.points;
        self.lives += other.lives;
        self.kills += other.kills;
        self.longest = self.longest.max(other.longest);
        self.took += other.took;
        self.doubts += other.doubts;
        self.suspects += other.suspects;
        self.repeated_requests += other.repeated_requests;
        self.duplicate_effects += other.duplicate_effects;
        self.complaints.extend(other.complaints);
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let mean = self.took.as_millis() / u128::try_from(self.lives.max(1)).unwrap_or(1);
        format!(
            "{} points, {} lives, {} kills, {mean} ms a life (longest {} ms), {} in doubt, {} suspect, repeated_requests {}, duplicate_effects {}, complaints {}",
            self.points,
            self.lives,
            self.kills,
            self.longest.as_millis(),
            self.doubts,
            self.suspects,
            self.repeated_requests,
            self.duplicate_effects,
            self.complaints.len(),
        )
    }
}

/// Compares the end of these lives with that of a life that nobody disturbed.
pub fn judge(stage: &Stage, calm: &Life, point: &Point, lives: &[Life]) -> Tally {
    let summary = stage.twins.summary();
    let mut wrong = Vec::new();
    wrong.extend(
        lives
            .iter()
            .filter_map(|life| life.lost.as_ref())
            .map(|lost| format!("{lost}\n{}", last_requests(&stage.twins))),
    );
    let end = lives.last().and_then(|life| life.report.as_ref());
    match (end, calm.report.as_ref()) {
        (Some(end), Some(calm)) => wrong.extend(differences(end, calm)),
        _ => wrong.push("the run did not end".to_owned()),
    }
    wrong.extend(end.into_iter().flat_map(|end| forgotten(end, lives)));
    if summary.duplicate_effects > 0 {
        let twice: Vec<_> = summary.rows.iter().filter(|row| row.transitions > 1).collect();
        wrong.push(format!("done twice: {twice:?}\n{}", last_requests(&stage.twins)));
    }
    wrong.extend(lost_effects(&stage.twins, end));
    if let Err(error) = verify(stage.data(), &Verify::default()) {
        wrong.push(format!("the journal does not verify: {error}"));
    }
    wrong.extend(leaks(stage, lives));
    let place =
        || format!("{:?} index {}: ", point.kills, if point.forget_index { "deleted" } else { "kept" });
    Tally {
        points: 1,
        lives: lives.len(),
        kills: lives.iter().filter(|life| life.report.is_none()).count(),
        longest: lives
            .iter()
            .filter(|life| life.report.is_some())
            .map(|life| life.took)
            .max()
            .unwrap_or_default(),
        took: lives.iter().map(|life| life.took).sum(),
        doubts: lives.iter().map(|life| life.doubts).sum(),
        suspects: lives.iter().map(|life| life.suspect).sum(),
        repeated_requests: summary.repeated_requests,
        duplicate_effects: summary.duplicate_effects,
        complaints: wrong.into_iter().map(|wrong| format!("{}{wrong}", place())).collect(),
    }
}

/// `by` and the words of notices may differ; targets, states and the two words may not.
fn differences(end: &Report, calm: &Report) -> Vec<String> {
    let mut wrong = Vec::new();
    let words = |report: &Report| format!("{} {}", report.ended, report.containment);
    if words(end) != words(calm) {
        wrong.push(format!("it ended {} instead of {}", words(end), words(calm)));
    }
    if end.targets != calm.targets {
        let odd = |one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| -> Vec<String> {
            one.iter()
                .filter(|(key, state)| other.get(*key) != Some(state))
                .map(|(k, s)| format!("{k} {s}"))
                .collect()
        };
        let (is, should) = (odd(&end.targets, &calm.targets), odd(&calm.targets, &end.targets));
        wrong.push(format!("targets are {is:?} instead of {should:?}"));
    }
    if end.runs != 1 {
        wrong.push(format!("{} runs instead of one", end.runs));
    }
    if end.signals != calm.signals {
        wrong.push(format!("{} signals instead of {}", end.signals, calm.signals));
    }
    wrong
}

/// What the twins saw last.
fn last_requests(twins: &TwinHost) -> String {
    let requests = twins.requests();
    let last = requests.iter().rev().take(30).rev().map(|request| {
        let (fault, place) = (
            request.fault.as_deref().unwrap_or_default(),
            format!("{}.{}", request.integration, request.action),
        );
        format!(
            "  {} {} {place} {} {} {:?} {fault}",
            request.seq, request.at, request.target, request.status, request.fate
        )
    });
    last.collect::<Vec<_>>().join("\n")
}

/// What somebody was thanked for, and is not there.
fn forgotten(end: &Report, lives: &[Life]) -> Vec<String> {
    let mut wrong = Vec::new();
    for run in lives.iter().filter_map(|life| life.acknowledged.as_ref()) {
        if *run != end.run {
            wrong.push(format!("run {run} was acknowledged, run {} ended", end.run));
        }
    }
    for said in lives.iter().flat_map(|life| &life.thanked) {
        if !end.decisions.contains(said) {
            wrong.push(format!("the answer {said:?} was acknowledged and is gone"));
        }
    }
    wrong
}

/// Every cut and every message must have reached its platform, and none may be there that the run does not know.
fn lost_effects(twins: &TwinHost, end: Option<&Report>) -> Vec<String> {
    let Some(end) = end else { return Vec::new() };
    let writes = twins.summary().writes;
    let count = |name: &str| writes.get(name).copied().unwrap_or(0);
    let cut = |integration: &str| {
        let prefix = format!("{integration}/grant/");
        end.targets.keys().filter(|key| key.starts_with(&prefix)).count() as u64
    };
    let expected = [
        ("okta.deactivate_app", 1),
        ("okta.revoke_app_token", cut("okta")),
        ("salesforce.revoke_token", cut("salesforce")),
        ("slack.post_message", 1),
        ("smtp.send", 1),
    ];
    expected
        .into_iter()
        .filter(|(name, expected)| count(name) != *expected)
        .map(|(name, expected)| format!("{name} took effect {} times instead of {expected}", count(name)))
        .collect()
}

/// The plain DeleteTokens of the start, wherever they are: nothing on disk and nothing said may hold one.
fn leaks(stage: &Stage, lives: &[Life]) -> Vec<String> {
    let secrets: Vec<_> = stage.secrets().iter().map(memmem::Finder::new).collect();
    let holds = |bytes: &[u8]| secrets.iter().any(|secret| secret.find(bytes).is_some());
    let spoken = lives.iter().filter(|life| holds(life.said.as_bytes())).count();
    let mut wrong = Vec::new();
    if spoken > 0 {
        wrong.push(format!("a secret was said aloud in {spoken} lives"));
    }
    let files = files(&stage.data());
    let holders = files.iter().filter(|file| std::fs::read(file).is_ok_and(|bytes| holds(&bytes)));
    wrong.extend(holders.map(|file| format!("a secret lies in {}", file.display())));
    wrong
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => found.extend(files(&path)),
            path => found.push(path),
        }
    }
    found
}
