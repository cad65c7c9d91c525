//! Copies of the journal for a SIEM: every durable entry as an OCSF event, at least once, in order, each with the same id
//! whenever it is sent.
//!
//! A copier follows the journal like anybody else, so it holds nothing up; up to where it has come is an entry of its own
//! stream, which it does not copy. It must never skip what was not taken, and never keep the server from stopping.

mod ocsf;
mod way;

use std::{
    fmt::Write,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use stanch_integrations::Integrations;
use stanch_journal::{Cursor, Follower, Journal, JournalError};
use stanch_model::{Entry, config::Config, run::Mode};
use tokio::{sync::watch, time::Instant};

use self::{
    ocsf::{Event, Origin},
    way::Way,
};
use crate::ledger::Ledger;

/// Streams that hold up to where copies went: a copy of them would never end.
const OWN: &str = "siem/";
/// Words that are on their way to a stream, where they are copied.
const INBOXES: &str = "inbox/";
const SENT: &str = "siem.sent";
/// Where every stream stands: worth a copy, as it is then kept elsewhere; no reason to write down the place.
const CHECKPOINT: &str = "journal.checkpoint";

/// Events in one delivery.
const BATCH: usize = 200;
/// The place is written down this often while events go out: what lies between is sent again after a crash.
const MARK_EVERY: Duration = Duration::from_secs(5);
/// And after so many of them.
const MARK_AFTER: u64 = 1_000;
/// After a failure, doubled with each more.
const SHORTEST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Up to where a copy went.
#[derive(Debug, Deserialize, Serialize)]
struct Sent {
    cursor: String,
    events: u64,
}

/// What `/metrics` says of one copy.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    name: String,
    /// Position in the journal that it has come to.
    place: AtomicU64,
    sent: AtomicU64,
    failures: AtomicU64,
    /// Since when nothing gets through, Unix ms; 0 while it does.
    since_ms: AtomicI64,
}

/// One copy at work.
pub(crate) struct Copier {
    journal: Arc<dyn Journal>,
    ledger: Ledger,
    way: Way,
    origin: Origin,
    figures: Arc<Figures>,
    /// As the journal knows it.
    marked: Cursor,
    unmarked: u64,
    last_mark: Instant,
    /// In a row.
    failures: u32,
}

/// The copies that the configuration names.
///
/// # Errors
/// When the journal cannot be read. A way that cannot be gone is said, and left out.
pub(crate) fn copiers(
    config: &Config,
    journal: &Arc<dyn Journal>,
    integrations: &Integrations,
    mode: Mode,
) -> Result<Vec<Copier>, JournalError> {
    if mode == Mode::Drill {
        // nothing of a drill leaves this machine, and no analyst shall take it for real
        return Ok(Vec::new());
    }
    let origin = Origin { host: host() };
    let mut copiers = Vec::new();
    for (name, siem) in &config.siem {
        let way = match Way::new(siem, integrations, &origin) {
            Ok(way) => way,
            Err(why) => {
                tracing::warn!(siem = name, why, "no copy of the journal goes there");
                continue;
            }
        };
        let ledger = Ledger::new(journal.clone(), &format!("{OWN}{name}"));
        let known = ledger.last()?.and_then(|entry| entry.decode::<Sent>().ok());
        let marked = known.and_then(|sent| sent.cursor.parse().ok()).unwrap_or(Cursor::START);
        let figures = Arc::new(Figures { name: name.clone(), ..Figures::default() });
        figures.place.store(marked.position(), Relaxed);
        copiers.push(Copier {
            journal: journal.clone(),
            ledger,
            way,
            origin: origin.clone(),
            figures,
            marked,
            unmarked: 0,
            last_mark: Instant::now(),
            failures: 0,
        });
    }
    Ok(copiers)
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}

impl Copier {
    pub(crate) fn figures(&self) -> Arc<Figures> {
        self.figures.clone()
    }

