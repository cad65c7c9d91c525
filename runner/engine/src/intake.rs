//! From an alert to runs: verdicts of the triggers, journaled with the alert and the runs they create in one append.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stanch_journal::{JournalError, StreamAppend, With};
use stanch_model::{
    Address, Alert, Entry, Hash, Header, NewEntry, RunId, StreamId,
    run::{
        Mode,
        body::{Created, Pins, kind},
    },
};
use stanch_playbooks::{
    Library, Playbook,
    dialect::{Expression, Var, expression},
    manifest::{InputSpec, InputType, TriggerSpec},
};

use crate::{
    env::{Env, rfc3339},
    live::row,
    pins, plan,
    shard::Message,
    terms::{Accepted, EngineError, Purpose, StartRun, Verdict},
};

/// A trigger of a playbook, compiled.
pub(crate) struct Trigger {
    slug: String,
    spec: TriggerSpec,
    when: Expression,
}

/// The triggers of a library. One that does not compile never fires; `check` says so.
pub(crate) fn triggers(library: &Library) -> Vec<Trigger> {
    let specs =
        library.all().flat_map(|playbook| playbook.manifest.start.iter().map(move |spec| (playbook, spec)));
    specs
        .filter_map(|(playbook, spec)| {
            let when = expression(&spec.when, Var::TRIGGER).ok()?;
            Some(Trigger { slug: playbook.slug.clone(), spec: spec.clone(), when })
        })
        .collect()
}

/// A run about to be created: its appends, and what the shard needs at once.
pub(crate) struct Birth {
    pub(crate) run: RunId,
    pub(crate) appends: Vec<StreamAppend>,
    pub(crate) entry: Entry,
}

/// Where a run comes from.
pub(crate) enum Origin<'a> {
    /// A person starts it.
    Hand,
    /// An alert does.
    Trigger,
    /// A step of another run, `run_playbook`.
    Child(RunId, &'a Created, Address),
    /// Another run's claim is given up: what it does is stanch's own, whoever began.
    GiveBack(RunId, &'a Created, Address),
}

impl Origin<'_> {
    fn parent(&self) -> Option<&Created> {
        match self {
            Self::Child(_, parent, _) | Self::GiveBack(_, parent, _) => Some(parent),
            Self::Hand | Self::Trigger => None,
        }
    }

    fn is_triggered(&self) -> bool {
        match self {
            Self::Trigger => true,
            Self::Child(_, parent, _) => parent.triggered,
            Self::Hand | Self::GiveBack(..) => false,
        }
    }
}

/// What an alert does to its incident.
#[derive(Clone, Copy)]
enum Home {
    /// Nothing was open about it.
    Opened,
    /// A run of it is at work.
    Joined,
}

