//! The flight recorder: every moment as a line of JSON. The same lines give the same screens.
//!
//! It holds what one saw and typed: names, ids, reasons. It never holds a token (no event carries one) nor what opens a
//! seat of a drill, and only whoever records can read the file.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{
    ask::Told,
    event::{Event, Moment},
};

/// The first line of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The form of what follows.
    pub stanch_recording: u32,
    /// Where the server was, for people.
    pub place: String,
}

/// The form that this build writes and reads.
const FORM: u32 = 1;

/// Writes a recording.
#[derive(Debug)]
pub struct Recorder {
    out: BufWriter<File>,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be read.
    #[error("cannot read {}: {why}", .path.display())]
    Unread {
        /// Which.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// It is none.
    #[error("{} line {line} is not of a recording: {why}", .path.display())]
    Garbled {
        /// Which.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Why.
        why: serde_json::Error,
    },
    /// Another build wrote it.
    #[error("{} is a recording of form {form}; this build reads form {FORM}", .path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// Its form.
        form: u32,
    },
}

impl Recorder {
    /// Begins a recording.
    ///
    /// # Errors
    /// When the file exists already, or cannot be written.
    pub fn create(path: &Path, place: &str) -> io::Result<Self> {
        // what one saw of an incident is for whoever saw it
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let mut out = BufWriter::new(file);
        let head = Head { stanch_recording: FORM, place: place.to_owned() };
        serde_json::to_writer(&mut out, &head)?;
        out.write_all(b"\n")?;
        out.flush()?;
        Ok(Self { out })
    }

    /// Writes a moment.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&mut self, moment: &Moment) -> io::Result<()> {
        match without_codes(moment) {
            Some(tame) => serde_json::to_writer(&mut self.out, &tame)?,
            None => serde_json::to_writer(&mut self.out, moment)?,
        }
        self.out.write_all(b"\n")
    }

    /// What was written so far survives the program.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The moment without what opens the seats of a drill; nothing where there is none in it.
fn without_codes(moment: &Moment) -> Option<Moment> {
    let Event::Told(told) = &moment.event else { return None };
    let Told::Drill(drill) = &**told else { return None };
    if drill.seats.iter().all(|seat| seat.code.is_none()) {
        return None;
    }
    let mut drill = drill.clone();
    drill.seats.iter_mut().for_each(|seat| seat.code = None);
    Some(Moment { at_ms: moment.at_ms, event: Event::Told(Box::new(Told::Drill(drill))) })
}

/// Reads a recording. A last line that was cut off is left out.
///
/// # Errors
/// When it cannot be read, or is none.
pub fn read(path: &Path) -> Result<(Head, Vec<Moment>), RecordingError> {
    let unread = |why| RecordingError::Unread { path: path.to_owned(), why };
    let garbled = |line, why| RecordingError::Garbled { path: path.to_owned(), line, why };
    let mut lines = BufReader::new(File::open(path).map_err(unread)?).lines();
    let first = lines.next().transpose().map_err(unread)?.unwrap_or_default();
    let head: Head = serde_json::from_str(&first).map_err(|why| garbled(1, why))?;
    if head.stanch_recording != FORM {
        return Err(RecordingError::Form { path: path.to_owned(), form: head.stanch_recording });
    }
    let mut moments = Vec::new();
    let mut lines = lines.enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        match serde_json::from_str(&line.map_err(unread)?) {
            Ok(moment) => moments.push(moment),
            Err(_) if lines.peek().is_none() => break,
            Err(why) => return Err(garbled(index + 2, why)),
        }
    }
    Ok((head, moments))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::event::Key;

    #[test]
    fn what_is_written_is_read_and_a_torn_end_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.jsonl");
        let mut recorder = Recorder::create(&path, "here").unwrap();
        let key = Moment { at_ms: 7, event: Event::Key(Key("tab".to_owned())) };
        recorder.write(&key).unwrap();
        recorder.write(&Moment { at_ms: 8, event: Event::Tick }).unwrap();
        recorder.flush().unwrap();
        assert_eq!(read(&path).unwrap().1.len(), 2);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        let (head, moments) = read(&path).unwrap();
        assert_eq!((head.place.as_str(), moments), ("here", vec![key]));
        assert!(Recorder::create(&path, "here").is_err(), "a recording is never written over");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600, "nobody else reads it");
    }

    #[test]
    fn what_opens_a_seat_is_not_written_and_nothing_else_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.jsonl");
        let seat = |code: Option<&str>| serde_json::json!({ "seat": "approver", "name": "ben", "taken": false, "code": code });
        let drill = |code: Option<&str>| {
            let drill = serde_json::json!({
                "drill": "first-drill", "title": "", "briefing": "", "seat": "facilitator", "name": "fay", "start_ms": 0,
                "length_s": 0, "clock": { "change": 0, "wall_ms": 0, "scenario_ms": 0, "rate": 1.0 },
                "seats": [seat(code)], "inbox": [], "hints": [], "token_minutes": 0, "remarks": [],
            });
            let told = Told::Drill(serde_json::from_value(drill).unwrap());
            Moment { at_ms: 1, event: Event::Told(Box::new(told)) }
        };
        let mut recorder = Recorder::create(&path, "here").unwrap();
        recorder.write(&drill(Some("approver-abc@127.0.0.1:7777"))).unwrap();
        recorder.flush().unwrap();
        assert!(!std::fs::read_to_string(&path).unwrap().contains("approver-abc"));
        assert_eq!(read(&path).unwrap().1, [drill(None)]);
    }

    #[test]
    fn what_is_none_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.jsonl");
        let mut said = Vec::new();
        for text in [
            "",
            "{}",
            "{\"stanch_recording\":9,\"place\":\"\"}\n",
            "{\"stanch_recording\":1,\"place\":\"\"}\nx\n{}\n",
        ] {
            std::fs::write(&path, text).unwrap();
            said.push(read(&path).unwrap_err().to_string().replace(&path.display().to_string(), "F"));
        }
        assert!(said[0].contains("line 1") && said[1].contains("line 1"), "{said:?}");
        assert!(said[2].contains("form 9") && said[3].contains("line 2"), "{said:?}");
    }
}
