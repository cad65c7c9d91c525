//! An application over a recording, and its picture as text.

use std::path::Path;

use jiff::tz::TimeZone;
use ratatui::{Terminal, backend::TestBackend, buffer::Buffer};
use stanch_tui::{
    App, Look, Options,
    ask::Intent,
    event::{Event, Key, Link, Moment},
    frame, recorder,
};

/// An application that is played to.
pub(crate) struct Stage {
    pub(crate) app: App,
    now_ms: i64,
    /// What it wanted, since the last look.
    pub(crate) intents: Vec<Intent>,
}

impl Stage {
    /// Nothing is known yet.
    pub(crate) fn empty() -> Self {
        Self::with(Look::FULL)
    }

    pub(crate) fn with(look: Look) -> Self {
        let options = Options {
            look,
            place: "acme-prod".to_owned(),
            zone: TimeZone::UTC,
            recording: None,
            drill: false,
        };
        Self { app: App::new(options), now_ms: 1_795_714_000_000, intents: Vec::new() }
    }

    /// All that was recorded of the cut of an app, without the keys of who watched it; `until` stops after so many.
    pub(crate) fn recorded(look: Look, until: usize) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/cut.jsonl");
        let (_, moments) = recorder::read(&path).unwrap();
        let mut stage = Self::with(look);
        let moments = moments.into_iter().filter(|moment| !matches!(moment.event, Event::Key(_)));
        for moment in moments.take(until) {
            stage.now_ms = moment.at_ms;
            // what was wanted then is answered in the recording
            let _answered = stage.app.on(moment);
        }
        stage
    }

    /// An event, now.
    pub(crate) fn event(&mut self, event: Event) -> &mut Self {
        let moment = Moment { at_ms: self.now_ms, event };
        self.intents.extend(self.app.on(moment));
        self
    }

    /// One sits in a drill.
    pub(crate) fn sits(&mut self) {
        self.app.options.drill = true;
    }

    /// The line is there.
    pub(crate) fn online(&mut self) -> &mut Self {
        self.event(Event::Link(Link::Online))
    }

    /// Keys by their names.
    pub(crate) fn keys(&mut self, names: &[&str]) -> &mut Self {
        for name in names {
            self.event(Event::Key(Key((*name).to_owned())));
        }
        self
    }

    /// Letters.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        text.chars().for_each(|c| _ = self.event(Event::Key(Key(c.to_string()))));
        self
    }

    /// Time passes.
    pub(crate) fn passes(&mut self, ms: i64) -> &mut Self {
        self.now_ms += ms;
        self.event(Event::Tick)
    }

    /// The cells at this size.
    pub(crate) fn buffer(&mut self, width: u16, height: u16) -> Buffer {
        self.event(Event::Size(width, height));
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let app = &self.app;
        terminal.draw(|picture| frame::draw(app, picture.area(), picture.buffer_mut())).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The picture at this size.
    pub(crate) fn picture(&mut self, width: u16, height: u16) -> String {
        let buffer = self.buffer(width, height);
        let rows = (0..height).map(|y| {
            let row: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
            row.trim_end().to_owned()
        });
        rows.collect::<Vec<_>>().join("\n")
    }
}
