//! What was seen beside what was hoped for. Every difference is said, each with its place in the case.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use parking_lot::RwLock;
use stanch_integrations::twin::Summary;
use stanch_model::{
    Target,
    run::{RunView, WaitKind},
};

use super::{Asked, Case, Expect, Ground, Hearers, Told};
use crate::{
    company,
    facts::Facts,
    words::{Condition, Judge},
};

/// What came of a case.
pub struct Seen<'a> {
    /// The run that the case started; nothing where its alert started none.
    pub run: Option<&'a RunView>,
    /// The runs that this one started, and those that these did.
    pub others: &'a [RunView],
    /// What it did and said.
    pub told: &'a Told,
    /// What the simulated platforms counted.
    pub summary: Summary,
    /// For conditions.
    pub facts: &'a Arc<RwLock<Facts>>,
    /// How long it took on its own clock, milliseconds.
    pub took_ms: i64,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Miss {
    /// Where in the case: keys and numbers, from the top.
    pub at: Vec<String>,
    /// What was hoped for.
    pub expected: String,
    /// What there is.
    pub got: String,
}

/// Everything that is not as the case says.
pub fn judge(case: &Case, ground: &Ground, seen: &Seen<'_>) -> Vec<Miss> {
    let mut bench = Bench { case, ground, seen, found: Vec::new() };
    let Some(run) = seen.run else {
        bench.miss(&["alert"], "the playbook's `start` takes the alert".into(), "nothing was started".into());
        return bench.found;
    };
    bench.ends(run);
    bench.targets(run);
    bench.writes();
    bench.messages();
    bench.steps();
    bench.questions(run);
    bench.texts(
        "notes",
        &case.expect.notes,
        &run.notes.iter().map(|(_, note)| note.clone()).collect::<Vec<_>>(),
    );
    bench.texts("because", &case.expect.because, &run.because);
    bench.conditions();
    bench.found
}

struct Bench<'a> {
    case: &'a Case,
    ground: &'a Ground,
    seen: &'a Seen<'a>,
    found: Vec<Miss>,
}

impl<'a> Bench<'a> {
    fn miss(&mut self, at: &[&str], expected: String, got: String) {
        let at = at.iter().filter(|key| !key.is_empty()).map(|key| (*key).to_owned()).collect();
        self.found.push(Miss { at, expected, got });
    }

