//! The loop: moments in, intents out, a picture as often as eyes can use one.

use std::{
    io,
    path::PathBuf,
    time::{Duration, Instant},
};

use ratatui::layout::Rect;
use stanch_client::{Client, Seat};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::sleep,
};

use crate::{
    app::{App, Options},
    event::{Event, Key, Moment},
    link::Performer,
    player::Player,
    recorder::{Recorder, RecordingError, read},
    term::Screen,
};

/// Pictures come at most so often while data streams in; keys are painted at once.
const BETWEEN: Duration = Duration::from_millis(50);

/// Time passes in such steps while something is expected.
const SOON: Duration = Duration::from_millis(120);

/// And in such ones while nothing is.
const IDLE: Duration = Duration::from_secs(1);

/// Events that are taken before a picture is drawn.
const BATCH: usize = 4_000;

/// Why the screens end by themselves.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// There is no terminal, or it refuses.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
    /// The recording cannot be written.
    #[error("cannot record to {}: {why}", .path.display())]
    Record {
        /// Where.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The recording cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
}

/// Shows a server until the person leaves; with the seat of a drill, what that seat sees and may order, too.
///
/// # Errors
/// When there is no terminal, or the recording cannot be written.
pub async fn show(
    client: Client,
    seat: Option<Seat>,
    options: Options,
    record: Option<PathBuf>,
) -> Result<(), ShowError> {
    let recorder = match &record {
        None => None,
        Some(path) => Some(Recorder::create(path, &options.place).map_err(|why| wrong(path, why))?),
    };
    let mut screen = Screen::take()?;
    let (events, mut inbox) = unbounded_channel();
    keys(events.clone());
    let performer = Performer::start(client, seat, events);
    let mut app = App::new(options);
    let mut tape = Tape { recorder, path: record.unwrap_or_default() };
    let (width, height) = screen.size();
    let mut feed = |app: &mut App, event: Event| -> Result<(), ShowError> {
        let moment = Moment { at_ms: jiff::Timestamp::now().as_millisecond(), event };
        tape.write(&moment)?;
        app.on(moment).into_iter().for_each(|intent| performer.perform(intent));
        Ok(())
    };
    feed(&mut app, Event::Size(width, height))?;
    screen.show(&app, |_| {})?;
    let mut stop = Stop::new()?;
    let mut painted = Instant::now();
    let mut fresh = false;
    while !app.quit {
        let step = if app.is_busy() { SOON } else { IDLE };
        let step = if fresh { BETWEEN.saturating_sub(painted.elapsed()) } else { step };
        let mut urgent;
        tokio::select! {
            () = stop.asked() => break,
            event = inbox.recv() => {
                let Some(event) = event else { break };
                urgent = is_urgent(&event);
                feed(&mut app, event)?;
                for _ in 0..BATCH {
                    let Ok(event) = inbox.try_recv() else { break };
                    urgent |= is_urgent(&event);
                    feed(&mut app, event)?;
                }
                fresh = true;
            }
            () = sleep(step) => {
                feed(&mut app, Event::Tick)?;
                fresh = true;
                urgent = true;
            }
        }
        if fresh && (urgent || painted.elapsed() >= BETWEEN) {
            screen.show(&app, |_| {})?;
            painted = Instant::now();
            fresh = false;
        }
    }
    tape.flush()
}

/// Shows a recording.
///
/// # Errors
/// When it cannot be read, or there is no terminal.
pub async fn replay(path: &std::path::Path, mut options: Options) -> Result<(), ShowError> {
    let (head, moments) = read(path)?;
    options.place = head.place;
    let mut screen = Screen::take()?;
    let (events, mut inbox) = unbounded_channel();
    keys(events);
    let mut player = Player::new(moments, options);
    player.size(screen.size());
    let mut stop = Stop::new()?;
    loop {
        let wait = player.until_next();
        screen.show(player.app(), |frame| {
            let area = frame.area();
            let foot = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
            frame.render_widget(ratatui::widgets::Clear, foot);
            frame.render_widget(player.foot(), foot);
        })?;
        tokio::select! {
            () = stop.asked() => return Ok(()),
            key = next_key(&mut inbox) => match key {
                Some(Event::Size(width, height)) => player.size((width, height)),
                Some(Event::Key(key)) => if player.key(&key) { return Ok(()) },
                Some(_) => {}
                None => return Ok(()),
            },
            () = sleep(wait) => player.play(),
        }
    }
}

async fn next_key(inbox: &mut UnboundedReceiver<Event>) -> Option<Event> {
    inbox.recv().await
}

fn is_urgent(event: &Event) -> bool {
    matches!(event, Event::Key(_) | Event::Size(..) | Event::Done(..) | Event::Ordered(_))
}

fn wrong(path: &std::path::Path, why: io::Error) -> ShowError {
    ShowError::Record { path: path.to_owned(), why }
}

/// The recording that is written, if any.
struct Tape {
    recorder: Option<Recorder>,
    path: PathBuf,
}

impl Tape {
    fn write(&mut self, moment: &Moment) -> Result<(), ShowError> {
        let Some(recorder) = &mut self.recorder else { return Ok(()) };
        let written = recorder.write(moment);
        let written =
            if moment.event == Event::Tick { written.and_then(|()| recorder.flush()) } else { written };
        written.map_err(|why| wrong(&self.path, why))
    }

    fn flush(&mut self) -> Result<(), ShowError> {
        match &mut self.recorder {
            Some(recorder) => recorder.flush().map_err(|why| wrong(&self.path, why)),
            None => Ok(()),
        }
    }
}

/// Reads keys on a thread of its own: it ends with the program.
fn keys(events: tokio::sync::mpsc::UnboundedSender<Event>) {
    std::thread::spawn(move || {
        loop {
            let Ok(raw) = crossterm::event::read() else {
                // the terminal is gone: nobody is there
                let _closed = events.send(Event::Key(Key("ctrl-c".to_owned())));
                return;
            };
            if let Some(event) = Event::of_terminal(&raw)
                && events.send(event).is_err()
            {
                return;
            }
        }
    });
}

/// Signals that end the program: the terminal is given back first.
struct Stop {
    signals: [tokio::signal::unix::Signal; 3],
}

impl Stop {
    fn new() -> io::Result<Self> {
        let on = |kind| signal(kind);
        Ok(Self {
            signals: [on(SignalKind::terminate())?, on(SignalKind::hangup())?, on(SignalKind::interrupt())?],
        })
    }

    async fn asked(&mut self) {
        let [term, hangup, interrupt] = &mut self.signals;
        tokio::select! {
            _ = term.recv() => {}
            _ = hangup.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
