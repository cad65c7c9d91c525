//! One entry as one line: `{"header":{…},"hash":"…","body":…}`. The only place that knows the bytes.
//!
//! Lines are built and read by hand: header and body are hashed exactly as they stand, and a serializer in between
//! would be most of the cost of an append.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stanch_model::{Entry, Hash, Header, StreamId};

use crate::append::Row;

const OPEN: &[u8] = b"{\"header\":";
const HASH: &[u8] = b",\"hash\":\"";
const BODY: &[u8] = b"\",\"body\":";
/// The body was too large for a line and lies in `blobs/` under its hash.
const SPILLED: &[u8] = b"\",\"blob\":\"";

/// The optional member `index` of a header: all that the index is rebuilt from. It stands in the header, not in the body,
/// so that it outlives a body that retention drops.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexPart {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<RowPart>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) unique: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) folds: Vec<String>,
    /// In an inbox stream: the key of the post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) post: Option<String>,
}

/// A [`Row`] as stored.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowPart {
    pub(crate) state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) wait: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) due: Option<i64>,
}

impl From<Row> for RowPart {
    fn from(row: Row) -> Self {
        Self { state: row.state, wait: row.wait, due: row.due_ms }
    }
}

impl From<RowPart> for Row {
    fn from(row: RowPart) -> Self {
        Self { state: row.state, wait: row.wait, due_ms: row.due }
    }
}

impl IndexPart {
    /// As JSON, or nothing when there is nothing to say.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let Self { row, unique, folds, post } = self;
        let nothing = row.is_none() && unique.is_empty() && folds.is_empty() && post.is_none();
        if nothing { None } else { serde_json::to_vec(self).ok() }
    }
}

/// Where a body goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BodyAt<'a> {
    /// Into the line.
    Line(&'a [u8]),
    /// Into a file of its own.
    Blob,
}

/// What a line is made of.
pub(crate) struct Parts<'a> {
    /// The stream's name as a JSON string, quotes included.
    pub(crate) stream: &'a [u8],
    pub(crate) version: u64,
    pub(crate) epoch: u64,
    pub(crate) time: &'a [u8],
    pub(crate) kind: &'a str,
    pub(crate) index: Option<&'a [u8]>,
    pub(crate) body_hash: Hash,
    pub(crate) prev: Hash,
    pub(crate) body: BodyAt<'a>,
}

/// Appends the line to the buffer and gives its hash.
pub(crate) fn write(out: &mut Vec<u8>, parts: &Parts<'_>) -> Hash {
    out.extend_from_slice(OPEN);
    let start = out.len();
    out.extend_from_slice(b"{\"stream\":");
    out.extend_from_slice(parts.stream);
    out.extend_from_slice(b",\"version\":");
    number(out, parts.version);
    out.extend_from_slice(b",\"epoch\":");
    number(out, parts.epoch);
    out.extend_from_slice(b",\"time\":\"");
    out.extend_from_slice(parts.time);
    out.extend_from_slice(b"\",\"kind\":");
    text(out, parts.kind);
    if let Some(index) = parts.index {
        out.extend_from_slice(b",\"index\":");
        out.extend_from_slice(index);
    }
    out.extend_from_slice(b",\"body_hash\":\"");
    hex(out, &parts.body_hash);
    out.extend_from_slice(b"\",\"prev\":\"");
    hex(out, &parts.prev);
    out.extend_from_slice(b"\"}");
    let hash = Hash(Sha256::digest(&out[start..]).into());
    out.extend_from_slice(HASH);
    hex(out, &hash);
    match parts.body {
        BodyAt::Line(body) => {
            out.extend_from_slice(BODY);
            out.extend_from_slice(body);
        }
        BodyAt::Blob => {
            out.extend_from_slice(SPILLED);
            hex(out, &parts.body_hash);
            out.push(b'"');
        }
    }
    out.extend_from_slice(b"}\n");
    hash
}

/// Appends a decimal number.
pub(crate) fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a JSON string.
pub(crate) fn text(out: &mut Vec<u8>, value: &str) {
    if value.bytes().all(|b| b >= 0x20 && b != b'"' && b != b'\\') {
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    } else {
        out.extend_from_slice(serde_json::Value::from(value).to_string().as_bytes());
    }
}

