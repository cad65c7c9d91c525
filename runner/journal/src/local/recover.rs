//! Opening: find the durable end of the log, copy the unsealed segment, bring the index up to it.

use std::{io::Read, path::PathBuf, sync::Arc};

use ring::rand::{SecureRandom, SystemRandom};

use super::{
    commit::{self, Refusal, Writer},
    index::{Changes, Index, Known, REBUILD},
    layout::Layout,
    options::{IndexPlace, Options},
    queue::Batch,
    shelf::{Info, Shelf},
};
use crate::{
    disk::Disk,
    error::JournalError,
    line::{self, Line},
    segment::{self, Flaw, Head, Walk},
    table::{Building, Name},
};

/// A log that is ready to be written.
pub(crate) struct Recovered {
    pub(crate) writer: Writer,
    pub(crate) shelf: Shelf,
    pub(crate) index: Index,
    /// The highest epoch ever given out.
    pub(crate) epoch: u64,
    /// Position of the last entry.
    pub(crate) position: u64,
    /// What was cut off the end, if anything: file and bytes.
    pub(crate) cut: Option<(PathBuf, u64)>,
}

/// The last segment as found.
struct Tail {
    head: Head,
    bytes: Vec<u8>,
    /// Position after its last entry.
    next_position: u64,
    next_batch: u64,
    epoch: u64,
    cut: u64,
}

/// Brings everything up.
pub(crate) fn recover(layout: Layout, options: &Options) -> Result<Recovered, JournalError> {
    let (disk, segment_bytes) = (options.disk.clone(), u64::from(options.segment_bytes));
    let mut numbers = layout.segments()?;
    drop_unstarted(&layout, &*disk, &mut numbers)?;
    let Some((&last, sealed)) = numbers.split_last() else { return create(layout, disk, options) };
    let shelf = Shelf::new(layout.clone());
    let tail = read_tail(&layout, last)?;
    shelve(&layout, &shelf, sealed, &tail.head)?;
    let index = index(&layout, &shelf, &tail, options.index)?;
    let file = commit::renew(&*disk, &layout, last, &tail.bytes, segment_bytes)
        .map_err(JournalError::io(format!("copying {}", layout.segment(last).display())))?;
    let building = Building::of_segment(&tail.bytes).ok_or_else(|| first_flaw(&layout, last, &tail.bytes))?;
    let end = tail.bytes.len() as u64;
    shelf.put(Info { number: last, position: tail.head.position, end }, Some(building));
    let cut = (tail.cut > 0).then(|| (layout.segment(last), tail.cut));
    let writer = Writer {
        disk,
        journal: tail.head.journal.clone(),
        segment_bytes,
        file,
        number: last,
        first: tail.head.position,
        offset: end,
        batch: tail.next_batch,
        fresh: tail.next_position == tail.head.position,
        spare: Batch::default(),
        layout,
    };
    Ok(Recovered { writer, shelf, index, epoch: tail.epoch, position: tail.next_position - 1, cut })
}

/// A new journal.
fn create(layout: Layout, disk: Arc<dyn Disk>, options: &Options) -> Result<Recovered, JournalError> {
    let segment_bytes = u64::from(options.segment_bytes);
    let mut random = [0u8; 16];
    SystemRandom::new().fill(&mut random).map_err(|_| JournalError::Fatal("no random bytes".to_owned()))?;
    let journal: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let head = Head {
        segment: 1,
        format: segment::FORMAT,
        journal: journal.clone(),
        position: 1,
        batch: 1,
        epoch: 0,
    };
    let (file, offset) =
        commit::start(&*disk, &layout, &head, segment_bytes, 0).map_err(|refusal| match refusal {
            Refusal::Full => JournalError::Full,
            Refusal::Failed(why) | Refusal::Unknown(why) => JournalError::io(format!(
                "creating {}",
                layout.segment(1).display()
            ))(std::io::Error::other(why)),
        })?;
    let shelf = Shelf::new(layout.clone());
    shelf.put(Info { number: 1, position: 1, end: offset }, Some(Building::default()));
    let index = start_over(&layout, &journal, options.index);
    let writer = Writer {
        disk,
        layout,
        journal,
        segment_bytes,
        file,
        number: 1,
        first: 1,
        offset,
        batch: 1,
        fresh: true,
        spare: Batch::default(),
    };
    Ok(Recovered { writer, shelf, index, epoch: 0, position: 0, cut: None })
}