impl Env {
    /// Takes an alert. Everything is queued in one append; the caller waits for the ticket before it says so.
    pub(crate) fn take_alert(
        &self,
        triggers: &[Trigger],
        alert: Alert,
    ) -> Result<(Accepted, u64), EngineError> {
        let delivery = format!(
            "delivery:{}:{}",
            alert.source,
            if alert.delivery.is_empty() { &alert.id } else { &alert.delivery }
        );
        let id = ulid::Ulid::generate().to_string();
        let stream = StreamId::alert(&id);
        // A redelivery starts nothing and joins nothing: not even the run that its first delivery started.
        let known = self.journal.unique(&delivery)?.is_some();
        let fired = if known { Vec::new() } else { fire(triggers, &alert) };
        let fired: Vec<_> =
            fired.into_iter().map(|trigger| (trigger, self.open_run(trigger, &alert))).collect();
        // what else the alert starts belongs to the incident of the run that it joins
        let joins = fired.iter().find_map(|(_, open)| open.as_ref()?.1.clone());
        let starts = fired.iter().any(|(_, open)| open.is_none());
        let incident = joins.clone().or_else(|| starts.then(|| ulid::Ulid::generate().to_string()));
        let mut accepted =
            Accepted { alert: id, duplicate: false, incident: incident.clone(), verdicts: Vec::new() };
        let mut births = Vec::new();
        for (trigger, open) in fired {
            if let Some((run, _)) = open {
                let signal = json!({ "name": "alert.folded", "data": alert });
                self.post(&run, &format!("alert {delivery}"), "signal", &signal);
                accepted.verdicts.push(Verdict { playbook: trigger.slug.clone(), run, joined: true });
                continue;
            }
            let start = StartRun {
                playbook: trigger.slug.clone(),
                input: BTreeMap::new(),
                alert: Some(alert.clone()),
                incident: incident.clone(),
                started_by: alert.by.clone().unwrap_or_else(|| format!("alert:{}", alert.source)),
                channel: String::new(),
            };
            let birth = self.birth(start, Purpose::Act, Origin::Trigger)?;
            accepted.verdicts.push(Verdict {
                playbook: trigger.slug.clone(),
                run: birth.run.clone(),
                joined: false,
            });
            births.push((trigger, birth));
        }
        let home = if joins.is_some() { Home::Joined } else { Home::Opened };
        let (position, duplicate) =
            self.journal_alert((&stream, &alert), &mut accepted, &births, home, delivery)?;
        if let Some(original) = duplicate {
            return Ok((original, position));
        }
        for (trigger, birth) in births {
            self.remember_open(trigger, &alert, &birth.run, accepted.incident.clone());
            self.announce(birth);
        }
        Ok((accepted, position))
    }

