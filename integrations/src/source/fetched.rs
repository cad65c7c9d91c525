//! Sources that are asked instead of sending: what to ask, and what the answer means.

use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use stanch_model::Alert;

use super::{bound::Source, field, reading::Read, scene::Scene, spec::PollSpec};
use crate::template::Lookup;

/// How a log is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How often.
    pub every: Duration,
    /// How far back it is asked again.
    pub overlap: Duration,
    /// The longest time that is asked for at once.
    pub window: Duration,
}

impl Source {
    /// How this source is asked; `None` where it sends by itself.
    pub fn pace(&self) -> Option<Pace> {
        let PollSpec { every, overlap, window, .. } = self.spec.poll.as_ref()?;
        Some(Pace { every: every.0, overlap: overlap.0, window: window.0 })
    }

    /// The configured integration that is asked.
    pub fn asks(&self) -> Option<&str> {
        self.config.integration.as_deref()
    }

    /// The read that lists what happened between two moments: its action and arguments.
    pub fn ask(&self, since: Timestamp, until: Timestamp) -> Option<(&str, Value)> {
        let poll = self.spec.poll.as_ref()?;
        let between = Between { since, until };
        let argument = |(name, template): (&String, &crate::template::Template)| {
            Some((name.clone(), Value::String(template.text(&between).ok()?)))
        };
        let arguments: Map<String, Value> = poll.with.iter().filter_map(argument).collect();
        Some((&poll.action, Value::Object(arguments)))
    }

    /// The alerts in what was listed; what no rule knows is no alert.
    pub fn read_listed(&self, rows: Vec<Value>, now: Timestamp) -> Vec<Alert> {
        let (none, headers) = (Value::Null, HeaderMap::new());
        let mut alerts = Vec::new();
        for mut row in rows {
            let mut event = row.get_mut("event").map_or_else(|| none.clone(), Value::take);
            for path in &self.spec.forget {
                path.take(&mut event);
            }
            let mut scene = Scene::new(&self.spec, &self.settings, &headers, &none, &event);
            let read = self.read(&mut scene, &|| field::hash_id(event.to_string().as_bytes()), now);
            drop(scene);
            match read {
                Ok(Read::Alert(alert)) => alerts.push(Alert { raw: event, ..*alert }),
                Ok(Read::Nothing(_)) => {}
                // One row that says nothing must not hold back all that come after it.
                Err(why) => tracing::warn!(source = self.name, %why, "a row of the log cannot be read"),
            }
        }
        alerts
    }

    /// The name of the rule that an event meets.
    pub fn detects(&self, event: &Value) -> Option<&str> {
        let (none, headers) = (json!(null), HeaderMap::new());
        let mut scene = Scene::new(&self.spec, &self.settings, &headers, &none, event);
        self.meant(&mut scene)?.name.as_deref()
    }
}

/// The variables of a question.
struct Between {
    since: Timestamp,
    until: Timestamp,
}

impl Lookup for Between {
    fn lookup(&self, path: &str) -> Option<Value> {
        match path {
            "since" => Some(self.since.to_string().into()),
            "until" => Some(self.until.to_string().into()),
            _ => None,
        }
    }
}