    fn expect(&self) -> &'a Expect {
        &self.case.expect
    }

    fn ends(&mut self, run: &RunView) {
        let expect = self.expect();
        self.waits(run);
        if let Some(wanted) = expect.ended
            && run.ended != Some(wanted)
        {
            self.miss(&["expect", "ended"], wanted.to_string(), ending(run));
        }
        if let Some(wanted) = expect.containment
            && run.containment != Some(wanted)
        {
            let mut got =
                run.containment.map_or_else(|| "no second word".to_owned(), |word| word.to_string());
            if !run.because.is_empty() {
                got = format!("{got}: {}", run.because.join("; "));
            }
            self.miss(&["expect", "containment"], wanted.to_string(), got);
        }
        self.error(run);
        if let Some(within) = expect.within
            && self.seen.took_ms > within.ms()
        {
            let took = std::time::Duration::from_millis(self.seen.took_ms.unsigned_abs());
            self.miss(&["expect", "within"], within.to_string(), stanch_model::duration::format(took));
        }
    }

    fn waits(&mut self, run: &RunView) {
        let wanted = &self.expect().waits;
        let open: BTreeSet<&str> = run.open_waits().map(|wait| wait.name.as_str()).collect();
        if !wanted.is_empty() {
            if run.ended.is_some() || wanted.iter().map(String::as_str).collect::<BTreeSet<_>>() != open {
                self.miss(&["expect", "waits"], format!("it waits for {}", wanted.join(", ")), ending(run));
            }
        } else if run.ended.is_some() {
            self.others();
        } else {
            let names: Vec<&str> = open.into_iter().collect();
            let way =
                if names.is_empty() { String::new() } else { " (`answers` says nothing to it)".to_owned() };
            self.miss(&["expect"], "the run ends".to_owned(), format!("{}{way}", ending(run)));
        }
    }

    /// The runs that it started, to take something back or to play another playbook. One that waits for a person has said so;
    /// nobody else would see that one stands, as suspect or diverged.
    fn others(&mut self) {
        let stands = |other: &&RunView| other.ended.is_none() && other.open_waits().next().is_none();
        for other in self.seen.others.iter().filter(stands) {
            let got = format!("{}: {}", other.playbook, ending(other));
            self.miss(&["expect"], "no run that it started stands".to_owned(), got);
        }
    }

    fn error(&mut self, run: &RunView) {
        let error = run.error.as_ref();
        match &self.expect().error {
            Some(wanted) => {
                let said =
                    error.map_or_else(|| "no error".to_owned(), |e| format!("{}: {}", e.kind, e.message));
                if let Some(kind) = wanted.kind.as_ref().filter(|kind| error.is_none_or(|e| e.kind != **kind))
                {
                    self.miss(&["expect", "error", "kind"], kind.clone(), said.clone());
                }
                let lacks = |text: &&String| error.is_none_or(|e| !e.message.contains(text.as_str()));
                if let Some(text) = wanted.text.as_ref().filter(lacks) {
                    self.miss(&["expect", "error", "text"], text.clone(), said);
                }
            }
            None => {
                let hoped =
                    self.expect().ended.is_none_or(|word| word == stanch_model::target::Ended::Finished);
                if let Some(error) = error.filter(|_| hoped) {
                    self.miss(&["expect"], "no error".into(), format!("{}: {}", error.kind, error.message));
                }
            }
        }
    }

    fn targets(&mut self, run: &RunView) {
        for (state, count) in self.expect().counts() {
            let mut targets: Vec<&Target> =
                run.targets.values().filter(|view| view.word() == state).map(|view| &view.target).collect();
            targets.sort();
            for (key, (expected, got)) in count.differences(&targets) {
                self.miss(&["expect", state, &key], expected, got);
            }
        }
        self.explain(run);
    }

    /// Why targets are not what was hoped for, once for each reason.
    fn explain(&mut self, run: &RunView) {
        let states: Vec<&str> = self.expect().counts().map(|(state, _)| state).collect();
        let of_state = |miss: &&mut Miss| miss.at.get(1).is_some_and(|key| states.contains(&key.as_str()));
        let Some(miss) = self.found.iter_mut().find(of_state) else { return };
        let others = run.targets.values().filter(|view| view.word() != "verified" && !view.why.is_empty());
        let reasons: BTreeSet<String> =
            others.map(|view| format!("{} {}: {}", view.target.name(), view.word(), view.why)).collect();
        for reason in reasons.into_iter().take(3) {
            miss.got = format!("{}\n{reason}", miss.got);
        }
    }

    fn writes(&mut self) {
        let doubled = self.seen.summary.duplicate_effects;
        let wanted = self.expect().twice.unwrap_or(0);
        if doubled != wanted {
            let rows = self.seen.summary.rows.iter().filter(|row| row.transitions > 1);
            let rows = rows.map(|row| format!("{}.{} on {}", row.integration, row.action, row.target));
            let which = rows.take(4).collect::<Vec<_>>().join(", ");
            let which = if which.is_empty() { which } else { format!(" ({which})") };
            let at = if self.expect().twice.is_some() { ["expect", "twice"] } else { ["expect", ""] };
            self.miss(&at, format!("{wanted} effects happen twice"), format!("{doubled}{which}"));
        }
        let Some(wanted) = &self.expect().writes else { return };
        let writes = self.seen.summary.writes.clone();
        if wanted.is_empty() {
            let tells = self.ground.tells(self.case);
            let changed: Vec<String> = writes
                .iter()
                .filter(|(action, _)| !tells.contains(*action))
                .map(|(action, count)| format!("{action}: {count}"))
                .collect();
            if !changed.is_empty() {
                self.miss(&["expect", "writes"], "nothing is changed".to_owned(), changed.join(", "));
            }
            return;
        }
        let actions = self.ground.actions(self.case);
        for (name, wanted) in wanted {
            let means = |action: &str| {
                action == name || actions.get(action).is_some_and(|verb| verb.as_ref() == Some(name))
            };
            let got: u64 = writes.iter().filter(|(action, _)| means(action)).map(|(_, count)| count).sum();
            if got != *wanted {
                let mut said = got.to_string();
                if !writes.is_empty() {
                    let all = writes.iter().map(|(action, count)| format!("{action}: {count}"));
                    said = format!("{said}\nall writes: {}", all.collect::<Vec<_>>().join(", "));
                }
                self.miss(&["expect", "writes", name], wanted.to_string(), said);
            }
        }
    }

    fn messages(&mut self) {
        let wanted: BTreeMap<String, Vec<String>> = match &self.expect().told {
            None => BTreeMap::new(),
            Some(Hearers::Names(names)) => names.iter().map(|name| (name.clone(), Vec::new())).collect(),
            Some(Hearers::Texts(texts)) => {
                texts.iter().map(|(name, texts)| (name.clone(), texts.all().to_vec())).collect()
            }
        };
        for (nth, (who, texts)) in wanted.iter().enumerate() {
            let heard: Vec<&str> = self.heard_by(who);
            if heard.iter().any(|message| texts.iter().all(|text| message.contains(text.as_str()))) {
                continue;
            }
            let key = if matches!(self.expect().told, Some(Hearers::Names(_))) {
                nth.to_string()
            } else {
                who.clone()
            };
            let expected = match texts.is_empty() {
                true => format!("a message to {who}"),
                false => format!("a message to {who} with {}", quoted(texts)),
            };
            let got = match heard.as_slice() {
                [] => self.hearers(),
                some => some.iter().map(|text| text.trim().to_owned()).collect::<Vec<_>>().join("\n---\n"),
            };
            self.miss(&["expect", "told", &key], expected, got);
        }
        for (nth, who) in self.expect().not_told.iter().enumerate() {
            if let Some(first) = self.heard_by(who).first() {
                let got = first.trim().to_owned();
                self.miss(&["expect", "not_told", &nth.to_string()], format!("no message to {who}"), got);
            }
        }
    }

    fn heard_by(&self, who: &str) -> Vec<&'a str> {
        let channel =
            company::TELL.iter().find(|(event, _)| *event == who).map_or(who, |(_, channel)| *channel);
        let facts = self.seen.facts.read();
        let theirs = self.seen.told.messages.iter().filter(|message| facts.is_theirs(channel, &message.to));
        theirs.map(|message| message.text.as_str()).collect()
    }

    fn hearers(&self) -> String {
        let to: BTreeSet<&str> = self.seen.told.messages.iter().map(|message| message.to.as_str()).collect();
        match to.is_empty() {
            true => "nobody was told anything".to_owned(),
            false => format!("only {} were told", to.into_iter().collect::<Vec<_>>().join(", ")),
        }
    }

    fn steps(&mut self) {
        let mut left = self.seen.told.steps.iter();
        let mut before: Option<&str> = None;
        for (nth, wanted) in self.expect().steps.iter().enumerate() {
            if left.by_ref().any(|names| names.contains(wanted)) {
                before = Some(wanted);
                continue;
            }
            let names = self.seen.told.names();
            let got = match names.contains(&wanted.as_str()) {
                true => format!("it came before\nin order: {}", names.join(", ")),
                false => format!("it never came\nin order: {}", names.join(", ")),
            };
            let expected = before.map_or_else(|| wanted.clone(), |before| format!("{wanted} after {before}"));
            self.miss(&["expect", "steps", &nth.to_string()], expected, got);
            return;
        }
    }

    fn questions(&mut self, run: &RunView) {
        let Some(wanted) = &self.expect().asked else { return };
        let asked: Vec<&str> =
            run.waits.iter().filter(|wait| is_asked(wait.kind)).map(|wait| wait.name.as_str()).collect();
        let mut names: Vec<&str> = Vec::new();
        for name in &asked {
            if !names.contains(name) {
                names.push(name);
            }
        }
        let times = |name: &str| asked.iter().filter(|asked| **asked == name).count();
        match wanted {
            Asked::Names(wanted) if wanted.iter().map(String::as_str).eq(names.iter().copied()) => {}
            Asked::Names(wanted) => self.miss(&["expect", "asked"], list(wanted), list(&names)),
            Asked::Times(wanted) => {
                let known = names.iter().all(|name| wanted.contains_key(*name));
                if !known || wanted.iter().any(|(name, count)| times(name) != *count) {
                    let expected = wanted.iter().map(|(name, count)| format!("{name}: {count}"));
                    let got = names.iter().map(|name| format!("{name}: {}", times(name)));
                    let (expected, got): (Vec<String>, Vec<String>) = (expected.collect(), got.collect());
                    self.miss(&["expect", "asked"], list(&expected), list(&got));
                }
            }
        }
    }

    fn texts(&mut self, key: &str, wanted: &[String], there: &[String]) {
        for (nth, text) in wanted.iter().enumerate() {
            if !there.iter().any(|one| one.contains(text.as_str())) {
                let got = if there.is_empty() { "none".to_owned() } else { there.join("\n") };
                self.miss(&["expect", key, &nth.to_string()], text.clone(), got);
            }
        }
    }

    fn conditions(&mut self) {
        let judge = Judge::of(self.seen.facts);
        let known = crate::words::Known::new();
        let is_list = matches!(self.expect().that, Some(super::Texts::Many(_)));
        for (nth, that) in self.expect().that().iter().enumerate() {
            // `check` has refused what does not compile.
            let Ok(condition) = Condition::compile(that, &known) else { continue };
            if !judge.holds(&condition, false) {
                let nth = if is_list { nth.to_string() } else { String::new() };
                self.miss(&["expect", "that", &nth], that.clone(), list(&judge.values(&condition)));
            }
        }
    }
}

/// Whether somebody is asked by name.
fn is_asked(kind: WaitKind) -> bool {
    kind.needs_person()
}

/// How it ended, or where it stands.
fn ending(run: &RunView) -> String {
    if let Some(word) = run.ended {
        let error = run.error.as_ref().map(|error| format!(" ({}: {})", error.kind, error.message));
        return format!("{word}{}", error.unwrap_or_default());
    }
    let open: Vec<&str> = run.open_waits().map(|wait| wait.name.as_str()).collect();
    match open.is_empty() {
        true => format!("it stands as {} {}", run.state.as_str(), run.why).trim_end().to_owned(),
        false => format!("it waits for {}", open.join(", ")),
    }
}

fn quoted(texts: &[String]) -> String {
    texts.iter().map(|text| format!("{text:?}")).collect::<Vec<_>>().join(" and ")
}

fn list<T: AsRef<str>>(names: &[T]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
    }
}
