//! Seats over a death of the supervisor: whoever sat there is let in again with the code that they have.
//!
//! Of a code its hash is kept, and the addresses, so that a screen that tries again finds both.

use std::{
    fs::OpenOptions,
    io::Write as _,
    net::SocketAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use stanch_model::{Hash, api::SeatKind};

use crate::DrillError;

/// A code that was given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptCode {
    pub(crate) seat: SeatKind,
    pub(crate) hash: Hash,
    pub(crate) is_host: bool,
}

/// What is kept of the seats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptSeats {
    /// Where seats were offered.
    pub(crate) door: Option<SocketAddr>,
    /// Where the server was.
    pub(crate) server: Option<SocketAddr>,
    /// All codes so far.
    pub(crate) codes: Vec<KeptCode>,
}

impl KeptSeats {
    fn file(folder: &Path) -> PathBuf {
        folder.join("seats.json")
    }

    /// Of an earlier supervisor; nothing where there was none, or its file cannot be read: people join anew then.
    pub(crate) fn read(folder: &Path) -> Self {
        let text = std::fs::read(Self::file(folder)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Keeps it.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), DrillError> {
        let (path, beside) = (Self::file(folder), folder.join("seats.json.tmp"));
        let text = serde_json::to_vec(self).unwrap_or_default();
        let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside);
        let written = opened.and_then(|mut file| file.write_all(&text));
        let kept = written.and_then(|()| std::fs::rename(&beside, &path));
        kept.map_err(|source| DrillError::Folder { path, source })
    }

    /// The server's address, if nobody else has it by now.
    pub(crate) fn free_server(&self) -> Option<SocketAddr> {
        self.server.filter(|at| std::net::TcpListener::bind(at).is_ok())
    }
}