/// A last segment whose first line never reached the disk holds nothing: it was being started.
fn drop_unstarted(layout: &Layout, disk: &dyn Disk, numbers: &mut Vec<u32>) -> Result<(), JournalError> {
    let Some(&last) = numbers.last() else { return Ok(()) };
    let bytes = layout.read_segment(last)?;
    let Err(flaw) = Walk::open(&bytes) else { return Ok(()) };
    let written = bytes.iter().any(|byte| *byte != 0);
    if written && (segment::has_later_batch(&bytes, 0, 0) || bytes.contains(&b'\n')) {
        return Err(corrupt(layout, last, &bytes, &flaw));
    }
    let path = layout.segment(last);
    disk.remove(&path).map_err(JournalError::io(format!("removing the empty {}", path.display())))?;
    numbers.pop();
    // What came before it was sealed, so it must be whole.
    let Some(&before) = numbers.last() else { return Ok(()) };
    let bytes = layout.read_segment(before)?;
    let (_, walk) = Walk::open(&bytes).map_err(|flaw| corrupt(layout, before, &bytes, &flaw))?;
    walk.into_iter()
        .try_for_each(|batch| batch.map(drop).map_err(|flaw| corrupt(layout, before, &bytes, &flaw)))
}

fn read_tail(layout: &Layout, number: u32) -> Result<Tail, JournalError> {
    let mut bytes = layout.read_segment(number)?;
    let refused = |bytes: &[u8], flaw: &Flaw| corrupt(layout, number, bytes, flaw);
    let (head, mut walk) = Walk::open(&bytes).map_err(|flaw| refused(&bytes, &flaw))?;
    if head.segment != number {
        let why = format!("it says that it is segment {}", head.segment);
        return Err(refused(&bytes, &Flaw::at(0, &why)));
    }
    let mut epoch = head.epoch;
    let mut flaw = None;
    for batch in walk.by_ref() {
        match batch {
            Ok(batch) => {
                let lines = batch.entries().filter_map(|(_, _, text)| line::parse(text));
                epoch = lines.map(|line| line.epoch).fold(epoch, u64::max);
            }
            Err(found) => flaw = Some(found),
        }
    }
    let (end, next_position, next_batch) = (walk.offset(), walk.next_position(), walk.next_batch());
    let mut cut = 0;
    if let Some(flaw) = flaw {
        if segment::has_later_batch(&bytes, flaw.offset, next_batch) {
            return Err(refused(&bytes, &flaw));
        }
        cut = bytes[end..].iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
        tracing::warn!(file = %layout.segment(number).display(), bytes = cut, "cut off a batch that was never synced");
    }
    bytes.truncate(end);
    Ok(Tail { head, bytes, next_position, next_batch, epoch, cut })
}

/// Puts the sealed segments on the shelf after a look at their first lines.
fn shelve(layout: &Layout, shelf: &Shelf, sealed: &[u32], last: &Head) -> Result<(), JournalError> {
    let mut next = (last.segment, last.position, last.batch);
    for &number in sealed.iter().rev() {
        let path = layout.segment(number);
        let refused = |why: &str| JournalError::Corrupt { file: path.clone(), line: 1, why: why.to_owned() };
        let read = || -> std::io::Result<(Vec<u8>, u64)> {
            let file = std::fs::File::open(&path)?;
            let length = file.metadata()?.len();
            let mut start = Vec::new();
            file.take(1_024).read_to_end(&mut start)?;
            Ok((start, length))
        };
        let (start, end) = read().map_err(JournalError::io(format!("reading {}", path.display())))?;
        let (head, _) = Walk::open(&start).map_err(|flaw| refused(&flaw.why))?;
        if head.journal != last.journal || head.segment != number {
            return Err(refused("it is a segment of another journal"));
        }
        if number + 1 != next.0 {
            return Err(refused(&format!("the segment after it is missing: {:08}.jsonl", number + 1)));
        }
        if head.position > next.1 || head.batch > next.2 {
            return Err(refused("the segment after it does not follow on it"));
        }
        next = (number, head.position, head.batch);
        shelf.put(Info { number, position: head.position, end }, None);
    }
    Ok(())
}

