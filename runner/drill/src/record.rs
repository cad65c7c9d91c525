//! The drill's own journal, beside the server's: what it was played from, what happened by the director's hand, what people
//! noted, how it ended. An interrupted drill goes on from it.

mod kept;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use stanch_integrations::ScenarioClock;
use stanch_journal::{
    IndexPlace, Journal, JournalError, KeySource, LocalJournal, Options, StreamAppend, With,
};
use stanch_model::{
    Entry, NewEntry, StreamId,
    api::{Grade, SeatKind},
    clock::ClockAt,
};

pub use kept::Kept;

use crate::{
    scenario::{Edit, FaultSpec},
    score::{Grades, Override, Score},
};

/// The one stream of it.
const STREAM: &str = "drill";

/// For tests of our own death: the number of the line at which this process is killed, before it is durable.
const KILL: &str = "STANCH_KILL_DRILL_AT_LINE";

/// Nothing in it is sealed; the vault wants a key all the same.
const NO_SECRET: [u8; 32] = [0; 32];

/// A line of the record. Times are Unix ms on the scenario's clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Line {
    /// It began, with this file.
    Began {
        /// The scenario's name.
        drill: String,
        /// The playbook beside which it lies.
        playbook: String,
        /// The playbook's version when it began.
        version: String,
        /// The file's text: what is played is what was read then.
        scenario: String,
    },
    /// The clock changed.
    Clock {
        /// What it goes by from here on.
        at: ClockAt,
        /// Who changed it; nobody where it went to the next moment by itself.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// Somebody sat down.
    Sat {
        /// Where.
        seat: SeatKind,
        /// In whose name they play.
        who: String,
        /// When.
        at_ms: i64,
    },
    /// The facilitator switched a fault on.
    Faulted {
        /// What fails.
        fault: FaultSpec,
        /// Who did.
        by: String,
        /// When.
        at_ms: i64,
    },
    /// The facilitator switched faults off.
    Mended {
        /// Which, in words.
        faults: String,
        /// Who did.
        by: String,
        /// When.
        at_ms: i64,
    },
    /// An entry of the plot happened.
    Fired {
        /// Its place in the plot.
        entry: usize,
        /// When.
        at_ms: i64,
        /// Who fired it; nobody where the plot did.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// An entry of the plot was called off.
    Off {
        /// Its place in the plot.
        entry: usize,
        /// When.
        at_ms: i64,
        /// By whom; nobody where what it waited for happened.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        by: String,
    },
    /// The facilitator changed an entry of the plot before it came.
    Edited {
        /// Its place in the plot.
        entry: usize,
        /// What is new.
        edit: Edit,
        /// Who did.
        by: String,
        /// When.
        at_ms: i64,
    },
    /// The facilitator lets an expectation count as something else than was computed, or takes that back.
    Graded {
        /// Its place in the file.
        expectation: usize,
        /// As what; as computed where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        came: Option<Grade>,
        /// Who did.
        by: String,
        /// Why.
        why: String,
        /// When.
        at_ms: i64,
    },
    /// Hidden grants came to light.
    Revealed {
        /// Their place in the world.
        hidden: usize,
        /// When.
        at_ms: i64,
    },
    /// A platform took an app away from everybody.
    Pulled {
        /// The entry of the plot.
        entry: usize,
        /// What went.
        did: Vec<Did>,
        /// When.
        at_ms: i64,
    },
    /// The adversary made a move.
    Moved {
        /// Its place in the scenario.
        number: usize,
        /// The how many-eth time, from 1.
        times: u32,
        /// A read, or grants that it made.
        got: u32,
        /// Why it failed: access was cut.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        failed: String,
        /// Whether a platform had given something up before.
        after_cut: bool,
        /// When.
        at_ms: i64,
    },
    /// The runner was killed.
    Killed {
        /// When.
        at_ms: i64,
    },
    /// An empty seat spoke.
    StoodIn {
        /// The card: run and wait.
        card: String,
        /// The name of the approval or question.
        name: String,
        /// In whose name.
        who: String,
        /// What was said.
        say: String,
        /// When.
        at_ms: i64,
    },
    /// Somebody at a vendor answered a mail.
    Replied {
        /// The vendor.
        vendor: String,
        /// Their address.
        from: String,
        /// In their words.
        text: String,
        /// The mail that it answers.
        mail: String,
        /// When.
        at_ms: i64,
    },
    /// Somebody did on a simulated platform, with their own hands, what a card asks for.
    ByHand {
        /// The card: run and wait.
        card: String,
        /// Who.
        who: String,
        /// What was done.
        did: Vec<Did>,
        /// When.
        at_ms: i64,
    },
    /// Somebody noted something.
    Observed {
        /// Who.
        who: String,
        /// `strength`, `gap` or `note`.
        sort: String,
        /// About which goal, if about one.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        goal: String,
        /// What.
        text: String,
        /// When.
        at_ms: i64,
    },
    /// A hint was taken.
    Hinted {
        /// Which, counted from 0.
        hint: usize,
        /// Who took it.
        who: String,
        /// When.
        at_ms: i64,
    },
    /// An expectation came true for the first time.
    Met {
        /// Its place in the file.
        expectation: usize,
        /// When.
        at_ms: i64,
    },
    /// Something real happens: the stop word.
    Stopped {
        /// Who said it.
        who: String,
        /// What happens.
        why: String,
        /// When.
        at_ms: i64,
    },
    /// It is over.
    Ended {
        /// When.
        at_ms: i64,
        /// Why: `met`, `time`, `stopped`, `nothing left`.
        why: String,
        /// The score.
        score: Box<Score>,
    },
}

/// Something done with one's own hands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// An app was blocked.
    Blocked {
        /// Its id in the world.
        app: String,
        /// Where.
        #[serde(default)]
        integration: String,
    },
    /// A blocked app was let in again.
    Released {
        /// Its id in the world.
        app: String,
        /// Where.
        integration: String,
    },
    /// A grant was taken away.
    Took {
        /// The app whose grant it was.
        app: String,
        /// Where.
        integration: String,
        /// The grant's id.
        id: String,
    },
}

