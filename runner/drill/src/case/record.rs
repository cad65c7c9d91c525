//! A case made of a run that was: the same start, the same world as far as its journal tells, the same answers, and what came
//! of it as what must come of it.
//!
//! It is a draft: its author reads it, gives it a better name, and takes out what they do not care about.

use std::collections::{BTreeMap, BTreeSet};

use stanch_integrations::twin::World;
use stanch_model::{
    Effect, Entry,
    run::{RunView, WaitKind, body, kind},
};

use super::is_drafted;
use crate::scenario::draft;

/// What a case is made of.
pub struct Recorded<'a> {
    /// The run.
    pub run: &'a RunView,
    /// Its entries, in order.
    pub entries: &'a [Entry],
    /// The world of the drill that it belongs to; nothing for a run on real platforms.
    pub world: Option<World>,
}

impl Recorded<'_> {
    /// The file's text.
    pub fn text(&self) -> String {
        let run = self.run;
        let id = run.id.as_ref().map(ToString::to_string).unwrap_or_default();
        let day = run.started.split('T').next().unwrap_or_default();
        let mut text = format!("case: {}\n", quoted(&format!("as in run {id}, {day}")));
        text.push_str(&self.start());
        text.push_str(&self.world());
        text.push_str(&self.answers());
        text.push_str("expect:\n");
        text.push_str(&self.ends());
        text.push_str(&self.counts());
        text.push_str(&self.writes());
        text.push_str(&self.asked());
        text
    }

    fn start(&self) -> String {
        let run = self.run;
        let starts =
            run.started.split('.').next().map(|time| format!("starts: {}Z\n", time.trim_end_matches('Z')));
        let starts = starts.unwrap_or_default();
        let Some(alert) = run.alert.as_object() else {
            let given = run.input.as_object().cloned().unwrap_or_default();
            let given: serde_json::Map<_, _> =
                given.into_iter().filter(|(_, value)| !value.is_null()).collect();
            return format!("input: {}\n{starts}", flow(&given.into()));
        };
        let shown = ["kind", "title", "severity", "time", "app", "user", "ip", "raw"];
        let fields = shown.iter().filter_map(|name| Some(((*name).to_owned(), alert.get(*name)?.clone())));
        let fields: serde_json::Map<_, _> = fields.filter(|(_, value)| !value.is_null()).collect();
        format!("alert: {}\n{starts}", flow(&fields.into()))
    }

    /// The drill's, or one that has what was cut, and what people were asked about.
    fn world(&self) -> String {
        if let Some(world) = &self.world {
            let value = serde_json::to_value(world).unwrap_or_default();
            return format!("world: {}\n", flow(&value));
        }
        let mut grants: BTreeMap<&str, u32> = BTreeMap::new();
        let mut people: BTreeSet<&str> = BTreeSet::new();
        let cut = self.run.targets.values().map(|view| &view.target);
        let asked = self.run.waits.iter().flat_map(|wait| &wait.targets);
        let mut seen = BTreeSet::new();
        for target in cut.chain(asked).filter(|one| seen.insert((&one.integration, &one.kind, &one.id))) {
            match target.kind.as_str() {
                "grant" => *grants.entry(&target.integration).or_default() += 1,
                "user" => _ = people.insert(target.name()),
                _ => {}
            }
        }
        let most = grants.values().copied().max().unwrap_or(0);
        let held = u32::try_from(people.len()).unwrap_or(0).clamp(u32::from(most > 0), most.max(1));
        let count = most.saturating_mul(6).max(20);
        let Some(app) = draft::app_of(self.run).filter(|_| !grants.is_empty()) else {
            return "world: { people: 20 }            # what the platforms held is not in the journal: write it here\n".to_owned();
        };
        let grants: Vec<String> = grants.iter().map(|(on, count)| format!("{on}: {count}")).collect();
        format!(
            "world:\n  people: {count}\n  apps:\n    - {{ id: {app}, vendor: {app}, grants: {{ {} }}, held_by: {held} }}\n",
            grants.join(", ")
        )
    }

    /// What was said to each name, in order; silence where nobody spoke.
    fn answers(&self) -> String {
        let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for wait in self.run.waits.iter().filter(|wait| wait.kind.needs_person()) {
            let by_person = wait.decisions.last().map(|decision| decision.say.as_str());
            let silent =
                wait.closed.as_ref().filter(|closed| closed.by != "pre_approved").map(|_| super::EXPIRE);
            if let Some(say) = by_person.or(silent) {
                let name = if wait.kind == WaitKind::Guard { "guard" } else { wait.name.as_str() };
                said.entry(name).or_default().push(say);
            }
        }
        if said.is_empty() {
            return String::new();
        }
        let mut text = "answers:\n".to_owned();
        for (name, mut says) in said {
            if says.windows(2).all(|pair| pair[0] == pair[1]) {
                says.truncate(1);
            }
            let says: Vec<String> = says.into_iter().map(word).collect();
            let says = if says.len() == 1 { says[0].clone() } else { format!("[{}]", says.join(", ")) };
            text.push_str(&format!("  {}: {says}\n", word(name)));
        }
        text
    }

    fn ends(&self) -> String {
        let run = self.run;
        let Some(ended) = run.ended else {
            let open: Vec<String> = run.open_waits().map(|wait| word(&wait.name)).collect();
            return format!("  waits: [{}]\n", open.join(", "));
        };
        let mut text = format!("  ended: {ended}\n");
        if let Some(containment) = run.containment {
            text.push_str(&format!("  containment: {containment}\n"));
        }
        if let Some(error) = &run.error {
            text.push_str(&format!("  error: {{ kind: {} }}\n", word(&error.kind)));
        }
        text
    }

    /// Cut targets by state and kind.
    fn counts(&self) -> String {
        let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
        for view in self.run.targets.values().filter(|view| is_drafted(view.word())) {
            *counts.entry(view.word()).or_default().entry(&view.target.kind).or_default() += 1;
        }
        let line = |(state, kinds): (&&str, &BTreeMap<&str, usize>)| {
            let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind}: {count}")).collect();
            format!("  {state}: {{ {} }}\n", kinds.join(", "))
        };
        counts.iter().map(line).collect()
    }

    /// What the run itself changed, as far as its outcomes say.
    fn writes(&self) -> String {
        let mut calls: BTreeMap<String, String> = BTreeMap::new();
        let mut writes: BTreeMap<String, usize> = BTreeMap::new();
        for entry in self.entries {
            match entry.header.kind.as_str() {
                kind::INTENT => {
                    let Ok(body::Intent { address, call: Some(call), .. }) = entry.decode() else { continue };
                    if !matches!(call.effect, Effect::Read | Effect::Tell) {
                        calls.insert(address.to_string(), format!("{}.{}", call.integration, call.action));
                    }
                }
                kind::OUTCOME => {
                    let Ok(outcome) = entry.decode::<body::Outcome>() else { continue };
                    let done = outcome.error.is_none() && outcome.by == "us";
                    if let Some(action) = calls.get(outcome.address.as_str()).filter(|_| done) {
                        *writes.entry(action.clone()).or_default() += 1;
                    }
                }
                _ => {}
            }
        }
        let writes: Vec<String> =
            writes.iter().map(|(action, count)| format!("    {action}: {count}\n")).collect();
        if writes.is_empty() {
            "  writes: {}\n".to_owned()
        } else {
            format!("  writes:\n{}", writes.concat())
        }
    }

    fn asked(&self) -> String {
        let mut names: Vec<String> = Vec::new();
        for wait in self.run.waits.iter().filter(|wait| wait.kind.needs_person()) {
            let name = word(&wait.name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        format!("  asked: [{}]\n", names.join(", "))
    }
}

/// A word as YAML reads it, in quotes where it is none.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let is_word = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(plain);
    let means_more = ["yes", "no", "on", "off", "true", "false", "null", "y", "n"].contains(&text);
    if is_word && !means_more { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A value on one line.
fn flow(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Object(map) if map.is_empty() => "{}".to_owned(),
        serde_json::Value::Object(map) => {
            let pairs = map.iter().map(|(key, value)| format!("{}: {}", word(key), flow(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::Array(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::String(text) => word(text),
        other => other.to_string(),
    }
}
