//! A person at a terminal: `stanch drill first-drill` typed through to its debrief.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use crate::hosted::stanch;

const SIZE: (u16, u16) = (80, 24);

/// Nothing takes longer, unless something is wrong.
const PATIENCE: Duration = Duration::from_secs(120);

/// What stands on a terminal, as far as our screens write it.
struct Page {
    rows: Vec<Vec<char>>,
    at: (usize, usize),
    escape: Option<String>,
    /// Everything that was written outside of the screens, too.
    plain: String,
}

impl Page {
    fn blank() -> Self {
        let rows = vec![vec![' '; usize::from(SIZE.0)]; usize::from(SIZE.1)];
        Self { rows, at: (0, 0), escape: None, plain: String::new() }
    }

    fn take(&mut self, text: &str) {
        for c in text.chars() {
            match (&mut self.escape, c) {
                (None, '\u{1b}') => self.escape = Some(String::new()),
                (None, '\r') => self.at.0 = 0,
                (None, '\n') => self.at.1 += 1,
                (None, c) => self.put(c),
                (Some(escape), c) => {
                    escape.push(c);
                    let is_over = escape.len() > 1 && c.is_ascii_alphabetic() || !escape.starts_with('[');
                    if is_over {
                        let escape = self.escape.take().unwrap_or_default();
                        self.steer(&escape);
                    }
                }
            }
            self.plain.push(c);
        }
    }

    fn put(&mut self, c: char) {
        if let Some(cell) = self.rows.get_mut(self.at.1).and_then(|row| row.get_mut(self.at.0)) {
            *cell = c;
        }
        self.at.0 += 1;
    }

    fn steer(&mut self, escape: &str) {
        let numbers: Vec<usize> = escape[1..]
            .trim_end_matches(char::is_alphabetic)
            .split(';')
            .filter_map(|n| n.parse().ok())
            .collect();
        match escape.chars().last() {
            Some('H') => {
                let number = |nth: usize| numbers.get(nth).copied().unwrap_or(1).saturating_sub(1);
                self.at = (number(1), number(0));
            }
            Some('J') => self.rows.iter_mut().for_each(|row| row.fill(' ')),
            _ => {}
        }
    }

    fn text(&self) -> String {
        self.rows.iter().map(|row| row.iter().collect::<String>() + "\n").collect()
    }
}

/// The program at a terminal.
struct Terminal {
    child: Child,
    keys: File,
    page: Arc<Mutex<Page>>,
}

impl Terminal {
    fn open(home: &Path, args: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let (ws_col, ws_row) = SIZE;
        tcsetwinsize(&master, Winsize { ws_col, ws_row, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
        let side = || Stdio::from(OpenOptions::new().read(true).write(true).open(&name).unwrap());
        let mut command = stanch(home, args);
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        let keys = File::from(master);
        let page = Arc::new(Mutex::new(Page::blank()));
        let (mut from, shown) = (keys.try_clone().unwrap(), page.clone());
        std::thread::spawn(move || {
            let (mut bytes, mut held) = ([0u8; 4096], Vec::new());
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                held.extend_from_slice(&bytes[..read]);
                // a letter may be cut in two
                let whole = match std::str::from_utf8(&held) {
                    Ok(text) => text.len(),
                    Err(error) => error.valid_up_to(),
                };
                let text = String::from_utf8_lossy(&held[..whole]).into_owned();
                held.drain(..whole);
                shown.lock().unwrap().take(&text);
            }
        });
        Self { child, keys, page }
    }

    fn text(&self) -> String {
        self.page.lock().unwrap().text()
    }

    /// Looks until these words stand there.
    fn until(&self, words: &str) {
        let since = Instant::now();
        while !self.text().contains(words) {
            assert!(since.elapsed() < PATIENCE, "`{words}` never stood there:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Its end: the exit code and everything that it ever wrote.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        std::thread::sleep(Duration::from_millis(200));
        let plain = self.page.lock().unwrap().plain.clone();
        (code, plain)
    }
}

#[test]
fn a_person_types_through_the_first_drill_to_its_debrief_and_its_report() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal =
        Terminal::open(home.path(), &["drill", "first-drill", "--speed", "5", "--data", "data"]);
    terminal.until("A quiet Tuesday morning");
    terminal.types("\r");
    terminal.until("You must say yes or no");
    terminal.types("\r");
    terminal.until("Yes needs the name typed");
    terminal.types("\t\t\r");
    terminal.types("polly\r");
    terminal.until("recorded");
    terminal.types("\u{1b}");
    terminal.until("PASSED  100 of 100");
    let shown = terminal.text();
    assert!(shown.contains("DRILL") && shown.contains("Debrief"), "{shown}");
    terminal.types("q");
    let (code, plain) = terminal.end();
    assert_eq!(code, Some(0));
    assert!(plain.contains("stanch drill join facilitator-"), "the codes stand in the terminal's history");
    assert!(plain.contains("\u{1b}[?1049l"), "the terminal is given back");
    // whoever leaves is told how to get the report
    assert!(plain.contains("stanch report "), "{plain}");
    let report = stanch(home.path(), &["report", "data"]).output().unwrap();
    let text = String::from_utf8_lossy(&report.stdout).into_owned();
    assert!(report.status.success() && text.contains("100 of 100"), "{text}");
}

#[test]
fn who_leaves_before_the_end_is_told_how_to_go_on() {
    let home = tempfile::tempdir().unwrap();
    let mut terminal = Terminal::open(home.path(), &["drill", "first-drill", "--data", "data"]);
    terminal.until("A quiet Tuesday morning");
    terminal.types("\rq");
    let (code, plain) = terminal.end();
    assert_eq!(code, Some(4), "{plain}");
    assert!(plain.contains("it goes on with `stanch drill first-drill --data data`"), "{plain}");
}
