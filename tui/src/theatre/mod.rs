//! A performance on the terminal: lines that settle, and below them a picture of where things stand.
//!
//! Without a terminal the same lines are written as text and the picture is left out. The terminal is given back as it
//! was, also when the program panics or is interrupted.

mod line;
mod live;
mod scene;

use std::{io::Write, time::Duration};

pub use line::{Line, Mark};
pub use scene::{Bar, Scene};

use crate::look::Look;
use live::Live;

/// Where a performance is shown.
pub struct Theatre {
    look: Look,
    scene: Scene,
    live: Option<Live>,
}

impl Theatre {
    /// Opens on standard output. A terminal that cannot say where its cursor is gets plain lines.
    pub fn open(look: Look, scene: Scene) -> Self {
        let live = if look.moves { Live::open().ok() } else { None };
        let look = if live.is_some() { look } else { Look { moves: false, ..look } };
        let mut theatre = Self { look, scene, live };
        theatre.draw();
        theatre
    }

    /// True while there is a picture.
    pub fn moves(&self) -> bool {
        self.live.is_some()
    }

    /// Settles a line.
    pub fn say(&mut self, line: &Line) {
        match &mut self.live {
            Some(live) => live.settle(line, self.look),
            None => {
                // A reader that went away (`| head`) ends the picture, never the performance.
                let _gone = writeln!(std::io::stdout(), "{}", line.plain(self.look));
            }
        }
        self.draw();
    }

    /// Changes the picture.
    pub fn scene(&mut self, change: impl FnOnce(&mut Scene)) {
        change(&mut self.scene);
        self.draw();
    }

    /// Lets the clock of the picture go on.
    pub fn tick(&mut self, passed: Duration) {
        self.scene.passed = passed;
        self.draw();
    }

    /// Takes the picture away; the lines stay.
    pub fn close(mut self) {
        drop(self.live.take());
    }

    fn draw(&mut self) {
        if let Some(live) = &mut self.live {
            live.draw(&self.scene, self.look);
        }
    }
}
