//! The end of a log as it grows, from outside: without the lock, by looking again.
//!
//! What is seen here may be written and not yet synced; whoever must be sure follows the journal itself.

use std::{
    collections::VecDeque,
    fs::{self, File},
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
};

use stanch_model::Entry;

use crate::{
    error::JournalError,
    line::{self, BodyFound},
    local::{Layout, Shelf},
    scan,
    segment::{self, Batch, Walk},
};

/// See [`tail`].
pub struct Tail {
    layout: Layout,
    number: u32,
    inode: u64,
    offset: u64,
    /// Position of the next entry.
    next: u64,
    ready: VecDeque<Entry>,
}

/// The last `last` entries of a data folder, and then those that come. Works beside a server.
///
/// # Errors
/// When there is no journal or it cannot be read.
pub fn tail(folder: impl AsRef<Path>, last: usize) -> Result<Tail, JournalError> {
    let layout = scan::layout(folder.as_ref())?;
    let mut tail = Tail { layout, number: 0, inode: 0, offset: 0, next: 1, ready: VecDeque::new() };
    let mut found: VecDeque<Entry> = VecDeque::new();
    for number in tail.layout.segments()?.into_iter().rev() {
        let bytes = tail.layout.read_segment(number)?;
        let Ok((_, mut walk)) = Walk::open(&bytes) else { continue };
        let mut here: VecDeque<Entry> = VecDeque::new();
        for batch in walk.by_ref().flatten() {
            tail.entries(&batch, &mut here)?;
            here.drain(..here.len().saturating_sub(last));
        }
        if tail.number == 0 {
            (tail.number, tail.offset, tail.next) = (number, walk.offset() as u64, walk.next_position());
            tail.inode = inode(&tail.layout, number);
        }
        here.append(&mut found);
        found = here;
        if found.len() >= last {
            break;
        }
    }
    found.drain(..found.len().saturating_sub(last));
    tail.ready = found;
    Ok(tail)
}

impl Tail {
    /// The next entry that is there, or `None` for now: look again a little later.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn poll(&mut self) -> Result<Option<Entry>, JournalError> {
        if self.ready.is_empty() {
            self.look()?;
        }
        Ok(self.ready.pop_front())
    }

    /// All that is there now, oldest first.
    ///
    /// # Errors
    /// As for [`poll`](Self::poll).
    pub fn rest(&mut self) -> Result<Vec<Entry>, JournalError> {
        let mut entries = Vec::new();
        while let Some(entry) = self.poll()? {
            entries.push(entry);
        }
        Ok(entries)
    }

    fn look(&mut self) -> Result<(), JournalError> {
        if inode(&self.layout, self.number) != self.inode {
            self.locate()?;
        }
        if self.read()? {
            return Ok(());
        }
        // Sealed and read to its end: the next one starts where this one stops.
        if self.layout.segment(self.number + 1).exists() && !self.read()? {
            self.number += 1;
            self.locate()?;
            self.read()?;
        }
        Ok(())
    }

    /// Finds the place of the next entry in a segment that was copied (a restart) or has just been started.
    fn locate(&mut self) -> Result<(), JournalError> {
        self.inode = inode(&self.layout, self.number);
        let bytes = self.layout.read_segment(self.number)?;
        let Ok((_, mut walk)) = Walk::open(&bytes) else { return Ok(()) };
        self.offset = walk.offset() as u64;
        while let Some(Ok(batch)) = walk.next() {
            if batch.frame.position >= self.next {
                break;
            }
            self.offset = walk.offset() as u64;
        }
        Ok(())
    }

    /// Takes the batch at the place, if it is whole. True if there was one.
    fn read(&mut self) -> Result<bool, JournalError> {
        let path = self.layout.segment(self.number);
        let failed = |error| JournalError::io(format!("reading {}", path.display()))(error);
        let file = File::open(&path).map_err(failed)?;
        let mut bytes = vec![0; 512];
        let got = file.read_at(&mut bytes, self.offset).map_err(failed)?;
        let Some(end) = memchr::memchr(b'\n', &bytes[..got]) else { return Ok(false) };
        let Some((frame, ..)) = segment::parse_frame(&bytes[..end]) else { return Ok(false) };
        bytes.resize(end + 1 + usize::try_from(frame.bytes).unwrap_or_default(), 0);
        if file.read_exact_at(&mut bytes, self.offset).is_err() {
            return Ok(false);
        }
        let Ok((batch, length)) = segment::batch_at(&bytes, 0) else { return Ok(false) };
        let mut entries = VecDeque::new();
        self.entries(&batch, &mut entries)?;
        self.offset += length as u64;
        self.next = frame.position + frame.entries;
        self.ready.append(&mut entries);
        Ok(true)
    }

    fn entries(&self, batch: &Batch<'_>, out: &mut VecDeque<Entry>) -> Result<(), JournalError> {
        for (_, position, text) in batch.entries() {
            let Some(line) = line::parse(text) else { continue };
            let mut entry = line.to_entry(position);
            if line.body == BodyFound::Blob {
                entry.body = Shelf::spilled(&self.layout, &line.body_hash)?;
            }
            out.push_back(entry);
        }
        Ok(())
    }
}

fn inode(layout: &Layout, number: u32) -> u64 {
    fs::metadata(layout.segment(number)).map_or(0, |found| found.ino())
}
