//! The one writer: drains the queue into one framed batch, one write, one sync, then tells everybody.
//!
//! Batch b+1 is written only after b's sync returned. A sync that fails ends the process: nobody knows what is on disk.

use std::{io, sync::Arc, time::Instant};

use super::{
    figures::Figures,
    layout::Layout,
    queue::Batch,
    shelf::{Info, Shelf},
};
use crate::{
    disk::{self, Disk, DiskFile},
    segment::{self, FRAME_ROOM, Head},
    table::{self, Name},
};

/// The segment being written, and what is needed to start the next.
pub(crate) struct Writer {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) layout: Layout,
    pub(crate) journal: String,
    pub(crate) segment_bytes: u64,
    pub(crate) file: Box<dyn DiskFile>,
    pub(crate) number: u32,
    /// Position of the segment's first entry.
    pub(crate) first: u64,
    /// Where the next batch goes.
    pub(crate) offset: u64,
    /// Number of the next batch.
    pub(crate) batch: u64,
    /// Nothing has been written to the segment since it was started.
    pub(crate) fresh: bool,
    /// An empty batch with its buffers, to be put into the queue.
    pub(crate) spare: Batch,
}

/// Why a batch is not on disk.
pub(crate) enum Refusal {
    /// No room for another segment. Nothing was written; try again.
    Full,
    /// The next segment cannot be created for another reason. Nothing was written.
    Failed(String),
    /// Nobody knows what is on disk.
    Unknown(String),
}

impl Writer {
    /// Writes and syncs a batch.
    pub(crate) fn write(
        &mut self,
        batch: &mut Batch,
        epoch: u64,
        shelf: &Shelf,
        figures: &Figures,
    ) -> Result<(), Refusal> {
        let entries = batch.lines.len() as u64;
        let start = segment::seal(&mut batch.bytes, self.batch, batch.first, entries);
        let bytes = &batch.bytes[start..];
        if !self.fresh && self.offset + bytes.len() as u64 > self.segment_bytes {
            self.rotate(batch.first, epoch, bytes.len() as u64, shelf)?;
        }
        let started = Instant::now();
        self.file.write_at(bytes, self.offset).map_err(|error| {
            // A grown file (no room ahead) may run full here; what was written of the batch is overwritten next time.
            if disk::is_full(&error) { Refusal::Full } else { lost("writing", &error) }
        })?;
        self.file.sync_data().map_err(|error| lost("syncing", &error))?;
        figures.synced(started.elapsed(), entries, bytes.len() as u64);
        self.publish(batch, start, shelf);
        Ok(())
    }

    fn publish(&mut self, batch: &mut Batch, start: usize, shelf: &Shelf) {
        let base = self.offset as usize;
        let frame = FRAME_ROOM - start;
        let (first, batch_first) = (self.first, batch.first);
        self.offset += (batch.bytes.len() - start) as u64;
        self.batch += 1;
        self.fresh = false;
        let lines = batch.lines.iter().zip(batch_first..).filter_map(|(line, position)| {
            let offset = base + frame + line.offset - FRAME_ROOM;
            Some((&line.stream, line.version, table::place(offset, line.bytes, position, first)?))
        });
        let segments = &mut batch.changes.segments;
        shelf.grow(self.offset, lines, |name: &Name, number, version| {
            segments.push((name.clone(), number, version));
        });
    }

    /// Starts the next segment. The old one's unused room is given back without a sync: zeros at its end do no harm.
    pub(super) fn rotate(
        &mut self,
        first: u64,
        epoch: u64,
        at_least: u64,
        shelf: &Shelf,
    ) -> Result<(), Refusal> {
        let number = self.number + 1;
        let head = Head {
            segment: number,
            format: segment::FORMAT,
            journal: self.journal.clone(),
            position: first,
            batch: self.batch,
            epoch,
        };
        let (file, end) = start(&*self.disk, &self.layout, &head, self.segment_bytes, at_least)?;
        let _ = self.file.set_len(self.offset);
        self.file = file;
        self.number = number;
        self.first = first;
        self.offset = end;
        self.fresh = true;
        shelf.put(Info { number, position: first, end }, Some(table::Building::default()));
        Ok(())
    }
}

/// Creates a segment durably: its room, its first line, its name in the folder. Gives the file and where batches go.
pub(crate) fn start(
    disk: &dyn Disk,
    layout: &Layout,
    head: &Head,
    segment_bytes: u64,
    at_least: u64,
) -> Result<(Box<dyn DiskFile>, u64), Refusal> {
    let path = layout.segment(head.segment);
    let line = head.line();
    let room = segment_bytes.max(line.len() as u64 + at_least);
    let make = || -> io::Result<Box<dyn DiskFile>> {
        let file = disk.create(&path, room)?;
        file.write_at(&line, 0)?;
        Ok(file)
    };
    let file = make().map_err(|error| {
        let _ = disk.remove(&path);
        if disk::is_full(&error) {
            Refusal::Full
        } else {
            Refusal::Failed(format!("creating {} failed: {error}", path.display()))
        }
    })?;
    file.sync_all().map_err(|error| lost("syncing a new segment", &error))?;
    disk.sync_dir(&layout.log()).map_err(|error| lost("syncing the folder", &error))?;
    Ok((file, line.len() as u64))
}

fn lost(what: &str, error: &io::Error) -> Refusal {
    Refusal::Unknown(format!("{what} failed: {error}"))
}

/// Writes a durable prefix of a segment to a new file and puts that in its place: what was read back may live in memory
/// only, so it is never appended to.
pub(crate) fn renew(
    disk: &dyn Disk,
    layout: &Layout,
    number: u32,
    kept: &[u8],
    segment_bytes: u64,
) -> io::Result<Box<dyn DiskFile>> {
    let path = layout.segment(number);
    let beside = disk::with_suffix(&path, disk::NEW);
    let file = disk.create(&beside, segment_bytes.max(kept.len() as u64))?;
    file.write_at(kept, 0)?;
    file.sync_all()?;
    disk.rename(&beside, &path)?;
    disk.sync_dir(&layout.log())?;
    Ok(file)
}
