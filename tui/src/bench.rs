//! How fast the screens are: a run of many steps, lines of the journal streaming in, pictures written as a terminal gets
//! them, to nowhere.

mod scene;

use std::{
    io,
    time::{Duration, Instant},
};

use jiff::tz::TimeZone;
use ratatui::{Terminal, TerminalOptions, Viewport, backend::CrosstermBackend, layout::Rect};
use serde_json::json;
use stanch_model::api::{EntryView, Page};

use self::scene::{card, created, drill, incidents, runs, status, step};
use crate::{
    app::{App, Options, Screen},
    ask::Told,
    event::{Event, Key, Link, Moment},
    frame,
    look::Look,
};

/// Columns and rows of the terminal.
const SIZE: (u16, u16) = (200, 60);

/// A picture is drawn at most so often while lines stream in.
const FRAME: i64 = 50;

/// What is measured with.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Steps of the run that is open.
    pub steps: u64,
    /// Lines of the journal a second.
    pub lines: u64,
    /// Pictures of each screen.
    pub frames: u64,
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Half of the pictures took at most so long, from the data to the terminal's bytes.
    pub render_p50: Duration,
    /// And all but one in a hundred.
    pub render_p99: Duration,
    /// Taking the lines that came between two pictures, all but one in a hundred.
    pub take_p99: Duration,
    /// From a key to its picture, all but one in a hundred.
    pub key_p99: Duration,
    /// A second in which nothing happens: one tick, one picture.
    pub idle: Duration,
    /// Pictures that were drawn for it.
    pub frames: usize,
    /// Entries of the open run that the screens had followed in the end.
    pub followed: u64,
    /// Entries of it that no screen understood: then other work would have been measured.
    pub unknown: u64,
}

/// Measures.
///
/// # Errors
/// When the picture cannot be written, which to nowhere never happens.
pub fn measure(load: Load) -> io::Result<Figures> {
    let mut bench = Bench::new(load)?;
    let (mut render, mut take, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    let between = load.lines * u64::try_from(FRAME).unwrap_or(0) / 1000;
    let card = format!("{RUN}:A1");
    for (screen, card) in [
        (Screen::Now, None),
        (Screen::Runs, None),
        (Screen::Journal, None),
        (Screen::Facilitator, None),
        (Screen::Now, Some(&card)),
    ] {
        bench.app.screen = screen;
        card.into_iter().for_each(|card| bench.app.open_card(card));
        for _ in 0..load.frames {
            bench.now_ms += FRAME;
            take.push(timed(|| {
                (0..between).for_each(|_| bench.line());
                Ok(())
            })?);
            render.push(timed(|| bench.draw())?);
            keys.push(timed(|| {
                bench.feed(Event::Key(Key("up".to_owned())));
                bench.draw()
            })?);
        }
    }
    bench.app.overlays.clear();
    let mut idle = Vec::new();
    for _ in 0..50 {
        bench.now_ms += 1000;
        idle.push(timed(|| {
            bench.feed(Event::Tick);
            bench.draw()
        })?);
    }
    let run = bench.app.world().run(RUN).map(|run| &run.view);
    Ok(Figures {
        frames: render.len() + keys.len() + idle.len(),
        followed: run.map_or(0, |run| run.version),
        unknown: run.map_or(0, |run| u64::from(run.unknown_entries)),
        render_p50: at(&mut render, 50),
        render_p99: at(&mut render, 99),
        take_p99: at(&mut take, 99),
        key_p99: at(&mut keys, 99),
        idle: at(&mut idle, 50),
    })
}

fn timed(work: impl FnOnce() -> io::Result<()>) -> io::Result<Duration> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed())
}

