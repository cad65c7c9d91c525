//! What a run did and said, in order: the steps by all their names, the messages that went out.

use std::collections::BTreeMap;

use serde_json::Value;
use stanch_model::{
    Effect, Entry,
    run::{body, kind},
};

/// Something that went out to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// `#incidents`, `security@drift.example`, a URL.
    pub to: String,
    /// All of its words.
    pub text: String,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Each step by every name that it goes by, in order.
    pub steps: Vec<Vec<String>>,
    /// The messages that a platform took.
    pub messages: Vec<Message>,
    /// Tells that are under way, by run and address.
    saying: BTreeMap<String, Vec<Message>>,
}

impl Told {
    /// One more entry of the journal, in order.
    pub fn heard(&mut self, entry: &Entry) {
        let Some(run) = entry.header.stream.as_run() else { return };
        match entry.header.kind.as_str() {
            kind::LOCAL => {
                if let Ok(local) = entry.decode::<body::Local>() {
                    self.steps.push(names_of(&local));
                }
            }
            kind::INTENT => {
                if let Ok(intent) = entry.decode::<body::Intent>()
                    && intent.attempt <= 1
                {
                    self.intended(&run.to_string(), intent);
                }
            }
            kind::OUTCOME => {
                if let Ok(outcome) = entry.decode::<body::Outcome>()
                    && let Some(said) = self.saying.remove(&format!("{run} {}", outcome.address))
                    && outcome.error.is_none()
                {
                    self.messages.extend(said);
                }
            }
            kind::DEADLINE => self.steps.push(vec!["deadline".to_owned()]),
            _ => {}
        }
    }

    fn intended(&mut self, run: &str, intent: body::Intent) {
        let mut names = vec![intent.op, intent.name];
        if let Some(call) = intent.call {
            names.push(format!("{}.{}", call.integration, call.action));
            names.extend(call.verb.clone());
            if call.effect == Effect::Tell {
                self.saying.insert(format!("{run} {}", intent.address), messages(&call.input));
            }
        }
        self.steps.push(names);
    }

    /// All names of steps, each at its first place.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for name in self.steps.iter().flatten().map(String::as_str).filter(|name| !name.is_empty()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

fn names_of(local: &body::Local) -> Vec<String> {
    let given = local.value.get("name").and_then(Value::as_str).map(str::to_owned);
    let phase = (local.op == "phase").then(|| local.value.as_str().map(str::to_owned)).flatten();
    [local.op.clone()].into_iter().chain(given).chain(phase).collect()
}

/// One for each recipient.
fn messages(input: &Value) -> Vec<Message> {
    let to = ["channel", "to", "url"].iter().find_map(|name| input.get(*name));
    let to: Vec<&str> = match to {
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => vec![""],
    };
    let mut text = String::new();
    words(input, &mut text);
    to.into_iter().map(|to| Message { to: to.to_owned(), text: text.clone() }).collect()
}

/// Every text in it, a line each.
fn words(value: &Value, into: &mut String) {
    match value {
        Value::String(text) => {
            into.push_str(text);
            into.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| words(item, into)),
        Value::Object(map) => map.values().for_each(|item| words(item, into)),
        _ => {}
    }
}
