//! What every backend refuses and how it names things, in one place so that they cannot differ.

use stanch_model::{NewEntry, StreamId};

use crate::{
    append::{Row, StreamAppend},
    error::{Difference, JournalError},
    query::Filter,
};

/// Refuses what no state of the journal could take.
pub(crate) fn well_formed(group: &[StreamAppend]) -> Result<(), JournalError> {
    if group.is_empty() {
        return Err(JournalError::Invalid("a group without appends".to_owned()));
    }
    for (at, append) in group.iter().enumerate() {
        if append.entries.is_empty() {
            return Err(JournalError::Invalid(format!("no entries for {}", append.stream)));
        }
        if group[..at].iter().any(|other| other.stream == append.stream) {
            return Err(JournalError::Invalid(format!("{} twice in one group", append.stream)));
        }
        plain("the name of a stream", append.stream.as_str())?;
        if let Some(row) = &append.row {
            plain("the state of a row", &row.state)?;
            plain("the token of a wait", row.wait.as_deref().unwrap_or("-"))?;
        }
        append.entries.iter().try_for_each(one_line)?;
    }
    Ok(())
}

/// Names and tokens are keys: not empty, no control characters, at most 1 KiB.
pub(crate) fn plain(what: &str, text: &str) -> Result<(), JournalError> {
    let is_ascii = text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if text.is_empty() || text.len() > 1_024 || (!is_ascii && text.chars().any(char::is_control)) {
        return Err(JournalError::Invalid(format!("{what} cannot be {text:?}")));
    }
    Ok(())
}

/// A body must be one line that a reader can find the end of.
pub(crate) fn one_line(entry: &NewEntry) -> Result<(), JournalError> {
    if entry.body.is_empty() || memchr::memchr(b'\n', entry.body.as_bytes()).is_some() {
        return Err(JournalError::Invalid(format!("the body of {} is not one line of JSON", entry.kind)));
    }
    Ok(())
}

/// Compares the stream as it is with what the append expects.
pub(crate) fn expected<'a>(
    append: &StreamAppend,
    version: u64,
    mut posts: impl Iterator<Item = &'a str>,
) -> Result<(), JournalError> {
    let why = if append.create && version > 0 {
        Difference::Exists
    } else if let Some(expected) = append.expect.filter(|expected| *expected != version) {
        Difference::Version { expected }
    } else if let Some(key) =
        posts.find(|key| append.folds_all && !append.folds.iter().any(|fold| fold == key))
    {
        Difference::Unfolded { key: key.to_owned() }
    } else {
        return Ok(());
    };
    Err(JournalError::Conflict { stream: append.stream.clone(), version, why })
}

/// The dedupe key of a post.
pub(crate) fn post_key(stream: &StreamId, key: &str) -> String {
    format!("post/{stream}#{key}")
}

/// Whose inbox this stream is.
pub(crate) fn owner_of(inbox: &StreamId) -> StreamId {
    StreamId::from_stored(inbox.as_str().strip_prefix("inbox/").unwrap_or(inbox.as_str()))
}

/// Whether a row passes the filter's questions about rows.
pub(crate) fn matches(filter: &Filter, row: Option<&Row>) -> bool {
    let state = filter.states.is_empty() || row.is_some_and(|row| filter.states.contains(&row.state));
    let wait = filter.wait.is_none() || row.is_some_and(|row| row.wait == filter.wait);
    state && wait
}