/// Opens the index, or starts it over when it cannot be believed, and brings it up to the end of the log.
fn index(layout: &Layout, shelf: &Shelf, tail: &Tail, place: IndexPlace) -> Result<Index, JournalError> {
    let position = tail.next_position - 1;
    let anew = place == IndexPlace::Memory || layout.index().join(REBUILD).exists();
    let found = if anew { None } else { Index::open(layout.index()).ok() };
    let believed = match found {
        Some((index, Some(meta))) if meta.journal == tail.head.journal => {
            if meta.position > position {
                return Err(missing(layout, tail, meta.position));
            }
            meta.is_trusted().then_some(index)
        }
        _ => None,
    };
    let index = believed.unwrap_or_else(|| start_over(layout, &tail.head.journal, place));
    if let Err(error) = fill(&index, layout, shelf, tail) {
        if matches!(error, JournalError::Corrupt { .. }) {
            return Err(error);
        }
        // The index broke while it was filled: once more from nothing.
        drop(index);
        let index = start_over(layout, &tail.head.journal, place);
        fill(&index, layout, shelf, tail)?;
        return Ok(index);
    }
    Ok(index)
}

fn missing(layout: &Layout, tail: &Tail, known: u64) -> JournalError {
    let line = tail.bytes.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let why = format!(
        "the log ends after entry {}, but the index saw entry {known} synced: acknowledged entries are missing here \
         (if this log was put here on purpose, delete {})",
        tail.next_position - 1,
        layout.index().display()
    );
    JournalError::Corrupt { file: layout.segment(tail.head.segment), line, why }
}

fn start_over(layout: &Layout, journal: &str, place: IndexPlace) -> Index {
    let folder = layout.index();
    if place == IndexPlace::Memory {
        return Index::in_memory(folder, journal.to_owned());
    }
    if folder.exists() {
        tracing::info!(folder = %folder.display(), "building the index anew from the log");
        let removed = std::fs::remove_dir_all(&folder).or_else(|_| std::fs::remove_file(&folder));
        if let Err(error) = removed {
            tracing::warn!(%error, folder = %folder.display(), "the old index cannot be removed");
        }
    }
    match Index::open(folder.clone()) {
        Ok((mut index, None)) => {
            index.set_journal(journal);
            index
        }
        Ok(_) | Err(_) => {
            tracing::warn!(folder = %folder.display(), "the index cannot be kept on disk: it lives in memory this time");
            Index::in_memory(folder, journal.to_owned())
        }
    }
}

/// Takes everything that the index lacks from the log.
fn fill(index: &Index, layout: &Layout, shelf: &Shelf, tail: &Tail) -> Result<(), JournalError> {
    let infos = shelf.infos();
    let fed = index.fed();
    let start = infos.partition_point(|info| info.position <= fed + 1).saturating_sub(1);
    let mut taking = Taking { index, number: 0, fed, changes: Changes::default(), here: Default::default() };
    for (nth, info) in infos.iter().enumerate().skip(start) {
        let next = infos.get(nth + 1).map_or(tail.head.position, |next| next.position);
        if next > fed + 1 {
            taking.segment(layout, info.number, &layout.read_segment(info.number)?, next)?;
        }
    }
    if tail.next_position > fed + 1 {
        taking.segment(layout, tail.head.segment, &tail.bytes, tail.next_position)?;
    }
    taking.feed()
}

