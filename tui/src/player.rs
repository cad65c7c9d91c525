//! Plays a recording: its keys drive the application, one's own keys drive the tape.

use std::time::Duration;

use ratatui::text::Line;

use crate::{
    app::{App, Options},
    event::{Event, Key, Moment},
    words::time,
};

/// No gap of a recording is waited for longer.
const LONGEST: Duration = Duration::from_secs(2);

/// A tape that is being played.
#[derive(Debug)]
pub(crate) struct Player {
    moments: Vec<Moment>,
    options: Options,
    app: App,
    at: usize,
    speed: u32,
    runs: bool,
    size: (u16, u16),
}

impl Player {
    /// At its beginning, running.
    pub(crate) fn new(moments: Vec<Moment>, mut options: Options) -> Self {
        options.recording = Some(format!("of {}", options.place));
        let app = App::new(options.clone());
        Self { moments, options, app, at: 0, speed: 1, runs: true, size: (80, 24) }
    }

    /// What it shows.
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// The terminal's size: the recorded one does not count.
    pub(crate) fn size(&mut self, size: (u16, u16)) {
        self.size = size;
        self.app.size = size;
    }

    /// How long until the next moment.
    pub(crate) fn until_next(&self) -> Duration {
        if !self.runs || self.at >= self.moments.len() {
            return Duration::from_secs(3600);
        }
        let before = self.at.checked_sub(1).map_or(self.moments[0].at_ms, |at| self.moments[at].at_ms);
        let gap = u64::try_from(self.moments[self.at].at_ms - before).unwrap_or(0);
        Duration::from_millis(gap / u64::from(self.speed)).min(LONGEST)
    }

    /// Plays the next moment, and those that came with it.
    pub(crate) fn play(&mut self) {
        self.next();
        while self.runs && self.at < self.moments.len() && self.until_next().is_zero() {
            self.next();
        }
    }

    fn next(&mut self) {
        let Some(moment) = self.moments.get(self.at).cloned() else { return };
        self.at += 1;
        if !matches!(moment.event, Event::Size(..)) {
            // what the recorded person ordered was done then
            let _done_then = self.app.on(moment);
        }
        self.app.quit = false;
        self.app.size = self.size;
    }

    /// Takes a key; true when the person leaves.
    pub(crate) fn key(&mut self, key: &Key) -> bool {
        match key.name() {
            "q" | "esc" | "ctrl-c" => return true,
            "space" => self.runs = !self.runs,
            "right" | "l" => self.skip(self.at + 1),
            "left" | "h" => self.skip(self.at.saturating_sub(1)),
            "pagedown" => self.skip(self.at + 50),
            "pageup" => self.skip(self.at.saturating_sub(50)),
            "home" | "g" => self.skip(0),
            "end" | "G" => self.skip(self.moments.len()),
            ">" | "." | "+" => self.speed = (self.speed * 2).min(64),
            "<" | "," | "-" => self.speed = (self.speed / 2).max(1),
            _ => {}
        }
        false
    }

    /// Goes to a moment and stops there.
    fn skip(&mut self, to: usize) {
        self.runs = false;
        let to = to.min(self.moments.len());
        if to < self.at {
            self.app = App::new(self.options.clone());
            self.at = 0;
        }
        while self.at < to {
            self.next();
        }
        self.app.size = self.size;
    }

    /// What the keys do here.
    pub(crate) fn foot(&self) -> Line<'static> {
        let first = self.moments.first().map_or(0, |moment| moment.at_ms);
        let here =
            self.at.checked_sub(1).and_then(|at| self.moments.get(at)).map_or(first, |moment| moment.at_ms);
        let last = self.moments.last().map_or(first, |moment| moment.at_ms);
        let state = if self.at >= self.moments.len() {
            "at its end".to_owned()
        } else if self.runs {
            format!("{}x", self.speed)
        } else {
            "stopped".to_owned()
        };
        let (at, of) = (time::length(here - first), time::length(last - first));
        Line::raw(format!(
            " {at} of {of}, event {} of {}, {state}   q leave  Space stop  < > speed  Left Right step",
            self.at,
            self.moments.len()
        ))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::{app::Screen, look::Look};

    fn player() -> Player {
        let keys = ["tab", "tab", "8", "backtab"];
        let moment = |(at, key): (usize, &&str)| Moment {
            at_ms: at as i64 * 60_000,
            event: Event::Key(Key((*key).to_owned())),
        };
        let options = Options {
            look: Look::PLAIN,
            place: "there".to_owned(),
            zone: TimeZone::UTC,
            recording: None,
            drill: false,
        };
        Player::new(keys.iter().enumerate().map(moment).collect(), options)
    }

    fn presses(player: &mut Player, names: &[&str]) -> bool {
        names.iter().fold(false, |_, name| player.key(&Key((*name).to_owned())))
    }

    #[test]
    fn a_tape_goes_forth_and_back_and_shows_the_same_at_the_same_place() {
        let mut player = player();
        player.play();
        assert_eq!(player.app().screen, Screen::Runs);
        presses(&mut player, &["right", "right"]);
        assert_eq!(player.app().screen, Screen::Playbooks);
        presses(&mut player, &["left"]);
        assert_eq!(player.app().screen, Screen::Approvals);
        presses(&mut player, &["end"]);
        assert_eq!(player.app().screen, Screen::Journal);
        assert!(player.foot().to_string().contains("3m of 3m, event 4 of 4, at its end"));
        presses(&mut player, &["home"]);
        assert_eq!(player.app().screen, Screen::Now);
    }

    #[test]
    fn no_gap_is_long_and_faster_is_faster() {
        let mut player = player();
        player.play();
        assert_eq!(player.until_next(), LONGEST);
        presses(&mut player, &[">", ">", ">", ">", ">", ">"]);
        assert_eq!(player.until_next(), Duration::from_millis(60_000 / 64));
        presses(&mut player, &["space"]);
        assert!(player.until_next() > LONGEST, "it stands");
        assert!(presses(&mut player, &["q"]));
    }
}
