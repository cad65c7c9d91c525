//! Logs that are asked instead of sending: from where they were left, window by window, without a gap and nothing twice.
//!
//! The cursor of a log is an entry of its own stream. It moves only when every alert of its window is durable; what is
//! read twice is known by its delivery id and starts nothing. It must never move over rows that were not read.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stanch_integrations::{
    Call, Outcome,
    source::{Pace, Source},
};
use stanch_journal::JournalError;
use stanch_model::Alert;

use crate::{app::Shared, ledger::Ledger, metrics::count};

/// How long one window may take to be read, paging and pacing included.
const PATIENCE: Duration = Duration::from_secs(120);
/// A log that cannot be read is asked again after at most this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A window is made shorter down to this, when its list is longer than the platform gives.
const SHORTEST: SignedDuration = SignedDuration::from_secs(1);
/// A quiet log's cursor is written this often: what lies between is asked again after a crash, and known.
const QUIET: SignedDuration = SignedDuration::from_mins(10);
/// A drill's clock may jump: it is looked at this often.
const TICK: Duration = Duration::from_millis(500);

/// Up to where a log was read.
#[derive(Debug, Deserialize, Serialize)]
struct Cursor {
    until: Timestamp,
    /// Alerts of its window, known ones included.
    alerts: usize,
}

const CURSOR: &str = "source.read";

/// Asks one log until the server stops.
pub(crate) async fn work(app: Shared, name: String) {
    let mut stopping = app.stopping.clone();
    let asking = async {
        let Some((source, pace)) = app.sources.get(&name).and_then(|source| Some((source, source.pace()?)))
        else {
            return;
        };
        let ledger = Ledger::new(app.journal.clone(), &format!("source/{name}"));
        let mut poll = Poll { app: &app, source, pace, ledger, at: None, written: None, failures: 0 };
        loop {
            let due = poll.turn().await;
            poll.sleep(due).await;
        }
    };
    tokio::select! {
        () = asking => {}
        _ = stopping.wait_for(|stop| *stop) => {}
    }
}

struct Poll<'a> {
    app: &'a Shared,
    source: &'a Source,
    pace: Pace,
    ledger: Ledger,
    /// Up to where it was read; `None` before the journal was asked.
    at: Option<Timestamp>,
    /// The same, as the journal knows it.
    written: Option<Timestamp>,
    /// In a row.
    failures: u32,
}

/// What one window came to.
enum Window {
    /// Read up to now.
    Whole,
    /// Read; there is more.
    More,
    /// It lists more than the platform gives at once.
    TooLong,
}

