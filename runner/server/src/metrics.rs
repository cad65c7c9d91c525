//! Figures for Prometheus: counted here, or asked of the journal and the engine when somebody looks.

use std::{
    collections::BTreeMap,
    fmt::Write,
    sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

use stanch_journal::Stats;

/// What the server counts itself, since it started.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) alerts: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) requests: AtomicU64,
    pub(crate) connections: AtomicU64,
    pub(crate) followers: AtomicU64,
    pub(crate) told: AtomicU64,
    pub(crate) not_told: AtomicU64,
    pub(crate) logs_unread: AtomicU64,
    /// Whoever tells people has given up.
    pub(crate) mute: AtomicBool,
}

pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}

/// A gauge that falls by itself.
pub(crate) struct During<'a>(&'a AtomicU64);

impl<'a> During<'a> {
    pub(crate) fn new(gauge: &'a AtomicU64) -> Self {
        gauge.fetch_add(1, Relaxed);
        Self(gauge)
    }
}

impl Drop for During<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// What waits for a person, by sort: how many, and since when at the longest.
pub(crate) fn waiting(oldest: &BTreeMap<&'static str, (u64, f64)>) -> String {
    let mut out = String::from(
        "# HELP stanch_waiting Things that wait for a person, by sort.\n# TYPE stanch_waiting gauge\n",
    );
    for (what, (count, _)) in oldest {
        let _ = writeln!(out, "stanch_waiting{{for=\"{what}\"}} {count}");
    }
    out.push_str("# HELP stanch_waiting_seconds For how long the oldest of them has waited.\n# TYPE stanch_waiting_seconds gauge\n");
    for (what, (_, seconds)) in oldest {
        let _ = writeln!(out, "stanch_waiting_seconds{{for=\"{what}\"}} {seconds:.3}");
    }
    out
}

impl Metrics {
    /// Nobody is told anything any more.
    pub(crate) fn is_mute(&self) -> bool {
        self.mute.load(Relaxed)
    }

    /// The text that Prometheus scrapes.
    pub(crate) fn render(&self, journal: &Stats, runs: &[(String, u64)]) -> String {
        let mut out = String::new();
        let of = |counter: &AtomicU64| counter.load(Relaxed);
        let own = [
            (
                "alerts_accepted_total",
                "counter",
                "Alerts acknowledged, redeliveries included.",
                of(&self.alerts),
            ),
            ("alerts_duplicate_total", "counter", "Redeliveries among them.", of(&self.duplicates)),
            ("deliveries_refused_total", "counter", "Deliveries that were not accepted.", of(&self.refused)),
            ("requests_total", "counter", "Requests answered.", of(&self.requests)),
            ("connections", "gauge", "Connections open.", of(&self.connections)),
            ("followers", "gauge", "Event streams open.", of(&self.followers)),
            ("told_total", "counter", "Messages sent because a person is needed.", of(&self.told)),
            (
                "not_told_total",
                "counter",
                "Such messages that could not be sent, or may not have been.",
                of(&self.not_told),
            ),
            (
                "logs_unread_total",
                "counter",
                "Times that a log could not be read; it is read later from where it was left.",
                of(&self.logs_unread),
            ),
            ("journal_batches_total", "counter", "Batches synced.", journal.batches),
            ("journal_entries_total", "counter", "Entries synced.", journal.entries),
            ("journal_bytes_total", "counter", "Bytes synced.", journal.bytes),
            ("journal_queued", "gauge", "Entries queued and not yet synced.", journal.queued),
            ("journal_full", "gauge", "1 when the disk is full.", u64::from(journal.full)),
        ];
        for (name, kind, help, value) in own {
            let _ = write!(
                out,
                "# HELP stanch_{name} {help}\n# TYPE stanch_{name} {kind}\nstanch_{name} {value}\n"
            );
        }
        out.push_str("# HELP stanch_journal_sync_seconds Duration of the last thousand syncs.\n# TYPE stanch_journal_sync_seconds gauge\n");
        for (quantile, micros) in [("0.5", journal.sync_us_p50), ("0.99", journal.sync_us_p99)] {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of one sync")]
            let seconds = micros as f64 / 1e6;
            let _ = writeln!(out, "stanch_journal_sync_seconds{{quantile=\"{quantile}\"}} {seconds}");
        }
        out.push_str("# HELP stanch_runs Unfinished runs by state.\n# TYPE stanch_runs gauge\n");
        for (state, count) in runs {
            let _ = writeln!(out, "stanch_runs{{state=\"{state}\"}} {count}");
        }
        out
    }
}
