//! The index: one row per stream, dedupe keys, waiting posts, and which segments hold a stream. Never the truth.
//!
//! It is fed after the sync, many changes at a time, off the hot path; it carries the position up to which it is true.
//!
//! | Key | Value |
//! |---|---|
//! | `r` stream | version, head, row, and the segments that hold it, each with the first version there |
//! | `u` dedupe key | stream |
//! | `p` stream 0 post key | inbox version, position |
//! | `d` due, stream / `w` token 0 stream / `x` state 0 stream | nothing: other ways to a row |
//! | `m` | what the index is true of |

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use foldhash::{HashMap, HashMapExt};
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use stanch_model::Hash;

use super::keep::{Change, Keep, KeepError};
use super::row::{Stored, decode, encode};
use crate::{append::Row, error::JournalError, table::Name};

/// What is known of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) version: u64,
    pub(crate) head: Hash,
    pub(crate) row: Option<Arc<Row>>,
}

/// A post by its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PostAt {
    pub(crate) key: String,
    pub(crate) version: u64,
    pub(crate) position: u64,
}

/// Version in the inbox and position; `None` for a post that was folded.
pub(crate) type PostPlace = Option<(u64, u64)>;

/// What became durable and is not in the index yet, coalesced.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) streams: HashMap<Name, Known>,
    pub(crate) uniques: Vec<(String, Name)>,
    /// Owner and key of posts, and where they lie.
    pub(crate) posts: Vec<(Name, String, PostPlace)>,
    /// Stream, segment, first version there.
    pub(crate) segments: Vec<(Name, u32, u64)>,
    /// Everything up to here is in it.
    pub(crate) position: u64,
}

/// What the index says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Meta {
    format: u32,
    pub(crate) journal: String,
    pub(crate) position: u64,
    /// The machine's boot: what sled wrote survives a killed process, not a power loss.
    boot: String,
    clean: bool,
    crc: u32,
}

const FORMAT: u32 = 1;

impl Meta {
    fn new(journal: &str, position: u64, clean: bool) -> Self {
        let mut meta =
            Self { format: FORMAT, journal: journal.to_owned(), position, boot: boot(), clean, crc: 0 };
        meta.crc = meta.sum();
        meta
    }

    fn sum(&self) -> u32 {
        let text = format!("{}/{}/{}/{}/{}", self.format, self.journal, self.position, self.boot, self.clean);
        crc32fast::hash(text.as_bytes())
    }

    /// Whether the index was written by a process that ended in a way that sled survives.
    pub(crate) fn is_trusted(&self) -> bool {
        self.clean || (!self.boot.is_empty() && self.boot == boot())
    }
}

fn boot() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

/// See the module.
pub(crate) struct Index {
    folder: PathBuf,
    journal: String,
    keep: RwLock<Keep>,
    pending: Mutex<Changes>,
    feeding: Mutex<()>,
    fed: AtomicU64,
    /// Something was not written: it stays behind for good, and nobody may take it for up to date.
    broken: AtomicBool,
}

impl Index {
    /// Opens what is there. The meta is `None` when it says nothing (new, or not written to the end).
    pub(crate) fn open(folder: PathBuf) -> Result<(Self, Option<Meta>), KeepError> {
        let keep = Keep::open(&folder)?;
        let meta: Option<Meta> = keep
            .get(b"m")?
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .filter(|meta: &Meta| meta.format == FORMAT && meta.crc == meta.sum());
        let position = meta.as_ref().map_or(0, |meta| meta.position);
        let journal = meta.as_ref().map(|meta| meta.journal.clone()).unwrap_or_default();
        Ok((Self::over(folder, journal, keep, position), meta))
    }

    /// An empty one that lives in memory: for when sled cannot be opened at all.
    pub(crate) fn in_memory(folder: PathBuf, journal: String) -> Self {
        Self::over(folder, journal, Keep::memory(), 0)
    }

    fn over(folder: PathBuf, journal: String, keep: Keep, position: u64) -> Self {
        Self {
            folder,
            journal,
            keep: RwLock::new(keep),
            pending: Mutex::default(),
            feeding: Mutex::default(),
            fed: AtomicU64::new(position),
            broken: AtomicBool::new(false),
        }
    }

    pub(crate) fn set_journal(&mut self, journal: &str) {
        self.journal = journal.to_owned();
    }

    /// The position up to which it is true.
    pub(crate) fn fed(&self) -> u64 {
        self.fed.load(Ordering::Acquire)
    }

    /// Takes changes in with one lock held shortly; [`Self::feed`] writes them.
    pub(crate) fn add(&self, take: impl FnOnce(&mut Changes)) {
        take(&mut self.pending.lock());
    }

    /// How many changes wait to be written.
    pub(crate) fn pending(&self) -> usize {
        let pending = self.pending.lock();
        pending.streams.len() + pending.uniques.len() + pending.posts.len()
    }

