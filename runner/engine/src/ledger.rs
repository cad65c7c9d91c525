//! What the engine writes outside a run's own stream: incidents, pauses, openings and closings; and posts to other runs.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Value, json};
use stanch_journal::{Cursor, Filter, JournalError, StreamAppend, Ticket, With};
use stanch_model::{
    Address, NewEntry, RunId, StreamId,
    alert::Severity,
    diagnostic::did_you_mean,
    incident::{self, Joined},
    run::{
        RunState,
        body::{Created, Pins, Revived, StateEntry, StepError, kind},
        hold::{CLAIM, Claim},
    },
};
use stanch_playbooks::{Playbook, coverage::Coverage};

use crate::{
    env::Env,
    host::{back, undo},
    intake::Origin,
    live::row,
    pins,
    shard::Message,
    terms::{By, EngineError, EngineOptions, Purpose, StartRun},
};

impl Env {
    pub(crate) fn new(options: EngineOptions, coverage: Option<Arc<Coverage>>) -> Self {
        Self {
            journal: options.journal,
            reading: options.integrations.for_reading(),
            integrations: options.integrations,
            library: options.library,
            config: options.config,
            desk: options.desk,
            clock: options.clock,
            in_process: options.in_process,
            coverage,
            mode: options.mode,
            patience: options.patience,
            runtime: tokio::runtime::Handle::current(),
            shards: Default::default(),
            paused: Default::default(),
            standings: Default::default(),
            judging: Default::default(),
            draining: Default::default(),
            beside: Default::default(),
            pinned: Default::default(),
            pins: Default::default(),
            infos: Default::default(),
            read: Default::default(),
            hour: Default::default(),
            letting_pass: Default::default(),
            plans: Default::default(),
            families: Default::default(),
            recalled: tokio::sync::watch::Sender::new(false),
            open: Default::default(),
        }
    }

    /// The pins of a playbook as things are now; computed once, since neither catalogue nor library changes under us.
    pub(crate) fn pins_of(&self, playbook: &Playbook) -> Pins {
        if let Some(pins) = self.pins.read().get(&playbook.hash) {
            return pins.clone();
        }
        let pins = pins::take(self, playbook);
        self.pins.write().insert(playbook.hash, pins.clone());
        pins
    }

    /// The playbook of this name; the engine has one of its own.
    pub(crate) fn playbook(&self, slug: &str) -> Option<Arc<Playbook>> {
        match slug {
            back::SLUG => back::playbook(),
            undo::SLUG => undo::playbook(),
            _ => self.library.get(slug),
        }
    }

    /// Sends something to the shard that owns this run.
    pub(crate) fn shard_of(&self, run: &RunId, message: Message) {
        let shards = self.shards.read();
        let sum =
            run.0.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        if let Some(shard) = shards.get(sum % shards.len().max(1)) {
            shard.send(message);
        }
    }

    /// Reading sees only what is durable, the next append everything: what is queued of this stream is committed first.
    pub(crate) fn make_durable(&self, stream: &StreamId) -> Result<(), String> {
        let journal = &self.journal;
        let queued =
            journal.stream(stream).map_err(|error| error.to_string())?.map_or(0, |info| info.version);
        for pause_us in [0, 50, 100, 200, 500, 1_000].into_iter().chain(std::iter::repeat_n(5_000, 2_000)) {
            let entries = journal.read(stream, queued.max(1), 1).map_err(|error| error.to_string())?;
            if queued == 0 || !entries.is_empty() {
                return Ok(());
            }
            if !journal.commit_here() {
                std::thread::sleep(std::time::Duration::from_micros(pause_us));
            }
        }
        Err("its last entries do not become durable".to_owned())
    }

    /// Leaves something for another run. A failure is logged: the poster's own entry is durable and will post again.
    pub(crate) fn post(&self, run: &RunId, key: &str, kind: &str, body: &Value) {
        if let Err(error) = self.journal.post(&StreamId::run(run), key, kind, body.to_string()) {
            tracing::error!(%run, kind, %error, "a post was not taken");
        }
    }