fn hex(out: &mut Vec<u8>, hash: &Hash) {
    out.extend_from_slice(&hash.digits());
}

/// The body of a line as found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFound<'a> {
    Line(&'a str),
    Blob,
    Dropped,
}

/// A line taken apart, still borrowing from it.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    /// The exact bytes that `hash` covers.
    pub(crate) header: &'a str,
    pub(crate) hash: Hash,
    pub(crate) body: BodyFound<'a>,
    pub(crate) stream: std::borrow::Cow<'a, str>,
    pub(crate) version: u64,
    pub(crate) epoch: u64,
    pub(crate) time: &'a str,
    pub(crate) kind: std::borrow::Cow<'a, str>,
    pub(crate) index: Option<&'a str>,
    pub(crate) body_hash: Hash,
    pub(crate) prev: Hash,
}

/// Takes a line (without its newline) apart. `None` when it is not one; nothing is hashed here.
pub(crate) fn parse(line: &[u8]) -> Option<Line<'_>> {
    let line = std::str::from_utf8(line).ok()?;
    let mut rest = Rest(line.strip_prefix("{\"header\":")?);
    let header_start = rest.0;
    rest.skip("{\"stream\":")?;
    let stream = rest.string()?;
    rest.skip(",\"version\":")?;
    let version = rest.number()?;
    rest.skip(",\"epoch\":")?;
    let epoch = rest.number()?;
    rest.skip(",\"time\":\"")?;
    let time = rest.until('"')?;
    rest.skip(",\"kind\":")?;
    let kind = rest.string()?;
    let index = if rest.0.starts_with(",\"index\":") {
        rest.skip(",\"index\":")?;
        Some(rest.json::<&serde_json::value::RawValue>()?.get())
    } else {
        None
    };
    rest.skip(",\"body_hash\":\"")?;
    let body_hash = rest.hash()?;
    rest.skip("\",\"prev\":\"")?;
    let prev = rest.hash()?;
    rest.skip("\"}")?;
    let header = &header_start[..header_start.len() - rest.0.len()];
    rest.skip(",\"hash\":\"")?;
    let hash = rest.hash()?;
    let body = body(rest.0, &body_hash)?;
    Some(Line { header, hash, body, stream, version, epoch, time, kind, index, body_hash, prev })
}

fn body<'a>(rest: &'a str, body_hash: &Hash) -> Option<BodyFound<'a>> {
    if rest == "\"}" {
        return Some(BodyFound::Dropped);
    }
    if let Some(body) = rest.strip_prefix("\",\"body\":") {
        return body.strip_suffix('}').map(BodyFound::Line);
    }
    let name = rest.strip_prefix("\",\"blob\":\"")?.strip_suffix("\"}")?;
    (Hash::parse(name)? == *body_hash).then_some(BodyFound::Blob)
}

impl Line<'_> {
    /// What in this line is not as it hashes, if anything.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        if Hash::of(self.header.as_bytes()) != self.hash {
            return Some("the header does not have the hash that stands beside it");
        }
        match self.body {
            BodyFound::Line(body) if Hash::of(body.as_bytes()) != self.body_hash => {
                Some("the body does not have the hash that the header names")
            }
            _ => None,
        }
    }

    /// What is wrong with it, behind its name.
    pub(crate) fn wrong(&self, why: &str) -> String {
        format!("{} version {}: {why}", self.stream, self.version)
    }

    /// The header's index member.
    pub(crate) fn index_part(&self) -> Option<IndexPart> {
        self.index.and_then(|json| serde_json::from_str(json).ok())
    }

    /// As an entry; a spilled body is not fetched here.
    pub(crate) fn to_entry(&self, position: u64) -> Entry {
        let header = Header {
            stream: StreamId::from_stored(self.stream.as_ref()),
            version: self.version,
            epoch: self.epoch,
            time: self.time.to_owned(),
            kind: self.kind.clone().into_owned(),
            body_hash: self.body_hash,
            prev: self.prev,
        };
        let body = match self.body {
            BodyFound::Line(body) => Some(body.into()),
            BodyFound::Blob | BodyFound::Dropped => None,
        };
        Entry { header, hash: self.hash, body, position }
    }
}

