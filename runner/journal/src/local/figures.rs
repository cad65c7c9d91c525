//! Counts and durations of the committer.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use parking_lot::Mutex;

use crate::query::Stats;

/// How many syncs the percentiles are taken from.
const KEPT: usize = 1_024;

#[derive(Default)]
pub(crate) struct Figures {
    batches: AtomicU64,
    entries: AtomicU64,
    bytes: AtomicU64,
    /// Microseconds and entries of the latest syncs, a ring.
    recent: Mutex<Vec<(u64, u64)>>,
}

impl Figures {
    pub(crate) fn synced(&self, took: Duration, entries: u64, bytes: u64) {
        let nth = self.batches.fetch_add(1, Ordering::Relaxed);
        self.entries.fetch_add(entries, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let sample = (u64::try_from(took.as_micros()).unwrap_or(u64::MAX), entries);
        let mut recent = self.recent.lock();
        if recent.len() < KEPT {
            recent.push(sample);
        } else {
            recent[nth as usize % KEPT] = sample;
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        let (mut syncs, mut sizes): (Vec<u64>, Vec<u64>) = self.recent.lock().iter().copied().unzip();
        syncs.sort_unstable();
        sizes.sort_unstable();
        Stats {
            batches: self.batches.load(Ordering::Relaxed),
            entries: self.entries.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            sync_us_p50: percentile(&syncs, 50),
            sync_us_p99: percentile(&syncs, 99),
            batch_p50: percentile(&sizes, 50),
            batch_p99: percentile(&sizes, 99),
            ..Stats::default()
        }
    }
}

/// The value that `percent` of a sorted list do not exceed; 0 for an empty one.
pub(crate) fn percentile(sorted: &[u64], percent: usize) -> u64 {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0)
}
