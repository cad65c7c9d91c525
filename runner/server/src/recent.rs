//! The newest streams of a kind. The index knows streams by name only, and names are ULIDs, which begin with their time:
//! so a page is found by looking back over wider and wider windows of time.

use serde::Deserialize;
use stanch_engine::Accepted;
use stanch_journal::{Cursor, Filter, Journal, JournalError, StreamInfo};
use stanch_model::{Alert, StreamId, api::AlertSummary, incident::state};
use ulid::Ulid;

/// Items of a page unless asked for more, and at most.
const USUAL: usize = 100;
const MOST: usize = 1000;

/// Which page.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Paging {
    limit: Option<usize>,
    pub(crate) after: Option<String>,
    /// Of incidents: without those that are closed.
    #[serde(default)]
    open: bool,
}

impl Paging {
    /// The first page, as long as pages may be.
    pub(crate) fn most() -> Self {
        Self { limit: Some(MOST), ..Self::default() }
    }

    /// The first page of what is open.
    pub(crate) fn open() -> Self {
        Self { open: true, ..Self::default() }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.unwrap_or(USUAL).clamp(1, MOST)
    }
}

/// Ids of streams, newest first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) ids: Vec<String>,
    pub(crate) next: Option<String>,
}

/// Windows to look back over, in milliseconds: a minute, an hour, a day, a month, and everything.
const WINDOWS: [u64; 5] = [60_000, 3_600_000, 86_400_000, 31 * 86_400_000, u64::MAX];

/// The newest streams whose names begin with `prefix`, from `paging.after` on.
pub(crate) fn streams(journal: &dyn Journal, prefix: &str, paging: &Paging) -> Result<Found, JournalError> {
    let limit = paging.limit();
    let before = paging.after.as_deref();
    let newest = before.and_then(|id| id.parse::<Ulid>().ok()).unwrap_or_else(Ulid::generate);
    for window in WINDOWS {
        let since = newest.timestamp_ms().saturating_sub(window);
        let everything = since == 0;
        let after =
            (!everything).then(|| StreamId::from_stored(format!("{prefix}{}", Ulid::from_parts(since, 0))));
        let filter = Filter { prefix: prefix.to_owned(), after, ..Filter::default() };
        let page = journal.query(&filter, Cursor::START)?;
        let mut ids: Vec<String> = page
            .streams
            .into_iter()
            .filter(|(_, info)| !(paging.open && is_closed(info)))
            .filter_map(|(stream, _)| stream.as_str().strip_prefix(prefix).map(str::to_owned))
            .filter(|id| before.is_none_or(|before| id.as_str() < before))
            .collect();
        if ids.len() > limit || everything {
            ids.reverse();
            let more = ids.len() > limit;
            ids.truncate(limit);
            let next = more.then(|| ids.last().cloned()).flatten();
            return Ok(Found { ids, next });
        }
    }
    Ok(Found::default())
}

/// How many incidents nobody has closed.
pub(crate) fn open_incidents(journal: &dyn Journal) -> Result<u64, JournalError> {
    let filter = Filter { prefix: "incident/".to_owned(), ..Filter::default() };
    let all = journal.query(&filter, Cursor::START)?.streams;
    Ok(all.iter().filter(|(_, info)| !is_closed(info)).count() as u64)
}

fn is_closed(info: &StreamInfo) -> bool {
    info.row.as_ref().is_some_and(|row| row.state == state::CLOSED)
}

/// One alert by its id.
pub(crate) fn alert(journal: &dyn Journal, id: &str) -> Result<Option<AlertSummary>, JournalError> {
    let entries = journal.read(&StreamId::alert(id), 1, 2)?;
    let Some(first) = entries.first() else { return Ok(None) };
    let Ok(alert) = first.decode::<Alert>() else { return Ok(None) };
    let verdict = entries.get(1).and_then(|entry| entry.decode::<Accepted>().ok());
    let (runs, incident) = verdict.map_or_else(Default::default, |verdict| {
        (verdict.verdicts.into_iter().map(|verdict| verdict.run.0).collect(), verdict.incident)
    });
    Ok(Some(AlertSummary { id: id.to_owned(), received: first.header.time.clone(), runs, incident, alert }))
}

#[cfg(test)]
mod tests {
    use stanch_journal::{MemoryJournal, StreamAppend, With};
    use stanch_model::NewEntry;

    use super::*;

    #[test]
    fn pages_go_back_from_the_newest_without_a_gap() {
        let journal = MemoryJournal::new();
        let now = Ulid::generate().timestamp_ms();
        let ages = [0, 1, 30_000, 7_200_000, 90_000_000, 400 * 86_400_000_u64];
        let ids: Vec<String> = ages.iter().map(|age| Ulid::from_parts(now - age, 7).to_string()).collect();
        for id in &ids {
            let append =
                StreamAppend::new(StreamId::alert(id), journal.epoch(), vec![NewEntry::new("x", &1)]);
            journal.append(vec![append], With::default()).unwrap();
        }
        journal.commit_here();
        let mut seen = Vec::new();
        let mut paging = Paging { limit: Some(2), ..Paging::default() };
        loop {
            let found = streams(&journal, "alert/", &paging).unwrap();
            assert!(found.ids.len() <= 2);
            seen.extend(found.ids);
            match found.next {
                Some(next) => paging.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, ids);
    }
}
