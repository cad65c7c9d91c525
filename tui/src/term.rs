//! The terminal: taken for screens, and given back as it was whatever happens.

use std::{
    io::{self, BufWriter, Stdout, Write},
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
};

use crossterm::{
    cursor, execute,
    terminal::{
        Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};

use crate::{app::App, frame};

/// True while the terminal is ours: a panic gives it back.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A terminal that is ours until it is dropped.
pub(crate) struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Screen")
    }
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// When standard output is none, or refuses.
    pub(crate) fn take() -> io::Result<Self> {
        give_back_on_panic();
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        // large enough for a whole picture: it is written at once, over a slow line too
        let mut out = BufWriter::with_capacity(128 * 1024, io::stdout());
        // whoever was here before and was killed may have left its picture
        let entered = execute!(out, EnterAlternateScreen, Clear(ClearType::All), cursor::Hide);
        let terminal = entered.and_then(|()| Terminal::new(CrosstermBackend::new(out)));
        terminal.map(|terminal| Self { terminal }).inspect_err(|_| give_back())
    }

    /// How large it is.
    pub(crate) fn size(&self) -> (u16, u16) {
        self.terminal.size().map_or((80, 24), |size| (size.width, size.height))
    }

    /// Shows the application as it is; `after` may draw over it.
    ///
    /// # Errors
    /// When the terminal is gone.
    pub(crate) fn show(&mut self, app: &App, after: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        let drawn = self.terminal.draw(|picture| {
            let area = picture.area();
            frame::draw(app, area, picture.buffer_mut());
            after(picture);
        });
        drawn.map(|_| ())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // a terminal that is gone cannot be given back
        let _gone = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
        let _gone = disable_raw_mode();
        let _gone = io::stdout().flush();
    }
}

fn give_back_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
    });
}

#[cfg(test)]
mod tests {
    use std::{
        fs::{File, OpenOptions},
        io::Read,
        path::PathBuf,
        process::{Command, Stdio},
    };

    use rustix::{
        pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
        termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
    };

    use super::*;

    const ITSELF: &str = "term::tests::a_panic_gives_the_terminal_back_before_it_speaks";

    /// Runs itself once more at a terminal of its own, and panics there with the screen taken.
    #[test]
    fn a_panic_gives_the_terminal_back_before_it_speaks() {
        if std::env::var_os("STANCH_PANICS").is_some() {
            let _screen = Screen::take().unwrap();
            panic!("a screen has a mistake");
        }
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, Winsize { ws_col: 80, ws_row: 24, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
        let open = || OpenOptions::new().read(true).write(true).open(&name).unwrap();
        let kept = open();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([ITSELF, "--exact", "--nocapture"])
            .env("STANCH_PANICS", "1")
            .env("TERM", "xterm")
            .env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::from(open())).stdout(Stdio::from(open())).stderr(Stdio::from(open()));
        let ended = command.spawn().unwrap().wait().unwrap();
        assert!(!ended.success(), "it panicked");
        let after = tcgetattr(&kept).unwrap().local_modes;
        assert!(after.contains(LocalModes::ICANON | LocalModes::ECHO), "keys are lines again: {after:?}");
        drop((command, kept));
        let (mut bytes, mut said) = ([0; 4096], Vec::new());
        let mut from = File::from(master);
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            said.extend_from_slice(&bytes[..read]);
        }
        let said = String::from_utf8_lossy(&said);
        let at = |what: &str| said.find(what).unwrap_or_else(|| panic!("{what:?} is not in {said:?}"));
        let (taken, given, spoken) = (at("\u{1b}[?1049h"), at("\u{1b}[?1049l"), at("a screen has a mistake"));
        assert!(taken < given && given < spoken, "{said:?}");
    }
}
