//! The trail: what happened since the state file was written, one line for each request.
//!
//! A line is in the file before its answer leaves, so whoever was answered is never forgotten when the process is killed.
//! A line holds what it leads to, not what was asked: reading one twice changes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use super::{
    ActiveFault, Mail, RequestRecord,
    store::{Lingers, Row},
    tenant::{Coming, Tenant, Token},
};

/// A row as it stands after a request: table, place, what is there.
pub(crate) type Changed = (String, u64, Option<Arc<Row>>);

/// What a request left behind on its platform.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    pub(crate) rows: Vec<Changed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lingering: Vec<Lingers>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) given: BTreeMap<String, u32>,
    pub(crate) coming: Vec<Coming>,
    pub(crate) done: BTreeSet<String>,
    pub(crate) drawn: u64,
}

/// A line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) request: RequestRecord,
    pub(crate) executed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<Step>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mail: Option<Mail>,
    pub(crate) faults: Vec<ActiveFault>,
    pub(crate) faults_done: BTreeSet<String>,
    pub(crate) drawn: u64,
}

/// The file of lines, and the one before it while a state file is being written.
#[derive(Debug)]
pub(crate) struct Trail {
    now: PathBuf,
    before: PathBuf,
    file: Mutex<Option<File>>,
}

impl Trail {
    /// Beside this state file.
    pub(crate) fn beside(state: &Path) -> Self {
        let (now, before) = (state.with_extension("trail"), state.with_extension("trail.before"));
        Self { now, before, file: Mutex::new(None) }
    }

    /// Adds a line.
    pub(crate) fn add(&self, line: &Line) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut file = self.file.lock();
        if file.is_none() {
            *file = Some(OpenOptions::new().create(true).append(true).open(&self.now)?);
        }
        file.as_mut().map_or(Ok(()), |file| file.write_all(&text))
    }

    /// A state file is about to be written: what comes from now on goes into a new file.
    pub(crate) fn turn(&self) -> io::Result<()> {
        let mut file = self.file.lock();
        // what an unfinished turn left is not in any state file yet
        if self.before.exists() || !self.now.exists() {
            return Ok(());
        }
        *file = None;
        std::fs::rename(&self.now, &self.before)
    }

    /// The state file holds all of it.
    pub(crate) fn turned(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.before) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// A state file that was written after all lines were read holds all of them.
    pub(crate) fn clear(&self) -> io::Result<()> {
        *self.file.lock() = None;
        self.turned()?;
        match std::fs::remove_file(&self.now) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// All lines, oldest first. One that was cut off by a death was not answered.
    pub(crate) fn lines(&self) -> io::Result<Vec<Line>> {
        let mut lines = Vec::new();
        for path in [&self.before, &self.now] {
            let file = match File::open(path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            for text in BufReader::new(file).split(b'\n') {
                lines.extend(serde_json::from_slice::<Line>(&text?).ok());
            }
        }
        Ok(lines)
    }
}

impl Step {
    /// What was left behind since the last one.
    pub(crate) fn of(tenant: &mut Tenant) -> Self {
        let rows = tenant.store.changes(tenant.trail);
        tenant.trail = Some(tenant.store.mark());
        Self {
            rows,
            lingering: tenant.store.lingering(),
            tokens: tenant.tokens.clone(),
            given: tenant.given.clone(),
            coming: tenant.coming.clone(),
            done: tenant.done.clone(),
            drawn: tenant.drawn,
        }
    }

    /// Puts it back.
    pub(crate) fn again(self, tenant: &mut Tenant) {
        tenant.store.keep(self.rows);
        tenant.store.linger_again(self.lingering);
        (tenant.tokens, tenant.given, tenant.coming) = (self.tokens, self.given, self.coming);
        (tenant.done, tenant.drawn) = (self.done, self.drawn);
    }
}
