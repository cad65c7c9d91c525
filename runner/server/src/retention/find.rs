//! What may be dropped: everything that belongs together, once all of it has ended long enough ago.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::Timestamp;
use stanch_engine::Accepted;
use stanch_journal::{Cursor, Filter, Journal, JournalError, StreamInfo, inbox_of};
use stanch_model::{
    Entry, Hash, RunId, StreamId,
    api::LegalHold,
    run::{
        HoldView, RunState, RunView,
        body::{Created, Local, kind},
    },
};
use stanch_response::incident::Incident;

use super::Found;

/// Entries of one incident.
const ENTRIES: usize = 100_000;

type Streams = BTreeMap<StreamId, StreamInfo>;

/// Everything that ended before this moment and that no hold keeps.
pub(super) fn old(
    journal: &dyn Journal,
    before: Timestamp,
    held: &BTreeMap<String, LegalHold>,
) -> Result<Found, JournalError> {
    let mut search = Search { journal, before, found: Found::default(), runs: of(journal, "run/")? };
    search.incidents(held)?;
    search.lone_runs()?;
    search.lone_alerts()?;
    search.what_they_name()?;
    Ok(search.found)
}

fn of(journal: &dyn Journal, prefix: &str) -> Result<Streams, JournalError> {
    let filter = Filter { prefix: prefix.to_owned(), ..Filter::default() };
    Ok(journal.query(&filter, Cursor::START)?.streams.into_iter().collect())
}

struct Search<'a> {
    journal: &'a dyn Journal,
    before: Timestamp,
    found: Found,
    runs: Streams,
}