    /// Copies until the server stops.
    pub(crate) async fn work(mut self, mut stopping: watch::Receiver<bool>) {
        let ended = tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => Ok(()),
            ended = self.copy() => ended,
        };
        if let Err(error) = ended {
            tracing::error!(siem = self.figures.name, %error, "no more is copied");
        }
        let at = Cursor::after(self.figures.place.load(Relaxed));
        if self.unmarked > 0
            && let Err(error) = self.mark(at).await
        {
            tracing::warn!(siem = self.figures.name, %error, "some will be sent again");
        }
    }

    async fn copy(&mut self) -> Result<(), JournalError> {
        let mut follower = self.journal.follow("", self.marked);
        loop {
            let entry = follower.next_async().await?;
            let (events, worth_a_mark) = self.batch(entry, &mut follower)?;
            let after = follower.cursor();
            if !events.is_empty() && !self.deliver(&events).await {
                // nobody says what of the last batches arrived: from where it is known again
                follower = self.journal.follow("", self.marked);
                self.place(self.marked);
                continue;
            }
            self.place(after);
            self.figures.sent.fetch_add(events.len() as u64, Relaxed);
            self.unmarked += worth_a_mark;
            let due = self.last_mark.elapsed() >= MARK_EVERY || self.unmarked >= MARK_AFTER;
            if self.unmarked > 0 && due {
                self.mark(after).await?;
            }
        }
    }

    /// What there is now, at most a batch; and how many of it are worth a mark.
    fn batch(&self, first: Entry, follower: &mut Follower) -> Result<(Vec<Event>, u64), JournalError> {
        let (mut events, mut worth) = (Vec::new(), 0);
        let mut next = Some(first);
        let mut looked_at = 0;
        while let Some(entry) = next {
            let stream = entry.header.stream.as_str();
            if !stream.starts_with(OWN) && !stream.starts_with(INBOXES) {
                worth += u64::from(entry.header.kind != CHECKPOINT);
                events.push(ocsf::event(&entry, &self.origin));
            }
            looked_at += 1;
            if looked_at >= BATCH {
                break;
            }
            next = follower.next(Duration::ZERO)?;
        }
        Ok((events, worth))
    }

    /// Delivers, however long it takes. False when it must be begun again from the mark.
    async fn deliver(&mut self, events: &[Event]) -> bool {
        while let Err(why) = self.way.deliver(events).await {
            self.failures += 1;
            self.figures.failures.fetch_add(1, Relaxed);
            let _ = self.figures.since_ms.compare_exchange(0, now_ms(), Relaxed, Relaxed);
            if self.failures.is_power_of_two() {
                let failures = self.failures;
                tracing::warn!(siem = self.figures.name, why, failures, "a copy waits; nothing is lost");
            }
            let doubled = SHORTEST_PAUSE.saturating_mul(1 << (self.failures - 1).min(16));
            tokio::time::sleep(LONGEST_PAUSE.min(doubled)).await;
            if !self.way.acknowledges() && self.failures == 1 {
                return false;
            }
        }
        self.figures.since_ms.store(0, Relaxed);
        if self.failures > 0 {
            tracing::info!(siem = self.figures.name, "copies get through again");
            self.failures = 0;
        }
        true
    }

    fn place(&self, at: Cursor) {
        self.figures.place.store(at.position(), Relaxed);
    }

    async fn mark(&mut self, at: Cursor) -> Result<(), JournalError> {
        let sent = Sent { cursor: at.to_string(), events: self.unmarked };
        self.ledger.append(SENT, &sent).await?;
        (self.marked, self.unmarked, self.last_mark) = (at, 0, Instant::now());
        Ok(())
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// For Prometheus.
pub(crate) fn render(all: &[Arc<Figures>], durable: u64) -> String {
    let mut out = String::new();
    if all.is_empty() {
        return out;
    }
    let mut family = |name: &str, kind: &str, help: &str, value: &dyn Fn(&Figures) -> f64| {
        let _ = writeln!(out, "# HELP stanch_siem_{name} {help}\n# TYPE stanch_siem_{name} {kind}");
        for figures in all {
            let _ = writeln!(out, "stanch_siem_{name}{{to=\"{}\"}} {}", figures.name, value(figures));
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "a figure for a graph")]
    let of = |value: &AtomicU64| value.load(Relaxed) as f64;
    family("sent_total", "counter", "Events that were delivered, repetitions included.", &|f| of(&f.sent));
    family("failures_total", "counter", "Deliveries that failed and were tried again.", &|f| of(&f.failures));
    #[expect(clippy::cast_precision_loss, reason = "a figure for a graph")]
    family("lag_entries", "gauge", "Durable entries that it has not come to yet.", &|f| {
        durable.saturating_sub(f.place.load(Relaxed)) as f64
    });
    #[expect(clippy::cast_precision_loss, reason = "a figure for a graph")]
    family("stuck_seconds", "gauge", "For how long nothing has got through; 0 while it does.", &|f| match f
        .since_ms
        .load(Relaxed)
    {
        0 => 0.0,
        since => now_ms().saturating_sub(since) as f64 / 1e3,
    });
    out
}
