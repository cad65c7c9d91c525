//! What is only there because people play: they leave, they look back, and one of them holds the clock.

use super::{LOOK, Life, Outcome, Play};
use crate::{DrillError, record::Line};

impl Play<'_> {
    /// It is over; who played still looks at how it came out. The clock stands meanwhile.
    pub(super) async fn linger(&mut self, mut life: Life, why: &str) -> Result<(), DrillError> {
        if self.auto || why == "stopped" {
            life.server.stop().await?;
            self.look_back().await;
            return Ok(());
        }
        life.server.tell(self.set.clock.run(0.0)).await;
        self.look_back().await;
        life.server.stop().await
    }

    async fn look_back(&self) {
        let is_there = || match &self.leave {
            Some(leave) => !*leave.borrow(),
            None => self.floor.is_watched(),
        };
        while !self.auto && is_there() {
            self.floor.pause(LOOK).await;
        }
    }

    /// Whoever played leaves before it is over: it can go on later from here.
    pub(super) async fn leaves(&mut self, life: Life) -> Result<Outcome, DrillError> {
        let at = self.set.clock.run(0.0);
        self.set.stage.record.write(Line::Clock { at, by: String::new() });
        self.set.stage.record.settle().await?;
        life.server.stop().await?;
        let drill = self.set.stage.scenario.drill.clone();
        let at_s = self.set.stage.seconds(at.scenario_ms);
        Err(DrillError::Left { drill, at_s, data: self.data.clone() })
    }

    pub(super) fn has_left(&self) -> bool {
        self.leave.as_ref().is_some_and(|leave| *leave.borrow())
    }

    /// What a seat did to the clock, the server hears.
    pub(super) async fn tell_the_time(&self, life: &mut Life) {
        let at = self.set.clock.at();
        if !self.auto && life.clock != at.change {
            life.clock = at.change;
            life.server.tell(at).await;
        }
    }
}