    /// Writes what is pending.
    pub(crate) fn feed(&self) -> Result<u64, JournalError> {
        let _one_at_a_time = self.feeding.lock();
        if self.broken.load(Ordering::Acquire) {
            return Err(failure("it failed before; the next opening rebuilds it"));
        }
        let changes = std::mem::take(&mut *self.pending.lock());
        if changes.position <= self.fed() {
            return Ok(self.fed());
        }
        let position = changes.position;
        self.write(changes).map_err(|error| {
            self.broken.store(true, Ordering::Release);
            self.failed(&error)
        })?;
        self.fed.store(position, Ordering::Release);
        Ok(position)
    }

    fn write(&self, changes: Changes) -> Result<(), KeepError> {
        let keep = self.keep.read();
        let mut segments: HashMap<Name, Vec<(u32, u64)>> = HashMap::new();
        for (name, number, first) in changes.segments {
            segments.entry(name).or_default().push((number, first));
        }
        let mut out = Out { keep: &keep, changes: Vec::with_capacity(APPLIED) };
        for (name, known) in changes.streams {
            let old = keep.get(&key(b'r', &[name.as_bytes()]))?.and_then(|bytes| decode(&bytes));
            let more = segments.remove(&name).unwrap_or_default();
            row_changes(&mut out, &name, old, known, more)?;
        }
        for (unique, name) in changes.uniques {
            out.put(key(b'u', &[unique.as_bytes()]), Some(name.as_bytes().to_vec()))?;
        }
        for (owner, post, place) in changes.posts {
            let value =
                place.map(|(version, position)| [version.to_be_bytes(), position.to_be_bytes()].concat());
            out.put(key(b'p', &[owner.as_bytes(), post.as_bytes()]), value)?;
        }
        // The position goes last: an index that stops half-way must not claim to be ahead of what it holds.
        out.apply()?;
        keep.apply(vec![self.meta(changes.position, false)])
    }

    fn meta(&self, position: u64, clean: bool) -> Change {
        let meta = Meta::new(&self.journal, position, clean);
        (b"m".to_vec(), Some(serde_json::to_vec(&meta).unwrap_or_default()))
    }

    /// Hands it to the operating system; `clean` says that the next opening may believe it whatever happens until then.
    pub(crate) fn flush(&self, clean: bool) -> Result<(), JournalError> {
        let keep = self.keep.read();
        let flush = || {
            keep.flush()?;
            if clean {
                sync_files(&self.folder);
                keep.apply(vec![self.meta(self.fed(), true)])?;
                keep.flush()?;
                sync_files(&self.folder);
            }
            Ok(())
        };
        flush().map_err(|error: KeepError| self.failed(&error))
    }

    /// Leaves a mark, so that the next opening rebuilds, and says what happened.
    fn failed(&self, error: &KeepError) -> JournalError {
        tracing::error!(%error, "the index fails; the log is whole, the index is rebuilt when the journal is opened again");
        let _ = std::fs::write(self.folder.join(REBUILD), b"");
        failure(&error.to_string())
    }

    fn ask<T>(&self, question: impl FnOnce(&Keep) -> Result<T, KeepError>) -> Result<T, JournalError> {
        question(&self.keep.read()).map_err(|error| self.failed(&error))
    }

    pub(crate) fn known(&self, stream: &str) -> Result<Option<Known>, JournalError> {
        let found = self.ask(|keep| keep.get(&key(b'r', &[stream.as_bytes()])))?;
        Ok(found.and_then(|bytes| decode_known(&bytes)))
    }

