//! A part of the log as one file that anybody can verify.

use std::{collections::HashSet, io::Write, path::Path};

use stanch_model::StreamId;

use crate::{
    error::JournalError,
    line::{self, BodyFound},
    local::Shelf,
    scan,
};

/// What was exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Lines written.
    pub entries: u64,
    /// Streams they belong to, each from its first entry.
    pub streams: u64,
}

/// The check of an exported file with nothing but Python's standard library, over the exact bytes of each line.
pub const RECIPE: &str = r#"import hashlib, json, sys
heads = {}
for n, line in enumerate(open(sys.argv[1], "rb"), 1):
    cut = line.index(b',"hash":"')
    header, digest, rest = line[10:cut], line[cut + 9:cut + 73].decode(), line[cut + 74:].rstrip(b"\n")
    h = json.loads(header)
    version, prev = heads.get(h["stream"], (0, "0" * 64))
    assert hashlib.sha256(header).hexdigest() == digest, f"line {n}: header"
    assert (h["version"], h["prev"]) == (version + 1, prev), f"line {n}: chain"
    if rest.startswith(b',"body":'):
        assert hashlib.sha256(rest[8:-1]).hexdigest() == h["body_hash"], f"line {n}: body"
    heads[h["stream"]] = (h["version"], digest)
print(f"{n} entries of {len(heads)} streams hold")
"#;

/// Writes the entries of the wanted streams, in order, one line each as they are stored: also while the folder is served.
/// Bodies that lie in files of their own are put back into their lines.
///
/// The file verifies by itself (`stanch journal verify FILE`), or with this, where `line[10:cut]` is the header's exact
/// bytes behind `{"header":` and the body's exact bytes stand between `,"body":` and the last `}`:
///
/// ```python
/// import hashlib, json, sys
/// heads = {}
/// for n, line in enumerate(open(sys.argv[1], "rb"), 1):
///     cut = line.index(b',"hash":"')
///     header, digest, rest = line[10:cut], line[cut + 9:cut + 73].decode(), line[cut + 74:].rstrip(b"\n")
///     h = json.loads(header)
///     version, prev = heads.get(h["stream"], (0, "0" * 64))
///     assert hashlib.sha256(header).hexdigest() == digest, f"line {n}: header"
///     assert (h["version"], h["prev"]) == (version + 1, prev), f"line {n}: chain"
///     if rest.startswith(b',"body":'):
///         assert hashlib.sha256(rest[8:-1]).hexdigest() == h["body_hash"], f"line {n}: body"
///     heads[h["stream"]] = (h["version"], digest)
/// print(f"{n} entries of {len(heads)} streams hold")
/// ```
/// (The same text is [`RECIPE`].)
///
/// # Errors
/// `Corrupt` when the log is, `Io` when reading or writing fails.
pub fn export(
    folder: impl AsRef<Path>,
    wanted: impl Fn(&StreamId) -> bool,
    out: &mut dyn Write,
) -> Result<Exported, JournalError> {
    let layout = scan::layout(folder.as_ref())?;
    let mut exported = Exported::default();
    let mut streams: HashSet<String> = HashSet::new();
    let written = |done: std::io::Result<()>| done.map_err(JournalError::io("writing the export"));
    scan::batches(&layout, |number, _, batch| {
        for (_, _, text) in batch.entries() {
            let broken = || JournalError::Corrupt {
                file: layout.segment(number),
                line: 0,
                why: "this is not an entry".to_owned(),
            };
            let line = line::parse(text).ok_or_else(broken)?;
            if !wanted(&StreamId::from_stored(line.stream.as_ref())) {
                continue;
            }
            let spilled = match line.body {
                BodyFound::Blob => Shelf::spilled(&layout, &line.body_hash)?,
                _ => None,
            };
            match (spilled, line.body) {
                (Some(body), _) => {
                    written(write!(
                        out,
                        "{{\"header\":{},\"hash\":\"{}\",\"body\":{body}}}",
                        line.header, line.hash
                    ))?;
                }
                (None, BodyFound::Blob) => {
                    written(write!(out, "{{\"header\":{},\"hash\":\"{}\"}}", line.header, line.hash))?;
                }
                (None, _) => written(out.write_all(text))?,
            }
            written(out.write_all(b"\n"))?;
            exported.entries += 1;
            if !streams.contains(line.stream.as_ref()) {
                streams.insert(line.stream.into_owned());
            }
        }
        Ok(())
    })?;
    written(out.flush())?;
    exported.streams = streams.len() as u64;
    Ok(exported)
}
