//! The segments as they are read: which there are, how far each is durable, where a stream's lines lie.

use std::{
    collections::BTreeMap,
    fs::File,
    os::unix::fs::FileExt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, MutexGuard, RwLock};
use stanch_model::{Entry, Hash};

use super::{index::Index, layout::Layout};
use crate::{
    error::JournalError,
    line::{self, BodyFound, Line},
    table::{Building, Name, Place, Places, Table},
};

/// A segment, as far as it is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) number: u32,
    /// Position of its first entry.
    pub(crate) position: u64,
    /// Durable bytes.
    pub(crate) end: u64,
}

/// See the module.
pub(crate) struct Shelf {
    layout: Layout,
    state: RwLock<State>,
    open: Mutex<Vec<Arc<Opened>>>,
    /// Retention holds it while it replaces a segment under the readers.
    replacing: RwLock<()>,
    replaced: AtomicU64,
    tidying: Mutex<()>,
}

struct State {
    infos: Vec<Info>,
    /// The segment being written, and sealed ones whose table or index is not written yet.
    recent: BTreeMap<u32, Building>,
}

struct Opened {
    number: u32,
    table: Option<Table>,
    file: File,
}

/// Sealed segments kept open with their tables (about half a megabyte each).
const KEPT_OPEN: usize = 32;
/// Lines with no more than this between them are read at once: to read over it costs less than to ask again.
const GAP: u32 = 8 << 10;
/// At most so much at once.
const SPAN: u32 = 256 << 10;

/// Shown every line of a reading, with its position.
type Show<'a> = dyn FnMut(&Line<'_>, u64) -> Result<(), JournalError> + 'a;

impl Shelf {
    pub(crate) fn new(layout: Layout) -> Self {
        let state = State { infos: Vec::new(), recent: BTreeMap::new() };
        Self {
            layout,
            state: RwLock::new(state),
            open: Mutex::default(),
            replacing: RwLock::default(),
            replaced: AtomicU64::new(0),
            tidying: Mutex::default(),
        }
    }

    /// A segment that exists; with its table while it is the one being written.
    pub(crate) fn put(&self, info: Info, building: Option<Building>) {
        let mut state = self.state.write();
        state.infos.retain(|known| known.number != info.number);
        state.infos.push(info);
        state.infos.sort_unstable_by_key(|info| info.number);
        if let Some(building) = building {
            state.recent.insert(info.number, building);
        }
    }

    /// More of the segment being written is durable. `added` is told of each stream's first entry in it.
    pub(crate) fn grow<'a>(
        &self,
        end: u64,
        lines: impl Iterator<Item = (&'a Name, u64, Place)>,
        mut added: impl FnMut(&Name, u32, u64),
    ) {
        let mut state = self.state.write();
        let State { infos, recent } = &mut *state;
        let Some(info) = infos.last_mut() else { return };
        info.end = end;
        let building = recent.entry(info.number).or_default();
        for (name, version, place) in lines {
            if building.add(name, version, place) {
                added(name, info.number, version);
            }
        }
    }

    pub(crate) fn infos(&self) -> Vec<Info> {
        self.state.read().infos.clone()
    }

    /// The segment that holds this position, or would as the next.
    pub(crate) fn holding(&self, position: u64) -> Option<Info> {
        let state = self.state.read();
        let after = state.infos.partition_point(|info| info.position <= position);
        state.infos.get(after.checked_sub(1)?).copied()
    }

    /// Sealed segments whose table still lives in memory, as table files.
    pub(crate) fn unwritten(&self) -> Vec<(u32, Vec<u8>)> {
        let state = self.state.read();
        let active = state.infos.last().map(|info| info.number);
        let sealed = state.recent.iter().filter(|(number, _)| Some(**number) != active);
        sealed.map(|(number, building)| (*number, building.encode())).collect()
    }

    /// The table is on disk and the index knows the segment: memory may forget it.
    pub(crate) fn forget(&self, number: u32) {
        self.state.write().recent.remove(&number);
    }

