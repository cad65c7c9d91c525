//! Who may append to what: epochs, claims and fences, the same in every backend.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use stanch_model::StreamId;

use crate::{
    append::{Epoch, Row},
    error::JournalError,
    query::Claim,
};

/// Epochs given out and streams claimed. A stream that was never claimed takes every epoch of this opening.
#[derive(Debug)]
pub(crate) struct Leases {
    /// The epoch of the opening: everything older is fenced.
    opened: u64,
    /// The highest epoch ever given.
    latest: u64,
    held: HashMap<StreamId, Lease>,
    owners: HashMap<String, u64>,
}

#[derive(Debug)]
struct Lease {
    owner: String,
    epoch: u64,
    until: Option<Instant>,
}

/// Under which epoch an owner takes what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewEpoch {
    /// The one that it has.
    Keep(u64),
    /// A new one, to be made durable first: it has none, or it takes a stream over from somebody else.
    Take,
}

impl Leases {
    pub(crate) fn new(opened: u64) -> Self {
        Self { opened, latest: opened, held: HashMap::new(), owners: HashMap::new() }
    }

    /// A new opening of the same journal: what was claimed before is fenced.
    pub(crate) fn reopen(&mut self) -> u64 {
        *self = Self::new(self.latest + 1);
        self.opened
    }

    pub(crate) fn opened(&self) -> u64 {
        self.opened
    }

    pub(crate) fn latest(&self) -> u64 {
        self.latest
    }

    /// The next epoch; the caller makes it durable before it calls [`Self::give`].
    pub(crate) fn next_epoch(&mut self) -> u64 {
        self.latest += 1;
        self.latest
    }

    pub(crate) fn check(&self, stream: &StreamId, epoch: u64) -> Result<(), JournalError> {
        let (ok, current) = match self.held.get(stream) {
            Some(lease) => (lease.epoch == epoch, lease.epoch),
            None => ((self.opened..=self.latest).contains(&epoch), self.opened),
        };
        if ok {
            return Ok(());
        }
        Err(JournalError::Fenced { stream: stream.clone(), given: epoch, current })
    }

    /// The first `n` of the candidates that the owner can have, and under which epoch.
    pub(crate) fn choose(
        &self,
        owner: &str,
        candidates: Vec<(StreamId, Row)>,
        n: usize,
        now: Instant,
    ) -> (Vec<(StreamId, Row)>, NewEpoch) {
        let mine = |lease: &Lease| lease.owner == owner;
        let free = |lease: &Lease| lease.until.is_none_or(|until| until <= now);
        let picked: Vec<_> = candidates
            .into_iter()
            .filter(|(stream, _)| self.held.get(stream).is_none_or(|lease| mine(lease) || free(lease)))
            .take(n)
            .collect();
        let take_over = picked.iter().any(|(stream, _)| self.held.get(stream).is_some_and(|l| !mine(l)));
        let epoch = match self.owners.get(owner) {
            _ if picked.is_empty() => NewEpoch::Keep(self.opened),
            Some(epoch) if !take_over => NewEpoch::Keep(*epoch),
            _ => NewEpoch::Take,
        };
        (picked, epoch)
    }

    pub(crate) fn set_owner_epoch(&mut self, owner: &str, epoch: u64) {
        self.owners.insert(owner.to_owned(), epoch);
    }

    pub(crate) fn give(
        &mut self,
        owner: &str,
        picked: Vec<(StreamId, Row)>,
        epoch: u64,
        ttl: Duration,
        now: Instant,
    ) -> Vec<Claim> {
        for (stream, _) in &picked {
            let lease = Lease { owner: owner.to_owned(), epoch, until: Some(now + ttl) };
            self.held.insert(stream.clone(), lease);
        }
        picked.into_iter().map(|(stream, row)| Claim { stream, epoch: Epoch(epoch), row }).collect()
    }

    pub(crate) fn renew(
        &mut self,
        owner: &str,
        stream: &StreamId,
        ttl: Duration,
        now: Instant,
    ) -> Result<(), JournalError> {
        let fenced = |current| JournalError::Fenced { stream: stream.clone(), given: 0, current };
        let lease = self.held.get_mut(stream).ok_or_else(|| fenced(self.opened))?;
        if lease.owner != owner {
            return Err(fenced(lease.epoch));
        }
        lease.until = Some(now + ttl);
        Ok(())
    }

    pub(crate) fn release(&mut self, owner: &str, stream: &StreamId) {
        if let Some(lease) = self.held.get_mut(stream).filter(|lease| lease.owner == owner) {
            lease.until = None;
        }
    }
}
