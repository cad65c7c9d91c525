//! Following the local log: durable bytes of the segments, read in order.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use stanch_model::Entry;

use super::{
    core::Core,
    shelf::{Info, Shelf},
};
use crate::{
    error::JournalError,
    follow::Source,
    journal::BoxFuture,
    line::{self, BodyFound},
    query::Cursor,
    segment,
};

/// How much is read at once.
const CHUNK: u64 = 256 << 10;

pub(crate) struct LocalSource {
    core: Weak<Core>,
    prefix: String,
    place: Option<Place>,
}

/// Where the next line lies.
struct Place {
    number: u32,
    file: File,
    offset: u64,
    /// Position of the next entry.
    next: u64,
    /// As of which state of the shelf.
    replaced: u64,
}

impl LocalSource {
    pub(super) fn new(core: &Arc<Core>, prefix: &str) -> Self {
        Self { core: Arc::downgrade(core), prefix: prefix.to_owned(), place: None }
    }

    fn core(&self) -> Result<Arc<Core>, JournalError> {
        self.core.upgrade().ok_or_else(|| JournalError::Fatal("it was closed".to_owned()))
    }

    /// The place after a position: kept from the last time, or found by walking the frames of its segment.
    fn locate(&mut self, core: &Core, next: u64) -> Result<Option<Place>, JournalError> {
        let replaced = core.shelf.replaced();
        if let Some(place) =
            self.place.take().filter(|place| place.next == next && place.replaced == replaced)
        {
            return Ok(Some(place));
        }
        let Some(info) = core.shelf.holding(next) else { return Ok(None) };
        let file = open(core, info.number)?;
        let failed = |error| JournalError::io(format!("reading segment {}", info.number))(error);
        let mut place = Place { number: info.number, file, offset: 0, next: info.position, replaced };
        place.offset = line_at(&place.file, 0).map_err(failed)?.len() as u64 + 1;
        while place.offset < info.end {
            let text = line_at(&place.file, place.offset).map_err(failed)?;
            let Some((frame, ..)) = segment::parse_frame(&text) else { break };
            if frame.position + frame.entries > next {
                break;
            }
            place.offset += text.len() as u64 + 1 + frame.bytes;
            place.next = frame.position + frame.entries;
        }
        Ok(Some(place))
    }

    /// Reads on from the place. Entries before `from` are passed over: the place may stand before them in their batch.
    fn take(&self, core: &Core, place: &mut Place, from: u64) -> Result<Vec<Entry>, JournalError> {
        let Some(info) = self.segment(core, place)? else { return Ok(Vec::new()) };
        let mut length = CHUNK.min(info.end.saturating_sub(place.offset));
        loop {
            let mut bytes = vec![0; length as usize];
            place
                .file
                .read_exact_at(&mut bytes, place.offset)
                .map_err(JournalError::io(format!("reading segment {}", place.number)))?;
            let whole = memchr::memrchr(b'\n', &bytes).map_or(0, |end| end + 1);
            if whole > 0 || place.offset + length >= info.end {
                return self.entries(core, place, &bytes[..whole], from);
            }
            length = (length * 2).min(info.end.saturating_sub(place.offset));
        }
    }

    /// The segment that the place is in, moved on to the next one when it is read to its end.
    fn segment(&self, core: &Core, place: &mut Place) -> Result<Option<Info>, JournalError> {
        let infos = core.shelf.infos();
        let at = infos.partition_point(|info| info.number < place.number);
        let Some(info) = infos.get(at).copied() else { return Ok(None) };
        let Some(next) = infos.get(at + 1) else { return Ok((place.offset < info.end).then_some(info)) };
        if place.next < next.position {
            return Ok(Some(info));
        }
        place.number = next.number;
        place.file = open(core, next.number)?;
        let first = line_at(&place.file, 0);
        let first = first.map_err(JournalError::io(format!("reading segment {}", next.number)))?;
        place.offset = first.len() as u64 + 1;
        Ok((place.offset < next.end).then_some(*next))
    }

    fn entries(
        &self,
        core: &Core,
        place: &mut Place,
        bytes: &[u8],
        from: u64,
    ) -> Result<Vec<Entry>, JournalError> {
        let mut out = Vec::new();
        // The shelf grows a moment before everybody is told.
        let durable = core.durable();
        for text in bytes.split_inclusive(|byte| *byte == b'\n') {
            let start = place.offset;
            place.offset += text.len() as u64;
            let text = text.strip_suffix(b"\n").unwrap_or(text);
            if text.starts_with(b"{\"batch\":") {
                continue;
            }
            let position = place.next;
            if position > durable {
                place.offset = start;
                break;
            }
            place.next += 1;
            if position < from || !self.may_match(text) {
                continue;
            }
            let flaw = || {
                let bytes = core.layout.read_segment(place.number).unwrap_or_default();
                let flaw = segment::Flaw::at(start as usize, "this is not an entry");
                super::corrupt(&core.layout, place.number, &bytes, &flaw)
            };
            let line = line::parse(text).ok_or_else(flaw)?;
            if !line.stream.starts_with(&self.prefix) {
                continue;
            }
            let mut entry = line.to_entry(position);
            if line.body == BodyFound::Blob {
                entry.body = Shelf::spilled(&core.layout, &line.body_hash)?;
            }
            out.push(entry);
        }
        Ok(out)
    }

    /// Spares most lines of other streams the parser.
    fn may_match(&self, text: &[u8]) -> bool {
        let name = text.strip_prefix(b"{\"header\":{\"stream\":\"").unwrap_or_default();
        let plain = self.prefix.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
        !plain || name.starts_with(self.prefix.as_bytes())
    }
}

impl Source for LocalSource {
    fn fetch(&mut self, after: Cursor) -> Result<(Vec<Entry>, Cursor), JournalError> {
        let core = self.core()?;
        let next = after.position() + 1;
        if core.durable() < next {
            return Ok((Vec::new(), after));
        }
        let Some(mut place) = self.locate(&core, next)? else { return Ok((Vec::new(), after)) };
        let entries = self.take(&core, &mut place, next)?;
        let cursor = Cursor::after(place.next - 1).max(after);
        self.place = Some(place);
        Ok((entries, cursor))
    }

    fn await_more(&self, after: Cursor, timeout: Duration) -> Result<bool, JournalError> {
        self.core()?.await_change(after.position() + 1, Some(Instant::now() + timeout))
    }

    fn more(&self, after: Cursor) -> BoxFuture<'static, Result<(), JournalError>> {
        let core = self.core();
        Box::pin(async move { core?.waiters.wait(after.position() + 1).await })
    }
}

fn open(core: &Core, number: u32) -> Result<File, JournalError> {
    let path = core.layout.segment(number);
    File::open(&path).map_err(JournalError::io(format!("opening {}", path.display())))
}

/// The line that starts here, without its newline.
fn line_at(file: &File, offset: u64) -> io::Result<Vec<u8>> {
    let mut text = vec![0; 512];
    let got = file.read_at(&mut text, offset)?;
    text.truncate(memchr::memchr(b'\n', &text[..got]).unwrap_or(got));
    Ok(text)
}
