//! Where the entries of each stream lie in one segment: built while it is written, kept beside it once it is sealed.
//!
//! A table is no truth: it is rebuilt from its segment whenever it is missing or does not check out.

use std::{path::Path, sync::Arc};

use foldhash::{HashMap, HashMapExt};

use crate::{line, segment::Walk};

/// A stream's name, shared.
pub(crate) type Name = Arc<str>;

/// One entry's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Where its line starts in the segment.
    pub(crate) offset: u32,
    /// Length of the line without its newline.
    pub(crate) bytes: u32,
    /// Its position in the journal, less that of the segment's first entry.
    pub(crate) nth: u32,
}

/// A stream's entries in a segment, versions without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) first_version: u64,
    pub(crate) places: Vec<Place>,
}

/// The table while its segment is written.
#[derive(Debug, Default)]
pub(crate) struct Building {
    streams: HashMap<Name, Places>,
}

impl Building {
    /// Adds an entry; true if it is the stream's first one here.
    pub(crate) fn add(&mut self, stream: &Name, version: u64, place: Place) -> bool {
        match self.streams.get_mut(stream) {
            Some(found) => {
                found.places.push(place);
                false
            }
            None => {
                let places = Places { first_version: version, places: vec![place] };
                self.streams.insert(stream.clone(), places);
                true
            }
        }
    }

    /// A stream's places from a version on, at most so many.
    pub(crate) fn find(&self, stream: &str, from_version: u64, limit: usize) -> Option<Places> {
        let found = self.streams.get(stream)?;
        let skip = usize::try_from(from_version.saturating_sub(found.first_version)).unwrap_or(usize::MAX);
        let places = found.places.iter().skip(skip).take(limit).copied().collect();
        Some(Places { first_version: found.first_version + skip as u64, places })
    }

    /// Reads every line of a whole segment.
    pub(crate) fn of_segment(bytes: &[u8]) -> Option<Self> {
        let (head, walk) = Walk::open(bytes).ok()?;
        let mut table = Self::default();
        let mut names: HashMap<String, Name> = HashMap::new();
        for batch in walk {
            for (offset, position, text) in batch.ok()?.entries() {
                let line = line::parse(text)?;
                let name = names.get(line.stream.as_ref()).cloned().unwrap_or_else(|| {
                    let name: Name = line.stream.as_ref().into();
                    names.insert(line.stream.as_ref().to_owned(), name.clone());
                    name
                });
                table.add(&name, line.version, place(offset, text.len(), position, head.position)?);
            }
        }
        Some(table)
    }

    /// As the bytes of a table file.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut order: Vec<(u64, &Name, &Places)> =
            self.streams.iter().map(|(name, places)| (name_hash(name), name, places)).collect();
        order.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        let all: usize = order.iter().map(|(.., places)| places.places.len()).sum();
        let mut out = Vec::with_capacity(HEAD + order.len() * (RECORD + 40) + all * PLACE);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&(order.len() as u32).to_le_bytes());
        out.extend_from_slice(&(all as u32).to_le_bytes());
        let (mut name_at, mut place_at) = (0u32, 0u32);
        for (hash, name, places) in &order {
            out.extend_from_slice(&hash.to_le_bytes());
            out.extend_from_slice(&places.first_version.to_le_bytes());
            for value in [name_at, name.len() as u32, place_at, places.places.len() as u32] {
                out.extend_from_slice(&value.to_le_bytes());
            }
            name_at += name.len() as u32;
            place_at += places.places.len() as u32;
        }
        for place in order.iter().flat_map(|(.., places)| &places.places) {
            for value in [place.offset, place.bytes, place.nth] {
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
        order.iter().for_each(|(_, name, _)| out.extend_from_slice(name.as_bytes()));
        let crc = crc32fast::hash(&out[HEAD - 8..]);
        out[MAGIC.len()..MAGIC.len() + 4].copy_from_slice(&crc.to_le_bytes());
        out
    }
}

/// A place, if the segment is not absurdly large.
pub(crate) fn place(offset: usize, bytes: usize, position: u64, first: u64) -> Option<Place> {
    Some(Place {
        offset: offset.try_into().ok()?,
        bytes: bytes.try_into().ok()?,
        nth: position.checked_sub(first)?.try_into().ok()?,
    })
}

