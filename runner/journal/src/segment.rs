//! The format of a segment: a first line that says what it is, then batches. Nothing here does I/O.
//!
//! ```text
//! {"segment":2,"format":1,"journal":"5f0c…","position":40001,"batch":812,"epoch":3,"crc32":"0d1f3a77"}
//! {"batch":812,"position":40001,"entries":2,"bytes":1410,"crc32":"9ae0daaf"}
//! {"header":{…},"hash":"…","body":{…}}
//! {"header":{…},"hash":"…","body":{…}}
//! ```
//! `crc32` (IEEE) covers the frame line up to `,"crc32"` and then `bytes` bytes of entry lines. Room that is not used yet
//! is zeros.

use serde::{Deserialize, Serialize};

use crate::line;

/// What this code writes and reads.
pub(crate) const FORMAT: u32 = 1;
/// Room for a frame line in front of a batch's lines.
pub(crate) const FRAME_ROOM: usize = 160;
const CRC: &[u8] = b",\"crc32\":\"";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) segment: u32,
    pub(crate) format: u32,
    /// Random, the same in all segments of a journal.
    pub(crate) journal: String,
    /// Position of the first entry in it.
    pub(crate) position: u64,
    /// Number of the first batch in it.
    pub(crate) batch: u64,
    /// The highest epoch given out before it.
    pub(crate) epoch: u64,
}

impl Head {
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.pop();
        let crc = crc32fast::hash(&line);
        line.extend_from_slice(CRC);
        line.extend_from_slice(format!("{crc:08x}\"}}\n").as_bytes());
        line
    }

    /// Reads the line without its newline.
    fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let head: Self = serde_json::from_slice(line).map_err(|_| "this is not a segment of a journal")?;
        if head.line().strip_suffix(b"\n") != Some(line) {
            return Err("the first line does not have its checksum");
        }
        Ok(head)
    }
}

/// The line in front of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) batch: u64,
    /// Position of its first entry.
    pub(crate) position: u64,
    pub(crate) entries: u64,
    /// Of the lines that follow.
    pub(crate) bytes: u64,
}

/// Writes the frame into the room in front of the lines; the batch on disk is `buffer[start..]`.
pub(crate) fn seal(buffer: &mut [u8], batch: u64, position: u64, entries: u64) -> usize {
    let (room, lines) = buffer.split_at_mut(FRAME_ROOM);
    let mut text = Vec::with_capacity(FRAME_ROOM);
    for (name, value) in [
        ("{\"batch\":", batch),
        (",\"position\":", position),
        (",\"entries\":", entries),
        (",\"bytes\":", lines.len() as u64),
    ] {
        text.extend_from_slice(name.as_bytes());
        line::number(&mut text, value);
    }
    let crc = crc(&text, lines);
    text.extend_from_slice(CRC);
    text.extend_from_slice(format!("{crc:08x}\"}}\n").as_bytes());
    let start = FRAME_ROOM - text.len();
    room[start..].copy_from_slice(&text);
    start
}

fn crc(frame: &[u8], lines: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(frame);
    hasher.update(lines);
    hasher.finalize()
}

/// Reads a frame line (without its newline): the frame, its checksum, and how much of the line the checksum covers.
pub(crate) fn parse_frame(line: &[u8]) -> Option<(Frame, u32, usize)> {
    let covered = line.windows(CRC.len()).position(|at| at == CRC)?;
    let hex = line[covered + CRC.len()..].strip_suffix(b"\"}")?;
    let crc = u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok().filter(|_| hex.len() == 8)?;
    let mut rest = std::str::from_utf8(&line[..covered]).ok()?;
    let mut value = |name: &str| -> Option<u64> {
        rest = rest.strip_prefix(name)?;
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        rest = after;
        number.parse().ok()
    };
    let frame = Frame {
        batch: value("{\"batch\":")?,
        position: value(",\"position\":")?,
        entries: value(",\"entries\":")?,
        bytes: value(",\"bytes\":")?,
    };
    rest.is_empty().then_some((frame, crc, covered))
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    /// Where the batch starts that it is in.
    pub(crate) offset: usize,
    /// The number that the batch should have.
    pub(crate) batch: u64,
    pub(crate) why: String,
}

impl Flaw {
    /// A flaw for which only the place matters.
    pub(crate) fn at(offset: usize, why: &str) -> Self {
        Self { offset, batch: 0, why: why.to_owned() }
    }
}

/// A batch that is as it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) frame: Frame,
    /// Where its first entry line starts in the segment.
    pub(crate) lines_at: usize,
    pub(crate) lines: &'a [u8],
}

impl<'a> Batch<'a> {
    /// The entry lines without newlines, each with its offset in the segment and its position in the journal.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (usize, u64, &'a [u8])> {
        let (mut at, mut position) = (self.lines_at, self.frame.position);
        self.lines.split_inclusive(|byte| *byte == b'\n').map(move |line| {
            let found = (at, position, line.strip_suffix(b"\n").unwrap_or(line));
            at += line.len();
            position += 1;
            found
        })
    }
}