    /// Starts a child run; finding it there already is as good.
    pub(crate) fn start_child(
        &self,
        parent: &Created,
        child: RunId,
        playbook: &str,
        input: Value,
        address: Address,
    ) -> Result<(), EngineError> {
        let start = StartRun {
            playbook: playbook.to_owned(),
            input: input.as_object().cloned().unwrap_or_default().into_iter().collect(),
            alert: serde_json::from_value(parent.alert.clone()).ok(),
            incident: parent.incident.clone(),
            started_by: parent.started_by.clone(),
            channel: parent.channel.clone(),
        };
        let birth = match self.birth(start, Purpose::Act, Origin::Child(child.clone(), parent, address)) {
            Ok(birth) => birth,
            Err(error) => {
                let error = StepError::new("misuse", error.to_string());
                let value = json!({ "run": child, "ended": "failed", "containment": Value::Null, "targets": [], "value": Value::Null });
                let body = json!({ "run": child, "states": [], "value": value, "error": error });
                self.post(&parent.run, &format!("child.ended {child}"), "child.ended", &body);
                return Ok(());
            }
        };
        match self.journal.append(birth.appends.clone(), With::default()) {
            Ok(_) => {
                self.announce(birth);
                Ok(())
            }
            Err(JournalError::Conflict { .. }) => {
                self.shard_of(&child, Message::Wake(child.clone()));
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What scripts learn of their incident.
    pub(crate) fn incident(&self, id: Option<&str>) -> Value {
        let mut known =
            json!({ "id": id, "title": Value::Null, "severity": Value::Null, "lead": Value::Null });
        let Some(id) = id else { return known };
        let entries = self.journal.read(&StreamId::incident(id), 1, 1000).unwrap_or_default();
        for entry in entries {
            let body: Value = entry.decode().unwrap_or_default();
            for field in ["title", "severity", "lead"] {
                if !body[field].is_null() {
                    known[field] = body[field].clone();
                }
            }
        }
        known
    }

    /// The append that opens an incident.
    pub(crate) fn incident_opened(
        &self,
        id: &str,
        title: &str,
        severity: Value,
        alert: Option<&str>,
        runs: &[&RunId],
    ) -> StreamAppend {
        let body =
            json!({ "incident": id, "title": title, "severity": severity, "alert": alert, "runs": runs });
        let entry = NewEntry::new("incident.opened", &body);
        StreamAppend {
            create: true,
            ..StreamAppend::new(StreamId::incident(id), self.journal.epoch(), vec![entry])
        }
    }

    /// The append by which a run belongs to an incident that is there.
    pub(crate) fn incident_joined(&self, id: &str, run: &RunId) -> StreamAppend {
        let joined = Joined { run: Some(run.clone()), ..Joined::default() };
        self.joins(id, vec![NewEntry::new(incident::kind::JOINED, &joined)])
    }

    /// What is joined is open, and the index says so: of the last moment before it was closed something may still come.
    fn joins(&self, id: &str, entries: Vec<NewEntry>) -> StreamAppend {
        let row = stanch_journal::Row { state: incident::state::OPEN.to_owned(), ..Default::default() };
        let append = StreamAppend::new(StreamId::incident(id), self.journal.epoch(), entries);
        StreamAppend { row: Some(row), ..append }
    }

    /// The append by which an alert, and the runs that it starts, belong to an incident that is there.
    pub(crate) fn alert_joined(
        &self,
        id: &str,
        alert: &str,
        severity: Severity,
        runs: &[&RunId],
    ) -> StreamAppend {
        let first = Joined {
            alert: Some(alert.to_owned()),
            severity: Some(severity),
            run: runs.first().map(|run| (*run).clone()),
        };
        let more = runs.iter().skip(1).map(|run| Joined { run: Some((*run).clone()), ..Joined::default() });
        let entries = std::iter::once(first).chain(more);
        self.joins(id, entries.map(|joined| NewEntry::new(incident::kind::JOINED, &joined)).collect())
    }

    /// The append that changes an incident, for changes that a run's script made.
    pub(crate) fn incident_change(
        &self,
        id: Option<&str>,
        run: &RunId,
        changes: &[Value],
    ) -> Option<StreamAppend> {
        let id = id.filter(|_| !changes.is_empty())?;
        let entries = changes.iter().map(|change| {
            let mut body = change.clone();
            body["by"] = json!(format!("run/{run}"));
            NewEntry::new("incident.changed", &body)
        });
        Some(StreamAppend::new(StreamId::incident(id), self.journal.epoch(), entries.collect()))
    }

    /// The appends that say what a run claims, one for each target and property.
    pub(crate) fn claimed(&self, claims: &[Claim]) -> Vec<StreamAppend> {
        let mut appends: Vec<StreamAppend> = Vec::new();
        for claim in claims {
            let (stream, entry) =
                (Claim::stream(&claim.target, &claim.property), NewEntry::new(CLAIM, claim));
            match appends.iter_mut().find(|append| append.stream == stream) {
                Some(append) => append.entries.push(entry),
                None => appends.push(StreamAppend::new(stream, self.journal.epoch(), vec![entry])),
            }
        }
        appends
    }

    /// True when this person is in one of the groups, or named.
    pub(crate) fn is_asked(&self, who: &str, ask: &[String]) -> bool {
        ask.iter().any(|name| {
            name == who
                || self
                    .config
                    .people
                    .groups
                    .get(name)
                    .is_some_and(|people| people.iter().any(|person| person == who))
        })
    }

    /// Whether the configuration knows a person or group of this name.
    pub(crate) fn is_known(&self, name: &str) -> bool {
        let groups = &self.config.people.groups;
        groups.contains_key(name) || groups.values().flatten().any(|person| person == name)
    }

    /// Where a message of this channel goes: integration, action, arguments.
    pub(crate) fn route(
        &self,
        channel: &str,
        subject: &str,
        text: &str,
    ) -> Result<(String, String, Value), StepError> {
        use stanch_model::catalog::ActionIndex;
        let (way, place) = channel.split_once(':').unwrap_or((channel, ""));
        // `webhook:NAME`: the integration is the address.
        let (way, place) = if way == "webhook" { (place, "") } else { (way, place) };
        let verbs: &[&str] = if way == "mail" { &["mail.send"] } else { &["chat.post", "page.send"] };
        let mut found = verbs.iter().flat_map(|verb| self.integrations.verb(verb));
        match found.find(|(name, _)| way == "mail" || name == way) {
            Some((name, info)) => Ok((name, info.name.clone(), info.message(place, subject, text))),
            None => {
                let names: Vec<String> =
                    self.integrations.integrations().into_iter().map(|(name, _)| name).collect();
                let hint = did_you_mean(way, names.iter().map(String::as_str))
                    .map_or_else(String::new, |near| format!(" (did you mean {near}?)"));
                Err(StepError::new("no_contact", format!("nothing configured can send to {channel}{hint}")))
            }
        }
    }

    /// Notes that a running run was found after an unclean stop; false when it was found so twice with nothing between.
    pub(crate) fn revive(&self, run: &RunId) -> Result<bool, EngineError> {
        let stream = StreamId::run(run);
        let Some(info) = self.journal.stream(&stream)? else { return Ok(false) };
        let last = self.journal.read(&stream, info.version, 1)?;
        let stuck = last.first().is_some_and(|entry| entry.header.kind == kind::REVIVED);
        let stuck = stuck && !self.is_paused_whole();
        let epoch = self.journal.epoch();
        let (entry, state) = match stuck {
            false => (NewEntry::new(kind::REVIVED, &Revived { epoch: epoch.0 }), RunState::Running),
            true => {
                let why = "it was running at two unclean stops and got nowhere between".to_owned();
                let body = StateEntry::of(RunState::Suspect, why);
                (NewEntry::new(kind::STATE, &body), RunState::Suspect)
            }
        };
        let append = StreamAppend {
            row: Some(row(state, None, None)),
            ..StreamAppend::new(stream, epoch, vec![entry])
        };
        self.journal.append(vec![append], With::default())?;
        Ok(!stuck)
    }

    fn is_paused_whole(&self) -> bool {
        self.paused.read().contains("all")
    }

    pub(crate) fn journal_pause(
        &self,
        scope: &str,
        paused: bool,
        by: By<'_>,
    ) -> Result<Ticket, JournalError> {
        let kind = if paused { "pause" } else { "resume" };
        let mut body = json!({ "scope": scope, "who": by.who });
        if !by.channel.is_empty() {
            body["channel"] = json!(by.channel);
        }
        let entry = NewEntry::new(kind, &body);
        let stream = StreamId::from_stored(format!("pause/{scope}"));
        let state = if paused { "paused" } else { "resumed" };
        let row = stanch_journal::Row { state: state.to_owned(), ..stanch_journal::Row::default() };
        let append =
            StreamAppend { row: Some(row), ..StreamAppend::new(stream, self.journal.epoch(), vec![entry]) };
        let ticket = self.journal.append(vec![append], With::default())?;
        self.journal.kick();
        Ok(ticket)
    }

    pub(crate) fn journaled_pauses(&self) -> Result<BTreeSet<String>, JournalError> {
        let filter =
            Filter { prefix: "pause/".to_owned(), states: vec!["paused".to_owned()], ..Filter::default() };
        let page = self.journal.query(&filter, Cursor::START)?;
        Ok(page
            .streams
            .iter()
            .filter_map(|(stream, _)| Some(stream.as_str().strip_prefix("pause/")?.to_owned()))
            .collect())
    }

    /// The last entry of a clean stop; running runs are told by their rows.
    pub(crate) fn close_cleanly(&self) {
        self.journal.kick();
    }
}