fn at(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The run that is open.
const RUN: &str = "01JD8Q2W3E4R5T6Y7U8I9O0P1A";

struct Bench {
    app: App,
    terminal: Terminal<CrosstermBackend<io::Sink>>,
    now_ms: i64,
    version: u64,
}

impl Bench {
    fn new(load: Load) -> io::Result<Self> {
        let area = Rect::new(0, 0, SIZE.0, SIZE.1);
        let terminal = Terminal::with_options(
            CrosstermBackend::new(io::sink()),
            TerminalOptions { viewport: Viewport::Fixed(area) },
        )?;
        let options = Options {
            look: Look::FULL,
            place: "bench".to_owned(),
            zone: TimeZone::UTC,
            recording: None,
            drill: false,
        };
        let mut bench = Self { app: App::new(options), terminal, now_ms: 1_800_000_000_000, version: 0 };
        bench.feed(Event::Size(SIZE.0, SIZE.1));
        bench.feed(Event::Link(Link::Online));
        [status(bench.now_ms), runs(), incidents()].into_iter().for_each(|told| bench.tell(told));
        bench.app.screen = Screen::Runs;
        bench.app.at_mut().opened = Some(RUN.to_owned());
        bench.feed(Event::Tick);
        let mut entries = vec![bench.entry("run.created", created())];
        for _ in 0..load.steps {
            let (intent, outcome) = step(entries.len());
            entries.push(bench.entry("step.intent", intent));
            entries.push(bench.entry("step.outcome", outcome));
        }
        bench.tell(Told::Entries(RUN.to_owned(), 0, Page { items: entries, next: None }));
        bench.tell(card()?);
        bench.tell(drill(bench.now_ms)?);
        Ok(bench)
    }

    fn entry(&mut self, kind: &str, body: serde_json::Value) -> EntryView {
        self.version += 1;
        let time = jiff::Timestamp::from_millisecond(self.now_ms).unwrap_or_default().to_string();
        let (kind, hash) = (kind.to_owned(), "0".repeat(64));
        EntryView { stream: format!("run/{RUN}"), version: self.version, time, kind, body, hash }
    }

    /// A line of the journal comes in: of every two a cut that is proven.
    fn line(&mut self) {
        let number = self.version;
        let target = json!({ "integration": "okta", "kind": "grant", "id": format!("oag{}", number % 500) });
        let entry = match number % 2 {
            0 => self.entry("step.intent", step(usize::try_from(number).unwrap_or(0)).0),
            _ => self.entry(
                "target",
                json!({
                    "target": target, "verb": "grant.revoke", "state": "verified", "address": "1",
                }),
            ),
        };
        self.feed(Event::Entry(Box::new(entry)));
    }

    fn tell(&mut self, told: Told) {
        self.feed(Event::Told(Box::new(told)));
    }

    fn feed(&mut self, event: Event) {
        // nobody is asked anything: there is no server
        let _asked = self.app.on(Moment { at_ms: self.now_ms, event });
    }

    fn draw(&mut self) -> io::Result<()> {
        let app = &self.app;
        self.terminal.draw(|picture| {
            let area = picture.area();
            frame::draw(app, area, picture.buffer_mut());
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_what_is_shown() {
        let mut bench = Bench::new(Load { steps: 30, lines: 10, frames: 1 }).unwrap();
        bench.line();
        bench.line();
        let run = bench.app.world().run(RUN).unwrap();
        assert_eq!((run.view.unknown_entries, run.view.version), (0, 63));
        assert_eq!(run.view.steps.len(), 31, "a step for each, and one of the lines");
        let mut shown = ratatui::buffer::Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        let area = shown.area;
        let mut text = |bench: &Bench| {
            frame::draw(&bench.app, area, &mut shown);
            shown.content().iter().map(|cell| cell.symbol().to_owned()).collect::<String>()
        };
        let facilitator = text(&bench);
        assert!(
            facilitator.contains("mail from person 59") && facilitator.contains("hope 39"),
            "{facilitator}"
        );
        bench.app.screen = Screen::Runs;
        let run = text(&bench);
        assert!(run.contains("okta.revoke_grant") && run.contains("A run of many steps"), "{run}");
        bench.app.open_card(&format!("{RUN}:A1"));
        let card = text(&bench);
        assert!(card.contains("Approval A1") && card.contains("exactly 500 targets"), "{card}");
    }
}
