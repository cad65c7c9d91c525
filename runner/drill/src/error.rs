//! Why a drill could not be played to its end.

use std::{io, path::PathBuf, time::Duration};

use stanch_client::ClientError;
use stanch_integrations::twin::TwinError;

/// Why a drill could not be played to its end. What was done until then is in the journal.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// The simulated platforms cannot run.
    #[error(transparent)]
    Twins(#[from] TwinError),
    /// A file or folder cannot be made.
    #[error("{}: {source}", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The drill's own journal, or the server's, cannot be used.
    #[error(transparent)]
    Journal(#[from] stanch_journal::JournalError),
    /// The scenario has mistakes.
    #[error("the scenario has {} mistakes", .0.len())]
    Scenario(Vec<stanch_model::Diagnostic>),
    /// What is in the folder is not a drill that can go on.
    #[error("{}: {why}", path.display())]
    NotThisDrill {
        /// Which folder.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The server cannot be started.
    #[error("the server cannot be started: {0}")]
    Spawn(io::Error),
    /// The server ended although nobody killed it.
    #[error("the server ended by itself ({how}); its last words:\n{words}")]
    Died {
        /// Exit code or signal.
        how: String,
        /// The end of its log.
        words: String,
    },
    /// Whoever played left before it was over.
    #[error("the drill `{drill}` was left at {} min, and can go on", at_s / 60)]
    Left {
        /// Which.
        drill: String,
        /// When, seconds since its start.
        at_s: i64,
        /// Its data folder.
        data: PathBuf,
    },
    /// A person of the drill gets no token.
    #[error("no token for {name}: {why}")]
    Token {
        /// Who.
        name: String,
        /// Why.
        why: String,
    },
    /// The seats' own address cannot be had.
    #[error("no seat can be offered on this machine: {0}")]
    Seats(io::Error),
    /// Nothing happened for too long.
    #[error("nothing happened for {} s while waiting for {what}; the server's last words:\n{words}", patience.as_secs())]
    Stuck {
        /// What was waited for.
        what: String,
        /// How long.
        patience: Duration,
        /// The end of its log.
        words: String,
    },
    /// The server refused something that it should have taken.
    #[error("{what}: {source}")]
    Refused {
        /// What was asked.
        what: String,
        /// Its answer.
        source: ClientError,
    },
    /// The alert started nothing.
    #[error("the alert was taken, but it started no run: {0}")]
    NoRun(String),
    /// The run stands and no seat of this drill can help it.
    #[error("the run is {state}: {why}")]
    Stands {
        /// `diverged`, `suspect`, …
        state: String,
        /// Why.
        why: String,
    },
}