const MAGIC: &[u8] = b"STNCHTB1";
/// Magic, checksum of the rest, number of streams, number of places.
const HEAD: usize = 8 + 4 + 4 + 4;
/// Name's hash, first version, name's start and length, first place and their number.
const RECORD: usize = 8 + 8 + 4 * 4;
const PLACE: usize = 4 * 3;

fn name_hash(name: &str) -> u64 {
    // FNV-1a: stable over builds, which the standard hasher does not promise.
    name.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A sealed segment's table, searched in its file's bytes.
#[derive(Debug)]
pub(crate) struct Table {
    bytes: Vec<u8>,
    streams: usize,
    places: usize,
}

impl Table {
    /// Takes a table file's bytes, if they check out.
    pub(crate) fn decode(bytes: Vec<u8>) -> Option<Self> {
        if !bytes.starts_with(MAGIC)
            || u32_at(&bytes, MAGIC.len())? != crc32fast::hash(bytes.get(HEAD - 8..)?)
        {
            return None;
        }
        let (streams, places) = (u32_at(&bytes, HEAD - 8)? as usize, u32_at(&bytes, HEAD - 4)? as usize);
        (bytes.len() >= HEAD + streams * RECORD + places * PLACE).then_some(Self { bytes, streams, places })
    }

    /// Reads a table file.
    pub(crate) fn load(path: &Path) -> Option<Self> {
        Self::decode(std::fs::read(path).ok()?)
    }

    /// As [`Building::find`].
    pub(crate) fn find(&self, stream: &str, from_version: u64, limit: usize) -> Option<Places> {
        let record = self.record(stream)?;
        let first_version = u64_at(&self.bytes, record + 8)?;
        let (start, count) = (u32_at(&self.bytes, record + 24)?, u32_at(&self.bytes, record + 28)?);
        let skip = u32::try_from(from_version.saturating_sub(first_version)).unwrap_or(count).min(count);
        let end = start + skip.saturating_add(u32::try_from(limit).unwrap_or(u32::MAX)).min(count);
        let base = HEAD + self.streams * RECORD;
        let places = (start + skip..end).map(|nth| {
            let at = base + nth as usize * PLACE;
            let value = |field: usize| u32_at(&self.bytes, at + field * 4);
            Some(Place { offset: value(0)?, bytes: value(1)?, nth: value(2)? })
        });
        Some(Places {
            first_version: first_version + u64::from(skip),
            places: places.collect::<Option<_>>()?,
        })
    }

    fn record(&self, stream: &str) -> Option<usize> {
        let wanted = name_hash(stream);
        let (mut low, mut high) = (0, self.streams);
        while low < high {
            let middle = (low + high) / 2;
            if u64_at(&self.bytes, HEAD + middle * RECORD)? < wanted {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let names = HEAD + self.streams * RECORD + self.places * PLACE;
        for nth in low..self.streams {
            let record = HEAD + nth * RECORD;
            if u64_at(&self.bytes, record)? != wanted {
                return None;
            }
            let start = names + u32_at(&self.bytes, record + 16)? as usize;
            let length = u32_at(&self.bytes, record + 20)? as usize;
            if self.bytes.get(start..start + length)? == stream.as_bytes() {
                return Some(record);
            }
        }
        None
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_finds_what_was_added() {
        let mut building = Building::default();
        for n in 0..500u32 {
            let name: Name = format!("run/{}", n % 100).into();
            let place = Place { offset: n * 10, bytes: 9, nth: n };
            building.add(&name, u64::from(n / 100) + 7, place);
        }
        let table = Table::decode(building.encode()).unwrap();
        for n in 0..100 {
            let name = format!("run/{n}");
            for (from, limit) in [(1, 100), (8, 2), (11, 9), (12, 1)] {
                assert_eq!(
                    table.find(&name, from, limit),
                    building.find(&name, from, limit),
                    "{name} {from}"
                );
            }
        }
        assert_eq!(table.find("run/100", 1, 1), None);
        let mut bent = building.encode();
        bent[100] ^= 1;
        assert!(Table::decode(bent).is_none());
    }
}