/// Collects what the lines of one segment mean to the index.
struct Taking<'a> {
    index: &'a Index,
    number: u32,
    fed: u64,
    changes: Changes,
    /// The streams seen in this segment.
    here: foldhash::HashMap<String, Name>,
}

/// More changed streams than this are written before the next segment is read.
const TAKEN: usize = 65_536;

impl Taking<'_> {
    fn segment(&mut self, layout: &Layout, number: u32, bytes: &[u8], next: u64) -> Result<(), JournalError> {
        let refused = |flaw: &Flaw| corrupt(layout, number, bytes, flaw);
        let (_, mut walk) = Walk::open(bytes).map_err(|flaw| refused(&flaw))?;
        self.number = number;
        self.here.clear();
        for batch in walk.by_ref() {
            for (offset, position, text) in batch.map_err(|flaw| refused(&flaw))?.entries() {
                let line =
                    line::parse(text).ok_or_else(|| refused(&Flaw::at(offset, "this is not an entry")))?;
                if position > self.fed {
                    self.take(&line, position)?;
                }
            }
        }
        if next != walk.next_position() {
            let end = walk.next_position();
            let why = format!("it ends before entry {end}, but the next segment starts with entry {next}");
            return Err(refused(&Flaw::at(walk.offset(), &why)));
        }
        self.changes.position = next - 1;
        if self.changes.streams.len() + self.changes.uniques.len() > TAKEN { self.feed() } else { Ok(()) }
    }

    fn feed(&mut self) -> Result<(), JournalError> {
        let changes = std::mem::take(&mut self.changes);
        self.index.add(|pending| *pending = changes);
        self.index.feed().map(drop)
    }

    fn take(&mut self, line: &Line<'_>, position: u64) -> Result<(), JournalError> {
        let name = match self.here.get(line.stream.as_ref()) {
            Some(name) => name.clone(),
            None => {
                let name: Name = line.stream.as_ref().into();
                self.here.insert(line.stream.as_ref().to_owned(), name.clone());
                self.changes.segments.push((name.clone(), self.number, line.version));
                name
            }
        };
        let part = line.index_part().unwrap_or_default();
        let row = match part.row {
            Some(row) => Some(Arc::new(row.into())),
            None => self.row(&name)?,
        };
        self.changes.streams.insert(name.clone(), Known { version: line.version, head: line.hash, row });
        self.changes.uniques.extend(part.unique.into_iter().map(|key| (key, name.clone())));
        if let Some(key) = part.post {
            let owner: Name = name.strip_prefix("inbox/").unwrap_or(&name).into();
            self.changes.posts.push((owner, key, Some((line.version, position))));
        }
        self.changes.posts.extend(part.folds.into_iter().map(|key| (name.clone(), key, None)));
        Ok(())
    }

    fn row(&self, name: &Name) -> Result<Option<Arc<crate::append::Row>>, JournalError> {
        match self.changes.streams.get(name) {
            Some(known) => Ok(known.row.clone()),
            None => Ok(self.index.known(name)?.and_then(|known| known.row)),
        }
    }
}

/// Names a flaw by file and line.
pub(crate) fn corrupt(layout: &Layout, number: u32, bytes: &[u8], flaw: &Flaw) -> JournalError {
    let (line, why) = segment::name_line(bytes, flaw);
    JournalError::Corrupt { file: layout.segment(number), line, why }
}

/// The first flaw of a segment, for when something is known to be wrong with it.
pub(crate) fn first_flaw(layout: &Layout, number: u32, bytes: &[u8]) -> JournalError {
    let flaw = match Walk::open(bytes) {
        Err(flaw) => flaw,
        Ok((_, walk)) => {
            walk.filter_map(Result::err).next().unwrap_or(Flaw::at(0, "its entries cannot be listed"))
        }
    };
    corrupt(layout, number, bytes, &flaw)
}
