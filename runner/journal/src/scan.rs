//! Reading a data folder's log from outside: without the lock, also while a server writes it.

use std::path::{Path, PathBuf};

use crate::{
    error::JournalError,
    local::{Layout, corrupt},
    segment::{self, Batch, Walk},
};

/// Where the log of a data folder ends, as seen from outside.
pub(crate) struct End {
    pub(crate) segments: u64,
    pub(crate) batches: u64,
    /// Position of the last whole entry.
    pub(crate) position: u64,
    /// File and line of a last batch that is not whole: being written right now, or torn by a crash.
    pub(crate) torn: Option<(PathBuf, u64)>,
}

/// The layout of a data folder; the folder of its segments is taken as well.
pub(crate) fn layout(path: &Path) -> Result<Layout, JournalError> {
    let layout = Layout::new(path);
    if layout.log().is_dir() {
        return Ok(layout);
    }
    let above = path.parent().map(Layout::new).filter(|above| above.log() == path && path.is_dir());
    above.ok_or_else(|| {
        JournalError::io(format!("{} holds no journal", path.display()))(std::io::ErrorKind::NotFound.into())
    })
}

/// Shows every whole batch in order, with the number of its segment and the segment's bytes.
pub(crate) fn batches(
    layout: &Layout,
    mut show: impl FnMut(u32, &[u8], &Batch<'_>) -> Result<(), JournalError>,
) -> Result<End, JournalError> {
    let numbers = layout.segments()?;
    let mut end = End { segments: 0, batches: 0, position: 0, torn: None };
    let mut next = None;
    for (nth, &number) in numbers.iter().enumerate() {
        let is_last = nth + 1 == numbers.len();
        let bytes = layout.read_segment(number)?;
        let (head, mut walk) = match Walk::open(&bytes) {
            Ok(opened) => opened,
            // Being started.
            Err(_) if is_last && !bytes.contains(&b'\n') => break,
            Err(flaw) => return Err(corrupt(layout, number, &bytes, &flaw)),
        };
        let follows = (head.segment, head.position, head.batch, head.journal.clone());
        if head.segment != number || next.is_some_and(|next| next != follows) {
            let why = "this segment does not follow on the one before it".to_owned();
            return Err(JournalError::Corrupt { file: layout.segment(number), line: 1, why });
        }
        for batch in walk.by_ref() {
            match batch {
                Ok(batch) => {
                    show(number, &bytes, &batch)?;
                    end.batches += 1;
                }
                Err(flaw) => {
                    let error = corrupt(layout, number, &bytes, &flaw);
                    let JournalError::Corrupt { file, line, .. } = &error else { return Err(error) };
                    if !is_last || segment::has_later_batch(&bytes, flaw.offset, flaw.batch) {
                        return Err(error);
                    }
                    end.torn = Some((file.clone(), *line));
                }
            }
        }
        end.segments += 1;
        end.position = walk.next_position() - 1;
        next = Some((number + 1, walk.next_position(), walk.next_batch(), head.journal));
    }
    Ok(end)
}