/// See the module.
pub struct Record {
    journal: LocalJournal,
    lines: Mutex<Vec<Line>>,
    /// Position of the last line.
    last: AtomicU64,
    dies_at: Option<usize>,
}

impl Record {
    /// Where the record of a drill with this data folder lies.
    pub fn folder(data: &Path) -> PathBuf {
        let mut name = data.file_name().unwrap_or_default().to_owned();
        name.push(".drill");
        data.with_file_name(name)
    }

    /// Opens it, or begins a new one.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(folder: &Path, clock: Option<Arc<ScenarioClock>>) -> Result<Self, JournalError> {
        let mut options = Options::new(KeySource::Bytes(NO_SECRET));
        (options.index, options.checkpoint_every) = (IndexPlace::Memory, None);
        (options.segment_bytes, options.reserve_bytes) = (1 << 20, 0);
        if let Some(clock) = clock {
            let millis = move || u64::try_from(clock.now_ms()).unwrap_or_default();
            options.time = Arc::new(move || std::time::Duration::from_millis(millis()));
        }
        let journal = LocalJournal::open(folder, options)?;
        let kept = lines(journal.read(&StreamId::from_stored(STREAM), 1, usize::MAX)?);
        let dies_at = std::env::var(KILL).ok().and_then(|line| line.parse().ok());
        Ok(Self { journal, lines: Mutex::new(kept), last: AtomicU64::new(0), dies_at })
    }

    /// Writes a line. It is durable after the next `settle`.
    pub fn write(&self, line: Line) {
        let entry = NewEntry::new(kind(&line), &line);
        let append = StreamAppend::new(StreamId::from_stored(STREAM), self.journal.epoch(), vec![entry]);
        match self.journal.append(vec![append], With::default()) {
            Ok(ticket) => {
                self.last.fetch_max(ticket.position, Ordering::Relaxed);
                self.journal.kick();
            }
            Err(error) => tracing::error!(%error, "the drill's record does not take a line"),
        }
        let mut lines = self.lines.lock();
        lines.push(line);
        if self.dies_at == Some(lines.len()) {
            crate::child::signal(std::process::id(), rustix::process::Signal::KILL);
        }
    }

    /// Resolves when all that was written is durable.
    ///
    /// # Errors
    /// When the disk fails.
    pub async fn settle(&self) -> Result<(), JournalError> {
        self.journal.durable_at(self.last.load(Ordering::Relaxed)).await
    }

    /// All lines, oldest first.
    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().clone()
    }

    /// What an earlier supervisor left.
    pub fn kept(&self) -> Kept {
        let mut kept = Kept::default();
        for line in self.lines.lock().iter() {
            kept.take(line);
        }
        kept
    }
}

