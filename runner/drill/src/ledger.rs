//! Where the ledger of drills lies: a small journal of its own, chained and synced like any other, in the folder `drills`
//! of a company's data folder. It is opened for the moment of a write, so that drills and people can take turns.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use jiff::Timestamp;
use serde::Serialize;
use stanch_integrations::Catalog;
use stanch_journal::{
    IndexPlace, Journal, JournalError, KeySource, LocalJournal, Options, StreamAppend, With,
};
use stanch_model::{
    Hash, NewEntry, StreamId,
    run::{body, kind as run_kind},
};
use stanch_response::{
    drills::{Changed, Closed, FOLDER, Ledger, Opened, Rated, STREAM, kind},
    report::{Came, Head},
};

use crate::{report, score::Score};

/// Nothing in it is sealed; the vault wants a key all the same.
const NO_SECRET: [u8; 32] = [0; 32];

/// Somebody else writes: tried again so often, after so long.
const TURNS: u32 = 200;
const TURN: Duration = Duration::from_millis(25);

/// Where the ledger of this data folder lies.
pub fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// Reads the ledger; one that was never written is empty.
///
/// # Errors
/// When it cannot be read.
pub fn read(folder: &Path) -> Result<Ledger, JournalError> {
    if !folder.join("journal").exists() {
        return Ok(Ledger::default());
    }
    let entries = stanch_journal::tail(folder, usize::MAX)?.rest()?;
    Ok(Ledger::of(&entries))
}

/// Something that is written.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Line {
    /// A drill is over.
    Rated(Box<Rated>),
    /// Something is to be improved.
    Opened(Opened),
    /// Somebody else does it, or by another day.
    Changed(Changed),
    /// It is done.
    Closed(Closed),
}

impl Line {
    fn kind(&self) -> &'static str {
        match self {
            Self::Rated(_) => kind::RATED,
            Self::Opened(_) => kind::OPENED,
            Self::Changed(_) => kind::CHANGED,
            Self::Closed(_) => kind::CLOSED,
        }
    }
}

/// Writes what `what` makes of the ledger as it is; durable when it returns. Gives the ledger as it is then.
///
/// # Errors
/// When the folder cannot be used, or somebody else keeps it open.
pub async fn write(folder: &Path, what: impl FnOnce(&Ledger) -> Vec<Line>) -> Result<Ledger, JournalError> {
    let journal = open(folder).await?;
    let stream = StreamId::from_stored(STREAM);
    let before = Ledger::of(&journal.read(&stream, 1, usize::MAX)?);
    let lines = what(&before);
    if lines.is_empty() {
        return Ok(before);
    }
    let entries = lines.iter().map(|line| NewEntry::new(line.kind(), line)).collect();
    let append = StreamAppend::new(stream.clone(), journal.epoch(), entries);
    let ticket = journal.append(vec![append], With::default())?;
    journal.kick();
    journal.durable_at(ticket.position).await?;
    Ok(Ledger::of(&journal.read(&stream, 1, usize::MAX)?))
}

async fn open(folder: &Path) -> Result<LocalJournal, JournalError> {
    let options = || {
        let mut options = Options::new(KeySource::Bytes(NO_SECRET));
        (options.index, options.checkpoint_every) = (IndexPlace::Memory, None);
        (options.segment_bytes, options.reserve_bytes) = (1 << 20, 0);
        options
    };
    for _ in 0..TURNS {
        match LocalJournal::open(folder, options()) {
            Err(JournalError::Locked { .. }) => tokio::time::sleep(TURN).await,
            opened => return opened,
        }
    }
    LocalJournal::open(folder, options())
}

/// A drill that was played in this data folder and is over.
#[derive(Clone, Copy, Debug)]
pub struct Played<'a> {
    /// The scenario.
    pub drill: &'a str,
    /// The playbook that was rehearsed.
    pub playbook: &'a str,
    /// Hash of its sources.
    pub version: &'a str,
    /// Who keeps it: who answers for what is found.
    pub owner: &'a str,
    /// The data folder.
    pub data: &'a Path,
    /// The score.
    pub score: &'a Score,
    /// Now, on the wall's clock.
    pub now: Timestamp,
}

/// Keeps a drill: its result, how the open improvements came out, and a new improvement for each expectation that was not
/// met and is not kept already. Durable when it returns.
///
/// # Errors
/// When a journal cannot be read or written.
pub async fn keep(folder: &Path, played: Played<'_>) -> Result<Ledger, JournalError> {
    let head = Head::of(&report::record(played.data)?).map(|head| head.hash).unwrap_or_default();
    let actions = actions(played.data)?;
    write(folder, |ledger| {
        if ledger.play(&head).is_some() {
            return Vec::new();
        }
        let tested = ledger
            .open(played.playbook)
            .map(|item| (item.opened.number, came(played.score, &item.opened.that)));
        let rated = Rated {
            drill: played.drill.to_owned(),
            playbook: played.playbook.to_owned(),
            version: played.version.to_owned(),
            actions,
            at: played.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            score: played.score.score,
            of: played.score.of,
            passed: played.score.passed,
            ratings: played.score.objectives.iter().map(|one| (one.goal.clone(), one.rating)).collect(),
            data: std::path::absolute(played.data)
                .unwrap_or_else(|_| played.data.to_owned())
                .display()
                .to_string(),
            record: head.clone(),
            tested: tested.collect(),
        };
        let opened = opened(ledger, &played, &head);
        [Line::Rated(Box::new(rated))].into_iter().chain(opened).collect()
    })
    .await
}

fn came(score: &Score, that: &str) -> Option<Came> {
    let mut expectations = score.objectives.iter().flat_map(|objective| &objective.expectations);
    expectations.find(|one| one.that == that).map(|one| one.came)
}

/// What is found now and is not open already.
fn opened(ledger: &Ledger, played: &Played<'_>, head: &str) -> Vec<Line> {
    let missed = played.score.objectives.iter().flat_map(|objective| &objective.expectations);
    let missed = missed.filter(|one| one.came != Came::Met);
    let is_new = |that: &str| !ledger.open(played.playbook).any(|item| item.opened.that == that);
    let new = missed.filter(|one| is_new(&one.that)).zip(ledger.next()..);
    let lines = new.map(|(one, number)| {
        Line::Opened(Opened {
            number,
            playbook: played.playbook.to_owned(),
            text: format!("{}: {}", one.came.as_str(), one.say),
            owner: played.owner.to_owned(),
            due: report::due(played.now),
            from: played.drill.to_owned(),
            that: one.that.clone(),
            record: head.to_owned(),
        })
    });
    lines.collect()
}

/// The definitions of the actions that the runs of a drill were pinned to, by `platform action`.
fn actions(data: &Path) -> Result<BTreeMap<String, Hash>, JournalError> {
    let mut actions = BTreeMap::new();
    let entries = stanch_journal::tail(data, usize::MAX)?.rest()?;
    for entry in entries.iter().filter(|entry| entry.header.kind == run_kind::CREATED) {
        let Ok(created) = entry.decode::<body::Created>() else { continue };
        for (name, hash) in created.pins.actions {
            let Some((integration, action)) = name.split_once('.') else { continue };
            let identity = created.pins.integrations.get(integration);
            let platform = identity.and_then(|identity| identity.split(' ').next()).unwrap_or(integration);
            actions.insert(format!("{platform} {action}"), hash);
        }
    }
    Ok(actions)
}

/// The definition of an action of a platform in this catalogue.
pub fn hash(catalog: &Catalog, platform: &str, action: &str) -> Option<Hash> {
    catalog.platform(platform)?.actions().find(|info| info.name == action).map(|info| info.hash)
}