impl Poll<'_> {
    /// Reads all that is new; gives the time of the next turn, by the server's clock.
    async fn turn(&mut self) -> i64 {
        let now = self.app.clock.now_ms();
        let after =
            |pause: Duration| now.saturating_add(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
        if self.is_paused() {
            return after(self.pace.every);
        }
        match self.catch_up().await {
            Ok(()) => {
                if self.failures > 0 {
                    tracing::info!(
                        source = self.source.name,
                        "the log can be read again; nothing was missed"
                    );
                }
                self.failures = 0;
                after(self.pace.every)
            }
            Err(why) => {
                self.failures += 1;
                count(&self.app.metrics.logs_unread);
                if self.failures.is_power_of_two() {
                    tracing::warn!(
                        source = self.source.name, %why, since = ?self.at, times = self.failures,
                        "the log cannot be read; it will be, from where it was left"
                    );
                }
                let longer = self.pace.every.saturating_mul(self.failures);
                after(longer.min(LONGEST_PAUSE.max(self.pace.every)))
            }
        }
    }

    async fn sleep(&self, due: i64) {
        while self.app.clock.now_ms() < due {
            tokio::time::sleep(self.app.clock.until(due).clamp(Duration::from_millis(1), TICK)).await;
        }
    }

    /// What is paused is not asked. Its log is read from where it was left when it goes on.
    fn is_paused(&self) -> bool {
        let scopes = self.app.engine.paused_scopes();
        let own = self.source.asks().map(|integration| format!("integration:{integration}"));
        scopes.iter().any(|scope| scope == "all" || own.as_ref() == Some(scope))
    }

    async fn catch_up(&mut self) -> Result<(), String> {
        let mut window = signed(self.pace.window);
        loop {
            match self.read(window).await? {
                Window::Whole => return Ok(()),
                Window::More => {}
                Window::TooLong if window <= SHORTEST => {
                    return Err(format!("it lists more in {window:#} than the platform gives"));
                }
                Window::TooLong => window = (window / 2).max(SHORTEST),
            }
        }
    }

    /// Reads one window after the cursor and moves the cursor.
    async fn read(&mut self, window: SignedDuration) -> Result<Window, String> {
        let at = self.cursor().await.map_err(|why| why.to_string())?;
        let now = self.app.now();
        let until = at.saturating_add(window).unwrap_or(now).min(now);
        let since = at.saturating_sub(signed(self.pace.overlap)).unwrap_or(at);
        let Some(rows) = self.ask(since, until).await? else { return Ok(Window::TooLong) };
        let alerts = self.source.read_listed(rows, now);
        let found = alerts.len();
        self.take(alerts).await?;
        self.at = Some(until);
        let is_quiet = found == 0
            && until == now
            && self.written.is_some_and(|written| until.duration_since(written) < QUIET);
        if !is_quiet {
            self.write(until, found).await.map_err(|why| why.to_string())?;
        }
        Ok(if until < now { Window::More } else { Window::Whole })
    }

    /// Where the log was left. A log that was never asked begins now, and that is written before it is asked.
    async fn cursor(&mut self) -> Result<Timestamp, JournalError> {
        if let Some(at) = self.at {
            return Ok(at);
        }
        let known = self.ledger.last()?.and_then(|entry| entry.decode::<Cursor>().ok());
        let at = match known {
            Some(cursor) => cursor.until,
            None => {
                let now = self.app.now();
                self.write(now, 0).await?;
                now
            }
        };
        (self.at, self.written) = (Some(at), Some(at));
        Ok(at)
    }

    async fn write(&mut self, until: Timestamp, alerts: usize) -> Result<(), JournalError> {
        self.ledger.append(CURSOR, &Cursor { until, alerts }).await?;
        self.written = Some(until);
        Ok(())
    }

    /// The rows between two moments; `None` when the list is longer than the platform gives.
    async fn ask(&self, since: Timestamp, until: Timestamp) -> Result<Option<Vec<Value>>, String> {
        let integration = self.source.asks().unwrap_or_default();
        let (action, input) = self.source.ask(since, until).ok_or("it names no read")?;
        let call = Call {
            integration: integration.to_owned(),
            action: action.to_owned(),
            input,
            target: None,
            key: String::new(),
            attempt: 1,
            deadline: PATIENCE,
            permit: None,
        };
        match self.app.engine.integrations().call(call).await {
            Outcome::Done { more, .. } if more.incomplete.is_some() => Ok(None),
            Outcome::Done { value: Value::Array(rows), .. } => Ok(Some(rows)),
            Outcome::Done { .. } => Err(format!("{integration}.{action} lists nothing")),
            Outcome::Refused { message: why, .. }
            | Outcome::NotSent { why }
            | Outcome::Limited { why, .. }
            | Outcome::InDoubt { why } => Err(format!("{integration}.{action}: {why}")),
        }
    }

    /// Every alert is durable when this returns.
    async fn take(&self, alerts: Vec<Alert>) -> Result<(), String> {
        let taken = join_all(alerts.into_iter().map(|alert| self.app.engine.alert(alert))).await;
        for one in taken {
            let one = one.map_err(|why| why.to_string())?;
            if !one.duplicate {
                count(&self.app.metrics.alerts);
            }
        }
        Ok(())
    }
}

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
}

/// The names of all logs, each to be asked by a task of its own.
pub(crate) fn logs(app: &Shared) -> Vec<(Shared, String)> {
    let logs = app.sources.iter().filter(|(_, source)| source.pace().is_some());
    logs.map(|(name, _)| (Arc::clone(app), name.clone())).collect()
}
