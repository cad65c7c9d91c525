//! What all runs have cut within sixty minutes, for caps of an hour. After a start it is made from the journal.

use std::collections::VecDeque;

use parking_lot::Mutex;
use stanch_journal::{Cursor, Filter, JournalError};
use stanch_model::{
    Effect, StreamId, Target,
    run::{
        Mode,
        body::{Created, Intent, kind},
    },
};

use super::tally::Tally;
use crate::{env::Env, host::bare};

const HOUR_MS: i64 = 3_600_000;

/// A guard that asks before the journal was read asks again after this long.
const SOON_MS: i64 = 200;

/// Entries read at a time.
const PAGE: usize = 10_000;

/// The cuts of the last hour.
#[derive(Default)]
pub(crate) struct Hour(Mutex<Cuts>);

#[derive(Default)]
struct Cuts {
    state: State,
    log: VecDeque<(i64, Target)>,
    tally: Tally,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nothing asks for it.
    #[default]
    Idle,
    /// The journal is being read.
    Reading,
    Ready,
}

impl Hour {
    /// One more cut, unless nobody asks.
    pub(super) fn add(&self, now_ms: i64, target: &Target) {
        let mut cuts = self.0.lock();
        if cuts.state != State::Idle {
            cuts.add(now_ms, bare(target));
        }
    }

    /// Looks at the tally; or says when it can be looked at.
    pub(super) fn look<T>(&self, now_ms: i64, look: impl FnOnce(&Tally) -> T) -> Result<T, i64> {
        let mut cuts = self.0.lock();
        if cuts.state != State::Ready {
            return Err(now_ms + SOON_MS);
        }
        cuts.forget(now_ms - HOUR_MS);
        Ok(look(&cuts.tally))
    }
}

impl Cuts {
    fn add(&mut self, at_ms: i64, target: Target) {
        self.tally.add(&target);
        self.log.push_back((at_ms, target));
    }

    fn forget(&mut self, before_ms: i64) {
        while self.log.front().is_some_and(|(at_ms, _)| *at_ms < before_ms) {
            if let Some((_, target)) = self.log.pop_front() {
                self.tally.remove(&target);
            }
        }
    }
}

impl Env {
    /// Reads what was cut in the last hour, where the configuration caps it.
    ///
    /// # Errors
    /// When the journal cannot be read: then no cut passes this cap until the next start.
    pub(crate) fn recall_hour(&self) -> Result<(), JournalError> {
        let caps = self.config.caps.hour;
        if caps.targets.is_none() && caps.people.is_none() {
            return Ok(());
        }
        self.hour.0.lock().state = State::Reading;
        let mut found = Vec::new();
        let since = self.now_ms() - HOUR_MS;
        let filter = Filter { prefix: "run/".to_owned(), ..Filter::default() };
        for (stream, info) in self.journal.query(&filter, Cursor::START)?.streams {
            if self.is_recent(&stream, info.version)? {
                self.cuts_of(&stream, since, &mut found)?;
            }
        }
        found.sort_by_key(|(at_ms, _)| *at_ms);
        let mut cuts = self.hour.0.lock();
        let since_start = std::mem::take(&mut cuts.log);
        cuts.tally = Tally::default();
        found.into_iter().chain(since_start).for_each(|(at_ms, target)| cuts.add(at_ms, target));
        cuts.state = State::Ready;
        Ok(())
    }

    /// Whether the stream's last entry was written within an hour of now. Its time is the journal's own: this only spares
    /// reading, the entries themselves decide.
    fn is_recent(&self, stream: &StreamId, version: u64) -> Result<bool, JournalError> {
        let last = self.journal.read(stream, version, 1)?;
        let at = last.first().and_then(|entry| entry.header.time.parse::<jiff::Timestamp>().ok());
        Ok(at.is_none_or(|at| self.now_ms().saturating_sub(at.as_millisecond()) <= HOUR_MS))
    }

    fn cuts_of(
        &self,
        stream: &StreamId,
        since_ms: i64,
        found: &mut Vec<(i64, Target)>,
    ) -> Result<(), JournalError> {
        let call = i64::try_from(self.patience.call.as_millis()).unwrap_or(0);
        let mut from = 1;
        loop {
            let entries = self.journal.read(stream, from, PAGE)?;
            let created =
                entries.first().filter(|_| from == 1).and_then(|entry| entry.decode::<Created>().ok());
            if created.is_some_and(|created| created.mode == Mode::Plan) {
                return Ok(());
            }
            for entry in entries.iter().filter(|entry| entry.header.kind == kind::INTENT) {
                let Ok(Intent { attempt: 1, call: Some(made), .. }) = entry.decode::<Intent>() else {
                    continue;
                };
                let is_cut = matches!(made.effect, Effect::Reversible | Effect::Permanent);
                let at_ms = made.deadline_ms.saturating_sub(call);
                if let Some(target) = made.target.filter(|_| is_cut && at_ms >= since_ms) {
                    found.push((at_ms, bare(&target)));
                }
            }
            if entries.len() < PAGE {
                return Ok(());
            }
            from += entries.len() as u64;
        }
    }
}