/// Walks the batches of a segment.
pub(crate) struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    batch: u64,
    position: u64,
    broken: bool,
}

impl<'a> Walk<'a> {
    /// Reads the first line.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<(Head, Self), Flaw> {
        let flaw = |why: &str| Flaw::at(0, why);
        let end = newline(bytes, 0).ok_or_else(|| flaw("the first line has no end"))?;
        let head = Head::parse(&bytes[..end]).map_err(flaw)?;
        if head.format != FORMAT {
            let why = format!("format {} is not known here (this program reads {FORMAT})", head.format);
            return Err(flaw(&why));
        }
        let walk = Self { bytes, at: end + 1, batch: head.batch, position: head.position, broken: false };
        Ok((head, walk))
    }

    /// Where the next batch starts; after the last one, where the segment ends.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    /// The number of the next batch.
    pub(crate) fn next_batch(&self) -> u64 {
        self.batch
    }

    /// The position of the next entry.
    pub(crate) fn next_position(&self) -> u64 {
        self.position
    }

    fn step(&mut self) -> Result<Batch<'a>, Flaw> {
        let flaw = |why: &str| Flaw { offset: self.at, batch: self.batch, why: why.to_owned() };
        let (batch, end) = batch_at(self.bytes, self.at).map_err(|why| flaw(&why))?;
        if batch.frame.batch != self.batch {
            return Err(flaw(&format!("batch {} where {} belongs", batch.frame.batch, self.batch)));
        }
        if batch.frame.position != self.position {
            return Err(flaw(&format!("position {} where {} belongs", batch.frame.position, self.position)));
        }
        self.at = end;
        self.batch += 1;
        self.position += batch.frame.entries;
        Ok(batch)
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Result<Batch<'a>, Flaw>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken || self.bytes[self.at..].first().is_none_or(|byte| *byte == 0 && self.only_zeros()) {
            return None;
        }
        let step = self.step();
        self.broken = step.is_err();
        Some(step)
    }
}

impl Walk<'_> {
    fn only_zeros(&self) -> bool {
        // What is reserved can be many megabytes, and every opening and every look passes it: whole pages are compared.
        const PAGE: [u8; 4096] = [0; 4096];
        self.bytes[self.at..].chunks(PAGE.len()).all(|page| page == &PAGE[..page.len()])
    }
}

/// The batch whose frame line starts here, if it is whole, and where it ends.
pub(crate) fn batch_at(bytes: &[u8], at: usize) -> Result<(Batch<'_>, usize), String> {
    let end = newline(bytes, at).ok_or("a batch without an end")?;
    let line = &bytes[at..end];
    let (frame, crc_found, covered) = parse_frame(line).ok_or("this is not the first line of a batch")?;
    let length = usize::try_from(frame.bytes).map_err(|_| "a batch of impossible size")?;
    let lines =
        bytes.get(end + 1..).and_then(|rest| rest.get(..length)).ok_or("a batch that is cut short")?;
    if crc(&line[..covered], lines) != crc_found {
        return Err("the batch does not have its checksum".to_owned());
    }
    Ok((Batch { frame, lines_at: end + 1, lines }, end + 1 + length))
}

/// Whether a whole batch with a higher number than `after` starts anywhere behind `offset`.
pub(crate) fn has_later_batch(bytes: &[u8], offset: usize, after: u64) -> bool {
    let mut at = offset;
    while let Some(end) = newline(bytes, at) {
        at = end + 1;
        let is_frame = bytes[at..].starts_with(b"{\"batch\":");
        if is_frame && batch_at(bytes, at).is_ok_and(|(batch, _)| batch.frame.batch > after) {
            return true;
        }
    }
    false
}

/// The line (from 1) to name for a flaw, and what is wrong with it: the first bad one of the batch.
pub(crate) fn name_line(bytes: &[u8], flaw: &Flaw) -> (u64, String) {
    let first = bytes[..flaw.offset].iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let mut lines = bytes[flaw.offset..].split(|byte| *byte == b'\n');
    let Some((frame, ..)) = lines.next().and_then(parse_frame) else { return (first, flaw.why.clone()) };
    for (at, line) in (first + 1..).zip(lines.take(usize::try_from(frame.entries).unwrap_or_default())) {
        match line::parse(line) {
            None if line.starts_with(b"{\"batch\":") => break,
            None => return (at, "this is not an entry".to_owned()),
            Some(line) => {
                if let Some(why) = line.flaw() {
                    return (at, line.wrong(why));
                }
            }
        }
    }
    (first, flaw.why.clone())
}

fn newline(bytes: &[u8], from: usize) -> Option<usize> {
    Some(from + memchr::memchr(b'\n', bytes.get(from..)?)?)
}