impl Line {
    /// When, where it has a moment.
    pub fn at_ms(&self) -> Option<i64> {
        match self {
            Self::Began { .. } | Self::Clock { .. } => None,
            Self::Sat { at_ms, .. }
            | Self::Faulted { at_ms, .. }
            | Self::Mended { at_ms, .. }
            | Self::ByHand { at_ms, .. }
            | Self::Stopped { at_ms, .. }
            | Self::Fired { at_ms, .. }
            | Self::Off { at_ms, .. }
            | Self::Edited { at_ms, .. }
            | Self::Graded { at_ms, .. }
            | Self::Revealed { at_ms, .. }
            | Self::Moved { at_ms, .. }
            | Self::Pulled { at_ms, .. }
            | Self::Killed { at_ms }
            | Self::StoodIn { at_ms, .. }
            | Self::Replied { at_ms, .. }
            | Self::Observed { at_ms, .. }
            | Self::Hinted { at_ms, .. }
            | Self::Met { at_ms, .. }
            | Self::Ended { at_ms, .. } => Some(*at_ms),
        }
    }
}

/// The overrides among these lines: of each expectation the last word.
pub fn grades<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Grades {
    let mut grades = Grades::new();
    for line in lines {
        let Line::Graded { expectation, came, by, why, at_ms } = line else { continue };
        match *came {
            Some(came) => {
                let (by, why, at_ms) = (by.clone(), why.clone(), *at_ms);
                grades.insert(*expectation, Override { came, by, why, at_ms });
            }
            None => _ = grades.remove(expectation),
        }
    }
    grades
}

/// The lines of a record that nobody has open.
///
/// # Errors
/// When there is none, or it cannot be read.
pub fn read(data: &Path) -> Result<Vec<Line>, JournalError> {
    let mut log = stanch_journal::tail(Record::folder(data), usize::MAX)?;
    Ok(lines(std::iter::from_fn(|| log.poll().ok().flatten()).collect()))
}

fn lines(entries: Vec<Entry>) -> Vec<Line> {
    entries.iter().filter_map(|entry| entry.decode().ok()).collect()
}

fn kind(line: &Line) -> &'static str {
    match line {
        Line::Began { .. } => "drill.began",
        Line::Clock { .. } => "drill.clock",
        Line::Sat { .. } => "drill.sat",
        Line::Faulted { .. } => "drill.faulted",
        Line::Mended { .. } => "drill.mended",
        Line::ByHand { .. } => "drill.by_hand",
        Line::Stopped { .. } => "drill.stopped",
        Line::Fired { .. } => "drill.fired",
        Line::Off { .. } => "drill.off",
        Line::Edited { .. } => "drill.edited",
        Line::Graded { .. } => "drill.graded",
        Line::Revealed { .. } => "drill.revealed",
        Line::Moved { .. } => "drill.moved",
        Line::Pulled { .. } => "drill.pulled",
        Line::Killed { .. } => "drill.killed",
        Line::StoodIn { .. } => "drill.stood_in",
        Line::Replied { .. } => "drill.replied",
        Line::Observed { .. } => "drill.observed",
        Line::Hinted { .. } => "drill.hinted",
        Line::Met { .. } => "drill.met",
        Line::Ended { .. } => "drill.ended",
    }
}