    pub(crate) fn unique(&self, unique: &str) -> Result<Option<String>, JournalError> {
        let found = self.ask(|keep| keep.get(&key(b'u', &[unique.as_bytes()])))?;
        Ok(found.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// The segments that hold a stream, each with the stream's first version there.
    pub(crate) fn segments_of(&self, stream: &str) -> Result<Vec<(u32, u64)>, JournalError> {
        let found = self.ask(|keep| keep.get(&key(b'r', &[stream.as_bytes()])))?;
        Ok(found.and_then(|bytes| decode(&bytes)).map(|stored| stored.segments).unwrap_or_default())
    }

    /// Every waiting post by the stream that it is for.
    pub(crate) fn posts(&self) -> Result<HashMap<Name, Vec<PostAt>>, JournalError> {
        let mut posts: HashMap<Name, Vec<PostAt>> = HashMap::new();
        self.ask(|keep| {
            keep.scan(b"p", &[], |key, value| {
                if let Some((owner, post)) = decode_post(key, value) {
                    posts.entry(owner.into()).or_default().push(post);
                }
                true
            })
        })?;
        posts.values_mut().for_each(|posts| posts.sort_unstable_by_key(|post| post.version));
        Ok(posts)
    }

    /// Streams due by then, earliest first.
    pub(crate) fn due(&self, until_ms: i64, mut take: impl FnMut(&str) -> bool) -> Result<(), JournalError> {
        self.ask(|keep| {
            keep.scan(b"d", &[], |key, _| {
                let due = key.get(1..9).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
                let name = key.get(9..).and_then(|bytes| std::str::from_utf8(bytes).ok());
                match (due, name) {
                    (Some(due), Some(name)) => due <= sortable(until_ms) && take(name),
                    _ => true,
                }
            })
        })
    }

    /// Names whose row has this state or waits for this token, in order, from a name on.
    pub(crate) fn by_row(
        &self,
        what: RowKey<'_>,
        prefix: &str,
        from: &str,
        mut take: impl FnMut(&str) -> bool,
    ) -> Result<(), JournalError> {
        let mut base = match what {
            RowKey::State(state) => key(b'x', &[state.as_bytes()]),
            RowKey::Wait(token) => key(b'w', &[token.as_bytes()]),
        };
        base.push(0);
        let (within, start) = ([&base, prefix.as_bytes()].concat(), [&base, from.as_bytes()].concat());
        self.ask(|keep| {
            keep.scan(&within, &start, |key, _| {
                key.get(base.len()..).and_then(|name| std::str::from_utf8(name).ok()).is_none_or(&mut take)
            })
        })
    }

    /// All streams in order of their names, from one on.
    pub(crate) fn all(
        &self,
        prefix: &str,
        from: &str,
        mut take: impl FnMut(&str, Known) -> bool,
    ) -> Result<(), JournalError> {
        let (within, start) = (key(b'r', &[prefix.as_bytes()]), key(b'r', &[from.as_bytes()]));
        self.ask(|keep| {
            keep.scan(&within, &start, |key, value| {
                match (std::str::from_utf8(&key[1..]), decode_known(value)) {
                    (Ok(name), Some(known)) => take(name, known),
                    _ => true,
                }
            })
        })
    }
}

fn failure(why: &str) -> JournalError {
    JournalError::io("asking the index")(std::io::Error::other(why.to_owned()))
}

/// Changes on their way into the map, a bounded number at a time.
struct Out<'a> {
    keep: &'a Keep,
    changes: Vec<Change>,
}

/// Changes applied at once.
const APPLIED: usize = 1_024;

impl Out<'_> {
    fn put(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) -> Result<(), KeepError> {
        self.changes.push((key, value));
        if self.changes.len() < APPLIED { Ok(()) } else { self.apply() }
    }

    fn apply(&mut self) -> Result<(), KeepError> {
        let changes = std::mem::replace(&mut self.changes, Vec::with_capacity(APPLIED));
        if changes.is_empty() { Ok(()) } else { self.keep.apply(changes) }
    }
}

/// A file in the index's folder that asks the next opening to start it over.
pub(crate) const REBUILD: &str = "rebuild";

/// Another way to a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowKey<'a> {
    State(&'a str),
    Wait(&'a str),
}

fn key(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + parts.iter().map(|part| part.len() + 1).sum::<usize>());
    key.push(kind);
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            key.push(0);
        }
        key.extend_from_slice(part);
    }
    key
}

fn due_key(due_ms: i64, name: &str) -> Vec<u8> {
    [b"d", &sortable(due_ms).to_be_bytes()[..], name.as_bytes()].concat()
}

/// Maps signed to unsigned in the same order.
fn sortable(value: i64) -> u64 {
    value.cast_unsigned() ^ (1 << 63)
}

fn row_changes(
    out: &mut Out<'_>,
    name: &Name,
    old: Option<Stored>,
    known: Known,
    more: Vec<(u32, u64)>,
) -> Result<(), KeepError> {
    let (mut segments, old) = old.map(|old| (old.segments, old.known.row)).unwrap_or_default();
    for (number, first) in more {
        // A catch-up may start in the middle of a segment: the lower first version was there before.
        if !segments.iter().any(|(known, _)| *known == number) {
            segments.push((number, first));
        }
    }
    let new = known.row.clone();
    out.put(key(b'r', &[name.as_bytes()]), Some(encode(&Stored { known, segments })))?;
    if old == new {
        return Ok(());
    }
    for (row, value) in [(old, None), (new, Some(Vec::new()))] {
        let Some(row) = row else { continue };
        out.put(key(b'x', &[row.state.as_bytes(), name.as_bytes()]), value.clone())?;
        if let Some(token) = &row.wait {
            out.put(key(b'w', &[token.as_bytes(), name.as_bytes()]), value.clone())?;
        }
        if let Some(due) = row.due_ms {
            out.put(due_key(due, name), value)?;
        }
    }
    Ok(())
}

fn decode_known(bytes: &[u8]) -> Option<Known> {
    decode(bytes).map(|stored| stored.known)
}

fn decode_post<'a>(key: &'a [u8], value: &[u8]) -> Option<(&'a str, PostAt)> {
    let (owner, post) = std::str::from_utf8(key.get(1..)?).ok()?.split_once('\0')?;
    let number = |at: usize| Some(u64::from_be_bytes(value.get(at..at + 8)?.try_into().ok()?));
    Some((owner, PostAt { key: post.to_owned(), version: number(0)?, position: number(8)? }))
}

fn sync_files(folder: &std::path::Path) {
    let Ok(files) = std::fs::read_dir(folder) else { return };
    for file in files.flatten() {
        let _ = std::fs::File::open(file.path()).and_then(|file| file.sync_all());
    }
    let _ = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
}