/// What is left of a line.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip(&mut self, what: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(what)?;
        Some(())
    }

    fn take(&mut self, bytes: usize) -> Option<&'a str> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        self.take(digits)?.parse().ok()
    }

    fn hash(&mut self) -> Option<Hash> {
        Hash::parse(self.take(64)?)
    }

    fn until(&mut self, end: char) -> Option<&'a str> {
        let (taken, rest) = self.0.split_once(end)?;
        self.0 = rest;
        Some(taken)
    }

    /// A JSON string; borrowed unless it holds an escape.
    fn string(&mut self) -> Option<std::borrow::Cow<'a, str>> {
        let plain = self.0.strip_prefix('"')?;
        let end = memchr::memchr2(b'"', b'\\', plain.as_bytes())?;
        if plain.as_bytes()[end] == b'"' {
            self.0 = &plain[end + 1..];
            return Some(std::borrow::Cow::Borrowed(&plain[..end]));
        }
        self.json::<String>().map(std::borrow::Cow::Owned)
    }

    fn json<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let mut values = serde_json::Deserializer::from_str(self.0).into_iter::<T>();
        let value = values.next()?.ok()?;
        let used = values.byte_offset();
        self.take(used)?;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(stream: &str, body: BodyAt<'_>, body_hash: Hash, index: Option<&[u8]>) -> (Vec<u8>, Hash) {
        let mut name = Vec::new();
        text(&mut name, stream);
        let mut out = Vec::new();
        let parts = Parts {
            stream: &name,
            version: 7,
            epoch: 3,
            time: b"2026-11-22T15:30:10.000001Z",
            kind: "a \"kind\"",
            index,
            body_hash,
            prev: Hash::of(b"prev"),
            body,
        };
        let hash = write(&mut out, &parts);
        (out, hash)
    }

    #[test]
    fn a_line_reads_as_it_was_written() {
        let index = IndexPart {
            row: Some(RowPart {
                state: "waiting".into(),
                wait: Some("\",\"hash\":\"".into()),
                due: Some(-5),
            }),
            unique: vec!["k}".into()],
            ..IndexPart::default()
        };
        let body = br#"{"a":"\",\"hash\":\"","b":[1,2]}"#;
        let (bytes, hash) =
            line("run/\"odd\"\n", BodyAt::Line(body), Hash::of(body), index.encode().as_deref());
        let line = parse(bytes.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!((line.stream.as_ref(), line.version, line.epoch), ("run/\"odd\"\n", 7, 3));
        assert_eq!((line.kind.as_ref(), line.hash, line.flaw()), ("a \"kind\"", hash, None));
        assert_eq!(line.index_part(), Some(index));
        assert_eq!(line.body, BodyFound::Line(std::str::from_utf8(body).unwrap()));
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["header"]["prev"], Hash::of(b"prev").to_string());
    }

    #[test]
    fn a_spilled_body_is_named_by_its_hash() {
        let (bytes, _) = line("run/a", BodyAt::Blob, Hash::of(b"big"), None);
        let line = parse(bytes.strip_suffix(b"\n").unwrap()).unwrap();
        assert_eq!((line.body, line.body_hash), (BodyFound::Blob, Hash::of(b"big")));
    }

    #[test]
    fn every_flipped_bit_is_seen() {
        let (bytes, _) = line("run/a", BodyAt::Line(b"{\"n\":1}"), Hash::of(b"{\"n\":1}"), None);
        let bytes = bytes.strip_suffix(b"\n").unwrap();
        for at in 0..bytes.len() * 8 {
            let mut bent = bytes.to_vec();
            bent[at / 8] ^= 1 << (at % 8);
            let seen = parse(&bent).is_none_or(|line| line.flaw().is_some());
            assert!(seen, "bit {at} of {}", String::from_utf8_lossy(&bent));
        }
    }
}
