//! `check --watch`: again whenever a file changes, until Ctrl-C.
//!
//! Files are looked at a few times a second; nothing but their place, length and time is read for that.

use std::{
    collections::BTreeMap,
    io::Write,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::{Args, look, report::Report};
use crate::{exit::Exit, out::Out};

/// How often files are looked at: sooner than a hand goes from the editor to the other window.
const EVERY: Duration = Duration::from_millis(250);
/// Folders in folders that are looked into, links left out.
const DEEPEST: usize = 4;
/// No folder of playbooks has more files.
const MOST: usize = 20_000;

/// A file's place, length and time.
type Stamp = BTreeMap<PathBuf, (u64, Option<SystemTime>)>;

/// Checks now and after every change; ends with the last answer.
///
/// # Errors
/// When there is nothing to check at the beginning.
pub(super) async fn run(args: &Args, out: Out) -> anyhow::Result<Exit> {
    let mut stop = signal(SignalKind::interrupt()).context("Ctrl-C cannot be heard")?;
    let mut watched = look(args)?.watched;
    let mut shown = None;
    let mut exit = Exit::Yes;
    loop {
        let now = stamp(&watched);
        if shown.as_ref() != Some(&now) {
            match look(args) {
                // What a new file names is watched from before it is read.
                Ok(report) if report.watched != watched => {
                    watched = report.watched;
                    continue;
                }
                Ok(report) => {
                    exit = report.exit();
                    show(&report, out);
                }
                // In the midst of a change things may be missing.
                Err(error) => {
                    exit = crate::said::show(&error, out);
                }
            }
            shown = Some(now);
        }
        tokio::select! {
            _ = stop.recv() => {
                // The next prompt stands below, not behind.
                if out.window().is_some() {
                    out.text("");
                }
                return Ok(exit);
            }
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// The next answer below the one before; on a terminal in its place.
fn show(report: &Report, out: Out) {
    match out.window().filter(|_| !out.is_json()) {
        Some((columns, rows)) => {
            let text = report.text(Out::colour_on_stdout());
            let frame = frame(&text, columns, rows);
            let mut stdout = std::io::stdout().lock();
            let _gone = stdout.write_all(frame.as_bytes()).and_then(|()| stdout.flush());
        }
        None => report.show(out),
    }
}

/// One screen, written over the one before without clearing it first: no flicker.
fn frame(text: &str, columns: usize, rows: usize) -> String {
    let foot = "looks again when a file changes; Ctrl-C ends";
    let mut frame = String::from("\u{1b}[H");
    let mut left = rows.saturating_sub(2).max(1);
    let mut lines = text.lines();
    let mut put = |line: &str| frame.push_str(&format!("{line}\u{1b}[K\n"));
    for line in lines.by_ref() {
        let needed = width(line).div_ceil(columns.max(1)).max(1);
        if needed > left {
            put(&format!("… and {} lines more: `stanch check` shows all", lines.count() + 1));
            break;
        }
        left -= needed;
        put(line);
    }
    frame.push_str(&format!("{foot}\u{1b}[K\u{1b}[J\r"));
    frame
}

/// Characters that take room; colours take none.
fn width(line: &str) -> usize {
    let mut count = 0;
    let mut escape = false;
    for c in line.chars() {
        match c {
            '\u{1b}' => escape = true,
            'm' if escape => escape = false,
            _ if escape => {}
            _ => count += 1,
        }
    }
    count
}

fn stamp(watched: &[PathBuf]) -> Stamp {
    let mut stamp = Stamp::new();
    watched.iter().for_each(|path| add(path, 0, &mut stamp));
    stamp
}

fn add(path: &Path, depth: usize, stamp: &mut Stamp) {
    let Ok(found) = std::fs::metadata(path) else { return };
    if stamp.len() >= MOST || stamp.insert(path.to_owned(), (found.len(), found.modified().ok())).is_some() {
        return;
    }
    // A folder that is named is looked into even where the name is a link; links within lead anywhere, also back.
    let real = depth == 0 || !path.is_symlink();
    if found.is_dir() && real && depth < DEEPEST {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.for_each(|entry| add(&entry.path(), depth + 1, stamp));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_screen_is_written_over_the_one_before() {
        let text = "one\n\u{1b}[31mtwo two two two\u{1b}[0m\nthree\nfour\n";
        let drawn = frame(text, 10, 8);
        assert!(!drawn.contains("\u{1b}[2J"), "clearing first flickers: {drawn:?}");
        assert!(drawn.starts_with("\u{1b}[Hone\u{1b}[K\n") && drawn.ends_with("\u{1b}[J\r"), "{drawn:?}");
        assert!(drawn.contains("four"), "{drawn:?}");
        let small = frame(text, 10, 5);
        assert!(small.contains("one") && !small.contains("four"), "{small:?}");
        assert!(small.contains("2 lines more"), "{small:?}");
    }

    #[test]
    fn every_change_below_a_folder_is_seen_and_a_link_back_is_no_way_round() {
        let home = tempfile::tempdir().unwrap();
        let inner = home.path().join("book/templates");
        std::fs::create_dir_all(&inner).unwrap();
        std::os::unix::fs::symlink(home.path(), home.path().join("loop")).unwrap();
        let watched = [home.path().to_owned()];
        let first = stamp(&watched);
        assert_eq!(first, stamp(&watched));
        std::fs::write(inner.join("n.md"), "x").unwrap();
        let second = stamp(&watched);
        assert_ne!(first, second);
        std::fs::write(inner.join("n.md"), "xy").unwrap();
        assert_ne!(second, stamp(&watched));
        std::fs::remove_file(inner.join("n.md")).unwrap();
        assert_ne!(second, stamp(&watched));
    }
}
