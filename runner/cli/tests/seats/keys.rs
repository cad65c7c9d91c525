//! The whole application driven by keys through a real drill; its server is killed while the screens are open.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use stanch_model::api::SeatKind;
use stanch_tui::{
    App, Look, Options,
    app::Screen,
    event::{Event, Key, Moment},
    link::Performer,
    world::Line,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::hosted::{Hosted, Sitting};

/// The screens, without a terminal.
struct Screens {
    app: App,
    performer: Performer,
    inbox: UnboundedReceiver<Event>,
}

impl Screens {
    fn open(sitting: &Sitting) -> Self {
        let (look, place) = (Look::PLAIN, "here".to_owned());
        let options = Options { look, place, zone: TimeZone::UTC, recording: None, drill: true };
        let (events, inbox) = unbounded_channel();
        let performer = Performer::start(sitting.client.clone(), Some(sitting.seat.clone()), events);
        Self { app: App::new(options), performer, inbox }
    }

    fn feed(&mut self, event: Event) {
        let moment = Moment { at_ms: Timestamp::now().as_millisecond(), event };
        self.app.on(moment).into_iter().for_each(|intent| self.performer.perform(intent));
    }

    fn keys(&mut self, names: &[&str]) {
        names.iter().for_each(|name| self.feed(Event::Key(Key((*name).to_owned()))));
    }

    fn types(&mut self, text: &str) {
        text.chars().for_each(|c| self.feed(Event::Key(Key(c.to_string()))));
    }

    /// Lives until it is so.
    async fn until(&mut self, what: &str, so: impl Fn(&App) -> bool) {
        for _ in 0..4_000 {
            if so(&self.app) {
                return;
            }
            match tokio::time::timeout(Duration::from_millis(20), self.inbox.recv()).await {
                Ok(Some(event)) => self.feed(event),
                Ok(None) => break,
                Err(_) => self.feed(Event::Tick),
            }
        }
        panic!("never {what}: {:?} {:?}", self.app.toast, self.app.drill());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_drill_is_played_by_keys_over_a_killed_server() {
    let home = tempfile::tempdir().unwrap();
    let hosted = Hosted::start(home.path(), "first-drill", &["--seat", "responder", "--speed", "5"]);
    let ana = hosted.sit(SeatKind::Responder).await;
    let fay = hosted.sit(SeatKind::Facilitator).await;
    let mut screens = Screens::open(&ana);
    screens.until("the briefing", |app| !app.overlays.is_empty()).await;
    screens.keys(&["esc"]);
    screens.until("a card", |app| app.next_card().is_some()).await;

    let mut behind = Screens::open(&fay);
    behind.until("the facilitator's screen", |app| app.screen == Screen::Facilitator).await;
    behind.keys(&["f"]);
    behind.types("kill_runner");
    behind.keys(&["enter"]);
    behind
        .until("the fault", |app| app.toast.as_ref().is_some_and(|toast| toast.text.contains("killed")))
        .await;
    screens.until("a lost line", |app| matches!(app.live.line, Line::Lost(..))).await;
    screens.until("the line again", |app| app.live.line == Line::Online && app.next_card().is_some()).await;

    screens.keys(&["enter", "tab", "tab", "enter"]);
    screens.types("polly");
    screens.keys(&["enter"]);
    screens.until("a decision", |app| app.next_card().is_none()).await;
    screens.keys(&["esc", "o", "down"]);
    screens.types("a kill in between changes nothing");
    screens.keys(&["enter"]);
    let noted = |app: &App| {
        let remarks = app.drill().map_or(&[][..], |drill| &drill.remarks);
        matches!(remarks, [one] if one.goal.is_some())
    };
    screens.until("the remark", noted).await;
    behind.until("the remark, before the other seat", noted).await;
    screens.until("the debrief", |app| app.screen == Screen::Debrief).await;
    let debrief = screens.app.drill().and_then(|drill| drill.debrief.clone()).unwrap();
    assert_eq!((debrief.score, debrief.kills, debrief.doubled), (100, 1, 0), "{debrief:?}");
    behind.until("the debrief there too", |app| app.screen == Screen::Debrief).await;
    drop((screens, behind, ana, fay));
    assert_eq!(hosted.end().0.code(), Some(0));
}