    /// Replaces a sealed segment's file while nobody reads it; afterwards it ends at `end`.
    pub(crate) fn replace<T>(
        &self,
        number: u32,
        end: u64,
        work: impl FnOnce() -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let _alone = self.replacing.write();
        let done = work()?;
        self.open.lock().retain(|opened| opened.number != number);
        let mut state = self.state.write();
        state.recent.remove(&number);
        state.infos.iter_mut().filter(|info| info.number == number).for_each(|info| info.end = end);
        drop(state);
        self.replaced.fetch_add(1, Ordering::Release);
        Ok(done)
    }

    /// Held by whoever writes tables or replaces segments: one at a time.
    pub(crate) fn tidying(&self) -> MutexGuard<'_, ()> {
        self.tidying.lock()
    }

    /// Grows whenever a segment was replaced: offsets kept from before mean nothing then.
    pub(crate) fn replaced(&self) -> u64 {
        self.replaced.load(Ordering::Acquire)
    }

    /// Entries of a stream in the order of their versions, chain verified.
    pub(crate) fn read(
        &self,
        index: &Index,
        stream: &str,
        from_version: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, JournalError> {
        let mut entries = Vec::new();
        self.visit(index, stream, from_version, limit, &mut |line, position| {
            let mut entry = line.to_entry(position);
            if line.body == BodyFound::Blob {
                entry.body = Self::spilled(&self.layout, &line.body_hash)?;
            }
            entries.push(entry);
            Ok(())
        })?;
        Ok(entries)
    }

    /// Shows at most `limit` lines of a stream in the order of their versions, chain verified, each with its position.
    pub(crate) fn visit(
        &self,
        index: &Index,
        stream: &str,
        from_version: u64,
        limit: usize,
        show: &mut Show<'_>,
    ) -> Result<(), JournalError> {
        let _reading = self.replacing.read();
        let from = from_version.max(1);
        let prev = (from == 1).then_some(Hash::ZERO);
        let mut reader = Reader { shelf: self, stream, next: from, prev, left: limit, buffer: Vec::new() };
        for number in self.segments_of(index, stream, from)? {
            if reader.left == 0 {
                break;
            }
            if let Some((opened, places)) = self.places(number, stream, reader.next, reader.left)? {
                reader.take(&opened, &places, show)?;
            }
        }
        Ok(())
    }

    /// The segments that hold versions from `from` on, in order.
    fn segments_of(&self, index: &Index, stream: &str, from: u64) -> Result<Vec<u32>, JournalError> {
        // Memory before the index: a segment moves from the first to the second, never back.
        let mut found: BTreeMap<u32, u64> = {
            let state = self.state.read();
            let recent = state.recent.iter();
            recent.filter_map(|(n, table)| Some((*n, table.find(stream, 0, 0)?.first_version))).collect()
        };
        if found.values().next().is_none_or(|first| *first > from) {
            found.extend(index.segments_of(stream)?);
        }
        let start = found.iter().rev().find(|(_, first)| **first <= from).map_or(0, |(number, _)| *number);
        Ok(found.into_keys().filter(|number| *number >= start).collect())
    }

    fn places(
        &self,
        number: u32,
        stream: &str,
        from: u64,
        limit: usize,
    ) -> Result<Option<(Arc<Opened>, Places)>, JournalError> {
        let recent = {
            let state = self.state.read();
            state.recent.get(&number).map(|table| table.find(stream, from, limit))
        };
        let opened = self.opened(number, recent.is_none())?;
        let places = match (recent, &opened.table) {
            (Some(places), _) => places,
            (None, Some(table)) => table.find(stream, from, limit),
            (None, None) => None,
        };
        Ok(places.map(|places| (opened, places)))
    }

    fn opened(&self, number: u32, with_table: bool) -> Result<Arc<Opened>, JournalError> {
        let mut open = self.open.lock();
        let known = open.iter().position(|opened| opened.number == number);
        if let Some(at) = known {
            let opened = open.remove(at);
            if opened.table.is_some() || !with_table {
                open.push(opened.clone());
                return Ok(opened);
            }
        }
        let path = self.layout.segment(number);
        let file = File::open(&path).map_err(JournalError::io(format!("opening {}", path.display())))?;
        let table = if with_table { Some(self.table(number)?) } else { None };
        let opened = Arc::new(Opened { number, table, file });
        if open.len() >= KEPT_OPEN {
            open.remove(0);
        }
        open.push(opened.clone());
        Ok(opened)
    }

    /// The table file, made anew from the segment when it is missing or damaged.
    fn table(&self, number: u32) -> Result<Table, JournalError> {
        let path = self.layout.table(number);
        if let Some(table) = Table::load(&path) {
            return Ok(table);
        }
        let bytes = self.layout.read_segment(number)?;
        let encoded = Building::of_segment(&bytes).map(|building| building.encode());
        let table = encoded.and_then(|encoded| {
            let _ = std::fs::write(&path, &encoded);
            Table::decode(encoded)
        });
        table.ok_or_else(|| super::recover::first_flaw(&self.layout, number, &bytes))
    }

    fn corrupt(&self, number: u32, offset: u32, why: &str) -> JournalError {
        let bytes = self.layout.read_segment(number).unwrap_or_default();
        let before = &bytes[..(offset as usize).min(bytes.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
        JournalError::Corrupt { file: self.layout.segment(number), line, why: why.to_owned() }
    }

    /// The body that was too large for its line; `None` when retention took it.
    pub(crate) fn spilled(layout: &Layout, hash: &Hash) -> Result<Option<Box<str>>, JournalError> {
        match super::blobs::read(layout, hash) {
            Ok(bytes) => Ok(String::from_utf8(bytes).ok().map(Into::into)),
            Err(JournalError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// How many of these places, in the order of the file, are read at once.
fn together(places: &[Place]) -> usize {
    let Some(start) = places.first() else { return 0 };
    let near = |pair: &[Place]| {
        let (before, after) = (pair[0].offset + pair[0].bytes, pair[1].offset + pair[1].bytes);
        pair[1].offset - before <= GAP && after - start.offset <= SPAN
    };
    1 + places.windows(2).take_while(|pair| near(pair)).count()
}

/// One reading of a stream under way.
struct Reader<'a> {
    shelf: &'a Shelf,
    stream: &'a str,
    next: u64,
    /// `None` before the first entry of a reading that does not start at version 1.
    prev: Option<Hash>,
    left: usize,
    buffer: Vec<u8>,
}

impl Reader<'_> {
    fn take(&mut self, opened: &Opened, places: &Places, show: &mut Show<'_>) -> Result<(), JournalError> {
        let first = self.shelf.first_position(opened.number);
        let mut rest = places.places.as_slice();
        let mut buffer = std::mem::take(&mut self.buffer);
        while let Some(start) = rest.first() {
            let (now, later) = rest.split_at(together(rest));
            rest = later;
            let end = now.last().map_or(0, |place| place.offset + place.bytes);
            buffer.resize((end - start.offset) as usize, 0);
            opened.file.read_exact_at(&mut buffer, u64::from(start.offset)).map_err(|error| {
                self.shelf.corrupt(
                    opened.number,
                    start.offset,
                    &format!("the segment ends too early: {error}"),
                )
            })?;
            for place in now {
                let from = (place.offset - start.offset) as usize;
                let text = &buffer[from..from + place.bytes as usize];
                let line = self.verify(text);
                let line = line.map_err(|why| self.shelf.corrupt(opened.number, place.offset, &why))?;
                show(&line, first + u64::from(place.nth))?;
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    /// The line, if it is the next of its stream and as it was written.
    fn verify<'t>(&mut self, text: &'t [u8]) -> Result<Line<'t>, String> {
        let line = line::parse(text).ok_or("this is not an entry")?;
        self.check(&line)?;
        self.next += 1;
        self.left -= 1;
        self.prev = Some(line.hash);
        Ok(line)
    }

    fn check(&self, line: &Line<'_>) -> Result<(), String> {
        if line.stream != self.stream || line.version != self.next {
            return Err(format!(
                "{} version {} where {} version {} belongs",
                line.stream, line.version, self.stream, self.next
            ));
        }
        if let Some(why) = line.flaw() {
            return Err(line.wrong(why));
        }
        if self.prev.is_some_and(|prev| prev != line.prev) {
            return Err(line.wrong("it does not follow on the entry before it in its stream"));
        }
        Ok(())
    }
}

impl Shelf {
    fn first_position(&self, number: u32) -> u64 {
        let state = self.state.read();
        state.infos.iter().rev().find(|info| info.number == number).map_or(1, |info| info.position)
    }
}