    fn journal_alert(
        &self,
        (stream, alert): (&StreamId, &Alert),
        accepted: &mut Accepted,
        births: &[(&Trigger, Birth)],
        home: Home,
        delivery: String,
    ) -> Result<(u64, Option<Accepted>), EngineError> {
        let epoch = self.journal.epoch();
        let entries = vec![NewEntry::new("alert.received", alert), NewEntry::new("alert.verdict", accepted)];
        let mut group =
            vec![StreamAppend { create: true, ..StreamAppend::new(stream.clone(), epoch, entries) }];
        group.extend(births.iter().flat_map(|(_, birth)| birth.appends.clone()));
        if let Some(incident) = &accepted.incident {
            let runs: Vec<&RunId> = births.iter().map(|(_, birth)| &birth.run).collect();
            group.push(match home {
                Home::Opened => self.incident_opened(
                    incident,
                    &alert.title,
                    json!(alert.severity),
                    Some(&accepted.alert),
                    &runs,
                ),
                Home::Joined => self.alert_joined(incident, &accepted.alert, alert.severity, &runs),
            });
        }
        dedupe(&mut group);
        match self.journal.append(group, With { unique: vec![delivery], ..With::default() }) {
            Ok(ticket) => Ok((ticket.position, None)),
            Err(JournalError::Duplicate { stream, position, .. }) => {
                // The first delivery may still be in the queue; the caller waits until it is durable, then reads it.
                Ok((
                    position,
                    Some(Accepted {
                        alert: stream.as_str().trim_start_matches("alert/").to_owned(),
                        duplicate: true,
                        incident: None,
                        verdicts: Vec::new(),
                    }),
                ))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The first entries of a run, checked: playbook, inputs, pins.
    pub(crate) fn birth(
        &self,
        mut start: StartRun,
        purpose: Purpose<'_>,
        origin: Origin<'_>,
    ) -> Result<Birth, EngineError> {
        let playbook = self.library.get(&start.playbook).ok_or_else(|| self.no_playbook(&start.playbook))?;
        let pins = self.pins_of(&playbook);
        let above = origin.parent().map(|parent| (parent.mode, parent.plan));
        let mut answers = origin.parent().map(|parent| parent.answers.clone()).unwrap_or_default();
        let ruled = match (above, purpose) {
            (Some(above), _) => above,
            (None, Purpose::Act) => (self.mode, None),
            (None, Purpose::Plan(again, given)) => {
                answers.clone_from(given);
                if let Some(again) = again {
                    let (_, kept) = self.plan_to_execute(again, &playbook, &pins)?;
                    plan::fill(&mut start, &kept);
                    answers = if given.is_empty() { kept.answers.clone() } else { answers };
                }
                (Mode::Plan, None)
            }
            (None, Purpose::Only(hash)) => {
                let (hash, kept) = self.plan_to_execute(hash, &playbook, &pins)?;
                plan::fill(&mut start, &kept);
                (self.mode, Some(hash))
            }
        };
        self.birth_of(&playbook, start, Ruled { mode: ruled.0, plan: ruled.1, answers }, origin, pins)
    }

    /// The same for a playbook that is at hand, in this mode and held to this plan.
    pub(crate) fn birth_of(
        &self,
        playbook: &Playbook,
        start: StartRun,
        Ruled { mode, plan, answers }: Ruled,
        origin: Origin<'_>,
        pins: Pins,
    ) -> Result<Birth, EngineError> {
        let now = self.now_ms();
        let input = inputs(playbook, &start, &rfc3339(now))?;
        let triggered = origin.is_triggered();
        let unpromoted = self.must_stand(mode, playbook, triggered, origin.parent());
        let (run, parent, depth) = match origin {
            Origin::Child(run, parent, address) | Origin::GiveBack(run, parent, address) => {
                (run, Some((parent.run.clone(), address)), parent.depth + 1)
            }
            Origin::Hand | Origin::Trigger => (RunId(ulid::Ulid::generate().to_string()), None, 0),
        };
        let created = Created {
            run: run.clone(),
            playbook: playbook.slug.clone(),
            title: playbook.manifest.title.clone(),
            mode,
            input,
            alert: start
                .alert
                .as_ref()
                .and_then(|alert| serde_json::to_value(alert).ok())
                .unwrap_or_default(),
            incident: start.incident,
            parent,
            depth,
            started_by: start.started_by,
            channel: start.channel,
            triggered,
            unpromoted,
            pins,
            plan,
            answers,
        };
        let new = NewEntry::new(kind::CREATED, &created);
        let entry = first_entry(&run, &new, now);
        let append = StreamAppend {
            create: true,
            row: Some(row(stanch_model::run::RunState::Running, None, None)),
            ..StreamAppend::new(StreamId::run(&run), self.journal.epoch(), vec![new])
        };
        let mut appends = vec![append];
        appends.extend(pins::keep(self, playbook));
        Ok(Birth { run, appends, entry })
    }

    /// Hands a new run to its shard. Its first step is queued behind its own first entry.
    pub(crate) fn announce(&self, birth: Birth) {
        self.shard_of(&birth.run, Message::Created(Box::new(birth.entry)));
    }

    pub(crate) fn no_playbook(&self, slug: &str) -> EngineError {
        let slugs: Vec<String> = self.library.all().map(|playbook| playbook.slug.clone()).collect();
        let hint = stanch_model::diagnostic::did_you_mean(slug, slugs.iter().map(String::as_str))
            .map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
        EngineError::NoPlaybook { slug: slug.to_owned(), hint }
    }

    /// The unfinished run that this alert may join.
    fn open_run(&self, trigger: &Trigger, alert: &Alert) -> Option<(RunId, Option<String>)> {
        let key = self.fold_key(trigger, alert)?;
        let mut open = self.open.lock();
        let window = i64::from(self.config.server.fold_minutes) * 60_000;
        let (run, incident, since) = open.get(&key)?.clone();
        let row = self.journal.stream(&StreamId::run(&run)).ok().flatten().and_then(|info| info.row);
        let ended = row.is_some_and(|row| row.state == "ended");
        if ended || self.now_ms() - since > window {
            open.remove(&key);
            return None;
        }
        Some((run, incident))
    }

    fn remember_open(&self, trigger: &Trigger, alert: &Alert, run: &RunId, incident: Option<String>) {
        if let Some(key) = self.fold_key(trigger, alert) {
            self.open.lock().insert(key, (run.clone(), incident, self.now_ms()));
        }
    }

    fn fold_key(&self, trigger: &Trigger, alert: &Alert) -> Option<String> {
        let input = trigger.spec.one_run_per.as_deref()?;
        let playbook = self.library.get(&trigger.slug)?;
        let value = playbook.manifest.input.get(input).and_then(|spec| from_alert(spec, Some(alert)))?;
        Some(format!("{} {} {input} {value}", trigger.slug, alert.source))
    }

    /// After a start: which unfinished runs alerts may still join. Reads the first entry of each run that has not ended.
    pub(crate) fn remember_unfinished(&self, triggers: &[Trigger], runs: &[RunId]) {
        let folding: Vec<&Trigger> =
            triggers.iter().filter(|trigger| trigger.spec.one_run_per.is_some()).collect();
        if folding.is_empty() {
            return;
        }
        for run in runs {
            let Ok(entries) = self.journal.read(&StreamId::run(run), 1, 1) else { continue };
            let Some(created) = entries.first().and_then(|entry| entry.decode::<Created>().ok()) else {
                continue;
            };
            if created.mode == Mode::Plan {
                continue;
            }
            let Ok(alert) = serde_json::from_value::<Alert>(created.alert.clone()) else { continue };
            for trigger in folding.iter().filter(|trigger| trigger.slug == created.playbook) {
                self.remember_open(trigger, &alert, run, created.incident.clone());
            }
        }
    }
}

/// What a run goes by besides its playbook and its input.
pub(crate) struct Ruled {
    pub(crate) mode: Mode,
    /// The plan that it is held to.
    pub(crate) plan: Option<Hash>,
    /// In mode `plan`: what it takes for answered.
    pub(crate) answers: BTreeMap<String, String>,
}

/// The triggers that say yes. One that fails to evaluate says no.
fn fire<'a>(triggers: &'a [Trigger], alert: &Alert) -> Vec<&'a Trigger> {
    let value = Expression::alert(alert);
    let mut fired: Vec<&Trigger> = Vec::new();
    for trigger in triggers {
        let mut scope = rhai::Scope::new();
        scope.push_dynamic("alert", value.clone());
        if trigger.when.eval(&mut scope).unwrap_or(false)
            && !fired.iter().any(|other| other.slug == trigger.slug)
        {
            fired.push(trigger);
        }
    }
    fired
}

/// Two runs of one playbook keep its sources once.
pub(crate) fn dedupe(group: &mut Vec<StreamAppend>) {
    if group.len() < 2 {
        return;
    }
    let mut seen = std::collections::HashSet::new();
    group.retain(|append| seen.insert(append.stream.clone()));
}

fn first_entry(run: &RunId, new: &NewEntry, now_ms: i64) -> Entry {
    let header = Header {
        stream: StreamId::run(run),
        version: 1,
        epoch: 0,
        time: rfc3339(now_ms),
        kind: new.kind.to_string(),
        body_hash: stanch_model::Hash::ZERO,
        prev: stanch_model::Hash::ZERO,
    };
    Entry { header, hash: stanch_model::Hash::ZERO, body: Some(new.body.as_str().into()), position: 0 }
}

/// The inputs of a run: given by hand, else from the alert, else the default.
fn inputs(playbook: &Playbook, start: &StartRun, now: &str) -> Result<Value, EngineError> {
    let manifest = &playbook.manifest;
    if let Some(unknown) = start.input.keys().find(|name| !manifest.input.contains_key(*name)) {
        let known: Vec<&str> = manifest.input.keys().map(String::as_str).collect();
        let why = match stanch_model::diagnostic::did_you_mean(unknown, known.iter().copied()) {
            Some(near) => format!("{} takes no such input; did you mean {near}?", playbook.slug),
            None => format!("{} takes no such input; it takes {}", playbook.slug, known.join(", ")),
        };
        return Err(EngineError::Input { name: unknown.clone(), why });
    }
    let mut map = serde_json::Map::new();
    for (name, spec) in &manifest.input {
        let given = start.input.get(name).cloned().or_else(|| from_alert(spec, start.alert.as_ref()));
        let value = given.or_else(|| default(spec, now));
        match value {
            // Where the manifest's own default says nothing, nothing may be said.
            Some(Value::String(text)) if text.is_empty() && spec.may_be_empty() => {
                map.insert(name.clone(), Value::String(text));
            }
            Some(value) => {
                let value =
                    typed(spec.kind, value).map_err(|why| EngineError::Input { name: name.clone(), why })?;
                map.insert(name.clone(), value);
            }
            None if spec.required => {
                let why = format!("it is required: {} (--input {name}=…)", spec.help);
                return Err(EngineError::Input { name: name.clone(), why });
            }
            None => {
                map.insert(name.clone(), Value::Null);
            }
        }
    }
    Ok(Value::Object(map))
}

fn from_alert(spec: &InputSpec, alert: Option<&Alert>) -> Option<Value> {
    let path = spec.from.as_deref()?.strip_prefix("alert.")?;
    let alert = serde_json::to_value(alert?).ok()?;
    let found = path.split('.').try_fold(&alert, |value, part| match value {
        Value::Array(items) => items.get(part.parse::<usize>().ok()?),
        other => other.get(part),
    })?;
    (!found.is_null()).then(|| found.clone())
}

fn default(spec: &InputSpec, now: &str) -> Option<Value> {
    match (&spec.default, spec.kind) {
        (Some(Value::String(word)), InputType::Time) if word == "now" => Some(json!(now)),
        (default, _) => default.clone(),
    }
}

/// The value in the type that the manifest names; texts from the command line are read.
fn typed(kind: InputType, value: Value) -> Result<Value, String> {
    let wrong = |what: &str, value: &Value| Err(format!("{value} is no {what}"));
    match (kind, value) {
        (InputType::Integer, Value::String(text)) => {
            text.trim().parse::<i64>().map(Value::from).map_err(|_| format!("{text:?} is no whole number"))
        }
        (InputType::Integer, value) if value.is_i64() => Ok(value),
        (InputType::Integer, value) => wrong("whole number", &value),
        (InputType::Bool, Value::String(text)) => text
            .trim()
            .parse::<bool>()
            .map(Value::from)
            .map_err(|_| format!("{text:?} is neither true nor false")),
        (InputType::Bool, value) if value.is_boolean() => Ok(value),
        (InputType::Bool, value) => wrong("true or false", &value),
        (InputType::List, Value::String(text)) => {
            Ok(text.split(',').map(|item| json!(item.trim())).collect())
        }
        (InputType::List, value) if value.is_array() => Ok(value),
        (InputType::List, value) => wrong("list", &value),
        (InputType::Time, Value::String(text)) => {
            text.parse::<jiff::Timestamp>()
                .map_err(|_| format!("{text:?} is no instant; write it like 2026-03-13T02:40:00Z"))?;
            Ok(Value::String(text))
        }
        (InputType::Secret, value) if stanch_model::value::as_secret(&value).is_some() => Ok(value),
        (InputType::Secret, _) => Err("a secret comes in as a reference, never as text".to_owned()),
        (_, Value::String(text)) if text.trim().is_empty() => Err("it is empty".to_owned()),
        (_, value @ Value::String(_)) => Ok(value),
        // `--input user=1001` means the id, however it was read.
        (_, Value::Number(number)) => Ok(Value::String(number.to_string())),
        (_, value) => wrong("text", &value),
    }
}
