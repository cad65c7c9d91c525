//! What the index holds of a stream, as bytes.

use std::sync::Arc;

use stanch_model::Hash;

use super::index::Known;
use crate::append::Row;

/// The value of a stream's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) known: Known,
    /// The segments that hold the stream, each with its first version there.
    pub(crate) segments: Vec<(u32, u64)>,
}

/// Little-endian numbers; texts behind their length.
pub(crate) fn encode(stored: &Stored) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend_from_slice(&stored.known.version.to_le_bytes());
    out.extend_from_slice(&stored.known.head.0);
    out.extend_from_slice(&(stored.segments.len() as u32).to_le_bytes());
    for (number, first) in &stored.segments {
        out.extend_from_slice(&number.to_le_bytes());
        out.extend_from_slice(&first.to_le_bytes());
    }
    let Some(row) = &stored.known.row else { return out };
    out.push(u8::from(row.due_ms.is_some()) | u8::from(row.wait.is_some()) << 1);
    out.extend_from_slice(&row.due_ms.unwrap_or_default().to_le_bytes());
    for text in [row.state.as_str(), row.wait.as_deref().unwrap_or_default()] {
        out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    out
}

pub(crate) fn decode(bytes: &[u8]) -> Option<Stored> {
    let mut rest = Rest(bytes);
    let version = rest.u64()?;
    let head = Hash(rest.array()?);
    let mut segments = Vec::new();
    for _ in 0..rest.u32()? {
        segments.push((rest.u32()?, rest.u64()?));
    }
    let row = if rest.0.is_empty() { None } else { Some(Arc::new(rest.row()?)) };
    Some(Stored { known: Known { version, head, row }, segments })
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = self.u32()? as usize;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(taken.to_vec()).ok()
    }

    fn row(&mut self) -> Option<Row> {
        let [flags] = self.array()?;
        let due = i64::from_le_bytes(self.array()?);
        let (state, wait) = (self.text()?, self.text()?);
        Some(Row { state, wait: (flags & 2 != 0).then_some(wait), due_ms: (flags & 1 != 0).then_some(due) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_reads_back() {
        for row in [
            None,
            Some(Row { state: "waiting".into(), wait: Some("t".into()), due_ms: Some(-1) }),
            Some(Row { state: "x".into(), wait: None, due_ms: None }),
        ] {
            let known = Known { version: 9, head: Hash::of(b"h"), row: row.map(Arc::new) };
            let stored = Stored { known, segments: vec![(1, 1), (7, 8)] };
            assert_eq!(decode(&encode(&stored)), Some(stored));
        }
        assert_eq!(decode(b"short"), None);
    }
}