impl Search<'_> {
    /// Whether its last entry is old, by the journal's own time.
    fn is_old(&self, stream: &StreamId, info: &StreamInfo) -> Result<bool, JournalError> {
        let last = self.journal.read(stream, info.version, 1)?.pop();
        let time = last.and_then(|entry| entry.header.time.parse::<Timestamp>().ok());
        Ok(time.is_some_and(|time| time < self.before))
    }

    fn first(&self, stream: &StreamId) -> Result<Option<Entry>, JournalError> {
        Ok(self.journal.read(stream, 1, 1)?.pop())
    }

    /// True for a run that has ended long ago, and for one that is not there.
    fn is_over(&self, run: &StreamId) -> Result<bool, JournalError> {
        let Some(info) = self.runs.get(run) else { return Ok(true) };
        let ended = info.row.as_ref().is_some_and(|row| RunState::parse(&row.state) == Some(RunState::Ended));
        Ok(ended && self.is_old(run, info)?)
    }

    fn incidents(&mut self, held: &BTreeMap<String, LegalHold>) -> Result<(), JournalError> {
        let of_incident = self.runs_by_incident()?;
        for (stream, info) in of(self.journal, "incident/")? {
            let id = stream.as_str().trim_start_matches("incident/").to_owned();
            let entries = self.journal.read(&stream, 1, ENTRIES)?;
            let Some(incident) = Incident::of(&entries) else { continue };
            let mut parts: BTreeSet<StreamId> =
                incident.runs.iter().map(|run| StreamId::run(&RunId(run.clone()))).collect();
            parts.extend(of_incident.get(&id).into_iter().flatten().cloned());
            let alerts: Vec<StreamId> = incident.alerts.iter().map(|alert| StreamId::alert(alert)).collect();
            if !self.is_old(&stream, &info)? || !self.are_over(&parts)? {
                continue;
            }
            if held.contains_key(&id) {
                self.found.held.push(id);
                continue;
            }
            self.found.incidents.push(id);
            for run in parts {
                self.drop_run(&run)?;
            }
            self.found.alerts += alerts.len() as u64;
            self.found.forget.streams.extend(alerts);
            self.found.forget.streams.insert(stream);
        }
        Ok(())
    }

    /// Child runs too, which the incident itself need not name.
    fn runs_by_incident(&self) -> Result<BTreeMap<String, Vec<StreamId>>, JournalError> {
        let mut all: BTreeMap<String, Vec<StreamId>> = BTreeMap::new();
        for run in self.runs.keys() {
            let created = self.first(run)?.and_then(|entry| entry.decode::<Created>().ok());
            if let Some(incident) = created.and_then(|created| created.incident) {
                all.entry(incident).or_default().push(run.clone());
            }
        }
        Ok(all)
    }

    fn are_over(&self, runs: &BTreeSet<StreamId>) -> Result<bool, JournalError> {
        for run in runs {
            if !self.is_over(run)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn drop_run(&mut self, run: &StreamId) -> Result<(), JournalError> {
        let Some(id) = run.as_run().filter(|_| self.runs.contains_key(run)) else { return Ok(()) };
        let mut view = RunView::default();
        self.journal.visit(run, 1, &mut |entry| {
            if entry.kind == kind::HOLD || entry.kind == kind::CREATED {
                view.apply(&entry.to_entry(run));
            }
            Ok(())
        })?;
        let stands = |hold: &HoldView| hold.given_back.is_none();
        if view.holds.iter().any(stands) {
            self.found.holding.push(id.to_string());
        }
        self.found.runs.push(id.to_string());
        self.found.forget.streams.extend([inbox_of(run), run.clone()]);
        Ok(())
    }

    /// Runs that no incident has. A child goes with the run above it.
    fn lone_runs(&mut self) -> Result<(), JournalError> {
        let runs: Vec<StreamId> = self.runs.keys().cloned().collect();
        for run in runs {
            let Some(created) = self.first(&run)?.and_then(|entry| entry.decode::<Created>().ok()) else {
                continue;
            };
            let above = created.parent.map(|(parent, _)| StreamId::run(&parent));
            let waits_for_another = created.incident.is_some()
                || above.is_some_and(|above| {
                    self.runs.contains_key(&above) && !self.found.forget.streams.contains(&above)
                });
            if !waits_for_another && self.is_over(&run)? {
                self.drop_run(&run)?;
            }
        }
        Ok(())
    }

    /// Alerts that came to nothing.
    fn lone_alerts(&mut self) -> Result<(), JournalError> {
        for (stream, info) in of(self.journal, "alert/")? {
            let entries = self.journal.read(&stream, 1, 2)?;
            if entries.first().is_none_or(|entry| entry.body.is_none()) {
                continue;
            }
            let verdict = entries.get(1).and_then(|entry| entry.decode::<Accepted>().ok());
            let belongs = verdict.is_some_and(|verdict| {
                let is_kept =
                    |run: &StreamId| self.runs.contains_key(run) && !self.found.forget.streams.contains(run);
                verdict.incident.is_some()
                    || verdict.verdicts.iter().any(|verdict| is_kept(&StreamId::run(&verdict.run)))
            });
            if !belongs && self.is_old(&stream, &info)? {
                self.found.alerts += 1;
                self.found.forget.streams.insert(stream);
            }
        }
        Ok(())
    }

    /// Evidence and secrets that nothing names but what goes.
    fn what_they_name(&mut self) -> Result<(), JournalError> {
        let sealed = self.journal.sealed()?;
        let going = self.named_by(self.found.forget.streams.iter(), &sealed)?;
        if going.0.is_empty() && going.1.is_empty() {
            return Ok(());
        }
        let everything = of(self.journal, "")?;
        let staying = everything.keys().filter(|stream| !self.found.forget.streams.contains(stream));
        let staying = self.named_by(staying, &sealed)?;
        self.found.forget.payloads = going.0.difference(&staying.0).copied().collect();
        self.found.forget.secrets = going.1.difference(&staying.1).cloned().collect();
        Ok(())
    }

    fn named_by<'s>(
        &self,
        streams: impl Iterator<Item = &'s StreamId>,
        sealed: &[String],
    ) -> Result<(HashSet<Hash>, HashSet<String>), JournalError> {
        let (mut payloads, mut secrets) = (HashSet::new(), HashSet::new());
        for stream in streams {
            self.journal.visit(stream, 1, &mut |entry| {
                let Some(body) = entry.body else { return Ok(()) };
                secrets.extend(sealed.iter().filter(|handle| body.contains(handle.as_str())).cloned());
                if entry.kind == kind::LOCAL
                    && let Ok(local) = entry.decode::<Local>()
                    && local.op == "evidence"
                {
                    payloads.extend(local.value["hash"].as_str().and_then(Hash::parse));
                }
                Ok(())
            })?;
        }
        Ok((payloads, secrets))
    }
}
